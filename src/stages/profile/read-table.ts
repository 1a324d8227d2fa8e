import type { Snapshot, TableFacts } from '../../../connectors/connector.ts';
import { TEXT_LIMIT } from './artifact.ts';
import type { TableQueries } from './sampling.ts';

/** Reads the planned rows of one table, column-major, long texts cut. */
export async function readTable(
  snapshot: Snapshot,
  table: TableFacts,
  queries: TableQueries,
): Promise<{ columns: Map<string, (string | null)[]>; rowCount: number }> {
  const names = table.columns.filter((column) => column.generated === null).map((column) => column.name);
  const lists = names.map((): (string | null)[] => []);
  let rowCount = 0;
  for await (const batch of snapshot.readRows(queries.main)) {
    batch.columns.forEach((values, c) => append(lists[c], values));
    rowCount += batch.rowCount;
  }
  if (queries.unreferenced !== null) {
    const nullAt = queries.unreferenced.nullColumns.map((name) => names.indexOf(name));
    for await (const batch of snapshot.readRows(queries.unreferenced.query)) {
      for (let i = 0; i < batch.rowCount; i++) {
        if (!nullAt.some((c) => batch.columns[c][i] === null)) continue;
        lists.forEach((list, c) => list.push(cut(batch.columns[c][i])));
        rowCount++;
      }
    }
  }
  return { columns: new Map(names.map((name, c) => [name, lists[c]])), rowCount };
}

function append(list: (string | null)[], values: readonly (string | null)[]): void {
  for (const value of values) list.push(cut(value));
}

function cut(value: string | null): string | null {
  return value !== null && value.length > TEXT_LIMIT ? value.slice(0, TEXT_LIMIT) : value;
}
