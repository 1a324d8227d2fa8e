import { UnderstudyError } from '../kernel/errors.ts';
import { placeOf } from './resolved.ts';
import type { ConfigPath, ResolvedConfig } from './resolved.ts';
import { configSchema } from './schema.ts';

/** Settings that the file may hold and that no run carries out yet: whoever relies on one must not be left to believe. */
const NOT_CARRIED_OUT: readonly ConfigPath[] = [
  ['pinned'],
  ['hooks', 'beforePublish'],
  ['hooks', 'afterPublish'],
  ['hooks', 'onFailure'],
  ['learn', 'engine'],
  ['learn', 'maxSubjects'],
  ['learn', 'minimumSubjects'],
  ['learn', 'timeZone'],
  ['learn', 'locale'],
  ['output', 'counts'],
];

/** Values that mean the default in other words. */
const SAME_AS_DEFAULT: Readonly<Record<string, unknown>> = { 'learn.engine': 'trees' };

/** Throws `CONFIG_UNSUPPORTED` if a setting asks for what this version does not do. */
export function requireSupported(config: ResolvedConfig): void {
  const defaults = configSchema.parse({});
  for (const path of NOT_CARRIED_OUT) {
    const value = valueAt(config, path);
    const name = path.join('.');
    if (JSON.stringify(value) === JSON.stringify(valueAt(defaults, path)) || value === SAME_AS_DEFAULT[name]) continue;
    throw new UnderstudyError(
      'CONFIG_UNSUPPORTED',
      `${placeOf(config, path)}: this version does not carry out \`${name}\` yet; nothing was read or written.`,
      { hint: `Remove \`${name}\` from the configuration.` },
    );
  }
}

function valueAt(config: object, path: ConfigPath): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], config);
}
