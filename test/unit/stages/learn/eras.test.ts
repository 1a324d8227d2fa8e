import { describe, expect, it } from 'vitest';
import { findEras } from '../../../../src/stages/learn/eras.ts';

const DAY = 86_400_000_000;
const COUNT = 60;
const micros = Float64Array.from({ length: COUNT }, (_, i) => (18_000 + i) * DAY + i * 1_000_000);
const own = Uint32Array.from({ length: COUNT }, (_, i) => i);
/** 2 until row 20, 0 until row 45, then 1. */
const codes = Uint16Array.from({ length: COUNT }, (_, i) => (i < 20 ? 2 : i < 45 ? 0 : 1));

describe('eras', () => {
  it('are found in whatever order rows come, with cuts that are nobody’s moment', () => {
    const shuffled = Array.from({ length: COUNT }, (_, i) => (i * 37) % COUNT);
    const eras = findEras(
      Uint16Array.from(shuffled, (row) => codes[row]),
      Float64Array.from(shuffled, (row) => micros[row]),
      own,
    )!;
    expect(eras.codes).toEqual([2, 0, 1]);
    const [first, second] = eras.cuts;
    expect(first > micros[19] && first <= micros[20] && second > micros[44] && second <= micros[45]).toBe(true);
    expect(micros.includes(first) || micros.includes(second)).toBe(false);
  });

  it('are none where a code comes back, where two share a moment, or where a moment is missing', () => {
    const back = codes.map((code, i) => (i === 50 ? 0 : code));
    expect(findEras(back, micros, own)).toBeNull();
    const shared = micros.map((value, i) => (i === 20 ? micros[19] : value));
    expect(findEras(codes, shared, own)).toBeNull();
    const missing = micros.map((value, i) => (i === 3 ? NaN : value));
    expect(findEras(codes, missing, own)).toBeNull();
  });

  it('are none that four subjects stand for, or that few could form by chance', () => {
    const units = own.map((unit) => (unit >= 45 ? 45 + (unit % 4) : unit));
    expect(findEras(codes, micros, units)).toBeNull();
    const few = Uint16Array.from({ length: 10 }, (_, i) => (i < 5 ? 0 : 1));
    expect(findEras(few, micros.slice(0, 10), own.slice(0, 10))).toBeNull();
  });
});
