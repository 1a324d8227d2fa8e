import type { ForeignKeyFacts, QualifiedName, RowBatch, RowQuery, Snapshot } from '../connector.ts';

/** A snapshot that is asked by the names that users will see and reads the schemas where the rows now are. */
export function shadowSnapshot(snapshot: Snapshot, schemaOf: (schema: string) => string): Snapshot {
  const moved = (name: QualifiedName): QualifiedName => ({ schema: schemaOf(name.schema), name: name.name });
  const movedQuery = (query: RowQuery): RowQuery => ({
    ...query,
    table: moved(query.table),
    ...(query.semiJoin === undefined
      ? {}
      : { semiJoin: { ...query.semiJoin, other: movedQuery(query.semiJoin.other) } }),
  });
  return {
    countRows: (table) => snapshot.countRows(moved(table)),
    readRows: (query): AsyncIterable<RowBatch> => snapshot.readRows(movedQuery(query)),
    degreeHistogram: (table, key: ForeignKeyFacts) =>
      snapshot.degreeHistogram(moved(table), {
        ...key,
        referencedTable: moved(key.referencedTable),
        declaredOn: key.declaredOn.map(moved),
      }),
    checksum: (table) => snapshot.checksum(moved(table)),
    close: () => snapshot.close(),
  };
}
