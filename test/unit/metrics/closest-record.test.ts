import { expect, test } from 'vitest';
import { RandomCursor, streamKey } from '../../../src/numeric/random.ts';
import { dcrShare, labelShareTest, neighbourRatios, smallerShare } from '../../../src/metrics/closest-record.ts';
import {
  distinctRows,
  encodedQuantile,
  gowerDistance,
  nearestTwo,
  NULL_QUANTILE,
  QUANTILE_UNIT,
  quantileOf,
  quantileScale,
  selectRows,
} from '../../../src/metrics/gower.ts';
import type { EncodedRows } from '../../../src/metrics/gower.ts';

const random = new RandomCursor(streamKey(7, 'closest-record.test')).seek(0);

/** Rows that depend on one hidden factor, with NULLs and repeated categories. */
function rows(rowCount: number, numericCount: number, codeCount: number): EncodedRows {
  const numeric = new Int16Array(rowCount * numericCount);
  const codes = new Int32Array(rowCount * codeCount);
  for (let i = 0; i < rowCount; i++) {
    const factor = random.next();
    for (let c = 0; c < numericCount; c++) {
      const value = (factor + random.next()) / 2;
      numeric[i * numericCount + c] = random.next() < 0.1 ? NULL_QUANTILE : Math.round(value * QUANTILE_UNIT);
    }
    for (let c = 0; c < codeCount; c++)
      codes[i * codeCount + c] = Math.floor((random.next() < 0.5 ? factor : random.next()) * (2 + c));
  }
  return { rowCount, numeric, numericCount, codes, codeCount };
}

test.each([
  [3, 4],
  [7, 0],
  [0, 5],
  [9, 6],
])('nearest neighbours are those of all pairs: %i ordered, %i categories', (numericCount, codeCount) => {
  const queries = rows(60, numericCount, codeCount);
  const references = rows(700, numericCount, codeCount);
  const found = nearestTwo(queries, references);
  for (let q = 0; q < queries.rowCount; q++) {
    const distances = Array.from({ length: references.rowCount }, (_, r) => gowerDistance(queries, q, references, r));
    const sorted = distances.toSorted((a, b) => a - b);
    expect(found.first[q]).toBeCloseTo(sorted[0], 12);
    expect(found.second[q]).toBeCloseTo(sorted[1], 12);
    expect(distances[found.nearest[q]]).toBeCloseTo(sorted[0], 12);
  }
});

test('no reference, one reference, and equal references', () => {
  const queries = rows(2, 2, 1);
  const nothing = nearestTwo(queries, selectRows(queries, []));
  expect([...nothing.nearest]).toEqual([-1, -1]);
  expect(nothing.first[0]).toBe(Infinity);
  const one = nearestTwo(queries, selectRows(queries, [1]));
  expect(one.first[1]).toBe(0);
  expect(one.second[1]).toBe(Infinity);
  const equal = nearestTwo(queries, selectRows(queries, new Array(200).fill(0)));
  expect([equal.first[0], equal.second[0]]).toEqual([0, 0]);
  expect([...neighbourRatios(equal)].slice(0, 1)).toEqual([1]);
});

test('NULL is as far as can be from a value and at no distance from NULL', () => {
  const make = (...numeric: number[]): EncodedRows => ({
    rowCount: numeric.length,
    numeric: Int16Array.from(numeric),
    numericCount: 1,
    codes: new Int32Array(0),
    codeCount: 0,
  });
  const sides = make(NULL_QUANTILE, 0, QUANTILE_UNIT);
  expect(gowerDistance(sides, 0, sides, 1)).toBe(1);
  expect(gowerDistance(sides, 0, sides, 2)).toBe(1);
  expect(gowerDistance(sides, 0, sides, 0)).toBe(0);
  expect([...nearestTwo(make(NULL_QUANTILE), sides).first]).toEqual([0]);
});

test('quantiles are mid-ranks, linear between, and clipped outside', () => {
  const scale = quantileScale(Float64Array.of(10, 20, 20, NaN, 40));
  expect(quantileOf(scale, 10)).toBeCloseTo(0.125, 12);
  expect(quantileOf(scale, 20)).toBeCloseTo(0.5, 12);
  expect(quantileOf(scale, 30)).toBeCloseTo(0.6875, 12);
  expect([quantileOf(scale, 5), quantileOf(scale, 50)]).toEqual([0, 1]);
  expect(encodedQuantile(scale, NaN)).toBe(NULL_QUANTILE);
});

test('distinct rows keep the first of each', () => {
  const base = rows(50, 2, 2);
  const doubled = selectRows(
    base,
    Array.from({ length: 100 }, (_, i) => i % 50),
  );
  expect([...distinctRows(doubled)]).toEqual([...distinctRows(base)]);
});

test('the DCR share is ½ for fresh rows and near 1 for a copy of the training rows', () => {
  const training = { rows: rows(400, 6, 2), units: Array.from({ length: 400 }, (_, i) => i) };
  const holdout = { rows: rows(400, 6, 2), units: Array.from({ length: 400 }, (_, i) => i + 400) };
  const fresh = dcrShare(rows(1000, 6, 2), training, holdout, 0.5);
  expect(Math.abs(fresh.share - 0.5)).toBeLessThan(3.5 * fresh.standardError);
  const copied = dcrShare(training.rows, training, holdout, 0.5);
  expect(copied.share).toBeGreaterThan(0.95);
  expect(copied.pValue).toBeLessThan(1e-12);
});

test('the standard error of a share is that over shuffled labels', () => {
  const weights = Array.from({ length: 80 }, () => Math.floor(random.next() ** 4 * 40));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = Array.from({ length: 4000 }, () => {
    const order = weights.map((weight) => [random.next(), weight]).sort((a, b) => a[0] - b[0]);
    return order.slice(0, 40).reduce((sum, [, weight]) => sum + weight, 0) / total;
  });
  const deviation = Math.sqrt(shares.reduce((sum, share) => sum + (share - 0.5) ** 2, 0) / shares.length);
  const { standardError } = labelShareTest(
    weights.filter((weight) => weight > 0),
    40,
    40,
    total / 2,
    total,
    0.5,
  );
  expect(standardError / deviation).toBeGreaterThan(0.95); // 4,000 draws: ±1.1 %
  expect(standardError / deviation).toBeLessThan(1.05);
});

test('smallerShare is that of all pairs, and repeated rows of a unit do not shrink its error', () => {
  const x = Float64Array.from({ length: 70 }, () => Math.floor(random.next() * 12));
  const y = Float64Array.from({ length: 90 }, () => Math.floor(random.next() * 14));
  let pairs = 0;
  for (const a of x) for (const b of y) pairs += a < b ? 1 : a === b ? 0.5 : 0;
  const ids = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const plain = smallerShare(x, ids(70), y, ids(90), 0.5);
  expect(plain.share).toBeCloseTo(pairs / (70 * 90), 12);
  const triple = (values: Float64Array): Float64Array => Float64Array.from([...values, ...values, ...values]);
  const clustered = smallerShare(
    triple(x),
    ids(210).map((i) => i % 70),
    triple(y),
    ids(270).map((i) => i % 90),
    0.5,
  );
  expect(clustered.standardError).toBeCloseTo(plain.standardError, 12);
});
