/**
 * PostgreSQL's binary COPY format, straight from column vectors: no row objects, no texts in between, one encoder per
 * column chosen once. Source: PostgreSQL manual, COPY, "Binary Format".
 */
import type { ColumnVector, RowBlock } from '../../src/kernel/rows.ts';
import { textAt } from '../../src/kernel/rows.ts';
import { CopyBuffer } from './copy-buffer.ts';
import { encoderFor } from './copy-encoders.ts';
import type { ValueEncoder } from './copy-encoders.ts';
import { unfitValue, vectorsOf } from './copy-format.ts';
import type { CopyColumn, CopyWriter } from './copy-format.ts';
import { UnfitText } from './server-text.ts';

/** Signature, no flags, no header extension. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');

/**
 * A writer for these columns, or null where one of them has no binary encoder: then the table goes by text.
 * `elementOids`: object id of the element type for each array column, from the target's catalog.
 */
export function binaryCopyWriter(
  columns: readonly CopyColumn[],
  elementOids: ReadonlyMap<string, number>,
): CopyWriter | null {
  const encoders: ValueEncoder[] = [];
  for (const { name, type } of columns) {
    const encoder = encoderFor(type, elementOids.get(name) ?? null);
    if (encoder === null) return null;
    encoders.push(encoder);
  }
  return new BinaryCopyWriter(columns, encoders);
}

class BinaryCopyWriter implements CopyWriter {
  readonly format = 'binary';
  private readonly out = new CopyBuffer();
  private readonly columns: readonly CopyColumn[];
  private readonly encoders: readonly ValueEncoder[];

  constructor(columns: readonly CopyColumn[], encoders: readonly ValueEncoder[]) {
    this.columns = columns;
    this.encoders = encoders;
    this.out.raw(HEADER);
  }

  *write(block: RowBlock): Iterable<Buffer> {
    const vectors = vectorsOf(block, this.columns);
    const cells = vectors.map((vector, c) => cellWriter(this.out, this.encoders[c], vector));
    let row = 0;
    while (row < block.rowCount) {
      row = this.writeRows(block, cells, row);
      if (this.out.isFull) yield this.out.take();
    }
  }

  finish(): Buffer {
    this.out.reserve(2);
    this.out.int16(-1);
    return this.out.take();
  }

  /** Rows from `from` on until the chunk is full or the block ends; gives the next row. */
  private writeRows(block: RowBlock, cells: readonly CellWriter[], from: number): number {
    const { out } = this;
    const columnCount = cells.length;
    let row = from;
    let column = 0;
    try {
      while (row < block.rowCount && !out.isFull) {
        out.reserve(2);
        out.int16(columnCount);
        for (column = 0; column < columnCount; column += 1) cells[column](row);
        row += 1;
      }
    } catch (error) {
      throw error instanceof UnfitText ? unfitValue(block, this.columns[column], error) : error;
    }
    return row;
  }
}

type CellWriter = (row: number) => void;

/** Writes one column's value of a row by the shortest way that its form and its type allow. */
function cellWriter(out: CopyBuffer, encoder: ValueEncoder, vector: ColumnVector): CellWriter {
  const writeNull = (): void => {
    out.reserve(4);
    out.int32(-1);
  };
  if (vector.form === 'text') {
    const { values } = vector;
    return (row) => {
      const text = values[row];
      if (text === null) writeNull();
      else encoder.text(out, text);
    };
  }
  const direct = vector.form === 'masked' ? undefined : directWriter(out, encoder, vector);
  if (direct === undefined) {
    return (row) => {
      const text = textAt(vector, row);
      if (text === null) writeNull();
      else encoder.text(out, text);
    };
  }
  const { nulls } = vector;
  return (row) => {
    if (nulls[row] === 1) writeNull();
    else direct(row);
  };
}

function directWriter(
  out: CopyBuffer,
  encoder: ValueEncoder,
  vector: Exclude<ColumnVector, { form: 'text' | 'masked' }>,
): CellWriter | undefined {
  const { values } = vector;
  switch (vector.form) {
    case 'number': {
      const { number } = encoder;
      const { decimals } = vector;
      return number && ((row) => number(out, values[row], decimals));
    }
    case 'epoch-micros': {
      const { epochMicros } = encoder;
      return epochMicros && ((row) => epochMicros(out, values[row]));
    }
    case 'epoch-days': {
      const { epochDays } = encoder;
      return epochDays && ((row) => epochDays(out, values[row]));
    }
  }
}
