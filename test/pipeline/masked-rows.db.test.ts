/** Masked real rows: the closed set of them, their treatments, the same key everywhere. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';
import { sampleDatabase } from '../support/schema-dump.ts';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { runProvision } from '../../src/pipeline/provision.ts';
import type { ProvisionResult } from '../../src/pipeline/contract.ts';

const tag = `u${process.pid}`;
const SECRET = 'UNDERSTUDY_TEST_MASK_KEY';
let server: TestServer;
let folder: string;

/** A customer has addresses, one of them the default: a cycle. Employees have managers. Orders hang on both. */
const SHOP = `
  CREATE TABLE employee (id int PRIMARY KEY, manager_id int REFERENCES employee, badge int NOT NULL,
    a int, b int, c int, d int);
  CREATE TABLE customer (id int PRIMARY KEY, code text NOT NULL UNIQUE, last_name text NOT NULL, email text NOT NULL,
    born date, default_address int);
  CREATE TABLE address (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, street text NOT NULL);
  ALTER TABLE customer ADD CONSTRAINT home FOREIGN KEY (default_address) REFERENCES address;
  CREATE TABLE product (id int PRIMARY KEY, sku text NOT NULL, weight int NOT NULL, a int, b int, c int);
  CREATE TABLE sale (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, employee_id int REFERENCES employee,
    placed date NOT NULL, shipped date);
  CREATE TABLE line (sale_id int REFERENCES sale, number int, product_id int NOT NULL REFERENCES product,
    replaces_number int, PRIMARY KEY (sale_id, number),
    FOREIGN KEY (sale_id, replaces_number) REFERENCES line (sale_id, number));
  CREATE TABLE supply (id int PRIMARY KEY, product_id int NOT NULL REFERENCES product, amount int NOT NULL);
  INSERT INTO employee SELECT i, CASE WHEN i > 4 THEN i / 4 END, i * 37 FROM generate_series(1, 60) i;
  INSERT INTO customer SELECT i, 'C-' || to_char(1000000 + i * 7919, 'FM0000000'), 'Realname' || i, 'real' || i || '@customer.example',
    date '1950-01-01' + i * 31 FROM generate_series(1, 400) i;
  INSERT INTO address SELECT i, 1 + i % 400, i || ' Real Street' FROM generate_series(1, 600) i;
  UPDATE customer SET default_address = (SELECT max(id) FROM address WHERE customer_id = customer.id);
  INSERT INTO product SELECT i, 'SKU' || i, i * 3 FROM generate_series(1, 80) i;
  INSERT INTO sale SELECT i, 1 + (i * 17) % 400, CASE WHEN i % 5 > 0 THEN 1 + i % 60 END, date '2024-01-01' + i % 300,
    date '2024-01-03' + i % 300 FROM generate_series(1, 1500) i;
  INSERT INTO line SELECT 1 + i / 2, 1 + i % 2, 1 + i % 40, CASE WHEN i % 2 = 1 THEN 1 END FROM generate_series(0, 2999) i;
  INSERT INTO supply SELECT i, 1 + i % 80, i % 9 FROM generate_series(1, 300) i;`;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'understudy-masked-'));
  server = await startTestServer();
  await sql(server.url(), `CREATE DATABASE ${tag}_mask_source`);
  await sql(server.url(`${tag}_mask_source`), SHOP);
});

afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
  delete process.env[SECRET];
});

/** Rows as arrays of text. */
async function rowsOf(url: string, query: string): Promise<string[][]> {
  return (await sql(url, query)).map((row) => Object.values(row).map(String));
}

async function provision(source: string, target: string, config: object, secret: string): Promise<ProvisionResult> {
  process.env[SECRET] = secret;
  const file = path.join(folder, 'understudy.yaml');
  const settings = { version: 1, mask: { key: `env:${SECRET}` }, output: { directory: folder }, ...config };
  writeFileSync(file, stringify(settings));
  return runProvision(
    {
      sourceUrl: server.url(source),
      targetUrl: server.url(target),
      config: loadConfig(file, process.env),
      seed: 0,
      scale: 1,
      mode: 'swap',
      dryRun: false,
      yes: false,
      backend: 'auto',
    },
    () => {},
    new AbortController().signal,
  );
}

const SHIFTED = { treatment: 'shift', days: 400 };
const MASKED = {
  subjects: ['customer'],
  tables: {
    customer: {
      strategy: 'mask',
      columns: { id: { treatment: 'pseudonym' }, code: { treatment: 'pseudonym' }, born: SHIFTED },
    },
    address: { strategy: 'mask' },
    sale: { strategy: 'mask', columns: { placed: SHIFTED, shipped: SHIFTED } },
    line: { strategy: 'mask' },
  },
  subset: { root: 'customer', where: 'id % 8 = 3' },
};

