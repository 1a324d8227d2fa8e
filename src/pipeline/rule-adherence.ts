/** Whether made rows keep the hidden rules of their model: each rule with its counts, and what the gate asks of them. */
import type { LearnedModel } from '../stages/learn/artifact.ts';
import { countBreaches } from '../stages/learn/rules/check.ts';
import { describeRule } from '../stages/learn/rules/describe.ts';
import type { RelationalSample } from '../stages/profile/artifact.ts';
import type { RuleAdherence, RuleFidelity } from '../stages/scan/artifact.ts';

/** Of fewer made rows one that breaks a rule says nothing of how often it is broken: such rules are judged together. */
const MIN_MADE_CASES = 300;

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

/** Broken rules that are named. */
const NAMED_RULES = 5;

/** What the gate asks: how the rules are kept on the mean, and at worst. Null where no model has any. */
export function ruleFidelity(rules: readonly RuleAdherence[]): RuleFidelity | null {
  const tried = rules.filter((rule) => rule.madeCaseCount > 0);
  if (tried.length === 0) return null;
  const heldRate = (some: readonly RuleAdherence[]): number => {
    const cases = some.reduce((sum, rule) => sum + rule.madeCaseCount, 0);
    return 1 - some.reduce((sum, rule) => sum + rule.breachCount, 0) / cases;
  };
  const few = tried.filter((rule) => rule.madeCaseCount < MIN_MADE_CASES);
  const judged = [
    ...tried.filter((rule) => rule.madeCaseCount >= MIN_MADE_CASES).map((rule) => heldRate([rule])),
    ...(few.length === 0 ? [] : [heldRate(few)]),
  ];
  const broken = tried
    .filter((rule) => rule.breachCount > 0)
    .map((rule) => ({ rule: rule.description, heldRate: heldRate([rule]) }))
    .sort((a, b) => a.heldRate - b.heldRate)
    .slice(0, NAMED_RULES);
  const mean = tried.reduce((sum, rule) => sum + heldRate([rule]), 0) / tried.length;
  return { ruleCount: tried.length, mean, worst: Math.min(...judged), broken };
}
