import { describe, expect, it } from 'vitest';
import { ff1Encrypt } from '../../../../src/stages/mask/ff1.ts';

/** The nine FF1 samples that NIST publishes beside SP 800-38G (FF1samples.pdf). */
const KEY_128 = '2B7E151628AED2A6ABF7158809CF4F3C';
const KEY_192 = `${KEY_128}EF4359D8D580AA4F`;
const KEY_256 = `${KEY_192}7F036D6F04FC6A94`;
const TEN = '39383736353433323130';
const ELEVEN = '3737373770717273373737';
const DIGITS = '0123456789';
const ALPHANUMERIC = '0123456789abcdefghi';
const SAMPLES: readonly (readonly [string, string, number, string, string])[] = [
  [KEY_128, '', 10, DIGITS, '2433477484'],
  [KEY_128, TEN, 10, DIGITS, '6124200773'],
  [KEY_128, ELEVEN, 36, ALPHANUMERIC, 'a9tv40mll9kdu509eum'],
  [KEY_192, '', 10, DIGITS, '2830668132'],
  [KEY_192, TEN, 10, DIGITS, '2496655549'],
  [KEY_192, ELEVEN, 36, ALPHANUMERIC, 'xbj3kv35jrawxv32ysr'],
  [KEY_256, '', 10, DIGITS, '6657667009'],
  [KEY_256, TEN, 10, DIGITS, '1001623463'],
  [KEY_256, ELEVEN, 36, ALPHANUMERIC, 'xs8a0azh2avyalyzuwd'],
];

const number = (text: string, radix: number): bigint =>
  [...text].reduce((sum, digit) => sum * BigInt(radix) + BigInt(Number.parseInt(digit, radix)), 0n);

describe('FF1', () => {
  it.each(SAMPLES)('gives the published sample: key %s, tweak %s, radix %i', (key, tweak, radix, plain, cipher) => {
    const u = Math.floor(plain.length / 2);
    const halves = { left: [number(plain.slice(0, u), radix)], right: [number(plain.slice(u), radix)] };
    const made = ff1Encrypt(Buffer.from(key, 'hex'), Buffer.from(tweak, 'hex'), radix, plain.length, halves);
    const text =
      made.left[0].toString(radix).padStart(u, '0') + made.right[0].toString(radix).padStart(plain.length - u, '0');
    expect(text).toBe(cipher);
  });

  it('gives in doubles what it gives in big integers, for many values at once', () => {
    const key = Buffer.from(KEY_256, 'hex');
    const left = Array.from({ length: 500 }, (_, i) => (i * 7919) % 100_000);
    const right = Array.from({ length: 500 }, (_, i) => (i * 104_729) % 1_000_000);
    const doubles = ff1Encrypt(key, Buffer.alloc(0), 10, 11, { left, right });
    const big = ff1Encrypt(key, Buffer.alloc(0), 10, 11, { left: left.map(BigInt), right: right.map(BigInt) });
    expect(doubles.left.map(BigInt)).toEqual(big.left);
    expect(doubles.right.map(BigInt)).toEqual(big.right);
  });

  it('refuses what the standard does not cover', () => {
    expect(() => ff1Encrypt(Buffer.alloc(32), Buffer.alloc(0), 10, 1, { left: [0], right: [1] })).toThrow(RangeError);
    expect(() => ff1Encrypt(Buffer.alloc(32), Buffer.alloc(0), 10, 24, { left: [0], right: [1] })).toThrow(RangeError);
  });
});
