/** A row is a function of the model, the seed, the table and its number, whatever cuts the stream into blocks. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadSample } from '../../connectors/embedded/load-sample.ts';
import { makeSampleShop } from '../../src/pipeline/demo/sample-shop.ts';
import { runBinary } from '../support/binary.ts';
import { startTestServer } from '../support/postgres.ts';
import type { TestServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';
import { sampleDatabase } from '../support/schema-dump.ts';
import { tableDigests } from '../support/table-digests.ts';
import { makeTwoRoles } from '../support/two-roles.ts';
import type { TwoRoles } from '../support/two-roles.ts';

const tag = `u${process.pid}`;
const source = `${tag}_same_source`;
let server: TestServer;
let roles: TwoRoles;
let folder: string;
type Digests = Readonly<Record<string, string>>;

/** Pagila where it lies beside the checkout: it has every kind of key. */
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'understudy-same-'));
  server = await startTestServer();
  roles = await makeTwoRoles(server);
  await sql(server.url(), `CREATE DATABASE ${source}`);
  const pagila = sampleDatabase('pagila');
  if (pagila === null) await loadSample(server.url(source), await makeSampleShop({ customerCount: 600 }));
  else await sql(server.url(source), pagila);
  await roles.grantReading(source);
});

afterAll(async () => {
  await roles?.drop();
  await server?.close();
  rmSync(folder, { recursive: true });
});

/** A run that passes, or which gates it failed. */
async function understudy(args: readonly string[]): Promise<{ readonly model: { readonly hash: string } }> {
  const run = await runBinary([...args, '--json'], { cwd: folder });
  const result = JSON.parse(run.stdout);
  const failed = result.gates?.filter((gate: { verdict: string }) => gate.verdict === 'fail') ?? [];
  expect({ exitCode: run.exitCode, failed, error: result.error }).toEqual({
    exitCode: 0,
    failed: [],
    error: undefined,
  });
  return result;
}

/** What a run with these arguments leaves in its target, and the model that it made it from. */
async function rows(...args: readonly string[]): Promise<{ readonly digests: Digests; readonly model: string }> {
  const target = roles.runner(`${tag}_same_target`);
  const { model } = await understudy(['provision', '--target', target, ...args]);
  return { digests: await tableDigests(target), model: model.hash };
}

test(
  'two runs with one seed make the same rows at any batch size, another seed makes others',
  { timeout: 300_000 },
  async () => {
    const from = ['--source', roles.reader(source)];
    const first = await rows(...from, '--batch-rows', '97');
    expect(Object.keys(first.digests).length).toBeGreaterThan(10);
    expect((await rows(...from, '--batch-rows', '5000')).digests).toEqual(first.digests);

    // What was learned, kept in a file, is the same again.
    const file = path.join(folder, 'kept.model');
    await understudy(['learn', '--source', roles.reader(source), '--model', file]);
    const kept = await rows('--model', file, '--batch-rows', '1');
    expect(kept.digests).toEqual(first.digests);
    expect(await rows('--model', file, '--batch-rows', '1000')).toEqual(kept);
    const other = await rows('--model', file, '--seed', '1');
    const changed = Object.keys(first.digests).filter((table) => other.digests[table] !== first.digests[table]);
    // Copied tables stay; everything that is made changes.
    expect(changed.length).toBeGreaterThan(Object.keys(first.digests).length / 2);
  },
);
