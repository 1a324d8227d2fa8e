/** Which tables take part: `source.schemas`, `include`, `exclude` and `strategy: empty`, by names and by patterns. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import type { Finding } from '../../src/kernel/findings.ts';
import type { ProvisionResult } from '../../src/pipeline/contract.ts';
import { runProvision } from '../../src/pipeline/provision.ts';
import { startTestServer } from '../support/postgres.ts';
import type { TestServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';

const tag = `u${process.pid}`;
const SOURCE = `${tag}_selection`;
let server: TestServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'understudy-selection-'));
  server = await startTestServer();
  await sql(server.url(), `CREATE DATABASE ${SOURCE}`);
  await sql(
    server.url(SOURCE),
    `CREATE SCHEMA shop; CREATE SCHEMA depot;
     CREATE TABLE shop.item (id int PRIMARY KEY, size int NOT NULL);
     CREATE TABLE depot.item (id int PRIMARY KEY, weight int NOT NULL, shop_item int REFERENCES shop.item);
     CREATE TABLE depot.move (id serial PRIMARY KEY, item_id int NOT NULL REFERENCES depot.item, steps int NOT NULL);
     CREATE TABLE depot.log_old (id int PRIMARY KEY, level int NOT NULL); CREATE TABLE depot.log_new (LIKE depot.log_old INCLUDING ALL);
     CREATE VIEW depot.loud AS SELECT * FROM depot.log_old WHERE level > 1;
     CREATE MATERIALIZED VIEW depot.levels AS SELECT level, count(*) FROM depot.log_old GROUP BY 1;
     INSERT INTO shop.item SELECT i, (hashint4(i) & 255) % 9 FROM generate_series(1, 60) i;
     INSERT INTO depot.item SELECT i, (hashint4(i + 99) & 255) % 9, CASE WHEN i % 3 > 0 THEN 1 + i % 60 END FROM generate_series(1, 80) i;
     INSERT INTO depot.move (item_id, steps) SELECT 1 + i % 80, (hashint4(i) & 255) % 5 FROM generate_series(1, 200) i;
     INSERT INTO depot.log_old SELECT i, (hashint4(i) & 255) % 4 FROM generate_series(1, 40) i; INSERT INTO depot.log_new SELECT * FROM depot.log_old;
     REFRESH MATERIALIZED VIEW depot.levels; ANALYZE;`,
  );
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

let count = 0;
/** Into a database of its own, whose URL is returned with the result. */
async function provision(config: string): Promise<{ result: ProvisionResult; url: string }> {
  const parsed = parseConfig(config, 'understudy.yaml', {});
  const url = server.url(`${tag}_selected_${count++}`);
  const result = await runProvision(
    {
      sourceUrl: server.url(SOURCE),
      targetUrl: url,
      config: { ...parsed, output: { ...parsed.output, directory: folder } },
      seed: 1,
      scale: 1,
      mode: 'swap',
      dryRun: false,
      yes: false,
      backend: 'auto',
    },
    () => {},
    new AbortController().signal,
  );
  expect(result).toMatchObject({ verdict: 'pass', integrity: { orphanCount: 0, violationCount: 0 } });
  return { result, url };
}

async function refusal(config: string): Promise<UnderstudyError> {
  const thrown = await provision(config).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(UnderstudyError);
  const left = await sql(server.url(), 'SELECT datname FROM pg_database WHERE datname ^@ $1', [
    `${tag}_selected_${count - 1}`,
  ]);
  expect(left).toEqual([]);
  return thrown as UnderstudyError;
}

const rows = async (url: string, expression: string): Promise<unknown> =>
  (await sql(url, `SELECT ${expression} AS n`))[0]['n'];
const about = (findings: readonly Finding[], code: string): string[] =>
  findings
    .filter((found) => found.code === code)
    .map(({ severity, object, message }) => `${severity} ${object}: ${message}`);

