import { describe, expect, it } from 'vitest';
import {
  permuteIndex,
  philox,
  RandomCursor,
  streamKey,
  uniformAt,
  unpermuteIndex,
} from '../../../src/numeric/random.ts';

function block(counter: readonly number[], key: readonly number[]): string[] {
  const out = new Int32Array(4);
  philox(counter[0] | 0, counter[1] | 0, counter[2] | 0, counter[3] | 0, key[0] | 0, key[1] | 0, out);
  return Array.from(out, (word) => (word >>> 0).toString(16).padStart(8, '0'));
}

describe('philox', () => {
  it('gives the known answers of Random123', () => {
    const ones = 0xffffffff;
    expect(block([0, 0, 0, 0], [0, 0])).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']);
    expect(block([ones, ones, ones, ones], [ones, ones])).toEqual(['408f276d', '41c83b0e', 'a20bc7c6', '6d5451fd']);
    expect(block([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      'd16cfe09',
      '94fdcceb',
      '5001e420',
      '24126ea1',
    ]);
  });

  it('agrees with 64-bit arithmetic on many counters', () => {
    const key = streamKey(5, 'oracle');
    for (let row = 0; row < 200; row++) {
      const counter = [row * 0x9e3779b1, row ^ 0xabcdef, row * 7919, ~row].map((word) => word >>> 0);
      expect(block(counter, [key.lo, key.hi])).toEqual(bigIntPhilox(counter, [key.lo, key.hi]));
    }
  });
});

describe('uniforms', () => {
  const key = streamKey(0, 'public.film', 'chain');

  it('are the same by address and by cursor, also far out and after a jump', () => {
    for (const row of [0, 1, 2 ** 31, 2 ** 32 + 3, 2 ** 52 + 1]) {
      const cursor = new RandomCursor(key, 7).seek(row);
      const drawn = Array.from({ length: 9 }, () => cursor.next());
      expect(drawn).toEqual(drawn.map((_, draw) => uniformAt(key, 7, row, draw)));
      expect(cursor.seek(row, 5).next()).toBe(drawn[5]);
      expect(cursor.next()).toBe(drawn[6]);
    }
    expect(uniformAt(key, 7, 3, 0)).not.toBe(uniformAt(key, 7, 2 ** 32 + 3, 0));
    expect(uniformAt(key, 7, 3, 0)).not.toBe(uniformAt(key, 8, 3, 0));
  });

  it('fill [0, 1) evenly, rows independent of their neighbours', () => {
    const n = 200_000;
    const counts = new Float64Array(100);
    let lagProduct = 0;
    let previous = 0.5;
    for (let row = 0; row < n; row++) {
      const u = uniformAt(key, 0, row, 0);
      counts[Math.floor(u * 100)]++;
      lagProduct += (u - 0.5) * (previous - 0.5);
      previous = u;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - n / 100) ** 2 / (n / 100), 0);
    expect(chiSquare).toBeLessThan(158); // 99 degrees of freedom, p = 1e-4
    expect(Math.abs((12 * lagProduct) / n)).toBeLessThan(4 / Math.sqrt(n));
  });

  it('separates seeds and name paths', () => {
    expect(streamKey(1, 'a')).not.toEqual(streamKey(2, 'a'));
    expect(streamKey(1, 'a', 'b')).not.toEqual(streamKey(1, 'ab'));
    expect(streamKey(1, 'a', 'b')).toEqual(streamKey(1, 'a', 'b'));
  });
});

describe('permuteIndex', () => {
  const key = streamKey(3, 'keys');

  it('is a bijection for every n, with its inverse', () => {
    for (const n of [1, 2, 3, 4, 5, 7, 10, 64, 97, 1000, 4099]) {
      const places = Array.from({ length: n }, (_, index) => permuteIndex(key, index, n));
      expect(new Set(places).size).toBe(n);
      expect(Math.max(...places)).toBe(n - 1);
      expect(places.map((place) => unpermuteIndex(key, place, n))).toEqual(Array.from({ length: n }, (_, i) => i));
    }
    const n = 2 ** 53 - 111;
    for (const index of [0, 1, 2 ** 40, n - 1]) {
      const place = permuteIndex(key, index, n);
      expect(place >= 0 && place < n && Number.isSafeInteger(place)).toBe(true);
      expect(unpermuteIndex(key, place, n)).toBe(index);
    }
  });

  it('sends an index anywhere with equal chance over keys, and breaks up neighbours', () => {
    const counts = new Float64Array(10);
    for (let seed = 0; seed < 10_000; seed++) counts[permuteIndex(streamKey(seed, 'p'), 4, 10)]++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(34); // 9 degrees of freedom, p = 1e-4
    let neighbours = 0;
    for (let i = 0; i < 9999; i++)
      if (Math.abs(permuteIndex(key, i, 10_000) - permuteIndex(key, i + 1, 10_000)) === 1) neighbours++;
    expect(neighbours).toBeLessThan(12); // Poisson with mean 2
  });
});

/** The same generator in exact 64-bit arithmetic. */
function bigIntPhilox(counter: readonly number[], key: readonly number[]): string[] {
  const word = 0xffffffffn;
  let [c0, c1, c2, c3] = counter.map(BigInt);
  let [k0, k1] = key.map(BigInt);
  for (let round = 0; round < 10; round++) {
    const product0 = 0xd2511f53n * c0;
    const product1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(product1 >> 32n) ^ c1 ^ k0, product1 & word, (product0 >> 32n) ^ c3 ^ k1, product0 & word];
    k0 = (k0 + 0x9e3779b9n) & word;
    k1 = (k1 + 0xbb67ae85n) & word;
  }
  return [c0, c1, c2, c3].map((value) => value.toString(16).padStart(8, '0'));
}
