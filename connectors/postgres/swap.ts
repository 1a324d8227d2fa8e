/**
 * Swap mode: a whole new database beside the target, and an exchange of their names. Until then nobody sees it; after
 * it the previous database is still there, for `rollback`.
 */
import type {
  Build,
  BuildPlan,
  Catalog,
  IntegrityReport,
  PublishResult,
  QualifiedName,
  Snapshot,
  TargetRun,
} from '../connector.ts';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { checkpoint } from '../../src/kernel/checkpoint.ts';
import type { EventSink } from '../../src/kernel/events.ts';
import { newRunId } from '../../src/kernel/ids.ts';
import type { RowBlock } from '../../src/kernel/rows.ts';
import { runScript } from './build-schema.ts';
import { copyRows } from './bulk-load.ts';
import { carryOverDatabase, carryOverGrants, readDatabaseFacts } from './carry-over.ts';
import { queryRows, withDatabase } from './client.ts';
import type { PostgresClient, PostgresConfig } from './client.ts';
import { databaseComment, markedDatabases, markStatement, parseMark } from './database-mark.ts';
import type { DatabaseMark } from './database-mark.ts';
import { exchangeDatabases } from './exchange.ts';
import { readGrants } from './grants.ts';
import { buildDatabaseName, previousDatabaseName } from './reserved-names.ts';
import { schemaDigest, withKeptColumns } from './schema-drift.ts';
import type { PublishedSchema, SchemaDrift } from './schema-drift.ts';
import { openPostgresSnapshot } from './snapshot.ts';
import { quoteIdent, quoteLiteral } from './sql-text.ts';
import { inTransaction, serverMajor, tableOf, withClient } from './target-session.ts';
import type { TargetContext } from './target-session.ts';
import { readBuilt, verifyIntegrity } from './verify.ts';

const RIGHTS = { denied: 'TARGET_RIGHTS_MISSING', otherwise: 'LOAD_FAILED' } as const;

export class SwapBuild implements Build {
  readonly database: string;
  readonly #context: TargetContext;
  readonly #plan: BuildPlan;
  readonly #config: PostgresConfig;
  readonly #ownColumns: readonly string[];
  #schema: PublishedSchema | undefined;

  private constructor(context: TargetContext, plan: BuildPlan, drift: SchemaDrift) {
    this.database = buildDatabaseName(context.target, plan.runId);
    this.#context = context;
    this.#plan = withKeptColumns(plan, drift);
    this.#ownColumns = drift.keptColumns.map(({ object }) => object);
    this.#config = withDatabase(context.config, this.database);
  }

  /** Makes the empty database. Throws `TARGET_RIGHTS_MISSING`, `LOAD_FAILED`. */
  static async start(context: TargetContext, plan: BuildPlan, drift: SchemaDrift): Promise<SwapBuild> {
    const build = new SwapBuild(context, plan, drift);
    await withClient(context.maintenance, async (client) => {
      const doing = { ...RIGHTS, doing: `creating the database ${build.database}` };
      const tablespace = await usableTablespace(client, context.target);
      await queryRows(
        client,
        createDatabase(build.database, plan.catalog, await serverMajor(client), tablespace),
        [],
        doing,
      );
      checkpoint('build:create-database');
      const mark = {
        runId: plan.runId,
        state: 'building',
        target: context.target,
        own: true,
        since: new Date().toISOString(),
        comment: null,
      } as const;
      await queryRows(client, markStatement(build.database, mark), [], doing);
      // What is not yet checked is nobody's to read.
      await queryRows(client, `REVOKE ALL ON DATABASE ${quoteIdent(build.database)} FROM PUBLIC`, [], doing);
      checkpoint('build:mark');
    });
    return build;
  }

  async createBare(): Promise<void> {
    await this.#inDatabase((client) => runScript(client, this.#plan.catalog, 'bare', this.#plan.roles));
    checkpoint('build:bare');
  }

  async loadTable(table: QualifiedName, blocks: AsyncIterable<RowBlock>): Promise<number> {
    return this.#inDatabase((client) => copyRows(client, tableOf(this.#plan.catalog, table), blocks));
  }

  async finish(sink: EventSink): Promise<void> {
    await this.#inDatabase((client) => runScript(client, this.#plan.catalog, 'keyed', this.#plan.roles, sink));
    checkpoint('build:keyed');
  }

  async verify(): Promise<IntegrityReport> {
    return this.#inDatabase(async (client) => {
      const present = await readBuilt(client, this.#plan.catalog.schemas);
      this.#schema = { digest: schemaDigest(present), ownColumns: this.#ownColumns };
      return verifyIntegrity(client, this.#plan.catalog, { present });
    });
  }

