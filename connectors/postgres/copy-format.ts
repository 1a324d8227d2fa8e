/** What the two COPY formats share: how rows become chunks of bytes, and how a value that does not fit is reported. */
import { UnderstudyError } from '../../src/kernel/errors.ts';
import type { ColumnVector, RowBlock } from '../../src/kernel/rows.ts';
import type { ColumnType } from '../connector.ts';
import type { UnfitText } from './server-text.ts';

/** One of the columns that a COPY names, in its order. */
export interface CopyColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Turns the blocks of one table into the bytes of one COPY. */
export interface CopyWriter {
  readonly format: 'binary' | 'text';
  /** Full chunks as they come; what remains stays inside. Throws `LOAD_FAILED`. */
  write(block: RowBlock): Iterable<Buffer>;
  /** The rest, with the format's trailer; empty where there is none. */
  finish(): Buffer;
}

/** The block's vectors in the order of the COPY. Throws `LOAD_FAILED` for a column that is missing or not masked yet. */
export function vectorsOf(block: RowBlock, columns: readonly CopyColumn[]): readonly ColumnVector[] {
  return columns.map(({ name }) => {
    const vector = block.columns.get(name);
    if (vector === undefined) throw blockFault(block, name, 'is missing in a block of rows');
    if (vector.form === 'masked') throw blockFault(block, name, 'has not been masked');
    const { length } = vector.values;
    if (length < block.rowCount) throw blockFault(block, name, `has ${length} values for ${block.rowCount} rows`);
    return vector;
  });
}

/** Names table and column, never the value. */
export function unfitValue(block: RowBlock, column: CopyColumn, cause: UnfitText): UnderstudyError {
  return new UnderstudyError(
    'LOAD_FAILED',
    `A value for ${block.table}.${column.name} does not fit its type ${column.type.sql}; nothing of the build will be published.`,
    {
      hint: `Give the column another treatment in tables: ${block.table}, and report this: values should always fit.`,
      data: { table: block.table, column: column.name, type: column.type.sql },
      cause,
    },
  );
}

function blockFault(block: RowBlock, column: string, what: string): UnderstudyError {
  return new UnderstudyError(
    'LOAD_FAILED',
    `Column ${block.table}.${column} ${what}, so the rows cannot be loaded; nothing was published.`,
    {
      hint: 'Report this: it is a fault of Understudy.',
      data: { table: block.table, column },
    },
  );
}
