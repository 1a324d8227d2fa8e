import { tableId } from '../../../../connectors/connector.ts';
import type { Catalog, ColumnFacts, TableFacts } from '../../../../connectors/connector.ts';
import type { RowBlock } from '../../../../src/kernel/rows.ts';
import type { RelationalSample } from '../../../../src/stages/profile/artifact.ts';
import type { Classification } from '../../../../src/stages/mask/artifact.ts';
import { maskKeyOf } from '../../../../src/stages/mask/mask-key.ts';
import { createMasker } from '../../../../src/stages/mask/index.ts';

/** A sample in which every row is its own subject. */
export function sampleOf(
  tables: Readonly<Record<string, Readonly<Record<string, readonly (string | null)[]>>>>,
): RelationalSample {
  const entries = Object.entries(tables).map(([name, columns]) => {
    const rowCount = Object.values(columns)[0]?.length ?? 0;
    const id = `public.${name}`;
    return [
      id,
      {
        table: id,
        rowCount,
        totalRowCount: rowCount,
        columns: new Map(Object.entries(columns)),
        units: Uint32Array.from({ length: rowCount }, (_, i) => i),
        parents: new Map(),
      },
    ] as const;
  });
  return { tables: new Map(entries), unitKeys: [], unitSplits: [], subjectCount: 0, subjectRate: 1 };
}

/** The catalog with some columns' facts replaced: `{ 'customer.email': { nullable: false } }`. */
export function withColumns(
  catalog: Catalog,
  changes: Readonly<
    Record<string, Partial<Omit<ColumnFacts, 'type'>> & { readonly type?: Partial<ColumnFacts['type']> }>
  >,
): Catalog {
  return {
    ...catalog,
    tables: catalog.tables.map((table) => ({
      ...table,
      columns: table.columns.map((column) => {
        const change = changes[`${table.name.name}.${column.name}`];
        return change === undefined ? column : { ...column, ...change, type: { ...column.type, ...change.type } };
      }),
    })),
  };
}

export function tableOf(catalog: Catalog, name: string): TableFacts {
  return catalog.tables.find((table) => table.name.name === name)!;
}

/** Rows of a table whose columns are all to be made, but for the given ones. */
export function maskedRows(
  table: TableFacts,
  classification: Classification,
  options: {
    firstRow?: number;
    rowCount: number;
    seed?: number;
    blockSize?: number;
    given?: Readonly<Record<string, readonly (string | null)[]>>;
  },
): Map<string, (string | null)[]> {
  const id = tableId(table.name);
  const masker = createMasker(table, classification, { seed: options.seed ?? 0, key: maskKeyOf('test key') });
  const made = classification.columns
    .filter((entry) => entry.table === id && !['structural', 'synthesize', 'keep'].includes(entry.treatment))
    .map((entry) => entry.column);
  const all = new Map<string, (string | null)[]>(made.map((column) => [column, []]));
  const blockSize = options.blockSize ?? options.rowCount;
  const end = (options.firstRow ?? 0) + options.rowCount;
  for (let firstRow = options.firstRow ?? 0; firstRow < end; firstRow += blockSize) {
    const rowCount = Math.min(blockSize, end - firstRow);
    const block: RowBlock = { table: id, firstRow, rowCount, columns: new Map() };
    for (const column of made) block.columns.set(column, { form: 'masked', nulls: new Uint8Array(rowCount) });
    for (const [column, values] of Object.entries(options.given ?? {}))
      block.columns.set(column, { form: 'text', values: values.slice(firstRow, firstRow + rowCount) });
    masker.mask(block);
    for (const column of made) {
      const vector = block.columns.get(column)!;
      if (vector.form !== 'text') throw new Error(`${column} was not made`);
      all.get(column)!.push(...vector.values);
    }
  }
  return all;
}
