/**
 * Columns that a moment of the row settles: a licence, a tax rate, a plan that was in force from one day to another.
 * Trees find such steps only where many subjects stand on both sides of each; as a whole they need far fewer.
 */
import { MIN_UNITS } from '../../model/encoders/encoder.ts';
import type { Eras } from '../../model/table-model.ts';

const DAY_MICROS = 86_400_000_000;
/** Eras of more values than this are hardly eras. */
export const MAX_ERAS = 12;
/** Chance, of values that have nothing to do with the moment, to lie in order of it, below which they do have. */
const CHANCE = 1e-4;

/**
 * The eras of a column's codes; null where some code comes back after another, or where few subjects could be so by chance.
 * **Shapes** codes, micros (NaN: NULL), units: [n]
 */
export function findEras(codes: Uint16Array, micros: Float64Array, units: Uint32Array): Eras | null {
  const holders = new Map<number, Set<number>>();
  for (let i = 0; i < codes.length; i++) {
    const known = holders.get(codes[i]);
    if (known !== undefined) known.add(units[i]);
    else if (holders.size === MAX_ERAS) return null;
    else holders.set(codes[i], new Set([units[i]]));
  }
  const unitCounts = [...holders.values()].map((held) => held.size);
  if (holders.size < 2 || unitCounts.some((count) => count < MIN_UNITS)) return null;
  if (chanceOfOrder(unitCounts) > CHANCE || micros.some((value) => Number.isNaN(value))) return null;
  const rows = Array.from(codes.keys()).sort((a, b) => micros[a] - micros[b] || codes[a] - codes[b]);
  const cuts: number[] = [];
  const order = [codes[rows[0]]];
  for (let i = 1; i < rows.length; i++) {
    const code = codes[rows[i]];
    if (code === order.at(-1)) continue;
    const [last, first] = [micros[rows[i - 1]], micros[rows[i]]];
    if (order.includes(code) || last === first) return null;
    order.push(code);
    cuts.push(between(last, first));
  }
  return { cuts, codes: order };
}

/** Logarithms keep what is tiny from vanishing. One case a unit: the rows of one often lie close together. */
function chanceOfOrder(counts: readonly number[]): number {
  const logFactorial = (n: number): number => {
    let sum = 0;
    for (let i = 2; i <= n; i++) sum += Math.log(i);
    return sum;
  };
  const total = counts.reduce((sum, count) => sum + count, 0);
  const orders = counts.reduce((sum, count) => sum + logFactorial(count), logFactorial(counts.length));
  return Math.exp(orders - logFactorial(total));
}

/** A moment in between that is nobody's: the first midnight after the middle where that is early enough. */
function between(last: number, first: number): number {
  const middle = last + (first - last) / 2;
  const midnight = Math.ceil(middle / DAY_MICROS) * DAY_MICROS;
  return midnight <= first && midnight > last ? midnight : middle;
}
