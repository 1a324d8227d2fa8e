/** What `provision`, `learn`, `scan`, `demo`, and the commands over published runs print. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createShop } from '../support/bad-input.ts';
import { runBinary } from '../support/binary.ts';
import type { BinaryRun } from '../support/binary.ts';
import { shapeOf } from '../support/json-shape.ts';
import { startPrivateServer } from '../support/postgres.ts';
import type { PrivateServer } from '../support/postgres.ts';
import { visibleState } from '../support/publish-fixture.ts';

let server: PrivateServer;
let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(path.join(tmpdir(), 'writing-test-'));
  server = await startPrivateServer();
  await createShop(server, 'shop');
});
afterAll(async () => {
  await server.close();
  rmSync(cwd, { recursive: true });
});

const SOURCE = ['--source', 'env:SOURCE'] as const;
const TARGET = ['--target', 'env:TARGET'] as const;
const run = (...args: readonly string[]): Promise<BinaryRun> =>
  runBinary(args, { cwd, env: { SOURCE: server.url('shop'), TARGET: server.url('staging') } });

interface Printed {
  readonly runId: string;
  readonly reportPath: string | null;
  readonly target: { readonly database: string; readonly previousDatabase: string | null };
  readonly runs: readonly {
    readonly runId: string;
    readonly state: string;
    readonly recorded: { readonly seed: string } | null;
  }[];
  readonly [name: string]: unknown;
}
async function runJson(...args: readonly string[]): Promise<Printed> {
  const { stdout, stderr, exitCode } = await run(...args, '--json');
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout) as Printed;
}

/** Forms of what comes in any number, so that other data of the same shape give the same snapshot. */
const FINDING = {
  code: 'string',
  fingerprint: 'string',
  hint: 'string',
  message: 'string',
  object: 'string',
  severity: 'string',
};
function publicShape(result: Printed): unknown {
  const shape = shapeOf(result, ['timingsMs']) as Record<string, unknown>;
  expect([[], [FINDING], [{ ...FINDING, hint: undefined }]]).toContainEqual(shape['findings']);
  return { ...shape, findings: [FINDING] };
}

test('the JSON of the writing commands is a public interface', async () => {
  const provision = await runJson('provision', ...SOURCE, ...TARGET);
  const shapes = {
    provision: publicShape(provision),
    'provision --dry-run': publicShape(await runJson('provision', ...SOURCE, ...TARGET, '--dry-run')),
    learn: publicShape(await runJson('learn', ...SOURCE, '--model', 'shop.model')),
    'provision --model': publicShape(await runJson('provision', '--model', 'shop.model', ...TARGET)),
    scan: publicShape(await runJson('scan', ...SOURCE, ...TARGET)),
    report: publicShape(await runJson('report', provision.runId)),
    runs: publicShape(await runJson('runs', ...TARGET)),
    rollback: publicShape(await runJson('rollback', ...TARGET)),
    'runs prune': publicShape(await runJson('runs', 'prune', ...TARGET)),
  };
  expect(shapes).toMatchSnapshot();
  expect(provision).toMatchObject({ seed: 0, scale: 1, target: { database: 'staging', previousDatabase: null } });
  expect(path.isAbsolute(provision.reportPath!)).toBe(true);
});

test('people read the verdict last, in plain text where it goes into a pipe', async () => {
  const published = await run('provision', ...SOURCE, ...TARGET, '--seed', '7');
  expect(published).toMatchObject({ exitCode: 0, stderr: '' });
  expect(published.stdout).toMatch(/^Tables\n {2}table +strategy +source rows +rows\n/);
  expect(published.stdout).toMatch(/\n {2}public\.order_line +synthesize +1,600 +1,600\n/);
  expect(published.stdout).toMatch(/\nseed {5}7, scale 1\n/);
  expect(published.stdout).toMatch(/\nPASS {2}Every gate passed and the target is published\.\n$/);
  expect(published.stdout).not.toContain('\u001b');
  const report = /\nreport {3}(.+)\n/.exec(published.stdout)![1];
  expect(existsSync(report)).toBe(true);

  const plan = await run('provision', ...SOURCE, ...TARGET, '--dry-run');
  expect(plan.stdout).toMatch(/^Plan\n {2}table +strategy +rows +why\n/);
  expect(plan.stdout).toMatch(/\nPASS {2}A real run would go ahead; nothing was written\.\n$/);
  expect(plan.stdout).not.toContain('report');

  const learned = await run('learn', ...SOURCE, '--model', 'other.model', '--verbose');
  expect(learned.stderr).toMatch(/^✓ introspect [\s\S]+✓ learn /);
  expect(learned.stdout).toMatch(/\nfile {5}other\.model\n\nPASS {2}Every gate passed and the model is written\.\n$/);
  const scanned = await run('scan', ...SOURCE, ...TARGET);
  expect(scanned.stdout).toMatch(/^Marginals\n[\s\S]+Relations\n[\s\S]+\nPASS {2}Every gate passed\.\n$/);
});

