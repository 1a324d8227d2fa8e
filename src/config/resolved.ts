import type { Config } from './schema.ts';

/** 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type ConfigPath = readonly (string | number)[];

/** The configuration as the pipeline receives it: checked, defaults filled in, environment expanded. */
export interface ResolvedConfig extends Config {
  /** The file that it came from; null for defaults alone. */
  readonly path: string | null;
  /** Where each value stands in the file, by `positionKey` of its path. */
  readonly positions: ReadonlyMap<string, Position>;
}

/** Key of a path in `ResolvedConfig.positions`. */
export function positionKey(path: ConfigPath): string {
  return JSON.stringify(path.map(String));
}

/** `understudy.yaml:12:3`, or the file alone where the place is not known. */
export function placeOf(config: ResolvedConfig, path: ConfigPath): string {
  const position = config.positions.get(positionKey(path));
  const file = config.path ?? 'the configuration';
  return position === undefined ? file : `${file}:${position.line}:${position.column}`;
}
