/**
 * The one moment in which a target changes: both renames and both marks in one transaction. Nothing is switched off
 * beforehand, so whenever the process dies, the server undoes or keeps the whole of it.
 */
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { checkpoint } from '../../src/kernel/checkpoint.ts';
import { closeClient, connectClient, queryRows } from './client.ts';
import type { PostgresClient, PostgresConfig } from './client.ts';
import { driverCode, translateDriverError } from './driver-errors.ts';
import { commentOnDatabase } from './database-mark.ts';
import { quoteIdent } from './sql-text.ts';

export interface Exchange {
  /** For checkpoints. */
  readonly action: 'publish' | 'rollback';
  readonly target: string;
  /** The database that becomes the target, and its comment then. */
  readonly incoming: { readonly database: string; readonly comment: string | null };
  /** What the present target will be called, and its comment then; null where the target is absent. */
  readonly outgoing: { readonly name: string; readonly comment: string } | null;
  /** How long to go on trying while other sessions hold the target. */
  readonly timeoutMs: number;
}

/** Somebody uses the database (55006), or holds the lock that the rename needs (55P03, 40P01). */
const BUSY = new Set(['55006', '55P03', '40P01']);

/**
 * Throws `PUBLISH_BUSY` with the target unchanged when others cannot be got out of it in time, `TARGET_RIGHTS_MISSING`,
 * `CONNECT_LOST`.
 */
export async function exchangeDatabases(maintenance: PostgresConfig, exchange: Exchange): Promise<void> {
  const deadline = Date.now() + exchange.timeoutMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptExchange(maintenance, exchange);
    } catch (error) {
      if (!BUSY.has(driverCode(error) ?? '')) throw error;
      const pauseMs = Math.min(250 * 2 ** attempt, 5000);
      if (Date.now() + pauseMs > deadline) throw await busy(maintenance, exchange, error);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

async function attemptExchange(maintenance: PostgresConfig, exchange: Exchange): Promise<void> {
  const client = await connectClient(maintenance, 'target', { lock_timeout: '10s' });
  const evictor = await Evictor.start(maintenance, [exchange.target, exchange.incoming.database]);
  try {
    for (const [name, sql] of statementsOf(exchange)) {
      await queryRows(client, sql, [], {
        doing: `renaming databases (${name})`,
        denied: 'TARGET_RIGHTS_MISSING',
        otherwise: 'PUBLISH_FAILED',
      });
      checkpoint(`${exchange.action}:${name}`);
    }
  } finally {
    await evictor.stop();
    await closeClient(client); // the server rolls an open transaction back
  }
}

function statementsOf(exchange: Exchange): readonly (readonly [string, string])[] {
  const target = quoteIdent(exchange.target);
  const { incoming, outgoing } = exchange;
  return [
    ['begin', 'BEGIN'],
    ...(outgoing === null
      ? []
      : ([
          ['rename-old', `ALTER DATABASE ${target} RENAME TO ${quoteIdent(outgoing.name)}`],
          ['mark-old', commentOnDatabase(outgoing.name, outgoing.comment)],
        ] as const)),
    ['rename-new', `ALTER DATABASE ${quoteIdent(incoming.database)} RENAME TO ${target}`],
    ['mark-new', commentOnDatabase(exchange.target, incoming.comment)],
    ['commit', 'COMMIT'],
  ];
}

/**
 * Ends the sessions of the databases again and again while the rename waits for them (5 s). The rename holds the
 * database's lock meanwhile, so whoever connects anew waits at the door and does not delay it.
 */
class Evictor {
  readonly #client: PostgresClient;
  readonly #databases: readonly string[];
  #running = true;
  #done: Promise<void> = Promise.resolve();

  private constructor(client: PostgresClient, databases: readonly string[]) {
    this.#client = client;
    this.#databases = databases;
  }

  static async start(maintenance: PostgresConfig, databases: readonly string[]): Promise<Evictor> {
    const evictor = new Evictor(await connectClient(maintenance, 'target'), databases);
    evictor.#done = evictor.#run();
    return evictor;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    await closeClient(this.#client);
  }

  async #run(): Promise<void> {
    while (this.#running) {
      try {
        await endSessions(this.#client, this.#databases);
      } catch {
        return; // its session is gone: the rename meets the same failure and tells, or needs no help
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Ends the sessions of the databases that this role may end; others are left alone. */
export async function endSessions(client: PostgresClient, databases: readonly string[]): Promise<void> {
  await queryRows(
    client,
    `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
     WHERE a.datname = ANY($1) AND a.pid <> pg_backend_pid()
       AND (NOT r.rolsuper OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))
       AND (pg_has_role(a.usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))`,
    [databases],
    { doing: 'ending the sessions of the target' },
  );
}

async function busy(maintenance: PostgresConfig, exchange: Exchange, cause: unknown): Promise<UnderstudyError> {
  const client = await connectClient(maintenance, 'target');
  try {
    const rows = await queryRows<{ role: string; count: string }>(
      client,
      `SELECT coalesce(usename, 'the server') AS role, count(*) AS count FROM pg_stat_activity WHERE datname = $1 GROUP BY 1 ORDER BY 1`,
      [exchange.target],
    );
    const who = rows.map((row) => `${row.count} of ${row.role}`).join(', ');
    return new UnderstudyError(
      'PUBLISH_BUSY',
      `Other sessions hold the database "${exchange.target}" and this role may not end them${who === '' ? '' : ` (${who})`}; the target is unchanged.`,
      {
        hint: 'Disconnect those sessions, or grant pg_signal_backend to the role of this run; then run again.',
        data: { sessions: rows.map((row) => ({ role: row.role, count: Number(row.count) })) },
        cause: translateDriverError(cause, { doing: 'renaming databases' }),
      },
    );
  } finally {
    await closeClient(client);
  }
}
