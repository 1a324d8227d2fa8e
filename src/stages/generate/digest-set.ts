const SMALLEST = 64;

/**
 * A set of 48-bit numbers, evenly spread as digests are.
 *
 * Memory: 11 to 22 bytes a number (a `Set` takes 40 and ends at 2²⁴ of them); while it grows, half as much again.
 */
export class DigestSet {
  /** Open addressing; a digest is kept with 1 added, so that 0 means free. */
  #slots = new Float64Array(SMALLEST);
  #size = 0;

  has(digest: number): boolean {
    return this.#slots[this.#slotOf(digest)] !== 0;
  }

  add(digest: number): void {
    const slot = this.#slotOf(digest);
    if (this.#slots[slot] !== 0) return;
    this.#slots[slot] = digest + 1;
    if (++this.#size > this.#slots.length * 0.75) this.#grow();
  }

  clear(): void {
    if (this.#size === 0) return;
    this.#size = 0;
    if (this.#slots.length === SMALLEST) this.#slots.fill(0);
    else this.#slots = new Float64Array(SMALLEST);
  }

  /** Where the digest is, or would be. */
  #slotOf(digest: number): number {
    const length = this.#slots.length;
    let slot = digest % length;
    while (this.#slots[slot] !== 0 && this.#slots[slot] !== digest + 1) slot = slot + 1 === length ? 0 : slot + 1;
    return slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Float64Array(old.length * 2);
    for (const kept of old) if (kept !== 0) this.#slots[this.#slotOf(kept - 1)] = kept;
  }
}
