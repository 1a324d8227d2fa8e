/** Rows that are to be unlike the source: in the steered columns as asked, in all others as such rows are without steering. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { runProvision } from '../../src/pipeline/provision.ts';
import type { ProvisionResult } from '../../src/pipeline/contract.ts';
import { startTestServer, type TestServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';

const tag = `u${process.pid}_steer`;
let server: TestServer;
let folder: string;

/** 3 % of orders are fraud: dear ones, nearly all by the web, at night. Refunded orders alone have a refund. */
const SHOP = `
  CREATE TABLE customer (id int PRIMARY KEY, level int NOT NULL);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, placed timestamptz NOT NULL, channel text NOT NULL,
    is_fraud boolean NOT NULL, amount int NOT NULL, status text NOT NULL, refund int);
  CREATE TABLE line (id int PRIMARY KEY, order_id int NOT NULL REFERENCES orders, quantity int NOT NULL, kind text NOT NULL);
  INSERT INTO customer SELECT i, i % 5 FROM generate_series(1, 900) i;
  INSERT INTO orders SELECT i, 1 + (i * 7) % 900,
      timestamptz '2024-01-01Z' + (i * 53 % 350) * interval '1 day' + CASE WHEN fraud THEN i % 5 ELSE 9 + i % 9 END * interval '1 hour' + (i * 29 % 3600) * interval '1 second',
      CASE WHEN fraud THEN CASE WHEN h % 10 = 0 THEN 'shop' ELSE 'web' END ELSE (ARRAY['web', 'shop', 'shop', 'shop', 'phone'])[1 + h % 5] END,
      fraud, CASE WHEN fraud THEN 800 + h % 400 ELSE 10 + h % 300 END, status, CASE WHEN status = 'refunded' THEN 1 + h % 50 END
    FROM (SELECT i, h, h % 1000 < 30 AS fraud, (ARRAY['paid', 'paid', 'paid', 'paid', 'refunded', 'open', 'open'])[1 + h % 7] AS status
      FROM (SELECT i, abs(hashint4(i)) AS h FROM generate_series(1, 6000) i) a) b;
  INSERT INTO line SELECT i, 1 + (i * 13) % 6000, 1 + i % 4, (ARRAY['a', 'b', 'c'])[1 + i % 3] FROM generate_series(1, 9000) i;`;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'understudy-steer-'));
  server = await startTestServer();
  await sql(server.url(), `CREATE DATABASE ${tag}_source`);
  await sql(server.url(`${tag}_source`), `SET timezone = 'UTC'; ${SHOP}`);
});

afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
});

async function provision(target: string, steer: string): Promise<ProvisionResult> {
  const config = `version: 1\noutput: { directory: ${folder} }\nsubjects: [customer]\ntables: { orders: { steer: ${steer} } }`;
  return runProvision(
    {
      sourceUrl: server.url(`${tag}_source`),
      targetUrl: server.url(`${tag}_${target}`),
      config: parseConfig(config, 'understudy.yaml', {}),
      seed: 5,
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

async function numbersOf(database: string, columns: string, where = 'true'): Promise<number[]> {
  const query = `SELECT ARRAY[${columns}]::float8[] AS numbers FROM orders WHERE ${where}`;
  const [{ numbers }] = await sql(server.url(`${tag}_${database}`), `SET timezone = 'UTC'; ${query}`);
  return numbers as number[];
}

function failing({ gates, findings }: ProvisionResult): string[] {
  return [
    ...gates.filter((gate) => gate.verdict === 'fail').map((gate) => `${gate.gate} ${gate.scope} ${gate.explanation}`),
    ...findings.filter(({ severity }) => severity === 'error').map((found) => `${found.code} ${found.object}`),
  ];
}

const odds = (share: number): number => share / (1 - share);
/** Of fraud: by the web, at night, dear. Drawn before, with and after the steered column. */
const COMPANY = "avg((channel = 'web')::int), avg((extract(hour FROM placed) < 6)::int), avg((amount >= 800)::int)";

test('a rare event is boosted, and comes with what it comes with unsteered', async () => {
  const result = await provision('boosted', '{ is_fraud: { boost: { true: 10 } } }');
  expect(failing(result)).toEqual([]);
  const [before] = await numbersOf('source', 'avg(is_fraud::int)');
  const [after] = await numbersOf('boosted', 'avg(is_fraud::int)');
  // 1,400 of 6,000 rows: the share has a standard error of .006, the odds of 3 %; 180 learned cases give 8 %.
  expect(odds(after) / odds(before)).toBeGreaterThan(7.5);
  expect(odds(after) / odds(before)).toBeLessThan(12.5);
  const plain = await provision('plain', '{}');
  expect(plain.steering).toEqual([]);
  const company = await numbersOf('plain', COMPANY, 'is_fraud');
  const boosted = await numbersOf('boosted', COMPANY, 'is_fraud');
  const others = await numbersOf('boosted', COMPANY, 'NOT is_fraud');
  // 180 rows without steering: 3 standard errors of a share.
  boosted.forEach((share, i) => expect(Math.abs(share - company[i])).toBeLessThan(0.12));
  // Control: rows at large are not like that.
  others.forEach((share, i) => expect(boosted[i] - share).toBeGreaterThan(0.3));
  expect(result.findings.map(({ code }) => code)).toContain('GENERATE_STEERED');
  expect(result.steering).toEqual([
    {
      table: 'public.orders',
      column: 'is_fraud',
      kind: 'boost',
      values: [
        {
          value: expect.stringMatching(/^t/),
          shareBefore: expect.closeTo(before, 1.5),
          shareAfter: expect.closeTo(after, 6),
        },
      ],
    },
  ]);
  const verdict = (gate: string, scope: string): string | undefined =>
    result.gates.find((one) => one.gate === gate && one.scope === scope && one.basis === 'loaded')?.verdict;
  expect(verdict('marginals', 'public.orders')).toBe('not-applicable');
  expect(verdict('marginals', 'public.customer')).not.toBe('not-applicable');
  expect(verdict('copies', 'public.orders')).toBe('pass');
});

test('values are fixed and shares are met, and hidden rules hold', async () => {
  const result = await provision(
    'fixed',
    '{ status: { where: [refunded] }, channel: { shares: { phone: 0.5, web: 0.1 } } }',
  );
  expect(failing(result)).toEqual([]);
  const [total, refunded, refunds] = await numbersOf(
    'fixed',
    "count(*), count(*) FILTER (WHERE status = 'refunded'), count(refund)",
  );
  expect([refunded, refunds]).toEqual([total, total]);
  const shares = await numbersOf(
    'fixed',
    "avg((channel = 'phone')::int), avg((channel = 'web')::int), avg((channel = 'shop')::int)",
  );
  [0.5, 0.1, 0.4].forEach((share, i) => expect(Math.abs(shares[i] - share)).toBeLessThan(0.02));
});

test('what is not known is an error before anything is written', async () => {
  const mistakes = [
    ['{ status: { where: [refundet] } }', 'CONFIG_UNKNOWN_NAME', /Did you mean `refunded`/],
    ['{ statos: { where: [refunded] } }', 'CONFIG_UNKNOWN_NAME', /Did you mean `status`/],
    ['{ amount: { boost: { "5": 2 } } }', 'CONFIG_UNSUPPORTED', /not learned as one of a few values/],
  ] as const;
  for (const [steer, code, message] of mistakes)
    await expect(provision('mistaken', steer)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  const left = await sql(server.url(), `SELECT datname FROM pg_database WHERE datname LIKE '${tag}_mistaken%'`);
  expect(left).toEqual([]);
});
