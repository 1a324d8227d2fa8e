/** Tables with next to nothing to learn from are filled like all others. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attempt, createShop } from '../support/bad-input.ts';
import { startPrivateServer } from '../support/postgres.ts';
import type { PrivateServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';

const SPARSE = `
  CREATE TABLE keyless (customer_id int REFERENCES customer, mark text NOT NULL, weight int);
  INSERT INTO keyless SELECT 1 + i % 300, (ARRAY['a', 'b', 'c'])[1 + i % 3], i % 7 FROM generate_series(1, 400) i;
  CREATE TABLE keyless_alone (mark text, weight int);
  INSERT INTO keyless_alone SELECT 'm' || i % 4, i % 7 FROM generate_series(1, 1200) i;
  CREATE TABLE nothing (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, word text NOT NULL);
  CREATE TABLE below_nothing (id int PRIMARY KEY, nothing_id int NOT NULL REFERENCES nothing);
  CREATE TABLE single (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, word text NOT NULL);
  INSERT INTO single VALUES (1, 7, 'Zzyzx');
  CREATE TABLE settings (id int PRIMARY KEY, theme text NOT NULL);
  INSERT INTO settings VALUES (1, 'dark');
  CREATE TABLE hollow (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, mark text NOT NULL,
    void_text text, void_int int, void_numeric numeric(10, 2), void_time timestamptz, void_date date, void_json jsonb, void_state order_state,
    void_array text[], void_uuid uuid, void_key int REFERENCES product, void_email text UNIQUE);
  INSERT INTO hollow SELECT i, 1 + i % 300, (ARRAY['a', 'b', 'c'])[1 + i % 3] FROM generate_series(1, 400) i;
  CREATE TABLE columnless ();
  CREATE TABLE all_default (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
  INSERT INTO all_default SELECT FROM generate_series(1, 50);`;

let server: PrivateServer;
beforeAll(async () => {
  server = await startPrivateServer();
  await createShop(server, 'shop', SPARSE);
});
afterAll(() => server.close());

test.for(['swap', 'in-place'])(
  'no primary key, no row, one row, a column all NULL: filled and published (%s)',
  async (mode) => {
    await sql(server.url(), 'DROP DATABASE IF EXISTS staging');
    await sql(server.url(), 'CREATE DATABASE staging');
    const env = { SOURCE: server.url('shop'), TARGET: server.url('staging') };
    const run = await attempt(['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET', '--mode', mode], {
      env,
    });
    expect(run.result, run.stderr).toMatchObject({ verdict: 'pass', integrity: { orphanCount: 0, violationCount: 0 } });
    expect(run.exitCode).toBe(0);
    const target = server.url('staging');
    const counts = await sql<Record<string, number>>(
      target,
      `SELECT (SELECT count(*)::int FROM public.keyless) AS keyless, (SELECT count(*)::int FROM public.keyless_alone) AS keyless_alone,
        (SELECT count(*)::int FROM public.nothing) AS nothing, (SELECT count(*)::int FROM public.below_nothing) AS below_nothing,
        (SELECT count(*)::int FROM public.single) AS single, (SELECT count(*)::int FROM public.settings) AS settings,
        (SELECT count(*)::int FROM public.hollow) AS hollow, (SELECT count(*)::int FROM public.all_default) AS all_default`,
    );
    expect(counts).toEqual([
      {
        keyless: 400,
        keyless_alone: 1200,
        nothing: 0,
        below_nothing: 0,
        single: 1,
        settings: 1,
        hollow: 400,
        all_default: 50,
      },
    ]);
    const [voids] = await sql(
      target,
      `SELECT count(void_text) + count(void_int) + count(void_numeric) + count(void_time) + count(void_date) + count(void_json)
         + count(void_state) + count(void_array) + count(void_uuid) + count(void_key) + count(void_email) AS filled,
         count(DISTINCT mark)::int AS marks FROM public.hollow`,
    );
    expect(voids).toEqual({ filled: '0', marks: 3 });
    // Nobody's only row is copied.
    expect(await sql(target, "SELECT FROM public.single WHERE word ILIKE '%zzyzx%'")).toEqual([]);
    const codes = run.result.findings.map(({ code }) => code);
    expect(codes).toContain('GRAPH_NO_PRIMARY_KEY');
  },
);

test('a source of nothing but empty tables becomes a target of nothing but empty tables', async () => {
  await sql(server.url(), 'CREATE DATABASE bare');
  await sql(server.url('bare'), 'CREATE TABLE customer (id int PRIMARY KEY, name text, email text)');
  const env = { SOURCE: server.url('bare'), TARGET: server.url('bare_staging') };
  const run = await attempt(['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET'], { env });
  expect(run.result.verdict, run.stderr).toBe('pass');
  expect(await sql(server.url('bare_staging'), 'SELECT count(*)::int AS count FROM public.customer')).toEqual([
    { count: 0 },
  ]);
});

test('a source without tables has nothing to learn', async () => {
  await sql(server.url(), 'CREATE DATABASE void');
  const env = { SOURCE: server.url('void'), TARGET: server.url('void_staging') };
  const run = await attempt(['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET'], { env });
  expect(run.result.error).toMatchObject({ code: 'INTROSPECT_NO_TABLES', exitCode: 65 });
  expect(run.exitCode).toBe(65);
});