test('a gate that fails ends with 2, publishes nothing, and says which and why', async () => {
  const before = await visibleState(server.url('staging'));
  const reports = readdirSync(path.join(cwd, 'understudy-reports'));
  const careless = path.join(cwd, 'careless.yaml');
  // Learned e-mail addresses of one pattern meet real ones.
  writeFileSync(careless, 'version: 1\ntables: { customer: { columns: { email: { treatment: synthesize } } } }\n');
  const failed = await run('provision', ...SOURCE, ...TARGET, '-c', careless);
  expect(failed.exitCode, failed.stdout + failed.stderr).toBe(2);
  expect(failed.stdout).toMatch(/\n {2}failed direct-identifiers public\.customer\.email: \d+ of \d+ values/);
  expect(failed.stdout + failed.stderr).not.toMatch(/zzyzx/i);
  expect(failed.stdout).toMatch(/\nFAIL {2}A gate failed; nothing was published and the target is as it was\.\n$/);
  expect(await visibleState(server.url('staging'))).toBe(before);
  expect(readdirSync(path.join(cwd, 'understudy-reports')).length).toBeGreaterThan(reports.length);
  const learned = await run('learn', ...SOURCE, '--model', 'careless.model', '-c', careless);
  expect(learned.exitCode).toBe(2);
  expect(learned.stdout).toMatch(/\nFAIL {2}A gate failed; no model file was written\.\n$/);
  expect(existsSync(path.join(cwd, 'careless.model'))).toBe(false);
});

test('runs of a target are listed, pruned and rolled back', async () => {
  const states: string[] = [];
  for (const seed of ['11', '12']) {
    await runJson('provision', ...SOURCE, ...TARGET, '--seed', seed);
    states.push(await visibleState(server.url('staging')));
  }
  const { runs } = await runJson('runs', ...TARGET);
  expect(runs.slice(0, 2)).toMatchObject([
    { state: 'published', recorded: { seed: '12' } },
    { state: 'previous', recorded: { seed: '11' } },
  ]);
  expect(runs.filter(({ state }) => state === 'published')).toHaveLength(1);
  const listed = await run('runs', ...TARGET);
  expect(listed.stdout).toMatch(/^Runs\n {2}run +state +verdict +mode +seed +rows +database\n/);
  expect(listed.stdout).toContain(`${runs[0].runId}  published  pass     swap`);

  const back = await run('rollback', ...TARGET);
  expect(back).toMatchObject({ exitCode: 0, stderr: '' });
  expect(back.stdout).toMatch(/^staging is what it was before\. What was there is kept as \S+\.\n$/);
  expect(await visibleState(server.url('staging'))).toBe(states[0]);
  // Forwards again, by name.
  expect((await run('rollback', ...TARGET, '--to', runs[0].runId)).exitCode).toBe(0);
  expect(await visibleState(server.url('staging'))).toBe(states[1]);

  const unknown = await run('rollback', ...TARGET, '--to', 'no-such-run');
  expect(unknown.exitCode).toBe(65);
  expect(unknown.stderr).toContain('PUBLISH_NOTHING_TO_ROLL_BACK');
  expect(unknown.stderr).toContain(runs[1].runId);
  expect(await visibleState(server.url('staging'))).toBe(states[1]);

  const pruned = await run('runs', 'prune', ...TARGET);
  expect(pruned.stdout).toMatch(/^Nothing was left to drop\.\n/);
  expect((await runJson('runs', ...TARGET)).runs.slice(0, 2)).toMatchObject([
    { state: 'published' },
    { state: 'previous' },
  ]);
});
