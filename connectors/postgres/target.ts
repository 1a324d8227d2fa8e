/** The staging database on a PostgreSQL server. */
import type {
  Build,
  BuildPlan,
  Catalog,
  CatalogOptions,
  IntegrityReport,
  LedgerConnection,
  PublishMode,
  PublishResult,
  ServerIdentity,
  Snapshot,
  Target,
  TargetOptions,
  TargetRun,
  TargetState,
} from '../connector.ts';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import type { Finding } from '../../src/kernel/findings.ts';
import { builtSchemas } from './built-schemas.ts';
import { catalogFrom, readCatalog, readConsistently } from './catalog.ts';
import {
  closeClient,
  connectClient,
  driverSettings,
  isEncrypted,
  postgresConfig,
  queryRows,
  shownUrl,
} from './client.ts';
import type { PostgresClient, PostgresConfig } from './client.ts';
import { databaseComment } from './database-mark.ts';
import { driverCode } from './driver-errors.ts';
import { readIdentity } from './identity.ts';
import { cleanUpInPlace, InPlaceBuild, rollbackInPlace } from './in-place.ts';
import { nonceKey } from './nonce.ts';
import { preflightTarget } from './preflight.ts';
import { LEDGER_SCHEMA } from './reserved-names.ts';
import { publishedRun, readSchemaMark } from './schema-mark.ts';
import { NO_DRIFT, schemaDrift } from './schema-drift.ts';
import type { SchemaDrift } from './schema-drift.ts';
import { openPostgresSnapshot } from './snapshot.ts';
import { cleanUpSwap, rollbackSwap, SwapBuild, swapRuns } from './swap.ts';
import { CatalogIndex } from './table-facts.ts';
import { advisoryLockCondition, TargetLock } from './target-lock.ts';
import { maintenanceConfig, withClient } from './target-session.ts';
import type { TargetContext } from './target-session.ts';
import { verifyIntegrity } from './verify.ts';

const PUBLISH_TIMEOUT_MS = 60_000;

/** Connects to the server of the target, which itself may be absent. Throws `CONNECT_*`. */
export async function openPostgresTarget(url: string, options: TargetOptions = {}): Promise<Target> {
  const config = await postgresConfig(url);
  const maintenance = await maintenanceConfig(config, options.maintenanceDatabase);
  const probe = await connectClient(maintenance, 'target');
  const encrypted = isEncrypted(probe);
  await closeClient(probe);
  return new PostgresTarget(config, maintenance, encrypted, options.publishTimeoutMs ?? PUBLISH_TIMEOUT_MS);
}

class PostgresTarget implements Target {
  readonly engine = 'postgresql';
  readonly shownUrl: string;
  readonly database: string;
  readonly #config: PostgresConfig;
  readonly #maintenance: PostgresConfig;
  readonly #encrypted: boolean;
  readonly #publishTimeoutMs: number;
  #lock: TargetLock | null = null;

  constructor(config: PostgresConfig, maintenance: PostgresConfig, encrypted: boolean, publishTimeoutMs: number) {
    this.#publishTimeoutMs = publishTimeoutMs;
    this.shownUrl = shownUrl(config);
    this.database = config.database;
    this.#config = config;
    this.#maintenance = maintenance;
    this.#encrypted = encrypted;
  }

