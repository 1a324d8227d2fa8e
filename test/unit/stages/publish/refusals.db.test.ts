import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServerIdentity, Source, Target } from '../../../../connectors/connector.ts';
import { openSource, openTarget } from '../../../../connectors/open.ts';
import { newRunId } from '../../../../src/kernel/ids.ts';
import {
  kinship,
  matchesTarget,
  PUBLISH_CHECKPOINTS,
  refuseUnsafeTarget,
} from '../../../../src/stages/publish/index.ts';
import { projectRoot } from '../../../support/build.ts';
import { startTestServer } from '../../../support/postgres.ts';
import type { TestServer } from '../../../support/postgres.ts';
import { FIXTURE_SCHEMA, sql } from '../../../support/publish-fixture.ts';

const tag = `ur${process.pid}`;
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await sql(
    server.url(),
    `CREATE ROLE ${tag}_runner LOGIN CREATEDB PASSWORD 'x'; CREATE ROLE ${tag}_poor LOGIN PASSWORD 'x'`,
  );
  for (const name of ['source', 'foreign', 'empty']) await sql(server.url(), `CREATE DATABASE ${tag}_${name}`);
  await sql(server.url(`${tag}_source`), FIXTURE_SCHEMA);
  await sql(server.url(`${tag}_foreign`), 'CREATE TABLE public.theirs (id int)');
});

afterAll(async () => {
  if (server === undefined) return;
  for (const name of ['source', 'foreign', 'empty'])
    await sql(server.url(), `DROP DATABASE ${tag}_${name} WITH (FORCE)`);
  await sql(server.url(), `DROP ROLE ${tag}_runner; DROP ROLE ${tag}_poor`);
  await server.close();
});

const spelled = (database: string, host: string, role?: string): string => {
  const url = new URL(server.url(database));
  url.hostname = host;
  if (role !== undefined) [url.username, url.password] = [role, 'x'];
  return url.href;
};

async function refusal(
  sourceUrl: string | null,
  targetUrl: string,
  allow: readonly string[] = [],
  yes = false,
): Promise<unknown> {
  const source: Source | null =
    sourceUrl === null
      ? null
      : await openSource(sourceUrl, { maxConnections: 2, maxSnapshotMinutes: 5, statementTimeoutMs: 30_000 });
  const target: Target = await openTarget(targetUrl);
  try {
    await refuseUnsafeTarget({ source, target, allow, yes });
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await target.close();
    await source?.close();
  }
}

test('the source is refused as its own target in any spelling, whatever is allowed', async () => {
  const source = server.url(`${tag}_source`);
  for (const target of [
    source,
    spelled(`${tag}_source`, 'localhost'),
    spelled(`${tag}_source`, '127.0.0.1', `${tag}_runner`),
  ]) {
    expect(await refusal(source, target, ['*'], true)).toBe('TARGET_IS_SOURCE');
  }
});

test('another database of the same server is a target like any other', async () => {
  expect(await refusal(server.url(`${tag}_source`), server.url(`${tag}_empty`))).toBeNull();
  expect(await refusal(server.url(`${tag}_source`), server.url(`${tag}_absent`))).toBeNull();
});

test('what Understudy did not make is replaced only if target.allow names it and --yes says so', async () => {
  const target = server.url(`${tag}_foreign`);
  expect(await refusal(null, target)).toBe('TARGET_NOT_EMPTY');
  expect(await refusal(null, target, [], true)).toBe('TARGET_NOT_EMPTY');
  expect(await refusal(null, target, [`${tag}_*`])).toBe('TARGET_NOT_EMPTY');
  expect(await refusal(null, target, ['staging'], true)).toBe('TARGET_NOT_ALLOWED');
  expect(await refusal(null, target, [`${tag}_*`], true)).toBeNull();
});

test('a target that others replicate is refused', async () => {
  const [{ level }] = await sql<{ level: string }>(
    server.url(),
    "SELECT current_setting('max_replication_slots') AS level",
  );
  expect(Number(level)).toBeGreaterThan(0);
  await sql(server.url(), `SELECT pg_create_physical_replication_slot('${tag}')`);
  try {
    expect(await refusal(null, server.url(`${tag}_empty`), ['*'], true)).toBe('TARGET_REPLICATED');
  } finally {
    await sql(server.url(), `SELECT pg_drop_replication_slot('${tag}')`);
  }
});

