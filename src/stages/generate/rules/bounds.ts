/**
 * Values between bounds: a number or a moment that lies on the wrong side of another one is drawn anew on the right
 * side, at a distance such as was learned, instead of drawing the whole row until it happens to fit.
 */
import type { Cell } from '../../../model/encoders/encoder.ts';
import type { RandomCursor } from '../../../numeric/random.ts';
import type { CellColumn } from '../cells.ts';
import type { RowPlace, RowView } from './row-view.ts';
import { DAY_MICROS, type Measured } from './rule-numbers.ts';

/** One side of an order, as the column that can be moved sees it. */
export interface Bound {
  readonly column: CellColumn;
  /** The column lies above the other value, or below it. */
  readonly side: 'above' | 'below';
  readonly other: (row: RowView) => Measured | null;
  readonly strict: boolean;
  readonly within: number;
  /** Ascending, at equal steps of probability; empty where none were learned. */
  readonly distances: readonly number[];
}

const ROUNDS = 4;
const DISTANCE_TRIES = 8;
const ANYWHERE = { learned: [-Infinity, Infinity] as const, largest: Infinity };
const GRAINS = [DAY_MICROS, 3_600_000_000, 60_000_000, 1_000_000, 1000];

/** Whether a column's values can be written as numbers. */
export function isMovable(column: CellColumn): boolean {
  return column.form === 'text' ? column.decimals !== undefined : column.form !== 'masked';
}

export class Bounds {
  /** By column. */
  readonly #bounds: ReadonlyMap<string, readonly Bound[]>;

  constructor(bounds: readonly Bound[]) {
    const byColumn = new Map<string, Bound[]>();
    for (const bound of bounds) byColumn.set(bound.column.name, [...(byColumn.get(bound.column.name) ?? []), bound]);
    this.#bounds = byColumn;
  }

  /** Moves what lies out of bounds and may be moved; gives whether anything was. */
  mend(row: RowView, place: RowPlace, random: RandomCursor, may: (column: string) => boolean): boolean {
    let moved = false;
    for (let round = 0; round < ROUNDS; round++) {
      let again = false;
      for (const [column, bounds] of this.#bounds) {
        if (!may(column) || bounds.every((bound) => holds(bound, row))) continue;
        again = move(bounds, row, place, random) || again;
      }
      if (!again) return moved;
      moved = true;
    }
    return moved;
  }
}

export function holds(bound: Bound, row: RowView): boolean {
  const own = valueOf(bound.column, row);
  const other = bound.other(row);
  if (own === null || other === null) return true;
  // A date and a timestamp compare by their days.
  const unit = own.isDate !== other.isDate ? DAY_MICROS : 1;
  const distance = (bound.side === 'above' ? 1 : -1) * (floorTo(own.value, unit) - floorTo(other.value, unit));
  return (bound.strict ? distance > 0 : distance >= 0) && distance <= bound.within;
}

function floorTo(value: number, unit: number): number {
  return unit === 1 ? value : Math.floor(value / unit) * unit;
}

function valueOf(column: CellColumn, row: RowView): Measured | null {
  const value = row.read(column.name);
  if (typeof value === 'number') return { value, isDate: column.form === 'epoch-days' };
  const number = typeof value === 'string' ? Number(value) : NaN;
  return Number.isNaN(number) ? null : { value: number, isDate: false };
}

/** Draws the column within all of its bounds; false where they leave no room. */
function move(bounds: readonly Bound[], row: RowView, place: RowPlace, random: RandomCursor): boolean {
  const { column } = bounds[0];
  const own = valueOf(column, row);
  if (own === null) return false;
  const grain = grainOf(column, own);
  let low = -Infinity;
  let high = Infinity;
  let anchor: { readonly from: number; readonly bound: Bound } | null = null;
  for (const bound of bounds) {
    const other = bound.other(row);
    if (other === null) continue;
    const unit = own.isDate !== other.isDate ? DAY_MICROS : 1;
    const from = floorTo(other.value, unit);
    const step = bound.strict ? Math.max(unit, grain) : 0;
    if (bound.side === 'above') {
      low = Math.max(low, from + step);
      // Of a day everything up to its end, where only the day counts.
      high = Math.min(high, from + bound.within + (unit > 1 ? unit - 1 : 0));
    } else {
      high = Math.min(high, from - step + (unit > 1 ? unit - 1 : 0));
      low = Math.max(low, from - bound.within);
    }
    if (anchor === null && bound.distances.length > 0 && !holds(bound, row)) anchor = { from, bound };
  }
  low = Math.ceil(low / grain) * grain;
  high = Math.floor(high / grain) * grain;
  const { learned, largest } = column.reach ?? ANYWHERE;
  if (low > Math.min(high, largest) || high < -largest) return false;
  const value = placed({ low, high, learned }, anchor, place, random, own.value);
  row.set(column.name, cellOf(column, Math.min(high, largest, Math.max(low, Math.round(value / grain) * grain))));
  return true;
}

interface Room {
  readonly low: number;
  readonly high: number;
  /** The smallest and the largest value that were learned. */
  readonly learned: readonly [number, number];
}

/** At a learned distance where one fits; else evenly, leaving room for the siblings to come; else at the bound. */
function placed(
  { low, high, learned }: Room,
  anchor: { readonly from: number; readonly bound: Bound } | null,
  place: RowPlace,
  random: RandomCursor,
  own: number,
): number {
  if (anchor !== null) {
    const { distances, side } = anchor.bound;
    for (let tries = 0; tries < DISTANCE_TRIES; tries++) {
      const at = random.next() * (distances.length - 1);
      const [a, b] = [distances[Math.floor(at)], distances[Math.ceil(at)]];
      const distance = a + (b - a) * (at - Math.floor(at));
      const value = side === 'above' ? anchor.from + distance : anchor.from - distance;
      if (value >= low && value <= high) return value;
    }
  }
  const rest = Math.max(1, (place.count ?? 1) - place.index);
  if (Number.isFinite(low) && Number.isFinite(high))
    return low + (high - low) * (1 - (1 - random.next()) ** (1 / rest));
  // As far on the right side as it was on the wrong one; a number no further than any was seen, or a chain of orders
  // would drive its last column out of its type.
  if (Number.isFinite(low)) return Math.min(low + Math.max(0, low - own), Math.max(low, learned[1]));
  return Math.max(high - Math.max(0, own - high), Math.min(high, learned[0]));
}

/** How finely the column's values are written. */
function grainOf(column: CellColumn, { value }: Measured): number {
  if (column.form === 'epoch-days') return DAY_MICROS;
  if (column.form === 'epoch-micros') return GRAINS.find((grain) => value % grain === 0 && grain <= 1_000_000) ?? 1;
  return 10 ** -(column.decimals ?? 6);
}

function cellOf(column: CellColumn, value: number): Cell {
  if (column.form === 'epoch-days') return Math.floor(value / DAY_MICROS);
  if (column.form === 'text') return value.toFixed(column.decimals ?? 6);
  return column.decimals === undefined ? value : Number(value.toFixed(column.decimals));
}
