/** Whether made rows keep the hidden rules of their model: each rule with its counts, and what the gate asks of them. */
import type { MinedRule } from '../model/rules.ts';
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
  const isHeld = rules.map((rule) => canBeHeld(rule, model));
  return countBreaches(rules, model.catalog, model.graph, made).map(({ rule, caseCount, breachCount }, i) => ({
    isHeld: isHeld[i],
    table: rule.table,
    description: describeRule(rule),
    ...rule.support,
    madeCaseCount: caseCount,
    breachCount,
  }));
}

/**
 * Whether generating has a way to keep the rule. It has none for a reference to one of the row's own children within
 * its table (an accepted answer), nor for a fake that all rows of a parent would share: such a rule is counted and
 * shown, and no ground to refuse the rows.
 */
function canBeHeld(rule: MinedRule, model: LearnedModel): boolean {
  const table = model.tables.find(({ id }) => id === rule.table)!;
  if (rule.kind === 'constant-per-parent')
    return table.columns.find(({ name }) => name === rule.column)?.maker.by !== 'mask';
  if (rule.kind !== 'points-back') return true;
  return table.foreignKeys.find((key) => key.name === rule.through)?.maker.by === 'own-child';
}

/** Broken rules that are named. */
const NAMED_RULES = 5;

/** What the gate asks: how the rules are kept on the mean, and at worst. Null where no model has any. */
export function ruleFidelity(rules: readonly RuleAdherence[]): RuleFidelity | null {
  const tried = rules.filter((rule) => rule.isHeld && rule.madeCaseCount > 0);
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
