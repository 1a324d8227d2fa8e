/**
 * PostgreSQL's text COPY format, parsed into column-major batches as it streams in.
 * Source: PostgreSQL documentation, COPY, "Text Format".
 */
import { isAscii } from 'node:buffer';
import type { RowBatch } from '../connector.ts';

const TAB = 9;
const NEWLINE = 10;
const BACKSLASH = 92;
const UPPER_N = 78;
/** V8 copies shorter slices; longer ones would keep their whole chunk alive in whoever keeps the value. */
const COPIED_SLICE_LENGTH = 13;

/** A batch ends with the row that reaches either. */
const BATCH_ROWS = 2000;
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Takes chunks, gives batches. Memory: one batch, and the unfinished row at a chunk's end.
 * `columnCount` 0 is a table without columns: every line is an empty row.
 */
export class CopyTextParser {
  private readonly columnCount: number;
  private columns: (string | null)[][];
  private rowCount = 0;
  private byteCount = 0;
  private rest: Buffer | null = null;

  constructor(columnCount: number) {
    this.columnCount = columnCount;
    this.columns = emptyColumns(columnCount);
  }

  /** Yields each batch that the chunk completes. */
  *push(chunk: Buffer): Generator<RowBatch> {
    const data = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    const end = data.lastIndexOf(NEWLINE) + 1;
    this.rest = end === data.length ? null : data.subarray(end);
    const ascii = isAscii(data.subarray(0, end)) ? data.toString('latin1', 0, end) : null;
    for (let at = 0; at < end;) {
      const next = this.readRow(data, ascii, at);
      this.rowCount += 1;
      this.byteCount += next - at;
      at = next;
      if (this.rowCount >= BATCH_ROWS || this.byteCount >= BATCH_BYTES) yield this.take();
    }
  }

  /** The last batch, if any row is left. */
  *finish(): Generator<RowBatch> {
    if (this.rowCount > 0) yield this.take();
  }

  private take(): RowBatch {
    const batch = { rowCount: this.rowCount, columns: this.columns };
    this.columns = emptyColumns(this.columnCount);
    this.rowCount = 0;
    this.byteCount = 0;
    return batch;
  }

  /** Reads the row that starts at `start`; returns where the next one starts. */
  private readRow(data: Buffer, ascii: string | null, start: number): number {
    const { columns } = this;
    let column = 0;
    let from = start;
    let escaped = false;
    for (let at = start; ; at += 1) {
      const byte = data[at];
      if (byte === BACKSLASH) {
        escaped = true;
        at += 1; // whatever follows belongs to the escape
      } else if (byte === TAB || byte === NEWLINE) {
        if (column < columns.length)
          columns[column].push(escaped ? escapedField(data, from, at) : plainField(data, ascii, from, at));
        if (byte === NEWLINE) return at + 1;
        column += 1;
        from = at + 1;
        escaped = false;
      }
    }
  }
}

function emptyColumns(count: number): (string | null)[][] {
  return Array.from({ length: count }, () => []);
}

function plainField(data: Buffer, ascii: string | null, from: number, to: number): string {
  if (ascii === null) return data.toString('utf8', from, to);
  return to - from < COPIED_SLICE_LENGTH ? ascii.slice(from, to) : data.toString('latin1', from, to);
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function escapedField(data: Buffer, from: number, to: number): string | null {
  if (to - from === 2 && data[from + 1] === UPPER_N) return null;
  return data.toString('utf8', from, to).replace(/\\(.)/gs, (_: string, char: string) => ESCAPES[char] ?? char);
}
