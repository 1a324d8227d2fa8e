/**
 * Where a connection goes: the forms that libpq knows (URL, `service=…` and other keyword/value strings, PG* variables,
 * pg_service.conf, .pgpass), settled into one `PostgresConfig`. Nothing is opened here.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { parse } from 'pg-connection-string';
import pgpass from 'pgpass';
import { UnderstudyError } from '../../src/kernel/errors.ts';

export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface PostgresConfig {
  /** A host name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly database: string;
  readonly sslMode: SslMode;
  /** PEM texts. */
  readonly sslRootCert: string | null;
  readonly sslCert: string | null;
  readonly sslKey: string | null;
  readonly connectTimeoutMs: number;
}

type Env = Readonly<Record<string, string | undefined>>;
type Parameters = Readonly<Record<string, string>>;

const SSL_MODES: readonly string[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** libpq's variables and the parameters that they stand for. */
const ENV_PARAMETERS: Parameters = {
  PGHOST: 'host',
  PGHOSTADDR: 'hostaddr',
  PGPORT: 'port',
  PGUSER: 'user',
  PGPASSWORD: 'password',
  PGDATABASE: 'dbname',
  PGSSLMODE: 'sslmode',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGSERVICE: 'service',
};

/**
 * Everything that a connection to `url` needs. Precedence as in libpq: the URL, its service, the environment, defaults.
 * Throws `CONNECT_URL_INVALID`.
 */
export async function postgresConfig(url: string, env: Env = process.env): Promise<PostgresConfig> {
  const explicit = url.includes('://') ? urlParameters(url) : keywordParameters(url);
  const fromEnv = envParameters(env);
  const service = explicit['service'] ?? fromEnv['service'];
  const given: Parameters = {
    ...fromEnv,
    ...(service === undefined ? {} : serviceParameters(service, env)),
    ...explicit,
  };

  const port = wholeNumber('port', given['port'] ?? '5432', 1, 65_535);
  const user = given['user'] ?? systemUser();
  const config: PostgresConfig = {
    host: oneHost(given['hostaddr'] ?? given['host'] ?? defaultHost(port)),
    port,
    user,
    password: given['password'] ?? null,
    database: given['dbname'] ?? user,
    sslMode: sslMode(given['sslmode'] ?? 'prefer'),
    sslRootCert: pemFile('sslrootcert', given['sslrootcert']),
    sslCert: pemFile('sslcert', given['sslcert']),
    sslKey: pemFile('sslkey', given['sslkey']),
    connectTimeoutMs: wholeNumber('connect_timeout', given['connect_timeout'] ?? '10', 0, 3600) * 1000 || 10_000,
  };
  return config.password === null ? { ...config, password: await passwordFromFile(config) } : config;
}

/** `postgres://user@host:port/database`, without the password: what messages and reports show. */
export function shownUrl(config: PostgresConfig): string {
  const host = config.host.startsWith('/') || config.host.includes(':') ? `[${config.host}]` : config.host;
  return `postgres://${encodeURIComponent(config.user)}@${host}:${config.port}/${encodeURIComponent(config.database)}`;
}

/** The same server and role, another database. */
export function withDatabase(config: PostgresConfig, database: string): PostgresConfig {
  return { ...config, database };
}

// ------------------------------------------------------------------------------------------------ the written forms

function urlParameters(url: string): Parameters {
  let parsed: Record<string, unknown>;
  try {
    // Certificates are read here, by name; the parser would read them with less to say when one is missing.
    parsed = parse(url.replace(/([?&])ssl(mode|rootcert|cert|key)=/g, '$1understudy_ssl$2='));
  } catch {
    // The parser's error quotes the URL, and with it the password: it is not kept as a cause.
    throw invalid(
      'The connection URL cannot be parsed',
      'Write it as postgres://user@host:5432/database, with special characters percent-encoded.',
    );
  }
  const out: Record<string, string> = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (typeof value !== 'string' || value === '') continue;
    out[key === 'database' ? 'dbname' : key.replace('understudy_ssl', 'ssl')] = value;
  }
  return out;
}

