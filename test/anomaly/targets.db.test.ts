/** A target that must not be touched, or cannot be: refused by name, whatever is spelled or switched on. */
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asUser, attempt, createDatabase, createShop, expectFailure, expectUnchanged } from '../support/bad-input.ts';
import type { Attempt, AttemptOptions } from '../support/bad-input.ts';
import { startForward } from '../support/forward.ts';
import { startPrivateServer } from '../support/postgres.ts';
import type { PrivateServer } from '../support/postgres.ts';
import { sql, visibleState } from '../support/publish-fixture.ts';

let server: PrivateServer;
beforeAll(async () => {
  server = await startPrivateServer();
  await createShop(server, 'shop');
  await sql(
    server.url('shop'),
    `CREATE ROLE writer LOGIN CREATEDB PASSWORD 'writer-secret'; CREATE ROLE builder LOGIN PASSWORD 'builder-secret';
     GRANT SELECT ON ALL TABLES IN SCHEMA public TO writer, builder`,
  );
});
afterAll(() => server.close());

const PROVISION = ['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET'] as const;
/** What the environment and, if any, the configuration of a run are. */
function given(target: string, config?: string): AttemptOptions {
  return {
    env: { SOURCE: server.url('shop'), TARGET: target },
    ...(config === undefined ? {} : { files: { 'understudy.yaml': `version: 1\n${config}\n` } }),
  };
}

// ---------------------------------------------------------------------------------------------- the source itself

const IS_SOURCE = {
  code: 'TARGET_IS_SOURCE',
  exitCode: 77,
  told: /^The target is the source: both URLs lead to the database "shop"\. Nothing was changed\.$/,
  hint: /^Name another database/,
} as const;

test('the source is no target, in whatever spelling, and nothing permits it', async () => {
  const forward = await startForward('127.0.0.1', server.port);
  const url = new URL(server.url('shop'));
  const { password, port } = url;
  const at = (host: string, otherPort: string | number): string =>
    `postgres://postgres:${password}@${host}:${otherPort}/shop`;
  const spellings = [
    server.url('shop'),
    at('localhost', port),
    at('LOCALHOST', port),
    at('127.0.0.1', forward.port),
    `${at('localhost', forward.port)}?sslmode=disable&application_name=another`,
    `host=127.0.0.1 port=${port} dbname=shop user=postgres password=${password}`,
    `host=${server.socketFolder} port=${port} dbname=shop user=postgres password=${password}`,
    asUser(server.url('shop'), 'writer', 'writer-secret'),
    asUser(at('127.0.0.1', forward.port), 'writer', 'writer-secret'),
  ];
  try {
    await expectUnchanged(server, async () => {
      for (const target of spellings) await expectFailure(PROVISION, IS_SOURCE, given(target));
      const allowed = given(at('localhost', forward.port), 'target: { allow: ["*"] }');
      for (const more of [['--yes'], ['--yes', '--mode', 'in-place'], ['--dry-run']])
        await expectFailure([...PROVISION, ...more], IS_SOURCE, allowed);
    });
  } finally {
    await forward.close();
  }
});

test('the source is no target over IPv6 either', async (context) => {
  const hasLoopback6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  if (!hasLoopback6) context.skip('needs an IPv6 loopback interface');
  const forward = await startForward('::1', server.port);
  const target = new URL(server.url('shop'));
  target.host = `[::1]:${forward.port}`;
  try {
    await expectUnchanged(server, () => expectFailure(PROVISION, IS_SOURCE, given(target.href)));
  } finally {
    await forward.close();
  }
});

// ---------------------------------------------------------------------------------------------- somebody else's

test('a target that Understudy did not make needs its name in target.allow and --yes, both', async () => {
  await createDatabase(server, 'theirs');
  await sql(
    server.url('theirs'),
    "CREATE TABLE precious (id int PRIMARY KEY, word text); INSERT INTO precious VALUES (1, 'zzyzx')",
  );
  const notEmpty = {
    code: 'TARGET_NOT_EMPTY',
    exitCode: 77,
    told: /"theirs" holds 1 table that Understudy did not make; it was not changed\.$/,
    hint: /add "theirs" to target\.allow and pass --yes/,
  } as const;
  const notAllowed = {
    code: 'TARGET_NOT_ALLOWED',
    exitCode: 77,
    told: /"theirs" matches no pattern of target\.allow; nothing was changed\.$/,
    hint: /target\.allow/,
  } as const;
  const target = server.url('theirs');
  await expectUnchanged(server, async () => {
    for (const mode of ['swap', 'in-place']) {
      await expectFailure([...PROVISION, '--mode', mode], notEmpty, given(target));
      await expectFailure([...PROVISION, '--mode', mode, '--yes'], notEmpty, given(target));
    }
    await expectFailure(PROVISION, notEmpty, given(target, 'target: { allow: [theirs] }'));
    await expectFailure([...PROVISION, '--yes'], notAllowed, given(target, 'target: { allow: ["staging-*"] }'));
  });

  const before = await visibleState(target);
  const run = await attempt([...PROVISION, '--yes'], given(target, 'target: { allow: [thei*] }'));
  expect(run.result, run.stderr).toMatchObject({ verdict: 'pass', target: { database: 'theirs' } });
  expect(await sql(target, 'SELECT count(*)::int AS count FROM public.customer')).toEqual([{ count: 300 }]);
  // What was there is not lost.
  const { previousDatabase } = run.result['target'] as { previousDatabase: string };
  expect(await visibleState(server.url(previousDatabase))).toBe(before);
});

