import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installedBinaries } from '../../connectors/embedded/binaries.ts';
import { startEmbeddedPostgres } from '../../connectors/embedded/embedded-postgres.ts';

export interface TestServer {
  /** For its superuser, password included. */
  url(database?: string): string;
  readonly port: number;
  /** Ends the server, if this started it. */
  close(): Promise<void>;
}

export interface TestServerOptions {
  /** A private server of the distribution's PostgreSQL, which has pg_dump, instead of the embedded one. */
  readonly debian?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * A server for tests: `TEST_POSTGRES_URL` where that is set, else a private one that dies with the test process.
 * On a shared server make databases under names of your own, and drop them.
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const given = process.env['TEST_POSTGRES_URL'];
  if (given !== undefined && given !== '') return givenServer(given);
  const server = await startEmbeddedPostgres({
    settings: { max_connections: '200', log_min_messages: 'fatal', ...options.settings },
    ...(options.debian
      ? { binaries: installedBinaries(requiredDebianBin()), localeArguments: ['--locale=C.UTF-8'] }
      : {}),
  });
  return { url: server.url, port: server.port, close: server.stop };
}

/** `bin` of the newest PostgreSQL of the distribution that has servers and clients, or null. */
export function debianPostgresBin(): string | null {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return null;
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  const bins = versions.map((version) => path.join(root, version, 'bin'));
  return (
    bins.find((bin) => ['postgres', 'initdb', 'pg_dump'].every((file) => existsSync(path.join(bin, file)))) ?? null
  );
}

function requiredDebianBin(): string {
  const bin = debianPostgresBin();
  if (bin === null)
    throw new Error(
      'The distribution has no PostgreSQL server here: install postgresql-15, or skip with skipWithout().',
    );
  return bin;
}

function givenServer(given: string): TestServer {
  const url = (database?: string): string => {
    const parsed = new URL(given);
    if (database !== undefined) parsed.pathname = `/${encodeURIComponent(database)}`;
    return parsed.href;
  };
  return { url, port: Number(new URL(given).port || 5432), close: async () => {} };
}

/** A server that a test may break. */
export interface PrivateServer extends TestServer {
  /** Folder of its Unix socket. */
  readonly socketFolder: string;
  /** Ends all of its processes at once, as `pg_ctl stop -m immediate` does. */
  crash(): Promise<void>;
  /** Starts it again after a crash: same port, same passwords, same data. */
  restart(): Promise<void>;
}

/** A server of the test's own, whatever `TEST_POSTGRES_URL` says; it asks for passwords. */
export async function startPrivateServer(settings: Readonly<Record<string, string>> = {}): Promise<PrivateServer> {
  const dataDirectory = mkdtempSync(path.join(realpathSync(tmpdir()), 'understudy-test-server-'));
  const options = {
    dataDirectory,
    settings: { log_min_messages: 'fatal', fsync: 'off', max_wal_size: '4GB', ...settings },
  };
  let server = await startEmbeddedPostgres(options);
  const { port, url } = server;
  return {
    port,
    url,
    socketFolder: dataDirectory,
    async crash() {
      const postmaster = Number(
        readFileSync(path.join(dataDirectory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0],
      );
      process.kill(postmaster, 'SIGQUIT');
      await server.stop();
    },
    async restart() {
      server = await startEmbeddedPostgres({ ...options, port });
    },
    async close() {
      await server.stop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}
