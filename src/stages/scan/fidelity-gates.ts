import type { Figure, PairFidelity, QueryFidelity, RuleFidelity } from './artifact.ts';
import type { TwoSampleFigures } from './fidelity-c2st.ts';
import { MIN_UNITS, type FidelityTable } from './fidelity-table.ts';
import type { ScanInput, ScanLimits } from './input.ts';
import { exactGate, notApplicable, type OpenGate } from './verdicts.ts';

/** Where shuffling makes a smaller difference to what real rows keep, what is lost is lost in chance. */
const MIN_SPAN = 0.2;
/** Of the way from shuffled to real; a limit below would let shuffled columns through. */
const LOWEST_LIMIT = 0.2;
const RULES_MEAN = 0.999;
const RULES_WORST = 0.995;

/** How much of the way from shuffled columns to real rows the dependent pairs have gone. */
export function dependenceGate(
  gate: 'pairs' | 'parent-child',
  scope: string,
  pairs: PairFidelity | null,
  table: FidelityTable,
  input: ScanInput,
): OpenGate {
  const none = (reason: string): OpenGate => notApplicable(gate, scope, table.view.id, reason);
  if (pairs === null) return none('It has no two learned columns to compare.');
  const { strength, trends, dependentCount } = pairs;
  if (strength === null || strength.ceiling - strength.floor < MIN_SPAN)
    return none('None of its columns depend on each other by more than chance.');
  const explanation =
    `Of ${pairs.pairCount} pairs of columns ${dependentCount} depend on each other, and keep ${percent(strength.value)} of that; real rows keep ` +
    `${percent(strength.ceiling)}, shuffled columns ${percent(strength.floor)}. All pairs are ${trends.value.toFixed(3)} alike (${trends.ceiling.toFixed(3)}, ${trends.floor.toFixed(3)}).`;
  return wayGate(gate, scope, strength, table, input, explanation);
}

/** A figure by how far it is on the way from its floor to its ceiling. */
function wayGate(
  gate: string,
  scope: string,
  { value, ceiling, floor }: Figure,
  table: FidelityTable,
  { limits, smallData }: ScanInput,
  explanation: string,
): OpenGate {
  const share = (value - floor) / (ceiling - floor);
  const limit = Math.max(
    Math.min(LOWEST_LIMIT, limits.dependences),
    limits.dependences - 1 / Math.sqrt(Math.max(1, table.unitCount)),
  );
  if (table.unitCount < MIN_UNITS)
    return underpowered(gate, scope, share, limit, `${explanation} ${tooFew(table.unitCount)}`);
  if (share < limit && smallData.has(table.view.id)) {
    const why = 'It was learned with the defaults for small data, which keep strong dependences only.';
    return underpowered(gate, scope, share, limit, `${explanation} ${why}`);
  }
  return exactGate(gate, scope, table.view.id, { value: share, limit, passes: share >= limit, explanation });
}

/**
 * Whether rows of the target are told from those of the source almost always. With what belongs to them (C2ST-Agg) rows
 * of any generator are told apart far more easily than anyone would notice: that is shown, and not asked.
 */
export function apartGate(table: FidelityTable, figures: TwoSampleFigures | null, limits: ScanLimits): OpenGate {
  const { id } = table.view;
  if (figures === null) return notApplicable('c2st', id, id, 'It has too few rows, or no learned column.');
  const { target, ceiling, floor } = figures;
  const limit = Math.min(1, Math.max(limits.apart, ceiling.auc));
  const explanation =
    `Boosted trees tell rows of the target from rows of the source with an AUC of ${target.auc.toFixed(3)}; 0.5 is the ideal. ` +
    `Real rows of different units are told apart with ${ceiling.auc.toFixed(3)}, shuffled columns with ${floor.auc.toFixed(3)}.`;
  if (table.unitCount < MIN_UNITS)
    return underpowered('c2st', id, target.auc, limit, `${explanation} ${tooFew(table.unitCount)}`);
  // Only what is surely above the limit is above it.
  const passes = target.auc - 2 * target.standardError <= limit;
  return exactGate('c2st', id, id, { value: target.auc, limit, passes, explanation });
}

export function queryGate(queries: QueryFidelity | null, limits: ScanLimits): OpenGate {
  if (queries === null)
    return notApplicable('queries', 'database', null, 'Too few queries with an answer could be made.');
  const { value, ceiling, floor, queryCount } = queries;
  const limit = Math.max(limits.queryError, 1.5 * ceiling.p90);
  return exactGate('queries', 'database', null, {
    value: value.p90,
    limit,
    passes: value.p90 <= limit,
    explanation:
      `Of ${queryCount} join queries nine in ten count at most ${value.p90.toFixed(2)} times too many or too few rows (median ${value.median.toFixed(2)}, ` +
      `worst ${value.max.toFixed(1)}); among real rows ${ceiling.p90.toFixed(2)}, with shuffled columns ${floor.p90.toFixed(2)}.`,
  });
}

export function ruleGate(rules: RuleFidelity): OpenGate {
  const { ruleCount, mean, worst, broken } = rules;
  if (ruleCount === 0)
    return notApplicable('rule-adherence', 'database', null, 'No hidden rule was found in the source.');
  return exactGate('rule-adherence', 'database', null, {
    value: worst,
    limit: RULES_WORST,
    passes: worst >= RULES_WORST && mean >= RULES_MEAN,
    explanation:
      `${ruleCount} hidden rules of the source hold in ${percent(mean)} of the target's rows on the mean, in ${percent(worst)} at worst.` +
      (broken.length === 0 ? '' : ` Broken most: ${broken.map(({ rule }) => rule).join('; ')}.`),
  });
}

/** Shown, and no ground to refuse: what is unlike the source leaks nothing of it. */
function underpowered(gate: string, scope: string, value: number, limit: number, explanation: string): OpenGate {
  const result = { gate, scope, value, interval: null, limit, verdict: 'underpowered' as const, explanation };
  return { kind: 'exact', table: null, result };
}

function tooFew(unitCount: number): string {
  return `Only ${unitCount} units are on the smallest side; ${MIN_UNITS} are needed to judge.`;
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(rate > 0.995 && rate < 1 ? 2 : 0)} %`;
}
