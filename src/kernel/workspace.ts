/**
 * A private temporary folder: 0700, its files 0600, removed at the end, also when a signal ends the process. What a
 * killed process left behind is removed by the next one on the same machine.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { open, rm, statfs, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { UnderstudyError } from './errors.ts';

export interface Workspace {
  readonly directory: string;
  /** Creates or truncates a file (0600). Throws `WORKSPACE_FULL`, `WORKSPACE_IO`. */
  createFile(name: string): Promise<FileHandle>;
  /** Throws `WORKSPACE_FULL`, `WORKSPACE_IO`. */
  writeFile(name: string, data: string | Uint8Array): Promise<void>;
  freeBytes(): Promise<number>;
  /** Removes everything; safe to call twice. */
  remove(): Promise<void>;
}

const live = new Set<string>();
/** Process ids mean something on one machine only, and containers may share a temporary folder. */
const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** A new workspace below `parent`. Throws `WORKSPACE_FULL`, `WORKSPACE_IO`. */
export function openWorkspace(parent: string = tmpdir()): Workspace {
  sweep(parent);
  let directory: string;
  try {
    directory = mkdtempSync(path.join(parent, `understudy-${machine}-${process.pid}-`));
    chmodSync(directory, 0o700);
  } catch (cause) {
    throw diskError(cause, parent);
  }
  if (live.size === 0) process.once('exit', removeWorkspacesSync);
  live.add(directory);
  const place = (name: string): string => path.join(directory, name);
  return {
    directory,
    async createFile(name) {
      try {
        return await open(place(name), 'w', 0o600);
      } catch (cause) {
        throw diskError(cause, directory);
      }
    },
    async writeFile(name, data) {
      const file = await this.createFile(name);
      try {
        await file.writeFile(data);
      } catch (cause) {
        throw diskError(cause, directory);
      } finally {
        await file.close();
      }
    },
    async freeBytes() {
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
    async remove() {
      await rm(directory, { recursive: true, force: true });
      live.delete(directory);
      if (live.size === 0) process.off('exit', removeWorkspacesSync);
    },
  };
}

/** Reports and models of most databases are smaller than this. */
const ROOM_BYTES = 1 << 20;

/**
 * Tells before the work whether its result can be written below `folder`: a megabyte is, and is removed again.
 * Throws `WORKSPACE_FULL`, `WORKSPACE_IO`, with `hint`.
 */
export async function requireRoom(folder: string, hint: string): Promise<void> {
  const probe = path.join(folder, `.understudy-${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeFile(probe, new Uint8Array(ROOM_BYTES), { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw diskError(cause, folder, hint);
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}

/** The folder itself, or what of its path is there. */
export function existingFolder(folder: string): string {
  let place = path.resolve(folder);
  while (!existsSync(place)) place = path.dirname(place);
  return place;
}

/** Removes what is still open, at once: for the end of a process that has no time left. */
export function removeWorkspacesSync(): void {
  for (const directory of live) rmSync(directory, { recursive: true, force: true });
  live.clear();
}

/** A failure to write below `place` in our words; `hint` where it is no temporary folder. Throws nothing. */
export function diskError(cause: unknown, place: string, hint?: string): UnderstudyError {
  if (cause instanceof UnderstudyError) return cause;
  const errno = (cause as NodeJS.ErrnoException | null)?.code;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new UnderstudyError(
      'WORKSPACE_FULL',
      `The disk that holds ${place} is full, so the run cannot go on; nothing was published.`,
      {
        hint: hint ?? 'Free some space there, or point TMPDIR to a larger disk.',
        cause,
      },
    );
  }
  return new UnderstudyError(
    'WORKSPACE_IO',
    `${place} cannot be written (${errno ?? 'unknown reason'}); nothing was published.`,
    {
      hint: hint ?? 'Check that the folder exists and that you may write to it, or point TMPDIR elsewhere.',
      cause,
    },
  );
}

/** Removes the folders of processes of this machine that are gone. */
function sweep(parent: string): void {
  let names: string[];
  try {
    names = readdirSync(parent);
  } catch (cause) {
    throw diskError(cause, parent);
  }
  for (const name of names) {
    const match = /^understudy-([0-9a-f]{8})-(\d+)-/.exec(name);
    if (match === null || match[1] !== machine || isAlive(Number(match[2]))) continue;
    try {
      rmSync(path.join(parent, name), { recursive: true, force: true });
    } catch {
      // It belongs to another user, whose next run removes it.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
