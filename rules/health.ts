import { medicalDetectors } from './health/medical.ts';
import type { RulePack } from './pack.ts';
import { tableWords } from './table-words.ts';

/** Illness, medication, measures of the body, insurance and record numbers. */
export const health: RulePack = {
  name: 'health',
  description: 'Illness, medication, measures of the body, insurance and record numbers.',
  tables: tableWords,
  detectors: medicalDetectors,
};
