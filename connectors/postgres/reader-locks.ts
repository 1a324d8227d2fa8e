/**
 * Renaming a schema locks none of its tables, so a transaction that has read one table of the old state could go on
 * with the new one. With the old tables locked first, every transaction that began before ends before.
 */
import type { PostgresClient } from './client.ts';
import { queryRows } from './client.ts';
import { driverCode } from './driver-errors.ts';
import { quoteIdent } from './sql-text.ts';

/**
 * Shorter than the server's `deadlock_timeout` (1 s): where a reader waits for us and we for it, it is we who give way
 * before the server chooses whom to end.
 */
const LOCK_TIMEOUT_MS = 500;
const PAUSE_MS = 100;

/**
 * Locks all tables and materialized views of the schemas that this role may lock, within the open transaction. Throws
 * the server's 55P03 when that does not succeed for `timeoutMs`.
 */
export async function lockOutReaders(
  client: PostgresClient,
  schemas: readonly string[],
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let statements = await lockStatements(client, schemas);
  await queryRows(client, `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  for (;;) {
    await queryRows(client, 'SAVEPOINT understudy_readers');
    const refused = await firstRefused(client, statements);
    if (refused === null) break;
    await queryRows(client, 'ROLLBACK TO SAVEPOINT understudy_readers');
    if (Date.now() > deadline) throw refused.error;
    // Who reads this table went on to one that we held. Next time it is the first: readers then wait before they hold anything.
    statements = [refused.statement, ...statements.filter((statement) => statement !== refused.statement)];
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await queryRows(client, "RELEASE SAVEPOINT understudy_readers; SET LOCAL lock_timeout = '2s'");
}

async function firstRefused(
  client: PostgresClient,
  statements: readonly string[],
): Promise<{ readonly statement: string; readonly error: unknown } | null> {
  for (const statement of statements) {
    try {
      await queryRows(client, statement, [], { doing: 'waiting for the readers of the target' });
    } catch (error) {
      if (!['55P03', '40P01'].includes(driverCode(error) ?? '')) throw error;
      return { statement, error };
    }
  }
  return null;
}

/** LOCK TABLE refuses materialized views; to give one to the owner that it has changes nothing, under the same lock. */
async function lockStatements(client: PostgresClient, schemas: readonly string[]): Promise<readonly string[]> {
  const rows = await queryRows<{ schema: string; name: string; kind: string; owner: string }>(
    client,
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, pg_get_userbyid(c.relowner) AS owner
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'm') AND pg_has_role(c.relowner, 'USAGE') ORDER BY c.oid`,
    [schemas],
  );
  return rows.map(({ schema, name, kind, owner }) => {
    const relation = `${quoteIdent(schema)}.${quoteIdent(name)}`;
    if (kind === 'm') return `ALTER MATERIALIZED VIEW ${relation} OWNER TO ${quoteIdent(owner)}`;
    return `LOCK TABLE ONLY ${relation} IN ACCESS EXCLUSIVE MODE`;
  });
}
