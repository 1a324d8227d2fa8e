/**
 * One consistent, read-only view over one connection: a REPEATABLE READ transaction. Operations wait for each other;
 * each runs in a savepoint, so that one that fails, or is left early, does not cost the view.
 */
import { createHash } from 'node:crypto';
import { to as copyTo } from 'pg-copy-streams';
import { tableId } from '../connector.ts';
import type { ForeignKeyFacts, QualifiedName, RowBatch, RowQuery, Snapshot, SourceLimits } from '../connector.ts';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { closeClient, connectClient, queryRows, serverName } from './client.ts';
import type { PostgresClient, PostgresConfig } from './client.ts';
import { CopyTextParser } from './copy-text.ts';
import { isRecoveryConflict, translateDriverError } from './driver-errors.ts';
import type { ErrorContext } from './driver-errors.ts';
import { countRows, degrees, orderedRows, selectRows } from './row-query.ts';
import type { TableShape } from './row-query.ts';
import { quoteLiteral } from './sql-text.ts';

/**
 * A view of the database that `config` names; `limits` where it is production, which must not be burdened.
 * `control` is another session there, through which a read that is left early is cancelled; else one is opened for it.
 */
export async function openPostgresSnapshot(
  config: PostgresConfig,
  limits: SourceLimits | null = null,
  control: PostgresClient | null = null,
): Promise<Snapshot> {
  return new PostgresSnapshot(config, limits, control, await openView(config, limits));
}

/** Opens a session, and in it the transaction; its first statement fixes what is seen. */
async function openView(config: PostgresConfig, limits: SourceLimits | null): Promise<PostgresClient> {
  const client = await connectClient(config, 'source', snapshotSettings(limits));
  try {
    await queryRows(client, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1', [], {
      doing: 'opening the snapshot',
      server: serverName(config),
    });
    return client;
  } catch (error) {
    await closeClient(client);
    throw error;
  }
}

/** The server ends a snapshot that its client has forgotten: old snapshots keep production from vacuuming. */
export function snapshotSettings(limits: SourceLimits | null): Readonly<Record<string, string>> {
  if (limits === null) return { statement_timeout: '0', lock_timeout: '0', idle_in_transaction_session_timeout: '0' };
  return {
    statement_timeout: String(Math.round(limits.statementTimeoutMs)),
    idle_in_transaction_session_timeout: String(Math.round(limits.maxSnapshotMinutes * 60_000)),
  };
}

class PostgresSnapshot implements Snapshot {
  private readonly config: PostgresConfig;
  private readonly limits: SourceLimits | null;
  private readonly control: PostgresClient | null;
  private client: PostgresClient;
  private readonly shapes = new Map<string, TableShape>();
  /** The operation in progress; the next one starts when it settles. */
  private busy: Promise<unknown> = Promise.resolve();
  /** Whether anything was handed out: before that, another view is as good as this one. */
  private used = false;
  private expired = false;
  private readonly timer: NodeJS.Timeout | null;

  constructor(
    config: PostgresConfig,
    limits: SourceLimits | null,
    control: PostgresClient | null,
    client: PostgresClient,
  ) {
    this.config = config;
    this.limits = limits;
    this.control = control;
    this.client = client;
    this.timer = limits === null ? null : setTimeout(() => this.expire(), limits.maxSnapshotMinutes * 60_000).unref();
  }

  countRows(table: QualifiedName): Promise<number> {
    return this.exclusively(counting(table), async () => {
      await this.learnShapes([table]);
      const [row] = await this.rows<{ count: string }>(countRows(table, this.shapeOf), counting(table));
      return Number(row.count);
    });
  }

  async *readRows(query: RowQuery): AsyncGenerator<RowBatch, void, undefined> {
    const release = await this.acquire();
    const context = reading(query.table);
    try {
      await this.retryingConflict(() => this.learnShapes(tablesOf(query)), context);
      const parser = new CopyTextParser(query.columns.length);
      for await (const chunk of this.copy(selectRows(query, this.shapeOf), context)) yield* parser.push(chunk);
      yield* parser.finish();
    } finally {
      release();
    }
  }

  degreeHistogram(table: QualifiedName, key: ForeignKeyFacts): Promise<readonly (readonly [number, number])[]> {
    const context = counting(table);
    return this.exclusively(context, async () => {
      await this.learnShapes([table, key.referencedTable]);
      const rows = await this.rows<{ children: string; parents: string }>(degrees(table, key, this.shapeOf), context);
      return rows
        .map(({ children, parents }) => [Number(children), Number(parents)] as const)
        .filter(([, parents]) => parents > 0)
        .sort(([a], [b]) => a - b);
    });
  }

  checksum(table: QualifiedName): Promise<string> {
    const context = reading(table);
    return this.exclusively(context, async () => {
      await this.learnShapes([table]);
      const hash = createHash('sha256');
      for await (const chunk of this.copy(orderedRows(table, this.shapeOf), context)) hash.update(chunk);
      return hash.digest('hex');
    });
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    await closeClient(this.client);
  }

  // ---------------------------------------------------------------------------------------------- one at a time

  /** Waits for its turn; the caller must call what it gets. */
  private async acquire(): Promise<() => void> {
    const before = this.busy;
    let release = (): void => {};
    this.busy = new Promise<void>((resolve) => {
      release = resolve;
    });
    await before;
    return release;
  }

