import { tableId } from '../../connectors/connector.ts';
import type { Catalog, Snapshot, TableFacts } from '../../connectors/connector.ts';
import type { EventSink } from '../kernel/events.ts';
import type { RelationalSample, TableSample } from '../stages/profile/artifact.ts';
import { TEXT_LIMIT } from '../stages/profile/artifact.ts';

/** Rows of each table that are looked at to classify columns. */
const ROWS = 1000;

/**
 * A few rows of each table, each its own unit: enough to see what columns hold, not to learn from. Tables that may
 * not be read are left out, and classified by name alone.
 */
export async function sampleValues(
  snapshot: Snapshot,
  catalog: Catalog,
  sink: EventSink,
  signal: AbortSignal,
): Promise<RelationalSample> {
  const tables = new Map<string, TableSample>();
  const readable = catalog.tables.filter((table) => table.selectable && table.kind !== 'foreign');
  let unitCount = 0;
  for (const [i, table] of readable.entries()) {
    signal.throwIfAborted();
    const id = tableId(table.name);
    sink({ type: 'progress', stage: 'profile', label: id, doneCount: i, totalCount: readable.length });
    const sample = await readSome(snapshot, table, unitCount);
    unitCount += sample.rowCount;
    tables.set(id, sample);
  }
  const unitKeys = Array.from({ length: unitCount }, (_, unit) => String(unit));
  return { tables, unitKeys, unitSplits: unitKeys.map(() => 'fit'), subjectCount: 0, subjectRate: 1 };
}

async function readSome(snapshot: Snapshot, table: TableFacts, firstUnit: number): Promise<TableSample> {
  const columns = table.columns.filter((column) => column.generated === null).map((column) => column.name);
  const values = columns.map((): (string | null)[] => []);
  let rowCount = 0;
  if (columns.length > 0) {
    for await (const batch of snapshot.readRows({ table: table.name, columns, limit: ROWS })) {
      rowCount += batch.rowCount;
      for (const [c, column] of batch.columns.entries()) {
        for (const value of column) values[c].push(value === null ? null : value.slice(0, TEXT_LIMIT));
      }
    }
  }
  return {
    table: tableId(table.name),
    rowCount,
    totalRowCount: Math.max(rowCount, table.estimatedRowCount),
    columns: new Map(columns.map((name, c) => [name, values[c]])),
    units: Uint32Array.from({ length: rowCount }, (_, row) => firstUnit + row),
    parents: new Map(),
  };
}
