import type { RulePack } from './pack.ts';
import { accessDetectors } from './core-pii/access.ts';
import { locationDetectors } from './core-pii/location.ts';
import { personDetectors } from './core-pii/person.ts';
import { writingDetectors } from './core-pii/writing.ts';
import { withLocalNames } from './local-names.ts';
import { tableWords } from './table-words.ts';

/** Personal data that any application may hold. Column names in English, German, French, Spanish, Portuguese, Hindi and Japanese. */
export const corePii: RulePack = {
  name: 'core-pii',
  description: 'Names, contact, address parts, birth dates, log-ins, network addresses, writing, pictures, documents.',
  tables: tableWords,
  detectors: withLocalNames([...personDetectors, ...accessDetectors, ...locationDetectors, ...writingDetectors]),
};
