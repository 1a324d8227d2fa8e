import type { ColumnFidelity } from './artifact.ts';
import type { ColumnView, TableView } from './table-view.ts';

/** A bin that fewer source units fall into is merged with a neighbour, or pooled. */
export const MIN_BIN_UNITS = 5;
const MAX_BINS = 24;
const MAX_CATEGORIES = 14;
/** So few whole numbers are shown one by one. */
const MAX_LEVELS = 12;

/** All levels that are not shown by themselves. */
const OTHER = '(other)';

type Bin = ColumnFidelity['bins'][number];

/**
 * Shares of both sides by bin, for the report. No label says more than what at least 5 units share: categories that
 * fewer hold are pooled, and the edges of ordered bins are round numbers inside the 5th most extreme units. Personal
 * columns get none.
 */
export function columnBins(column: ColumnView, view: TableView): Bin[] {
  if (column.isPersonal) return [];
  if (column.typeClass === 'integer' && new Set(column.source).size <= MAX_LEVELS) {
    return inOrder(categoryBins(column.source, column.target, view.source.units));
  }
  if (column.kind === 'ordered') return orderedBins(column, view);
  return column.kind === 'categorical' ? categoryBins(column.source, column.target, view.source.units) : [];
}

/** NULL, then by number, then the rest. */
function inOrder(bins: readonly Bin[]): Bin[] {
  const rank = ({ label }: Bin): number => (label === 'NULL' ? -Infinity : label === OTHER ? Infinity : Number(label));
  return [...bins].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

/** Levels held by at least 5 units; the rest is one level. */
export function commonLevels(values: readonly (string | null)[], units: ArrayLike<number>): Set<string | null> {
  const holders = new Map<string | null, Set<number>>();
  values.forEach((value, row) => {
    const set = holders.get(value) ?? new Set<number>();
    if (set.size < MIN_BIN_UNITS) set.add(units[row]);
    holders.set(value, set);
  });
  return new Set([...holders].filter(([, set]) => set.size >= MIN_BIN_UNITS).map(([value]) => value));
}

export function categoryBins(
  source: readonly (string | null)[],
  target: readonly (string | null)[],
  units: ArrayLike<number>,
): Bin[] {
  const common = commonLevels(source, units);
  const counts = new Map<string | null, { real: number; synthetic: number }>();
  const other = { real: 0, synthetic: 0, units: new Set<number>() };
  source.forEach((value, row) => {
    if (!common.has(value)) {
      other.real++;
      other.units.add(units[row]);
      return;
    }
    const entry = counts.get(value) ?? { real: 0, synthetic: 0 };
    entry.real++;
    counts.set(value, entry);
  });
  for (const value of target) {
    const entry = counts.get(value);
    if (entry === undefined) other.synthetic++;
    else entry.synthetic++;
  }
  const levels = [...counts].sort((a, b) => b[1].real - a[1].real);
  // The smallest levels join the rest where there are too many to show, or where the rest alone would be a few units.
  while (levels.length > MAX_CATEGORIES || (other.real > 0 && other.units.size < MIN_BIN_UNITS && levels.length > 0)) {
    const [value, entry] = levels.pop() ?? [null, { real: 0, synthetic: 0 }];
    other.real += entry.real;
    other.synthetic += entry.synthetic;
    source.forEach(
      (candidate, row) => candidate === value && other.units.size < MIN_BIN_UNITS && other.units.add(units[row]),
    );
  }
  if (other.real > 0 && other.units.size < MIN_BIN_UNITS) return []; // a few units in all
  const bins = levels.map(([value, entry]) =>
    bin(value === null ? 'NULL' : shorten(value), entry.real, entry.synthetic, source.length, target.length),
  );
  if (other.real > 0 || other.synthetic > 0)
    bins.push(bin(OTHER, other.real, other.synthetic, source.length, target.length));
  return bins;
}

function shorten(label: string): string {
  return label.length > 40 ? `${label.slice(0, 39)}…` : label;
}

function bin(label: string, real: number, synthetic: number, realTotal: number, syntheticTotal: number): Bin {
  return {
    label,
    real: realTotal === 0 ? 0 : real / realTotal,
    synthetic: syntheticTotal === 0 ? 0 : synthetic / syntheticTotal,
  };
}

function orderedBins(column: ColumnView, view: TableView): Bin[] {
  const edges = roundEdges(column, view);
  if (edges.length === 0) return [];
  const binOf = (value: number): number => {
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (edges[middle].at <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const cells = Array.from({ length: edges.length + 1 }, () => ({ real: 0, synthetic: 0, units: new Set<number>() }));
  const nulls = { real: 0, synthetic: 0, units: new Set<number>() };
  column.sourceNumbers.forEach((value, row) => {
    const cell = Number.isNaN(value) ? nulls : cells[binOf(value)];
    cell.real++;
    if (cell.units.size < MIN_BIN_UNITS) cell.units.add(view.source.units[row]);
  });
  for (const value of column.targetNumbers) (Number.isNaN(value) ? nulls : cells[binOf(value)]).synthetic++;

  // Small bins join the next one; the last ones the bin before.
  const merged: { from: number; to: number; real: number; synthetic: number; units: Set<number> }[] = [];
  cells.forEach((cell, i) => {
    const last = merged.at(-1);
    if (last !== undefined && last.units.size < MIN_BIN_UNITS) {
      last.to = i;
      last.real += cell.real;
      last.synthetic += cell.synthetic;
      for (const unit of cell.units) last.units.add(unit);
    } else merged.push({ from: i, to: i, ...cell, units: new Set(cell.units) });
  });
  while (merged.length > 1 && (merged.at(-1)?.units.size ?? MIN_BIN_UNITS) < MIN_BIN_UNITS) {
    const last = merged.pop();
    const before = merged.at(-1);
    if (last === undefined || before === undefined) break;
    before.to = last.to;
    before.real += last.real;
    before.synthetic += last.synthetic;
    for (const unit of last.units) before.units.add(unit);
  }
  if (merged.some((cell) => cell.units.size < MIN_BIN_UNITS)) return [];
  const label = (cell: { from: number; to: number }): string => {
    if (cell.from === 0 && cell.to === edges.length) return 'all values';
    if (cell.from === 0) return `< ${edges[cell.to].label}`;
    if (cell.to === edges.length) return `≥ ${edges[cell.from - 1].label}`;
    const [from, to] = [edges[cell.from - 1], edges[cell.to]];
    return column.typeClass === 'integer' && to.at - from.at === 1 ? from.label : `${from.label} – ${to.label}`;
  };
  const [realTotal, syntheticTotal] = [column.source.length, column.target.length];
  const bins = merged.map((cell) => bin(label(cell), cell.real, cell.synthetic, realTotal, syntheticTotal));
  if (nulls.units.size >= MIN_BIN_UNITS)
    bins.unshift(bin('NULL', nulls.real, nulls.synthetic, realTotal, syntheticTotal));
  return bins;
}

interface Edge {
  readonly at: number;
  readonly label: string;
}

/** Round edges between the 5th most extreme units' values: even steps, or 1-2-5 steps where the column is skewed. */
function roundEdges(column: ColumnView, view: TableView): Edge[] {
  const order = Array.from(column.sourceNumbers.keys()).filter((row) => !Number.isNaN(column.sourceNumbers[row]));
  order.sort((a, b) => column.sourceNumbers[a] - column.sourceNumbers[b]);
  const inner = (rows: readonly number[]): number | null => {
    const units = new Set<number>();
    for (const row of rows)
      if (units.add(view.source.units[row]).size >= MIN_BIN_UNITS) return column.sourceNumbers[row];
    return null;
  };
  const low = inner(order);
  const high = inner(order.toReversed());
  if (low === null || high === null || low > high) return [];
  const median = column.sourceNumbers[order[order.length >>> 1]];
  switch (column.typeClass) {
    case 'date':
      return calendarEdges(low, high, 1);
    case 'timestamp':
    case 'timestamptz':
      return high - low < 2 * 86_400
        ? evenEdges(low, high, clockLabel)
        : calendarEdges(low / 86_400, high / 86_400, 86_400);
    case 'time':
    case 'timetz':
      return evenEdges(low, high, clockLabel, [60, 300, 900, 1800, 3600, 7200]);
    default:
      if (low >= 0 && high > 0 && high - median > 4 * (median - low) && high >= 20) return geometricEdges(low, high);
      return evenEdges(low, high, numberLabel, undefined, column.typeClass === 'integer');
  }
}

function evenEdges(
  low: number,
  high: number,
  label: (at: number) => string,
  steps?: readonly number[],
  integers = false,
): Edge[] {
  if (high === low) return [{ at: low, label: label(low) }];
  const rough = (high - low) / (MAX_BINS - 6);
  let step = steps?.find((candidate) => candidate >= rough) ?? niceStep(rough);
  if (integers) step = Math.max(1, Math.ceil(step));
  const edges: Edge[] = [];
  for (let k = Math.ceil(low / step); k * step <= high && edges.length < MAX_BINS; k++)
    edges.push({ at: k * step, label: label(k * step) });
  return edges;
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function geometricEdges(low: number, high: number): Edge[] {
  const edges: Edge[] = [];
  const first = Math.floor(Math.log10(Math.max(low, high / 1e6)));
  for (let power = first; 10 ** power <= high; power++) {
    for (const factor of [1, 2, 5]) {
      const at = factor * 10 ** power;
      if (at >= low && at <= high) edges.push({ at, label: numberLabel(at) });
    }
  }
  return edges;
}

function numberLabel(at: number): string {
  return String(Number(at.toPrecision(10)));
}

function clockLabel(at: number): string {
  const minutes = Math.floor((((at % 86_400) + 86_400) % 86_400) / 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

/** Days, weeks, months, quarters, years or more; `low` and `high` in days, edges in units of `unit` per day. */
function calendarEdges(low: number, high: number, unit: number): Edge[] {
  const days = high - low;
  if (days > 200 * 366 * 10 || !Number.isFinite(days)) return [];
  const iso = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
  const edges: Edge[] = [];
  if (days <= 70) {
    const step = days <= MAX_BINS ? 1 : 7;
    for (let day = Math.ceil(low); day <= high; day += step) edges.push({ at: day * unit, label: iso(day) });
    return edges;
  }
  const months =
    [1, 3, 6, 12, 24, 60, 120, 240, 600, 1200].find((step) => days / (step * 30.4) <= MAX_BINS - 2) ?? 6000;
  const start = new Date(low * 86_400_000);
  for (
    let month = Math.ceil((start.getUTCFullYear() * 12 + start.getUTCMonth()) / months) * months;
    ;
    month += months
  ) {
    const date = new Date(0);
    date.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    const day = date.getTime() / 86_400_000;
    if (day > high) return edges;
    if (day >= low) edges.push({ at: day * unit, label: months >= 12 ? iso(day).slice(0, 4) : iso(day).slice(0, 7) });
  }
}
