import { detectableEffect } from '../../metrics/closest-record.ts';
import { attackAtRate, membershipAuc, membershipScores } from '../../metrics/membership.ts';
import type { UnitScores } from '../../metrics/membership.ts';
import { normalTail } from '../../metrics/intervals.ts';
import type { AttackSets } from './attack-sets.ts';
import type { ScanLimits } from './input.ts';
import type { TableView } from './table-view.ts';
import { notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

/** False alarms that the second figure allows, and the one that it is quoted beside. */
const LOW_RATE = 0.01;
const LOWEST_RATE = 0.001;

export const MEMBERSHIP_GATES = ['membership-distance', 'membership-density', 'membership-low-rate'] as const;

/**
 * Membership, told from the released rows alone: by how near they come to a subject's rows (`membership-distance`), by
 * how much denser they are there than other real rows (`membership-density`), and how many members the better of the
 * two finds while it falsely accuses 1 in 100 (`membership-low-rate`).
 */
export function membershipGates(view: TableView, sets: AttackSets, limits: ScanLimits): OpenGate[] {
  const scores = membershipScores(sets.training, sets.holdout, sets.released, sets.reference);
  return [
    aucGate('membership-distance', 'by the distance of the nearest made row', scores.distance, view, limits),
    aucGate('membership-density', 'by how dense made rows are beside other real rows', scores.density, view, limits),
    lowRateGate([scores.distance, scores.density], view, limits),
  ];
}

function aucGate(gate: string, how: string, scores: UnitScores, view: TableView, limits: ScanLimits): OpenGate {
  const { auc, standardError } = membershipAuc(scores);
  const limit = limits.membershipAuc;
  return {
    kind: 'statistical',
    gate,
    scope: view.id,
    table: view.id,
    value: auc,
    standardError,
    limit,
    pValue: standardError === 0 ? (auc > limit ? 0 : 1) : normalTail((auc - limit) / standardError),
    unitCount: Math.min(view.sourceUnitCount, view.targetUnitCount),
    range: [0, 1],
    powered: (alpha) => detectableEffect(standardError, alpha) <= limits.detectable,
    explanation:
      `Told ${how}, a unit that was learned from is found in ${percent(auc)} of pairs with one that was not ` +
      `(${scores.members.length} and ${scores.others.length} units); 50 % is ideal.`,
  };
}

function lowRateGate(attacks: readonly UnitScores[], view: TableView, limits: ScanLimits): OpenGate {
  const gate = 'membership-low-rate';
  const maxOdds = limits.lowRateMembership / LOW_RATE;
  const outcomes = attacks
    .map((scores) => attackAtRate(scores, LOW_RATE, maxOdds))
    .filter((outcome) => outcome !== null);
  if (outcomes.length === 0) {
    const reason = `With ${attacks[0].others.length} unseen units a rate of 1 false alarm in 100 cannot be observed.`;
    return notApplicable(gate, view.id, view.id, reason);
  }
  const worst = outcomes.reduce((a, b) => (b.pValue < a.pValue ? b : a));
  const lowest = attacks
    .map((scores) => attackAtRate(scores, LOWEST_RATE, maxOdds)?.truePositiveRate)
    .filter((rate) => rate !== undefined);
  const count = attacks[0].members.length;
  return {
    kind: 'statistical',
    gate,
    scope: view.id,
    table: view.id,
    value: worst.truePositiveRate,
    standardError: Math.sqrt((worst.truePositiveRate * (1 - worst.truePositiveRate)) / Math.max(1, count)),
    limit: limits.lowRateMembership,
    pValue: Math.min(1, worst.pValue * outcomes.length),
    unitCount: Math.min(view.sourceUnitCount, view.targetUnitCount),
    range: [0, 1],
    powered: () => true, // the test is exact; what it cannot see at few units the AUC is asked for
    explanation:
      `${percent(worst.truePositiveRate)} of the units that were learned from are found while ${percent(worst.falsePositiveRate)} of the others are taken for such` +
      (lowest.length === 0 ? '.' : `; at 0.1 % it is ${percent(Math.max(...lowest))}.`),
  };
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)} %`;
}
