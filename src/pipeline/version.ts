import { readFileSync } from 'node:fs';

/** From package.json, which lies at one place in a checkout and at another beside the built files. */
export const TOOL_VERSION = readVersion();

function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      // The other place.
    }
  }
  return 'unknown';
}
