import { builtInPacks } from '../../../rules/index.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import type { Classification, Sensitivity, Treatment } from './artifact.ts';
import { detectorById, valueTest } from './detect.ts';

/** What one column gets, and why. */
export interface Explanation {
  /** `public.customer.email`. */
  readonly object: string;
  readonly holds: string;
  readonly sensitivity: Sensitivity;
  readonly treatment: Treatment;
  readonly decidedBy: string;
  readonly reason: string;
}

/** The classification in words, the most sensitive first, then in the catalog's order. Columns that nothing is said of are left out unless `all`. */
export function explainClassification(
  classification: Classification,
  options: { readonly all?: boolean } = {},
): Explanation[] {
  const order: readonly Sensitivity[] = ['secret', 'direct', 'quasi', 'none'];
  return classification.columns
    .filter((entry) => options.all === true || entry.sensitivity !== 'none' || entry.decidedBy !== 'default')
    .map((entry) => ({
      object: `${entry.table}.${entry.column}`,
      holds: entry.detector === null ? 'nothing personal' : (detectorById(entry.detector)?.title ?? entry.detector),
      sensitivity: entry.sensitivity,
      treatment: entry.treatment,
      decidedBy: entry.decidedBy,
      reason: entry.reason,
    }))
    .toSorted((a, b) => order.indexOf(a.sensitivity) - order.indexOf(b.sensitivity));
}

export interface TriedValue {
  readonly detector: string;
  readonly title: string;
  readonly passes: boolean;
}

/**
 * Tries a value on every value test of a pack. The value itself is not in the answer.
 * Throws `MASK_RULE_INVALID` for a pack that there is none of.
 */
export function tryRule(packName: string, value: string): TriedValue[] {
  const pack = builtInPacks.find((candidate) => candidate.name === packName);
  if (pack === undefined) {
    throw new UnderstudyError('MASK_RULE_INVALID', `There is no rule pack named ${packName}.`, {
      hint: `Name one of: ${builtInPacks.map((known) => known.name).join(', ')}.`,
    });
  }
  return pack.detectors.flatMap((detector) =>
    detector.values === null
      ? []
      : [{ detector: detector.id, title: detector.title, passes: valueTest(detector.values.test)(value) }],
  );
}

export interface PackListing {
  readonly name: string;
  readonly description: string;
  readonly detectors: readonly {
    readonly id: string;
    readonly title: string;
    readonly sensitivity: Sensitivity;
    readonly treatment: Treatment;
  }[];
}

export function listPacks(): PackListing[] {
  return builtInPacks.map(({ name, description, detectors }) => ({
    name,
    description,
    detectors: detectors.map(({ id, title, sensitivity, treatment }) => ({ id, title, sensitivity, treatment })),
  }));
}
