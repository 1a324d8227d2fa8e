import { accessSecretDetectors } from './secrets/access.ts';
import type { RulePack } from './pack.ts';
import { tableWords } from './table-words.ts';

/** Passwords, tokens, recovery codes, connection strings. */
export const secrets: RulePack = {
  name: 'secrets',
  description: 'Passwords, tokens, recovery codes, connection strings.',
  tables: tableWords,
  detectors: accessSecretDetectors,
};
