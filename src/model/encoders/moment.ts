/** Timestamps: the day and the time of day are parts of their own, so that working hours and dates both survive. */
import { countByUnit, MIN_UNITS, type Cell, type ColumnEncoder, type PartSpec, type Uniforms } from './encoder.ts';
import { fitDayNumbers } from './days.ts';
import { fitNumberEncoder, NUMBER_DEFAULTS, NumberEncoder, type NumberEncoderJson } from './number.ts';
import { parseTimestamp } from './scalar.ts';
import { granularity } from './simple.ts';

const DAY_MICROS = 86_400_000_000;

interface MomentJson {
  readonly day: NumberEncoderJson;
  /** Null where every time is midnight. */
  readonly clock: NumberEncoderJson | null;
  /** Granularity of the time of day in microseconds; digits below a second are always drawn fresh. */
  readonly step: number;
}

export class MomentEncoder implements ColumnEncoder {
  readonly kind = 'moment';
  readonly form = 'epoch-micros';
  readonly parts: readonly PartSpec[];
  readonly #json: MomentJson;
  readonly #day: NumberEncoder;
  readonly #clock: NumberEncoder | null;

  constructor(json: MomentJson) {
    this.#json = json;
    this.#day = NumberEncoder.fromJson(json.day);
    this.#clock = json.clock === null ? null : NumberEncoder.fromJson(json.clock);
    const day: PartSpec = { size: this.#day.size, ordered: true, hasNull: this.#day.hasNull };
    this.parts =
      this.#clock === null ? [day] : [day, { size: this.#clock.size, ordered: true, hasNull: this.#clock.hasNull }];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    const micros = value === null ? null : (parseTimestamp(value) ?? Number.MAX_VALUE);
    const day = micros === null ? null : Math.floor(micros / DAY_MICROS);
    out[at] = this.#day.encode(day);
    if (this.#clock === null) return;
    out[at + 1] = this.#clock.encode(
      micros === null || micros === Number.MAX_VALUE
        ? micros === null
          ? null
          : 0
        : Math.floor((micros - day! * DAY_MICROS) / clockStep(this.#json.step)),
    );
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const day = this.#day.decode(codes[at], random.next());
    if (day === null) return null;
    if (this.#clock === null) return day * DAY_MICROS;
    const step = clockStep(this.#json.step);
    // A NULL clock beside a day is a combination that the chain all but never draws; noon stands in.
    const clock = (this.#clock.decode(codes[at + 1], random.next()) ?? DAY_MICROS / 2 / step) * step;
    const fresh = this.#json.step < 1e6 ? Math.floor((random.next() * 1e6) / this.#json.step) * this.#json.step : 0;
    return day * DAY_MICROS + Math.min(clock, DAY_MICROS - step) + fresh;
  }

  toJson(): unknown {
    return this.#json;
  }
}

/** The time of day is learned to the second at the finest. */
function clockStep(step: number): number {
  return Math.max(1e6, step);
}

export function fitMomentEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  options = NUMBER_DEFAULTS,
): ColumnEncoder {
  const micros = values.map((value) => (value === null ? null : parseTimestamp(value)));
  const largest = micros.reduce((most: number, value) => (value !== null && value > most ? value : most), 0);
  const filled = micros.map((value, i) => (values[i] === null ? null : (value ?? largest)));
  if (isRepeated(values, units)) return new WholeMomentEncoder(fitNumberEncoder(filled, units, options));
  const days = filled.map((value) => (value === null ? null : Math.floor(value / DAY_MICROS)));
  const clocks = filled.map((value, i) => (value === null ? null : value - days[i]! * DAY_MICROS));
  const step = granularity(clocks);
  const day = fitDayNumbers(days, units, options).toJson();
  if (step === DAY_MICROS) return new MomentEncoder({ day, clock: null, step });
  const steps = clocks.map((value) => (value === null ? null : Math.floor(value / clockStep(step))));
  return new MomentEncoder({ day, clock: fitNumberEncoder(steps, units, options).toJson(), step });
}

/** Most rows have a moment that 5 units share to the last digit: the mark of a batch, not of an event. */
export function isRepeated(values: readonly (string | null)[], units: Uint32Array): boolean {
  let present = 0;
  let repeated = 0;
  for (const { rows, units: shared } of countByUnit(values, units).values()) {
    present += rows;
    if (shared >= MIN_UNITS) repeated += rows;
  }
  return repeated > present / 2;
}

/** Moments that repeat exactly: one part, each repeated moment a code of its own. */
export class WholeMomentEncoder implements ColumnEncoder {
  readonly kind = 'whole-moment';
  readonly form = 'epoch-micros';
  readonly parts: readonly PartSpec[];
  readonly #numbers: NumberEncoder;

  constructor(numbers: NumberEncoder) {
    this.#numbers = numbers;
    this.parts = [{ size: numbers.size, ordered: true, hasNull: numbers.hasNull }];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    out[at] = this.#numbers.encode(value === null ? null : (parseTimestamp(value) ?? Number.MAX_VALUE));
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const micros = this.#numbers.decode(codes[at], random.next());
    return micros === null ? null : Math.round(micros);
  }

  toJson(): unknown {
    return this.#numbers.toJson();
  }

  static fromJson(json: unknown): WholeMomentEncoder {
    return new WholeMomentEncoder(NumberEncoder.fromJson(json as NumberEncoderJson));
  }
}
