/** The secret of pseudonyms and hashes: what it is made into, and the id by which it may be spoken of. */
import { createHash, hkdfSync } from 'node:crypto';

export interface MaskKey {
  /** 32 bytes for AES-256 (`pseudonym`). */
  readonly cipherKey: Uint8Array;
  /** 32 bytes for HMAC-SHA-256 (`hash`). */
  readonly hashKey: Uint8Array;
  /** Eight hexadecimal digits that tell keys apart and say nothing of them. */
  readonly id: string;
}

/** Shorter secrets could be guessed from a few known values. */
export const SHORTEST_SECRET = 16;

/** Keys for each use from one secret (HKDF, RFC 5869), so that none of them tells anything of another. */
export function maskKeyOf(secret: string | Uint8Array): MaskKey {
  const derived = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, '', `understudy ${purpose}`, 32));
  const id = createHash('sha256').update(derived('key id')).digest('hex').slice(0, 8);
  return { cipherKey: derived('pseudonym'), hashKey: derived('hash'), id };
}