  async openSnapshot(): Promise<Snapshot> {
    return openPostgresSnapshot(this.#config);
  }

  async publish(sink: EventSink): Promise<PublishResult> {
    const { target, maintenance, publishTimeoutMs, lock } = this.#context;
    const warn = (message: string): void => sink({ type: 'note', level: 'warning', message });
    await lock.assertHeld();
    const replaced = await this.#carryOver(warn);
    const outgoing =
      replaced === null ? null : outgoingDatabase(target, replaced.comment, this.#plan.runId, this.#plan.runId);
    const mark = {
      runId: this.#plan.runId,
      state: 'published',
      target,
      own: true,
      since: new Date().toISOString(),
      comment: userComment(replaced?.comment ?? null),
      schema: this.#schema,
    } as const;
    await exchangeDatabases(maintenance, {
      action: 'publish',
      target,
      incoming: { database: this.database, comment: JSON.stringify({ understudy: mark }) },
      outgoing,
      timeoutMs: publishTimeoutMs,
    });
    const kept = await ageOut(this.#context, this.#plan.keepPrevious, warn);
    checkpoint('publish:age-out');
    const previous = outgoing !== null && kept.has(outgoing.name) ? outgoing.name : null;
    return { database: target, previousDatabase: previous };
  }

  async abandon(): Promise<void> {
    await withClient(this.#context.maintenance, (client) => dropDatabase(client, this.database));
  }

  /** Owners, grants, settings of the target that is about to be replaced; null if there is none. */
  async #carryOver(warn: (message: string) => void): Promise<{ readonly comment: string | null } | null> {
    const { config, maintenance, target } = this.#context;
    const [comment, facts] = await withClient(maintenance, async (client) => [
      await databaseComment(client, target),
      await readDatabaseFacts(client, target),
    ]);
    if (comment === undefined || facts === null) {
      const name = quoteIdent(this.database);
      await withClient(maintenance, (client) =>
        queryRows(client, `GRANT CONNECT, TEMPORARY ON DATABASE ${name} TO PUBLIC`),
      );
      checkpoint('publish:carry-over');
      return null;
    }
    // The database first: its owner may create in `public`, and so may own what lies there.
    await withClient(maintenance, (client) => carryOverDatabase(client, this.database, facts, warn));
    checkpoint('publish:carry-over-database');
    const grants = await withClient(withDatabase(config, target), readGrants);
    await this.#inDatabase((client) => inTransaction(client, () => carryOverGrants(client, grants, warn)));
    checkpoint('publish:carry-over');
    return { comment };
  }

  async #inDatabase<Result>(work: (client: PostgresClient) => Promise<Result>): Promise<Result> {
    return withClient(this.#config, work);
  }
}

/** Back to the previous database, or to that of `runId`; the one that goes can be brought back the same way. */
export async function rollbackSwap(context: TargetContext, runId: string | null): Promise<PublishResult> {
  const { target, maintenance } = context;
  await context.lock.assertHeld();
  const [comment, marked] = await withClient(maintenance, async (client) => [
    await databaseComment(client, target),
    await markedDatabases(client, target),
  ]);
  const previous = marked.filter(({ mark }) => mark.state === 'previous');
  const chosen = runId === null ? previous[0] : previous.find(({ mark }) => mark.runId === runId);
  if (chosen === undefined)
    throw nothingToRollBack(
      target,
      runId,
      previous.map(({ mark }) => mark.runId),
    );
  const outgoing = comment === undefined ? null : outgoingDatabase(target, comment, newRunId(), chosen.mark.runId);
  const { mark } = chosen;
  const published: DatabaseMark = { ...mark, state: 'published', since: new Date().toISOString() };
  await exchangeDatabases(maintenance, {
    action: 'rollback',
    target,
    incoming: { database: chosen.name, comment: mark.own ? JSON.stringify({ understudy: published }) : mark.comment },
    outgoing,
    timeoutMs: context.publishTimeoutMs,
  });
  return { database: target, previousDatabase: outgoing?.name ?? null };
}

/** What exists on the server for this target. */
export async function swapRuns(maintenance: PostgresConfig, target: string): Promise<readonly TargetRun[]> {
  const marked = await withClient(maintenance, (client) => markedDatabases(client, target));
  return marked.map(({ name, mark }) => ({ runId: mark.runId, database: name, state: mark.state }));
}

/** Drops databases that dead runs left unfinished; needs the lock, under which no other run builds. */
export async function cleanUpSwap(maintenance: PostgresConfig, target: string): Promise<readonly string[]> {
  return withClient(maintenance, async (client) => {
    const marked = await markedDatabases(client, target);
    const unfinished = marked.filter(({ mark }) => mark.state === 'building').map(({ name }) => name);
    // A run that died between making a database and marking it.
    const unmarked = await queryRows<{ name: string }>(
      client,
      `SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1) AND shobj_description(oid, 'pg_database') IS NULL
         AND pg_has_role(datdba, 'USAGE')`,
      [buildDatabaseName(target, '')],
    );
    const dropped: string[] = [];
    for (const name of [...unfinished, ...unmarked.map((row) => row.name)]) {
      await dropDatabase(client, name);
      dropped.push(name);
    }
    return dropped;
  });
}

// ---------------------------------------------------------------------------------------------- parts

function outgoingDatabase(
  target: string,
  comment: string | null,
  stamp: string,
  replacedBy: string,
): { name: string; comment: string } {
  const mark = parseMark(comment);
  const previous: DatabaseMark =
    mark === null
      ? {
          runId: `before-${replacedBy}`,
          state: 'previous',
          target,
          own: false,
          since: new Date().toISOString(),
          comment,
        }
      : { ...mark, state: 'previous', target, since: new Date().toISOString() };
  return { name: previousDatabaseName(target, stamp), comment: JSON.stringify({ understudy: previous }) };
}

/** What somebody else wrote about the target, kept from mark to mark. */
function userComment(comment: string | null): string | null {
  const mark = parseMark(comment);
  return mark === null ? comment : mark.comment;
}

/** Drops previous databases beyond the newest `keepPrevious`; returns the names of those kept. */
async function ageOut(
  context: TargetContext,
  keepPrevious: number,
  warn: (message: string) => void,
): Promise<ReadonlySet<string>> {
  return withClient(context.maintenance, async (client) => {
    const previous = (await markedDatabases(client, context.target)).filter(({ mark }) => mark.state === 'previous');
    const kept = new Set(previous.slice(0, keepPrevious).map(({ name }) => name));
    for (const { name } of previous.slice(keepPrevious)) {
      try {
        await dropDatabase(client, name);
      } catch {
        kept.add(name);
        warn(`The outdated database ${name} could not be dropped, since somebody uses it; the next run tries again.`);
      }
    }
    return kept;
  });
}

/** Ends the sessions of the database and drops it; nothing happens where there is none. */
export async function dropDatabase(client: PostgresClient, database: string): Promise<void> {
  await queryRows(client, `DROP DATABASE IF EXISTS ${quoteIdent(database)} WITH (FORCE)`, [], {
    doing: `dropping the database ${database}`,
    denied: 'TARGET_RIGHTS_MISSING',
  });
}

/** Exported for its test. */
export function createDatabase(name: string, catalog: Catalog, targetMajor: number, tablespace: string | null): string {
  const { locale } = catalog;
  const options = [
    'TEMPLATE template0',
    `ENCODING ${quoteLiteral(locale.encoding)}`,
    `LC_COLLATE ${quoteLiteral(locale.collate)}`,
    `LC_CTYPE ${quoteLiteral(locale.ctype)}`,
  ];
  const provider = localeProvider(locale.provider);
  if (targetMajor >= 15) {
    options.push(`LOCALE_PROVIDER ${provider}`);
    if (provider === 'icu' && locale.icuLocale !== null) options.push(`ICU_LOCALE ${quoteLiteral(locale.icuLocale)}`);
    if (provider === 'builtin' && locale.icuLocale !== null)
      options.push(`BUILTIN_LOCALE ${quoteLiteral(locale.icuLocale)}`);
  }
  if (tablespace !== null) options.push(`TABLESPACE ${quoteIdent(tablespace)}`);
  return `CREATE DATABASE ${quoteIdent(name)} ${options.join(' ')}`;
}

/** Where the target lies, if a new database may lie there too. */
async function usableTablespace(client: PostgresClient, target: string): Promise<string | null> {
  const rows = await queryRows<{ name: string }>(
    client,
    `SELECT t.spcname AS name FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace
     WHERE d.datname = $1 AND t.spcname <> 'pg_default' AND has_tablespace_privilege(t.oid, 'CREATE')`,
    [target],
  );
  return rows[0]?.name ?? null;
}

/** The catalog's own letters and their names. */
export function localeProvider(provider: string): 'libc' | 'icu' | 'builtin' {
  if (provider === 'i' || provider === 'icu') return 'icu';
  return provider === 'b' || provider === 'builtin' ? 'builtin' : 'libc';
}

function nothingToRollBack(target: string, runId: string | null, there: readonly string[]): UnderstudyError {
  const what = runId === null ? 'No previous database' : `No previous database of run ${runId}`;
  const list = there.length === 0 ? '' : ` (there are: ${there.join(', ')})`;
  return new UnderstudyError(
    'PUBLISH_NOTHING_TO_ROLL_BACK',
    `${what} of "${target}" is kept on the server${list}; nothing was changed.`,
    {
      hint:
        there.length === 0
          ? 'Set output.keepPrevious to 1 or more, so that the next run keeps one.'
          : 'Name one of these runs with --to.',
    },
  );
}
