import type {
  ColumnClassification,
  InitResult,
  RuleInfo,
  RulesCheckResult,
  RulesListResult,
  RulesTryResult,
} from '../pipeline/contract.ts';
import type { Paint } from './output-mode.ts';
import { textTable } from './text-table.ts';

export function renderRulesList({ rules }: RulesListResult): string {
  return ruleTable(rules);
}

export function renderRulesTry({ matches }: RulesTryResult): string {
  return matches.length === 0
    ? 'No rule recognises it; as a value alone it would count as not personal.\n'
    : ruleTable(matches);
}

export function renderRulesCheck({ columns }: RulesCheckResult, paint: Paint): string {
  return columnTable(columns, paint);
}

export function renderInit(result: InitResult, paint: Paint): string {
  const personal = result.columns.filter((column) => column.sensitivity !== 'none');
  const subjects = result.subjects.map(({ table, reason }) => `  ${table}: ${reason}\n`).join('');
  const written =
    result.path === null
      ? result.yaml
      : `${paint('green', 'Written')} ${result.path}. Read it, correct it, then run \`understudy provision\`.\n`;
  const shown =
    result.path === null
      ? ''
      : `${paint('bold', 'Subjects')}\n${subjects || '  none found\n'}\n${paint('bold', 'Personal columns')}\n${columnTable(personal, paint)}\n`;
  return shown + written;
}

function ruleTable(rules: readonly RuleInfo[]): string {
  return textTable(
    ['pack', 'rule', 'sensitivity', 'treatment'],
    rules.map((rule) => [rule.pack, rule.name, rule.sensitivity, rule.treatment]),
  );
}

function columnTable(columns: readonly ColumnClassification[], paint: Paint): string {
  const rows = columns.map((column) => [
    `${column.table}.${column.column}`,
    column.sensitivity === 'none' ? paint('dim', 'none') : paint('yellow', column.sensitivity),
    column.treatment,
    column.decidedBy,
    column.reason,
  ]);
  return textTable(['column', 'sensitivity', 'treatment', 'decided by', 'why'], rows);
}
