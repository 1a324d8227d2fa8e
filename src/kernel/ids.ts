import { createHash, randomBytes } from 'node:crypto';

/** A new run id: sortable by time, safe in a database name: `20261122t031500-4f9a1c`. */
export function newRunId(now: Date = new Date()): string {
  const time = now.toISOString().replace(/[-:]/g, '').slice(0, 15).toLowerCase();
  return `${time}-${randomBytes(3).toString('hex')}`;
}

/** SHA-256 of the parts, hex, unambiguous in their boundaries. */
export function digest(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}
