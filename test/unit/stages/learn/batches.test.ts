import { describe, expect, it } from 'vitest';
import { findBatches, withoutBatches } from '../../../../src/stages/learn/batches.ts';

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const JOB = 18_000 * DAY + 3 * 3600 * SECOND;

/** 400 moments of as many units, a day and a bit apart, `shared` of them at the time of the job. */
function moments(shared: number): Float64Array {
  return Float64Array.from({ length: 400 }, (_, i) => (i < shared ? JOB : 17_800 * DAY + i * 86_401 * SECOND));
}
const own = Uint32Array.from({ length: 400 }, (_, i) => i);

describe('moments of batches', () => {
  it('are those that five units share where others are nobody else’s', () => {
    expect(findBatches(moments(40), own)).toEqual([JOB]);
    expect(findBatches(moments(5), own)).toEqual([JOB]);
    expect(findBatches(moments(4), own)).toEqual([]);
  });

  it('are none that one unit repeats', () => {
    expect(
      findBatches(
        moments(40),
        Uint32Array.from(own, (i) => (i < 40 ? 0 : i)),
      ),
    ).toEqual([]);
  });

  it('are no days of a column of days, but for one that stands out', () => {
    const days = Float64Array.from({ length: 400 }, (_, i) => (18_000 + (i % 40)) * DAY);
    expect(findBatches(days, own)).toEqual([]);
    expect(
      findBatches(
        days.map((day, i) => (i >= 300 ? 18_020 * DAY : day)),
        own,
      ),
    ).toEqual([18_020 * DAY]);
  });

  it('are left out of what is told by distances', () => {
    const rest = withoutBatches([JOB], moments(40));
    expect(rest.filter((value) => Number.isNaN(value)).length).toBe(40);
  });
});
