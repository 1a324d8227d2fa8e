/**
 * Chooses referenced rows so that each gets exactly its own number of references. Each referenced row owns as many
 * slots as it shall have references; children take the slots in a keyed random order, which needs no list of them.
 */
import { permuteIndex, streamKey, type RandomCursor, type StreamKey } from '../../numeric/random.ts';

/** New slots, and waiting ones, that are looked at for one child before any row will do. */
const SLOT_TRIES = 40;
const WAITING_TRIES = 200;
const FREE_TRIES = 200;

export class QuotaChooser {
  readonly #starts: Float64Array;
  readonly #slotCount: number;
  readonly #parentCount: number;
  readonly #seed: number;
  readonly #name: string;
  #key: StreamKey;
  #round = 0;
  #next = 0;
  /** Slots that did not fit the row they were drawn for; they go first. */
  readonly #waiting: number[] = [];
  /** The last choice took a slot. */
  #tookSlot = false;

  /** `quotas`: references of each row; their sum need not match the children exactly. */
  constructor(quotas: Uint32Array, seed: number, name: string) {
    this.#parentCount = quotas.length;
    this.#seed = seed;
    this.#name = name;
    this.#starts = new Float64Array(quotas.length + 1);
    for (let i = 0; i < quotas.length; i++) this.#starts[i + 1] = this.#starts[i] + quotas[i];
    this.#slotCount = this.#starts[quotas.length];
    this.#key = streamKey(seed, 'quota', name, '0');
  }

  /**
   * A row that `accept` takes, or −1 after a bounded number of tries.
   * The slot is used up; `giveBack` returns it if the child is made again.
   */
  choose(accept: (parent: number) => boolean, random: RandomCursor): number {
    const slot = this.#fromSlots(accept);
    this.#tookSlot = slot >= 0;
    return slot >= 0 ? slot : this.#anyRow(accept, random);
  }

  /** Undoes the last choice. A row that was not chosen by a slot of its own gets none by that. */
  giveBack(parent: number): void {
    if (this.#tookSlot) this.#waiting.push(parent);
    this.#tookSlot = false;
  }

  #fromSlots(accept: (parent: number) => boolean): number {
    const waiting = this.#waiting;
    for (let i = waiting.length - 1; i >= Math.max(0, waiting.length - WAITING_TRIES); i--) {
      const parent = waiting[i];
      if (!accept(parent)) continue;
      waiting.splice(i, 1);
      return parent;
    }
    for (let tries = 0; tries < SLOT_TRIES && this.#slotCount > 0; tries++) {
      // No slot is given out twice while others wait for a child that they fit.
      if (this.#next >= this.#slotCount && waiting.length > 0) break;
      const parent = this.#draw();
      if (accept(parent)) return parent;
      waiting.push(parent);
    }
    return -1;
  }

  #anyRow(accept: (parent: number) => boolean, random: RandomCursor): number {
    for (let tries = 0; tries < FREE_TRIES && this.#parentCount > 0; tries++) {
      const parent = random.nextInteger(this.#parentCount);
      if (accept(parent)) return parent;
    }
    for (let parent = 0; parent < this.#parentCount && this.#parentCount <= 10_000; parent++)
      if (accept(parent)) return parent;
    return -1;
  }

  #draw(): number {
    if (this.#next >= this.#slotCount) {
      // More children than slots: another round in another order.
      this.#next = 0;
      this.#key = streamKey(this.#seed, 'quota', this.#name, String(++this.#round));
    }
    return this.#parentOf(permuteIndex(this.#key, this.#next++, this.#slotCount));
  }

  /** The row that owns a slot. */
  #parentOf(slot: number): number {
    let low = 0;
    let high = this.#parentCount - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle + 1] > slot) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Of one row: what it gets at least and at most. */
export interface QuotaLimits {
  readonly least: (row: number) => number;
  readonly most: (row: number) => number;
}

/**
 * Quotas in proportion to `degrees` that add up to `total`, by largest remainder; no row gets more than `cap`, nor
 * less or more than its own limits.
 *
 * Shapes: `degrees [P]` → `[P]`. Ties go to the lower row. Where the degrees are all zero the total is spread evenly.
 */
export function scaleQuotas(
  degrees: Uint32Array,
  total: number,
  cap: number,
  limits: QuotaLimits | null = null,
): Uint32Array {
  const quotas = new Uint32Array(degrees.length);
  const caps = limits === null ? null : Float64Array.from(degrees, (_, row) => Math.min(cap, limits.most(row)));
  const capOf = (row: number): number => caps?.[row] ?? cap;
  const leastOf = (row: number): number => (limits === null ? 0 : Math.min(capOf(row), limits.least(row)));
  const room = caps === null ? cap * degrees.length : caps.reduce((sum, most) => sum + most, 0);
  const wanted = Math.min(total, room);
  // What a row wants beyond its own limit is shared out among the others.
  const wants = degrees.map((degree, row) => Math.max(leastOf(row), Math.min(degree, capOf(row))));
  const sum = wants.reduce((running, degree) => running + degree, 0);
  const remainders = new Float64Array(degrees.length);
  let given = 0;
  for (let i = 0; i < degrees.length; i++) {
    const share = sum === 0 ? wanted / degrees.length : (wants[i] * wanted) / sum;
    quotas[i] = Math.max(leastOf(i), Math.min(capOf(i), Math.floor(share)));
    remainders[i] = quotas[i] >= capOf(i) ? -1 : share - quotas[i];
    given += quotas[i];
  }
  const order = Uint32Array.from({ length: degrees.length }, (_, i) => i).sort(
    (a, b) => remainders[b] - remainders[a] || a - b,
  );
  while (given < wanted) {
    let progressed = false;
    for (const i of order) {
      if (given >= wanted) break;
      if (quotas[i] >= capOf(i)) continue;
      quotas[i]++;
      given++;
      progressed = true;
    }
    if (!progressed) break;
  }
  return quotas;
}
