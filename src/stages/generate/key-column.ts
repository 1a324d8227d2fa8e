/** Values of columns that other tables reference, by row number. */
export interface KeyColumn {
  textAt(row: number): string;
  /** NULL parts of a referenced unique key cannot be referenced. */
  isNull(row: number): boolean;
}

/** start + step × row: needs no memory. */
export function serialKey(start: number, step: number): KeyColumn {
  return { textAt: (row) => String(start + step * row), isNull: () => false };
}

/** Rows of a packed chunk. */
const CHUNK_ROWS = 4096;
/** Chunks with fewer different values than this keep each once. */
const DICTIONARY_LIMIT = 256;

/**
 * Values as they were made or copied, for random access.
 *
 * Memory: the text's bytes and 4 a row, or 1 byte a row where a chunk has few different values. A list of strings
 * would take three times as much, and the collector would look through it again and again.
 */
export class StoredKey implements KeyColumn {
  readonly #chunks: KeyColumn[] = [];
  /** Rows after the last whole chunk. */
  #recent: (string | null)[] = [];

  push(value: string | null): void {
    this.#recent.push(value);
    if (this.#recent.length < CHUNK_ROWS) return;
    this.#chunks.push(pack(this.#recent));
    this.#recent = [];
  }

  textAt(row: number): string {
    const chunk = this.#chunks[Math.floor(row / CHUNK_ROWS)];
    return chunk === undefined ? this.#recent[row - this.#firstRecent]! : chunk.textAt(row % CHUNK_ROWS);
  }

  isNull(row: number): boolean {
    const chunk = this.#chunks[Math.floor(row / CHUNK_ROWS)];
    // A row that is not made yet has no value to be referenced.
    return chunk === undefined
      ? (this.#recent[row - this.#firstRecent] ?? null) === null
      : chunk.isNull(row % CHUNK_ROWS);
  }

  get #firstRecent(): number {
    return this.#chunks.length * CHUNK_ROWS;
  }
}

function pack(values: readonly (string | null)[]): KeyColumn {
  const codes = new Map<string | null, number>();
  for (const value of values) {
    if (!codes.has(value)) codes.set(value, codes.size);
    if (codes.size > DICTIONARY_LIMIT) return packBytes(values);
  }
  const dictionary = [...codes.keys()];
  const coded = Uint8Array.from(values, (value) => codes.get(value)!);
  return { textAt: (row) => dictionary[coded[row]]!, isNull: (row) => dictionary[coded[row]] === null };
}

function packBytes(values: readonly (string | null)[]): KeyColumn {
  const text = values.map((value) => value ?? '').join('');
  // One byte a character where that is enough: then a part can be read without decoding the whole.
  const encoding = /^[\0-\xff]*$/.test(text) ? 'latin1' : 'utf8';
  const bytes = Buffer.from(text, encoding);
  const ends = new Uint32Array(values.length);
  let end = 0;
  values.forEach((value, row) => (ends[row] = end += value === null ? 0 : Buffer.byteLength(value, encoding)));
  const nulls = new Set(values.flatMap((value, row) => (value === null ? [row] : [])));
  return {
    textAt: (row) => bytes.toString(encoding, row === 0 ? 0 : ends[row - 1], ends[row]),
    isNull: (row) => nulls.has(row),
  };
}
