/** Leaks planted between generating and loading: the gates that they are meant for catch them, and nothing is published. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { exitCodeOf } from '../../src/cli/outcome.ts';
import { parseConfig } from '../../src/config/load.ts';
import { silent } from '../../src/kernel/events.ts';
import { runProvision } from '../../src/pipeline/provision.ts';
import type { TableRows } from '../../src/stages/load/index.ts';
import { tableId } from '../../connectors/connector.ts';
import { CUSTOMER, makeLeakSource } from '../support/leak-source.ts';
import { failedGates, LeakTrial } from '../support/leak-trial.ts';
import { addBlock, blockOf, EMAIL_LEAK, LEAKS, MEMORISING_GATES, planted } from '../support/planted-leaks.ts';
import type { Leak, Made } from '../support/planted-leaks.ts';
import { startTestServer } from '../support/postgres.ts';
import type { TestServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';

const SOURCE = 'planted_leaks_source';
const TARGET = 'planted_leaks_target';
const SEED = 1;
/** Enough for every gate to have power; more take time. */
const CUSTOMERS = 700;

/** What is to be planted on the way to the database. */
let leak: Leak | null = null;
let trial: LeakTrial;
let server: TestServer;
let made: Made;

vi.mock(import('../../src/stages/load/index.ts'), async (original) => {
  const { loadTables } = await original();
  return {
    loadTables: async (build, tables, sink) => loadTables(build, leak === null ? tables : tampered(tables, leak), sink),
  };
});

/** The tables as they are, but for one that a leak was planted into. */
async function* tampered(
  tables: AsyncIterable<TableRows> | Iterable<TableRows>,
  plant: Leak,
): AsyncIterable<TableRows> {
  for await (const rows of tables) {
    const id = tableId(rows.table);
    yield id === CUSTOMER ? { ...rows, blocks: tamperedBlocks(rows, plant) } : rows;
  }
}

async function* tamperedBlocks(rows: TableRows, plant: Leak): TableRows['blocks'] {
  const all: Made = new Map();
  for await (const block of rows.blocks) addBlock(all, block);
  yield blockOf(planted(all, plant, trial.source.sample, SEED), CUSTOMER);
}

beforeAll(async () => {
  server = await startTestServer();
  for (const name of [SOURCE, TARGET]) await sql(server.url(), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await sql(server.url(), `CREATE DATABASE ${SOURCE}`);
  await makeLeakSource(server.url(SOURCE), SEED, CUSTOMERS);
  trial = await LeakTrial.open(server.url(SOURCE));
  made = await trial.make(trial.model, SEED);
});

afterAll(async () => {
  await trial?.close();
  for (const name of [SOURCE, TARGET]) await sql(server.url(), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await server?.close();
});

describe('planted leaks', () => {
  it('rows without one pass every gate', async () => {
    expect(failedGates(await trial.scan(trial.model, made, SEED))).toEqual([]);
  });

  it.each(LEAKS)('$name', async (one) => {
    const report = await trial.scan(trial.model, planted(made, one, trial.source.sample, SEED), SEED, 'rehearsal');
    expect(report.verdict).toBe('fail');
    expect(failedGates(report).filter((gate) => one.gates.includes(gate))).not.toEqual([]);
  });

  it('a model fitted behind no gate, with leaves of 1', async () => {
    const model = await trial.memorisingModel();
    const report = await trial.scan(model, await trial.make(model, SEED), SEED, 'rehearsal');
    expect(failedGates(report)).toEqual(
      expect.arrayContaining([...MEMORISING_GATES, 'membership-low-rate', 'near-copies']),
    );
  });

  it('end a run with exit code 2 before anything is published, with the target as it was', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'understudy-leak-'));
    const settings = { output: { directory }, target: { allow: [TARGET] } };
    await sql(server.url(), `CREATE DATABASE ${TARGET}`);
    await makeLeakSource(server.url(TARGET), SEED + 1, 50);
    const before = await contents(server.url(TARGET));
    leak = EMAIL_LEAK;
    try {
      const result = await runProvision(
        {
          sourceUrl: server.url(SOURCE),
          targetUrl: server.url(TARGET),
          config: parseConfig(JSON.stringify(settings), null, {}),
          seed: SEED,
          scale: 1,
          mode: 'swap',
          dryRun: false,
          yes: true,
          backend: 'auto',
        },
        silent,
        new AbortController().signal,
      );
      expect(exitCodeOf(result)).toBe(2);
      // What was made without the leak passed the same gates in the rehearsal.
      expect(result.gates.filter((gate) => gate.verdict === 'fail')).toMatchObject([
        { gate: 'direct-identifiers', scope: `${CUSTOMER}.email`, value: 1, basis: 'loaded' },
      ]);
      expect(await contents(server.url(TARGET))).toEqual(before);
    } finally {
      leak = null;
      await rm(directory, { recursive: true, force: true });
    }
  });
});

/** Tables, and digests of the rows. */
function contents(url: string): Promise<unknown> {
  return sql(
    url,
    `SELECT (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS relations,
       (SELECT md5(string_agg(c::text, chr(10) ORDER BY id)) FROM public.customer c) AS customers,
       (SELECT md5(string_agg(o::text, chr(10) ORDER BY id)) FROM public.orders o) AS orders`,
  );
}
