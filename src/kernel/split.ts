import { createHash } from 'node:crypto';

/** fit: parameters; tune: self-test, rule check, engine choice; test: used once, by scan. */
export type Split = 'fit' | 'tune' | 'test';

export const SPLITS: readonly Split[] = ['fit', 'tune', 'test'];

/**
 * The part that a subject belongs to: a function of its key alone, so that every stage and every later run agrees.
 * Shares: fit 80 %, tune 10 %, test 10 %.
 */
export function splitOf(unitKey: string): Split {
  const bucket = createHash('sha256').update('understudy-split\0').update(unitKey).digest().readUInt32BE(0) / 2 ** 32;
  return bucket < 0.8 ? 'fit' : bucket < 0.9 ? 'tune' : 'test';
}
