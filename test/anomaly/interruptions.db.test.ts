/** Ctrl-C and SIGTERM, wherever they meet a run: the right exit code, the target as it was, nothing left behind. */
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attempt, createShop, expectFailure, expectUnchanged, serverState, until } from '../support/bad-input.ts';
import type { AttemptOptions } from '../support/bad-input.ts';
import { startPrivateServer } from '../support/postgres.ts';
import type { PrivateServer } from '../support/postgres.ts';
import { sql, visibleState } from '../support/publish-fixture.ts';

let server: PrivateServer;
beforeAll(async () => {
  server = await startPrivateServer();
  await createShop(server, 'shop');
  await sql(server.url(), 'CREATE DATABASE swap');
  await sql(server.url(), 'CREATE DATABASE "in-place"');
  for (const mode of ['swap', 'in-place']) {
    const first = await attempt([...PROVISION, '--mode', mode], given(mode));
    expect(first.result.verdict, first.stderr).toBe('pass');
  }
});
afterAll(() => server.close());

const PROVISION = ['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET'] as const;
const given = (target: string): { readonly env: Record<string, string> } => ({
  env: { SOURCE: server.url('shop'), TARGET: server.url(target) },
});

const SIGNALS = {
  SIGINT: {
    code: 'CLI_INTERRUPTED',
    exitCode: 130,
    told: /stopped by SIGINT before it ended; what it had begun was removed/,
    hint: /again/,
  },
  SIGTERM: {
    code: 'CLI_TERMINATED',
    exitCode: 143,
    told: /stopped by SIGTERM before it ended; what it had begun was removed/,
    hint: /again/,
  },
} as const;

/** What a statement on the server looks like while a big load, or the indexing after it, is under way. */
const LOADING = "SELECT FROM pg_stat_progress_copy WHERE tuples_processed > 0 AND type = 'PIPE'";
const INDEXING =
  "SELECT FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query ~ 'PRIMARY KEY|UNIQUE|FOREIGN KEY|CREATE.*INDEX'";

test.for([
  ['SIGINT', 'swap', 'loading', LOADING],
  ['SIGTERM', 'swap', 'loading', LOADING],
  ['SIGINT', 'in-place', 'loading', LOADING],
  ['SIGTERM', 'in-place', 'loading', LOADING],
  ['SIGINT', 'swap', 'indexing', INDEXING],
  ['SIGTERM', 'in-place', 'indexing', INDEXING],
] as const)('%s while a %s run is %s', async ([signal, mode, , query]) => {
  let struckAt = 0;
  const options: AttemptOptions = {
    ...given(mode),
    during: (child) =>
      void until(server.url(), query).then(() => {
        struckAt = performance.now();
        child.kill(signal);
      }),
  };
  await expectUnchanged(server, () =>
    expectFailure([...PROVISION, '--mode', mode, '--seed', '1', '--scale', '40'], SIGNALS[signal], options),
  );
  // It does not load to the end first.
  expect(performance.now() - struckAt).toBeLessThan(10_000);
  expect(await sql(server.url(), "SELECT pid FROM pg_stat_activity WHERE application_name ~ 'understudy'")).toEqual([]);
});

/** Sends the signal at the end of the n-th stage. */
function afterStage(stage: string, signal: NodeJS.Signals): (child: ChildProcess) => void {
  return (child) => {
    const strike = (text: string): void => {
      if (!text.includes(`✓ ${stage}`)) return;
      child.stderr!.off('data', strike);
      child.kill(signal);
    };
    child.stderr!.on('data', strike);
  };
}

test.for(['introspect', 'preflight', 'profile', 'learn', 'rehearse', 'load', 'verify', 'scan', 'publish'])(
  'SIGINT at the end of the stage %s: as it was, or published',
  async (stage) => {
    const before = await serverState(server);
    const run = await attempt([...PROVISION, '--verbose', '--seed', '2', '--scale', '3'], {
      ...given('swap'),
      during: afterStage(stage, 'SIGINT'),
    });
    if (run.exitCode === 0) {
      // The signal came when there was nothing left to stop: then the run says what is true.
      expect(run.result).toMatchObject({ verdict: 'pass' });
      expect(['scan', 'publish']).toContain(stage);
      expect(await serverState(server)).not.toMatch(/^database understudy_/m);
      expect(await sql(server.url('swap'), 'SELECT count(*)::int AS count FROM public.customer')).toEqual([
        { count: 900 },
      ]);
    } else {
      expect(run.result.error, run.stderr).toMatchObject({ code: 'CLI_INTERRUPTED', exitCode: 130 });
      expect(run.exitCode).toBe(130);
      expect(run.written).toEqual([]);
      expect(await serverState(server)).toBe(before);
    }
  },
);

test('learn leaves no model file when it is stopped', async () => {
  for (const stage of ['introspect', 'profile', 'learn'])
    await expectFailure(['learn', '--verbose', '--source', 'env:SOURCE', '--model', 'shop.model'], SIGNALS.SIGINT, {
      ...given('swap'),
      during: afterStage(stage, 'SIGINT'),
    });
});

test('a run after all these is as good as the first', async () => {
  const before = await visibleState(server.url('swap'));
  const run = await attempt([...PROVISION, '--seed', '3'], given('swap'));
  expect(run.result.verdict, run.stderr).toBe('pass');
  expect(await visibleState(server.url('swap'))).not.toBe(before);
});