  async identity(): Promise<ServerIdentity> {
    return (await this.#inTarget(readIdentity)) ?? withClient(this.#maintenance, readIdentity);
  }

  async inspect(): Promise<TargetState> {
    return (await this.#inTarget(inspectDatabase)) ?? { kind: 'absent', runId: null, tableCount: 0 };
  }

  async seesNonce(nonce: string, scope: 'database' | 'server' = 'database'): Promise<boolean> {
    const look = async (client: PostgresClient): Promise<boolean> => {
      const condition = advisoryLockCondition(nonceKey(nonce), scope);
      return (await queryRows(client, `SELECT 1 FROM pg_locks l WHERE ${condition} AND l.granted`)).length > 0;
    };
    return scope === 'server' ? withClient(this.#maintenance, look) : ((await this.#inTarget(look)) ?? false);
  }

  async replicationConsumers(): Promise<readonly string[]> {
    return withClient(this.#maintenance, (client) => consumersOf(client, this.database));
  }

  async preflight(plan: BuildPlan): Promise<readonly Finding[]> {
    const lacks = await preflightTarget(this.#config, this.#maintenance, plan);
    return [...lacks, ...(await this.#drift(plan)).findings];
  }

  async lock(runId: string): Promise<void> {
    this.#lock ??= await TargetLock.take(this.#maintenance, this.database, runId);
  }

  async cleanUp(): Promise<readonly string[]> {
    await this.#held().assertHeld();
    const databases = await cleanUpSwap(this.#maintenance, this.database);
    const present = await this.#inTarget(async () => true);
    const schemas = present === null ? [] : await cleanUpInPlace({ config: this.#config });
    return [...databases, ...schemas];
  }

  async readCatalog(options: CatalogOptions = {}): Promise<Catalog> {
    return withClient(this.#config, (client) => readCatalog(client, options));
  }

  async startBuild(plan: BuildPlan): Promise<Build> {
    await this.#held().assertHeld();
    const drift = await this.#drift(plan);
    return plan.mode === 'swap'
      ? SwapBuild.start(this.#context(), plan, drift)
      : InPlaceBuild.start(this.#context(), plan, drift);
  }

  /** `mode` null: as the published run was made; what was published in place lies within what was swapped. */
  async rollback(mode: PublishMode | null, runId: string | null): Promise<PublishResult> {
    const context = this.#context();
    const mark = mode === null ? await this.#inTarget(readSchemaMark) : null;
    const inPlace =
      mode === 'in-place' || ((mark?.previous ?? null) !== null && (runId === null || mark?.previous?.runId === runId));
    return inPlace ? rollbackInPlace(context, runId) : rollbackSwap(context, runId);
  }

  async runs(): Promise<readonly TargetRun[]> {
    const databases = await swapRuns(this.#maintenance, this.database);
    const mark = await this.#inTarget(readSchemaMark);
    if (mark === null) return databases;
    const { current, previous } = mark;
    const here = { database: this.database };
    return [
      ...(current.own ? [{ ...here, runId: current.runId, state: 'published' } as const] : []),
      ...(previous === null ? [] : [{ ...here, runId: previous.runId, state: 'previous' } as const]),
      // What the database's own mark calls published was replaced in place since.
      ...databases.filter((run) => run.state !== 'published'),
    ];
  }

  ledgerConnection(build?: Build): LedgerConnection {
    const database = build instanceof SwapBuild ? build.database : this.database;
    return {
      client: 'pg',
      connection: { ...driverSettings({ ...this.#config, database }, this.#encrypted) },
      schema: LEDGER_SCHEMA,
    };
  }

  async verify(catalog: Catalog): Promise<IntegrityReport> {
    return withClient(this.#config, (client) => verifyIntegrity(client, catalog, { recount: true }));
  }

  async openSnapshot(): Promise<Snapshot> {
    return openPostgresSnapshot(this.#config);
  }

  async close(): Promise<void> {
    await this.#lock?.release();
    this.#lock = null;
  }

  async #drift({ mode, catalog }: BuildPlan): Promise<SchemaDrift> {
    const found = await this.#inTarget(async (client) => {
      const published = await publishedRun(client);
      const replaced = [...new Set([...builtSchemas(catalog), ...(published?.schemas ?? [])])];
      const raw = await readConsistently(client, mode === 'swap' ? null : replaced);
      return schemaDrift({
        wanted: catalog,
        present: catalogFrom(raw),
        index: new CatalogIndex(raw),
        published: published?.own === true ? published : null,
      });
    });
    return found ?? NO_DRIFT;
  }

  #held(): TargetLock {
    if (this.#lock !== null) return this.#lock;
    throw new UnderstudyError('INTERNAL', `The target "${this.database}" is to be changed without its lock.`);
  }

  #context(): TargetContext {
    return {
      config: this.#config,
      maintenance: this.#maintenance,
      target: this.database,
      lock: this.#held(),
      publishTimeoutMs: this.#publishTimeoutMs,
    };
  }

  /** Null where the target database does not exist. */
  async #inTarget<Result>(work: (client: PostgresClient) => Promise<Result>): Promise<Result | null> {
    const known = await withClient(this.#maintenance, (client) => databaseComment(client, this.database));
    if (known === undefined) return null;
    try {
      return await withClient(this.#config, work);
    } catch (error) {
      if (driverCode(error) === '3D000') return null; // dropped or renamed in this moment
      throw error;
    }
  }
}

async function inspectDatabase(client: PostgresClient): Promise<TargetState> {
  const [row] = await queryRows<{ tables: string; objects: string }>(
    client,
    `SELECT count(*) FILTER (WHERE o.kind = 'table') AS tables, count(*) AS objects FROM (
       SELECT 'pg_class'::regclass AS class, c.oid, c.relnamespace AS schema, CASE WHEN c.relkind IN ('r', 'p', 'f') THEN 'table' ELSE 'other' END AS kind
       FROM pg_class c WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
       UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace, 'other' FROM pg_proc
       UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace, 'other' FROM pg_type WHERE typtype IN ('e', 'd', 'r')
     ) o JOIN pg_namespace n ON n.oid = o.schema
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname !~ '^understudy(_|$)'
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')`,
    [],
    { doing: 'looking into the target database' },
  );
  const tableCount = Number(row.tables);
  const published = await publishedRun(client);
  if (published?.own === true) return { kind: 'understudy', runId: published.runId, tableCount };
  return { kind: Number(row.objects) === 0 ? 'empty' : 'foreign', runId: null, tableCount };
}

async function consumersOf(client: PostgresClient, database: string): Promise<readonly string[]> {
  const rows = await queryRows<{ consumer: string }>(
    client,
    `SELECT 'standby ' || coalesce(nullif(application_name, ''), 'process ' || pid) AS consumer FROM pg_stat_replication
     UNION ALL SELECT 'replication slot ' || slot_name FROM pg_replication_slots WHERE slot_type = 'physical' OR database = $1
     UNION ALL SELECT 'subscription ' || s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = $1
     ORDER BY 1`,
    [database],
    { doing: 'looking for standbys and subscribers of the target' },
  );
  return rows.map((row) => row.consumer);
}
