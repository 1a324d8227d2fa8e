import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { binariesIn, packagedBinaries } from '../../connectors/embedded/binaries.ts';
import type { ServerBinaries } from '../../connectors/embedded/binaries.ts';
import { startEmbeddedPostgres } from '../../connectors/embedded/embedded-postgres.ts';
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from '../../connectors/embedded/embedded-postgres.ts';
import { builtFile, projectRoot } from '../support/build.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;
const rootOnly = 'only root can become another user';

const running: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of running.splice(0)) await server.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('the embedded PostgreSQL', () => {
  it('runs two private servers at once, and leaves nothing of them', async () => {
    const folder = newFolder();
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
    try {
      const servers = await Promise.all([start(), start()]);
      expect(readdirSync(folder)).toHaveLength(2);
      expect(servers[0].port).not.toBe(servers[1].port);
      await servers[0].createDatabase('O"ne');
      expect(await ask(servers[0].url('O"ne'), 'SELECT current_database() AS value')).toBe('O"ne');
      expect(
        await ask(servers[1].url(), "SELECT count(*)::int AS value FROM pg_database WHERE datname = 'O\"ne'"),
      ).toBe(0);
      for (const server of servers) await server.stop();
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  });

  it('lets nobody in without the password, and listens on 127.0.0.1 only', async () => {
    const server = await start();
    const wrong = new URL(server.url());
    wrong.password = 'wrong';
    await expect(ask(wrong.href, 'SELECT 1 AS value')).rejects.toMatchObject({ code: '28P01' });
    expect(await ask(server.url(), "SELECT current_setting('listen_addresses') AS value")).toBe('127.0.0.1');
    expect(await ask(server.url(), 'SELECT pg_encoding_to_char(encoding) AS value FROM pg_database LIMIT 1')).toBe(
      'UTF8',
    );
  });

  it('keeps a given data directory, and its password, for the next start', async () => {
    const dataDirectory = path.join(newFolder(), 'kept');
    const native = copyOfPackage();
    removeLinks(native);
    const first = await start({ dataDirectory, binaries: binariesIn(native) });
    await first.createDatabase('kept');
    await first.stop();
    const second = await start({ dataDirectory, binaries: binariesIn(native) });
    expect(await ask(second.url('kept'), "SELECT current_setting('fsync') AS value")).toBe('on');
    await second.stop();
    expect(existsSync(path.join(dataDirectory, 'data', 'PG_VERSION'))).toBe(true);
  });

  it('says why it cannot start, without leaving its directory', async () => {
    const folder = newFolder();
    const dataDirectory = path.join(folder, 'broken');
    await expect(start({ dataDirectory, settings: { shared_buffers: 'many' } })).rejects.toMatchObject({
      code: 'EMBEDDED_UNAVAILABLE',
      exitCode: 69,
    });
    expect(() => packagedBinaries('sunos', 'mips')).toThrow(/@embedded-postgres\/sunos-mips.*not installed/);
  });
});

describe('the embedded PostgreSQL, packed badly', () => {
  it('starts without the links that the install script would have made', async () => {
    const native = copyOfPackage();
    const linkCount = removeLinks(native);
    expect(linkCount).toBe(0);
    const binaries = binariesIn(native);
    expect(binaries.missingLibraries.length).toBeGreaterThan(5);
    await expectToServe(binaries);
    expect(
      readdirSync(path.join(native, 'lib')).some((name) => lstatSync(path.join(native, 'lib', name)).isSymbolicLink()),
    ).toBe(false);
  });

  it('starts without executable bits', async () => {
    const native = copyOfPackage();
    for (const file of readdirSync(path.join(native, 'bin'))) chmodSync(path.join(native, 'bin', file), 0o644);
    await expectToServe(binariesIn(native));
  });

  it('starts for root from a folder that only root can read', async (context) => {
    if (!isRoot) return context.skip(rootOnly);
    const native = copyOfPackage();
    removeLinks(native);
    chmodSync(path.dirname(native), 0o700);
    await expectToServe(binariesIn(native));
  });

  it('starts for root from such a folder where user namespaces are forbidden', async (context) => {
    if (!isRoot) return context.skip(rootOnly);
    const native = copyOfPackage();
    removeLinks(native);
    chmodSync(path.dirname(native), 0o700);
    const tools = newFolder();
    writeFileSync(path.join(tools, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const before = process.env['PATH'];
    process.env['PATH'] = `${tools}:${before}`;
    try {
      await expectToServe(binariesIn(native));
    } finally {
      process.env['PATH'] = before;
    }
  });
});

describe('the embedded PostgreSQL, when its parent is killed', () => {
  it('ends within five seconds and removes its directory', async () => {
    await expectToDieWithParent({});
  });

  it('does so for an ordinary user', async (context) => {
    if (!isRoot) return context.skip(`${rootOnly}; the test above ran as one`);
    if (!readableByNobody(builtFile('connectors/embedded/embedded-postgres.js')))
      return context.skip('the checkout is not readable by "nobody"');
    await expectToDieWithParent({ uid: NOBODY, gid: NOBODY });
  });

  it('leaves no process at whatever moment of its start that is', async () => {
    for (const delayMs of [60, 150, 250, 350, 450, 600]) {
      const folder = newFolder();
      const child = startChild(folder, {});
      await sleep(delayMs);
      child.kill('SIGKILL');
      await vi.waitFor(() => expect(processesNaming(folder)).toEqual([]), 5000);
    }
  });
});

async function start(options: EmbeddedPostgresOptions = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(options);
  running.push(server);
  return server;
}

async function expectToServe(binaries: ServerBinaries): Promise<void> {
  const server = await start({ binaries });
  expect(await ask(server.url(), "SELECT upper('ä') AS value")).toBe('Ä');
  await server.stop();
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<{ value: unknown }>(sql)).rows[0].value;
  } finally {
    await client.end();
  }
}

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'understudy-test-'));
  // Like /tmp itself: whoever the server runs as can make its own folder there.
  chmodSync(folder, 0o1777);
  folders.push(folder);
  return folder;
}

