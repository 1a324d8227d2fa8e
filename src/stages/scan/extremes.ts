import { poissonTail } from '../../metrics/intervals.ts';
import type { ColumnView, TableView } from './table-view.ts';
import { exactGate, notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

const GATE = 'extremes';
/** Values beyond that of the so-many-th most extreme unit are nobody else's. */
const UNITS = 5;
/** Rows at the end of a column that tell how often units share a value there. */
const TAIL_ROWS = 100;
/** That none of them does says not that none ever will: what goes for more rows counts as much as so many of these. */
const WIDER_ROWS = 1000;
const WIDER_WEIGHT = 2;
/** Coincidences that are less likely than this are leaks. */
const CHANCE = 0.001;

/**
 * The source's true extremes: values of ordered columns that fewer than 5 units reach, found in the target.
 *
 * A made value that lies so far out hits a real one by chance as often as real values are dense there: on a line of G
 * steps, beyond the 5th most extreme unit, t made values hit one of r real ones t·r/G times, and
 * as often as real units share their values there. Whoever earns 99 at a
 * place where everybody earns whole tens of thousands is not met that way. A value that many rows have (a night's batch
 * job stamps them all alike) is one event, so distinct values are counted.
 */
export function extremeGates(view: TableView): OpenGate[] {
  const columns = view.columns.filter(
    (column) => column.kind === 'ordered' && !column.isKey && !column.isReplaced && column.varies,
  );
  if (columns.length === 0)
    return [notApplicable(GATE, view.id, view.id, 'It has no ordered column that was learned.')];
  const found = columns.flatMap((column) =>
    ([1, -1] as const).flatMap((direction) => (isLeaked(column, view, direction) ? [{ column, direction }] : [])),
  );
  const named = found.map(({ column, direction }) => `the ${direction > 0 ? 'largest' : 'smallest'} of ${column.name}`);
  return [
    exactGate(GATE, view.id, view.id, {
      value: found.length,
      limit: 0,
      passes: found.length === 0,
      explanation:
        found.length === 0
          ? `None of ${columns.length} ordered columns shows an extreme that fewer than ${UNITS} units of the source reach.`
          : `The target holds values that fewer than ${UNITS} units of the source reach: ${named.join(', ')}.`,
    }),
  ];
}

function isLeaked(column: ColumnView, view: TableView, direction: 1 | -1): boolean {
  const extremes = mostExtreme(column.sourceNumbers, view.source.units, direction);
  if (extremes === null) return false;
  const { bound, beyond } = extremes;
  const made = new Set(column.targetNumbers.filter((value) => direction * value > direction * bound));
  const hits = [...made].filter((value) => beyond.has(value)).length;
  if (hits === 0) return false;
  const far = [...beyond].reduce((a, b) => Math.max(a, direction * b), -Infinity);
  const steps = Math.max(1, (far - direction * bound) / stepOf([...beyond, bound], column));
  return poissonTail(hits, made.size * (extremes.sharedRate + beyond.size / steps)) < CHANCE;
}

/** The value of the 5th most extreme unit, the distinct values beyond it, and how often units share one thereabouts. Null where there are too few units. */
function mostExtreme(
  values: Float64Array,
  units: Uint32Array,
  direction: 1 | -1,
): { readonly bound: number; readonly beyond: ReadonlySet<number>; readonly sharedRate: number } | null {
  const order = Array.from(values.keys()).filter(
    (row) => Number.isFinite(values[row]) && Math.abs(values[row]) < 1e299,
  );
  order.sort((a, b) => direction * (values[b] - values[a]));
  const seen = new Set<number>();
  let bound: number | null = null;
  for (const row of order) {
    seen.add(units[row]);
    if (seen.size < UNITS) continue;
    bound = values[row];
    break;
  }
  if (bound === null) return null;
  const limit = direction * bound;
  const shared = sharedRate(order.slice(0, TAIL_ROWS), values, units);
  const wider = sharedRate(order.slice(0, WIDER_ROWS), values, units);
  const tailRows = Math.min(order.length, TAIL_ROWS);
  return {
    bound,
    sharedRate: (shared * tailRows + wider * WIDER_WEIGHT) / (tailRows + WIDER_WEIGHT),
    beyond: new Set(order.map((row) => values[row]).filter((value) => direction * value > limit)),
  };
}

/** Share of rows with a value that rows of other units have too. */
function sharedRate(rows: readonly number[], values: Float64Array, units: Uint32Array): number {
  const holders = new Map<number, Set<number>>();
  for (const row of rows) holders.set(values[row], (holders.get(values[row]) ?? new Set<number>()).add(units[row]));
  return rows.filter((row) => holders.get(values[row])!.size > 1).length / rows.length;
}

/** The grid that these values lie on: their greatest common step, at the decimals that the column's values have. */
function stepOf(values: readonly number[], column: ColumnView): number {
  const decimals = column.source.reduce((most, text) => Math.max(most, decimalsOf(text)), 0);
  const scale = 10 ** Math.min(6, decimals);
  let step = 0;
  for (const value of values) {
    let [a, b] = [Math.abs(Math.round((value - values[0]) * scale)), step];
    while (b > 0) [a, b] = [b, a % b];
    step = a;
  }
  return Math.max(1, step) / scale;
}

function decimalsOf(text: string | null): number {
  if (text === null) return 0;
  const point = text.lastIndexOf('.');
  if (point < 0) return 0;
  let end = point + 1;
  while (end < text.length && text[end] >= '0' && text[end] <= '9') end++;
  return end - point - 1;
}
