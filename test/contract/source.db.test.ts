import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSource } from '../../connectors/open.ts';
import type {
  Catalog,
  QualifiedName,
  RowBatch,
  RowQuery,
  Snapshot,
  Source,
  TableFacts,
} from '../../connectors/connector.ts';
import { catalogFrom, readConsistently } from '../../connectors/postgres/catalog.ts';
import { closeClient, connectClient, postgresConfig } from '../../connectors/postgres/client.ts';
import type { PostgresClient } from '../../connectors/postgres/client.ts';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { startTestServer } from '../support/postgres.ts';
import type { TestServer } from '../support/postgres.ts';

const LIMITS = { maxConnections: 2, maxSnapshotMinutes: 5, statementTimeoutMs: 60_000 };
const DATABASE = 'source_reading';
const SCHEMA = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE DOMAIN price AS numeric(8, 2) CHECK (VALUE >= 0);
  CREATE DOMAIN sale_price AS price NOT NULL CHECK (VALUE < 1000);
  CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY, code text COLLATE "C", tenant int, low numeric(5, -2), tags varchar(7)[],
    cost sale_price, feeling mood, PRIMARY KEY (tenant, id), UNIQUE (code));
  CREATE UNIQUE INDEX parent_partial ON parent (lower(code), tenant) WHERE feeling = 'ok';
  INSERT INTO parent OVERRIDING SYSTEM VALUE SELECT i, 'c' || i, i % 3, 100, '{}', 1, 'ok' FROM generate_series(1, 1000) i;
  CREATE TABLE child (n bigint PRIMARY KEY, tenant bigint, parent_id int, code text REFERENCES parent (code), note text,
    FOREIGN KEY (parent_id, tenant) REFERENCES parent (id, tenant) ON DELETE CASCADE DEFERRABLE);
  CREATE TABLE measured (id int, day date NOT NULL, owner int) PARTITION BY RANGE (day);
  CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
  CREATE TABLE measured_2 PARTITION OF measured FOR VALUES FROM ('2024-02-01') TO ('2024-03-01') PARTITION BY HASH (id);
  CREATE TABLE measured_2_all PARTITION OF measured_2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
  CREATE TABLE owners (id int PRIMARY KEY);
  ALTER TABLE measured_1 ADD CONSTRAINT own_1 FOREIGN KEY (owner) REFERENCES owners;
  ALTER TABLE measured_2_all ADD CONSTRAINT own_2 FOREIGN KEY (owner) REFERENCES owners;
  CREATE UNIQUE INDEX ON measured_1 (id);
  CREATE TABLE base (id int);
  CREATE TABLE derived () INHERITS (base);
  INSERT INTO base VALUES (1); INSERT INTO derived VALUES (2), (3);
  CREATE TABLE odd (a text, b text);
  INSERT INTO odd VALUES (E'tab\\there\\nline\\\\back', NULL), ('', '\\N'), ('ü😀 and long enough to be no copy', E'\\r\\b\\f\\v'), (NULL, repeat('x', 70000));
  CREATE TABLE secret (id int PRIMARY KEY);
  CREATE TABLE guarded (id int);
  ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
  ANALYZE;`;

let server: TestServer;
let admin: PostgresClient;

beforeAll(async () => {
  server = await startTestServer();
  const root = await connectClient(await postgresConfig(server.url('postgres')), 'target');
  await root.query(`DROP DATABASE IF EXISTS ${DATABASE}`);
  await root.query(`CREATE DATABASE ${DATABASE} TEMPLATE template0 ENCODING 'UTF8'`);
  await closeClient(root);
  admin = await connectClient(await postgresConfig(server.url(DATABASE)), 'target', { search_path: 'public' });
  await admin.query(
    SCHEMA.replaceAll('(parent_id, tenant) REFERENCES parent (id, tenant)', '(tenant, parent_id) REFERENCES parent'),
  );
  await admin.query(`INSERT INTO child SELECT i, i % 3, i, 'c' || i, NULL FROM generate_series(1, 1000) i WHERE i % 2 = 0;
    INSERT INTO child SELECT 5000 + i, 1, 1, NULL, 'second' FROM generate_series(1, 4) i; INSERT INTO child VALUES (9000, NULL, 7, NULL, NULL)`);
});
afterAll(async () => {
  await closeClient(admin);
  const root = await connectClient(await postgresConfig(server.url('postgres')), 'target');
  await root.query(`DROP DATABASE ${DATABASE} WITH (FORCE)`);
  await closeClient(root);
  await server.close();
});

async function withSource<T>(work: (source: Source) => Promise<T>, url = server.url(DATABASE)): Promise<T> {
  const source = await openSource(url, LIMITS);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

const withSnapshot = <T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T> =>
  withSource(async (source) => work(await source.openSnapshot()));

const table = (name: string): QualifiedName => ({ schema: 'public', name });

async function rowsOf(batches: AsyncIterable<RowBatch>): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = [];
  for await (const batch of batches)
    for (let i = 0; i < batch.rowCount; i += 1) rows.push(batch.columns.map((column) => column[i]));
  return rows;
}

async function failure(promise: Promise<unknown>): Promise<UnderstudyError> {
  const thrown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(UnderstudyError);
  return thrown as UnderstudyError;
}

describe('the catalog', () => {
  let catalog: Catalog;
  const facts = (name: string): TableFacts => catalog.tables.find((candidate) => candidate.name.name === name)!;
  beforeAll(async () => {
    catalog = await withSource((source) => source.readCatalog());
  });

  test('of a server newer than any that is known is told to be incomplete', async () => {
    const raw = await readConsistently(admin, null);
    const newer = { ...raw, capabilities: { ...raw.capabilities, major: 99 } };
    const told = (from: typeof raw): unknown[] =>
      catalogFrom(from).findings.filter(({ code }) => code === 'INTROSPECT_VERSION_UNSUPPORTED');
    expect(told(raw)).toEqual([]);
    expect(told(newer)).toEqual([
      expect.objectContaining({ severity: 'warning', message: expect.stringContaining('PostgreSQL 99, newer than') }),
    ]);
  });

  test('keeps keys in key order, and what makes an index partial', () => {
    expect(facts('parent').primaryKey).toMatchObject({ columns: ['tenant', 'id'], kind: 'primary' });
    expect(facts('parent').uniqueKeys).toMatchObject([
      { kind: 'constraint', columns: ['code'] },
      {
        kind: 'index',
        columns: [null, 'tenant'],
        expressions: ['lower(code)', null],
        predicate: expect.stringContaining("'ok'"),
      },
    ]);
    const [toCode, toParent] = [...facts('child').foreignKeys].sort((a, b) => a.columns.length - b.columns.length);
    expect(toCode).toMatchObject({ columns: ['code'], referencedColumns: ['code'] });
    expect(toParent).toMatchObject({
      columns: ['tenant', 'parent_id'],
      referencedColumns: ['tenant', 'id'],
      onDelete: 'cascade',
      deferrable: true,
    });
  });

  test('sees through domains, arrays and modifiers', () => {
    const column = (name: string) => facts('parent').columns.find((candidate) => candidate.name === name)!;
    expect(column('cost').nullable).toBe(false);
    expect(column('cost').type).toMatchObject({
      sql: 'public.sale_price',
      baseSql: 'numeric(8,2)',
      class: 'decimal',
      precision: 8,
      scale: 2,
    });
    expect(column('cost').type.domain?.checks.map((check) => check.expression)).toEqual([
      '((VALUE)::numeric < (1000)::numeric)',
      '(VALUE >= (0)::numeric)',
    ]);
    expect(column('tags').type).toMatchObject({
      class: 'array',
      element: { sql: 'character varying(7)', maxLength: 7 },
    });
    expect(column('feeling').type.enumLabels).toEqual(['sad', 'ok']);
    expect(column('id')).toMatchObject({
      identity: 'always',
      sequence: { name: 'parent_id_seq' },
      statistics: { distinctCount: 1000, nullRate: 0 },
    });
    expect(column('low').type).toMatchObject({ precision: 5, scale: -2 });
  });

  test('folds partitions into their root, with the keys that only they declare', () => {
    expect(facts('measured_1')).toBeUndefined();
    expect(facts('measured').partitions.map((partition) => partition.name.name)).toEqual([
      'measured_1',
      'measured_2_all',
    ]);
    expect(facts('measured').foreignKeys).toMatchObject([
      {
        columns: ['owner'],
        referencedTable: table('owners'),
        declaredOn: [table('measured_1'), table('measured_2_all')],
      },
    ]);
    expect(facts('measured').uniqueKeys).toMatchObject([{ columns: ['id'] }]);
    expect(facts('derived').inheritsFrom).toEqual([table('base')]);
  });

  test('tells which GRANT is missing and where row security would hide rows', async () => {
    await admin.query(
      `DROP ROLE IF EXISTS "half reader"; CREATE ROLE "half reader" LOGIN PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "half reader"; REVOKE SELECT ON secret FROM "half reader"`,
    );
    const url = new URL(server.url(DATABASE));
    url.username = 'half reader';
    url.password = 'x';
    const found = await withSource((source) => source.readCatalog(), url.href);
    expect(found.findings.map(({ code, severity, object }) => ({ code, severity, object }))).toEqual([
      { code: 'INTROSPECT_ROW_SECURITY', severity: 'error', object: 'public.guarded' },
      { code: 'INTROSPECT_NO_SELECT', severity: 'error', object: 'public.secret' },
    ]);
    expect(found.findings[1].hint).toContain('GRANT SELECT ON "public"."secret" TO "half reader";');
    expect(found.tables.find((candidate) => candidate.name.name === 'secret')?.selectable).toBe(false);
    const denied = await withSource(
      async (source) => failure((await source.openSnapshot()).countRows(table('secret'))),
      url.href,
    );
    expect(denied.code).toBe('INTROSPECT_NO_SELECT');
    const hidden = await withSource(
      async (source) => failure((await source.openSnapshot()).countRows(table('guarded'))),
      url.href,
    );
    expect(hidden.code).toBe('INTROSPECT_ROW_SECURITY');
    await admin.query('DROP OWNED BY "half reader"; DROP ROLE "half reader"');
  });
});

describe('a snapshot', () => {
  test('reads every character as it is, and NULL apart from empty', async () => {
    const rows = await withSnapshot((snapshot) =>
      rowsOf(snapshot.readRows({ table: table('odd'), columns: ['a', 'b'] })),
    );
    expect(rows).toEqual([
      ['tab\there\nline\\back', null],
      ['', '\\N'],
      ['ü😀 and long enough to be no copy', '\r\b\f\v'],
      [null, 'x'.repeat(70_000)],
    ]);
  });

  test('finds rows by any text of a key, and by a condition', async () => {
    const odd = { table: table('odd'), columns: ['a', 'b'] };
    const [one, both, none, where] = await withSnapshot(async (snapshot) => [
      await rowsOf(
        snapshot.readRows({ ...odd, among: { columns: ['a'], rows: [['tab\there\nline\\back'], ['no\'such"{}']] } }),
      ),
      await rowsOf(
        snapshot.readRows({
          ...odd,
          among: {
            columns: ['a', 'b'],
            rows: [
              ['ü😀 and long enough to be no copy', '\r\b\f\v'],
              ['', 'another'],
            ],
          },
        }),
      ),
      await rowsOf(snapshot.readRows({ ...odd, among: { columns: ['b'], rows: [] } })),
      await rowsOf(snapshot.readRows({ ...odd, where: "a = '' OR a IS NULL -- both", orderBy: ['a'] })),
    ]);
    expect(one).toEqual([['tab\there\nline\\back', null]]);
    expect(both).toEqual([['ü😀 and long enough to be no copy', '\r\b\f\v']]);
    expect(none).toEqual([]);
    expect(where.map(([value]) => value)).toEqual(['', null]);
  });

  test('samples the same subjects in every table that holds their key', async () => {
    const hashSample = (column: string) => ({ columns: [column], rate: 0.3 });
    const [parents, children, joined] = await withSnapshot(async (snapshot) => [
      await rowsOf(snapshot.readRows({ table: table('parent'), columns: ['code'], hashSample: hashSample('code') })),
      await rowsOf(snapshot.readRows({ table: table('child'), columns: ['code'], hashSample: hashSample('code') })),
      await rowsOf(
        snapshot.readRows({
          table: table('child'),
          columns: ['code'],
          semiJoin: {
            columns: ['code'],
            otherColumns: ['code'],
            other: { table: table('parent'), columns: [], hashSample: hashSample('code') },
          } satisfies RowQuery['semiJoin'],
        }),
      ),
    ]);
    const chosen = new Set(parents.flat());
    expect(chosen.size).toBeGreaterThan(240); // 1,000 × 0.3, binomial: 4 standard deviations
    expect(chosen.size).toBeLessThan(360);
    const expected = Array.from({ length: 500 }, (_, i) => `c${2 * (i + 1)}`).filter((code) => chosen.has(code));
    expect(children.flat().sort()).toEqual(expected.sort());
    expect(joined.flat().sort()).toEqual(expected.sort());
  });

  test('counts, and its histogram of degrees counts the childless', async () => {
    const catalog = await withSource((source) => source.readCatalog());
    const key = catalog.tables
      .find((candidate) => candidate.name.name === 'child')!
      .foreignKeys.find((candidate) => candidate.columns.length === 2)!;
    await withSnapshot(async (snapshot) => {
      expect(await snapshot.countRows(table('base'))).toBe(1); // the rows of `derived` are its own
      const histogram = [
        [0, 499],
        [1, 500],
        [4, 1],
      ];
      expect(await snapshot.degreeHistogram(table('child'), key)).toEqual(histogram);
      expect(await snapshot.degreeHistogram(table('child'), { ...key, validated: false })).toEqual(histogram);
    });
  });

  test('sums up a table as COPY in key order would', async () => {
    const { rows } = await admin.query<{ line: string }>(
      `SELECT concat_ws(E'\\t', n, coalesce(tenant::text, '\\N'), parent_id, coalesce(code, '\\N'), coalesce(note, '\\N')) || E'\\n' AS line FROM child ORDER BY n`,
    );
    const expected = createHash('sha256')
      .update(rows.map((row) => row.line).join(''))
      .digest('hex');
    expect(await withSnapshot((snapshot) => snapshot.checksum(table('child')))).toBe(expected);
  });

  test('stays one view after a reader that left early and a query that failed', async () => {
    await admin.query('CREATE TABLE big AS SELECT i, md5(i::text) AS m FROM generate_series(1, 300000) i');
    await withSnapshot(async (snapshot) => {
      expect(await snapshot.countRows(table('base'))).toBe(1);
      await admin.query('INSERT INTO base VALUES (9)');
      for await (const batch of snapshot.readRows({ table: table('big'), columns: ['i', 'm'] })) {
        expect(batch.rowCount).toBe(2000);
        break;
      }
      expect((await failure(snapshot.countRows(table('nowhere')))).code).toBe('CONNECT_QUERY_FAILED');
      expect(await snapshot.countRows(table('base'))).toBe(1);
    });
    await admin.query('DELETE FROM base WHERE id = 9');
  });

  test('cannot write', async () => {
    const client = await connectClient(await postgresConfig(server.url(DATABASE)), 'source');
    await expect(client.query('INSERT INTO public.base VALUES (1)')).rejects.toMatchObject({ code: '25006' });
    await closeClient(client);
  });

  test('whose session is ended in the middle of a read says CONNECT_LOST at once', async () => {
    await withSnapshot(async (snapshot) => {
      const started = Date.now();
      const reading = (async () => {
        for await (const _ of snapshot.readRows({ table: table('big'), columns: ['i', 'm'] })) {
          await admin.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'understudy' AND state = 'active' AND pid <> pg_backend_pid()`,
          );
        }
      })();
      expect((await failure(reading)).code).toBe('CONNECT_LOST');
      expect((await failure(snapshot.countRows(table('base')))).code).toBe('CONNECT_LOST');
      expect(Date.now() - started).toBeLessThan(5000);
    });
  });
});

test('the nonce lock is seen from another session of the same database, and only while it is held', async () => {
  const { nonceKey } = await import('../../connectors/postgres/nonce.ts');
  const isFree = async (): Promise<string> => {
    const { rows } = await admin.query<{ free: string }>(`SELECT pg_try_advisory_xact_lock(${nonceKey('n')}) AS free`);
    return rows[0].free;
  };
  await withSource(async (source) => {
    expect(await isFree()).toBe('t');
    await source.holdNonce('n');
    expect(await isFree()).toBe('f');
  });
  await expect.poll(isFree).toBe('t');
});
