import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PublishMode } from '../../../../connectors/connector.ts';
import { openTarget } from '../../../../connectors/open.ts';
import { silent } from '../../../../src/kernel/events.ts';
import { newRunId } from '../../../../src/kernel/ids.ts';
import { startTestServer } from '../../../support/postgres.ts';
import type { TestServer } from '../../../support/postgres.ts';
import { FIXTURE_SCHEMA, publishInChild, sql, visibleState } from '../../../support/publish-fixture.ts';
import type { PublishJob, PublishOutcome } from '../../../support/publish-fixture.ts';

/** All runs are those of a role with CREATEDB only. Kills and readers meanwhile are tested with whole runs, in test/pipeline. */
const tag = `u${process.pid}`;
const ROLES = { runner: `${tag}_runner`, app: `${tag}_app`, team: `${tag}_team` };
let server: TestServer;

const as = (role: string, database: string): string => {
  const url = new URL(server.url(database));
  url.username = role;
  url.password = 'x';
  return url.href;
};

beforeAll(async () => {
  server = await startTestServer();
  await sql(
    server.url(),
    `CREATE ROLE ${ROLES.runner} LOGIN CREATEDB PASSWORD 'x'; CREATE ROLE ${ROLES.app} LOGIN PASSWORD 'x';
    CREATE ROLE ${ROLES.team} LOGIN PASSWORD 'x'; GRANT ${ROLES.team} TO ${ROLES.runner}`,
  );
  await sql(server.url(), `CREATE DATABASE ${tag}_source`);
  await sql(
    server.url(`${tag}_source`),
    `${FIXTURE_SCHEMA}; GRANT USAGE ON SCHEMA extra TO ${ROLES.runner};
    GRANT SELECT ON ALL TABLES IN SCHEMA public, extra TO ${ROLES.runner}; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO ${ROLES.runner}`,
  );
});

afterAll(async () => {
  if (server === undefined) return;
  const rows = await sql<{ name: string }>(
    server.url(),
    `SELECT datname AS name FROM pg_database WHERE datname LIKE '${tag}%' OR pg_get_userbyid(datdba) LIKE '${tag}%'`,
  );
  for (const { name } of rows) await sql(server.url(), `DROP DATABASE "${name}" WITH (FORCE)`);
  await sql(server.url(), `DROP ROLE ${ROLES.runner}; DROP ROLE ${ROLES.app}; DROP ROLE ${ROLES.team}`);
  await server.close();
});

const job = (database: string, mode: PublishMode, generation: string, more: Partial<PublishJob> = {}): PublishJob => ({
  sourceUrl: as(ROLES.runner, `${tag}_source`),
  targetUrl: as(ROLES.runner, database),
  runId: newRunId(),
  mode,
  generation,
  ...more,
});

async function publish(...parameters: Parameters<typeof job>): Promise<NonNullable<PublishOutcome['result']>> {
  const outcome = await publishInChild(job(...parameters));
  expect(outcome.stderr).toBe('');
  expect(outcome.result).not.toBeNull();
  return outcome.result as NonNullable<PublishOutcome['result']>;
}

async function newDatabase(name: string): Promise<string> {
  await sql(as(ROLES.runner, 'postgres'), `CREATE DATABASE ${name}`);
  return name;
}

const notes = (database: string): Promise<readonly Record<string, unknown>[]> =>
  sql(as(ROLES.app, database), `SELECT max(note) AS note, (SELECT count(*) FROM extra.tag) AS tags FROM public.visit`);

