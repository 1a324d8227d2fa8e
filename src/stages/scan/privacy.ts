/** The gates on privacy of one table beyond copies and distances, in the order in which they are asked. */
import { attackSets } from './attack-sets.ts';
import { degreeGates } from './degrees.ts';
import { extremeGates } from './extremes.ts';
import type { ScanInput } from './input.ts';
import { membershipGates } from './membership.ts';
import { nearCopyGates } from './near-copies.ts';
import { rareCombinationGates } from './rare-combinations.ts';
import { rareValueGates } from './rare-values.ts';
import { riskGates } from './risks.ts';
import type { TableView } from './table-view.ts';
import { timestampGates } from './timestamps.ts';
import { notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

export interface PrivacyCheck {
  /** The gate that counts as failed where it cannot be computed. */
  readonly gate: string;
  readonly compute: () => readonly OpenGate[];
}

export function privacyChecks(view: TableView, views: readonly TableView[], input: ScanInput): PrivacyCheck[] {
  return [
    { gate: 'rare-values', compute: () => rareValueGates(view, input) },
    { gate: 'rare-combinations', compute: () => rareCombinationGates(view, input) },
    { gate: 'extremes', compute: () => extremeGates(view) },
    { gate: 'timestamps', compute: () => timestampGates(view) },
    { gate: 'degree-uniqueness', compute: () => degreeGates(view, views) },
    { gate: 'near-copies', compute: () => nearCopyGates(view, input) },
    { gate: 'attacks', compute: () => attackGates(view, input) },
  ];
}

/** Membership, singling out, linking, inferring: all need to know who was learned from. */
function attackGates(view: TableView, input: ScanInput): OpenGate[] {
  const sets = attackSets(view, input);
  if (typeof sets === 'string') return [notApplicable('attacks', view.id, view.id, `No attack was tried. ${sets}`)];
  return [...membershipGates(view, sets, input.limits), ...riskGates(view, sets, input)];
}
