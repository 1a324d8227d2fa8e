/**
 * Rows on their way from `generate` through `mask` to `load`: blocks of columns, in the neutral value forms that
 * every connector can encode. In all forms `nulls[i] === 1` means NULL (the value beside it is then meaningless).
 */
export type ColumnVector =
  /** The server's own text form of the value (ISO dates, UTC, `{…}` arrays, `\x…` bytes); fits every type. */
  | { readonly form: 'text'; readonly values: (string | null)[] }
  /** Integers (|x| < 2⁵³), floats, decimals whose text is `toFixed(decimals)`; booleans as 0/1. */
  | { readonly form: 'number'; readonly values: Float64Array; readonly nulls: Uint8Array; readonly decimals?: number }
  /** Microseconds since 1970-01-01T00:00:00Z: timestamp and timestamptz. */
  | { readonly form: 'epoch-micros'; readonly values: Float64Array; readonly nulls: Uint8Array }
  /** Days since 1970-01-01: date. */
  | { readonly form: 'epoch-days'; readonly values: Float64Array; readonly nulls: Uint8Array }
  /** Not yet made: `mask` must replace it; only where it is null is decided. */
  | { readonly form: 'masked'; readonly nulls: Uint8Array };

/** Consecutive rows of one table. */
export interface RowBlock {
  /** `tableId` of the table. */
  readonly table: string;
  /** Number of the first row, from 0; a row's number never depends on the block size. */
  readonly firstRow: number;
  readonly rowCount: number;
  /** By column name; generated columns are left out. */
  readonly columns: Map<string, ColumnVector>;
}

/** Whether row `i` of the vector is NULL. */
export function isNullAt(vector: ColumnVector, i: number): boolean {
  return vector.form === 'text' ? vector.values[i] === null : vector.nulls[i] === 1;
}

/**
 * The server's text form of one value, or null.
 * Throws: nothing; a `masked` vector gives null.
 */
export function textAt(vector: ColumnVector, i: number): string | null {
  switch (vector.form) {
    case 'text':
      return vector.values[i];
    case 'masked':
      return null;
    case 'number': {
      if (vector.nulls[i]) return null;
      const value = vector.values[i];
      return vector.decimals === undefined ? String(value) : value.toFixed(vector.decimals);
    }
    case 'epoch-days':
      return vector.nulls[i] ? null : isoDate(vector.values[i] * 86_400_000);
    case 'epoch-micros': {
      if (vector.nulls[i]) return null;
      const millis = Math.floor(vector.values[i] / 1000);
      const micros = vector.values[i] - millis * 1000;
      const date = new Date(millis);
      const fraction = String(date.getUTCMilliseconds() * 1000 + micros).padStart(6, '0');
      const [day, era] = isoDate(millis).split(' ');
      return `${day} ${date.toISOString().slice(-13, -5)}.${fraction}${era === undefined ? '' : ` ${era}`}`;
    }
  }
}

/** `YYYY-MM-DD` for years 1–9999, with ` BC` for earlier ones (PostgreSQL's form). */
function isoDate(millis: number): string {
  const date = new Date(millis);
  const year = date.getUTCFullYear();
  const era = year <= 0 ? ' BC' : '';
  const shown = year <= 0 ? 1 - year : year;
  const pad = (n: number, width: number): string => String(n).padStart(width, '0');
  return `${pad(shown, 4)}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}${era}`;
}
