import { describe, expect, it } from 'vitest';
import { CategoryEncoder, fitCategoryEncoder, RARE } from '../../../../src/model/encoders/category.ts';

const own = (length: number): Uint32Array => Uint32Array.from({ length }, (_, row) => row);

describe('CategoryEncoder', () => {
  it('codes by falling count, then text, NULL last', () => {
    const values = [...'bbbbbbb', ...'aaaaaa', ...'cccccc', null];
    const encoder = fitCategoryEncoder(values, own(values.length));
    expect(encoder.values).toEqual(['b', 'a', 'c']);
    expect([encoder.hasRare, encoder.hasNull, encoder.size]).toEqual([false, true, 4]);
    expect([...encoder.encodeAll(['c', null])]).toEqual([2, 3]);
    expect(encoder.decode(3)).toBeNull();
  });

  it('pools what fewer than five units share, however often, and never gives it back', () => {
    const values = [...'xxxxxxxxxxxx', ...'aaaaa', ...'zz'];
    const units = Uint32Array.from(values, (value, row) => (value === 'x' ? row % 4 : row));
    const encoder = fitCategoryEncoder(values, units);
    expect(encoder.values).toEqual(['a']);
    expect(JSON.stringify(encoder.toJson())).not.toMatch(/[xz]"/);
    expect([encoder.encode('x'), encoder.encode('z'), encoder.encode('unheard of')]).toEqual([1, 1, 1]);
    expect(encoder.decode(1)).toBe(RARE);
    expect(encoder.rareCode).toBe(1);
  });

  it('keeps at most as many values as asked', () => {
    const values = Array.from({ length: 600 }, (_, i) => `v${i % 60}`);
    const encoder = fitCategoryEncoder(values, own(600), { minUnits: 5, maxValues: 10 });
    expect([encoder.values.length, encoder.hasRare, encoder.size]).toEqual([10, true, 11]);
  });

  it('survives JSON, and an empty column', () => {
    const encoder = fitCategoryEncoder([...'aaaaabbbbbb', null], own(12));
    const again = CategoryEncoder.fromJson(JSON.parse(JSON.stringify(encoder.toJson())) as unknown);
    expect(again.encodeAll(['a', 'b', null])).toEqual(encoder.encodeAll(['a', 'b', null]));
    expect(fitCategoryEncoder([], own(0)).size).toBe(1);
  });
});
