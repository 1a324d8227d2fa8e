/** How far apart the two sides of an order lie: a limit, where there is one, and what distances are like. */
import { roundestIn } from './round-number.ts';

const UNITS = [86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1000, 1];
/** A limit is real where distances do not thin out towards it: the last tenth of the way holds as many as the one before. */
const MIN_CROWD = 8;
const TENTH = 0.1;
/** And it is short, beside the time that the rows span: else it is the length of the records that ends the distances. */
const MAX_SPAN_SHARE = 0.25;
/** A limit is round, and no further from the largest distance than this part of it. */
const ROUNDING = 0.05;
const MIN_CASES = 300;
/** Steps of equal probability. */
const STEPS = 16;
/** A distance that stands for a step is the middle of as many; the rarest are never told. */
const MIN_PER_STEP = 10;

/** The largest distance in micros that the rule allows, or null. `known`: ascending, in `unit`s; `span`: in micros. */
export function withinOf(known: Float64Array, unit: number, span: number): number | null {
  const most = known.length === 0 ? 0 : known[known.length - 1] * unit;
  if (known.length < MIN_CASES || most <= 0 || most > MAX_SPAN_SHARE * span) return null;
  const beyond = (share: number): number => known.length - known.findIndex((value) => value * unit >= share * most);
  const last = beyond(1 - TENTH);
  if (last < MIN_CROWD || last < beyond(1 - 2 * TENTH) - last) return null;
  const size = UNITS.find((of) => most >= 2 * of && of % unit === 0);
  if (size === undefined) return null;
  const limit = roundestIn((most / size) * (1 - 1e-12), (most / size) * (1 + ROUNDING));
  return Number.isInteger(limit) ? limit * size : null;
}

/** Micros, ascending, at equal steps of probability; each the median of its step, so that no row is told. */
export function distancesOf(known: Float64Array, unit: number): readonly number[] {
  const steps = Math.max(1, Math.min(STEPS, Math.floor(known.length / MIN_PER_STEP)));
  return Array.from({ length: steps }, (_, i) => known[Math.floor(((i + 0.5) / steps) * known.length)] * unit);
}
