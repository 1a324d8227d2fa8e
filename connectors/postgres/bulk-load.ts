/**
 * Rows into a table by COPY: binary where every column has an encoder, else text. The server's pace is ours: at most
 * one chunk is on its way while the next is being made.
 */
import { from as copyFrom } from 'pg-copy-streams';
import type { CopyStreamQuery } from 'pg-copy-streams';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import type { RowBlock } from '../../src/kernel/rows.ts';
import { tableId } from '../connector.ts';
import type { QualifiedName, TableFacts } from '../connector.ts';
import { binaryCopyWriter } from './binary-copy.ts';
import { queryRows } from './client.ts';
import type { PostgresClient } from './client.ts';
import type { CopyColumn } from './copy-format.ts';
import { driverCode, translateDriverError } from './driver-errors.ts';
import type { ErrorContext } from './driver-errors.ts';
import { quoteIdent, quoteLiteral, quoteName } from './sql-text.ts';
import { textCopyWriter } from './text-copy.ts';

export interface LoadOptions {
  /**
   * `FREEZE` writes rows as VACUUM would leave them. The server allows it to a transaction that made or emptied the
   * table, so a plain table that is empty and not referenced is emptied first. Default true: wherever that holds.
   */
  readonly freeze?: boolean;
}

/**
 * Appends the blocks' rows to the table, in the client's open transaction, else in one of its own: all of them or, where
 * it throws, none. Columns that the blocks do not have get their defaults. Returns the number of rows that the server
 * took.
 * Throws `LOAD_CONSTRAINT_REJECTED`, `LOAD_FAILED`, `TARGET_TOO_SMALL`, `CONNECT_LOST`, and what the blocks throw.
 */
export async function copyRows(
  client: PostgresClient,
  table: TableFacts,
  blocks: AsyncIterable<RowBlock>,
  options: LoadOptions = {},
): Promise<number> {
  const iterator = blocks[Symbol.asyncIterator]();
  const load = async (): Promise<number> => {
    const first = await iterator.next();
    if (first.done) return 0;
    const frozen = (options.freeze ?? true) && (await makeFresh(client, table.name));
    return copyBlocks(client, table, first.value, iterator, frozen);
  };
  try {
    return client.getTransactionStatus() === 'T' ? await load() : await inOwnTransaction(client, table.name, load);
  } finally {
    // Not awaited: a producer that is stuck must not hide why the load ended.
    iterator.return?.().catch(() => {});
  }
}