// ---------------------------------------------------------------------------------------------- two at once

test('a second run on the same target is told who holds it, and the first one goes on', async () => {
  let first: Promise<Attempt> | undefined;
  const stopped = new Promise<() => void>((resolve) => {
    first = attempt([...PROVISION, '--verbose'], {
      ...given(server.url('busy')),
      during: (child) => {
        const stop = (text: string): void => {
          if (!text.includes('✓ preflight')) return;
          child.stderr!.off('data', stop);
          child.kill('SIGSTOP');
          resolve(() => child.kill('SIGCONT'));
        };
        child.stderr!.on('data', stop);
      },
    });
  });
  const goOn = await stopped;
  const locked = {
    code: 'TARGET_LOCKED',
    exitCode: 75,
    told: /"busy" is locked by run \S+; nothing was changed\.$/,
    hint: /^Wait/,
  } as const;
  const refused: Attempt[] = [];
  try {
    await expectUnchanged(server, async () => {
      refused.push(await expectFailure(PROVISION, locked, given(server.url('busy'))));
      for (const command of [['runs', 'prune'], ['rollback']])
        refused.push(await expectFailure([...command, '--target', 'env:TARGET'], locked, given(server.url('busy'))));
    });
  } finally {
    goOn();
  }
  const { result, exitCode, stderr } = await first!;
  expect(exitCode, stderr).toBe(0);
  for (const run of refused) expect(run.result.error!.message).toContain(String(result['runId']));
  // The lock ends with the run.
  await sleep(100);
  expect((await attempt(['runs', 'prune', '--target', 'env:TARGET'], given(server.url('busy')))).exitCode).toBe(0);
});

// ---------------------------------------------------------------------------------------------- rights

test('a role without CREATEDB is told the statement that helps, and that in-place mode does without', async () => {
  await createDatabase(server, 'staging');
  await sql(server.url(), 'ALTER DATABASE staging OWNER TO builder');
  const target = asUser(server.url('staging'), 'builder', 'builder-secret');
  await expectUnchanged(server, () =>
    expectFailure(
      PROVISION,
      {
        code: 'TARGET_RIGHTS_MISSING',
        exitCode: 77,
        told: /role builder may not create databases, which mode swap needs.* Nothing was changed\.$/,
        hint: /^ALTER ROLE builder CREATEDB, or use --mode in-place\.$/,
      },
      given(target),
    ),
  );
  const inPlace = await attempt([...PROVISION, '--mode', 'in-place'], given(target));
  expect(inPlace.result.verdict, inPlace.stderr).toBe('pass');
  await sql(server.url(), 'ALTER ROLE builder CREATEDB');
  const swap = await attempt(PROVISION, given(target));
  expect(swap.result.verdict, swap.stderr).toBe('pass');
});

test('a target in place that is not there, and one whose owner is somebody else', async () => {
  await createDatabase(server, 'elsewhere');
  await expectUnchanged(server, async () => {
    await expectFailure(
      [...PROVISION, '--mode', 'in-place'],
      {
        code: 'TARGET_PREFLIGHT_FAILED',
        exitCode: 65,
        told: /"absent" does not exist, and mode in-place makes none\. Nothing was changed\.$/,
        hint: /^CREATE DATABASE absent, or use --mode swap\.$/,
      },
      given(server.url('absent')),
    );
    await expectFailure(
      PROVISION,
      {
        code: 'TARGET_RIGHTS_MISSING',
        exitCode: 77,
        told: /belongs to the role postgres, and writer is not a member/,
        hint: /^GRANT postgres TO writer, or ALTER DATABASE elsewhere OWNER TO writer/,
      },
      given(asUser(server.url('elsewhere'), 'writer', 'writer-secret')),
    );
  });
});
