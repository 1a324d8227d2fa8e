/**
 * The ledger tells the story of the runs of one target, in its schema `understudy`. It never decides what is published
 * (the catalog of the server does), and it holds names, counts and digests only.
 */
import knex from 'knex';
import type { Knex } from 'knex';
import type { LedgerConnection } from '../../connectors/connector.ts';
import { LEDGER_MIGRATIONS } from '../../migrations/index.ts';
import type { LedgerMigration } from '../../migrations/index.ts';
import { UnderstudyError } from '../kernel/errors.ts';
import { ledgerError } from './ledger-errors.ts';

/** Names every migrator of every version waits for; a number for `pg_advisory_xact_lock`. */
const MIGRATION_LOCK = 7_305_421_980_143;

export interface Ledger {
  readonly database: Knex;
  /** False where nothing was ever recorded and the ledger was opened without making it. */
  readonly exists: boolean;
  close(): Promise<void>;
}

export interface LedgerOptions {
  /** False: only look; a ledger that is missing stays missing. */
  readonly create?: boolean;
  /** For tests. */
  readonly migrations?: readonly LedgerMigration[];
}

/**
 * Opens the ledger and brings its schema up to date; any number of processes may do so at once.
 * Throws `LEDGER_NEWER`, `CONNECT_*`, `TARGET_RIGHTS_MISSING`.
 */
export async function openLedger(connection: LedgerConnection, options: LedgerOptions = {}): Promise<Ledger> {
  const database = knex({
    client: connection.client,
    connection: { ...connection.connection },
    searchPath: [connection.schema],
    pool: { min: 0, max: 2 },
    // Its messages can quote statements with their values.
    log: { warn() {}, error() {}, deprecate() {}, debug() {} },
  });
  const close = async (): Promise<void> => database.destroy();
  try {
    const migrations = options.migrations ?? LEDGER_MIGRATIONS;
    if (options.create === false) {
      const applied = await appliedMigrations(database, connection.schema);
      if (applied !== null) refuseNewer(applied, migrations);
      return { database, exists: applied !== null && applied.length > 0, close };
    }
    await migrate(database, connection.schema, migrations);
    return { database, exists: true, close };
  } catch (error) {
    await close();
    throw ledgerError(error, 'opening the ledger');
  }
}

/** One transaction under one lock: whoever comes second finds the work done; whoever dies leaves nothing. */
async function migrate(database: Knex, schema: string, migrations: readonly LedgerMigration[]): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.raw('SELECT pg_catalog.pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    const applied = await appliedMigrations(transaction, schema);
    refuseNewer(applied ?? [], migrations);
    if (applied?.length === migrations.length) return;
    await transaction.schema.createSchemaIfNotExists(schema);
    await transaction.migrate.latest({ migrationSource: staticSource(migrations), tableName: MIGRATIONS_TABLE });
  });
}

const MIGRATIONS_TABLE = 'migrations';

function staticSource(migrations: readonly LedgerMigration[]): Knex.MigrationSource<LedgerMigration> {
  return {
    getMigrations: async () => [...migrations],
    getMigrationName: (migration) => migration.name,
    getMigration: async (migration) => ({ up: migration.up, down: migration.down }),
  };
}

/** Null where there is no ledger. */
async function appliedMigrations(database: Knex, schema: string): Promise<readonly string[] | null> {
  const there = await database
    .select('table_name')
    .from('information_schema.tables')
    .where({ table_schema: schema, table_name: MIGRATIONS_TABLE });
  if (there.length === 0) return null;
  const rows = await database.withSchema(schema).select('name').from(MIGRATIONS_TABLE).orderBy('id');
  return rows.map((row: { name: string }) => row.name);
}

function refuseNewer(applied: readonly string[], known: readonly LedgerMigration[]): void {
  const names = new Set(known.map((migration) => migration.name));
  const unknown = applied.filter((name) => !names.has(name));
  if (unknown.length === 0) return;
  throw new UnderstudyError(
    'LEDGER_NEWER',
    `The ledger in the target was written by a newer version of Understudy: its schema has ${unknown.length === 1 ? 'the step' : 'the steps'} ` +
      `${unknown.join(', ')}, and this version knows only up to ${known.at(-1)?.name ?? 'nothing'}. Writing to it could damage what the newer ` +
      'version recorded, so nothing was done. The target and its data are not affected.',
    { hint: 'Upgrade Understudy to the version that ran last on this target.', data: { unknown } },
  );
}
