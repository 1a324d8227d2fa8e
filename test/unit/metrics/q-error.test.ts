import { expect, test } from 'vitest';
import { qError, summarizeErrors } from '../../../src/metrics/q-error.ts';

test('a miss counts the same whichever way, and quantiles lie between the errors', () => {
  expect(qError(19, 9)).toBe(2);
  expect(qError(9, 19)).toBe(2);
  expect(qError(0, 0)).toBe(1);
  expect(summarizeErrors([4, 1, 2, 3, 5])).toEqual({ median: 3, p90: 4.6, p95: 4.8, max: 5 });
});
