/** Leaks planted between generating and loading: the gates that they are meant for catch them, and nothing is published. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { silent } from '../../src/kernel/events.ts';
import { runProvision } from '../../src/pipeline/provision.ts';
import type { ProvisionResult } from '../../src/pipeline/contract.ts';
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
  await makeLeakSource(server.url(SOURCE), SEED);
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

  it.each([...LEAKS, EMAIL_LEAK])('$name', async (one) => {
    const report = await trial.scan(trial.model, planted(made, one, trial.source.sample, SEED), SEED);
    expect(report.verdict).toBe('fail');
    expect(failedGates(report).filter((gate) => one.gates.includes(gate))).not.toEqual([]);
  });

  it('a model fitted behind no gate, with leaves of 1', async () => {
    const model = await trial.memorisingModel();
    const report = await trial.scan(model, await trial.make(model, SEED), SEED);
    expect(failedGates(report)).toEqual(
      expect.arrayContaining([...MEMORISING_GATES, 'membership-low-rate', 'near-copies']),
    );
  });

  it('ends a run before anything is published, with the target as it was', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'understudy-leak-'));
    const provision = (): Promise<ProvisionResult> =>
      runProvision(
        {
          sourceUrl: server.url(SOURCE),
          targetUrl: server.url(TARGET),
          config: parseConfig(`output: {directory: ${JSON.stringify(directory)}}`, null, {}),
          seed: SEED,
          scale: 1,
          mode: 'swap',
          dryRun: false,
          yes: false,
          backend: 'auto',
        },
        silent,
        new AbortController().signal,
      );
    try {
      expect((await provision()).verdict).toBe('pass');
      const before = await sql(
        server.url(TARGET),
        'SELECT md5(string_agg(c::text, chr(10) ORDER BY id)) FROM customer c',
      );
      leak = EMAIL_LEAK;
      const result = await provision();
      expect(result.verdict).toBe('fail');
      expect(result.gates.filter((gate) => gate.verdict === 'fail')).toMatchObject([
        { gate: 'direct-identifiers', scope: `${CUSTOMER}.email`, value: 1, basis: 'loaded' },
      ]);
      const after = await sql(
        server.url(TARGET),
        'SELECT md5(string_agg(c::text, chr(10) ORDER BY id)) FROM customer c',
      );
      expect(after).toEqual(before);
    } finally {
      leak = null;
      await rm(directory, { recursive: true, force: true });
    }
  });
});
