/**
 * What every column encoder is: a translation between a column's values and one or more small categorical
 * *parts*, which the chain learns. NULL is the last code of the first part; the other parts then hold their own
 * last code.
 */

/** One categorical sub-column. Codes run from 0 to `size` − 1. */
export interface PartSpec {
  readonly size: number;
  readonly ordered: boolean;
  /** The last code means NULL (or: not there). */
  readonly hasNull: boolean;
}

/** A source of uniform numbers in [0, 1): the stream of one row. */
export interface Uniforms {
  next(): number;
}

/** What a decoded cell is; see `ColumnVector` (kernel/rows.ts) for the forms. */
export type Cell = string | number | null;
export type CellForm = 'text' | 'number' | 'epoch-micros' | 'epoch-days';

export interface ColumnEncoder {
  /** Key of the decoder registry. */
  readonly kind: string;
  readonly parts: readonly PartSpec[];
  readonly form: CellForm;
  /** Digits after the point, where `form` is `number`. */
  readonly decimals?: number;
  /**
   * Writes one code per part into `out` from `at` on.
   * Values never seen in fitting get the nearest code (numbers) or the pooled rare one.
   */
  encode(value: string | null, out: Uint16Array, at: number): void;
  /** The value of the codes at `codes[at…]`; what the codes leave open is drawn. */
  decode(codes: Uint16Array, at: number, random: Uniforms): Cell;
  /** Parameters for the model file; holds nothing that fewer than 5 units share. */
  toJson(): unknown;
}

/** Distinct units that anything literal needs before it may enter a model. */
export const MIN_UNITS = 5;

/**
 * For each distinct value: how many rows have it and how many distinct units.
 * Memory: a set of units per value while it is under `MIN_UNITS`.
 */
export function countByUnit(
  values: readonly (string | null)[],
  units: Uint32Array,
): Map<string, { rows: number; units: number }> {
  const seen = new Map<string, { rows: number; units: number; first: number[] }>();
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null) continue;
    let entry = seen.get(value);
    if (entry === undefined) {
      entry = { rows: 0, units: 0, first: [] };
      seen.set(value, entry);
    }
    entry.rows++;
    if (entry.units < MIN_UNITS && !entry.first.includes(units[i])) {
      entry.first.push(units[i]);
      entry.units++;
    }
  }
  return seen;
}

/** Index in a cumulative weight list by a uniform number. */
export function pick(cumulative: readonly number[], uniform: number): number {
  const target = uniform * cumulative[cumulative.length - 1];
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle] > target) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Running sums. */
export function cumulate(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((weight) => (sum += weight));
}
