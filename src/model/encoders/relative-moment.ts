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
import { TimeProfile, type TimeProfileJson } from './time-profile.ts';
import { fitNumberEncoder, NUMBER_DEFAULTS, NumberEncoder, type NumberEncoderJson } from './number.ts';

const DAY_MICROS = 86_400_000_000;
const SECOND_MICROS = 1_000_000;
/** A day; an hour, 30, 15, 5 minutes, one; a second; a thousandth. */
const GRAINS = [DAY_MICROS, ...[3600, 1800, 900, 300, 60, 1].map((seconds) => seconds * SECOND_MICROS), 1000];
/** Distances with a median above this are told in days. */
const LONG_MICROS = 1.5 * DAY_MICROS;
/** Half powers of two of days, up to some decades; and none. */
export const PACE_COUNT = 32;
/** Draws of another distance before one that leads past the end is given up. */
const MAX_REDRAWS = 8;

export interface RelativeMomentJson {
  /**
   * Days between the two dates; seconds between the two moments; or the distance as a multiple of what it would be if
   * all siblings that are left divided the time that is left evenly: so that many events in little time stay apart.
   */
  readonly unit: 'days' | 'seconds' | 'share';
  /** Of the distance on a logarithmic scale: waiting times have long tails, in which a bin is nowhere near even. */
  readonly distance: NumberEncoderJson;
  /** Of shares: how events spread over the calendar. */
  readonly profile: TimeProfileJson | null;
  /** Last day that is made, as far as the reference allows: the end of what was observed. */
  readonly lastDay: number;
  /** Seconds of the day; null where the column is a date, or where `unit` is seconds. */
  readonly clock: NumberEncoderJson | null;
  /** All moments are multiples of so many microseconds: a day, …, a second, a thousandth; 1: of nothing more. */
  readonly grain: number;
  /** A date, or a moment that is always at midnight. */
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
  readonly #profile: TimeProfile | null;

