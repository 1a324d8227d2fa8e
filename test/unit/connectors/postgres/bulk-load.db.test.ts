import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TableFacts } from '../../../../connectors/connector.ts';
import { startEmbeddedPostgres } from '../../../../connectors/embedded/embedded-postgres.ts';
import { copyRows } from '../../../../connectors/postgres/bulk-load.ts';
import { readCatalog } from '../../../../connectors/postgres/catalog.ts';
import {
  closeClient,
  connectClient,
  postgresConfig,
  queryRows,
  withDatabase,
} from '../../../../connectors/postgres/client.ts';
import type { PostgresClient, PostgresConfig } from '../../../../connectors/postgres/client.ts';
import { UnderstudyError } from '../../../../src/kernel/errors.ts';
import type { RowBlock } from '../../../../src/kernel/rows.ts';
import { startTestServer } from '../../../support/postgres.ts';
import type { TestServer } from '../../../support/postgres.ts';
import { madeBlocks, numbers, texts } from '../../../support/row-blocks.ts';

const SCHEMA = `
  CREATE DOMAIN shop.even AS integer CONSTRAINT is_even CHECK (VALUE % 2 = 0);
  CREATE TABLE shop.item (
    id integer GENERATED ALWAYS AS IDENTITY, name varchar(8) NOT NULL, price numeric(6,2) CONSTRAINT price_positive CHECK (price > 0),
    doubled numeric GENERATED ALWAYS AS (price * 2) STORED, made timestamptz DEFAULT '2020-01-01 00:00Z', pair shop.even);
  CREATE TABLE shop.keyed (id integer CONSTRAINT keyed_pk PRIMARY KEY);
  CREATE TABLE shop.part (d integer, t text) PARTITION BY RANGE (d);
  CREATE TABLE shop.part_low PARTITION OF shop.part FOR VALUES FROM (0) TO (100);
  CREATE TABLE shop.vectors (id integer, words tsvector);`;
const CANARY = 'canary-7f3e';

let server: TestServer;
let config: PostgresConfig;
let client: PostgresClient;
let tables: ReadonlyMap<string, TableFacts>;
const database = `f1_load_${process.pid}`;

async function prepare(open: PostgresClient): Promise<ReadonlyMap<string, TableFacts>> {
  await open.query(`CREATE SCHEMA shop; ${SCHEMA}`);
  const catalog = await readCatalog(open);
  return new Map(catalog.tables.map((table) => [table.name.name, table]));
}

beforeAll(async () => {
  server = await startTestServer();
  const admin = await connectClient(await postgresConfig(server.url()), 'target');
  await admin.query(`CREATE DATABASE ${database} TEMPLATE template0`);
  await closeClient(admin);
  config = withDatabase(await postgresConfig(server.url()), database);
  client = await connectClient(config, 'target');
  tables = await prepare(client);
});

afterAll(async () => {
  await closeClient(client);
  const admin = await connectClient(withDatabase(config, 'postgres'), 'target');
  await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  await closeClient(admin);
  await server.close();
});

function items(
  rowCount: number,
  blockSize: number,
  change: Partial<Record<string, (i: number) => string | null>> = {},
): AsyncIterable<RowBlock> {
  return madeBlocks(tables.get('item')!.name, rowCount, blockSize, (from, size) => ({
    id: numbers(size, (i) => from + i + 1),
    name: texts(size, (i) => (change['name'] ?? String)(from + i)),
    price: texts(size, (i) => (change['price'] ?? (() => '1.50'))(from + i)),
    ...(change['pair'] === undefined ? {} : { pair: texts(size, (i) => change['pair']!(from + i)) }),
  }));
}

async function count(table: string): Promise<number> {
  const [row] = await queryRows<{ count: string }>(client, `SELECT count(*) AS count FROM shop.${table}`);
  return Number(row.count);
}

/** Pages that the visibility map has as all visible, which only FREEZE and VACUUM make them. */
async function frozenPages(table: string): Promise<number> {
  await queryRows(client, `ANALYZE shop.${table}`);
  const [row] = await queryRows<{ count: string }>(
    client,
    `SELECT relallvisible AS count FROM pg_class WHERE oid = 'shop.${table}'::regclass`,
  );
  return Number(row.count);
}

