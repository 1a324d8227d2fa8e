/**
 * PostgreSQL's text COPY format: for tables with a type that has no binary encoder. The server parses every value, so
 * it takes longer than the binary form. Source: PostgreSQL manual, COPY, "Text Format".
 */
import type { RowBlock } from '../../src/kernel/rows.ts';
import { textAt } from '../../src/kernel/rows.ts';
import { vectorsOf } from './copy-format.ts';
import type { CopyColumn, CopyWriter } from './copy-format.ts';

/** UTF-16 units gathered before they become a chunk. */
const CHUNK_UNITS = 128 * 1024;

export function textCopyWriter(columns: readonly CopyColumn[]): CopyWriter {
  return new TextCopyWriter(columns);
}

class TextCopyWriter implements CopyWriter {
  readonly format = 'text';
  private readonly columns: readonly CopyColumn[];
  private pending = '';

  constructor(columns: readonly CopyColumn[]) {
    this.columns = columns;
  }

  *write(block: RowBlock): Iterable<Buffer> {
    const vectors = vectorsOf(block, this.columns);
    for (let row = 0; row < block.rowCount; row += 1) {
      for (let c = 0; c < vectors.length; c += 1) {
        const text = textAt(vectors[c], row);
        this.pending += (c === 0 ? '' : '\t') + (text === null ? '\\N' : escaped(text));
      }
      this.pending += '\n';
      if (this.pending.length >= CHUNK_UNITS) yield this.take();
    }
  }

  finish(): Buffer {
    return this.take();
  }

  private take(): Buffer {
    const chunk = Buffer.from(this.pending);
    this.pending = '';
    return chunk;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escaped(text: string): string {
  return /[\\\t\n\r]/.test(text) ? text.replace(/[\\\t\n\r]/g, (char) => ESCAPES[char]) : text;
}
