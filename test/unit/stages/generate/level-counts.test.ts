import { expect, test } from 'vitest';
import { streamKey } from '../../../../src/numeric/random.ts';
import { shiftCounts } from '../../../../src/stages/generate/level-counts.ts';

const KEY = streamKey(0, 'level counts test');
const LEVELS = [1, 2, 2, 4, 6, 9, 14];
const counts = Uint32Array.from({ length: 700 }, (_, i) => LEVELS[i % LEVELS.length]);
const sum = (list: Uint32Array): number => list.reduce((total, count) => total + count, 0);

test.each([-400, -37, 0, 25, 400])('a total that is %i off is reached with counts that occur', (off) => {
  const shifted = shiftCounts(counts, sum(counts) + off, KEY);
  expect(sum(shifted)).toBe(sum(counts) + off);
  expect(new Set(shifted)).toEqual(new Set(LEVELS));
});

test('who has no children gets none, and who has some keeps some', () => {
  const some = Uint32Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? 0 : 2));
  for (const off of [-40, 40]) expect(shiftCounts(some, sum(some) + off, KEY)).toEqual(some);
});

test('counts of another order of size are left to be scaled', () => {
  expect(shiftCounts(counts, 3 * sum(counts), KEY)).toEqual(counts);
});
