import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { runBinary } from '../support/binary.ts';
import type { BinaryRun } from '../support/binary.ts';
import { shapeOf } from '../support/json-shape.ts';
import { startTestServer } from '../support/postgres.ts';
import type { TestServer } from '../support/postgres.ts';

const SCHEMA = `
  CREATE TABLE country (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE customer (id int PRIMARY KEY, country_id int NOT NULL REFERENCES country, email text NOT NULL UNIQUE, boss_id int REFERENCES customer);
  CREATE TABLE "Order: #1" (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, "odd \n name" text, placed_at timestamptz NOT NULL, paid_at timestamptz);
  CREATE TABLE secret (id int, customer_id int REFERENCES customer);
  INSERT INTO country SELECT i, 'c' || i FROM generate_series(1, 20) i;
  INSERT INTO customer SELECT i, 1 + i % 20, 'somebody' || i || '@example.org', NULL FROM generate_series(1, 300) i;
  INSERT INTO "Order: #1" SELECT i, 1 + i % 300, NULL, placed_at, placed_at + i % 50 * interval '1 minute'
    FROM generate_series(1, 900) i, LATERAL (SELECT now() - i * 7919 % 1000 * interval '1 hour' AS placed_at) p;
  ANALYZE;
  CREATE ROLE cli_reader LOGIN PASSWORD 'cli_reader';
  GRANT USAGE ON SCHEMA public TO cli_reader;
  GRANT SELECT ON country, customer, "Order: #1" TO cli_reader;`;

const DATABASE = 'cli_reading_commands';
let server: TestServer;
let cwd: string;
let reader: string;

