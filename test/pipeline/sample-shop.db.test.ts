import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSample } from '../../connectors/embedded/load-sample.ts';
import { PLANTED_RULES } from '../../src/pipeline/demo/planted-rules.ts';
import { makeSampleShop } from '../../src/pipeline/demo/sample-shop.ts';
import type { SampleShop, SampleShopOptions } from '../../src/pipeline/demo/sample-shop.ts';
import { startTestServer } from '../support/postgres.ts';
import type { TestServer } from '../support/postgres.ts';

const DATABASE = 'sample_shop_test';
const SHUFFLED = 'sample_shop_shuffled';

let server: TestServer;
let shop: SampleShop;
let client: pg.Client;

beforeAll(async () => {
  server = await startTestServer();
  await inDatabase('postgres', async (admin) => {
    for (const name of [DATABASE, SHUFFLED]) await admin.query(`DROP DATABASE IF EXISTS ${name}`);
    await admin.query(`CREATE DATABASE ${DATABASE}`);
  });
  shop = await makeSampleShop();
  await loadSample(server.url(DATABASE), shop);
  await inDatabase('postgres', (admin) => admin.query(`CREATE DATABASE ${SHUFFLED} TEMPLATE ${DATABASE}`));
  client = new pg.Client({ connectionString: server.url(DATABASE) });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await inDatabase('postgres', async (admin) => {
    for (const name of [DATABASE, SHUFFLED]) await admin.query(`DROP DATABASE IF EXISTS ${name}`);
  });
  await server?.close();
});

describe('the sample shop', () => {
  it('has the size of a small real one', async () => {
    expect(shop.tables).toHaveLength(20);
    expect(shop.rowCount).toBeGreaterThan(60_000);
    expect(shop.rowCount).toBeLessThan(90_000);
    expect(await count('SELECT count(*)::int AS count FROM pg_constraint WHERE NOT convalidated')).toBe(0);
  });

  it('is the same for the same seed, and another for another', async () => {
    const [once, again, other] = await Promise.all([{ seed: 7 }, { seed: 7 }, { seed: 8 }].map(digestOf));
    expect(again).toBe(once);
    expect(other).not.toBe(once);
  });

  it.each(PLANTED_RULES)('keeps: $name', async ({ sql, supportSql }) => {
    expect(await count(supportSql)).toBeGreaterThan(15);
    expect(await count(sql)).toBe(0);
  });

  it('has rules that shuffled columns break, each of them', async () => {
    const broken = await inDatabase(SHUFFLED, async (shuffled) => {
      await shuffleColumns(shuffled);
      const counts = new Map<string, number>();
      for (const { name, sql } of PLANTED_RULES) {
        counts.set(name, (await shuffled.query<{ count: number }>(sql)).rows[0].count);
      }
      return counts;
    });
    expect([...broken].filter(([, violations]) => violations === 0)).toEqual([]);
  });

  it('has dependences to learn', async () => {
    const [basket] = (
      await client.query<{ consumer: number; business: number }>(
        `SELECT avg(item_count) FILTER (WHERE segment = 'consumer')::float AS consumer,
           avg(item_count) FILTER (WHERE segment = 'business')::float AS business
         FROM orders o JOIN customer c ON c.id = o.customer_id`,
      )
    ).rows;
    expect(basket.business / basket.consumer).toBeGreaterThan(3);
    const share = 'SELECT max(n) AS count FROM (SELECT count(*)::int AS n FROM order_line GROUP BY product_id) s';
    expect(await count(share)).toBeGreaterThan(
      8 * (await count('SELECT count(*)::int / 600 AS count FROM order_line')),
    );
  });
});

async function digestOf(options: SampleShopOptions): Promise<string> {
  const hash = createHash('sha256');
  for (const table of (await makeSampleShop({ ...options, customerCount: 120 })).tables)
    hash.update(JSON.stringify(table));
  return hash.digest('hex');
}

async function count(sql: string): Promise<number> {
  return (await client.query<{ count: number }>(sql)).rows[0].count;
}

async function inDatabase<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const other = new pg.Client({ connectionString: server.url(database) });
  await other.connect();
  try {
    return await work(other);
  } finally {
    await other.end();
  }
}

/** Every stored column of every table in a random order of its own. */
async function shuffleColumns(shuffled: pg.Client): Promise<void> {
  const { rows: constraints } = await shuffled.query<{ sql: string }>(
    `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) AS sql
     FROM pg_constraint WHERE conrelid <> 0 AND connamespace::regnamespace::text IN ('public', 'web') ORDER BY contype = 'f' DESC`,
  );
  await shuffled.query('ALTER TABLE customer DISABLE TRIGGER ALL; DROP INDEX customer_live_email; SELECT setseed(0.5)');
  for (const { sql } of constraints)
    await shuffled.query(sql.replace(' DROP CONSTRAINT ', ' DROP CONSTRAINT IF EXISTS '));
  const { rows: tables } = await shuffled.query<{ table: string; columns: string[] }>(
    `SELECT attrelid::regclass::text AS table, array_agg(quote_ident(attname)) AS columns
     FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
     WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('public', 'web') AND attnum > 0 AND attgenerated = '' GROUP BY 1`,
  );
  for (const { table, columns } of tables) {
    const list = columns.join(', ');
    const parts = columns.map(
      (column, i) => `(SELECT ${column}, row_number() OVER (ORDER BY random()) AS n FROM ${table}) s${i}`,
    );
    const joined = parts.map((part, i) => (i === 0 ? part : `JOIN ${part} USING (n)`)).join(' ');
    await shuffled.query(
      `CREATE TEMP TABLE mixed AS SELECT ${list} FROM ${joined};
       ALTER TABLE ${table} DISABLE TRIGGER ALL; DELETE FROM ${table};
       INSERT INTO ${table} (${list}) OVERRIDING SYSTEM VALUE SELECT ${list} FROM mixed; DROP TABLE mixed`,
    );
  }
}
