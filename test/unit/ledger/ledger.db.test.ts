import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LedgerConnection } from '../../../connectors/connector.ts';
import { LEDGER_MIGRATIONS } from '../../../migrations/index.ts';
import {
  attemptsForSource,
  carryLedger,
  finishRun,
  listRuns,
  openLedger,
  recordRun,
} from '../../../src/ledger/index.ts';
import type { RunEnd, RunStart } from '../../../src/ledger/index.ts';
import { startTestServer } from '../../support/postgres.ts';
import type { TestServer } from '../../support/postgres.ts';
import { sql } from '../../support/publish-fixture.ts';

const tag = `ul${process.pid}`;
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(async () => {
  if (server === undefined) return;
  const rows = await sql<{ name: string }>(
    server.url(),
    `SELECT datname AS name FROM pg_database WHERE datname LIKE '${tag}%'`,
  );
  for (const { name } of rows) await sql(server.url(), `DROP DATABASE "${name}" WITH (FORCE)`);
  await server.close();
});

async function database(name: string): Promise<LedgerConnection> {
  await sql(server.url(), `CREATE DATABASE ${tag}_${name}`);
  const { host, port, user, password } = new pg.Client({ connectionString: server.url() });
  return {
    client: 'pg',
    connection: { host, port, user, password: password ?? '', database: `${tag}_${name}` },
    schema: 'understudy',
  };
}

const start = (runId: string, sourceFingerprint = 'f1'): RunStart => ({
  runId,
  startedAt: new Date('2026-01-02T03:04:05Z'),
  mode: 'swap',
  seed: '0',
  scale: 1.5,
  configDigest: 'c',
  sourceFingerprint,
  version: '0.1.0',
  holder: 'host/1',
});

const end: RunEnd = {
  state: 'published',
  finishedAt: new Date('2026-01-02T03:05:00Z'),
  verdict: 'pass',
  modelHash: 'm',
  rowCount: 3_000_000_000,
  reportPath: null,
  tables: [{ schema: 'public', name: 'rental', strategy: 'synthesize', sourceRowCount: 10, rowCount: 3_000_000_000 }],
  gates: [
    { gate: 'integrity', scope: 'database', value: 0, interval: null, limit: 0, verdict: 'pass', basis: 'loaded' },
  ],
};

test('twenty that open a new ledger at once all find one', async () => {
  const connection = await database('twenty');
  const ledgers = await Promise.all(Array.from({ length: 20 }, () => openLedger(connection)));
  await Promise.all(ledgers.map((ledger, i) => recordRun(ledger, start(`run-${i}`))));
  expect(await listRuns(ledgers[0])).toHaveLength(20);
  await Promise.all(ledgers.map((ledger) => ledger.close()));
  const [row] = await sql(server.url(`${tag}_twenty`), 'SELECT count(*)::int AS count FROM understudy.migrations');
  expect(row).toEqual({ count: LEDGER_MIGRATIONS.length });
});

test('a run is recorded, finished, listed and counted for its source', async () => {
  const ledger = await openLedger(await database('runs'));
  await recordRun(ledger, start('a'));
  await recordRun(ledger, start('a'));
  await recordRun(ledger, start('b', 'other'));
  await finishRun(ledger, 'a', end);
  const runs = await listRuns(ledger);
  expect(runs.map((run) => [run.runId, run.state, run.rowCount])).toEqual([
    ['b', 'running', null],
    ['a', 'published', 3_000_000_000],
  ]);
  expect(runs[1]).toMatchObject({ ...start('a'), finishedAt: end.finishedAt, verdict: 'pass', modelHash: 'm' });
  expect(await attemptsForSource(ledger, 'f1')).toBe(1);
  await expect(finishRun(ledger, 'nobody', end)).rejects.toMatchObject({ code: 'LEDGER_RUN_UNKNOWN' });
  await ledger.close();
});

test('looking makes no ledger', async () => {
  const ledger = await openLedger(await database('look'), { create: false });
  expect(ledger.exists).toBe(false);
  expect(await listRuns(ledger)).toEqual([]);
  await ledger.close();
  expect(await sql(server.url(`${tag}_look`), "SELECT 1 FROM pg_namespace WHERE nspname = 'understudy'")).toEqual([]);
});

test('the story is carried into another database, once', async () => {
  const [from, to] = [await openLedger(await database('from')), await openLedger(await database('to'))];
  await recordRun(from, start('a'));
  await finishRun(from, 'a', end);
  await recordRun(to, start('b'));
  await carryLedger(from, to);
  await carryLedger(from, to);
  expect((await listRuns(to)).map((run) => run.runId).sort()).toEqual(['a', 'b']);
  expect(await to.database('run_tables').count({ count: '*' })).toEqual([{ count: '1' }]);
  await Promise.all([from.close(), to.close()]);
});

test('a ledger of a newer version is refused with an explanation and stays as it is', async () => {
  const connection = await database('newer');
  const future = [...LEDGER_MIGRATIONS, { name: '9999-future', up: async () => {}, down: async () => {} }];
  await (await openLedger(connection, { migrations: future })).close();
  await expect(openLedger(connection)).rejects.toMatchObject({
    code: 'LEDGER_NEWER',
    message: expect.stringContaining('9999-future'),
  });
  await expect(openLedger(connection, { create: false })).rejects.toMatchObject({ code: 'LEDGER_NEWER' });
});

test('a migration that fails leaves nothing, and the next one succeeds', async () => {
  const connection = await database('broken');
  const broken = [
    ...LEDGER_MIGRATIONS,
    { name: '0002-broken', up: async () => Promise.reject(new Error('planted')), down: async () => {} },
  ];
  await expect(openLedger(connection, { migrations: broken })).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(await sql(server.url(`${tag}_broken`), "SELECT 1 FROM pg_namespace WHERE nspname = 'understudy'")).toEqual([]);
  await (await openLedger(connection)).close();
});