async function administer(...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

beforeAll(async () => {
  cwd = mkdtempSync(path.join(tmpdir(), 'reading-test-'));
  server = await startTestServer();
  await administer(
    `DROP DATABASE IF EXISTS ${DATABASE}`,
    'DROP ROLE IF EXISTS cli_reader',
    `CREATE DATABASE ${DATABASE}`,
  );
  const client = new pg.Client({ connectionString: server.url(DATABASE) });
  await client.connect();
  await client.query(SCHEMA);
  await client.end();
  const url = new URL(server.url(DATABASE));
  url.username = 'cli_reader';
  url.password = 'cli_reader';
  reader = url.href;
});
afterAll(async () => {
  await administer(`DROP DATABASE ${DATABASE}`, 'DROP ROLE cli_reader');
  await server.close();
  rmSync(cwd, { recursive: true });
});

const run = (...args: readonly string[]): Promise<BinaryRun> =>
  runBinary(args, {
    cwd,
    env: { SOURCE_URL: server.url(DATABASE), READER_URL: reader, TARGET_URL: server.url('cli_no_such_target') },
  });
const runJson = async (...args: readonly string[]): Promise<Record<string, never>> =>
  JSON.parse((await run(...args, '--json')).stdout) as Record<string, never>;

test('introspect shows the graph as text, JSON, dot and mermaid', async () => {
  const text = await run('introspect', '--source', 'env:SOURCE_URL');
  expect(text.exitCode).toBe(0);
  expect(text.stdout).toMatch(/public\.customer\s+300\s+entity, subject/);
  expect(text.stdout).toMatch(/public\.country\s+20\s+reference/);
  expect(text.stdout).toContain('GRAPH_NO_PRIMARY_KEY');
  const json = await run('introspect', '--source', 'env:SOURCE_URL', '--format', 'json');
  expect(json.stdout).toBe((await run('introspect', '--source', 'env:SOURCE_URL', '--json')).stdout);
  const dot = await run('introspect', '--source', 'env:SOURCE_URL', '--format', 'dot');
  expect(dot.stdout).toMatch(
    /^digraph "cli_reading_commands" \{[\s\S]+"public\.Order: #1" -> "public\.customer" \[label="[^"]+", style=bold\];[\s\S]+\}\n$/,
  );
  const mermaid = await run('introspect', '--source', 'env:SOURCE_URL', '--format', 'mermaid');
  expect(mermaid.stdout).toMatch(/^erDiagram\n[\s\S]+ {2}customer \|\|--o\{ Order___1 : "/);
});

test('introspect shows hidden rules where they are asked for', async () => {
  const text = await run('introspect', '--source', 'env:SOURCE_URL', '--rules');
  expect(text.stdout).toMatch(/Hidden rules\n[\s\S]+ {2}Order: #1: placed_at ≤ paid_at\n/);
  const { rules } = await runJson('introspect', '--source', 'env:SOURCE_URL', '--rules');
  expect(rules).toMatchObject([
    { kind: 'order', table: 'public.Order: #1', support: { unitCount: expect.any(Number) as number } },
  ]);
  expect(await runJson('introspect', '--source', 'env:SOURCE_URL')).not.toHaveProperty('rules');
});

test('init writes a file that loads, refuses to replace it, and its proposals are taken', async () => {
  const first = await run('init', '--source', 'env:SOURCE_URL');
  expect(first).toMatchObject({ exitCode: 0 });
  const yaml = readFileSync(path.join(cwd, 'understudy.yaml'), 'utf8');
  expect(yaml).not.toContain('somebody');
  const config = parseConfig(yaml, 'understudy.yaml', {});
  expect(config).toMatchObject({
    source: { url: 'env:SOURCE_URL' },
    subjects: ['public.customer'],
    tables: { 'public.customer': { columns: { email: { treatment: 'fake', detector: 'person.email' } } } },
  });
  const again = await run('init');
  expect(again.exitCode).toBe(64);
  expect(again.stderr).toContain('understudy.yaml exists');
  expect(readFileSync(path.join(cwd, 'understudy.yaml'), 'utf8')).toBe(yaml);
  // The file is found in the working folder, and its names are checked against the catalog.
  const rules = await runJson('rules', 'check');
  expect(rules['columns']).toContainEqual(
    expect.objectContaining({ column: 'email', treatment: 'fake', decidedBy: 'config' }),
  );
  rmSync(path.join(cwd, 'understudy.yaml'));
});

test('a table without SELECT: doctor prints the GRANT, and granting it suffices', async () => {
  const before = await run('doctor', '--source', 'env:READER_URL');
  expect(before.exitCode).toBe(77);
  expect(before.stdout).toContain('GRANT SELECT ON "public"."secret" TO "cli_reader";');
  const { missingGrants } = await runJson('doctor', '--source', 'env:READER_URL');
  const client = new pg.Client({ connectionString: server.url(DATABASE) });
  await client.connect();
  for (const grant of missingGrants as readonly string[]) await client.query(grant);
  await client.end();
  expect(await run('doctor', '--source', 'env:READER_URL')).toMatchObject({ exitCode: 0 });
});

test('wrong password, missing database, unreachable server: each its code and exit code', async () => {
  const wrong = new URL(reader);
  wrong.password = 'wrong';
  const failures = [
    [server.url('cli_no_such_database'), 'CONNECT_DATABASE_MISSING', 69],
    ['postgres://u@127.0.0.1:1/x', 'CONNECT_UNREACHABLE', 69],
    // A shared server may trust everyone.
    ...(process.env['TEST_POSTGRES_URL'] ? [] : [[wrong.href, 'CONNECT_AUTH_FAILED', 77] as const]),
  ] as const;
  for (const [url, code, exitCode] of failures) {
    const result = await runBinary(['introspect', '--source', 'env:URL', '--json'], { cwd, env: { URL: url } });
    expect(result.exitCode).toBe(exitCode);
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code, exitCode } });
  }
});

test('the JSON of the reading commands is a public interface', async () => {
  const source = ['--source', 'env:SOURCE_URL'];
  const target = ['--target', 'env:TARGET_URL'];
  const shapes = {
    introspect: await runJson('introspect', ...source),
    init: await runJson('init', ...source, '-o', '-'),
    'rules list': await runJson('rules', 'list'),
    'rules check': await runJson('rules', 'check', ...source),
    'rules try': await runJson('rules', 'try', 'somebody@example.org'),
    runs: await runJson('runs', ...target),
    'runs prune': await runJson('runs', 'prune', ...target),
    doctor: await runJson('doctor', ...source, ...target),
    failure: await runJson('rollback', ...target),
  };
  expect(shapeOf(shapes)).toMatchSnapshot();
});
