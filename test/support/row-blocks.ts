import type { QualifiedName, Snapshot } from '../../connectors/connector.ts';
import { tableId } from '../../connectors/connector.ts';
import type { ColumnVector, RowBlock } from '../../src/kernel/rows.ts';

/** A table's own rows as blocks of text vectors, the way generated rows arrive. */
export async function* textBlocks(
  snapshot: Snapshot,
  table: QualifiedName,
  columns: readonly string[],
): AsyncIterable<RowBlock> {
  let firstRow = 0;
  for await (const batch of snapshot.readRows({ table, columns })) {
    const vectors = columns.map((name, c): [string, ColumnVector] => [
      name,
      { form: 'text', values: [...batch.columns[c]] },
    ]);
    yield { table: tableId(table), firstRow, rowCount: batch.rowCount, columns: new Map(vectors) };
    firstRow += batch.rowCount;
  }
}

/** `rowCount` rows in blocks of `blockSize`; `columnsOf` makes the vectors of the rows from `from` on. */
export async function* madeBlocks(
  table: QualifiedName,
  rowCount: number,
  blockSize: number,
  columnsOf: (from: number, count: number) => Readonly<Record<string, ColumnVector>>,
): AsyncIterable<RowBlock> {
  for (let from = 0; from < rowCount; from += blockSize) {
    const count = Math.min(blockSize, rowCount - from);
    yield {
      table: tableId(table),
      firstRow: from,
      rowCount: count,
      columns: new Map(Object.entries(columnsOf(from, count))),
    };
  }
}

export function numbers(count: number, valueOf: (i: number) => number | null, decimals?: number): ColumnVector {
  const made = Array.from({ length: count }, (_, i) => valueOf(i));
  return { form: 'number', ...packed(made), ...(decimals === undefined ? {} : { decimals }) };
}

export function epochs(form: 'epoch-micros' | 'epoch-days', values: readonly (number | null)[]): ColumnVector {
  return { form, ...packed(values) };
}

export function texts(count: number, valueOf: (i: number) => string | null): ColumnVector {
  return { form: 'text', values: Array.from({ length: count }, (_, i) => valueOf(i)) };
}

function packed(values: readonly (number | null)[]): { readonly values: Float64Array; readonly nulls: Uint8Array } {
  return {
    values: Float64Array.from(values, (value) => value ?? 0),
    nulls: Uint8Array.from(values, (value) => (value === null ? 1 : 0)),
  };
}
