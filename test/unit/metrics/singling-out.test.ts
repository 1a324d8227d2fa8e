import { describe, expect, test } from 'vitest';
import { NULL_QUANTILE } from '../../../src/metrics/gower.ts';
import type { EncodedRows } from '../../../src/metrics/gower.ts';
import { singlingOutHits } from '../../../src/metrics/singling-out.ts';
import { RandomCursor, streamKey } from '../../../src/numeric/random.ts';

const random = (seed: number): RandomCursor => new RandomCursor(streamKey(seed, 'singling-out')).seek(0);

/** Rows of numbers and codes. */
function encoded(numbers: readonly (readonly number[])[], codes: readonly (readonly number[])[]): EncodedRows {
  return {
    rowCount: numbers.length,
    numeric: Int16Array.from(numbers.flat()),
    numericCount: numbers[0].length,
    codes: Int32Array.from(codes.flat()),
    codeCount: codes[0].length,
  };
}

/** So many rows of one law: two numbers, two codes. */
function drawn(count: number, seed: number): EncodedRows {
  const cursor = random(seed);
  const rows = Array.from({ length: count }, () => null);
  return encoded(
    rows.map(() => [cursor.nextInteger(30_000), cursor.nextInteger(50)]),
    rows.map(() => [cursor.nextInteger(6), cursor.nextInteger(12)]),
  );
}

describe('predicates on one column', () => {
  // Released: the sole lowest 10 and the sole highest 90 of the number (twice 50), the sole code 3; NULL is neither.
  const released = encoded([[10], [50], [50], [90], [NULL_QUANTILE]], [[1], [1], [2], [2], [3]]);

  test('are the sole row beyond a value and the sole holder of a code; hits are counted by the definition', () => {
    const victims = encoded([[5], [20], [95], [96], [NULL_QUANTILE]], [[1], [1], [3], [2], [2]]);
    const control = encoded([[20], [30], [40], [91], [NULL_QUANTILE]], [[3], [3], [1], [2], [2]]);
    const conditions: ((number: number, code: number) => boolean)[] = [
      (number) => number !== NULL_QUANTILE && number <= 10,
      (number) => number >= 90,
      (_, code) => code === 3,
    ];
    const sole = (rows: EncodedRows): number =>
      conditions.filter(
        (holds) => [...rows.numeric].filter((number, row) => holds(number, rows.codes[row])).length === 1,
      ).length;
    expect(sole(released)).toBe(3);
    // With half of six predicates univariate, these are all of them; of the others none is of a single column.
    const outcome = singlingOutHits(released, victims, control, 6, random(1));
    const more = singlingOutHits(released, encoded([[50]], [[9]]), encoded([[50]], [[9]]), 6, random(1));
    expect(outcome.victimHits).toBeGreaterThanOrEqual(sole(victims));
    expect(outcome.controlHits).toBeGreaterThanOrEqual(sole(control));
    expect(more.predicates).toBe(outcome.predicates);
    expect([more.victimHits, more.controlHits]).toEqual([0, 0]);
  });
});

test('every predicate that is tried singles out the released row it is made of', () => {
  const released = drawn(300, 5);
  const { predicates, victimHits, controlHits } = singlingOutHits(released, released, drawn(300, 6), 200, random(2));
  expect(predicates).toBeGreaterThan(100);
  expect(victimHits).toBe(predicates);
  expect(controlHits).toBeLessThan(0.7 * predicates);
});

test('fresh rows of the same law are singled out as often among victims as among others', () => {
  const { predicates, victimHits, controlHits } = singlingOutHits(
    drawn(300, 7),
    drawn(300, 8),
    drawn(300, 9),
    400,
    random(3),
  );
  // Two shares of some hundred: 4 standard errors.
  expect(Math.abs(victimHits - controlHits) / predicates).toBeLessThan(4 * Math.sqrt(0.5 / predicates));
});
