/** Decides, before anything is fitted, how each column and each foreign key of a table will be made. */
import { tableId, type ColumnFacts, type ForeignKeyFacts, type TableFacts } from '../../../connectors/connector.ts';
import type { GraphTable } from '../graph/artifact.ts';
import type { ColumnClassification } from '../mask/artifact.ts';
import type { TableSample } from '../profile/artifact.ts';
import type { StrategyChoice } from './strategies.ts';

export type ColumnPlan =
  | { readonly by: 'encoder' }
  | { readonly by: 'mask' }
  | { readonly by: 'foreign-key'; readonly foreignKey: string; readonly position: number }
  | { readonly by: 'serial'; readonly start: number; readonly step: number }
  | { readonly by: 'position'; readonly start: number }
  /** By a hidden rule: equal to a column of the referenced row. */
  | { readonly by: 'copy'; readonly foreignKey: string; readonly parentColumn: string }
  | { readonly by: 'null' };

export type ForeignKeyPlan = 'context' | 'category' | 'quota' | 'forest' | 'through' | 'own-child' | 'implied' | 'null';

/** The key to follow, the columns to read there, and, where the paths do not always agree, what each sampled row does. */
export interface ThroughPlan {
  readonly through: string;
  readonly parentColumns: readonly string[];
  /** [rows of the sample] 0: agrees; 1: references another row; 2: references none. Null: all agree. */
  readonly exceptions: Uint8Array | null;
}

export interface TablePlan {
  readonly columns: ReadonlyMap<string, ColumnPlan>;
  readonly foreignKeys: ReadonlyMap<string, ForeignKeyPlan>;
  /** Of keys planned `through`. */
  readonly through: ReadonlyMap<string, ThroughPlan>;
  /** Keys planned `quota` whose row is chosen before the row's own values are drawn. */
  readonly early: ReadonlySet<string>;
  /** Of keys planned `own-child`: the key by which the referenced row hangs on the referencing one. */
  readonly ownChild: ReadonlyMap<string, string>;
}

export function planTable(
  table: TableFacts,
  graphTable: GraphTable,
  sample: TableSample,
  strategies: ReadonlyMap<string, StrategyChoice>,
  contextForeignKey: string | null,
  classification: ReadonlyMap<string, ColumnClassification>,
): TablePlan {
  const foreignKeys = planForeignKeys(table, graphTable.id, strategies, contextForeignKey);
  const owners = new Map<string, { foreignKey: string; position: number }>();
  for (const key of inAssignmentOrder(table, contextForeignKey)) {
    const plan = foreignKeys.get(key.name)!;
    if (plan === 'implied' || plan === 'null') continue;
    key.columns.forEach((column, position) => {
      if (!owners.has(column) && !isGiven(graphTable.id, key, position))
        owners.set(column, { foreignKey: key.name, position });
    });
  }
  const columns = new Map<string, ColumnPlan>();
  for (const column of table.columns) {
    if (column.generated !== null) continue;
    columns.set(
      column.name,
      planColumn(
        table,
        column,
        sample,
        owners.get(column.name),
        foreignKeys,
        contextForeignKey,
        classification.get(column.name),
      ),
    );
  }
  return { columns, foreignKeys, through: new Map(), early: new Set(), ownChild: new Map() };
}

/**
 * A column that a self-reference shares with the key that it references (the tenant in `(tenant, parent) → (tenant, id)`):
 * it is made like any other column, since a root needs it too, and the reference stays among rows that agree in it.
 */
function isGiven(id: string, key: ForeignKeyFacts, position: number): boolean {
  const isSelf = tableId(key.referencedTable) === id && key.columns.length > 1;
  return isSelf && key.columns[position] === key.referencedColumns[position];
}