test('an excluded parent of a NOT NULL key ends the run before anything is written, by key and parent', async () => {
  const error = await refusal('source: { exclude: [depot.item] }');
  expect(error).toMatchObject({ code: 'INTROSPECT_UNSUPPORTED', exitCode: 65 });
  expect(error.message).toBe(
    'depot.move needs a row of depot.item (foreign key move_item_id_fkey is NOT NULL), but depot.item is left out, so no row of depot.move could be made.',
  );
  expect(error.hint).toBe('Include depot.item, or exclude depot.move too.');
});

test('an emptied parent of a NOT NULL key does too', async () => {
  const error = await refusal('tables: { depot.item: { strategy: empty } }');
  expect(error.message).toMatch(/^depot\.move needs a row of depot\.item .* is left empty, so no row of depot\.move/);
  expect(error.hint).toMatch(/set tables\.depot\.move\.strategy to empty too/);
});

test('an excluded parent of a nullable key leaves it NULL, with a note; views over it are there and empty', async () => {
  const { result, url } = await provision('source: { exclude: ["shop.*", log_old] }');
  expect(about(result.findings, 'INTROSPECT_EXCLUDED_PARENT')).toEqual([
    'info depot.item(shop_item): depot.item(shop_item) stays NULL in every row, since shop.item, which its foreign key item_shop_item_fkey leads to, is left out.',
  ]);
  expect(await rows(url, '(SELECT count(shop_item)::int FROM depot.item)')).toBe(0);
  expect(await rows(url, '(SELECT count(*)::int FROM depot.item)')).toBe(80);
  for (const empty of ['shop.item', 'depot.log_old', 'depot.loud', 'depot.levels'])
    expect(await rows(url, `(SELECT count(*)::int FROM ${empty})`), empty).toBe(0);
});

test('tables are emptied by a pattern, and a name knows better', async () => {
  const { result, url } = await provision(
    'tables:\n  "log_*": { strategy: empty }\n  depot.log_new: { strategy: synthesize }\n  shop.item: { strategy: empty }',
  );
  expect(
    Object.fromEntries(result.tables.map(({ schema, name, strategy }) => [`${schema}.${name}`, strategy])),
  ).toMatchObject({
    'depot.log_old': 'empty',
    'depot.log_new': 'synthesize',
    'shop.item': 'empty',
    'depot.item': 'synthesize',
  });
  expect(await rows(url, '(SELECT count(*)::int FROM depot.log_new)')).toBe(40);
  expect(await rows(url, '(SELECT count(shop_item)::int FROM depot.item)')).toBe(0);
  expect(about(result.findings, 'INTROSPECT_EXCLUDED_PARENT')).toHaveLength(1);
});

test('one schema of two, whose tables share a name', async () => {
  const { result, url } = await provision('source: { schemas: [depot] }');
  expect(result.tables.map(({ schema }) => schema)).not.toContain('shop');
  expect(about(result.findings, 'INTROSPECT_UNSUPPORTED')).toEqual([
    expect.stringMatching(/^warning depot\.item\.item_shop_item_fkey: .* not among the chosen schemas; it is left out/),
  ]);
  expect(await rows(url, "to_regclass('shop.item')")).toBeNull();
  expect(await rows(url, '(SELECT count(*)::int FROM depot.item)')).toBe(80);
});

test.for([
  ['source: { schemas: [shop, depott] }', 'source.schemas: There is no schema `depott`', 'depot'],
  ['source: { include: [depot.mve] }', 'understudy.yaml:1:21: The pattern `depot.mve` matches no table', 'depot.move'],
  ['source: { exclude: ["logg_*"] }', 'understudy.yaml:1:21: The pattern `logg_*` matches no table', 'log_'],
  ['tables: { "lug_*": { strategy: empty } }', 'understudy.yaml:1:11: The pattern `lug_*` matches no table', 'log_'],
  [
    'tables: { item: { strategy: empty } }',
    '`item` is the name of several tables: depot.item, shop.item',
    'depot.item',
  ],
])('a name that means nothing, or two things: %s', async ([config, told, meant]) => {
  const error = await refusal(config);
  expect(error).toMatchObject({ code: 'CONFIG_UNKNOWN_NAME', exitCode: 64 });
  expect(error.message).toContain(told);
  expect(error.message).toContain(`Did you mean \`${meant}`);
});