describe('a subset of a schema with cycles', () => {
  let result: ProvisionResult;
  const source = `${tag}_mask_source`;
  const target = `${tag}_mask_target`;
  const inSource = (query: string): Promise<string[][]> => rowsOf(server.url(source), query);
  const inTarget = (query: string): Promise<string[][]> => rowsOf(server.url(target), query);

  beforeAll(async () => {
    result = await provision(source, target, MASKED, 'the secret of the first run');
  }, 120_000);

  test('is published, with every reference whole, and says what it is', () => {
    const failed = result.gates.filter((gate) => gate.verdict === 'fail');
    expect({ verdict: result.verdict, failed }).toEqual({ verdict: 'pass', failed: [] });
    expect(result.integrity).toMatchObject({ orphanCount: 0, violationCount: 0 });
    const strategies = Object.fromEntries(result.tables.map(({ name, strategy }) => [name, strategy]));
    expect(strategies).toMatchObject({
      customer: 'mask',
      address: 'mask',
      sale: 'mask',
      line: 'mask',
      employee: 'mask',
    });
    expect(result.gates.find((gate) => gate.gate === 'privacy' && gate.scope === 'public.customer')).toMatchObject({
      verdict: 'not-applicable',
    });
    expect(JSON.stringify(result)).not.toContain('the secret');
  });

  test('holds the chosen rows, all their children, all that these reference, and nothing else', async () => {
    const chosen = 'customer_id % 8 = 3';
    for (const [table, wanted] of [
      ['sale', `SELECT id::text FROM sale WHERE ${chosen}`],
      ['address', `SELECT id::text FROM address WHERE ${chosen}`],
      [
        'employee',
        `WITH RECURSIVE needed AS (SELECT employee_id AS id FROM sale WHERE ${chosen} AND employee_id IS NOT NULL
           UNION SELECT manager_id FROM employee JOIN needed USING (id) WHERE manager_id IS NOT NULL)
         SELECT id::text FROM needed`,
      ],
      [
        'product',
        `SELECT DISTINCT p.id::text FROM product p JOIN line l ON l.product_id = p.id
         JOIN sale s ON s.id = l.sale_id WHERE ${chosen} `,
      ],
    ]) {
      const expected = (await inSource(wanted)).map(([id]) => id).toSorted();
      expect(expected.length).toBeGreaterThan(5);
      expect((await inTarget(`SELECT id::text FROM ${table}`)).map(([id]) => id).toSorted(), table).toEqual(expected);
    }
    const lines = `SELECT count(*)::text FROM line JOIN sale ON sale.id = sale_id`;
    expect(await inTarget(lines)).toEqual(await inSource(`${lines} WHERE ${chosen}`));
    // What nobody told to mask and nothing real needs is made, in proportion to the 10 of 80 products that are there.
    expect(Number((await inTarget('SELECT count(*)::text FROM supply'))[0][0])).toBe(38);
  });

  test('has no name, address, code or number of a customer of the source', async () => {
    for (const column of ['id::text', 'code', 'last_name', 'email']) {
      const real = new Set((await inSource(`SELECT ${column} FROM customer`)).map(([value]) => value));
      const made = (await inTarget(`SELECT ${column} FROM customer`)).map(([value]) => value);
      expect(made.length).toBe(50);
      if (column !== 'last_name') expect(new Set(made).size).toBe(50);
      expect(
        made.filter((value) => real.has(value)),
        column,
      ).toEqual([]);
    }
    expect((await inTarget('SELECT code FROM customer')).every(([code]) => /^[A-Z]-\d{7}$/.test(code))).toBe(true);
  });

  test('moves all dates of one customer by the same days, and not all customers alike', async () => {
    const days = `SELECT id::text, customer_id::text, placed - date '2000-01-01' AS placed, shipped - placed AS took FROM sale ORDER BY id`;
    const before = await inSource(days);
    const real = new Map(before.map((row) => [row[0], row]));
    const shifts = new Map<string, Set<number>>();
    for (const [id, , placed, took] of await inTarget(days)) {
      const [, customer, was, tookThen] = real.get(id)!;
      expect(took).toBe(tookThen);
      shifts.set(customer, (shifts.get(customer) ?? new Set()).add(Number(placed) - Number(was)));
    }
    expect([...shifts.values()].every((own) => own.size === 1 && ![...own].includes(0))).toBe(true);
    expect(new Set([...shifts.values()].flatMap((own) => [...own])).size).toBeGreaterThan(25);
  });

  test('gives the same pseudonyms from another database, others under another key', async () => {
    const pseudonyms = async (database: string): Promise<string[]> =>
      (await rowsOf(server.url(database), 'SELECT code FROM customer ORDER BY code')).map(([code]) => code);
    await sql(server.url(), `CREATE DATABASE ${tag}_mask_second`);
    await sql(
      server.url(`${tag}_mask_second`),
      `CREATE TABLE customer (reference varchar(20) PRIMARY KEY, code text NOT NULL UNIQUE);
       INSERT INTO customer SELECT 'x' || i, 'C-' || to_char(1000000 + i * 7919, 'FM0000000') FROM generate_series(3, 400, 8) i`,
    );
    const config = { tables: { customer: { strategy: 'mask', columns: { code: { treatment: 'pseudonym' } } } } };
    const again = await provision(`${tag}_mask_second`, `${tag}_mask_again`, config, 'the secret of the first run');
    expect(await pseudonyms(`${tag}_mask_again`)).toEqual(await pseudonyms(target));
    const other = await provision(`${tag}_mask_second`, `${tag}_mask_other`, config, 'the secret of another run');
    expect(await pseudonyms(`${tag}_mask_other`)).not.toEqual(await pseudonyms(target));
    const keyOf = (run: ProvisionResult): string | undefined =>
      run.findings.find((found) => found.code === 'MASK_KEY')?.message;
    expect(keyOf(again)).toBe(keyOf(result));
    expect(keyOf(other)).not.toBe(keyOf(result));
  });

  test('says what frequencies give away, and stops for it unless it was accepted', async () => {
    await sql(server.url(), `CREATE DATABASE ${tag}_mask_skewed`);
    await sql(
      server.url(`${tag}_mask_skewed`),
      // Of 40 suppliers the n-th delivers 400 / n times.
      `CREATE TABLE delivery (id int PRIMARY KEY, supplier text NOT NULL);
       INSERT INTO delivery SELECT row_number() OVER (), 'Supplier-' || n FROM generate_series(1, 40) n, generate_series(1, 400 / n)`,
    );
    const hashed = (accept?: string): object => ({
      tables: {
        delivery: { strategy: 'mask', columns: { supplier: { treatment: 'hash', ...(accept && { accept }) } } },
      },
    });
    const skewed = (config: object): Promise<ProvisionResult> =>
      provision(`${tag}_mask_skewed`, `${tag}_mask_ranked`, config, 'the secret of some suppliers');
    const stopped = await skewed(hashed());
    expect(stopped.verdict).toBe('fail');
    expect(stopped.gates.filter((gate) => gate.verdict === 'fail').map((gate) => gate.gate)).toEqual([
      'frequency-rank',
    ]);
    expect(stopped.target.previousDatabase).toBeNull();
    const accepted = await skewed(hashed('suppliers are listed on our web site'));
    expect(accepted.verdict).toBe('pass');
    const gate = accepted.gates.find((candidate) => candidate.gate === 'frequency-rank')!;
    expect(gate.value).toBeGreaterThan(0.5);
    expect(gate.explanation).toContain('accepted by name');
  });

  test.each<[string, object, RegExp]>([
    [
      'a parent that is not real',
      { tables: { ...MASKED.tables, employee: { strategy: 'synthesize' } } },
      /references public.employee/,
    ],
    [
      'a table that the root does not lead to',
      { tables: { customer: { strategy: 'mask' }, supply: { strategy: 'mask' } } },
      /no foreign key leads there/,
    ],
    [
      'pseudonyms of values that repeat',
      { tables: { ...MASKED.tables, product: { columns: { weight: { treatment: 'pseudonym' } } } } },
      /may repeat/,
    ],
    ['no key', { ...MASKED, mask: {} }, /none is set/],
    [
      'a condition that is none',
      { subset: { root: 'customer', where: 'nosuch = 1' } },
      /subset.where could not be asked/,
    ],
  ])('is refused for %s, before anything is written', async (_, config, message) => {
    const run = provision(source, `${tag}_mask_never`, { ...MASKED, ...config }, 'the secret of the first run');
    await expect(run).rejects.toThrow(message);
    expect(await rowsOf(server.url(), `SELECT datname FROM pg_database WHERE datname = '${tag}_mask_never'`)).toEqual(
      [],
    );
  });
});

