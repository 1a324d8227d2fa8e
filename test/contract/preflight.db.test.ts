/** What a target lacks is found before anything is written, each lack by a code and a name of its own, with its remedy. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BuildPlan, Catalog, PublishMode } from '../../connectors/connector.ts';
import { openSource, openTarget } from '../../connectors/open.ts';
import type { Finding } from '../../src/kernel/findings.ts';
import { newRunId } from '../../src/kernel/ids.ts';
import { startPooler } from '../support/pooler.ts';
import { startPrivateServer } from '../support/postgres.ts';
import type { PrivateServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';

let server: PrivateServer;
let catalog: Catalog;

beforeAll(async () => {
  server = await startPrivateServer({ max_prepared_transactions: '4' });
  await sql(server.url(), 'CREATE DATABASE shop');
  await sql(server.url('shop'), 'CREATE TABLE item (id int PRIMARY KEY)');
  await sql(server.url(), `CREATE ROLE runner LOGIN CREATEDB PASSWORD 'x'; CREATE ROLE other LOGIN PASSWORD 'x'`);
  await sql(server.url(), 'CREATE DATABASE staging OWNER runner TEMPLATE template0');
  const limits = { maxConnections: 2, maxSnapshotMinutes: 5, statementTimeoutMs: 30_000 };
  const source = await openSource(server.url('shop'), limits);
  catalog = await source.readCatalog();
  await source.close();
});
afterAll(() => server.close());

const as = (role: string, database: string, port?: number): string => {
  const url = new URL(server.url(database));
  [url.username, url.password] = [role, 'x'];
  if (port !== undefined) url.port = `${port}`;
  return url.href;
};

async function preflight(url: string, mode: PublishMode, changed: Partial<Catalog> = {}): Promise<readonly Finding[]> {
  const target = await openTarget(url);
  const plan: BuildPlan = {
    runId: newRunId(),
    mode,
    catalog: { ...catalog, ...changed },
    roles: { map: {}, skip: [] },
    estimatedBytes: 1,
    maxBytes: null,
    keepPrevious: 1,
  };
  try {
    return await target.preflight(plan);
  } finally {
    await target.close();
  }
}

/** The finding of that code, which must be about `object`. */
function only(findings: readonly Finding[], code: string, object: string): Finding {
  const found = findings.filter((finding) => finding.code === code);
  expect(found.map((finding) => finding.object)).toEqual([object]);
  return found[0];
}

const extension = (name: string, version: string): Catalog['extensions'][number] => ({
  name,
  schema: 'public',
  version,
  relocatable: true,
});

test('a plain target lacks nothing; how much disk it needs is told', async () => {
  for (const mode of ['swap', 'in-place'] as const) {
    const findings = await preflight(as('runner', 'staging'), mode);
    expect(findings.map(({ severity, code }) => [severity, code])).toEqual([['info', 'PREFLIGHT_DISK']]);
  }
});

test('extensions: forbidden to the role, in another version, fixed in a schema that is rebuilt', async () => {
  const wanted = { extensions: [extension('pageinspect', '1.0'), extension('pg_trgm', '0.1')] };
  const findings = await preflight(as('runner', 'staging'), 'swap', wanted);
  const forbidden = only(findings, 'PREFLIGHT_EXTENSION_FORBIDDEN', 'pageinspect');
  expect(forbidden).toMatchObject({ severity: 'error', message: expect.stringContaining('runner is none') });
  const versions = findings.filter(({ code }) => code === 'PREFLIGHT_EXTENSION_VERSION').map(({ object }) => object);
  expect(versions).toContain('pg_trgm');

  await sql(server.url('staging'), 'CREATE EXTENSION pg_trgm SCHEMA public');
  const fixed = only(await preflight(as('runner', 'staging'), 'in-place'), 'PREFLIGHT_EXTENSION_FIXED', 'pg_trgm');
  expect(fixed.message).toContain('runner does not own all of it');
  await sql(server.url('staging'), 'DROP EXTENSION pg_trgm');
});

test('locale and encoding', async () => {
  const locale = { ...catalog.locale, collate: 'tlh_KX.utf8', ctype: 'tlh_KX.utf8' };
  const findings = await preflight(as('runner', 'staging'), 'swap', { locale });
  expect(only(findings, 'PREFLIGHT_LOCALE', 'tlh_KX.utf8')).toMatchObject({
    severity: 'error',
    hint: expect.stringContaining('Install the locale tlh_KX.utf8'),
  });
  await sql(
    server.url(),
    "CREATE DATABASE plain OWNER runner TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'",
  );
  const inPlace = await preflight(as('runner', 'plain'), 'in-place', {
    locale: { ...catalog.locale, encoding: 'UTF8', collate: 'tlh_KX.utf8' },
  });
  expect(only(inPlace, 'PREFLIGHT_ENCODING', '').message).toMatch(/encoded in UTF8 and the target database in LATIN1/);
  expect(only(inPlace, 'PREFLIGHT_COLLATION', '').severity).toBe('warning');
});

test('objects and sessions of other roles, and what only a superuser makes', async () => {
  await sql(server.url(), 'CREATE DATABASE shared OWNER runner');
  await sql(server.url('shared'), 'CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO other');
  const held = sql(as('other', 'shared'), 'SELECT pg_sleep(60)').catch(() => {});
  try {
    await expect
      .poll(() =>
        sql(server.url(), "SELECT 1 AS is FROM pg_stat_activity WHERE datname = 'shared' AND usename = 'other'"),
      )
      .toHaveLength(1);
    const script = [
      ...catalog.script,
      { step: 'keyed', kind: 'event-trigger', object: 'guard', sql: 'SELECT 1', superuser: true } as const,
    ];
    const findings = await preflight(as('runner', 'shared'), 'swap', { script });
    only(findings, 'PREFLIGHT_OBJECT_OWNER', 'other');
    only(findings, 'PREFLIGHT_SUPERUSER', 'guard');
    const sessions = only(findings, 'PREFLIGHT_SESSIONS', 'other');
    expect(sessions.hint).toBe('GRANT pg_signal_backend TO runner, or disconnect that role before publishing.');
    await sql(server.url(), 'GRANT pg_signal_backend TO runner');
    const granted = await preflight(as('runner', 'shared'), 'swap');
    expect(granted.map(({ code }) => code)).not.toContain('PREFLIGHT_SESSIONS');
  } finally {
    await sql(server.url(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'other'");
    await held;
    await sql(server.url(), 'REVOKE pg_signal_backend FROM runner');
  }
});

test('a prepared transaction, and a target that is not there', async () => {
  await sql(server.url('staging'), "BEGIN; CREATE TABLE public.pending (id int); PREPARE TRANSACTION 'pending'");
  const pending = only(await preflight(as('runner', 'staging'), 'swap'), 'PREFLIGHT_PREPARED_TRANSACTIONS', 'staging');
  expect(pending.message).toMatch(/^1 prepared transactions are pending/);
  await sql(server.url('staging'), "ROLLBACK PREPARED 'pending'");
  only(await preflight(as('runner', 'nowhere'), 'in-place'), 'PREFLIGHT_TARGET_ABSENT', 'nowhere');
});

test('a transaction pooler on the way', async () => {
  const pooler = await startPooler(server.port);
  try {
    const found = only(
      await preflight(as('runner', 'staging', pooler.port), 'swap'),
      'PREFLIGHT_POOLER',
      `127.0.0.1:${pooler.port}`,
    );
    expect(found).toMatchObject({ severity: 'error', hint: expect.stringContaining('direct address') });
  } finally {
    await pooler.close();
  }
});
