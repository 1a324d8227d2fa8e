import { RandomCursor, streamKey } from '../../numeric/random.ts';

/** Seeded randomness for the sample shop: one independent stream a subject, so that a change in one moves no other. */
export class Dice {
  readonly #cursor: RandomCursor;

  constructor(seed: number, subject: string) {
    this.#cursor = new RandomCursor(streamKey(seed, 'sample-shop', subject)).seek(0);
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.#cursor.next();
  }

  /** Integer, both ends included. */
  between(low: number, high: number): number {
    return low + this.#cursor.nextInteger(high - low + 1);
  }

  chance(rate: number): boolean {
    return this.uniform() < rate;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.#cursor.nextInteger(items.length)];
  }

  /** By weight; the weights need no sum. */
  weighted<T>(items: readonly (readonly [T, number])[]): T {
    let rest = this.uniform() * items.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [item, weight] of items) {
      rest -= weight;
      if (rest < 0) return item;
    }
    return items[items.length - 1][0];
  }

  /** Standard normal (Box and Muller, 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Log-normal around a median. */
  around(median: number, spread: number): number {
    return median * Math.exp(spread * this.normal());
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** How many successes before the first failure; mean `rate / (1 - rate)`. */
  geometric(rate: number): number {
    return Math.floor(Math.log(1 - this.uniform()) / Math.log(rate));
  }
}

/** Draws places 0 … n−1 with weight 1 / (place + 1)^exponent, in O(log n). */
export class ZipfSampler {
  readonly #cumulative: Float64Array;

  constructor(count: number, exponent: number) {
    this.#cumulative = new Float64Array(count);
    for (let i = 0, sum = 0; i < count; i++) this.#cumulative[i] = sum += (i + 1) ** -exponent;
  }

  draw(dice: Dice): number {
    const cumulative = this.#cumulative;
    const wanted = dice.uniform() * cumulative[cumulative.length - 1];
    let [low, high] = [0, cumulative.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
