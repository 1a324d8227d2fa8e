import { tableId } from '../connector.ts';
import type { Catalog } from '../connector.ts';
import { queryRows } from './client.ts';
import type { PostgresClient } from './client.ts';
import { quoteName } from './sql-text.ts';

/**
 * Runs `work` with every row visible to the owner: row security that is forced on owners is lifted from the build's
 * tables and comes back by a rollback, which also undoes whatever `work` wrote. Without such tables nothing happens.
 */
export async function withAllRowsVisible<Result>(
  client: PostgresClient,
  catalog: Catalog,
  work: () => Promise<Result>,
): Promise<Result> {
  const forced = catalog.tables.filter(({ rowSecurity, kind }) => rowSecurity === 'forced' && kind !== 'foreign');
  if (forced.length === 0) return work();
  const isNested = client.getTransactionStatus() === 'T';
  await queryRows(client, isNested ? 'SAVEPOINT understudy_visible' : 'BEGIN');
  try {
    for (const { name } of forced) {
      await queryRows(client, `ALTER TABLE ${quoteName(name)} NO FORCE ROW LEVEL SECURITY`, [], {
        doing: `looking at all rows of ${tableId(name)}`,
        otherwise: 'LOAD_FAILED',
      });
    }
    return await work();
  } finally {
    const undo = isNested
      ? 'ROLLBACK TO SAVEPOINT understudy_visible; RELEASE SAVEPOINT understudy_visible'
      : 'ROLLBACK';
    await client.query(undo).catch(() => {}); // a lost connection undoes it too
  }
}
