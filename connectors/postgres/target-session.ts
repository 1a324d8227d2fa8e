/** Short sessions and transactions on a target's server. */
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { tableId } from '../connector.ts';
import type { Catalog, QualifiedName, TableFacts } from '../connector.ts';
import { closeClient, connectClient, queryRows, withDatabase } from './client.ts';
import type { PostgresClient, PostgresConfig } from './client.ts';
import { driverCode } from './driver-errors.ts';
import type { TargetLock } from './target-lock.ts';

/** What a build and a rollback need to know of their target. */
export interface TargetContext {
  readonly config: PostgresConfig;
  readonly maintenance: PostgresConfig;
  /** Name of the target database. */
  readonly target: string;
  readonly lock: TargetLock;
  /** How long publishing goes on trying while others hold the target. */
  readonly publishTimeoutMs: number;
}

/** A session for one piece of work. */
export async function withClient<Result>(
  config: PostgresConfig,
  work: (client: PostgresClient) => Promise<Result>,
): Promise<Result> {
  const client = await connectClient(config, 'target');
  try {
    return await work(client);
  } finally {
    await closeClient(client);
  }
}

/** Commits what `work` did, or undoes it and throws. */
export async function inTransaction<Result>(client: PostgresClient, work: () => Promise<Result>): Promise<Result> {
  await queryRows(client, 'BEGIN');
  try {
    const result = await work();
    await queryRows(client, 'COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/**
 * The database to be connected to while the target is absent or renamed: the configured one, else `postgres`, else
 * `template1`, never the target itself; the target as the last resort, which leaves only in-place mode.
 * Throws `CONNECT_*` of the first attempt where none opens.
 */
export async function maintenanceConfig(
  config: PostgresConfig,
  configured: string | undefined,
): Promise<PostgresConfig> {
  const candidates =
    configured !== undefined ? [configured] : ['postgres', 'template1'].filter((name) => name !== config.database);
  let first: unknown;
  for (const name of configured !== undefined ? candidates : [...candidates, config.database]) {
    const candidate = withDatabase(config, name);
    try {
      await withClient(candidate, async () => {});
      return candidate;
    } catch (error) {
      first ??= error;
      // Only a database that is not there or not open to this role is a reason to try another one.
      if (!['3D000', '42501', '28000', '55000'].includes(driverCode(error) ?? '')) throw error;
    }
  }
  throw first;
}

export async function serverMajor(client: PostgresClient): Promise<number> {
  const [row] = await queryRows<{ version: string }>(client, "SELECT current_setting('server_version_num') AS version");
  return Math.floor(Number(row.version) / 10_000);
}

/** Facts of the table that rows are loaded into. */
export function tableOf(catalog: Catalog, name: QualifiedName): TableFacts {
  const id = tableId(name);
  const found = catalog.tables.find((table) => tableId(table.name) === id);
  if (found !== undefined) return found;
  throw new UnderstudyError(
    'INTERNAL',
    `The table ${id} is to be loaded and is not in the catalog that the build was made from.`,
  );
}
