import { readFileSync } from 'node:fs';
import type { Catalog } from '../../connectors/connector.ts';

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

/** What took part in a run, for its record. */
export function recordedVersions(catalog: Catalog): Readonly<Record<string, string>> {
  return { understudy: TOOL_VERSION, node: process.versions.node, [catalog.engine]: catalog.serverVersion };
}
