/**
 * A moment told by its distance from another one: from an earlier column of the row, from a moment of the parent, or
 * from the sibling before. What is close in life stays close, and what never comes before stays behind.
 *
 * Long distances are whole days and a time of day, so that working hours survive; short ones are seconds.
 *
 * `left`: how many siblings are still to come, this one included; it only matters for shares.
 */
import { type Cell, type PartSpec, type Uniforms } from './encoder.ts';
import { fitDayNumbers } from './days.ts';
import { fitNumberEncoder, NUMBER_DEFAULTS, NumberEncoder, type NumberEncoderJson } from './number.ts';

const DAY_MICROS = 86_400_000_000;
const SECOND_MICROS = 1_000_000;
/** Distances with a median above this are told in days. */
const LONG_MICROS = 1.5 * DAY_MICROS;

export interface RelativeMomentJson {
  /**
   * Days between the two dates; seconds between the two moments; or the distance as a multiple of what it would be if
   * all siblings that are left divided the time that is left evenly: so that many events in little time stay apart.
   */
  readonly unit: 'days' | 'seconds' | 'share';
  /** Of the distance on a logarithmic scale: waiting times have long tails, in which a bin is nowhere near even. */
  readonly distance: NumberEncoderJson;
  /** Last day that is made, as far as the reference allows: the end of what was observed. */
  readonly lastDay: number;
  /** Seconds of the day; null where the column is a date, or where `unit` is seconds. */
  readonly clock: NumberEncoderJson | null;
  /** Digits below a second that are drawn fresh: 1, 1,000 or 1,000,000 (none) microseconds. */
  readonly grain: number;
  readonly isDate: boolean;
  /** The distance is never below zero: then it must not become so by a drawn time of day either. */
  readonly ordered: boolean;
}

export class RelativeMoment {
  readonly parts: readonly PartSpec[];
  readonly #json: RelativeMomentJson;
  readonly #distance: NumberEncoder;
  readonly #clock: NumberEncoder | null;
  readonly #end: number;

