/**
 * An application that may only read goes on reading while its database is replaced ten times. Every transaction of it
 * sees one published state whole: never a table that is not filled, never rows of two runs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PublishMode } from '../../connectors/connector.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { ResolvedConfig } from '../../src/config/resolved.ts';
import { silent } from '../../src/kernel/events.ts';
import { runLearn } from '../../src/pipeline/learn.ts';
import { runProvision } from '../../src/pipeline/provision.ts';
import { runRollback } from '../../src/pipeline/rollback.ts';
import { CRASH_SCHEMA, CRASH_TABLES } from '../support/crash-fixture.ts';
import { startTestServer } from '../support/postgres.ts';
import type { TestServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';
import { tableDigests } from '../support/table-digests.ts';
import { makeTwoRoles } from '../support/two-roles.ts';
import type { TwoRoles } from '../support/two-roles.ts';

const SWAPS = 10;
const tag = `u${process.pid}`;
const source = `${tag}_live`;
let server: TestServer;
let roles: TwoRoles;
let folder: string;
let model: string;
let config: ResolvedConfig;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'understudy-live-'));
  const parsed = parseConfig('', null, {});
  config = { ...parsed, output: { ...parsed.output, directory: folder } };
  server = await startTestServer();
  roles = await makeTwoRoles(server);
  await sql(server.url(), `CREATE DATABASE ${source}`);
  await sql(server.url(source), CRASH_SCHEMA);
  await roles.grantReading(source);
  model = path.join(folder, 'live.model');
  const options = { sourceUrl: roles.reader(source), modelPath: model, config, seed: 0, backend: 'auto' } as const;
  expect((await runLearn(options, silent, new AbortController().signal)).verdict).toBe('pass');
});

afterAll(async () => {
  await roles?.drop();
  await server?.close();
  rmSync(folder, { recursive: true });
});

async function publish(target: string, mode: PublishMode, seed: number): Promise<void> {
  const options = { modelPath: model, targetUrl: roles.runner(target), config, mode, seed, scale: 1 };
  const result = await runProvision(
    { ...options, dryRun: false, yes: false, backend: 'auto' },
    silent,
    new AbortController().signal,
  );
  expect(result.verdict).toBe('pass');
}

async function makeTarget(name: string, mode: PublishMode): Promise<string> {
  const target = `${tag}_${name}_${mode.replace('-', '')}`;
  if (mode === 'in-place') await roles.makeEmptyTarget(target);
  await publish(target, mode, 0);
  return target;
}

const digestOf = (table: string): string =>
  `SELECT '${table} ' || count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM ${table} t`;

/** All tables and what is derived from them. */
const READ = [...CRASH_TABLES, 'public.golden', 'extra.totals'];

/** What a session is told while its database goes: it comes again. */
const GONE = new Set([
  '57P01',
  '3D000',
  'ECONNRESET',
  'Connection terminated unexpectedly',
  'Client has encountered a connection error and is not queryable',
]);

/** Reads everything again and again, in one transaction of several statements each time, over one session while it lasts. */
class Reader {
  readonly seen = new Set<string>();
  readonly errors: string[] = [];
  readingCount = 0;
  #reading = true;
  readonly #url: string;
  readonly #done: Promise<void>;

  constructor(url: string) {
    this.#url = url;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#reading = false;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (this.#reading) {
      const client = new pg.Client({ connectionString: this.#url });
      client.on('error', () => {});
      try {
        await client.connect();
        while (this.#reading) this.seen.add(await readAll(client));
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        if (!GONE.has(code ?? message)) this.errors.push(`${code} ${message}`);
      } finally {
        await client.end().catch(() => {});
      }
    }
  }
}

async function readAll(client: pg.Client): Promise<string> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const lines: string[] = [];
  for (const table of READ) lines.push((await client.query(digestOf(table))).rows[0].digest);
  await client.query('COMMIT');
  return lines.join('\n');
}

async function readOnce(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await readAll(client);
  } finally {
    await client.end();
  }
}

describe.each(['swap', 'in-place'] as const)('%s', (mode) => {
  test(`a reader sees whole published states only, over ${SWAPS} of them`, async () => {
    const target = await makeTarget('read', mode);
    const app = roles.reader(target);
    await expect(readOnce(app)).rejects.toMatchObject({ code: '42501' });
    await roles.grantReading(target);
    // A database that is in use cannot be renamed: whoever swaps it must be able to end the sessions of its users.
    if (mode === 'swap') await sql(server.url(), `GRANT pg_signal_backend TO ${roles.runnerName}`);
    const published = [await readOnce(app)];
    const readers = [new Reader(app), new Reader(app)];
    for (let seed = 1; seed <= SWAPS; seed++) {
      await publish(target, mode, seed);
      published.push(await readOnce(app));
    }
    for (const reader of readers) await reader.stop();
    expect(new Set(published).size).toBe(SWAPS + 1);
    for (const { seen, errors } of readers) {
      expect(errors).toEqual([]);
      expect([...seen].filter((state) => !published.includes(state))).toEqual([]);
      // The control: it did look on meanwhile.
      expect(seen.size).toBeGreaterThan(SWAPS / 2);
    }
    // It has its rights still, and no more.
    await expect(sql(app, 'DELETE FROM public.member')).rejects.toMatchObject({ code: '42501' });
  });

  test('rollback brings back the checksums of before, and once more those of after', async () => {
    const target = await makeTarget('back', mode);
    const first = await tableDigests(server.url(target));
    await publish(target, mode, 1);
    const second = await tableDigests(server.url(target));
    expect(second).not.toEqual(first);
    const rollback = async (): Promise<unknown> =>
      runRollback(
        { targetUrl: roles.runner(target), runId: null, mode: null, config },
        silent,
        new AbortController().signal,
      );
    await rollback();
    expect(await tableDigests(server.url(target))).toEqual(first);
    await rollback();
    expect(await tableDigests(server.url(target))).toEqual(second);
  });
});
