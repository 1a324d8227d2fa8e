/** Runs the whole pipeline over one schema on a test server, and says what came of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { parseConfig } from '../../src/config/load.ts';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { silent } from '../../src/kernel/events.ts';
import type { ResolvedConfig } from '../../src/config/resolved.ts';
import { learnSource, readSourceStructure } from '../../src/pipeline/learn-source.ts';
import { withSource } from '../../src/pipeline/open-databases.ts';
import { StageClock } from '../../src/pipeline/stage-clock.ts';
import { saveModel } from '../../src/stages/learn/model-store.ts';
import type { ProvisionResult } from '../../src/pipeline/contract.ts';
import { runProvision } from '../../src/pipeline/provision.ts';
import { sql } from './publish-fixture.ts';

export interface SchemaJob {
  /** Of the databases that are made and dropped again. */
  readonly name: string;
  /** Makes the source and its rows. */
  readonly sql: string;
  /** `understudy.yaml`, as text. */
  readonly config?: string;
  readonly scale?: number;
  readonly seed?: number;
  /** Leaves the databases where they are. */
  readonly keep?: boolean;
}

/**
 * filled: published, and the server found nothing. finding: refused by name, with its code, before anything was
 * published. gate: a gate other than integrity failed. broken: published or loaded with violations, or an error that is ours.
 */
export type SchemaOutcome =
  | { readonly state: 'filled'; readonly rowCount: number }
  | { readonly state: 'finding'; readonly code: string; readonly message: string }
  | { readonly state: 'gate'; readonly gates: readonly string[] }
  | { readonly state: 'broken'; readonly message: string };

/** Codes that say that we failed, not that something is not supported. */
export const OURS = new Set([
  'INTERNAL',
  'LOAD_FAILED',
  'LOAD_CONSTRAINT_REJECTED',
  'LEARN_FAILED',
  'SCAN_FAILED',
  'PUBLISH_FAILED',
  'CONNECT_QUERY_FAILED',
]);