  private async exclusively<T>(context: ErrorContext, work: () => Promise<T>): Promise<T> {
    const release = await this.acquire();
    try {
      return await this.retryingConflict(work, context);
    } finally {
      release();
    }
  }

  /** A standby's first conflict costs nothing as long as nothing was seen: a new view is opened, once. */
  private async retryingConflict<T>(work: () => Promise<T>, context: ErrorContext): Promise<T> {
    const wasUsed = this.used;
    try {
      return await work();
    } catch (error) {
      if (wasUsed || !isRecoveryConflict(error)) throw this.explained(error, context);
      await closeClient(this.client);
      this.client = await openView(this.config, this.limits);
      return await work();
    }
  }

  private async rows<Row extends object>(sql: string, context: ErrorContext): Promise<readonly Row[]> {
    try {
      await queryRows(this.client, 'SAVEPOINT read', [], context);
      const rows = await queryRows<Row>(this.client, sql, [], context);
      this.used = true;
      return rows;
    } catch (error) {
      throw this.explained(error, context);
    } finally {
      await this.backToSavepoint();
    }
  }

  /** As if the operation had not been; where the connection is gone, the operation's own error says so. */
  private async backToSavepoint(): Promise<void> {
    await this.client.query('ROLLBACK TO SAVEPOINT read; RELEASE SAVEPOINT read').catch(() => {});
  }

  /** Streams what the query gives, in COPY's text format. Left early, the query is cancelled on the server. */
  private async *copy(select: string, context: ErrorContext): AsyncGenerator<Buffer, void, undefined> {
    await queryRows(this.client, 'SAVEPOINT read', [], context).catch((error: unknown) => {
      throw this.explained(error, context);
    });
    const stream = this.client.query(copyTo(`COPY (${select}) TO STDOUT`, { highWaterMark: 256 * 1024 }));
    const ended = new Promise<void>((resolve) => {
      stream.once('end', resolve);
      stream.once('error', () => resolve());
    });
    let complete = false;
    try {
      for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        this.used = true;
        yield chunk;
      }
      complete = true;
    } catch (error) {
      complete = true;
      throw this.explained(error, context);
    } finally {
      if (!complete) await this.cancel(stream, ended);
      await this.backToSavepoint();
    }
  }

  private async cancel(stream: NodeJS.ReadableStream, ended: Promise<void>): Promise<void> {
    stream.on('error', () => {});
    stream.resume();
    const { processID } = this.client as unknown as { processID: number };
    try {
      const other = this.control ?? (await connectClient(this.config, 'source'));
      await queryRows(other, `SELECT pg_catalog.pg_cancel_backend(${processID})`);
      if (other !== this.control) await closeClient(other);
    } catch {
      // No second connection to be had: the rest is read and thrown away.
    }
    await ended;
  }

  private expire(): void {
    this.expired = true;
    void closeClient(this.client);
  }

  private explained(error: unknown, context: ErrorContext): UnderstudyError {
    const limits = this.limits;
    if (this.expired && limits !== null) {
      return new UnderstudyError(
        'CONNECT_TIMEOUT',
        `The snapshot reached its limit of ${limits.maxSnapshotMinutes} minutes while ${context.doing}, and was closed.`,
        {
          hint: 'Raise source.maxSnapshotMinutes, or read from a standby.',
          cause: error,
        },
      );
    }
    return translateDriverError(error, { ...context, server: serverName(this.config) });
  }

  // ---------------------------------------------------------------------------------------------- shapes

  private readonly shapeOf = (table: QualifiedName): TableShape => {
    const shape = this.shapes.get(tableId(table));
    if (shape === undefined) throw new Error('the shape of a table is learned before its SQL is written');
    return shape;
  };

  private async learnShapes(tables: readonly QualifiedName[]): Promise<void> {
    for (const table of tables) {
      if (!this.shapes.has(tableId(table))) this.shapes.set(tableId(table), await this.readShape(table));
    }
  }

  private async readShape(table: QualifiedName): Promise<TableShape> {
    const context = reading(table);
    const [row] = await this.rows<{ shape: string }>(
      `
      SELECT json_build_object(
        'hasChildren', c.relkind = 'r' AND c.relhassubclass,
        'columns', (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
                     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        'types', (SELECT coalesce(json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)), '{}') FROM pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        'primaryKey', (SELECT coalesce(json_agg(a.attname ORDER BY k.position), '[]')
                         FROM pg_index i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, position)
                         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
                        WHERE i.indrelid = c.oid AND i.indisprimary AND k.position <= i.indnkeyatts)) AS shape
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = ${quoteLiteral(table.schema)} AND c.relname = ${quoteLiteral(table.name)}`,
      context,
    );
    if (row !== undefined) return JSON.parse(row.shape) as TableShape;
    throw new UnderstudyError(
      'CONNECT_QUERY_FAILED',
      `There is no table ${tableId(table)} in this database; it cannot be read.`,
      {
        hint: 'Introspect the database again.',
      },
    );
  }
}

function tablesOf(query: RowQuery): readonly QualifiedName[] {
  return query.semiJoin === undefined ? [query.table] : [query.table, ...tablesOf(query.semiJoin.other)];
}

function reading(table: QualifiedName): ErrorContext {
  return { doing: `reading ${tableId(table)}`, denied: 'INTROSPECT_NO_SELECT' };
}

function counting(table: QualifiedName): ErrorContext {
  return { doing: `counting ${tableId(table)}`, denied: 'INTROSPECT_NO_SELECT' };
}
