import type { Split } from '../../kernel/split.ts';
import type { GraphTable, RelationGraph } from '../graph/artifact.ts';
import type { RelationalSample, TableSample } from '../profile/artifact.ts';

/** Under this many units a table is learned with the cautious settings. */
const SMALL_DATA_UNITS = 450;

export function isSmall(unitCount: number): boolean {
  return unitCount < SMALL_DATA_UNITS;
}

/** Tables that `learn` takes for small, by `tableId`. */
export function smallTables(sample: RelationalSample, graph: RelationGraph): ReadonlySet<string> {
  const small = graph.tables.filter((table) => {
    const rows = sample.tables.get(table.id);
    return rows !== undefined && isSmall(countUnits(rows, rowsToLearn(rows, sample.unitSplits, table)));
  });
  return new Set(small.map((table) => table.id));
}

/**
 * The rows that may be learned from: those of fitting subjects. A table that reaches no subject holds nobody's rows,
 * so all of it may be used; so may the non-test rows of one whose few subjects all fell to the other parts.
 */
export function rowsToLearn(sample: TableSample, splits: readonly Split[], graphTable: GraphTable): Int32Array {
  const all = Int32Array.from({ length: sample.rowCount }, (_, i) => i);
  if (graphTable.subjectPath === null) return all;
  const fit = all.filter((row) => splits[sample.units[row]] === 'fit');
  if (fit.length > 0) return fit;
  const untested = all.filter((row) => splits[sample.units[row]] !== 'test');
  return untested.length > 0 ? untested : all;
}

export function countUnits(sample: TableSample, rows: Int32Array): number {
  return new Set(Array.from(rows, (row) => sample.units[row])).size;
}
