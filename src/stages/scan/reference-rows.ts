import type { UnitRows } from '../../metrics/closest-record.ts';
import { distinctRows, encodedQuantile, quantileScale, selectRows } from '../../metrics/gower.ts';
import type { EncodedRows } from '../../metrics/gower.ts';
import type { RandomCursor } from '../../numeric/random.ts';
import type { ColumnView, TableView } from './table-view.ts';

/** Fewer columns make every row everybody's neighbour. */
export const MIN_COLUMNS = 3;
/** More rows a side cost time and hardly narrow an interval that the subjects' number limits. */
export const MAX_ROWS = 5000;
/** A reference set smaller than this says nothing. */
export const MIN_REFERENCE_ROWS = 20;
/** Fewer hold-out units than this, and those of `tune` join them: they took no part in fitting either. */
const WANTED_HOLDOUT_UNITS = 200;

/** Rows of a table, by number. */
export interface ChosenRows {
  readonly source: readonly number[];
  readonly target: readonly number[];
  /** Rows of the source that the scales are made of; all chosen ones by default. */
  readonly scale?: readonly number[];
}

/** Both sides on one scale, ready for distances: all rows, or the chosen ones. */
export function encodeSides(
  view: TableView,
  columns: readonly ColumnView[],
  chosen: ChosenRows = { source: rowNumbers(view.source.rowCount), target: rowNumbers(view.target.rowCount) },
): { readonly source: EncodedRows; readonly target: EncodedRows } {
  const numeric = columns.filter((column) => column.kind === 'ordered');
  const coded = columns.filter((column) => column.kind === 'categorical');
  const scaleRows = chosen.scale ?? chosen.source;
  const scales = numeric.map((column) =>
    quantileScale(Float64Array.from(scaleRows, (row) => column.sourceNumbers[row])),
  );
  const dictionaries = coded.map(() => new Map<string | null, number>());
  const encode = (side: 'source' | 'target'): EncodedRows => {
    const rows = chosen[side];
    const quantiles = new Int16Array(rows.length * numeric.length);
    const codes = new Int32Array(rows.length * coded.length);
    numeric.forEach((column, c) => {
      const values = side === 'source' ? column.sourceNumbers : column.targetNumbers;
      rows.forEach((row, i) => (quantiles[i * numeric.length + c] = encodedQuantile(scales[c], values[row])));
    });
    coded.forEach((column, c) => {
      const dictionary = dictionaries[c];
      rows.forEach((row, i) => {
        const value = column[side][row];
        let code = dictionary.get(value);
        if (code === undefined) dictionary.set(value, (code = dictionary.size));
        codes[i * coded.length + c] = code;
      });
    });
    return { rowCount: rows.length, numeric: quantiles, numericCount: numeric.length, codes, codeCount: coded.length };
  };
  return { source: encode('source'), target: encode('target') };
}

function rowNumbers(count: number): number[] {
  return Array.from({ length: count }, (_, row) => row);
}

export interface ReferenceSets {
  /** Equal in size, distinct rows, disjoint by unit. */
  readonly training: UnitRows;
  readonly holdout: UnitRows;
  /** More of the source without the hold-out's units. */
  readonly rest: UnitRows;
  /** Rows of the hold-out before equal ones were dropped: what a comparable sample of the target must have. */
  readonly drawnRowCount: number;
}

export function referenceSets(view: TableView, source: EncodedRows, random: RandomCursor): ReferenceSets {
  const rowsOf = (...splits: readonly string[]): number[] => {
    const rows: number[] = [];
    view.sourceSplits.forEach((split, row) => splits.includes(split) && rows.push(row));
    return rows;
  };
  const unitsOf = (rows: readonly number[]): number[] => [...new Set(rows.map((row) => view.source.units[row]))];
  const testRows = rowsOf('test');
  const joinTune = unitsOf(testRows).length < WANTED_HOLDOUT_UNITS;
  const holdoutRows = joinTune ? rowsOf('test', 'tune') : testRows;
  const fitRows = rowsOf('fit');
  const holdoutUnits = unitsOf(holdoutRows);
  const fitUnits = new Set(shuffled(unitsOf(fitRows), random).slice(0, holdoutUnits.length));

  const pick = (rows: readonly number[]): number[] => {
    const drawn = shuffled([...rows], random);
    const positions = distinctRows(selectRows(source, drawn));
    return Array.from(positions, (position) => drawn[position]);
  };
  const training = pick(fitRows.filter((row) => fitUnits.has(view.source.units[row])));
  const holdout = pick(holdoutRows);
  const size = Math.min(training.length, holdout.length, MAX_ROWS);
  const unitRows = (rows: readonly number[]): UnitRows => ({
    rows: selectRows(source, rows),
    units: rows.map((row) => view.source.units[row]),
  });
  return {
    training: unitRows(training.slice(0, size)),
    holdout: unitRows(holdout.slice(0, size)),
    rest: unitRows(pick(joinTune ? fitRows : rowsOf('fit', 'tune')).slice(0, 2 * MAX_ROWS)),
    drawnRowCount: Math.round((holdoutRows.length * size) / Math.max(1, holdout.length)),
  };
}

/** Distinct rows among so many drawn at random. */
export function distinctSample(
  rows: EncodedRows,
  units: Uint32Array,
  rowCount: number,
  random: RandomCursor,
): UnitRows {
  const drawn = shuffled(
    Array.from({ length: rows.rowCount }, (_, i) => i),
    random,
  ).slice(0, rowCount);
  const kept = Array.from(distinctRows(selectRows(rows, drawn)), (position) => drawn[position]);
  return { rows: selectRows(rows, kept), units: kept.map((row) => units[row]) };
}

/** Fisher–Yates, in place. */
export function shuffled<T>(items: T[], random: RandomCursor): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.nextInteger(i + 1);
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}
