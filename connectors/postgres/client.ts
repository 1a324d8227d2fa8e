/**
 * The one place that opens PostgreSQL sessions: raw text for every type, the same session settings everywhere, an error
 * listener on every client (without one, a lost idle connection ends the process), errors translated.
 */
import type { TLSSocket } from 'node:tls';
import pg from 'pg';
import type { ClientConfig } from 'pg';
import { translateDriverError } from './driver-errors.ts';
import type { ErrorContext } from './driver-errors.ts';
import type { PostgresConfig } from './url.ts';

export { postgresConfig, shownUrl, withDatabase } from './url.ts';
export type { PostgresConfig } from './url.ts';
export type PostgresClient = pg.Client;

/** A row as the server wrote it: every value is text or null. */
export type TextRow = Readonly<Record<string, string | null>>;

export type SessionRole = 'source' | 'target';

/** Text forms must not depend on how the server or the database is configured. */
const COMMON_SETTINGS: Readonly<Record<string, string>> = {
  search_path: '',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  client_min_messages: 'warning',
  row_security: 'off',
  synchronize_seqscans: 'off',
  jit: 'off',
};

/** Gentle on production, and unable to write. */
const SOURCE_SETTINGS: Readonly<Record<string, string>> = {
  default_transaction_read_only: 'on',
  lock_timeout: '2s',
  // One process for one query: its load is bounded, and its rows come in one order.
  max_parallel_workers_per_gather: '0',
};

/** Provisioning takes as long as it takes: limits that the server sets for its applications are lifted. */
const TARGET_SETTINGS: Readonly<Record<string, string>> = {
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/** The driver's settings for knex and the like, which make their own clients. */
export function driverSettings(config: PostgresConfig, encrypted: boolean): ClientConfig {
  return {
    host: config.host,
    port: config.port,
    user: config.user,
    // An empty password stops the driver from searching for one itself: url.ts has done that.
    password: config.password ?? '',
    database: config.database,
    ssl: encrypted ? tlsOptions(config) : false,
    application_name: 'understudy',
    client_encoding: 'UTF8',
    connectionTimeoutMillis: config.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/**
 * An open session with our settings; the caller ends it.
 * `settings` come after those of the role and win.
 * Throws `CONNECT_UNREACHABLE`, `CONNECT_AUTH_FAILED`, `CONNECT_DATABASE_MISSING`.
 */
export async function connectClient(
  config: PostgresConfig,
  role: SessionRole,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresClient> {
  const client = await firstThatOpens(config);
  const all = { ...COMMON_SETTINGS, ...(role === 'source' ? SOURCE_SETTINGS : TARGET_SETTINGS), ...settings };
  const calls = Object.keys(all).map((_, i) => `pg_catalog.set_config($${2 * i + 1}, $${2 * i + 2}, false)`);
  try {
    await client.query(`SELECT ${calls.join(', ')}`, Object.entries(all).flat());
  } catch (error) {
    await closeClient(client);
    throw translateDriverError(error, { doing: 'preparing the session', server: serverName(config) });
  }
  return client;
}

/** Whether the session is encrypted. */
export function isEncrypted(client: PostgresClient): boolean {
  const { connection } = client as unknown as { connection: { stream: Partial<TLSSocket> } };
  return connection.stream.encrypted === true;
}

/** Runs one statement; all values as text. Throws what `context` says. */
export async function queryRows<Row extends object = TextRow>(
  client: PostgresClient,
  sql: string,
  parameters: readonly unknown[] = [],
  context: ErrorContext = { doing: 'asking the server' },
): Promise<readonly Row[]> {
  try {
    // Without parameters the simple protocol is used, in which a text may hold several statements.
    const result = parameters.length === 0 ? await client.query(sql) : await client.query(sql, [...parameters]);
    const last = Array.isArray(result) ? result.at(-1) : result;
    return last.rows as Row[];
  } catch (error) {
    throw translateDriverError(error, context);
  }
}

/** Ends the session; never throws, never waits long for a server that is gone. */
export async function closeClient(client: PostgresClient): Promise<void> {
  const gone = new Promise<void>((resolve) => setTimeout(resolve, 1000).unref());
  await Promise.race([client.end().catch(() => {}), gone]);
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
}

/** `host:port`, for messages. */
export function serverName(config: PostgresConfig): string {
  return `${config.host}:${config.port}`;
}

async function firstThatOpens(config: PostgresConfig): Promise<PostgresClient> {
  const attempts = encryptionAttempts(config);
  for (const [i, encrypted] of attempts.entries()) {
    const client = new pg.Client({
      ...driverSettings(config, encrypted),
      types: { getTypeParser: () => (value: string) => value } as ClientConfig['types'],
    });
    client.on('error', () => {}); // the query in flight, or the next one, rejects and tells
    try {
      await client.connect();
      return client;
    } catch (error) {
      await closeClient(client);
      const other = i + 1 < attempts.length && depends(error);
      if (!other) {
        const doing = `connecting to the database "${config.database}" as ${config.user}`;
        throw translateDriverError(error, { doing, server: serverName(config) });
      }
    }
  }
  throw new Error('unreachable: there is at least one attempt');
}

/** libpq's order of trials for each sslmode; a Unix socket is never encrypted. */
function encryptionAttempts(config: PostgresConfig): readonly boolean[] {
  if (config.host.startsWith('/')) return [false];
  switch (config.sslMode) {
    case 'disable':
      return [false];
    case 'allow':
      return [false, true];
    case 'prefer':
      return [true, false];
    default:
      return [true];
  }
}

/** Whether the failure may be one of encryption: the server has none, or pg_hba.conf wants the other. */
function depends(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return code === '28000' || /SSL connection/.test(message ?? '');
}

function tlsOptions(config: PostgresConfig): ClientConfig['ssl'] {
  const verifies = config.sslMode === 'verify-ca' || config.sslMode === 'verify-full' || config.sslRootCert !== null;
  return {
    rejectUnauthorized: verifies,
    ...(config.sslRootCert === null ? {} : { ca: config.sslRootCert }),
    ...(config.sslCert === null ? {} : { cert: config.sslCert }),
    ...(config.sslKey === null ? {} : { key: config.sslKey }),
    ...(config.sslMode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}
