import { createHash } from 'node:crypto';

/**
 * Counter-based random numbers: a number is a function of (key, stream, row, draw) and of nothing else, so rows can
 * be made in any order, in any batch size, on any machine, and come out the same.
 *
 * Source: Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (2011), Philox4x32-10.
 * Oracle: the known-answer vectors of the authors' Random123 library.
 */

/** 64 bits that separate one use of randomness from every other. */
export interface StreamKey {
  readonly lo: number;
  readonly hi: number;
}

/** The key of a seed and a path of names (`streamKey(0, 'public.film', 'chain')`). Different paths never share one. */
export function streamKey(seed: number, ...names: readonly string[]): StreamKey {
  const hash = createHash('sha256').update(`${seed}`);
  for (const name of names) hash.update(`\0${Buffer.byteLength(name)}:`).update(name);
  const digest = hash.digest();
  return { lo: digest.readUInt32LE(0), hi: digest.readUInt32LE(4) };
}

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_32 = 2 ** 32;
const TWO_NEG_53 = 2 ** -53;

/**
 * High 32 bits of the product of two 32-bit words. 16-bit halves, because a double holds 53 bits and `imul` 32:
 * a cross term plus its carry is at most (2¹⁶−1)² + 2¹⁶−1, so it never overflows a word.
 */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const cross = Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16);
  const carry = Math.imul(aLow, bHigh) + (cross & 0xffff);
  return (Math.imul(aHigh, bHigh) + (cross >>> 16) + (carry >>> 16)) | 0;
}

/**
 * One block of Philox4x32-10: 128 random bits.
 *
 * **Shapes** counter (c0, c1, c2, c3), key (k0, k1): 32-bit words → out [4], int32 (read them with `>>> 0`).
 */
export function philox(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number, out: Int32Array): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** 53 random bits as a number in [0, 1). */
function toUnit(high: number, low: number): number {
  return ((high >>> 5) * 67108864 + (low >>> 6)) * TWO_NEG_53;
}

/**
 * The draws of one stream, row by row, without allocation. `next()` gives the same numbers as
 * `uniformAt(key, stream, row, 0), uniformAt(…, 1), …`.
 *
 * **Domain** stream: 32-bit; row: integer in [0, 2⁵³); at most 2³³ draws a row.
 * **Memory** one cursor is a few words; make one per column or loop and `seek` it.
 */
export class RandomCursor {
  readonly #k0: number;
  readonly #k1: number;
  readonly #stream: number;
  readonly #words = new Int32Array(4);
  #rowLow = 0;
  #rowHigh = 0;
  #draw = 0;

  constructor(key: StreamKey, stream = 0) {
    this.#k0 = key.lo | 0;
    this.#k1 = key.hi | 0;
    this.#stream = stream | 0;
  }

  /** Goes to draw 0 (or the given one) of a row. */
  seek(row: number, draw = 0): this {
    this.#rowLow = row | 0;
    this.#rowHigh = (row / TWO_32) | 0;
    this.#draw = draw;
    if ((draw & 1) === 1) this.#fill();
    return this;
  }

  /** The next number in [0, 1), 53 bits. */
  next(): number {
    const words = this.#words;
    if ((this.#draw++ & 1) === 1) return toUnit(words[2], words[3]);
    this.#draw--;
    this.#fill();
    this.#draw++;
    return toUnit(words[0], words[1]);
  }

  /** The next integer in [0, bound); bias below bound / 2⁵³. */
  nextInteger(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  #fill(): void {
    philox(this.#rowLow, this.#rowHigh, this.#stream, (this.#draw / 2) | 0, this.#k0, this.#k1, this.#words);
  }
}

const scratch = new Int32Array(4);

/**
 * One number in [0, 1), 53 bits, addressed directly.
 * **Domain** as `RandomCursor`. For several draws of one row a cursor costs half.
 */
export function uniformAt(key: StreamKey, stream: number, row: number, draw: number): number {
  philox(row | 0, (row / TWO_32) | 0, stream | 0, (draw / 2) | 0, key.lo | 0, key.hi | 0, scratch);
  return (draw & 1) === 0 ? toUnit(scratch[0], scratch[1]) : toUnit(scratch[2], scratch[3]);
}

const PERMUTATION_ROUNDS = 8;

/**
 * The place of `index` in a random order of 0 … n−1, without storing the order: a bijection of [0, n) for each key.
 *
 * A Feistel network over a × b ≥ n with a ≈ b ≈ √n and addition modulo a and b in turn; a result outside [0, n) is
 * sent through again (cycle walking), on average fewer than 1.1 times for n > 1,000. Not a cipher: it hides nothing.
 *
 * **Domain** n: integer in [1, 2⁵³); index: integer in [0, n).
 * **Source** Black and Rogaway: "Ciphers with arbitrary finite domains" (2002).
 */
export function permuteIndex(key: StreamKey, index: number, n: number): number {
  const a = Math.ceil(Math.sqrt(n));
  const b = Math.ceil(n / a);
  let value = index;
  do {
    let left = Math.floor(value / b); // < a
    let right = value - left * b; // < b
    for (let round = 0; round < PERMUTATION_ROUNDS; round += 2) {
      left = (left + mix(right, key, round)) % a;
      right = (right + mix(left, key, round + 1)) % b;
    }
    value = left * b + right;
  } while (value >= n);
  return value;
}

/** The place that `permuteIndex` sends to `place`. */
export function unpermuteIndex(key: StreamKey, place: number, n: number): number {
  const a = Math.ceil(Math.sqrt(n));
  const b = Math.ceil(n / a);
  let value = place;
  do {
    let left = Math.floor(value / b);
    let right = value - left * b;
    for (let round = PERMUTATION_ROUNDS - 2; round >= 0; round -= 2) {
      right = (right + b - (mix(left, key, round + 1) % b)) % b;
      left = (left + a - (mix(right, key, round) % a)) % a;
    }
    value = left * b + right;
  } while (value >= n);
  return value;
}

/** A keyed 32-bit hash of one half (halves are below 2²⁷): the finaliser of MurmurHash3, twice, with the key between. */
function mix(half: number, key: StreamKey, round: number): number {
  let h = finalise(half ^ key.lo ^ Math.imul(round + 1, WEYL_0));
  h = finalise(h ^ key.hi ^ Math.imul(round + 1, WEYL_1));
  return h >>> 0;
}

function finalise(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
