/**
 * Killed wherever it is, a run leaves the target as it was or whole and new, and the next run works as if nothing had
 * been. The killed run and the next one have other seeds, so that "as it was" and "new" cannot be mistaken.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PublishMode } from '../../connectors/connector.ts';
import { parseConfig } from '../../src/config/load.ts';
import { RandomCursor, streamKey } from '../../src/numeric/random.ts';
import { runLearn } from '../../src/pipeline/learn.ts';
import { runProvision } from '../../src/pipeline/provision.ts';
import { PUBLISH_CHECKPOINTS } from '../../src/stages/publish/index.ts';
import {
  CRASH_SCHEMA,
  CRASH_TABLES,
  REPORTS,
  leftovers,
  provisionInChild,
  sessionsEnded,
  targetState,
} from '../support/crash-fixture.ts';
import type { WholeRun } from '../support/crash-fixture.ts';
import type { BinaryRun } from '../support/binary.ts';
import { startTestServer } from '../support/postgres.ts';
import type { TestServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';
import { makeTwoRoles } from '../support/two-roles.ts';
import type { TwoRoles } from '../support/two-roles.ts';

/** In each mode. */
const RANDOM_KILLS = 10;
const tag = `u${process.pid}`;
const source = `${tag}_crash`;
let server: TestServer;
let roles: TwoRoles;
let folder: string;
/** What was learned of the source: runs that need not read it again take half the time. */
let model: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'understudy-crash-'));
  server = await startTestServer();
  roles = await makeTwoRoles(server);
  await sql(server.url(), `CREATE DATABASE ${source}`);
  await sql(server.url(source), CRASH_SCHEMA);
  await roles.grantReading(source);
  model = path.join(folder, 'crash.model');
  const learning = { sourceUrl: roles.reader(source), modelPath: model, config: parseConfig('', null, {}), seed: 0 };
  expect((await runLearn({ ...learning, backend: 'auto' }, () => {}, new AbortController().signal)).verdict).toBe(
    'pass',
  );
});

afterAll(async () => {
  await roles?.drop();
  await server?.close();
  rmSync(folder, { recursive: true });
});

interface State {
  readonly visible: string;
  readonly ours: readonly string[];
}

/** A target that holds a published run of seed 1, what it looks like, and what it looks like after one of seed 2. */
class Trial {
  readonly #mode: PublishMode;
  readonly #target: string;
  readonly #folder: string;
  old!: State;
  fresh!: State;

  private constructor(mode: PublishMode, name: string) {
    this.#mode = mode;
    this.#target = `${tag}_${name}_${mode.replace('-', '')}`;
    this.#folder = path.join(folder, this.#target);
    mkdirSync(this.#folder);
  }

  static async start(mode: PublishMode, name: string): Promise<Trial> {
    const trial = new Trial(mode, name);
    if (mode === 'in-place') await roles.makeEmptyTarget(trial.#target);
    await trial.#succeed(1);
    await sql(
      roles.runner(trial.#target),
      `GRANT SELECT ON public.loan TO PUBLIC; GRANT USAGE ON SCHEMA extra TO PUBLIC`,
    );
    await trial.#succeed(2);
    trial.fresh = await trial.state();
    await trial.recover();
    return trial;
  }

  /** A run of seed 2 in a process of its own, until it is killed. */
  async killed(how: Partial<WholeRun>, from: 'source' | 'model' = 'model'): Promise<BinaryRun> {
    const input = from === 'model' ? ['--model', model] : ['--source', roles.reader(source)];
    const args = [...input, '--target', roles.runner(this.#target), '--mode', this.#mode, '--seed', '2'];
    const run = await provisionInChild({ args, folder: this.#folder, ...how });
    await sessionsEnded(server.url(), roles.runnerName);
    return run;
  }

  async state(): Promise<State> {
    return targetState(server.url(), this.#target);
  }

  /** The next run, of seed 1: it works, and then nothing is left but what there always is. */
  async recover(): Promise<void> {
    await this.#succeed(1);
    const state = await this.state();
    this.old ??= state;
    expect(state).toEqual(this.old);
    expect(leftovers(this.#folder)).toEqual([]);
  }

  /** In this process, which is warm: a third of the time. */
  async #succeed(seed: number): Promise<void> {
    const parsed = parseConfig('', null, {});
    const config = { ...parsed, output: { ...parsed.output, directory: path.join(this.#folder, REPORTS) } };
    const options = {
      modelPath: model,
      targetUrl: roles.runner(this.#target),
      config,
      mode: this.#mode,
      seed,
    } as const;
    const result = await runProvision(
      { ...options, scale: 1, dryRun: false, yes: false, backend: 'auto' },
      () => {},
      new AbortController().signal,
    );
    expect([result.verdict, result.findings.filter((found) => found.severity === 'error')]).toEqual(['pass', []]);
  }
}

const READING = ['graph', 'profile', 'learn'];
const FILLING = ['rehearse', ...CRASH_TABLES.map((table) => `load:${table}`), 'load', 'verify', 'scan'];
/** Steps that come after the moment in which the target changes. */
const AFTERWARDS = ['publish:commit', 'publish:age-out', 'publish:end'];

describe.each(['swap', 'in-place'] as const)('%s', (mode) => {
  test('killed after every named step, then run again', { timeout: 600_000 }, async () => {
    const trial = await Trial.start(mode, 'step');
    expect(trial.fresh.visible).not.toBe(trial.old.visible);
    for (const step of [...READING, ...FILLING, ...PUBLISH_CHECKPOINTS[mode]]) {
      const { signal, stdout, stderr } = await trial.killed(
        { killAt: step },
        READING.includes(step) ? 'source' : 'model',
      );
      expect([step, signal], stdout + stderr).toEqual([step, 'SIGKILL']);
      const expected = AFTERWARDS.includes(step) ? trial.fresh : trial.old;
      expect((await trial.state()).visible, `killed after ${step}`).toBe(expected.visible);
      await trial.recover();
    }
  });

  test(`killed at ${RANDOM_KILLS} random moments, then run again`, { timeout: 600_000 }, async () => {
    const trial = await Trial.start(mode, 'random');
    const started = performance.now();
    expect((await trial.killed({})).exitCode).toBe(0);
    const durationMs = performance.now() - started;
    await trial.recover();
    const random = new RandomCursor(streamKey(1, 'crash', mode));
    let killedCount = 0;
    for (let i = 0; i < RANDOM_KILLS; i++) {
      const killAfterMs = random.seek(i).next() * durationMs;
      const { signal } = await trial.killed({ killAfterMs });
      if (signal === 'SIGKILL') killedCount++;
      const whole = [trial.old.visible, trial.fresh.visible];
      expect(whole, `killed after ${killAfterMs} ms`).toContain((await trial.state()).visible);
      await trial.recover();
    }
    expect(killedCount).toBeGreaterThan(RANDOM_KILLS / 2);
  });

  test('control: publishing without its transaction is caught by the same comparison', async () => {
    const trial = await Trial.start(mode, 'control');
    const { signal, stdout, stderr } = await trial.killed({ killAt: 'publish:rename-old', nonAtomic: true });
    expect(signal, stdout + stderr).toBe('SIGKILL');
    expect([trial.old.visible, trial.fresh.visible]).not.toContain((await trial.state()).visible);
  });
});
