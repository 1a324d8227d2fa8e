/** Days since 1970 as numbers. What differs from other numbers is what may be kept of a column with too few units. */
import { MIN_UNITS } from './encoder.ts';
import { fitNumberEncoder, NUMBER_DEFAULTS, NumberEncoder } from './number.ts';

const YEARS_KEPT = 5;

/** As `fitNumberEncoder`; with fewer than 5 units, a whole number of 5 years around the median is all that is kept. */
export function fitDayNumbers(
  days: readonly (number | null)[],
  units: Uint32Array,
  options = NUMBER_DEFAULTS,
): NumberEncoder {
  const rows = days.flatMap((day, i) => (day === null ? [] : [i]));
  const distinctUnits = new Set(rows.map((i) => units[i])).size;
  if (rows.length === 0 || distinctUnits >= MIN_UNITS) return fitNumberEncoder(days, units, options);
  const sorted = rows.map((i) => days[i]!).sort((a, b) => a - b);
  const year = new Date(sorted[sorted.length >> 1] * 86_400_000).getUTCFullYear();
  const first = Math.floor(year / YEARS_KEPT) * YEARS_KEPT;
  const dayOf = (y: number): number => Math.floor(Date.UTC(y, 0, 1) / 86_400_000);
  return new NumberEncoder({
    cuts: [],
    low: [dayOf(first)],
    high: [dayOf(first + YEARS_KEPT) - 1],
    hasNull: rows.length < days.length,
    decimals: 0,
    step: 1,
  });
}