/** The context first, then the widest keys: a narrow key that lies within a wide one is then implied by it. */
export function inAssignmentOrder(table: TableFacts, contextForeignKey: string | null): readonly ForeignKeyFacts[] {
  const rank = (key: ForeignKeyFacts): number => (key.name === contextForeignKey ? -1000 : -key.columns.length);
  return [...table.foreignKeys].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

function planForeignKeys(
  table: TableFacts,
  id: string,
  strategies: ReadonlyMap<string, StrategyChoice>,
  contextForeignKey: string | null,
): Map<string, ForeignKeyPlan> {
  const plans = new Map<string, ForeignKeyPlan>();
  const assigned = new Set<string>();
  for (const key of inAssignmentOrder(table, contextForeignKey)) {
    const to = tableId(key.referencedTable);
    const strategy = strategies.get(to)?.strategy;
    let plan: ForeignKeyPlan;
    if (key.columns.every((column) => assigned.has(column))) plan = 'implied';
    else if (strategy === undefined || strategy === 'empty') plan = 'null';
    else if (key.name === contextForeignKey) plan = 'context';
    else if (to === id) plan = 'forest';
    else if (strategy === 'copy') plan = 'category';
    else plan = 'quota';
    plans.set(key.name, plan);
    if (plan !== 'null') for (const column of key.columns) assigned.add(column);
  }
  return plans;
}

function planColumn(
  table: TableFacts,
  column: ColumnFacts,
  sample: TableSample,
  owner: { foreignKey: string; position: number } | undefined,
  foreignKeys: ReadonlyMap<string, ForeignKeyPlan>,
  contextForeignKey: string | null,
  classified: ColumnClassification | undefined,
): ColumnPlan {
  if (owner !== undefined) return { by: 'foreign-key', ...owner };
  const nulled = table.foreignKeys.some(
    (key) => foreignKeys.get(key.name) === 'null' && key.columns.includes(column.name),
  );
  if (nulled) return { by: 'null' };
  const treatment = classified?.treatment ?? 'synthesize';
  if (treatment === 'null') return { by: 'null' };
  if (treatment !== 'synthesize' && treatment !== 'structural') return { by: 'mask' };
  if (column.type.class === 'integer' || column.type.class === 'decimal') {
    if (isSurrogate(table, column, sample)) return { by: 'serial', start: 1, step: 1 };
    const start = positionStart(table, column, sample, contextForeignKey);
    if (start !== null) return { by: 'position', start };
  }
  return { by: 'encoder' };
}

/** An integer that alone is a key, or that a sequence fills: any numbers serve that are distinct. */
function isSurrogate(table: TableFacts, column: ColumnFacts, sample: TableSample): boolean {
  if (isBound(table, column)) return false;
  const alone = [table.primaryKey, ...table.uniqueKeys].some(
    (key) => key !== null && key.predicate === null && key.columns.length === 1 && key.columns[0] === column.name,
  );
  if (alone) return !column.nullable || !sample.columns.get(column.name)!.includes(null);
  if (column.sequence === null && column.identity === null) return false;
  const values = sample.columns.get(column.name)!;
  return new Set(values).size === values.length;
}

/** Some CHECK asks more of it than to be positive: then not any numbers serve. */
function isBound(table: TableFacts, column: ColumnFacts): boolean {
  const own = (column.type.domain?.checks ?? []).map((check) => check.expression);
  const checks = table.checks.filter((check) => check.columns.includes(column.name)).map((check) => check.expression);
  const isPositive = /^\(*(?:"[^"]+"|[\w$]+)\)* >=? \(*[01]\)*(?:::\w+\)*)?$/i;
  return [...own, ...checks].some((expression) => !isPositive.test(expression));
}

/**
 * A number within a composite key whose other columns are the context reference: a line number. Gives the number of
 * the first row of a parent, or null where the column is no such number.
 */
function positionStart(
  table: TableFacts,
  column: ColumnFacts,
  sample: TableSample,
  contextForeignKey: string | null,
): number | null {
  const context = table.foreignKeys.find((key) => key.name === contextForeignKey);
  if (context === undefined || column.nullable) return null;
  const isLine = [table.primaryKey, ...table.uniqueKeys].some(
    (key) =>
      key !== null &&
      key.columns.includes(column.name) &&
      key.columns.every((name) => name !== null && (name === column.name || context.columns.includes(name))),
  );
  if (!isLine) return null;
  const parents = sample.parents.get(context.name)!;
  const values = sample.columns.get(column.name)!;
  const stats = new Map<number, { min: number; max: number; count: number }>();
  for (let i = 0; i < parents.length; i++) {
    if (parents[i] < 0) continue;
    const value = Number(values[i]);
    const entry = stats.get(parents[i]);
    if (entry === undefined) stats.set(parents[i], { min: value, max: value, count: 1 });
    else {
      entry.min = Math.min(entry.min, value);
      entry.max = Math.max(entry.max, value);
      entry.count++;
    }
  }
  const groups = [...stats.values()];
  const dense = groups.filter((group) => group.max - group.min + 1 === group.count).length;
  if (groups.length === 0 || dense < groups.length * 0.9) return null;
  return groups.filter((group) => group.min === 0).length > groups.length / 2 ? 0 : 1;
}
