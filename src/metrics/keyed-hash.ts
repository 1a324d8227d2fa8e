import { randomBytes } from 'node:crypto';

/**
 * A keyed 64-bit hash of texts, whose key is drawn at random and never leaves the object: what it produced says
 * nothing about the texts once the object is gone. The result is left in `low` and `high`, so that millions of
 * values are hashed without an allocation.
 *
 * **Random** the key, from the operating system. **Source** Aumasson and Bernstein: HalfSipHash-2-4, 64-bit output.
 * **Oracle** the authors' test vectors.
 */
export class KeyedHash {
  readonly #k0: number;
  readonly #k1: number;
  /** Of the last hash, int32. */
  low = 0;
  high = 0;

  constructor(key: Uint8Array = randomBytes(8)) {
    const view = new DataView(key.buffer, key.byteOffset, 8);
    this.#k0 = view.getInt32(0, true);
    this.#k1 = view.getInt32(4, true);
  }

  /** Hashes the text's UTF-16 code units, little-endian. */
  text(value: string): void {
    const unitCount = value.length;
    const wordCount = unitCount >>> 1;
    let v0 = this.#k0;
    let v1 = this.#k1 ^ 0xee;
    let v2 = 0x6c796765 ^ this.#k0;
    let v3 = 0x74656462 ^ this.#k1;
    for (let word = 0; word <= wordCount; word++) {
      let m: number;
      if (word < wordCount) m = value.charCodeAt(2 * word) | (value.charCodeAt(2 * word + 1) << 16);
      else m = ((unitCount * 2) << 24) | ((unitCount & 1) === 1 ? value.charCodeAt(unitCount - 1) : 0);
      v3 ^= m;
      for (let round = 0; round < 2; round++) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      v0 ^= m;
    }
    v2 ^= 0xee;
    for (let half = 0; half < 2; half++) {
      for (let round = 0; round < 4; round++) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      if (half === 0) {
        this.low = v1 ^ v3;
        v1 ^= 0xdd;
      } else {
        this.high = v1 ^ v3;
      }
    }
  }
}

/**
 * Counts by 64-bit key: open addressing over typed arrays.
 *
 * **Memory** 12 bytes a slot, at most 2.9 slots a key (20–35 bytes a key); doubled while it grows.
 */
export class HashCounts {
  #lows: Int32Array;
  #highs: Int32Array;
  /** 0 = the slot is free. */
  #counts: Uint32Array;
  #mask: number;
  /** Number of distinct keys. */
  size = 0;

  constructor(capacity = 1024) {
    let slots = 16;
    while (slots * 0.7 < capacity) slots *= 2;
    this.#lows = new Int32Array(slots);
    this.#highs = new Int32Array(slots);
    this.#counts = new Uint32Array(slots);
    this.#mask = slots - 1;
  }

  #slotOf(low: number, high: number): number {
    let slot = (low ^ Math.imul(high, 0x9e3779b1)) & this.#mask;
    while (this.#counts[slot] !== 0 && (this.#lows[slot] !== low || this.#highs[slot] !== high))
      slot = (slot + 1) & this.#mask;
    return slot;
  }

  /** Returns the count after adding. */
  add(low: number, high: number, by = 1): number {
    let slot = this.#slotOf(low, high);
    if (this.#counts[slot] === 0) {
      if (this.size + 1 > this.#counts.length * 0.7) {
        this.#grow();
        slot = this.#slotOf(low, high);
      }
      this.size++;
      this.#lows[slot] = low;
      this.#highs[slot] = high;
    }
    this.#counts[slot] += by;
    return this.#counts[slot];
  }

  /** 0 where the key was never added. */
  count(low: number, high: number): number {
    return this.#counts[this.#slotOf(low, high)];
  }

  #grow(): void {
    const lows = this.#lows;
    const highs = this.#highs;
    const counts = this.#counts;
    const slots = counts.length * 2;
    this.#lows = new Int32Array(slots);
    this.#highs = new Int32Array(slots);
    this.#counts = new Uint32Array(slots);
    this.#mask = slots - 1;
    for (let old = 0; old < counts.length; old++) {
      if (counts[old] === 0) continue;
      const slot = this.#slotOf(lows[old], highs[old]);
      this.#lows[slot] = lows[old];
      this.#highs[slot] = highs[old];
      this.#counts[slot] = counts[old];
    }
  }
}
