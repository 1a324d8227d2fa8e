/** Whether made rows keep the hidden rules of their model: each rule with its counts, and a gate for each table. */
import type { LearnedModel } from '../stages/learn/artifact.ts';
import { countBreaches } from '../stages/learn/rules/check.ts';
import { describeRule } from '../stages/learn/rules/describe.ts';
import type { RelationalSample } from '../stages/profile/artifact.ts';
import type { GateResult, RuleAdherence } from '../stages/scan/artifact.ts';

/** Share of cases in which the rules of a table must hold. */
const MIN_ADHERENCE = 0.995;

/** Of the rules of all synthesised tables, in their order. `made`: the made rows, as the source's were read. */
export function ruleAdherence(model: LearnedModel, made: RelationalSample): readonly RuleAdherence[] {
  const rules = model.tables.flatMap((table) => table.rules);
  return countBreaches(rules, model.catalog, model.graph, made).map(({ rule, caseCount, breachCount }) => ({
    table: rule.table,
    description: describeRule(rule),
    ...rule.support,
    madeCaseCount: caseCount,
    breachCount,
  }));
}

/** One gate a table that has rules: the share of cases, over all of its rules, that keep them. */
export function adherenceGates(rules: readonly RuleAdherence[], basis: GateResult['basis']): readonly GateResult[] {
  return [...new Set(rules.map((rule) => rule.table))].map((table): GateResult => {
    const own = rules.filter((rule) => rule.table === table && rule.madeCaseCount > 0);
    const common = { gate: 'rule-adherence', scope: table, interval: null, limit: MIN_ADHERENCE, basis };
    if (own.length === 0)
      return {
        ...common,
        value: null,
        verdict: 'not-applicable',
        explanation: 'No made row could break a hidden rule.',
      };
    const cases = own.reduce((sum, rule) => sum + rule.madeCaseCount, 0);
    const breaches = own.reduce((sum, rule) => sum + rule.breachCount, 0);
    const value = 1 - breaches / cases;
    const broken = own.filter((rule) => rule.breachCount > 0).length;
    const explanation =
      broken === 0
        ? `All ${own.length} hidden rules hold in every made row.`
        : `${broken} of ${own.length} hidden rules are broken, in ${breaches} of ${cases} cases together.`;
    return { ...common, value, verdict: value >= MIN_ADHERENCE ? 'pass' : 'fail', explanation };
  });
}
