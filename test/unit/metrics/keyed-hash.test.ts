import { expect, test } from 'vitest';
import { HashCounts, KeyedHash } from '../../../src/metrics/keyed-hash.ts';

/** The reference's 64-bit vectors for the key 00…07 and the inputs 00 01 02 …, of 0, 2, 4, 8 bytes. */
const VECTORS: readonly (readonly [byteCount: number, hex: string])[] = [
  [0, '218d1f59b9b83cc8'],
  [2, '064f39ef7c50eb57'],
  [4, 'd5e78a175be52ea1'],
  [8, 'ed fe e8 20 bc e4 85 8c'.replaceAll(' ', '')],
];

test('the hash gives the vectors of its authors', () => {
  const hash = new KeyedHash(Uint8Array.from({ length: 8 }, (_, i) => i));
  for (const [byteCount, hex] of VECTORS) {
    hash.text(Buffer.from(Array.from({ length: byteCount }, (_, i) => i)).toString('utf16le'));
    const out = Buffer.alloc(8);
    out.writeInt32LE(hash.low, 0);
    out.writeInt32LE(hash.high, 4);
    expect(out.toString('hex')).toBe(hex);
  }
});

test('every object has a key of its own', () => {
  const [a, b] = [new KeyedHash(), new KeyedHash()];
  a.text('x');
  b.text('x');
  expect([a.low, a.high]).not.toEqual([b.low, b.high]);
});

test('counts agree with a Map through many doublings', () => {
  const hash = new KeyedHash();
  const counts = new HashCounts(4);
  const expected = new Map<string, number>();
  for (let i = 0; i < 60_000; i++) {
    const value = `v${(i * i) % 40_009}`;
    expected.set(value, (expected.get(value) ?? 0) + 1);
    hash.text(value);
    expect(counts.add(hash.low, hash.high)).toBe(expected.get(value));
  }
  expect(counts.size).toBe(expected.size);
  hash.text('never added');
  expect(counts.count(hash.low, hash.high)).toBe(0);
});
