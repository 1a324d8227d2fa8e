import { permuteIndex, streamKey, type StreamKey } from '../../numeric/random.ts';
import type { ScanInput } from './input.ts';
import type { ColumnView, TableView } from './table-view.ts';

/** More rows a side narrow a score by less than it matters. */
export const MAX_ROWS = 20_000;
/** Fewer units on a side are too few to compare distributions by. */
export const MIN_UNITS = 30;
/** Fewer hold-out units than this, and those of `tune` join them; what these two do not yield, half of all units do. */
const WANTED_KEPT_UNITS = 200;

/** The rows of a table by which its fidelity is judged. */
export interface FidelityTable {
  readonly view: TableView;
  /** Learned columns: keys are made by structure, personal values by fakes. */
  readonly columns: readonly ColumnView[];
  /** Source rows that the other sides are compared with. */
  readonly reference: Int32Array;
  /** Source rows of other units: the ceiling is what these score. */
  readonly kept: Int32Array;
  readonly target: Int32Array;
  readonly keptUnitCount: number;
  /** Fewest units on any side. */
  readonly unitCount: number;
  /** Names the random choices that are made in it. */
  readonly key: (...purpose: readonly string[]) => StreamKey;
}

export function fidelityTable(view: TableView, input: ScanInput): FidelityTable {
  const key = (...purpose: readonly string[]): StreamKey =>
    streamKey(input.seed, 'scan', 'fidelity', view.id, ...purpose);
  const { units } = view.source;
  const keptUnits = chooseKept(view, input.holdout, key('kept'));
  const isKept = (row: number): boolean => keptUnits.has(units[row]);
  const rows = Int32Array.from(units, (_, row) => row);
  const [kept, reference] = [rows.filter(isKept), rows.filter((row) => !isKept(row))];
  return {
    view,
    columns: view.columns.filter((column) => !column.isKey && !column.isReplaced && column.varies),
    reference: rowsOfUnits(reference, units, MAX_ROWS, key('reference')),
    kept: rowsOfUnits(kept, units, MAX_ROWS, key('kept rows')),
    target: rowsOfUnits(
      Int32Array.from(view.target.units, (_, row) => row),
      view.target.units,
      MAX_ROWS,
      key('target'),
    ),
    keptUnitCount: keptUnits.size,
    unitCount: Math.min(keptUnits.size, view.sourceUnitCount - keptUnits.size, view.targetUnitCount),
    key,
  };
}

/** Units that took no part in fitting, as far as there are enough of them to measure by. */
function chooseKept(view: TableView, holdout: ScanInput['holdout'], key: StreamKey): Set<number> {
  const splits = new Map<number, string>();
  view.source.units.forEach((unit, row) => splits.set(unit, view.sourceSplits[row]));
  const units = [...splits.keys()];
  if (holdout === 'unseen') {
    const test = units.filter((unit) => splits.get(unit) === 'test');
    if (test.length >= WANTED_KEPT_UNITS) return new Set(test);
    const unseen = units.filter((unit) => splits.get(unit) !== 'fit');
    if (unseen.length >= WANTED_KEPT_UNITS / 2) return new Set(unseen);
  }
  return new Set(units.filter((_, i) => permuteIndex(key, i, units.length) < units.length / 2));
}

/** Rows of whole units, chosen at random until there are `maxRows`; in row order. */
export function rowsOfUnits(rows: Int32Array, units: ArrayLike<number>, maxRows: number, key: StreamKey): Int32Array {
  if (rows.length <= maxRows) return rows;
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(units[row], (counts.get(units[row]) ?? 0) + 1);
  const all = [...counts.keys()];
  const chosen = new Set<number>();
  const order = all.map((unit, i) => [permuteIndex(key, i, all.length), unit]).sort((a, b) => a[0] - b[0]);
  let total = 0;
  for (const [, unit] of order) {
    if (total >= maxRows) break;
    chosen.add(unit);
    total += counts.get(unit)!;
  }
  return rows.filter((row) => chosen.has(units[row]));
}

/** The same rows in a random order of their own: what a shuffled column holds. */
export function shuffledRows(rows: Int32Array, key: StreamKey): Int32Array {
  return rows.map((_, i) => rows[permuteIndex(key, i, rows.length)]);
}
