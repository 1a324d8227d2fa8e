/** Keeps the rows of one table apart in one unique key. */
import { createHash } from 'node:crypto';
import { DigestSet } from './digest-set.ts';
import type { ColumnReader, Datum, Predicate } from './expression.ts';
import { datumText } from './expression/operators.ts';

/** One position of a key. */
export type KeyPart =
  | { readonly column: string; readonly canonical: (text: string) => string }
  | { readonly column: null; readonly value: (read: ColumnReader) => Datum };

export interface UniqueKeyOptions {
  readonly nullsDistinct: boolean;
  readonly predicate: Predicate | null;
}

/**
 * Remembers the keys taken so far, as 48-bit digests: two different keys that share one would only cost a redraw.
 * Memory: 11 to 22 bytes a row, or a row of one parent where the key contains the context reference (`forget`).
 */
export class UniqueGuard {
  readonly name: string;
  readonly nullsDistinct: boolean;
  /** Plain columns, then those that expressions read. */
  readonly columns: readonly string[];
  readonly #parts: readonly KeyPart[];
  readonly #predicate: Predicate | null;
  readonly #taken = new DigestSet();

  constructor(name: string, parts: readonly KeyPart[], columns: readonly string[], options: UniqueKeyOptions) {
    this.name = name;
    this.columns = columns;
    this.nullsDistinct = options.nullsDistinct;
    this.#parts = parts;
    this.#predicate = options.predicate;
  }

  /** Whether it holds for some rows only. */
  get isPartial(): boolean {
    return this.#predicate !== null;
  }

  /** The digest that the row would take; null if the key does not apply to it. */
  digestOf(text: (column: string) => string | null, read: ColumnReader): number | null {
    if (this.#predicate !== null && this.#predicate(read) !== true) return null;
    let key = '';
    for (const part of this.#parts) {
      const value = part.column === null ? orNull(part.value(read)) : text(part.column);
      if (value === null) {
        if (this.nullsDistinct) return null;
        key += '-';
        continue;
      }
      const own = part.column === null ? value : part.canonical(value);
      key += `${own.length}:${own}`;
    }
    return digest(key);
  }

  isTaken(taken: number | null): boolean {
    return taken !== null && this.#taken.has(taken);
  }

  /** Starts anew: rows of another parent cannot clash with those before. */
  forget(): void {
    this.#taken.clear();
  }

  take(taken: number | null): void {
    if (taken !== null) this.#taken.add(taken);
  }
}

function orNull(value: Datum): string | null {
  return value === null ? null : datumText(value);
}

/** 48 bits. */
export function digest(text: string): number {
  return createHash('md5').update(text).digest().readUIntBE(0, 6);
}
