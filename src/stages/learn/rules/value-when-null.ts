/** Columns that have one fixed value wherever another is NULL. */
import type { MinedRule } from '../../../model/rules.ts';
import { BROKEN, HELD, MIN_LITERAL_UNITS, SILENT, weigh, type RuleTest } from './evidence.ts';
import type { NullGivenRule, NullTogetherRule } from './nullness.ts';
import type { RuleColumn } from './rule-column.ts';
import type { RuleTable } from './rule-table.ts';

type ValueWhenNullRule = Extract<MinedRule, { readonly kind: 'value-when-null' }>;

/** `told`: what follows from a value's own word on the other's being NULL is not told again. */
export function mineValuesWhenNull(
  table: RuleTable,
  together: readonly NullTogetherRule[],
  told: readonly NullGivenRule[],
  unnamed: ReadonlySet<string>,
): readonly ValueWhenNullRule[] {
  const followers = new Set(together.flatMap((rule) => rule.columns.slice(1)));
  const columns = [...table.columns.values()].filter((column) => column.role === 'value' && !unnamed.has(column.name));
  return table
    .nullables()
    .filter((given) => !followers.has(given.name))
    .flatMap((given) => {
      const rows = table.fit.filter((row) => given.texts[row] === null);
      return columns
        .filter((column) => column !== given && !isConverse(column, given, told))
        .flatMap((column) => mineOne(table, column, given, rows) ?? []);
    });
}

function isConverse(column: RuleColumn, given: RuleColumn, told: readonly NullGivenRule[]): boolean {
  return told.some((rule) => rule.column === given.name && rule.given === column.name && rule.presentFor.length > 0);
}

/** `rows`: the fitting ones in which `given` is NULL. */
function mineOne(table: RuleTable, column: RuleColumn, given: RuleColumn, rows: Int32Array): ValueWhenNullRule | null {
  const value = column.texts[rows[0]];
  if (value === null || value === undefined || rows.some((row) => column.texts[row] !== value)) return null;
  if (new Set(Array.from(rows, (row) => table.sample.units[row])).size < MIN_LITERAL_UNITS) return null;
  const test: RuleTest = (row, moved) =>
    given.texts[row] !== null ? SILENT : column.texts[moved] === value ? HELD : BROKEN;
  const support = weigh(table, test, { exchange: 'all' });
  if (support === null) return null;
  return { kind: 'value-when-null', table: table.id, column: column.name, given: given.name, value, support };
}