describe('copyRows', () => {
  test('fills identity columns, leaves generated and absent ones to the server, and freezes an empty table', async () => {
    expect(await copyRows(client, tables.get('item')!, items(10_000, 777))).toBe(10_000);
    const [row] = await queryRows(
      client,
      `SELECT count(DISTINCT id)::text AS ids, min(doubled)::text AS low, max(made)::text AS made FROM shop.item`,
    );
    expect(row).toEqual({ ids: '10000', low: '3.00', made: '2020-01-01 00:00:00+00' });
    expect(await frozenPages('item')).toBeGreaterThan(50);
  });

  test('appends to a table that has rows, without freezing and without emptying it', async () => {
    await queryRows(client, 'TRUNCATE shop.item');
    await copyRows(client, tables.get('item')!, items(3, 3));
    expect(await copyRows(client, tables.get('item')!, items(5, 2))).toBe(5);
    expect(await count('item')).toBe(8);
    await queryRows(client, 'TRUNCATE shop.item');
    await copyRows(client, tables.get('item')!, items(10_000, 1000), { freeze: false });
    expect(await frozenPages('item')).toBe(0);
  });

  test('works inside the transaction that is open, and leaves it open', async () => {
    await queryRows(client, 'BEGIN; TRUNCATE shop.item');
    expect(await copyRows(client, tables.get('item')!, items(4, 4))).toBe(4);
    expect(client.getTransactionStatus()).toBe('T');
    await queryRows(client, 'ROLLBACK');
    expect(await count('item')).toBe(10_000);
  });

  test('routes rows to partitions, takes no rows at all, and goes by text where a type has no binary encoder', async () => {
    const { part, vectors } = Object.fromEntries(tables) as Record<string, TableFacts>;
    expect(
      await copyRows(
        client,
        part,
        madeBlocks(part.name, 50, 7, (from, n) => ({ d: numbers(n, (i) => from + i), t: texts(n, () => 'x') })),
      ),
    ).toBe(50);
    expect(await count('part_low')).toBe(50);
    expect(
      await copyRows(
        client,
        part,
        madeBlocks(part.name, 0, 1, () => ({})),
      ),
    ).toBe(0);
    const words = madeBlocks(vectors.name, 3, 3, (_, n) => ({
      id: numbers(n, (i) => i),
      words: texts(n, (i) => (i === 1 ? null : `'a\\\\b' 'c${i}':2`)),
    }));
    expect(await copyRows(client, vectors, words)).toBe(3);
    expect(await queryRows(client, 'SELECT words FROM shop.vectors ORDER BY id')).toEqual([
      { words: "'a\\\\b' 'c0':2" },
      { words: null },
      { words: "'a\\\\b' 'c2':2" },
    ]);
  });

  test.each([
    [
      'a CHECK',
      'price',
      { price: (i: number) => (i === 4000 ? '-77.31' : '1') },
      { constraint: 'price_positive' },
      'price_positive',
      '-77.31',
    ],
    [
      'NOT NULL',
      'name',
      { name: (i: number) => (i === 4000 ? null : CANARY.slice(0, 8)) },
      { column: 'name' },
      'shop.item.name',
      CANARY.slice(0, 8),
    ],
    [
      'a domain',
      'pair',
      { pair: (i: number) => (i === 4000 ? '777773' : '2') },
      { constraint: 'is_even' },
      'is_even',
      '777773',
    ],
    [
      'a length',
      'name',
      { name: (i: number) => (i === 4000 ? CANARY : 'x') },
      { column: 'name' },
      'shop.item.name',
      CANARY,
    ],
  ])(
    'rows that %s refuses are an error that names it and holds no value; nothing stays',
    async (_what, _column, change, data, named, value) => {
      const before = await count('item');
      const error = (await copyRows(client, tables.get('item')!, items(5000, 500, change)).catch(
        (thrown: unknown) => thrown,
      )) as UnderstudyError;
      expect(error).toBeInstanceOf(UnderstudyError);
      expect(error).toMatchObject({ code: 'LOAD_CONSTRAINT_REJECTED', data: { table: 'shop.item', ...data } });
      expect(error.message).toContain(named);
      expect(JSON.stringify({ ...error, message: error.message })).not.toContain(value);
      expect(await count('item')).toBe(before);
    },
  );

  test('a duplicate key names the constraint', async () => {
    const { keyed } = Object.fromEntries(tables) as Record<string, TableFacts>;
    const blocks = madeBlocks(keyed.name, 3, 3, (_, n) => ({ id: numbers(n, () => 7) }));
    await expect(copyRows(client, keyed, blocks)).rejects.toMatchObject({
      code: 'LOAD_CONSTRAINT_REJECTED',
      data: { constraint: 'keyed_pk' },
    });
  });

  test('rows whose making fails are all forgotten; the failure comes through and the session goes on', async () => {
    const before = await count('item');
    async function* failing(): AsyncIterable<RowBlock> {
      yield* items(20_000, 5000);
      throw new UnderstudyError('GENERATE_CAPACITY', 'no more values');
    }
    await expect(copyRows(client, tables.get('item')!, failing())).rejects.toMatchObject({ code: 'GENERATE_CAPACITY' });
    expect(await count('item')).toBe(before);
  });

  test('a column that the table does not have is refused', async () => {
    const { keyed } = Object.fromEntries(tables) as Record<string, TableFacts>;
    const blocks = madeBlocks(keyed.name, 1, 1, (_, n) => ({ id: numbers(n, (i) => i), gone: numbers(n, (i) => i) }));
    await expect(copyRows(client, keyed, blocks)).rejects.toMatchObject({
      code: 'LOAD_FAILED',
      data: { column: 'gone' },
    });
  });

  test('holds no more than a little, however slow the server: the producer waits', async () => {
    const locker = await connectClient(config, 'target');
    await queryRows(locker, 'BEGIN; LOCK TABLE shop.part IN ACCESS EXCLUSIVE MODE');
    let made = 0;
    const wide = 'w'.repeat(1000);
    const { part } = Object.fromEntries(tables) as Record<string, TableFacts>;
    const load = copyRows(
      client,
      part,
      madeBlocks(part.name, 40_000, 1000, (_, n) => {
        made += n;
        return { d: numbers(n, (i) => i % 100), t: texts(n, () => wide) };
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(made).toBeLessThanOrEqual(2000);
    await queryRows(locker, 'COMMIT');
    expect(await load).toBe(40_000);
    await closeClient(locker);
  });
});

describe('a server that goes away in the middle', () => {
  /** Blocks without end; `then` is called once many are made. */
  async function* endless(table: TableFacts, then: () => void): AsyncIterable<RowBlock> {
    for (let from = 0; ; from += 1000) {
      if (from === 100_000) then();
      yield* madeBlocks(table.name, 1000, 1000, (_, n) => ({
        id: numbers(n, (i) => from + i),
        name: texts(n, () => 'n'),
        price: texts(n, () => '1'),
      }));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test('an ended session is CONNECT_LOST at once', async () => {
    const doomed = await connectClient(config, 'target');
    const [{ pid }] = await queryRows<{ pid: string }>(doomed, 'SELECT pg_backend_pid() AS pid');
    const load = copyRows(
      doomed,
      tables.get('item')!,
      endless(tables.get('item')!, () => void client.query(`SELECT pg_terminate_backend(${pid})`)),
    );
    await expect(load).rejects.toMatchObject({ code: 'CONNECT_LOST' });
    await closeClient(doomed);
  });

  test('also while the producer hangs', async () => {
    const doomed = await connectClient(config, 'target');
    const [{ pid }] = await queryRows<{ pid: string }>(doomed, 'SELECT pg_backend_pid() AS pid');
    async function* hanging(): AsyncIterable<RowBlock> {
      yield* items(10, 10);
      await client.query(`SELECT pg_terminate_backend(${pid})`);
      await new Promise(() => {});
    }
    await expect(copyRows(doomed, tables.get('item')!, hanging())).rejects.toMatchObject({ code: 'CONNECT_LOST' });
    await closeClient(doomed);
  });

  test('a killed server is CONNECT_LOST at once, and nothing is left unhandled', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const own = await startEmbeddedPostgres({});
    const doomed = await connectClient(await postgresConfig(own.url('postgres')), 'target');
    const facts = await prepare(doomed);
    const [{ file }] = await queryRows<{ file: string }>(doomed, "SELECT pg_read_file('postmaster.pid') AS file");
    const started = performance.now();
    const load = copyRows(
      doomed,
      facts.get('item')!,
      endless(facts.get('item')!, () => void process.kill(Number(file.split('\n')[0]), 'SIGQUIT')),
    );
    await expect(load).rejects.toMatchObject({ code: 'CONNECT_LOST' });
    expect(performance.now() - started).toBeLessThan(20_000);
    await closeClient(doomed);
    await own.stop();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