  constructor(json: RelativeMomentJson) {
    this.#json = json;
    this.#end = (json.lastDay + 1) * DAY_MICROS;
    this.#profile = json.profile === null ? null : new TimeProfile(json.profile);
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
      known ? toScale(distanceOf(micros, reference, left, this.#json.unit, this.#profile)) : null,
    );
    if (this.#clock !== null) out[at + 1] = this.#clock.encode(known ? secondsOfDay(micros) : null);
  }

  /** Microseconds; null for NULL or without a reference. */
  decode(codes: Uint16Array, at: number, reference: number, left: number, random: Uniforms): Cell {
    const scaled = this.#distance.decode(codes[at], random.next());
    if (scaled === null || Number.isNaN(reference)) return null;
    const { isDate, ordered } = this.#json;
    const today = floorTo(reference, DAY_MICROS);
    const limit = this.#limitFrom(reference);
    if (this.#clock === null && !isDate) {
      const within = this.#redrawn(codes[at], scaled, limit, random, (to) => this.#near(to, reference, left, random));
      return within ?? this.#between(reference, limit, random);
    }
    const midnight =
      this.#redrawn(codes[at], scaled, limit, random, (to) => this.#midnight(to, reference, left, random)) ??
      floorTo(today + random.next() * (limit - today), DAY_MICROS);
    if (isDate) return midnight;
    const seconds = this.#clock!.decode(codes[at + 1], random.next()) ?? 43_200;
    const micros = midnight + Math.min(86_399, seconds) * SECOND_MICROS + this.#fraction(random);
    // The same day but an earlier hour: what is left of the day is drawn from instead.
    return ordered && micros < reference ? this.#between(reference, midnight + DAY_MICROS, random) : micros;
  }

  /** Never before what it is told from. */
  get isOrdered(): boolean {
    return this.#json.ordered;
  }

  /**
   * How much time each of the siblings that are left would have if they divided evenly what is left, as one of
   * `PACE_COUNT` steps of a logarithmic scale, the last one where the reference is not known.
   */
  paceOf(reference: number, left: number): number {
    if (Number.isNaN(reference)) return PACE_COUNT - 1;
    const days = Math.max(0, this.#end - reference) / DAY_MICROS / Math.max(1, left);
    return Math.min(PACE_COUNT - 2, Math.floor(2 * Math.log2(1 + days)));
  }

  /** Codes of the distance that are not NULL. */
  get knownCount(): number {
    return this.#distance.binCount;
  }

  /** Whether some moment that the code stands for lies before the end of what was observed. */
  fits(code: number, reference: number): boolean {
    if (code >= this.#distance.binCount || Number.isNaN(reference) || this.#json.unit === 'share') return true;
    const unit = this.#json.unit === 'days' ? DAY_MICROS : SECOND_MICROS;
    return floorTo(reference, unit) + fromScale(this.#distance.boundsOf(code)[0]) * unit < this.#limitFrom(reference);
  }

  /** The reference itself may lie past the end of what was observed, then by less than a day. */
  #limitFrom(reference: number): number {
    return Math.max(this.#end, floorTo(reference, DAY_MICROS) + DAY_MICROS);
  }

  /** Another distance of the same code where the first one leads past the limit; null where none was found that does not. */
  #redrawn(
    code: number,
    scaled: number,
    limit: number,
    random: Uniforms,
    momentAt: (scaled: number) => number,
  ): number | null {
    let micros = momentAt(scaled);
    for (let tries = 0; micros >= limit && tries < MAX_REDRAWS; tries++)
      micros = momentAt(this.#distance.decode(code, random.next())!);
    return micros < limit ? micros : null;
  }

  /** So many seconds away, on the column's own grid. */
  #near(scaled: number, reference: number, left: number, random: Uniforms): number {
    const { unit, grain, ordered } = this.#json;
    const second =
      unit === 'share'
        ? floorTo(this.#shared(scaled, reference, left, random), SECOND_MICROS)
        : floorTo(reference, SECOND_MICROS) + fromScale(scaled) * SECOND_MICROS;
    const micros = grain > SECOND_MICROS ? Math.round(second / grain) * grain : second + this.#fraction(random);
    return ordered && micros < reference ? ceilTo(reference, grain) : micros;
  }

  /** Of the day that lies so far away. */
  #midnight(scaled: number, reference: number, left: number, random: Uniforms): number {
    if (this.#json.unit === 'share') return floorTo(this.#shared(scaled, reference, left, random), DAY_MICROS);
    return floorTo(reference, DAY_MICROS) + fromScale(scaled) * DAY_MICROS;
  }

  /** The moment before which that much more has happened; what would lie past the end falls into what is left. */
  #shared(scaled: number, reference: number, left: number, random: Uniforms): number {
    const before = this.#profile!.at(reference);
    const share = before + Math.expm1(scaled) * evenGap(before, left);
    return this.#profile!.momentOf(share < 1 ? share : before + random.next() * (1 - before));
  }

  /** Some moment from `from` on and, where there is one, before `limit`. */
  #between(from: number, limit: number, random: Uniforms): number {
    const { grain } = this.#json;
    const first = ceilTo(from, grain);
    return first + Math.floor(random.next() * Math.max(1, (limit - first) / grain)) * grain;
  }

  /** Digits below a second, drawn fresh where the column has any. */
  #fraction(random: Uniforms): number {
    const { grain } = this.#json;
    return grain < SECOND_MICROS ? Math.floor((random.next() * SECOND_MICROS) / grain) * grain : 0;
  }

  toJson(): RelativeMomentJson {
    return this.#json;
  }
}

/**
 * Learns the distance of a column from its reference.
 * **Shapes** micros, references, units, left: [n]; NaN for NULL. Without `sharing` distances are not shares.
 */
export function fitRelativeMoment(
  micros: Float64Array,
  references: Float64Array,
  units: Uint32Array,
  isDate: boolean,
  options = NUMBER_DEFAULTS,
  sharing: { readonly left: Float64Array; readonly profile: TimeProfile } | null = null,
): RelativeMoment {
  const rows = Array.from(micros.keys());
  const known = rows.filter((i) => !Number.isNaN(micros[i]) && !Number.isNaN(references[i]));
  const grain = isDate ? DAY_MICROS : grainOf(known.map((i) => micros[i]));
  // A moment cut to its day is a date: it is before none of what happened on that day.
  const isDay = grain === DAY_MICROS;
  const distances = known.map((i) => micros[i] - (isDay ? floorTo(references[i], DAY_MICROS) : references[i]));
  const ordered = distances.every((distance) => distance >= 0);
  const days = fitDayNumbers(
    rows.map((i) => (Number.isNaN(micros[i]) ? null : Math.floor(micros[i] / DAY_MICROS))),
    units,
  );
  const lastDay = days.range[1];
  const isLong = isDay || Math.abs(quantile(distances, 0.5)) > LONG_MICROS;
  const profile = sharing?.profile ?? null;
  const shares =
    sharing === null
      ? null
      : known.map((i) => distanceOf(micros[i], references[i], sharing.left[i], 'share', sharing.profile));
  const unit = shares !== null && ordered && isTighter(shares, distances) ? 'share' : isLong ? 'days' : 'seconds';
  const present = new Set(known);
  const coded = rows.map((i) =>
    present.has(i) ? toScale(distanceOf(micros[i], references[i], sharing?.left[i] ?? 1, unit, profile)) : null,
  );
  const hasClock = isLong && !isDay;
  return new RelativeMoment({
    unit,
    distance: fitNumberEncoder(coded, units, options).toJson(),
    profile: unit === 'share' ? profile!.toJson() : null,
    lastDay,
    clock: hasClock
      ? fitNumberEncoder(
          rows.map((i) => (present.has(i) ? secondsOfDay(micros[i]) : null)),
          units,
          options,
        ).toJson()
      : null,
    grain,
    isDate: isDay,
    ordered,
  });
}

/** Whether distances vary less as shares than in time. */
function isTighter(shares: readonly number[], distances: readonly number[]): boolean {
  const spread = (values: number[]): number => quantile(values, 0.75) - quantile(values, 0.25);
  return (
    spread(shares.map((share) => Math.log(share + 1e-3))) <
    spread(distances.map((distance) => Math.log(distance + SECOND_MICROS)))
  );
}

/** Share of all events between two of a subject's if those left divided what is left evenly. */
function evenGap(before: number, left: number): number {
  return Math.max(1e-6, (1 - before) / (left + 1));
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
  profile: TimeProfile | null,
): number {
  switch (unit) {
    case 'seconds':
      return Math.floor(micros / SECOND_MICROS) - Math.floor(reference / SECOND_MICROS);
    case 'days':
      return Math.floor(micros / DAY_MICROS) - Math.floor(reference / DAY_MICROS);
    case 'share':
      return Math.max(0, profile!.at(micros) - profile!.at(reference)) / evenGap(profile!.at(reference), left);
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
  return Math.floor((micros - floorTo(micros, DAY_MICROS)) / SECOND_MICROS);
}

function floorTo(value: number, unit: number): number {
  return Math.floor(value / unit) * unit;
}

function ceilTo(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** The coarsest grid that all values lie on. */
export function grainOf(micros: readonly number[]): number {
  return GRAINS.find((grain) => micros.every((value) => value % grain === 0)) ?? 1;
}
