/** The mask stage: what each column holds, and the values that stand in for personal ones. */
export { classifyColumns } from './classify.ts';
export type { ClassifyInput } from './classify.ts';
export { classifyByName, proposeSubjects } from './subjects.ts';
export type { SubjectProposal } from './subjects.ts';
export { createMasker, maskBlock } from './masker.ts';
export type { MaskOptions, Masker } from './masker.ts';
export { explainClassification, listPacks, tryRule } from './explain.ts';
export type { Explanation, PackListing, TriedValue } from './explain.ts';
export { holdsIdentifier } from './value-checks.ts';
