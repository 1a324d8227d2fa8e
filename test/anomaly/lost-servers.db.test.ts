/** Servers that die under a run: told by name, the target as it was, and the next run is as if nothing had been. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { attempt, createShop, expectFailure, expectUnchanged, serverState, until } from '../support/bad-input.ts';
import type { AttemptOptions } from '../support/bad-input.ts';
import { startPrivateServer } from '../support/postgres.ts';
import type { PrivateServer } from '../support/postgres.ts';
import { sql, visibleState } from '../support/publish-fixture.ts';

let production: PrivateServer;
let staging: PrivateServer;
beforeAll(async () => {
  [production, staging] = await Promise.all([startPrivateServer(), startPrivateServer()]);
  await createShop(production, 'shop');
  const big = `CREATE TABLE visit (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, page text, at timestamptz);
    INSERT INTO visit SELECT i, 1 + i % 300, 'zzyzx-' || repeat(i::text, 20), now() FROM generate_series(1, 600000) i`;
  await createShop(production, 'big_shop', big);
});
afterAll(() => Promise.all([production.close(), staging.close()]));
beforeEach(() => sql(staging.url(), 'CREATE DATABASE filled'));
afterEach(async () => {
  const made = await sql<{ name: string }>(
    staging.url(),
    "SELECT datname AS name FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'",
  );
  for (const { name } of made) await sql(staging.url(), `DROP DATABASE "${name}" WITH (FORCE)`);
});

const PROVISION = ['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET'] as const;
const given = (source = 'shop'): { readonly env: Record<string, string> } => ({
  env: { SOURCE: production.url(source), TARGET: staging.url('filled') },
});

/** The same, with `strike` done once the query has a row; `done` tells that it was. */
function struck(
  env: { readonly env: Record<string, string> },
  query: string,
  strike: () => Promise<unknown>,
  url: string,
): AttemptOptions & { readonly done: () => Promise<unknown> } {
  let done: Promise<unknown> = Promise.resolve();
  return { ...env, during: () => void (done = until(url, query).then(strike)), done: () => done };
}

const READING = "SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY (SELECT%public%visit%'";

test.for(['crash', 'pg_terminate_backend'])('a source that is lost while a big table is read (%s)', async (how) => {
  await sql(staging.url('filled'), 'CREATE SCHEMA mine');
  const strike = (): Promise<unknown> =>
    how === 'crash'
      ? production.crash()
      : sql(production.url(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'big_shop'");
  for (const command of [PROVISION, ['learn', '--source', 'env:SOURCE', '--model', 'shop.model']]) {
    const options = struck(given('big_shop'), READING, strike, production.url());
    await expectUnchanged(staging, () =>
      expectFailure(
        command,
        {
          code: 'CONNECT_LOST',
          exitCode: 69,
          told: /connection .*lost while reading public\.visit/,
          hint: /^Check that the server is running/,
        },
        options,
      ),
    );
    await options.done();
    if (how === 'crash') await production.restart();
  }
});

/** Databases of unfinished builds, and schemas of such. */
const LEFT_OVER = /^database understudy_|understudy_new_/m;
const LOADING = "SELECT FROM pg_stat_progress_copy WHERE tuples_processed > 0 AND type = 'PIPE'";

test.for([
  ['swap', 'crash'],
  ['in-place', 'crash'],
  ['swap', 'pg_terminate_backend'],
  ['in-place', 'pg_terminate_backend'],
])('a target that is lost while it is loaded (%s, %s)', async ([mode, how]) => {
  const first = await attempt([...PROVISION, '--mode', mode], given());
  expect(first.result.verdict, first.stderr).toBe('pass');
  const before = await visibleState(staging.url('filled'));
  const strike = (): Promise<unknown> =>
    how === 'crash'
      ? staging.crash()
      : sql(
          staging.url(),
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE 'COPY%'",
        );
  const options = struck(given(), LOADING, strike, staging.url());
  const lost = await expectFailure(
    [...PROVISION, '--mode', mode, '--seed', '1', '--scale', '40'],
    {
      code: 'CONNECT_LOST',
      exitCode: 69,
      told: /connection .*lost while loading public\.\w+/,
      hint: /^Check that the server is running/,
    },
    options,
  );
  await options.done();
  // A server that answers is tidied up at once; of one that does not, the user is told who does it later.
  if (how === 'crash') {
    expect(lost.stderr).toContain('understudy runs prune');
    await staging.restart();
  } else {
    expect(await serverState(staging)).not.toMatch(LEFT_OVER);
  }
  expect(await visibleState(staging.url('filled'))).toBe(before);
  const next = await attempt([...PROVISION, '--mode', mode, '--seed', '1'], given());
  expect(next.result.verdict, next.stderr).toBe('pass');
  expect(await serverState(staging)).not.toMatch(LEFT_OVER);
  expect(await visibleState(staging.url('filled'))).not.toBe(before);
});
