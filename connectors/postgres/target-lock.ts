/** One run at a time for a target's name on a server: a session-level advisory lock in the maintenance database. */
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { closeClient, connectClient, queryRows } from './client.ts';
import type { PostgresClient, PostgresConfig } from './client.ts';
import { advisoryKey } from './nonce.ts';

export class TargetLock {
  readonly runId: string;
  readonly #client: PostgresClient;

  private constructor(runId: string, client: PostgresClient) {
    this.runId = runId;
    this.#client = client;
  }

  /** Throws `TARGET_LOCKED`, naming the holder. */
  static async take(maintenance: PostgresConfig, target: string, runId: string): Promise<TargetLock> {
    // The holder is known to others by the name of its session.
    const client = await connectClient(maintenance, 'target', { application_name: `understudy ${runId}` });
    try {
      const key = advisoryKey('target', target);
      const [row] = await queryRows<{ taken: string }>(
        client,
        `SELECT pg_catalog.pg_try_advisory_lock(${key}) AS taken`,
      );
      if (row.taken !== 't') throw await lockedBy(client, key, target);
      return new TargetLock(runId, client);
    } catch (error) {
      await closeClient(client);
      throw error;
    }
  }

  /** Throws `CONNECT_LOST` if the session, and with it the lock, is gone: another run may have begun. */
  async assertHeld(): Promise<void> {
    await queryRows(this.#client, 'SELECT 1', [], { doing: 'checking the lock of the target' });
  }

  async release(): Promise<void> {
    await closeClient(this.#client);
  }
}

/** SQL condition on `pg_locks l` for one bigint advisory lock, of the current database or of any. */
export function advisoryLockCondition(key: string, scope: 'database' | 'server' = 'database'): string {
  const bits = BigInt.asUintN(64, BigInt(key));
  const lock = `l.locktype = 'advisory' AND l.objsubid = 1 AND l.classid = ${bits >> 32n} AND l.objid = ${bits & 0xffffffffn}`;
  if (scope === 'server') return lock;
  return `${lock} AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`;
}

async function lockedBy(client: PostgresClient, key: string, target: string): Promise<UnderstudyError> {
  const rows = await queryRows<{ pid: string; holder: string | null }>(
    client,
    `SELECT l.pid, a.application_name AS holder FROM pg_catalog.pg_locks l
     LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE ${advisoryLockCondition(key)} AND l.granted`,
  );
  const [holder] = rows;
  const runId = /^understudy (\S+)/.exec(holder?.holder ?? '')?.[1];
  const who =
    runId !== undefined
      ? `run ${runId}`
      : holder === undefined
        ? 'another run'
        : `another run (server process ${holder.pid})`;
  return new UnderstudyError(
    'TARGET_LOCKED',
    `The target database "${target}" is locked by ${who}; nothing was changed.`,
    {
      hint: 'Wait until that run ends, then run again.',
      data: { holder: runId ?? null, pid: holder === undefined ? null : Number(holder.pid) },
    },
  );
}
