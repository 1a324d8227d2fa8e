/**
 * How events spread over the calendar: the share of all events up to a moment. Seen through it, growth, seasons and
 * closed days are gone, and events of one subject lie about evenly; seen back, they fall where events fall.
 * Source: the time-rescaling theorem (Brown et al., 2002) with a histogram of days for the rate.
 */
import { fitDayNumbers } from './days.ts';
import { NumberEncoder, type NUMBER_DEFAULTS, type NumberEncoderJson } from './number.ts';

const DAY_MICROS = 86_400_000_000;

export interface TimeProfileJson {
  readonly days: NumberEncoderJson;
  /** Share of events in each bin of days. */
  readonly shares: readonly number[];
}

export class TimeProfile {
  readonly #json: TimeProfileJson;
  readonly #days: NumberEncoder;
  /** [bins + 1], from 0 to 1. */
  readonly #cumulative: Float64Array;

  constructor(json: TimeProfileJson) {
    this.#json = json;
    this.#days = NumberEncoder.fromJson(json.days);
    this.#cumulative = new Float64Array(json.shares.length + 1);
    json.shares.forEach((share, i) => (this.#cumulative[i + 1] = this.#cumulative[i] + share));
  }

  /** Share of events before a moment, in [0, 1]. */
  at(micros: number): number {
    const day = micros / DAY_MICROS;
    const bin = this.#days.encode(Math.floor(day));
    const [low, high] = this.#days.boundsOf(bin);
    const within = Math.max(0, Math.min(1, (day - low) / (high - low + 1)));
    return this.#cumulative[bin] + within * this.#json.shares[bin];
  }

  /** The moment before which that share of events lies. */
  momentOf(share: number): number {
    let low = 0;
    let high = this.#json.shares.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#cumulative[middle + 1] > share) high = middle;
      else low = middle + 1;
    }
    const [first, last] = this.#days.boundsOf(low);
    const within = Math.max(
      0,
      Math.min(1 - 1e-12, (share - this.#cumulative[low]) / Math.max(1e-300, this.#json.shares[low])),
    );
    return Math.floor((first + within * (last - first + 1)) * DAY_MICROS);
  }

  toJson(): TimeProfileJson {
    return this.#json;
  }
}

/** **Shapes** micros, units: [n]; NaN for NULL. */
export function fitTimeProfile(micros: Float64Array, units: Uint32Array, options: typeof NUMBER_DEFAULTS): TimeProfile {
  const days = Array.from(micros, (value) => (Number.isNaN(value) ? null : Math.floor(value / DAY_MICROS)));
  const encoder = fitDayNumbers(days, units, options);
  const counts = new Array<number>(encoder.binCount).fill(0);
  let total = 0;
  for (const day of days) {
    if (day === null) continue;
    counts[encoder.encode(day)]++;
    total++;
  }
  return new TimeProfile({ days: encoder.toJson(), shares: counts.map((count) => count / Math.max(1, total)) });
}