describe('kinship', () => {
  const production: ServerIdentity = {
    systemIdentifier: '7',
    database: 'shop',
    databaseOid: '5',
    serverAddress: '10.0.0.1:5432',
    inRecovery: false,
    serverMajor: 15,
    role: 'r',
    isSuperuser: false,
  };
  test.each([
    ['the lock is seen in the database', production, 'database', 'source'],
    [
      'the lock is seen elsewhere on the server',
      { ...production, databaseOid: '6', database: 'staging' },
      'server',
      'none',
    ],
    ['another server', { ...production, systemIdentifier: '8' }, 'nowhere', 'none'],
    ['the source is a standby of the target', { ...production, inRecovery: true }, 'nowhere', 'source'],
    ['a restored snapshot', production, 'nowhere', 'copy'],
    ['the identifier is not to be had', { ...production, systemIdentifier: null }, 'nowhere', 'none'],
  ] as const)('%s', (_, other, seen, expected) => {
    const staging = { ...production, database: other.database, databaseOid: other.databaseOid };
    expect(kinship(other, staging, seen, staging.database)).toBe(expected);
  });
});

test('target.allow matches the database, alone or with its server', () => {
  const target = { shownUrl: 'postgres://me@db.example:5432/staging', database: 'staging' };
  expect(
    ['staging', 'stag*', 'db.example/staging', 'db.example:5432/*', '*/staging'].map((p) => matchesTarget(p, target)),
  ).not.toContain(false);
  expect(['prod', 'stagin', 'other/staging', 'dbxexample/staging'].map((p) => matchesTarget(p, target))).not.toContain(
    true,
  );
});

test('a preflight names every lack with its remedy', async () => {
  const source = await openSource(server.url(`${tag}_source`), {
    maxConnections: 2,
    maxSnapshotMinutes: 5,
    statementTimeoutMs: 30_000,
  });
  const catalog = { ...(await source.readCatalog()), serverMajor: 99, roles: ['nobody_of_that_name'] };
  await source.close();
  const extensions = [{ name: 'no_such_extension', schema: 'public', version: '1', relocatable: true }];
  const plan = {
    runId: newRunId(),
    catalog: { ...catalog, extensions },
    roles: { map: {}, skip: [] },
    estimatedBytes: 1000,
    maxBytes: 1200,
    keepPrevious: 1,
  };
  const target = await openTarget(spelled(`${tag}_foreign`, '127.0.0.1', `${tag}_poor`));
  const codes = async (mode: 'swap' | 'in-place'): Promise<readonly string[]> =>
    (await target.preflight({ ...plan, mode }))
      .filter((found) => found.severity === 'error' && found.hint !== undefined)
      .map((found) => found.code);
  const common = ['PREFLIGHT_SERVER_OLDER', 'PREFLIGHT_ROLE_MISSING', 'PREFLIGHT_SIZE', 'PREFLIGHT_EXTENSION_MISSING'];
  expect(await codes('swap')).toEqual(expect.arrayContaining([...common, 'PREFLIGHT_CREATEDB', 'PREFLIGHT_OWNER']));
  expect(await codes('in-place')).toEqual(
    expect.arrayContaining([...common, 'PREFLIGHT_CREATE', 'PREFLIGHT_SCHEMA_OWNER']),
  );
  await target.close();
});

test('a view of another schema that holds on to what is replaced is found by name', async () => {
  await sql(server.url(`${tag}_foreign`), 'CREATE SCHEMA other; CREATE VIEW other.peek AS SELECT * FROM public.theirs');
  const source = await openSource(server.url(`${tag}_source`), {
    maxConnections: 2,
    maxSnapshotMinutes: 5,
    statementTimeoutMs: 30_000,
  });
  const catalog = await source.readCatalog();
  await source.close();
  const target = await openTarget(server.url(`${tag}_foreign`));
  const plan = {
    runId: newRunId(),
    mode: 'in-place',
    catalog,
    roles: { map: {}, skip: [] },
    estimatedBytes: 1,
    maxBytes: null,
    keepPrevious: 1,
  } as const;
  const errors = (await target.preflight(plan)).filter((found) => found.severity === 'error');
  expect(errors.map((found) => [found.code, found.object])).toEqual([['PREFLIGHT_OUTSIDE_DEPENDENT', 'other.peek']]);
  await target.close();
});

test('the list of checkpoints is that of the code', () => {
  const folder = path.join(projectRoot, 'connectors/postgres');
  const code = readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(path.join(folder, file), 'utf8'))
    .join('\n');
  const named = new Set([...code.matchAll(/checkpoint\('((?:publish|build):[^']+)'\)/g)].map((match) => match[1]));
  const exchanged = [...code.matchAll(/^\s*\['([a-z-]+)', (?:`|'|comment)/gm)].map((match) => `publish:${match[1]}`);
  const listed = new Set<string>(
    [...PUBLISH_CHECKPOINTS.swap, ...PUBLISH_CHECKPOINTS['in-place']].filter(
      (name) => !['publish:start', 'publish:end'].includes(name),
    ),
  );
  expect([...named, ...exchanged].filter((name) => !listed.has(name))).toEqual([]);
  expect([...listed].filter((name) => !named.has(name) && !exchanged.includes(name))).toEqual([]);
});
