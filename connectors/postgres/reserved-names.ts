/** The names that Understudy reserves on a target's server, and the 63-byte limit of names that they keep to. */
import { createHash } from 'node:crypto';

/** PostgreSQL cuts longer names off in silence. */
const MAX_NAME_BYTES = 63;

/** Schema of the ledger and, in-place, of the mark. */
export const LEDGER_SCHEMA = 'understudy';

/** In-place: `new` is built and not yet published, `old` is the published one in the disguise, `prev` is for rollback. */
export type SchemaRole = 'new' | 'old' | 'prev' | 'aside';

/** `understudy_<hash of target>_<run>`. */
export function buildDatabaseName(target: string, runId: string): string {
  return `understudy_${shortHash(target)}_${runId}`;
}

/** `<target>_understudy_prev_<stamp>`, the target's name shortened where it must be. */
export function previousDatabaseName(target: string, stamp: string): string {
  return fitted(target, `_understudy_prev_${stamp}`, 'before');
}

/** `understudy_new_<schema>`, the schema's name shortened where it must be. */
export function shadowSchemaName(role: SchemaRole, schema: string): string {
  return fitted(schema, `understudy_${role}_`, 'after');
}

/** `LIKE` pattern of all shadow schemas of one role. */
export function shadowSchemaPattern(role: SchemaRole): string {
  return `understudy\\_${role}\\_%`;
}

function fitted(name: string, affix: string, where: 'before' | 'after'): string {
  const join = (part: string): string => (where === 'before' ? part + affix : affix + part);
  if (Buffer.byteLength(join(name)) <= MAX_NAME_BYTES) return join(name);
  const tail = `_${shortHash(name)}`;
  let kept = name;
  while (Buffer.byteLength(join(kept + tail)) > MAX_NAME_BYTES) kept = [...kept].slice(0, -1).join('');
  return join(kept + tail);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
