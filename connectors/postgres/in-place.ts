/**
 * In-place mode, where no database may be made: the new schemas are built inside the target under their own names, in
 * one transaction in which the present ones are renamed away. Nobody else sees that: names are looked up in the last
 * committed state, and renaming a schema locks no table. Before the commit everything is renamed back, so what becomes
 * visible is the old under its name and the new as `understudy_new_…`. Publishing is a second, short transaction of
 * renames, once nobody is in the middle of reading the old tables.
 */
import type {
  Build,
  BuildPlan,
  Catalog,
  IntegrityReport,
  PublishResult,
  QualifiedName,
  Snapshot,
} from '../connector.ts';
import { checkpoint } from '../../src/kernel/checkpoint.ts';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import type { EventSink } from '../../src/kernel/events.ts';
import type { RowBlock } from '../../src/kernel/rows.ts';
import { runScript } from './build-schema.ts';
import { builtSchemas, inPlaceCatalog } from './built-schemas.ts';
import { copyRows } from './bulk-load.ts';
import { carryOverGrants } from './carry-over.ts';
import type { Warn } from './carry-over.ts';
import { closeClient, connectClient, queryRows } from './client.ts';
import type { PostgresClient } from './client.ts';
import { driverCode } from './driver-errors.ts';
import { readGrants } from './grants.ts';
import { lockOutReaders } from './reader-locks.ts';
import { shadowSchemaName, shadowSchemaPattern } from './reserved-names.ts';
import { publishedRun, readSchemaMark, schemaMarkStatements } from './schema-mark.ts';
import type { SchemaGeneration } from './schema-mark.ts';
import { schemaDigest, withKeptColumns } from './schema-drift.ts';
import type { PublishedSchema, SchemaDrift } from './schema-drift.ts';
import { shadowSnapshot } from './shadow-snapshot.ts';
import { openPostgresSnapshot } from './snapshot.ts';
import { quoteIdent, quoteLiteral } from './sql-text.ts';
import { inTransaction, tableOf, withClient } from './target-session.ts';
import type { TargetContext } from './target-session.ts';
import { readBuilt, verifyIntegrity } from './verify.ts';

const RIGHTS = {
  doing: 'building the shadow schemas',
  denied: 'TARGET_RIGHTS_MISSING',
  otherwise: 'LOAD_FAILED',
} as const;

