/**
 * Sequences after a load: each goes on behind the extremes of the columns that draw from it, on its own lattice
 * (start + k × increment), since applications share a table by odd and even numbers.
 */
import type { Catalog, QualifiedName, SequenceFacts, TableFacts } from '../connector.ts';
import { tableId } from '../connector.ts';
import { queryRows } from './client.ts';
import type { PostgresClient } from './client.ts';
import { withAllRowsVisible } from './row-visibility.ts';
import { quoteIdent, quoteLiteral, quoteName } from './sql-text.ts';

/** The second and third arguments of `setval`. */
export interface SequencePosition {
  readonly value: bigint;
  readonly isCalled: boolean;
}

/** `setval` for every sequence of the catalog. Throws `LOAD_FAILED`, `CONNECT_LOST`. */
export async function setSequences(client: PostgresClient, catalog: Catalog): Promise<void> {
  if (catalog.sequences.length === 0) return;
  const extremes = await withAllRowsVisible(client, catalog, () => readExtremes(client, catalog));
  const calls = catalog.sequences.map((sequence) => {
    const { value, isCalled } = sequencePosition(sequence, extremes.get(tableId(sequence.name)) ?? null);
    return `setval(${quoteLiteral(quoteName(sequence.name))}::regclass, ${value}, ${isCalled})`;
  });
  // A SELECT list holds 1,664 columns at most.
  for (let i = 0; i < calls.length; i += 500) {
    await queryRows(client, `SELECT ${calls.slice(i, i + 500).join(', ')}`, [], {
      doing: 'setting the sequences',
      otherwise: 'LOAD_FAILED',
    });
  }
}

/**
 * Where the sequence has to stand, given the extreme value in its columns (the largest, or for a negative increment the
 * smallest), or null for none. What no column uses stays where it was in the source. Pure.
 */
export function sequencePosition(sequence: SequenceFacts, extreme: bigint | null): SequencePosition {
  const [start, step, low, high] = [sequence.start, sequence.increment, sequence.minimum, sequence.maximum].map(BigInt);
  const fresh: SequencePosition = { value: start, isCalled: false };
  if (sequence.usedBy.length === 0 || extreme === null) {
    return sequence.lastValue === null ? fresh : { value: BigInt(sequence.lastValue), isCalled: true };
  }
  const distance = step > 0n ? extreme - start : start - extreme;
  if (distance < 0n) return fresh; // all rows lie before its start
  const stride = step > 0n ? step : -step;
  const steps = (distance + stride - 1n) / stride;
  const value = start + steps * step;
  // Beyond its range it can only stand at the end.
  return { value: value > high ? high : value < low ? low : value, isCalled: true };
}

/** By sequence: the extreme over all columns that draw from it; absent where they are empty. One query a table. */
export async function readExtremes(client: PostgresClient, catalog: Catalog): Promise<ReadonlyMap<string, bigint>> {
  const tables = new Map(catalog.tables.map((table) => [tableId(table.name), table]));
  const wanted = new Map<
    string,
    { readonly table: QualifiedName; readonly of: { sequence: string; expression: string; upwards: boolean }[] }
  >();
  for (const sequence of catalog.sequences) {
    const upwards = BigInt(sequence.increment) > 0n;
    for (const { table, column } of sequence.usedBy) {
      if (!isNumber(tables.get(tableId(table)), column)) continue;
      const uses = wanted.get(tableId(table)) ?? { table, of: [] };
      wanted.set(tableId(table), uses);
      const ident = quoteIdent(column);
      uses.of.push({
        sequence: tableId(sequence.name),
        upwards,
        expression: upwards ? `ceil(max(${ident})::numeric)` : `floor(min(${ident})::numeric)`,
      });
    }
  }
  const extremes = new Map<string, bigint>();
  for (const { table, of } of wanted.values()) {
    const list = of.map(({ expression }, i) => `${expression} AS e${i}`).join(', ');
    const [row] = await queryRows(client, `SELECT ${list} FROM ${quoteName(table)}`, [], {
      doing: `reading the extremes of ${tableId(table)}`,
      otherwise: 'LOAD_FAILED',
    });
    for (const [i, { sequence, upwards }] of of.entries()) {
      const text = row[`e${i}`];
      if (text === null || !/^-?\d+$/.test(text)) continue; // empty, or an infinity that no sequence can follow
      const value = BigInt(text);
      const before = extremes.get(sequence);
      if (before === undefined || (upwards ? value > before : value < before)) extremes.set(sequence, value);
    }
  }
  return extremes;
}

/** A default may build a text around a sequence's value; then there is no extreme to follow. */
function isNumber(table: TableFacts | undefined, column: string): boolean {
  const found = table?.columns.find(({ name }) => name === column);
  return found !== undefined && ['integer', 'decimal', 'float'].includes(found.type.class);
}