/** A copy of the installed package's `native` folder, as npm would unpack it. */
function copyOfPackage(): string {
  const { root } = packagedBinaries();
  const native = path.join(newFolder(), 'native');
  mkdirSync(native);
  cpSync(root as string, native, { recursive: true, verbatimSymlinks: true });
  return native;
}

/** Removes all symbolic links of the package; returns how many there still are. */
function removeLinks(native: string): number {
  const links = (): string[] => {
    const lib = path.join(native, 'lib');
    return readdirSync(lib)
      .map((name) => path.join(lib, name))
      .filter((file) => lstatSync(file).isSymbolicLink());
  };
  for (const link of links()) rmSync(link);
  return links().length;
}

/** Another Node process that starts a server in `folder` and prints its URL. */
function startChild(folder: string, identity: { uid?: number; gid?: number }): ChildProcess {
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(builtFile('connectors/embedded/embedded-postgres.js'))});
    const server = await startEmbeddedPostgres();
    console.log(server.url());
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    ...identity,
    cwd: '/',
    env: { PATH: process.env['PATH'], TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function expectToDieWithParent(identity: { uid?: number; gid?: number }): Promise<void> {
  const folder = newFolder();
  const child = startChild(folder, identity);
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(line.toString().trim()));
    child.once('exit', () => reject(new Error('the child ended before its server was ready')));
  });
  const [directory] = readdirSync(folder);
  const postmaster = Number(
    readFileSync(path.join(folder, directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0],
  );
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  expect(isAlive(postmaster)).toBe(true);
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(postmaster)).toBe(false), 5000);
  await vi.waitFor(() => expect(readdirSync(folder)).toEqual([]), 5000);
  await client.end().catch(() => {});
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Processes whose command line names the folder. */
function processesNaming(folder: string): string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes(folder));
}

function readableByNobody(file: string): boolean {
  accessSync(file, constants.R_OK);
  const probe = spawnSync('test', ['-r', file], { uid: NOBODY, gid: NOBODY, cwd: projectRoot });
  return probe.status === 0;
}