describe.each(['swap', 'in-place'] as const)('%s', (mode) => {
  test('an empty target gets all rows, checked by the server', async () => {
    const database = await newDatabase(`${tag}_first_${mode.replace('-', '')}`);
    const { published, integrity, counts } = await publish(database, mode, 'one');
    expect(published.database).toBe(database);
    if (mode === 'in-place') expect(published.previousDatabase).toBeNull(); // empty schemas are not kept
    expect(integrity).toMatchObject({ orphanCount: 0, violationCount: 0, findings: [] });
    expect(counts).toEqual({ 'public.place': 20, 'public.visit': 200, 'extra.tag': 10 });
    const [loud] = await sql(as(ROLES.runner, database), 'SELECT sum(visits)::int AS visits FROM public.loud');
    expect(loud['visits']).toBe(60);
    const [next] = await sql(as(ROLES.runner, database), "SELECT nextval('public.visit_id_seq')::int AS id");
    expect(next['id']).toBe(201);
  });

  test('an application role keeps exactly its rights, settings and owners over a publication', async () => {
    const database = await newDatabase(`${tag}_rights_${mode.replace('-', '')}`);
    await publish(database, mode, 'one');
    await sql(
      as(ROLES.runner, database),
      `
      GRANT USAGE ON SCHEMA extra TO ${ROLES.app};
      GRANT SELECT ON public.visit, extra.tag TO ${ROLES.app} WITH GRANT OPTION;
      GRANT UPDATE (name) ON public.place TO ${ROLES.app};
      REVOKE EXECUTE ON FUNCTION public.visits_of FROM PUBLIC;
      GRANT USAGE ON SEQUENCE public.visit_id_seq TO ${ROLES.app};
      ALTER DEFAULT PRIVILEGES IN SCHEMA extra GRANT SELECT ON TABLES TO ${ROLES.app};
      ALTER DATABASE ${database} SET search_path TO "$user", extra, 'odd name';
      ALTER DATABASE ${database} SET work_mem TO '7MB';
      ALTER DATABASE ${database} CONNECTION LIMIT 77;
      REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC`,
    );
    const rights = `SELECT
      (SELECT json_agg(x ORDER BY x) FROM (SELECT format('%s %s %s', c.oid::regclass, c.relacl, c.relowner::regrole) AS x FROM pg_class c
        WHERE c.relnamespace IN ('public'::regnamespace, 'extra'::regnamespace) AND c.relkind IN ('r', 'v', 'm', 'S')) y) AS relations,
      (SELECT json_agg(format('%s %s', attrelid::regclass, attacl)) FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid = 'public.place'::regclass) AS columns,
      (SELECT proacl::text FROM pg_proc WHERE proname = 'visits_of' AND pronamespace = 'public'::regnamespace) AS routine,
      (SELECT json_agg(format('%s %s %s', defaclnamespace::regnamespace, defaclobjtype, defaclacl)) FROM pg_default_acl
        WHERE defaclnamespace = 'extra'::regnamespace) AS defaults,
      (SELECT json_agg(format('%s %s %s', nspname, nspacl, nspowner::regrole) ORDER BY nspname) FROM pg_namespace WHERE nspname IN ('public', 'extra')) AS schemas,
      (SELECT format('%s %s', datconnlimit, datdba::regrole) FROM pg_database WHERE datname = current_database()) AS database,
      (SELECT array_agg(x::text ORDER BY x::text) FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
        WHERE d.datname = current_database()) AS database_grants,
      (SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())) AS settings`;
    const [before] = await sql(as(ROLES.runner, database), rights);
    const { published, notes: said } = await publish(database, mode, 'two');
    expect(published.previousDatabase).not.toBeNull();
    expect(said).toEqual([]);
    const [after] = await sql(as(ROLES.runner, database), rights);
    expect(after).toEqual(before);
    expect(await notes(database)).toEqual([{ note: 'visit 99 two', tags: '10' }]);
  });

  test('rollback brings back what was there, and again what was rolled back', async () => {
    const database = await newDatabase(`${tag}_back_${mode.replace('-', '')}`);
    await publish(database, mode, 'one');
    await sql(
      as(ROLES.runner, database),
      `GRANT SELECT ON public.visit TO ${ROLES.app}; DELETE FROM extra.tag WHERE code = 'tag3'`,
    );
    const first = await visibleState(as(ROLES.runner, database));
    await publish(database, mode, 'two');
    const second = await visibleState(as(ROLES.runner, database));
    expect(second).not.toBe(first);
    const target = await openTarget(as(ROLES.runner, database));
    await target.lock(newRunId());
    await target.rollback(null, null, silent);
    expect(await visibleState(as(ROLES.runner, database))).toBe(first);
    expect((await target.inspect()).kind).toBe('understudy');
    await target.rollback(null, null, silent);
    expect(await visibleState(as(ROLES.runner, database))).toBe(second);
    await expect(target.rollback(null, 'no-such-run', silent)).rejects.toMatchObject({
      code: 'PUBLISH_NOTHING_TO_ROLL_BACK',
    });
    await target.close();
  });

  test("what a team owned stays the team's, and rollback gives it back untouched", async () => {
    const database = `${tag}_team_${mode.replace('-', '')}`;
    await sql(server.url(), `CREATE DATABASE ${database} OWNER ${ROLES.team}`);
    await sql(server.url(), `COMMENT ON DATABASE ${database} IS 'the team''s'`);
    await sql(
      as(ROLES.team, database),
      `${FIXTURE_SCHEMA}; CREATE TABLE public.theirs (id int); GRANT SELECT ON public.visit TO ${ROLES.app}`,
    );
    const url = as(ROLES.runner, database);
    const first = await visibleState(url);
    const { notes: said } = await publish(database, mode, 'one');
    expect(said).toEqual([]);
    const owners = await sql(
      url,
      `SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname IN ('public', 'extra')`,
    );
    expect(owners).toEqual([{ owner: ROLES.team }]);
    const target = await openTarget(url);
    await target.lock(newRunId());
    expect((await target.inspect()).kind).toBe('understudy');
    expect((await target.runs()).map((run) => run.state).sort()).toEqual(['previous', 'published']);
    await target.rollback(null, null, silent);
    expect(await visibleState(url)).toBe(first);
    expect((await target.inspect()).kind).toBe('foreign');
    const [{ comment }] = await sql(
      url,
      "SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = current_database()",
    );
    expect(comment).toBe("the team's");
    await target.rollback(null, null, silent);
    expect((await target.inspect()).kind).toBe('understudy');
    await target.close();
  });
});

