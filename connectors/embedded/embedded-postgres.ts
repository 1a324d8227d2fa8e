import { randomBytes } from 'node:crypto';
import type { ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { diskError } from '../../src/kernel/workspace.ts';
import { packagedBinaries } from './binaries.ts';
import type { ServerBinaries } from './binaries.ts';
import { spawnGuard } from './guard.ts';
import { findRunnableServer } from './identity.ts';

export interface EmbeddedPostgresOptions {
  /** Kept on stop and used again by the next start; without it the server is private and thrown away. */
  readonly dataDirectory?: string;
  /** A random free port where absent. */
  readonly port?: number;
  /** Lines of postgresql.conf that are added or replaced. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Another PostgreSQL than the packaged one. */
  readonly binaries?: ServerBinaries;
  /** Of initdb; the packaged one's is UTF-8 with the server's own C.UTF-8 rules. */
  readonly localeArguments?: readonly string[];
}

/** A running PostgreSQL that dies with this process. */
export interface EmbeddedPostgres {
  readonly port: number;
  readonly superuser: string;
  readonly password: string;
  /** Of one of its databases, for the superuser, password included; the maintenance database by default. */
  url(database?: string): string;
  createDatabase(name: string): Promise<void>;
  /** Ends it, and removes its directory unless that was given. May be called again. */
  stop(): Promise<void>;
}

const SUPERUSER = 'postgres';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const PORT_ATTEMPTS = 5;
/** An empty cluster with its first segments of write-ahead log. */
const LEAST_BYTES = 128 * 2 ** 20;

/** Rules of the server's own, so that every platform sorts alike. */
const PACKAGED_LOCALE = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

/** For data that nobody misses after a crash. */
const THROW_AWAY_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_wal_size: '4GB',
};

/**
 * Starts the embedded PostgreSQL on 127.0.0.1: initdb where there is no cluster yet, then the server, both ended
 * when this process ends in whatever way. Only who knows the random password can log in.
 * Throws: `EMBEDDED_UNAVAILABLE`, `WORKSPACE_FULL`, `WORKSPACE_IO`.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions = {}): Promise<EmbeddedPostgres> {
  const binaries = options.binaries ?? packagedBinaries();
  for (let attempt = 1; ; attempt++) {
    const directory = options.dataDirectory === undefined ? privateDirectory() : givenDirectory(options.dataDirectory);
    try {
      const port = options.port ?? (await freePort());
      return await startIn(directory, port, binaries, options);
    } catch (error) {
      // Another process may take the port between our look and the server's bind.
      const portWasTaken = options.port === undefined && /Address already in use/.test(serverLog(directory));
      if (options.dataDirectory === undefined) rmSync(directory, { recursive: true, force: true });
      if (!portWasTaken || attempt === PORT_ATTEMPTS) throw startError(error, directory);
    }
  }
}

async function startIn(
  directory: string,
  port: number,
  binaries: ServerBinaries,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const throwAway = options.dataDirectory === undefined;
  const password = writePassword(directory);
  writeFileSync(path.join(directory, 'settings'), settingsText(throwAway, options.settings), { mode: 0o600 });
  const server = findRunnableServer(binaries, directory);
  const guard = spawnGuard(server, {
    directory,
    port,
    // A Unix socket's path has room for about a hundred bytes.
    socketFolder: directory.length < 80 ? directory : '',
    initdbArguments: options.localeArguments ?? PACKAGED_LOCALE,
    throwAway,
  });
  const ended = new Promise<void>((resolve) => {
    guard.once('exit', () => resolve());
    guard.once('error', () => resolve());
  });
  if (!(await becomesReady(directory, ended))) {
    const log = serverLog(directory);
    await stopGuard(guard, ended);
    throw new UnderstudyError(
      'EMBEDDED_UNAVAILABLE',
      'The embedded PostgreSQL did not start; no private server can be used.',
      {
        hint: 'Check that the temporary folder has at least 200 MB free, or give database URLs.',
        cause: new Error(log.slice(-4000)),
      },
    );
  }
  const url = (database: string = SUPERUSER): string =>
    `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  let stopping: Promise<void> | undefined;
  return {
    port,
    superuser: SUPERUSER,
    password,
    url,
    createDatabase: (name) => createDatabase(url(), name),
    stop: () => (stopping ??= stopGuard(guard, ended)),
  };
}

async function createDatabase(maintenanceUrl: string, name: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: maintenanceUrl });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

function privateDirectory(): string {
  const parent = realpathSync(tmpdir());
  requireSpace(parent);
  return mkdtempSync(path.join(parent, 'understudy-postgres-'));
}

function requireSpace(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= LEAST_BYTES) return;
  const megabytes = (bytes: number): number => Math.floor(bytes / 2 ** 20);
  throw new UnderstudyError(
    'WORKSPACE_FULL',
    `The disk that holds ${folder} has ${megabytes(bavail * bsize)} MB free, and the embedded PostgreSQL needs ${megabytes(LEAST_BYTES)} MB to start; nothing was started.`,
    { hint: 'Free some space there, or point TMPDIR to a larger disk.' },
  );
}

/** What the file system refused, in our words. */
function startError(thrown: unknown, directory: string): unknown {
  const isSystemError = thrown instanceof Error && typeof (thrown as NodeJS.ErrnoException).errno === 'number';
  return isSystemError ? diskError(thrown, directory) : thrown;
}

function givenDirectory(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return realpathSync(directory);
}

/** The password of the cluster in `directory`, made with it and kept beside it (0600). */
function writePassword(directory: string): string {
  const file = path.join(directory, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(16).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

function settingsText(throwAway: boolean, settings: Readonly<Record<string, string>> = {}): string {
  const all = { ...(throwAway ? THROW_AWAY_SETTINGS : {}), ...settings };
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
  return `\n${lines.join('')}`;
}

function serverLog(directory: string): string {
  return readIfThere(path.join(directory, 'log'));
}

/** '' where there is no such file, also when it goes while we look: initdb makes and removes a postmaster.pid, too. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Waits for the eighth line of postmaster.pid, as pg_ctl does. False when the server ended or took too long. */
async function becomesReady(directory: string, ended: Promise<void>): Promise<boolean> {
  const file = path.join(directory, 'data', 'postmaster.pid');
  let alive = true;
  void ended.then(() => (alive = false));
  for (const deadline = Date.now() + START_TIMEOUT_MS; alive && Date.now() < deadline; await sleep(10)) {
    if (readIfThere(file).split('\n')[7]?.trim() === 'ready') return true;
  }
  return false;
}

async function stopGuard(guard: ChildProcess, ended: Promise<void>): Promise<void> {
  guard.ref();
  guard.stdin?.end();
  const timeout = new AbortController();
  const tooLong = sleep(STOP_TIMEOUT_MS, 'too long', { signal: timeout.signal }).catch(() => undefined);
  const outcome = await Promise.race([ended, tooLong]);
  timeout.abort();
  if (outcome === 'too long' && guard.pid !== undefined) process.kill(-guard.pid, 'SIGKILL');
}

/** A port of 127.0.0.1 that is free now. */
async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
