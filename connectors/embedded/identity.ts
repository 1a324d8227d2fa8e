import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import type { ServerBinaries } from './binaries.ts';

/** As whom a server runs. PostgreSQL refuses to run as root. */
export interface ServerIdentity {
  /** Put before the command line. */
  readonly prefix: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** Binaries together with an identity that can run them on a private directory. */
export interface RunnableServer {
  readonly binaries: ServerBinaries;
  readonly identity: ServerIdentity;
}

const AS_OURSELVES: ServerIdentity = { prefix: [] };

/** A user namespace without a mapping: the process reads root's files as their owner, and is "nobody" to itself. */
const AS_UNMAPPED_ROOT: ServerIdentity = { prefix: ['unshare', '--user', '--'] };

/**
 * Finds an identity that can execute the binaries and use `directory`, and hands the directory over to it.
 *
 * Root becomes `nobody`; where `nobody` cannot read node_modules (a checkout in /root), root in an unmapped user
 * namespace; where there are no user namespaces, `nobody` on a private copy of the binaries. The copy also serves
 * where a packed file has lost its executable bit in a folder that is not ours.
 * Throws: `EMBEDDED_UNAVAILABLE`.
 */
export function findRunnableServer(binaries: ServerBinaries, directory: string): RunnableServer {
  const isRoot = process.getuid?.() === 0;
  linkLibraries(binaries, libraryFolder(directory));
  const identities = isRoot ? [nobody(), AS_UNMAPPED_ROOT] : [AS_OURSELVES];
  for (const identity of identities) {
    handOver(directory, identity);
    if (canRun(binaries, identity, directory)) return { binaries, identity };
  }
  if (binaries.root !== null) {
    const identity = identities[0];
    const copy = privateCopy(binaries, binaries.root, directory);
    handOver(directory, identity);
    if (canRun(copy, identity, directory)) return { binaries: copy, identity };
  }
  throw new UnderstudyError(
    'EMBEDDED_UNAVAILABLE',
    `The embedded PostgreSQL cannot be executed here${isRoot ? ', neither as "nobody" nor in a user namespace' : ''}; no private server can be started.`,
    { hint: 'Run as an ordinary user with a writable temporary folder, or give database URLs.' },
  );
}

/** Where the links that the package lacks are made, so that node_modules is never written to. */
function libraryFolder(directory: string): string {
  return path.join(directory, 'lib');
}

function linkLibraries(binaries: ServerBinaries, folder: string): void {
  // A kept directory has those of its last start, which may lead elsewhere.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, file] of binaries.missingLibraries) symlinkSync(file, path.join(folder, name));
}

function nobody(): ServerIdentity {
  const id = (flag: string): number => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout || 65534);
  return { prefix: [], uid: id('-u'), gid: id('-g') };
}

/** With all that lies in it: whoever runs the server must be able to remove the directory. */
function handOver(directory: string, identity: ServerIdentity): void {
  if (process.getuid?.() !== 0) return;
  spawnSync('chown', ['-R', '-h', `${identity.uid ?? 0}:${identity.gid ?? 0}`, directory]);
}

function canRun(binaries: ServerBinaries, identity: ServerIdentity, directory: string): boolean {
  const script = 'cd "$1" && test -w . && "$2" --version && "$3" --version';
  const [program, ...args] = [
    ...identity.prefix,
    '/bin/sh',
    '-c',
    script,
    'sh',
    directory,
    binaries.initdb,
    binaries.postgres,
  ];
  const result = spawnSync(program, args, {
    uid: identity.uid,
    gid: identity.gid,
    cwd: '/',
    env: serverEnvironment(directory, binaries),
    stdio: 'ignore',
  });
  return result.status === 0;
}

/** What servers and initdb see of the environment: nothing that could steer them. */
export function serverEnvironment(directory: string, binaries: ServerBinaries): NodeJS.ProcessEnv {
  const environment = { PATH: process.env['PATH'], HOME: directory, TZ: 'UTC', LC_ALL: 'C' };
  if (binaries.root === null || binaries.missingLibraries.length === 0) return environment;
  // A library that is opened over a link looks for its own libraries beside the link: so name their folder, too.
  const libraries = [libraryFolder(directory), path.join(binaries.root, 'lib')].join(':');
  return { ...environment, LD_LIBRARY_PATH: libraries, DYLD_LIBRARY_PATH: libraries };
}

function privateCopy(binaries: ServerBinaries, root: string, directory: string): ServerBinaries {
  const copy = path.join(directory, 'native');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  for (const part of ['bin', 'lib', 'share']) {
    cpSync(path.join(root, part), path.join(copy, part), { recursive: true, verbatimSymlinks: true });
  }
  const inCopy = (file: string): string => path.join(copy, path.relative(root, file));
  for (const [name, file] of binaries.missingLibraries) symlinkSync(inCopy(file), path.join(copy, 'lib', name));
  // Readable by the identity that the server gets, whatever the umask was when npm unpacked the package.
  spawnSync('chmod', ['-R', 'u+rwX,a+rX', copy]);
  const [initdb, postgres] = [inCopy(binaries.initdb), inCopy(binaries.postgres)];
  for (const file of [initdb, postgres]) chmodSync(file, 0o755);
  return { initdb, postgres, root: copy, missingLibraries: [] };
}
