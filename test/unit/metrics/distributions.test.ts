import { expect, test } from 'vitest';
import { RandomCursor, streamKey } from '../../../src/numeric/random.ts';
import { cardinalityScore, degreeHistogram } from '../../../src/metrics/cardinality.ts';
import {
  ksComplement,
  meanRanks,
  orderedSample,
  pairTrend,
  rankCorrelation,
  tvComplement,
} from '../../../src/metrics/distributions.ts';

const random = new RandomCursor(streamKey(5, 'distributions.test')).seek(0);

function sample(count: number, nullRate: number, levels: number): Float64Array {
  return Float64Array.from({ length: count }, () =>
    random.next() < nullRate ? NaN : Math.floor(random.next() ** 2 * levels),
  );
}

/** sup|F₁ − F₂| at every value of either side, NULL below all. */
function bruteForceKs(a: Float64Array, b: Float64Array): number {
  const rank = (x: number): number => (Number.isNaN(x) ? -Infinity : x);
  const cdf = (xs: Float64Array, at: number): number => xs.filter((x) => rank(x) <= at).length / xs.length;
  return 1 - Math.max(...[...a, ...b].map(rank).map((at) => Math.abs(cdf(a, at) - cdf(b, at))));
}

test('the KS complement is the brute-force supremum, NULLs and ties included', () => {
  for (const [n, m, nulls, levels] of [
    [40, 60, 0.2, 5],
    [101, 30, 0, 1000],
    [50, 50, 0.9, 3],
  ]) {
    const a = sample(n, nulls, levels);
    const b = sample(m, nulls / 2, levels * 1.3);
    expect(ksComplement(orderedSample(a), orderedSample(b))).toBeCloseTo(bruteForceKs(a, b), 12);
  }
  expect(ksComplement(orderedSample(new Float64Array(0)), orderedSample(sample(3, 0, 3)))).toBe(0);
  expect(ksComplement(orderedSample(Float64Array.of(NaN, NaN)), orderedSample(Float64Array.of(NaN)))).toBe(1);
});

test('the TV complement and the pair trend have their closed values', () => {
  expect(
    tvComplement(
      new Map([
        ['a', 3],
        ['b', 1],
      ]),
      new Map([
        ['a', 1],
        ['c', 1],
      ]),
    ),
  ).toBeCloseTo(0.5, 12);
  const x = [0, 0, 1, 1];
  expect(pairTrend({ x, y: [0, 0, 1, 1] }, { x, y: [0, 1, 0, 1] })).toBeCloseTo(0.5, 12);
  expect(pairTrend({ x, y: x }, { x, y: x })).toBe(1);
});

test('rank correlation is that of the ranks', () => {
  expect([...meanRanks(Float64Array.of(5, 1, 5, 9))]).toEqual([2.5, 1, 2.5, 4]);
  const x = sample(200, 0.1, 1e6);
  expect(
    rankCorrelation(
      x,
      x.map((v) => v ** 3),
    ),
  ).toBeCloseTo(1, 12);
  expect(
    rankCorrelation(
      x,
      x.map((v) => -v),
    ),
  ).toBeCloseTo(-1, 12);
  // Spearman 1904 by 1 − 6Σd²/n(n²−1) without ties: d = (1, 1, 0, 0)
  expect(rankCorrelation(Float64Array.of(1, 2, 3, 4), Float64Array.of(2, 1, 3, 4))).toBeCloseTo(
    1 - (6 * 2) / (4 * 15),
    12,
  );
});

test('the cardinality score is the KS complement of the degrees, childless parents included', () => {
  const childrenOf = Int32Array.from({ length: 300 }, () => Math.floor(random.next() ** 3 * 70) - 1);
  const others = Int32Array.from({ length: 250 }, () => Math.floor(random.next() * 70));
  const degrees = (parentOf: Int32Array): Float64Array =>
    Float64Array.from({ length: 70 }, (_, p) => parentOf.filter((x) => x === p).length);
  const score = cardinalityScore(degreeHistogram(childrenOf, 70), degreeHistogram(others, 70));
  expect(score).toBeCloseTo(ksComplement(orderedSample(degrees(childrenOf)), orderedSample(degrees(others))), 12);
  expect(score).toBeLessThan(0.9);
  expect(
    cardinalityScore(
      [
        [0, 5],
        [2, 5],
      ],
      [
        [0, 5],
        [4, 5],
      ],
      2,
    ),
  ).toBe(1);
});
