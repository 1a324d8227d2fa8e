/** What production and staging have in life: a role that may only read the one, and a role that may only make databases. */
import type { TestServer } from './postgres.ts';
import { sql } from './publish-fixture.ts';

export interface TwoRoles {
  /** SELECT on everything in the schemas of `database`, and nothing else. */
  reader(database: string): string;
  /** LOGIN and CREATEDB, and nothing else. */
  runner(database: string): string;
  readonly runnerName: string;
  /** An empty database that the runner owns. */
  makeEmptyTarget(database: string): Promise<void>;
  grantReading(database: string): Promise<void>;
  /** Drops all databases that were made for these roles, and the roles. */
  drop(): Promise<void>;
}

/** Roles of a test of its own: on a shared server, those of others stay as they are. */
export async function makeTwoRoles(server: TestServer, tag = `u${process.pid}`): Promise<TwoRoles> {
  const roles = { reader: `${tag}_reader`, runner: `${tag}_runner` };
  await sql(
    server.url(),
    `CREATE ROLE ${roles.reader} LOGIN PASSWORD 'x'; CREATE ROLE ${roles.runner} LOGIN CREATEDB PASSWORD 'x'`,
  );
  const as = (role: string, database: string): string => {
    const url = new URL(server.url(database));
    url.username = role;
    url.password = 'x';
    return url.href;
  };
  const sources = new Set<string>();
  return {
    reader: (database) => as(roles.reader, database),
    runner: (database) => as(roles.runner, database),
    runnerName: roles.runner,
    makeEmptyTarget: async (database) => {
      await sql(as(roles.runner, 'postgres'), `CREATE DATABASE "${database}"`);
    },
    grantReading: async (database) => {
      sources.add(database);
      const rows = await sql<{ name: string }>(
        server.url(database),
        `SELECT quote_ident(nspname) AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`,
      );
      const schemas = rows.map((row) => row.name).join(', ');
      await sql(
        server.url(database),
        `GRANT USAGE ON SCHEMA ${schemas} TO ${roles.reader}; GRANT SELECT ON ALL TABLES IN SCHEMA ${schemas} TO ${roles.reader};
         GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${schemas} TO ${roles.reader}`,
      );
    },
    drop: async () => {
      const made = await sql<{ name: string }>(
        server.url(),
        `SELECT datname AS name FROM pg_database WHERE pg_get_userbyid(datdba) = '${roles.runner}'`,
      );
      for (const name of [...made.map((row) => row.name), ...sources])
        await sql(server.url(), `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      await sql(server.url(), `DROP ROLE ${roles.reader}; DROP ROLE ${roles.runner}`);
    },
  };
}