  constructor(json: RelativeMomentJson) {
    this.#json = json;
    this.#end = (json.lastDay + 1) * DAY_MICROS;
    this.#distance = NumberEncoder.fromJson(json.distance);
    this.#clock = json.clock === null ? null : NumberEncoder.fromJson(json.clock);
    const distance: PartSpec = { size: this.#distance.size, ordered: true, hasNull: this.#distance.hasNull };
    this.parts =
      this.#clock === null
        ? [distance]
        : [distance, { size: this.#clock.size, ordered: true, hasNull: this.#clock.hasNull }];
  }

  /** `NaN` is NULL; a value whose reference is NULL counts as NULL too. */
  encode(micros: number, reference: number, left: number, out: Uint16Array, at: number): void {
    const known = !Number.isNaN(micros) && !Number.isNaN(reference);
    out[at] = this.#distance.encode(
      known ? toScale(distanceOf(micros, reference, left, this.#json.unit, this.#end)) : null,
    );
    if (this.#clock !== null) out[at + 1] = this.#clock.encode(known ? secondsOfDay(micros) : null);
  }

  /** Microseconds; null for NULL or without a reference. */
  decode(codes: Uint16Array, at: number, reference: number, left: number, random: Uniforms): Cell {
    const scaled = this.#distance.decode(codes[at], random.next());
    if (scaled === null || Number.isNaN(reference)) return null;
    const end = this.#end;
    const micros = this.#place(scaled, codes, at, reference, left, random);
    if (micros < end || reference >= end) return micros;
    // Past the end of what was observed: somewhere in what was left of it.
    const grain = this.#json.isDate ? DAY_MICROS : SECOND_MICROS;
    return reference + Math.floor((random.next() * (end - reference)) / grain) * grain;
  }

  #place(scaled: number, codes: Uint16Array, at: number, reference: number, left: number, random: Uniforms): number {
    const { unit, grain, ordered } = this.#json;
    const exact =
      unit === 'share' ? Math.sign(scaled) * Math.expm1(Math.abs(scaled)) * evenGap(reference, left, this.#end) : 0;
    const fraction = grain < SECOND_MICROS ? Math.floor((random.next() * SECOND_MICROS) / grain) * grain : 0;
    if (unit !== 'days' && this.#clock === null && !this.#json.isDate) {
      const distance = unit === 'share' ? Math.round(exact / SECOND_MICROS) : fromScale(scaled);
      const whole = reference - (grain < SECOND_MICROS ? mod(reference, SECOND_MICROS) : 0);
      const micros = whole + distance * SECOND_MICROS + fraction;
      return ordered && micros < reference ? reference : micros;
    }
    const day =
      unit === 'share'
        ? Math.floor((reference + exact) / DAY_MICROS)
        : Math.floor(reference / DAY_MICROS) + fromScale(scaled);
    const midnight = day * DAY_MICROS;
    if (this.#clock === null) return midnight;
    const seconds = this.#clock.decode(codes[at + 1], random.next()) ?? 43_200;
    const micros = midnight + Math.min(86_399, seconds) * SECOND_MICROS + fraction;
    if (!ordered || micros >= reference) return micros;
    // The same day but an earlier hour: what is left of the day is drawn from instead.
    const rest = midnight + DAY_MICROS - reference;
    return reference + Math.floor((random.next() * rest) / SECOND_MICROS) * SECOND_MICROS;
  }

  toJson(): RelativeMomentJson {
    return this.#json;
  }
}

/**
 * Learns the distance of a column from its reference.
 * **Shapes** micros, references, units, left: [n]; NaN for NULL. `left` null: distances are not shares.
 */
export function fitRelativeMoment(
  micros: Float64Array,
  references: Float64Array,
  units: Uint32Array,
  isDate: boolean,
  options = NUMBER_DEFAULTS,
  left: Float64Array | null = null,
): RelativeMoment {
  const rows = Array.from(micros.keys());
  const known = rows.filter((i) => !Number.isNaN(micros[i]) && !Number.isNaN(references[i]));
  const distances = known.map((i) => micros[i] - references[i]);
  const ordered = distances.every((distance) => distance >= 0);
  const days = fitDayNumbers(
    rows.map((i) => (Number.isNaN(micros[i]) ? null : Math.floor(micros[i] / DAY_MICROS))),
    units,
  );
  const lastDay = days.range[1];
  const end = (lastDay + 1) * DAY_MICROS;
  const isLong = isDate || Math.abs(quantile(distances, 0.5)) > LONG_MICROS;
  const even = left === null ? null : known.map((i) => evenGap(references[i], left[i], end));
  const unit = even !== null && ordered && isTighter(distances, even) ? 'share' : isLong ? 'days' : 'seconds';
  const present = new Set(known);
  const coded = rows.map((i) =>
    present.has(i) ? toScale(distanceOf(micros[i], references[i], left?.[i] ?? 1, unit, end)) : null,
  );
  const hasClock = isLong && !isDate;
  return new RelativeMoment({
    unit,
    distance: fitNumberEncoder(coded, units, options).toJson(),
    lastDay,
    clock: hasClock
      ? fitNumberEncoder(
          rows.map((i) => (present.has(i) ? secondsOfDay(micros[i]) : null)),
          units,
          options,
        ).toJson()
      : null,
    grain: isDate ? SECOND_MICROS : grainOf(known.map((i) => micros[i])),
    isDate,
    ordered,
  });
}

/** Whether distances vary less beside an even division of the time left than by themselves. */
function isTighter(distances: readonly number[], even: readonly number[]): boolean {
  const spread = (values: number[]): number => quantile(values, 0.75) - quantile(values, 0.25);
  const logs = distances.map((distance) => Math.log(distance + SECOND_MICROS));
  return spread(logs.map((log, i) => log - Math.log(even[i] + SECOND_MICROS))) < spread(logs);
}

/** Time between two events if those left divided what is left evenly; at least a second. */
function evenGap(reference: number, left: number, end: number): number {
  return Math.max(SECOND_MICROS, (end - reference) / (left + 1));
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? 0;
}

function distanceOf(
  micros: number,
  reference: number,
  left: number,
  unit: RelativeMomentJson['unit'],
  end: number,
): number {
  switch (unit) {
    case 'seconds':
      return Math.floor(micros / SECOND_MICROS) - Math.floor(reference / SECOND_MICROS);
    case 'days':
      return Math.floor(micros / DAY_MICROS) - Math.floor(reference / DAY_MICROS);
    case 'share':
      return (micros - reference) / evenGap(reference, left, end);
  }
}

/** Sign and logarithm; 0 stays 0, and whole numbers come back whole. */
function toScale(distance: number): number {
  return Math.sign(distance) * Math.log1p(Math.abs(distance));
}

function fromScale(scaled: number): number {
  return Math.sign(scaled) * Math.round(Math.expm1(Math.abs(scaled)));
}

function secondsOfDay(micros: number): number {
  return Math.floor(mod(micros, DAY_MICROS) / SECOND_MICROS);
}

function mod(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor;
}

/** Finest of second, millisecond and microsecond that the values use. */
function grainOf(micros: readonly number[]): number {
  return [SECOND_MICROS, 1000].find((grain) => micros.every((value) => value % grain === 0)) ?? 1;
}