test('an absent target is made, and open to everybody as a new database is', async () => {
  const database = `${tag}_absent`;
  const target = await openTarget(as(ROLES.runner, database));
  expect(await target.inspect()).toEqual({ kind: 'absent', runId: null, tableCount: 0 });
  const { published } = await publish(database, 'swap', 'one');
  expect(published.previousDatabase).toBeNull();
  const [{ connect }] = await sql(
    server.url(),
    `SELECT has_database_privilege('${ROLES.app}', '${database}', 'CONNECT') AS connect`,
  );
  expect(connect).toBe(true);
  expect((await target.inspect()).kind).toBe('understudy');
  await target.close();
});

test('sessions that may not be ended keep the target as it is: PUBLISH_BUSY, exit 75', async () => {
  const database = await newDatabase(`${tag}_busy`);
  await publish(database, 'swap', 'one');
  const before = await visibleState(as(ROLES.runner, database));
  const held = sql(server.url(database), 'SELECT pg_sleep(30)').catch(() => {});
  const outcome = await publishInChild(job(database, 'swap', 'two', { publishTimeoutMs: 1000 }));
  expect(outcome.stderr).toContain('PUBLISH_BUSY');
  expect(await visibleState(as(ROLES.runner, database))).toBe(before);
  await sql(server.url(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`);
  await held;
});

test('a second run is told who holds the target', async () => {
  const database = await newDatabase(`${tag}_lock`);
  const [first, second] = await Promise.all([
    openTarget(as(ROLES.runner, database)),
    openTarget(as(ROLES.runner, database)),
  ]);
  await first.lock('20260101t000000-aaaaaa');
  await expect(second.lock(newRunId())).rejects.toMatchObject({
    code: 'TARGET_LOCKED',
    exitCode: 75,
    data: { holder: '20260101t000000-aaaaaa' },
  });
  await first.close();
  await second.lock(newRunId());
  await second.close();
});
