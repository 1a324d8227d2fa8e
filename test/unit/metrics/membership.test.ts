import { describe, expect, test } from 'vitest';
import type { UnitRows } from '../../../src/metrics/closest-record.ts';
import { attackAtRate, membershipAuc, membershipScores } from '../../../src/metrics/membership.ts';
import { RandomCursor, streamKey } from '../../../src/numeric/random.ts';

const random = new RandomCursor(streamKey(1, 'membership')).seek(0);
const uniform = (count: number): Float64Array => Float64Array.from({ length: count }, () => random.next());

/** Rows of one number each, of the given units. */
function unitRows(values: readonly number[], units = values.map((_, i) => i)): UnitRows {
  return {
    rows: {
      rowCount: values.length,
      numeric: Int16Array.from(values),
      numericCount: 1,
      codes: new Int32Array(0),
      codeCount: 0,
    },
    units,
  };
}

describe('finding members at a low rate of false alarms', () => {
  test('p-values of an attack that knows nothing are uniform or larger', () => {
    const pValues = Array.from(
      { length: 400 },
      () => attackAtRate({ members: uniform(200), others: uniform(200) }, 0.05, 1)!.pValue,
    );
    // 4 standard errors of a share of 400: an honest test stays below it in all but 1 of 30,000 runs.
    for (const level of [0.01, 0.05, 0.2]) {
      const share = pValues.filter((p) => p <= level).length / pValues.length;
      expect(share).toBeLessThanOrEqual(level + 4 * Math.sqrt((level * (1 - level)) / pValues.length));
    }
    expect(pValues.some((p) => p < 0.5)).toBe(true);
  });

  test('an attack that knows one member in five is found', () => {
    const members = uniform(200).map((score, i) => (i < 40 ? 2 : score));
    const attack = attackAtRate({ members, others: uniform(200) }, 0.01, 2)!;
    expect(attack.truePositiveRate).toBeGreaterThanOrEqual(0.2);
    // 40 of 43 above the threshold are members, where at odds of two to one 29 would be.
    expect(attack.pValue).toBeLessThan(1e-4);
  });

  test('counts are those above the highest score that lets the rate through, ties counted out', () => {
    const others = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    expect(attackAtRate({ members: Float64Array.of(9, 9.5, 10, 11), others }, 0.1, 1)).toMatchObject({
      falsePositiveRate: 0.1,
      truePositiveRate: 0.75,
    });
    const tied = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 10, 10);
    expect(attackAtRate({ members: Float64Array.of(10, 11), others: tied }, 0.1, 1)).toMatchObject({
      falsePositiveRate: 0,
      truePositiveRate: 0.5,
    });
    expect(attackAtRate({ members: others, others: others.subarray(0, 9) }, 0.1, 1)).toBeNull();
  });
});

describe('scores by the released rows', () => {
  test('a unit scores the mean of its rows, by the distance to the nearest released one', () => {
    const members = unitRows([0, 100, 300], [7, 7, 8]);
    const { distance } = membershipScores(members, unitRows([500]), unitRows([10, 400]).rows, unitRows([0, 1000]).rows);
    const unit = 32_767;
    expect([...distance.members].map((score) => Math.round(-score * unit))).toEqual([(10 + 90) / 2, 100]);
    expect(Math.round(-distance.others[0] * unit)).toBe(100);
  });

  test('released rows that crowd around members tell them, those of the same law do not', () => {
    const draw = (count: number): number[] => Array.from({ length: count }, () => random.nextInteger(32_000));
    const [members, others, reference] = [draw(150), draw(150), unitRows(draw(300)).rows];
    const auc = (released: readonly number[]): number =>
      membershipAuc(membershipScores(unitRows(members), unitRows(others), unitRows(released).rows, reference).density)
        .auc;
    expect(auc(members.flatMap((value) => [value, value + 1]))).toBeGreaterThan(0.8);
    // The standard error of an AUC of 150 against 150 is 0.033.
    expect(Math.abs(auc(draw(300)) - 0.5)).toBeLessThan(0.13);
  });
});
