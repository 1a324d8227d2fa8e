import type { QualifiedName, RowBatch } from '../../../connectors/connector.ts';
import { tableId } from '../../../connectors/connector.ts';
import { TEXT_LIMIT } from '../profile/artifact.ts';
import type { ScanSide } from './input.ts';

/** All rows of some columns: streamed from the snapshot, or those of the sample where there is none. */
export async function* tableRows(
  side: ScanSide,
  table: QualifiedName,
  columns: readonly string[],
): AsyncGenerator<RowBatch> {
  if (columns.length === 0) return;
  if (side.snapshot !== null) {
    yield* side.snapshot.readRows({ table, columns });
    return;
  }
  const sample = side.sample.tables.get(tableId(table));
  if (sample === undefined) return;
  const present = columns.map(
    (column) => sample.columns.get(column) ?? new Array<string | null>(sample.rowCount).fill(null),
  );
  yield { rowCount: sample.rowCount, columns: present };
}

/** Texts are compared up to the length that samples hold, so that both forms of a side agree. */
export function comparable(value: string | null): string | null {
  return value !== null && value.length > TEXT_LIMIT ? value.slice(0, TEXT_LIMIT) : value;
}
