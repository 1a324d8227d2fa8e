/** Turns the hidden rules that a column or key can be made by into its plan; the others are held row by row. */
import { tableId, type TableFacts } from '../../../connectors/connector.ts';
import type { MinedRule } from '../../model/rules.ts';
import type { ColumnPlan, ForeignKeyPlan, TablePlan, ThroughPlan } from './plan-table.ts';

/** Keys whose referenced row is known while the rest of the row is made. */
const CHOSEN: readonly ForeignKeyPlan[] = ['context', 'category', 'quota'];

/**
 * The context parent that two agreeing paths suggest: of `payment → rental → customer` and `payment → customer` the
 * rental, from which the customer follows. Null where no rule says so.
 */
export function contextByRules(table: TableFacts, rules: readonly MinedRule[]): string | null {
  for (const rule of rules) {
    if (rule.kind !== 'same-parent') continue;
    const through = table.foreignKeys.find((key) => key.name === rule.through);
    const required = through?.columns.every((name) => !table.columns.find((column) => column.name === name)!.nullable);
    if (through !== undefined && required === true) return through.name;
  }
  return null;
}

export function applyRules(
  table: TableFacts,
  facts: ReadonlyMap<string, TableFacts>,
  contexts: ReadonlyMap<string, string | null>,
  plan: TablePlan,
  rules: readonly MinedRule[],
): TablePlan {
  const ownChild = new Map(plan.ownChild);
  const columns = new Map(plan.columns);
  const foreignKeys = new Map(plan.foreignKeys);
  const through = new Map(plan.through);
  for (const rule of rules) {
    if (rule.kind === 'same-parent') planThrough(table, facts, rule, columns, foreignKeys, through);
    else if (rule.kind === 'copy') planCopy(table, facts, rule, columns, foreignKeys);
    else if (rule.kind === 'copy-through') planCopyThrough(table, facts, rule, columns, foreignKeys);
    else if (rule.kind === 'points-back') planOwnChild(table, rule, contexts, foreignKeys, ownChild);
  }
  return { ...plan, columns, foreignKeys, through, ownChild };
}

function planThrough(
  table: TableFacts,
  facts: ReadonlyMap<string, TableFacts>,
  rule: Extract<MinedRule, { kind: 'same-parent' }>,
  columns: ReadonlyMap<string, ColumnPlan>,
  foreignKeys: Map<string, ForeignKeyPlan>,
  through: Map<string, ThroughPlan>,
): void {
  const key = table.foreignKeys.find((candidate) => candidate.name === rule.foreignKey);
  const via = table.foreignKeys.find((candidate) => candidate.name === rule.through);
  const further =
    via === undefined
      ? undefined
      : facts
          .get(tableId(via.referencedTable))
          ?.foreignKeys.find((candidate) => candidate.name === rule.parentForeignKey);
  if (key === undefined || via === undefined || further === undefined) return;
  const kind = foreignKeys.get(key.name)!;
  if (!CHOSEN.includes(foreignKeys.get(via.name)!) || (kind !== 'quota' && kind !== 'category')) return;
  // Only a key that owns all of its columns can be set as a whole.
  const owns = key.columns.every((name) => {
    const column = columns.get(name);
    return column?.by === 'foreign-key' && column.foreignKey === key.name;
  });
  if (!owns) return;
  // The referenced columns in the order of this key: the two keys may list them differently.
  const parentColumns = key.referencedColumns.map((name) => further.columns[further.referencedColumns.indexOf(name)]);
  if (parentColumns.includes(undefined as unknown as string)) return;
  foreignKeys.set(key.name, 'through');
  through.set(key.name, { through: via.name, parentColumns, exceptions: null });
}

function planCopy(
  table: TableFacts,
  facts: ReadonlyMap<string, TableFacts>,
  rule: Extract<MinedRule, { kind: 'copy' }>,
  columns: Map<string, ColumnPlan>,
  foreignKeys: ReadonlyMap<string, ForeignKeyPlan>,
): void {
  const by = columns.get(rule.column)?.by;
  if (!CHOSEN.includes(foreignKeys.get(rule.foreignKey)!) || (by !== 'encoder' && by !== 'mask')) return;
  const key = table.foreignKeys.find((candidate) => candidate.name === rule.foreignKey)!;
  const parent = facts.get(tableId(key.referencedTable))?.columns.find((column) => column.name === rule.parentColumn);
  // What the server computes is not known before it has.
  if (parent === undefined || parent.generated !== null) return;
  // Where the parent's may be missing and the child's may not, the child keeps a value of its own to fall back on.
  const own = table.columns.find((column) => column.name === rule.column)!;
  if (parent.nullable && !own.nullable) return;
  columns.set(rule.column, { by: 'copy', foreignKey: rule.foreignKey, parentColumn: rule.parentColumn });
}

/** A reference to one of the row's own children, where the children are generated along this very table. */
function planOwnChild(
  table: TableFacts,
  rule: Extract<MinedRule, { kind: 'points-back' }>,
  contexts: ReadonlyMap<string, string | null>,
  foreignKeys: Map<string, ForeignKeyPlan>,
  ownChild: Map<string, string>,
): void {
  const key = table.foreignKeys.find((candidate) => candidate.name === rule.through);
  if (key === undefined || foreignKeys.get(key.name) !== 'quota') return;
  if (contexts.get(tableId(key.referencedTable)) !== rule.parentForeignKey) return;
  foreignKeys.set(key.name, 'own-child');
  ownChild.set(key.name, rule.parentForeignKey);
}

/** The same two steps up: the table in between keeps the value for its children. */
function planCopyThrough(
  table: TableFacts,
  facts: ReadonlyMap<string, TableFacts>,
  rule: Extract<MinedRule, { kind: 'copy-through' }>,
  columns: Map<string, ColumnPlan>,
  foreignKeys: ReadonlyMap<string, ForeignKeyPlan>,
): void {
  const [first, second] = rule.path;
  const key = table.foreignKeys.find((candidate) => candidate.name === first);
  // A value that is missing where the first key is NULL would be missing in the row.
  const required = key?.columns.every((name) => !table.columns.find((column) => column.name === name)!.nullable);
  const between = key === undefined ? undefined : facts.get(tableId(key.referencedTable));
  const further = between?.foreignKeys.find((candidate) => candidate.name === second);
  const by = columns.get(rule.column)?.by;
  if (required !== true || further === undefined || (by !== 'encoder' && by !== 'mask')) return;
  if (!CHOSEN.includes(foreignKeys.get(first)!)) return;
  columns.set(rule.column, { by: 'copy', foreignKey: first, parentColumn: `${second}\0${rule.parentColumn}` });
}
