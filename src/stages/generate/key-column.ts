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

/** Values as they were made or copied; grows with the table. */
export class StoredKey implements KeyColumn {
  readonly #values: (string | null)[] = [];

  push(value: string | null): void {
    this.#values.push(value);
  }

  textAt(row: number): string {
    return this.#values[row]!;
  }

  isNull(row: number): boolean {
    // A row that is not made yet has no value to be referenced.
    return (this.#values[row] ?? null) === null;
  }
}
