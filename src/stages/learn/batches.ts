/**
 * Moments of batches: one that many subjects share to the last digit is when a nightly job or an import ran, not when
 * something happened to each of them. Distances and gaps would smear it.
 */
import { MIN_UNITS } from '../../model/encoders/encoder.ts';
import type { CodedRegister } from './registers.ts';

/** Most of them that a column keeps. */
const MAX_BATCHES = 24;
/** How often such a moment occurs for each time that a moment around it does. */
const OUTWEIGHS = 5;
/** Distinct moments on either side that it is compared with. */
const NEIGHBOURS = 10;

/** **Shapes** micros, units: [n]; NaN for NULL. Ascending; each shared by at least 5 units. */
export function findBatches(micros: Float64Array, units: Uint32Array): readonly number[] {
  const shared = new Map<number, { rows: number; units: Set<number> }>();
  micros.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    const entry = shared.get(value) ?? { rows: 0, units: new Set() };
    entry.rows++;
    if (entry.units.size < MIN_UNITS) entry.units.add(units[i]);
    shared.set(value, entry);
  });
  const moments = [...shared.keys()].sort((a, b) => a - b);
  const rows = moments.map((moment) => shared.get(moment)!.rows);
  const usualAround = (i: number): number => {
    const around = rows.slice(Math.max(0, i - NEIGHBOURS), i + NEIGHBOURS + 1).sort((a, b) => a - b);
    return around[around.length >> 1];
  };
  return moments
    .map((moment, i) => ({ moment, rows: rows[i], i }))
    .filter(({ moment, rows: count, i }) => {
      const isShared = shared.get(moment)!.units.size >= MIN_UNITS;
      return isShared && count >= OUTWEIGHS * usualAround(i);
    })
    .sort((a, b) => b.rows - a.rows || a.moment - b.moment)
    .slice(0, MAX_BATCHES)
    .map(({ moment }) => moment)
    .sort((a, b) => a - b);
}

/** Which batch each moment is; the last code: none. */
export function codeBatches(name: string, batches: readonly number[], micros: Float64Array): CodedRegister {
  const codeOf = new Map(batches.map((moment, code) => [moment, code]));
  const none = batches.length;
  const codes = Uint16Array.from(micros, (value) => codeOf.get(value) ?? none);
  return { name: `${name}#batch`, codes, size: none + 1, ordered: true, hasNull: false };
}

/** The moments that are no batch's: what is told by distances. */
export function withoutBatches(batches: readonly number[], micros: Float64Array): Float64Array {
  const known = new Set(batches);
  return micros.map((value) => (known.has(value) ? NaN : value));
}