/** `host=db dbname='my db'`, with libpq's quoting. */
function keywordParameters(text: string): Parameters {
  const out: Record<string, string> = {};
  const pair = /\s*([A-Za-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/y;
  let end = 0;
  for (let found = pair.exec(text); found !== null; found = pair.exec(text)) {
    out[found[1]] = (found[2] ?? found[3]).replace(/\\(.)/g, '$1');
    end = pair.lastIndex;
  }
  if (text.slice(end).trim() !== '' || end === 0) {
    throw invalid(
      'The connection string is neither a URL nor keyword=value pairs',
      'Write postgres://user@host:5432/database, service=NAME, or env:NAME.',
    );
  }
  return out;
}

function envParameters(env: Env): Parameters {
  const out: Record<string, string> = {};
  for (const [variable, parameter] of Object.entries(ENV_PARAMETERS)) {
    const value = env[variable];
    if (value !== undefined && value !== '') out[parameter] = value;
  }
  return out;
}

/** The section `[service]` of the user's file, else of the system's. */
function serviceParameters(service: string, env: Env): Parameters {
  const userFile = env['PGSERVICEFILE'] ?? join(env['HOME'] ?? homedir(), '.pg_service.conf');
  const systemFile = join(env['PGSYSCONFDIR'] ?? '/etc/postgresql-common', 'pg_service.conf');
  for (const file of [userFile, systemFile]) {
    const found = existsSync(file) ? section(readFileSync(file, 'utf8'), service) : null;
    if (found !== null) return found;
  }
  throw invalid(
    `The service "${service}" is in neither ${userFile} nor ${systemFile}`,
    'Add the section to the file, or set PGSERVICEFILE.',
  );
}

function section(text: string, name: string): Parameters | null {
  let current: string | null = null;
  let out: Record<string, string> | null = null;
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[(.*)\]$/.exec(line);
    if (header !== null) {
      current = header[1];
      if (current === name) out ??= {};
      continue;
    }
    const equals = line.indexOf('=');
    if (current === name && out !== null && equals > 0)
      out[line.slice(0, equals).trim()] = line.slice(equals + 1).trim();
  }
  return out;
}

/** libpq's choice: the socket where there is one, else TCP to this machine. */
function defaultHost(port: number): string {
  const directory = ['/var/run/postgresql', '/tmp'].find((path) => existsSync(join(path, `.s.PGSQL.${port}`)));
  return directory ?? 'localhost';
}

function passwordFromFile(config: PostgresConfig): Promise<string | null> {
  const host = config.host.startsWith('/') ? 'localhost' : config.host;
  return new Promise((resolve) => {
    pgpass({ host, port: config.port, database: config.database, user: config.user }, (password) =>
      resolve(password ?? null),
    );
  });
}

// ------------------------------------------------------------------------------------------------ checks of one value

function oneHost(host: string): string {
  if (host.includes(',')) {
    throw invalid('The connection names several hosts, and Understudy connects to one', 'Name the host to read from.');
  }
  return host;
}

function sslMode(text: string): SslMode {
  if (!SSL_MODES.includes(text)) throw invalid(`sslmode "${text}" is not known`, `Use one of ${SSL_MODES.join(', ')}.`);
  return text as SslMode;
}

function pemFile(parameter: string, path: string | undefined): string | null {
  if (path === undefined || path === 'system') return null;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw invalid(
      `The file that ${parameter} names cannot be read`,
      `Check the path and its permissions: ${path}`,
      cause,
    );
  }
}

function wholeNumber(parameter: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < low || value > high) {
    throw invalid(
      `${parameter} is not a whole number from ${low} to ${high}`,
      `Correct ${parameter} in the connection.`,
    );
  }
  return value;
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'postgres'; // a uid without a passwd entry, as in some containers
  }
}

function invalid(message: string, hint: string, cause?: unknown): UnderstudyError {
  return new UnderstudyError('CONNECT_URL_INVALID', `${message}.`, { hint, cause });
}