export class InPlaceBuild implements Build {
  readonly #context: TargetContext;
  readonly #plan: BuildPlan;
  readonly #schemas: readonly string[];
  readonly #ownColumns: readonly string[];
  #schema: PublishedSchema | undefined;
  /** Of the build's one long transaction; null once it is committed or given up. */
  #client: PostgresClient | null;
  /** Steps wait for each other: there is only one connection that sees what is built. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(context: TargetContext, plan: BuildPlan, drift: SchemaDrift, client: PostgresClient) {
    this.#context = context;
    this.#plan = withKeptColumns(plan, drift);
    this.#ownColumns = drift.keptColumns.map(({ object }) => object);
    this.#client = client;
    this.#schemas = builtSchemas(plan.catalog);
  }

  /** Opens the transaction and puts empty schemas in the place of the present ones. Throws `TARGET_RIGHTS_MISSING`. */
  static async start(context: TargetContext, plan: BuildPlan, drift: SchemaDrift): Promise<InPlaceBuild> {
    const client = await connectClient(context.config, 'target', { application_name: `understudy ${plan.runId}` });
    try {
      const build = new InPlaceBuild(context, plan, drift, client);
      await queryRows(client, 'BEGIN');
      await disguise(client, build.#schemas);
      checkpoint('build:disguise');
      return build;
    } catch (error) {
      await closeClient(client);
      throw error;
    }
  }

  async createBare(): Promise<void> {
    await this.#step(async (client) =>
      runScript(client, await missingPart(client, this.#plan.catalog), 'bare', this.#plan.roles),
    );
    checkpoint('build:bare');
  }

  async loadTable(table: QualifiedName, blocks: AsyncIterable<RowBlock>): Promise<number> {
    return this.#step((client) => copyRows(client, tableOf(this.#plan.catalog, table), blocks));
  }

  async finish(sink: EventSink): Promise<void> {
    await this.#step(async (client) => {
      await runScript(client, await missingPart(client, this.#plan.catalog), 'keyed', this.#plan.roles, sink);
      await undisguise(client, this.#schemas);
      await queryRows(client, 'COMMIT', [], RIGHTS);
      this.#client = null;
      await closeClient(client);
    });
    checkpoint('build:keyed');
  }

  /** Under the names that users will see: the disguise is put on again, and taken off by rolling back. */
  async verify(): Promise<IntegrityReport> {
    return withClient(this.#context.config, async (client) => {
      await queryRows(client, 'BEGIN');
      await disguise(client, this.#schemas);
      const present = await readBuilt(client, this.#schemas);
      this.#schema = { digest: schemaDigest(present), ownColumns: this.#ownColumns };
      const report = await verifyIntegrity(client, this.#plan.catalog, { present });
      await queryRows(client, 'ROLLBACK');
      return report;
    });
  }

  async openSnapshot(): Promise<Snapshot> {
    const built = new Set(this.#schemas);
    return shadowSnapshot(await openPostgresSnapshot(this.#context.config), (schema) =>
      built.has(schema) ? shadowSchemaName('new', schema) : schema,
    );
  }

  async publish(sink: EventSink): Promise<PublishResult> {
    const warn = (message: string): void => sink({ type: 'note', level: 'warning', message });
    await this.#context.lock.assertHeld();
    const kept = await retryBusy(this.#context, () =>
      withClient(this.#context.config, (client) =>
        publishSchemas(client, this.#context, this.#plan, { schemas: this.#schemas, schema: this.#schema }, warn),
      ),
    );
    if (kept && this.#plan.keepPrevious > 0)
      return { database: this.#context.target, previousDatabase: shadowSchemaName('prev', '') };
    if (kept) await dropPrevious(this.#context, warn);
    checkpoint('publish:age-out');
    return { database: this.#context.target, previousDatabase: null };
  }

  async abandon(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    if (client !== null) await closeClient(client); // the server undoes the transaction
    await cleanUpInPlace(this.#context);
  }

  /** One piece of work in the build's transaction, after the one before. */
  async #step<Result>(work: (client: PostgresClient) => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(() => {
      if (this.#client === null)
        throw new UnderstudyError(
          'INTERNAL',
          'The build in place was written to after it had been finished or given up.',
        );
      return work(this.#client);
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

// ---------------------------------------------------------------------------------------------- the disguise

/**
 * Within the open transaction: what is published goes aside as `understudy_old_…`, and what is built (`understudy_new_…`,
 * or a new empty schema) takes its names. Extensions stay where the DDL looks for them.
 */
async function disguise(client: PostgresClient, schemas: readonly string[]): Promise<void> {
  const there = await schemaNames(client);
  for (const schema of schemas) {
    const aside = shadowSchemaName('old', schema);
    const shadow = shadowSchemaName('new', schema);
    if (there.has(schema)) await renameSchema(client, schema, aside);
    if (there.has(shadow)) await renameSchema(client, shadow, schema);
    else await createSchemaLike(client, schema, there.has(schema) ? aside : null);
    if (there.has(schema)) await moveExtensions(client, aside, schema);
  }
}

/** The way back, before the commit. */
async function undisguise(client: PostgresClient, schemas: readonly string[]): Promise<void> {
  const there = await schemaNames(client);
  for (const schema of schemas) {
    const aside = shadowSchemaName('old', schema);
    if (there.has(aside)) await moveExtensions(client, schema, aside);
    await renameSchema(client, schema, shadowSchemaName('new', schema));
    if (there.has(aside)) await renameSchema(client, aside, schema);
  }
}

/** A schema made anew differs from one that initdb made in owner and comment; so that nobody can tell, both are copied. */
async function createSchemaLike(client: PostgresClient, schema: string, model: string | null): Promise<void> {
  await queryRows(client, `CREATE SCHEMA ${quoteIdent(schema)}`, [], RIGHTS);
  if (model === null) return;
  const [facts] = await queryRows<{ owner: string; mine: string; comment: string | null }>(
    client,
    `SELECT r.rolname AS owner, r.rolname = current_user AS mine, obj_description(n.oid, 'pg_namespace') AS comment
     FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = $1`,
    [model],
  );
  if (facts.mine !== 't')
    await queryRows(client, `ALTER SCHEMA ${quoteIdent(schema)} OWNER TO ${quoteIdent(facts.owner)}`, [], RIGHTS);
  if (schema === 'public' && facts.comment !== null) {
    await queryRows(client, `COMMENT ON SCHEMA public IS ${quoteLiteral(facts.comment)}`, [], RIGHTS);
  }
}

/** Moves what extensions installed in one schema to another; only superusers may, for most extensions (see preflight). */
async function moveExtensions(client: PostgresClient, from: string, to: string): Promise<void> {
  const rows = await queryRows<{ name: string }>(
    client,
    'SELECT e.extname AS name FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE n.nspname = $1 ORDER BY 1',
    [from],
  );
  for (const { name } of rows) {
    await queryRows(client, `ALTER EXTENSION ${quoteIdent(name)} SET SCHEMA ${quoteIdent(to)}`, [], {
      ...RIGHTS,
      doing: `moving the extension ${name}`,
    });
  }
}

async function renameSchema(client: PostgresClient, from: string, to: string): Promise<void> {
  await queryRows(client, `ALTER SCHEMA ${quoteIdent(from)} RENAME TO ${quoteIdent(to)}`, [], {
    ...RIGHTS,
    doing: `renaming the schema ${from}`,
  });
}

/** The catalog with a script of what is not yet there in the disguise. */
async function missingPart(client: PostgresClient, catalog: Catalog): Promise<Catalog> {
  const extensions = await queryRows<{ name: string }>(client, 'SELECT extname AS name FROM pg_extension');
  return inPlaceCatalog(catalog, await schemaNames(client), new Set(extensions.map((row) => row.name)));
}

async function schemaNames(client: PostgresClient): Promise<ReadonlySet<string>> {
  const rows = await queryRows<{ name: string }>(client, 'SELECT nspname AS name FROM pg_namespace');
  return new Set(rows.map((row) => row.name));
}

// ---------------------------------------------------------------------------------------------- publish and rollback

/** One transaction. Returns whether there is something to go back to. */
async function publishSchemas(
  client: PostgresClient,
  context: Pick<TargetContext, 'publishTimeoutMs'>,
  plan: BuildPlan,
  { schemas, schema: published }: Pick<SchemaGeneration, 'schemas' | 'schema'>,
  warn: Warn,
): Promise<boolean> {
  await queryRows(client, "BEGIN; SET LOCAL lock_timeout = '2s'");
  checkpoint('publish:begin');
  const grants = await readGrants(client);
  const mark = await readSchemaMark(client);
  const replaced: SchemaGeneration = (await publishedRun(client)) ?? {
    runId: `before-${plan.runId}`,
    own: false,
    schemas: [],
  };

  for (const schema of mark?.previous?.schemas ?? []) await dropSchema(client, shadowSchemaName('prev', schema));
  checkpoint('publish:drop-old');

  // What the replaced run made and the source no longer has goes with it.
  const there = await schemaNames(client);
  const outgoing = [...new Set([...schemas, ...(mark?.current.schemas ?? [])])].filter((schema) => there.has(schema));
  await lockOutReaders(client, outgoing, context.publishTimeoutMs);
  for (const schema of outgoing) {
    await renameSchema(client, schema, shadowSchemaName('prev', schema));
    checkpoint('publish:rename-old');
  }
  for (const schema of schemas) {
    await renameSchema(client, shadowSchemaName('new', schema), schema);
    checkpoint('publish:rename-new');
    if (there.has(schema)) await moveExtensions(client, shadowSchemaName('prev', schema), schema);
  }
  await carryOverGrants(client, grants, warn);
  checkpoint('publish:carry-over');

  const kept = outgoing.length > 0 && !(await dropIfEmpty(client, outgoing));
  const previous = kept ? { ...replaced, schemas: outgoing } : null;
  for (const sql of schemaMarkStatements({
    current: { runId: plan.runId, own: true, schemas, schema: published },
    previous,
  }))
    await queryRows(client, sql, [], RIGHTS);
  checkpoint('publish:mark-new');
  await queryRows(client, 'COMMIT', [], { doing: 'publishing', otherwise: 'PUBLISH_FAILED' });
  checkpoint('publish:commit');
  return kept;
}

/** Back to the schemas that were published before; the ones that go can be brought back the same way. */
export async function rollbackInPlace(context: TargetContext, runId: string | null): Promise<PublishResult> {
  await context.lock.assertHeld();
  await retryBusy(context, () => withClient(context.config, (client) => rollbackSchemas(client, context, runId)));
  return { database: context.target, previousDatabase: shadowSchemaName('prev', '') };
}

async function rollbackSchemas(
  client: PostgresClient,
  { target, publishTimeoutMs }: Pick<TargetContext, 'target' | 'publishTimeoutMs'>,
  runId: string | null,
): Promise<void> {
  await queryRows(client, "BEGIN; SET LOCAL lock_timeout = '2s'");
  checkpoint('rollback:begin');
  const mark = await readSchemaMark(client);
  const previous = mark?.previous ?? null;
  if (mark === null || previous === null || (runId !== null && previous.runId !== runId))
    throw nothingKept(target, runId, previous);
  await lockOutReaders(client, mark.current.schemas, publishTimeoutMs);
  for (const schema of mark.current.schemas) await renameSchema(client, schema, shadowSchemaName('aside', schema));
  checkpoint('rollback:rename-old');
  for (const schema of previous.schemas) await renameSchema(client, shadowSchemaName('prev', schema), schema);
  checkpoint('rollback:rename-new');
  for (const schema of mark.current.schemas) {
    await renameSchema(client, shadowSchemaName('aside', schema), shadowSchemaName('prev', schema));
    if (previous.schemas.includes(schema)) await moveExtensions(client, shadowSchemaName('prev', schema), schema);
  }
  for (const sql of schemaMarkStatements({ current: previous, previous: mark.current }))
    await queryRows(client, sql, [], RIGHTS);
  checkpoint('rollback:mark-new');
  await queryRows(client, 'COMMIT', [], { doing: 'rolling back', otherwise: 'PUBLISH_FAILED' });
  checkpoint('rollback:commit');
}

/** Drops shadow schemas that no published state refers to; needs the lock, under which no other run builds. */
export async function cleanUpInPlace(context: Pick<TargetContext, 'config'>): Promise<readonly string[]> {
  return withClient(context.config, async (client) => {
    const rows = await queryRows<{ name: string }>(
      client,
      "SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE $1 AND pg_has_role(nspowner, 'USAGE') ORDER BY 1",
      [shadowSchemaPattern('new')],
    );
    if (rows.length === 0) return [];
    await inTransaction(client, async () => {
      for (const { name } of rows) await dropSchema(client, name);
    });
    return rows.map((row) => row.name);
  });
}

async function dropPrevious(context: TargetContext, warn: Warn): Promise<void> {
  try {
    await withClient(context.config, (client) =>
      inTransaction(client, async () => {
        await queryRows(client, "SET LOCAL lock_timeout = '2s'");
        const mark = await readSchemaMark(client);
        if (mark === null) return;
        for (const schema of mark.previous?.schemas ?? []) await dropSchema(client, shadowSchemaName('prev', schema));
        for (const sql of schemaMarkStatements({ ...mark, previous: null })) await queryRows(client, sql);
      }),
    );
  } catch {
    warn('The replaced schemas could not be dropped, since somebody uses them; the next run drops them.');
  }
}

/** Drops the set-aside schemas if all are empty; else leaves all of them. */
async function dropIfEmpty(client: PostgresClient, schemas: readonly string[]): Promise<boolean> {
  await queryRows(client, 'SAVEPOINT understudy_empty');
  try {
    for (const schema of schemas)
      await queryRows(client, `DROP SCHEMA ${quoteIdent(shadowSchemaName('prev', schema))} RESTRICT`);
    return true;
  } catch (error) {
    if (driverCode(error) !== '2BP01') throw error; // dependent objects: not empty
    await queryRows(client, 'ROLLBACK TO SAVEPOINT understudy_empty');
    return false;
  }
}

async function dropSchema(client: PostgresClient, schema: string): Promise<void> {
  await queryRows(client, `DROP SCHEMA IF EXISTS ${quoteIdent(schema)} CASCADE`, [], {
    ...RIGHTS,
    doing: `dropping the schema ${schema}`,
  });
}

/** A lock that is not to be had in time, a deadlock, or a catalog row that somebody else has just changed. */
const BUSY = new Set(['55P03', '40P01', 'XX000']);

async function retryBusy<Result>(context: TargetContext, attempt: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + context.publishTimeoutMs;
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (!BUSY.has(driverCode(error) ?? '')) throw error;
      const pauseMs = Math.min(250 * 2 ** n, 5000);
      if (Date.now() + pauseMs > deadline) {
        throw new UnderstudyError(
          'PUBLISH_BUSY',
          `Other sessions hold locks in the database "${context.target}" that the renames need; it is unchanged.`,
          {
            hint: 'Wait until they are done, or end them; then run again.',
            cause: error,
          },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function nothingKept(target: string, runId: string | null, previous: SchemaGeneration | null): UnderstudyError {
  const what = runId === null || previous === null ? 'No previous schemas are' : `Of run ${runId}, nothing is`;
  const there = previous === null ? '' : ` (there is: ${previous.runId})`;
  return new UnderstudyError(
    'PUBLISH_NOTHING_TO_ROLL_BACK',
    `${what} kept in the database "${target}"${there}; nothing was changed.`,
    {
      hint:
        previous === null
          ? 'Set output.keepPrevious to 1, so that the next run keeps them.'
          : 'Roll back without --to, or to that run.',
    },
  );
}
