import { expect, test } from 'vitest';
import { frequencyRankRate } from '../../../src/metrics/frequency-rank.ts';
import { RandomCursor, streamKey } from '../../../src/numeric/random.ts';

/** The attack itself: both lists in order of frequency, ties in random order; the share of rows whose value is right. */
function attack(values: readonly string[], seed: number): number {
  const draws = new RandomCursor(streamKey(seed, 'attack')).seek(0);
  const ranked = (names: readonly string[]): [string, number][] => {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts]
      .map((entry): [[string, number], number] => [entry, draws.nextInteger(2 ** 30)])
      .sort(([[, a], x], [[, b], y]) => b - a || x - y)
      .map(([entry]) => entry);
  };
  const known = ranked(values);
  const seen = ranked(values.map((value) => `p${value}`));
  return seen.reduce((sum, [name, count], i) => sum + (name === `p${known[i][0]}` ? count : 0), 0) / values.length;
}

test('is what an attacker reaches who ranks by frequency', () => {
  // Zipf's law: the commonest of 200 values 400 times, the n-th 400/n times; the rare ones tie.
  const skewed = Array.from({ length: 200 }, (_, n) => Array.from({ length: Math.ceil(400 / (n + 1)) }, () => `v${n}`));
  const rates = Array.from({ length: 200 }, (_, seed) => attack(skewed.flat(), seed));
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  expect(frequencyRankRate(skewed.flat())).toBeGreaterThan(0.5);
  expect(Math.abs(mean - frequencyRankRate(skewed.flat()))).toBeLessThan(0.005); // ties move a rate by ± 0.015 at most
});

test('is next to nothing where no value repeats, and nothing without values', () => {
  expect(frequencyRankRate(Array.from({ length: 1000 }, (_, i) => `v${i}`))).toBe(0.001);
  expect(frequencyRankRate([null, null])).toBe(0);
});