/** `url`: of any database of the server. Rejects only where the source itself cannot be made. */
export async function provisionSchema(url: (database?: string) => string, job: SchemaJob): Promise<SchemaOutcome> {
  const source = `${job.name}_src`;
  const target = `${job.name}_dst`;
  const directory = await mkdtemp(path.join(tmpdir(), 'understudy-fixture-'));
  const admin = new pg.Client(url());
  await admin.connect();
  const drop = async (): Promise<void> => {
    const { rows } = await admin.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE datname = $1 OR datname ^@ $2',
      [source, target],
    );
    for (const { datname } of rows)
      await admin.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(datname)} WITH (FORCE)`);
  };
  try {
    await drop();
    await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(source)} TEMPLATE template0`);
    await sql(url(source), `SET timezone = 'UTC'; ${job.sql};${ANALYZE_OWN}`);
    return await provision(url(source), url(target), job, directory);
  } finally {
    if (!job.keep) await drop();
    await admin.end();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The catalog's own tables take a plain ANALYZE longer than the fixture's. */
const ANALYZE_OWN = `
DO $analyze$ DECLARE own regclass; BEGIN
  FOR own IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)' LOOP
    EXECUTE format('ANALYZE %s', own);
  END LOOP;
END $analyze$`;

async function provision(
  sourceUrl: string,
  targetUrl: string,
  job: SchemaJob,
  directory: string,
): Promise<SchemaOutcome> {
  const parsed = parseConfig(job.config ?? '', null, {});
  const config = { ...parsed, output: { ...parsed.output, directory } };
  const modelPath = path.join(directory, 'model');
  let result: ProvisionResult;
  try {
    await learnModel(sourceUrl, modelPath, config);
    result = await runProvision(
      {
        modelPath,
        targetUrl,
        config,
        seed: job.seed ?? 1,
        scale: job.scale ?? 1,
        mode: 'swap',
        dryRun: false,
        yes: true,
        backend: 'auto',
      },
      silent,
      new AbortController().signal,
    );
  } catch (thrown) {
    if (!(thrown instanceof UnderstudyError)) return { state: 'broken', message: stackOf(thrown) };
    if (OURS.has(thrown.code))
      return { state: 'broken', message: `${thrown.code}: ${thrown.message} ${stackOf(thrown.cause)}` };
    return { state: 'finding', code: thrown.code, message: thrown.message };
  }
  const { integrity } = result;
  if (integrity !== null && integrity.orphanCount + integrity.violationCount > 0) {
    const errors = result.findings.filter((found) => found.severity === 'error');
    return { state: 'broken', message: errors.map((found) => `${found.code}: ${found.message}`).join('; ') };
  }
  if (result.verdict !== 'pass') {
    const gates = result.gates.filter((gate) => gate.verdict === 'fail');
    return {
      state: 'gate',
      gates: gates.map((gate) => `${gate.basis} ${gate.gate} ${gate.scope}: ${gate.value} ${gate.explanation}`),
    };
  }
  const wrong = await differences(sourceUrl, targetUrl, job.scale ?? 1);
  if (wrong.length > 0) return { state: 'broken', message: wrong.join('; ') };
  return { state: 'filled', rowCount: result.tables.reduce((sum, table) => sum + table.rowCount, 0) };
}

/**
 * The gates that compare with the source are another subject: a schema of rows counted off by a formula says nothing
 * about privacy. So the rows are made from a model file, and integrity alone decides.
 */
async function learnModel(sourceUrl: string, modelPath: string, config: ResolvedConfig): Promise<void> {
  const { signal } = new AbortController();
  await withSource(sourceUrl, config, signal, async (source) => {
    const clock = new StageClock(silent);
    const structure = await readSourceStructure(source, config, clock);
    const snapshot = await source.openSnapshot();
    try {
      const { model } = await learnSource(structure, snapshot, config, clock, silent, signal);
      await saveModel(modelPath, model);
    } finally {
      await snapshot.close();
    }
  });
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : thrown === undefined ? '' : String(thrown);
}

/** What the target lacks, asked of its own catalog: a constraint, a validation, rows in a table that had some. */
async function differences(sourceUrl: string, targetUrl: string, scale: number): Promise<readonly string[]> {
  const [source, target] = await Promise.all([sourceUrl, targetUrl].map(constraintsOf));
  const lacking = source.filter((line) => !target.includes(line)).map((line) => `the target lacks ${line}`);
  const [before, after] = await Promise.all([sourceUrl, targetUrl].map(rowCounts));
  for (const [table, count] of before) {
    const made = after.get(table) ?? 0;
    if (Math.round(count * Math.min(1, scale)) > 0 && made === 0) lacking.push(`${table} has no rows`);
  }
  return lacking;
}

async function constraintsOf(url: string): Promise<readonly string[]> {
  const rows = await sql<{ line: string }>(
    url,
    `SELECT format('%s %s %s %s', conrelid::regclass, conname, convalidated, pg_get_constraintdef(c.oid)) AS line
       FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
      WHERE n.nspname !~ '^(pg_|information_schema|understudy)' AND c.contype <> 'n'
      UNION ALL
     SELECT format('index %s valid %s', pg_get_indexdef(indexrelid), indisvalid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^(pg_|information_schema|understudy)'`,
  );
  return rows.map(({ line }) => line);
}

async function rowCounts(url: string): Promise<Map<string, number>> {
  const [row] = await sql<{ sql: string | null }>(
    url,
    `SELECT string_agg(format('SELECT %L AS name, count(*) AS count FROM ONLY %s', oid::regclass, oid::regclass), ' UNION ALL ') AS sql
       FROM pg_class c WHERE relkind = 'r' AND NOT relispartition AND relnamespace::regnamespace::text !~ '^(pg_|information_schema|understudy)'`,
  );
  if (row.sql === null) return new Map();
  const rows = await sql<{ name: string; count: string }>(url, row.sql);
  return new Map(rows.map(({ name, count }) => [name, Number(count)]));
}
