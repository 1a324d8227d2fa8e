/** Rows moved up to a time: against the same rows unmoved, which the same seed makes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { runProvision } from '../../src/pipeline/provision.ts';
import type { ProvisionResult } from '../../src/pipeline/contract.ts';
import { startTestServer, type TestServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';

const tag = `u${process.pid}_shift`;
const AS_OF = '2031-05-14T09:30:00Z';
let server: TestServer;
let folder: string;

/**
 * Visits on weekdays, in office hours, of 2024; each is invoiced two days later. Guests have birth dates and wine
 * its year; seasons are copied. `bounded`: partitions end, and a CHECK forbids, long before `AS_OF`.
 */
function schema(bounded: boolean): string {
  const end = bounded ? '2026-01-01' : '2099-01-01';
  return `
    CREATE TABLE season (code text PRIMARY KEY, starts date NOT NULL);
    CREATE TABLE house (id int PRIMARY KEY, rooms int NOT NULL);
    CREATE TABLE guest (id int PRIMARY KEY, date_of_birth date NOT NULL, joined date NOT NULL, level int NOT NULL);
    CREATE TABLE visit (id int, at timestamptz NOT NULL CHECK (at < '${bounded ? '2025-12-20' : '2090-01-01'}'), guest_id int NOT NULL REFERENCES guest,
      house_id int NOT NULL REFERENCES house, invoiced timestamptz, stay tstzrange, wine_of date NOT NULL, amount int NOT NULL, PRIMARY KEY (id, at), CHECK (invoiced > at)) PARTITION BY RANGE (at);
    CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
    CREATE TABLE visit_new PARTITION OF visit FOR VALUES FROM ('2024-07-01') TO ('${end}');
    INSERT INTO season VALUES ('low', '2024-01-01'), ('high', '2024-06-01');
    INSERT INTO house SELECT i, 1 + i % 7 FROM generate_series(1, 120) i;
    INSERT INTO guest SELECT i, date '1950-01-01' + (i * 7919) % 18000, date '2024-01-01' + (i * 31) % 60, i % 5 FROM generate_series(1, 500) i;
    INSERT INTO visit SELECT i, at, 1 + (i * 7) % 500, 1 + (i * 11) % 120, CASE WHEN i % 9 > 0 THEN at + interval '2 days' END,
        tstzrange(at, at + (1 + i % 4) * interval '1 day'), date '1960-01-01' + (i * 37) % 9000, (i * 37) % 900
      FROM (SELECT i, timestamptz '2024-03-04 08:00Z' + (i % 40) * interval '7 days' + (i * 13 % 5) * interval '1 day' + (i * 17 % 600) * interval '1 minute' AS at
        FROM generate_series(1, 2500) i) v;`;
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'understudy-shift-'));
  server = await startTestServer();
  for (const name of ['open', 'bounded']) {
    await sql(server.url(), `CREATE DATABASE ${tag}_${name}`);
    await sql(server.url(`${tag}_${name}`), `SET timezone = 'UTC'; ${schema(name === 'bounded')}`);
  }
});

afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
});

async function provision(source: string, target: string, settings: string, asOf?: string): Promise<ProvisionResult> {
  const config = `version: 1\noutput: { directory: ${folder} }\nsubjects: [guest]\ntables: { season: { strategy: copy, accept: seasons } }\n${settings}`;
  return runProvision(
    {
      sourceUrl: server.url(`${tag}_${source}`),
      targetUrl: server.url(`${tag}_${target}`),
      config: parseConfig(config, 'understudy.yaml', {}),
      seed: 3,
      scale: 1,
      mode: 'swap',
      ...(asOf === undefined ? {} : { asOf }),
      dryRun: false,
      yes: false,
      backend: 'auto',
    },
    () => {},
    new AbortController().signal,
  );
}

