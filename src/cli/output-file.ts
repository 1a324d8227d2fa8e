import { existsSync, writeFileSync } from 'node:fs';
import { UnderstudyError } from '../kernel/errors.ts';
import { diskError } from '../kernel/workspace.ts';

/** Throws `CLI_USAGE` if the file exists: it may hold someone's work. */
export function refuseExisting(path: string): void {
  if (!existsSync(path)) return;
  throw new UnderstudyError('CLI_USAGE', `${path} exists; it was left as it is.`, {
    hint: 'Add --force to replace it, or name another file with --output.',
  });
}

/** Throws `CLI_USAGE` as above (also if the file has appeared since), `WORKSPACE_FULL`, `WORKSPACE_IO`. */
export function writeNewFile(path: string, text: string, replace: boolean): void {
  try {
    writeFileSync(path, text, { flag: replace ? 'w' : 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') refuseExisting(path);
    throw diskError(cause, path);
  }
}