async function inOwnTransaction(
  client: PostgresClient,
  table: QualifiedName,
  load: () => Promise<number>,
): Promise<number> {
  try {
    await queryRows(client, 'BEGIN ISOLATION LEVEL READ COMMITTED', [], loading(table));
    const rowCount = await load();
    await queryRows(client, 'COMMIT', [], loading(table));
    return rowCount;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/** Empties the table if it is empty, which permits `FREEZE` to this transaction. Returns whether it did. */
async function makeFresh(client: PostgresClient, table: QualifiedName): Promise<boolean> {
  const name = quoteName(table);
  const isFresh = async (): Promise<boolean> => {
    const [row] = await queryRows<{ fresh: string }>(
      client,
      `SELECT (c.relkind = 'r' AND current_setting('transaction_isolation') = 'read committed'
               AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid = c.oid)
               AND NOT EXISTS (SELECT FROM ONLY ${name}))::int AS fresh
         FROM pg_class c WHERE c.oid = ${quoteLiteral(name)}::regclass`,
      [],
      loading(table),
    );
    return row.fresh === '1';
  };
  if (!(await isFresh())) return false;
  // Asked again under the lock: another session may have filled it meanwhile.
  await queryRows(client, `LOCK TABLE ONLY ${name} IN ACCESS EXCLUSIVE MODE`, [], loading(table));
  if (!(await isFresh())) return false;
  await queryRows(client, `TRUNCATE TABLE ONLY ${name}`, [], loading(table));
  return true;
}

async function copyBlocks(
  client: PostgresClient,
  table: TableFacts,
  first: RowBlock,
  rest: AsyncIterator<RowBlock>,
  frozen: boolean,
): Promise<number> {
  const columns = columnsToLoad(table, first);
  const writer = binaryCopyWriter(columns, await elementOids(client, table.name, columns)) ?? textCopyWriter(columns);
  const settings = [`FORMAT ${writer.format}`, ...(frozen ? ['FREEZE'] : [])].join(', ');
  const names = columns.map(({ name }) => quoteIdent(name)).join(', ');
  // A table may have no columns at all; a list of none is no list.
  const list = columns.length === 0 ? '' : ` (${names})`;
  const copy = new CopyIn(client, `COPY ${quoteName(table.name)}${list} FROM STDIN WITH (${settings})`);
  let rowCount = 0;
  try {
    for (let block = first; ;) {
      for (const chunk of writer.write(block)) await copy.write(chunk);
      rowCount += block.rowCount;
      const next = await copy.meanwhile(rest.next());
      if (next.done) break;
      block = next.value;
    }
    await copy.write(writer.finish());
    const taken = await copy.end();
    if (taken !== rowCount) throw wrongCount(table, rowCount, taken);
    return taken;
  } catch (error) {
    await copy.abort();
    throw copy.failure === undefined ? error : loadError(copy.failure, table, columns);
  }
}

/** The block's columns in the table's order. Throws `LOAD_FAILED` where the block has one that the table does not. */
function columnsToLoad(table: TableFacts, block: RowBlock): readonly CopyColumn[] {
  const known = new Set(table.columns.map(({ name }) => name));
  const unknown = [...block.columns.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new UnderstudyError(
      'LOAD_FAILED',
      `The rows for ${tableId(table.name)} have a column "${unknown}" that the table does not have; nothing was published.`,
      {
        hint: 'Learn the model again from the present source.',
        data: { table: tableId(table.name), column: unknown },
      },
    );
  }
  return table.columns.filter(({ name, generated }) => generated === null && block.columns.has(name));
}

/** Object ids of the element types of array columns, as the target has them: an enum's id differs between databases. */
async function elementOids(
  client: PostgresClient,
  table: QualifiedName,
  columns: readonly CopyColumn[],
): Promise<ReadonlyMap<string, number>> {
  if (!columns.some(({ type }) => type.class === 'array')) return new Map();
  const rows = await queryRows<{ name: string; element: string }>(
    client,
    `
    WITH RECURSIVE base AS (
      SELECT attname, atttypid AS type FROM pg_attribute
       WHERE attrelid = ${quoteLiteral(quoteName(table))}::regclass AND attnum > 0 AND NOT attisdropped
      UNION ALL
      SELECT attname, typbasetype FROM base JOIN pg_type ON oid = type WHERE typtype = 'd')
    SELECT attname AS name, typelem AS element FROM base JOIN pg_type ON oid = type WHERE typcategory = 'A' AND typtype <> 'd'`,
    [],
    loading(table),
  );
  return new Map(rows.map(({ name, element }) => [name, Number(element)]));
}

// ---------------------------------------------------------------------------------------------- the stream

/**
 * One COPY … FROM STDIN as promises: each rejects as soon as the server refuses or is gone, whatever it waits for.
 * (The stream of the library tells of a failure by an `error` event alone, and then calls back no more.)
 */
class CopyIn {
  /** What ended the COPY, if anything did. */
  failure: unknown;
  private readonly stream: CopyStreamQuery;
  private readonly waiting = new Set<(error: unknown) => void>();
  private inFlight: Promise<void> = Promise.resolve();

  constructor(client: PostgresClient, sql: string) {
    this.stream = client.query(copyFrom(sql));
    this.stream.on('error', (error) => this.fail(error));
  }

  /** Sends the chunk once the one before has gone. */
  async write(chunk: Buffer): Promise<void> {
    await this.inFlight;
    if (chunk.length === 0) return;
    this.inFlight = this.meanwhile(
      new Promise((resolve, reject) => {
        this.stream.write(chunk, (error) => (error ? reject(error) : resolve()));
      }),
    );
    this.inFlight.catch(() => {}); // whoever awaits it next is told
  }

  /** Ends the COPY. Returns the count in the server's answer. */
  async end(): Promise<number> {
    await this.inFlight;
    await this.meanwhile(
      new Promise<void>((resolve) => {
        this.stream.end(resolve);
      }),
    );
    return this.stream.rowCount;
  }

  /** The work's result, or the COPY's failure if that comes first. */
  meanwhile<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) {
        work.catch(() => {});
        reject(this.failure);
        return;
      }
      // Taken out again when the work is done: a race with one long-lived promise would keep every block alive.
      this.waiting.add(reject);
      work.then(resolve, reject).finally(() => this.waiting.delete(reject));
    });
  }

  /** Makes the server forget what it got; nothing happens after a failure. */
  async abort(): Promise<void> {
    if (this.failure !== undefined || this.stream.writableFinished) return;
    const closed = new Promise<void>((resolve) => {
      this.stream.once('close', resolve);
    });
    this.stream.removeAllListeners('error').on('error', () => {});
    this.stream.destroy(new Error('the rows could not be produced')); // goes into the server's log
    await closed;
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    for (const reject of this.waiting) reject(error);
    this.waiting.clear();
  }
}

// ---------------------------------------------------------------------------------------------- errors

function loading(table: QualifiedName): ErrorContext {
  return {
    doing: `loading ${tableId(table)}`,
    denied: 'TARGET_RIGHTS_MISSING',
    rejected: 'LOAD_CONSTRAINT_REJECTED',
    otherwise: 'LOAD_FAILED',
  };
}

/** What the server said about the rows: the object's names, never the row. */
function loadError(thrown: unknown, table: TableFacts, columns: readonly CopyColumn[]): UnderstudyError {
  const state = driverCode(thrown) ?? '';
  if (!/^2[23]/.test(state)) return translateDriverError(thrown, loading(table.name));
  const { constraint, column, dataType, where } = thrown as {
    constraint?: string;
    column?: string;
    dataType?: string;
    where?: string;
  };
  const id = tableId(table.name);
  // COPY tells the column of a value that its type refuses only at the end of its context: "…, column price".
  const named =
    column ?? columns.find(({ name }) => new RegExp(`, column ${escapeRegExp(name)}(:|$)`).test(where ?? ''))?.name;
  const place = named === undefined ? id : `${id}.${named}`;
  const by =
    constraint === undefined
      ? state === '23502'
        ? 'NOT NULL'
        : `its type (SQLSTATE ${state})`
      : `constraint ${constraint}${dataType === undefined ? '' : ` of ${dataType}`}`;
  return new UnderstudyError(
    'LOAD_CONSTRAINT_REJECTED',
    `The server rejected generated rows for ${place} by ${by}; nothing was published.`,
    {
      hint: `Give ${place} another strategy or treatment in the configuration, or declare the rule behind it under rules.`,
      data: { table: id, column: named, constraint, sqlState: state },
      cause: thrown,
    },
  );
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function wrongCount(table: TableFacts, sent: number, taken: number): UnderstudyError {
  return new UnderstudyError(
    'LOAD_FAILED',
    `Of ${sent} rows for ${tableId(table.name)} the server took ${taken}; nothing was published.`,
    {
      hint: 'Look for a rule or an event trigger of the target that drops rows.',
      data: { table: tableId(table.name), sent, taken },
    },
  );
}