async function rowsOf(target: string, query: string): Promise<string[][]> {
  return (await sql(server.url(`${tag}_${target}`), `SET timezone = 'UTC'; ${query}`)).map((row) =>
    Object.values(row).map(String),
  );
}

const visits = (days: number): string => `SELECT row(id, at + interval '${days} days', guest_id, house_id,
  invoiced + interval '${days} days', tstzrange(lower(stay) + interval '${days} days', upper(stay) + interval '${days} days'), wine_of, amount)::text FROM visit ORDER BY id, at`;

function failing({ gates, findings }: ProvisionResult): string[] {
  return [
    ...gates.filter((gate) => gate.verdict === 'fail').map((gate) => `${gate.gate} ${gate.scope} ${gate.explanation}`),
    ...findings.filter(({ severity }) => severity === 'error').map((found) => `${found.code} ${found.object}`),
  ];
}

describe('rows are moved up to a time', () => {
  let kept: ProvisionResult;
  let moved: ProvisionResult;

  beforeAll(async () => {
    kept = await provision('open', 'kept', '');
    moved = await provision('open', 'moved', '', AS_OF);
  });

  test('by whole weeks, into the last of them, all other things equal', async () => {
    expect(failing(kept)).toEqual([]);
    expect(failing(moved)).toEqual([]);
    expect(kept.timeShift).toBeNull();
    const days = moved.timeShift!.days;
    expect(days % 7).toBe(0);
    expect(days).toBeGreaterThan(2300);
    expect(await rowsOf('moved', visits(0))).toEqual(await rowsOf('kept', visits(days)));
    // Control: the shift is seen by the comparison.
    expect(await rowsOf('moved', visits(0))).not.toEqual(await rowsOf('kept', visits(days - 7)));
    const [[age]] = await rowsOf(
      'moved',
      `SELECT extract(epoch FROM '${AS_OF}' - greatest(max(invoiced), max(upper(stay)), max(at))) / 86400 FROM visit`,
    );
    expect(Number(age)).toBeGreaterThanOrEqual(0);
    expect(Number(age)).toBeLessThan(7);
  });

  test('birth dates, history and copied rows stay', async () => {
    for (const query of [
      'SELECT id, date_of_birth FROM guest ORDER BY id',
      'SELECT id, wine_of FROM visit ORDER BY 1, 2',
      'SELECT * FROM season ORDER BY code',
    ])
      expect(await rowsOf('moved', query)).toEqual(await rowsOf('kept', query));
    expect(moved.findings.filter(({ code }) => code === 'GENERATE_TIME_KEPT').map(({ object }) => object)).toEqual([
      'public.visit.wine_of',
    ]);
    expect(await rowsOf('moved', "SELECT min(joined) > date '2030-01-01' FROM guest")).toEqual([['true']]);
  });

  test('the same time gives the same rows, from a setting as from the flag', async () => {
    const again = await provision('open', 'again', 'learn: { time: shift-to-now }', AS_OF);
    expect(again.timeShift).toEqual(moved.timeShift);
    for (const query of [visits(0), 'SELECT * FROM guest ORDER BY id'])
      expect(await rowsOf('again', query)).toEqual(await rowsOf('moved', query));
  });
});

test('a CHECK and the bounds of partitions leave less room, by name', async () => {
  const { timeShift, findings, ...result } = await provision('bounded', 'bounded_t', '', AS_OF);
  expect(failing({ ...result, findings, timeShift })).toEqual([]);
  const bound = findings.filter(({ code }) => code === 'GENERATE_TIME_BOUND');
  expect(bound.map(({ object }) => object)).toEqual(['public.visit.visit_at_check']);
  const [[room]] = await rowsOf(
    'bounded_t',
    "SELECT extract(epoch FROM timestamptz '2025-12-20 00:00Z' - max(at)) / 86400 FROM visit",
  );
  expect(timeShift!.days).toBeGreaterThan(0);
  expect(Number(room)).toBeGreaterThan(0);
  expect(Number(room)).toBeLessThan(7);
});
