/** Keeps the rows of one table apart in one unique key. */
import { createHash } from 'node:crypto';
import type { Predicate, ColumnReader } from './expression.ts';

/**
 * Remembers the keys taken so far, as 48-bit digests: two different keys that share one would only cost a redraw.
 * Memory: about 40 bytes a row, or a row of one parent where the key contains the context reference (`forget`).
 */
export class UniqueGuard {
  readonly name: string;
  readonly columns: readonly string[];
  /** Columns count without regard to case (`lower(email)`). */
  readonly folded: boolean;
  readonly nullsDistinct: boolean;
  readonly #predicate: Predicate | null;
  readonly #taken = new Set<number>();

  constructor(
    name: string,
    columns: readonly string[],
    options: { folded: boolean; nullsDistinct: boolean; predicate: Predicate | null },
  ) {
    this.name = name;
    this.columns = columns;
    this.folded = options.folded;
    this.nullsDistinct = options.nullsDistinct;
    this.#predicate = options.predicate;
  }

  /** The digest that the row would take; null if the key does not apply to it. */
  digestOf(text: (column: string) => string | null, read: ColumnReader): number | null {
    if (this.#predicate !== null && this.#predicate(read) !== true) return null;
    let key = '';
    for (const column of this.columns) {
      const part = text(column);
      if (part === null) {
        if (this.nullsDistinct) return null;
        key += '-';
        continue;
      }
      key += `${part.length}:${this.folded ? part.toLowerCase() : part}`;
    }
    return createHash('md5').update(key).digest().readUIntBE(0, 6);
  }

  isTaken(digest: number | null): boolean {
    return digest !== null && this.#taken.has(digest);
  }

  /** Starts anew: rows of another parent cannot clash with those before. */
  forget(): void {
    this.#taken.clear();
  }

  take(digest: number | null): void {
    if (digest !== null) this.#taken.add(digest);
  }
}
