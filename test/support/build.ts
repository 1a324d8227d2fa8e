import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root folder. */
export const projectRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Absolute path of a built file: `src/bin/understudy.js`. The build is made once, before the first test. */
export function builtFile(file: string): string {
  return path.join(projectRoot, 'dist', file);
}

/** vitest's global set-up: tests that start processes run on `dist`, which must not be older than the sources. */
export function setup(): void {
  const sources = ['src', 'connectors', 'migrations', 'rules'].flatMap((folder) =>
    filesUnder(path.join(projectRoot, folder)),
  );
  const newest = Math.max(...sources.map(modifiedAt));
  if (modifiedAt(builtFile('connectors/connector.js')) > newest) return;
  const compiler = path.join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  // Errors are the type check's business: what can be built is, so that one file under work stops no other test.
  spawnSync(process.execPath, [compiler, '--noCheck'], { cwd: projectRoot, stdio: 'inherit' });
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

function modifiedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
