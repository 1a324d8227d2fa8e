/** What the rows of a database keep to, and who says so, for the record of a run. */
import { tableId, type Catalog } from '../../connectors/connector.ts';
import type { LearnedModel } from '../stages/learn/artifact.ts';
import { describeRule } from '../stages/learn/rules/describe.ts';
import type { RuleRecord } from '../stages/report/artifact.ts';

/** Rules that were found in the rows of the fitting subjects. */
export function minedRules(model: LearnedModel): RuleRecord[] {
  return model.tables.flatMap(({ rules }) =>
    rules.map((rule) => ({ table: rule.table, rule: describeRule(rule), setBy: 'mined', support: rule.support })),
  );
}

/** Constraints of the schema by name: their text may hold literals. Keys are among the relations. */
export function declaredRules(catalog: Catalog): RuleRecord[] {
  return catalog.tables.flatMap(({ name, checks, exclusions, uniqueKeys }) => {
    const declared = [
      ...checks.map((check) => `CHECK ${check.name}`),
      ...exclusions.map((exclusion) => `EXCLUDE ${exclusion.name}`),
      ...uniqueKeys.map((key) => `UNIQUE ${key.name}`),
    ];
    return declared.map((rule): RuleRecord => ({ table: tableId(name), rule, setBy: 'schema', support: null }));
  });
}
