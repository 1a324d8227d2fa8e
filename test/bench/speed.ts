/**
 * How long it takes and how much memory: learning pagila and filling a target from it at scale 1, and learning a table
 * of 1,000,000 rows and 15 columns, reading included. Prints one JSON object; fails above 60 s, or 1 GB for pagila.
 *
 * `npm run bench:speed [-- pagila|million]`; needs the data sets of ../shared for the first, and no services.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { ProvisionResult } from '../../src/pipeline/contract.ts';
import { startTestServer, type TestServer } from '../support/postgres.ts';
import { sampleDatabase } from '../support/schema-dump.ts';
import { runProgram } from './shared-tools.ts';

const LIMITS = { seconds: 60, bytes: 1e9 };

/** Columns of many kinds that depend on each other. */
const MILLION = `
  CREATE TABLE visit AS SELECT i AS id, (random() * 90 + 10)::int AS age, (ARRAY['web','shop','phone','app'])[1 + (random() * 3.99)::int - (random() * .3)::int] AS channel,
    '2022-01-01'::timestamptz + random() * 9e7 * interval '1 second' AS started, (random() ^ 3 * 5000)::numeric(9,2) AS amount, random() < .3 AS returned,
    (random() * 20)::int AS items, (ARRAY['north','south','east','west'])[1 + (i % 4)] AS region, (-ln(random() + 1e-9) * 100)::float8 AS seconds,
    (random() * 5)::int AS stars, CASE WHEN random() < .1 THEN NULL ELSE (random() * 1000)::int END AS points, (random() * 365)::int + '2021-01-01'::date AS since,
    (ARRAY['a','b','c','d','e','f','g','h'])[1 + (random() ^ 2 * 7.99)::int] AS grade, (random() * 40)::int * 5 AS discount, (random() * 100)::numeric(5,1) AS share
    FROM generate_series(1, 1000000) i;
  ALTER TABLE visit ADD PRIMARY KEY (id);
  UPDATE visit SET amount = amount + items * 3 WHERE channel = 'web';
  VACUUM ANALYZE visit;`;

async function make(server: TestServer, database: string, sql: string): Promise<string> {
  const owner = new pg.Client({ connectionString: server.url() });
  await owner.connect();
  await owner.query(`CREATE DATABASE ${database}`);
  await owner.end();
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  // The dump of a sample database and VACUUM both refuse to be one statement of a transaction.
  for (const statement of sql.includes('VACUUM') ? sql.split(';') : [sql])
    if (statement.trim() !== '') await client.query(statement);
  await client.end();
  return server.url(database);
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const folder = mkdtempSync(path.join(tmpdir(), 'understudy-speed-'));
  const binary = path.resolve('dist/src/bin/understudy.js');
  const server = await startTestServer({ settings: { max_wal_size: '4GB' } });
  const figures: Record<string, unknown> = {};
  const measure = async (name: string, args: readonly string[]): Promise<void> => {
    const { exitCode, stdout, durationMs } = await runProgram(process.execPath, [binary, ...args, '--json']);
    const { verdict, timingsMs = {}, peakRssBytes = 0 } = JSON.parse(stdout) as Partial<ProvisionResult>;
    const seconds = durationMs / 1000;
    figures[name] = { exitCode, verdict, seconds, peakBytes: peakRssBytes, timingsMs };
    if (exitCode !== 0 || seconds > LIMITS.seconds || (name === 'pagila' && peakRssBytes > LIMITS.bytes))
      process.exitCode = 1;
  };
  process.chdir(folder);
  try {
    const pagila = sampleDatabase('pagila');
    if (pagila !== null && !wanted.includes('million')) {
      const source = await make(server, 'speed_pagila', pagila);
      await measure('pagila', ['provision', '--source', source, '--target', server.url('speed_pagila_made')]);
    }
    if (!wanted.includes('pagila')) {
      const source = await make(server, 'speed_million', MILLION);
      await measure('million', ['learn', '--source', source, '--model', path.join(folder, 'million.model')]);
    }
  } finally {
    await server.close();
    process.chdir(path.parse(folder).root);
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(JSON.stringify({ bench: 'speed', limits: LIMITS, figures }, null, 1));
}

await main();
