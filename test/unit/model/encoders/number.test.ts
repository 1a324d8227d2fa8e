import { describe, expect, it } from 'vitest';
import { fitNumberEncoder, NumberEncoder } from '../../../../src/model/encoders/number.ts';
import { RandomCursor, streamKey } from '../../../../src/numeric/random.ts';

const cursor = new RandomCursor(streamKey(2, 'number test')).seek(0);
const own = (length: number): Uint32Array => Uint32Array.from({ length }, (_, row) => row);
const range = <T>(length: number, make: (i: number) => T): T[] => Array.from({ length }, (_, i) => make(i));

describe('NumberEncoder', () => {
  it('gives every often shared value its own code and gives it back', () => {
    const values = range(300, (i) => [1.5, 2, 10][i % 3]);
    const encoder = fitNumberEncoder(values, own(300));
    expect(encoder.size).toBe(3);
    for (const value of [1.5, 2, 10]) expect(encoder.decode(encoder.encode(value), 0.99)).toBe(value);
  });

  it('keeps spikes apart from the spread around them', () => {
    const values = range(20_000, (i) => (i % 2 === 0 ? 0 : Math.floor(cursor.next() * 50_000) + 1));
    const encoder = fitNumberEncoder(values, own(20_000));
    expect(encoder.boundsOf(0)).toEqual([0, 0]);
    expect(encoder.boundsOf(1)[0]).toBeGreaterThan(0);
    expect(encoder.size).toBeGreaterThan(100);
    expect(encoder.size).toBeLessThanOrEqual(256);
    const decoded = values.map((value) => encoder.decode(encoder.encode(value), cursor.next())!);
    expect(decoded.filter((value) => value === 0).length).toBe(10_000);
    const mean = (numbers: readonly number[]): number => numbers.reduce((x, y) => x + y, 0) / numbers.length;
    expect(Math.abs(mean(decoded) / mean(values) - 1)).toBeLessThan(0.005);
  });

  it('draws on the column’s own grid: decimals, and a common step with its offset', () => {
    const prices = range(5000, () => Math.floor(cursor.next() * 900) + 0.99);
    const encoder = fitNumberEncoder(prices, own(5000));
    expect([encoder.decimals, encoder.step]).toEqual([2, 100]);
    for (let i = 0; i < 2000; i++) {
      const value = encoder.decode(i % encoder.size, cursor.next())!;
      expect(value.toFixed(2)).toMatch(/\.99$/);
      expect(value).toBe(Number(value.toFixed(2)));
    }
    expect(
      fitNumberEncoder(
        range(500, () => cursor.next() * Math.PI),
        own(500),
      ).decimals,
    ).toBeUndefined();
  });

  it('keeps each bin to at least 10 rows and 5 units, and no value that fewer share', () => {
    const values = range(3000, () => Math.round(cursor.next() ** 4 * 1_000_000));
    const units = Uint32Array.from({ length: 3000 }, (_, row) => Math.floor(row / 12));
    const encoder = fitNumberEncoder(values, units);
    const behind = range(encoder.size, () => ({ rows: 0, units: new Set<number>() }));
    const holders = new Map<number, Set<number>>();
    values.forEach((value, row) => {
      const bin = behind[encoder.encode(value)];
      bin.rows++;
      bin.units.add(units[row]);
      holders.set(value, (holders.get(value) ?? new Set()).add(units[row]));
    });
    expect(behind.every((bin) => bin.rows >= 10 && bin.units.size >= 5)).toBe(true);
    const { cuts, low, high } = encoder.toJson();
    const kept = [...cuts, ...low, ...high].filter((value) => holders.has(value));
    const exposed = kept.filter((value) => holders.get(value)!.size < 5);
    // Half-way points can hit a value by chance where values are dense, not as a rule.
    expect(exposed.length).toBeLessThan(0.1 * (cuts.length + 2 * low.length));
  });

  it('clips the extremes to the sixth unit', () => {
    const values = [...range(1000, (i) => i / 10), ...range(10, () => 9_999_999)];
    const units = Uint32Array.from({ length: 1010 }, (_, row) => (row < 1000 ? row : 0)); // all ten of one unit
    const encoder = fitNumberEncoder(values, units);
    const [low, high] = encoder.range;
    expect(low).toBeGreaterThanOrEqual(0.5);
    expect(high).toBeLessThanOrEqual(99.5);
    expect(encoder.decode(encoder.encode(9_999_999), 0.999)!).toBeLessThan(100);
  });

  it('keeps the magnitude only of what too few units have', () => {
    const encoder = fitNumberEncoder([4321.5, 4400, null], own(3));
    expect(encoder.hasNull).toBe(true);
    expect(encoder.boundsOf(0)).toEqual([1000, 9999.9]);
    expect(fitNumberEncoder([], own(0)).decode(0, 0.5)).toBe(0);
    expect(fitNumberEncoder([null, null], own(2)).decode(1, 0.5)).toBeNull();
  });

  it('has NULL as its last code, and survives JSON', () => {
    const values = range(400, (i) => (i % 4 === 0 ? null : (i * 37) % 101));
    const encoder = fitNumberEncoder(values, own(400));
    const again = NumberEncoder.fromJson(JSON.parse(JSON.stringify(encoder.toJson())) as unknown);
    expect(encoder.encode(null)).toBe(encoder.size - 1);
    expect(encoder.decode(encoder.size - 1, 0.3)).toBeNull();
    for (let code = 0; code < encoder.size; code++) expect(again.decode(code, 0.7)).toBe(encoder.decode(code, 0.7));
    expect(again.encodeAll(values)).toEqual(encoder.encodeAll(values));
  });

  it('takes negative numbers, wide ranges and −0', () => {
    const values = range(2000, (i) => (i - 1000) * 1e12);
    const encoder = fitNumberEncoder(values, own(2000));
    expect(encoder.step).toBe(1e12);
    for (const value of values.slice(100, 110))
      expect(Math.abs(encoder.decode(encoder.encode(value), 0.5)! - value)).toBeLessThan(2e13);
    expect(
      Object.is(
        fitNumberEncoder(
          range(50, () => -0),
          own(50),
        ).decode(0, 0.5),
        0,
      ),
    ).toBe(true);
  });
});
