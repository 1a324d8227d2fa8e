/** One small schema for each pattern that provisioners break on: each is filled without a violation, or refused by name. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPECTED } from '../fixtures/schemas/expected.ts';
import { projectRoot } from '../support/build.ts';
import { startTestServer, type TestServer } from '../support/postgres.ts';
import { provisionSchema } from '../support/provision-schema.ts';
import { sql } from '../support/publish-fixture.ts';

const FOLDER = path.join(projectRoot, 'test/fixtures/schemas');
/** Used by the tests of the catalog; it has no rows. */
const NOT_FIXTURES = new Set(['everything']);

const fixtures = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.sql'))
  .map((file) => file.slice(0, -'.sql'.length))
  .filter((name) => !NOT_FIXTURES.has(name));

describe('a schema that PostgreSQL accepts', () => {
  let server: TestServer;
  let major = 0;
  const outcomes: string[] = [];

  beforeAll(async () => {
    server = await startTestServer();
    const [row] = await sql<{ major: number }>(
      server.url('postgres'),
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    );
    major = row.major;
  });
  afterAll(async () => {
    if (process.env['UNDERSTUDY_TEST_VERBOSE'] !== undefined) process.stdout.write(`${outcomes.join('\n')}\n`);
    await server.close();
  });

  it('has a line in the table, and every line has a schema', () => {
    expect(Object.keys(EXPECTED).toSorted()).toEqual(fixtures.toSorted());
  });

  // Most of a run is waiting for the server, which makes and drops two databases: a few at a time keep both busy.
  it.concurrent.each(fixtures)(
    'is filled or refused as the table says: %s',
    async (name) => {
      const text = readFileSync(path.join(FOLDER, `${name}.sql`), 'utf8');
      const needed = Number(/^-- needs (\d+)$/m.exec(text)?.[1] ?? 0);
      const expected = EXPECTED[name];
      return run();

      async function run(): Promise<void> {
        if (needed > major) {
          outcomes.push(`${name}: skipped, it needs PostgreSQL ${needed} and the server is ${major}`);
          return;
        }
        const configuration = path.join(FOLDER, `${name}.yaml`);
        const outcome = await provisionSchema((database) => server.url(database ?? 'postgres'), {
          name: `fixture_${name.replaceAll('-', '_')}`,
          sql: text,
          ...(existsSync(configuration) ? { config: readFileSync(configuration, 'utf8') } : {}),
        });
        outcomes.push(`${name}: ${outcome.state}${outcome.state === 'finding' ? ` ${outcome.code}` : ''}`);
        if (expected === 'filled') {
          expect(outcome).toMatchObject({ state: 'filled' });
          return;
        }
        expect(outcome).toMatchObject({ state: 'finding', code: expected.finding });
        expect(outcome.state === 'finding' ? outcome.message : '').toContain(expected.names);
      }
    },
    300_000,
  );

  it('is refused with the numbers where a key has no room for the rows that a scale asks for', async () => {
    const outcome = await provisionSchema((database) => server.url(database ?? 'postgres'), {
      name: 'fixture_capacity',
      sql: `CREATE TABLE locker (code char(1) PRIMARY KEY CHECK (code ~ '^[0-9A-Z]$'), size int NOT NULL);
        INSERT INTO locker SELECT c, ascii(c) % 3 FROM regexp_split_to_table('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', '') c;`,
      scale: 1000 / 36,
    });
    expect(outcome).toMatchObject({ state: 'finding', code: 'GENERATE_CAPACITY' });
    expect(outcome.state === 'finding' ? outcome.message : '').toMatch(/public\.locker .* 1000 rows.* 36;/);
  });
});
