/**
 * A target whose moments were moved, read as if they had not been: gates compare what was made with what was learned,
 * and a shift by whole weeks is neither a difference nor a disguise.
 */
import { tableId, type RowBatch, type RowQuery, type Snapshot } from '../../connectors/connector.ts';
import { shiftedText } from '../kernel/day-shift.ts';
import type { TimeShift } from '../stages/generate/time-shift.ts';

export function unshifted(snapshot: Snapshot, shift: TimeShift): Snapshot {
  if (shift.days === 0) return snapshot;
  return {
    countRows: (table) => snapshot.countRows(table),
    degreeHistogram: (table, key) => snapshot.degreeHistogram(table, key),
    checksum: (table) => snapshot.checksum(table),
    close: () => snapshot.close(),
    readRows: (query) => readBack(snapshot, query, shift),
  };
}

async function* readBack(snapshot: Snapshot, query: RowQuery, { days, columns }: TimeShift): AsyncIterable<RowBatch> {
  const moved = columns.get(tableId(query.table));
  const isMoved = (column: string): boolean => moved?.has(column) ?? false;
  for await (const batch of snapshot.readRows(asStored(query, isMoved, days))) {
    yield {
      ...batch,
      columns: batch.columns.map((values, c) =>
        isMoved(query.columns[c]) ? values.map((value) => value && shiftedText(value, -days)) : values,
      ),
    };
  }
}

/** Keys that are asked for by value are asked for as they are stored. */
function asStored(query: RowQuery, isMoved: (column: string) => boolean, days: number): RowQuery {
  if (query.among === undefined || !query.among.columns.some(isMoved)) return query;
  const { columns, rows } = query.among;
  const stored = rows.map((row) => row.map((value, i) => (isMoved(columns[i]) ? shiftedText(value, days) : value)));
  return { ...query, among: { columns, rows: stored } };
}
