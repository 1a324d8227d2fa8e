import { createHash } from 'node:crypto';

/**
 * The advisory lock that stands for a name: a signed 64-bit integer as text, safe to put into SQL.
 * `space` keeps locks of different purposes apart.
 */
export function advisoryKey(space: string, name: string): string {
  return createHash('sha256').update(`understudy-${space}\0${name}`).digest().readBigInt64BE(0).toString();
}

/** The lock that `Source.holdNonce` takes (`pg_advisory_lock(key)`) and `Target.seesNonce` looks for. */
export function nonceKey(nonce: string): string {
  return advisoryKey('nonce', nonce);
}