test(
  'a share of pagila: real rentals of some customers, everything else around them',
  { timeout: 180_000 },
  async (context) => {
    const pagila = sampleDatabase('pagila');
    if (pagila === null) return context.skip('pagila is not beside the checkout');
    await sql(server.url(), `CREATE DATABASE ${tag}_mask_pagila`);
    await sql(server.url(`${tag}_mask_pagila`), pagila);
    const config = {
      tables: { customer: { strategy: 'mask' } },
      subset: { root: 'customer', share: 0.2, children: 'all' },
    };
    const result = await provision(
      `${tag}_mask_pagila`,
      `${tag}_mask_pagila_target`,
      config,
      'the secret of a film rental',
    );
    expect(result.gates.filter((gate) => gate.verdict === 'fail')).toEqual([]);
    expect(result).toMatchObject({ verdict: 'pass', integrity: { orphanCount: 0, violationCount: 0 } });
    const rows = new Map(result.tables.map((table) => [table.name, table]));
    expect(rows.get('customer')!.rowCount / 599).toBeGreaterThan(0.12); // 0.2 ± 5 σ of 599 draws
    expect(rows.get('customer')!.rowCount / 599).toBeLessThan(0.28);
    const perCustomer = 'SELECT customer_id::text, count(*)::text FROM rental GROUP BY 1 ORDER BY 1';
    const real = new Map((await rowsOf(server.url(`${tag}_mask_pagila`), perCustomer)) as [string, string][]);
    const made = await rowsOf(server.url(`${tag}_mask_pagila_target`), perCustomer);
    // Five payments are for somebody else's rental, which comes along without the others of that customer.
    expect(made.length).toBeGreaterThan(80);
    expect(made.filter(([customer, count]) => real.get(customer) !== count).length).toBeLessThanOrEqual(5);
  },
);
