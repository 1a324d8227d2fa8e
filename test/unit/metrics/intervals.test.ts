import { expect, test } from 'vitest';
import {
  binomialTail,
  clopperPearsonInterval,
  holm,
  incompleteBeta,
  normalTail,
  normalTailQuantile,
  poissonTail,
  upperGamma,
  wilsonInterval,
} from '../../../src/metrics/intervals.ts';

function binomialSum(k: number, n: number, p: number): number {
  let term = (1 - p) ** n; // P(X = 0)
  let below = 0;
  for (let i = 0; i < k; i++) {
    below += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return 1 - below;
}

test('special functions agree with closed forms', () => {
  for (const x of [0.01, 0.5, 1, 3, 20]) expect(upperGamma(1, x)).toBeCloseTo(Math.exp(-x), 13);
  for (const x of [0.1, 0.5, 0.9]) expect(incompleteBeta(3, 1, x)).toBeCloseTo(x ** 3, 13);
  expect(incompleteBeta(0.5, 0.5, 0.3)).toBeCloseTo((2 / Math.PI) * Math.asin(Math.sqrt(0.3)), 12);
});

test('the normal tail and its inverse agree with tabulated values', () => {
  expect(normalTail(1.959963984540054)).toBeCloseTo(0.025, 12);
  expect(normalTail(6)).toBeCloseTo(9.865876450377e-10, 20);
  expect(normalTail(-1)).toBeCloseTo(0.8413447460685429, 12);
  expect(normalTailQuantile(0.005)).toBeCloseTo(2.5758293035489, 9);
});

test('binomial and Poisson tails agree with their sums', () => {
  for (const [k, n, p] of [
    [1, 10, 0.1],
    [7, 20, 0.3],
    [60, 100, 0.5],
    [3, 1000, 0.001],
  ]) {
    expect(binomialTail(k, n, p)).toBeCloseTo(binomialSum(k, n, p), 11);
  }
  const e = Math.exp(-2.5);
  expect(poissonTail(3, 2.5)).toBeCloseTo(1 - e * (1 + 2.5 + 2.5 ** 2 / 2), 12);
  expect(poissonTail(1, 0)).toBe(0);
});

test('intervals agree with published ones and invert their tails', () => {
  const [low, high] = wilsonInterval(10, 100, 0.05);
  expect(low).toBeCloseTo(0.05522914, 7);
  expect(high).toBeCloseTo(0.1743657, 7);
  expect(clopperPearsonInterval(0, 20, 0.05)).toEqual([0, expect.closeTo(1 - 0.025 ** (1 / 20), 10)]);
  const [a, b] = clopperPearsonInterval(7, 30, 0.01);
  expect(binomialTail(7, 30, a)).toBeCloseTo(0.005, 9);
  expect(1 - binomialTail(8, 30, b)).toBeCloseTo(0.005, 9);
});

test("Holm's p-values step down and never cross", () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02].map((p) => expect.closeTo(p, 12)));
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
});
