import type { QualifiedName } from '../../../connectors/connector.ts';
import { tableId } from '../../../connectors/connector.ts';
import type { ColumnVector, RowBlock } from '../../kernel/rows.ts';

/** A value of a sample row; texts are in the server's own form. */
export type Cell = string | number | boolean | null;

const BLOCK_ROWS = 4096;

/** Rows of one table of the sample database, in memory, in key order. */
export class SampleTable<Row extends object> {
  readonly name: QualifiedName;
  readonly rows: Row[] = [];

  constructor(qualified: string) {
    const [schema, name] = qualified.split('.');
    this.name = { schema, name };
  }

  add(row: Row): Row {
    this.rows.push(row);
    return row;
  }

  async *blocks(): AsyncGenerator<RowBlock> {
    const columns = Object.keys(this.rows[0] ?? {}) as (keyof Row & string)[];
    for (let firstRow = 0; firstRow < this.rows.length; firstRow += BLOCK_ROWS) {
      const rows = this.rows.slice(firstRow, firstRow + BLOCK_ROWS);
      const vectors = columns.map((column): [string, ColumnVector] => [
        column,
        { form: 'text', values: rows.map((row) => cellText(row[column] as Cell)) },
      ]);
      yield { table: tableId(this.name), firstRow, rowCount: rows.length, columns: new Map(vectors) };
    }
  }
}

function cellText(cell: Cell): string | null {
  if (typeof cell === 'boolean') return cell ? 't' : 'f';
  return cell === null ? null : String(cell);
}

/** `12.30` of 1230 cents. */
export function money(cents: number): string {
  return (cents / 100).toFixed(2);
}

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

export function dateText(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10);
}

export function timestampText(millis: number): string {
  return new Date(millis).toISOString();
}

/** An array of plain words in the server's form. */
export function arrayText(words: readonly string[]): string {
  return `{${words.map((word) => `"${word}"`).join(',')}}`;
}
