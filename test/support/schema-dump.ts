import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  closeClient,
  connectClient,
  postgresConfig,
  queryRows,
  withDatabase,
} from '../../connectors/postgres/client.ts';
import type { Catalog } from '../../connectors/connector.ts';
import { quoteIdent, quoteLiteral } from '../../connectors/postgres/sql-text.ts';

/** `pg_dump -s` without owners and grants: the one answer to "is it the same schema?". */
export function dumpSchema(bin: string, url: string): string {
  const text = execFileSync(
    path.join(bin, 'pg_dump'),
    ['-s', '--no-owner', '--no-privileges', '--exclude-schema=understudy*', '-d', url],
    {
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
    },
  );
  // Newer minor versions put a random key into each dump.
  return text
    .split('\n')
    .filter((line) => !/^\\(un)?restrict /.test(line))
    .join('\n');
}

/** Runs a SQL file through psql, as its author meant it. */
export function runFile(bin: string, url: string, sql: string): void {
  execFileSync(path.join(bin, 'psql'), ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', url], {
    input: sql,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
}

/** What lies beside the checkout: sample databases and the independent judge. */
export function sharedFolder(): string {
  return process.env['UNDERSTUDY_SHARED'] ?? path.resolve(import.meta.dirname, '../../../shared');
}

/** Plain SQL of a sample database beside the checkout, or null where it is not there. */
export function sampleDatabase(name: string): string | null {
  const file = path.join(sharedFolder(), 'datasets', `${name}.postgres.sql.gz`);
  return existsSync(file) ? gunzipSync(readFileSync(file)).toString('utf8') : null;
}

/** Makes an empty database like the catalog's, and in it the whole schema, statement by statement. */
export async function buildFromScript(
  serverUrl: string,
  database: string,
  catalog: Catalog,
  role?: string,
): Promise<void> {
  const config = await postgresConfig(serverUrl);
  const { encoding, collate, ctype } = catalog.locale;
  await withRole(serverUrl, config.database, role, [
    `CREATE DATABASE ${quoteIdent(database)} TEMPLATE template0 ENCODING ${quoteLiteral(encoding)} LC_COLLATE ${quoteLiteral(collate)} LC_CTYPE ${quoteLiteral(ctype)}`,
  ]);
  await withRole(
    serverUrl,
    database,
    role,
    catalog.script.map((statement) => statement.sql),
  );
}

async function withRole(
  serverUrl: string,
  database: string,
  role: string | undefined,
  statements: readonly string[],
): Promise<void> {
  const client = await connectClient(withDatabase(await postgresConfig(serverUrl), database), 'target');
  try {
    if (role !== undefined) await queryRows(client, `SET ROLE ${quoteIdent(role)}`);
    for (const statement of statements) await client.query(statement);
  } finally {
    await closeClient(client);
  }
}
