/** Which columns follow from what is only known when a table is made again, in the table itself and in those that look at it. */
import type { MinedRule, Operand } from '../../model/rules.ts';
import type { TableModel } from '../../model/table-model.ts';
import { hopKey, hopOf, type Needs } from './world.ts';

/** By table: columns, and what it keeps for others of rows behind its own keys (`hopKey`). */
export type LateColumns = Map<string, Set<string>>;

/** A value that is read in another table, and the column that is made from it. */
interface Reading {
  readonly table: string;
  readonly column: string;
  readonly into: string | null;
}

/**
 * Adds to `late` what follows from it, until nothing more does. Gives the tables that read a late column elsewhere,
 * each with those that it must wait for; where waiting is impossible (`isCircular`), what was first known must do.
 */
export function lateColumns(
  models: readonly TableModel[],
  needs: ReadonlyMap<string, Needs>,
  late: LateColumns,
  isCircular: (id: string, source: string) => boolean,
): ReadonlyMap<string, ReadonlySet<string>> {
  const sources = new Map<string, Set<string>>();
  const readings = new Map(
    models.map((model) => [model.id, [...readingsOf(model, needs.get(model.id)!), ...sharesOf(model, models)]]),
  );
  for (let size = -1; size !== sizeOf(late);) {
    size = sizeOf(late);
    for (const model of models) {
      for (const { table, column, into } of readings.get(model.id)!) {
        if (table === model.id || late.get(table)?.has(column) !== true || isCircular(model.id, table)) continue;
        sources.set(model.id, (sources.get(model.id) ?? new Set()).add(table));
        late.set(model.id, late.get(model.id) ?? new Set());
        if (into !== null) late.get(model.id)!.add(into);
      }
      for (const rule of model.rules) {
        const own = late.get(model.id);
        if (own !== undefined) for (const column of followers(rule, own, model)) own.add(column);
      }
    }
  }
  return sources;
}

function sizeOf(late: LateColumns): number {
  return [...late.values()].reduce((sum, columns) => sum + columns.size + 1, 0);
}

function readingsOf(model: TableModel, needs: Needs): readonly Reading[] {
  const readings: Reading[] = [];
  const add = (foreignKey: string, column: string, into: string | null): void => {
    const table = model.foreignKeys.find((key) => key.name === foreignKey)?.referencedTable;
    if (table !== undefined) readings.push({ table, column, into });
  };
  for (const { name, maker } of model.columns) if (maker.by === 'copy') add(maker.foreignKey, maker.parentColumn, name);
  for (const { maker, columns } of model.foreignKeys) {
    if (maker.by === 'through') maker.parentColumns.forEach((column, i) => add(maker.through, column, columns[i]));
  }
  for (const rule of model.rules) {
    if (rule.kind === 'copy') add(rule.foreignKey, rule.parentColumn, rule.column);
    // An order is only tested, and rows are not drawn anew when they are made again.
    if (rule.kind !== 'arithmetic') continue;
    for (const { foreignKey, then, column } of rule.operands)
      if (foreignKey !== null) add(foreignKey, then === undefined ? column : hopKey(then, column), rule.target);
  }
  for (const name of needs.keyColumns) {
    const hop = hopOf(name);
    if (hop !== null) add(hop.foreignKey, hop.column, name);
  }
  return readings;
}

/** What the rows share of a number of their parent. */
function sharesOf({ id }: TableModel, models: readonly TableModel[]): readonly Reading[] {
  return models.flatMap((parent) =>
    parent.rules.flatMap((rule) =>
      rule.kind === 'aggregate' && rule.shared === true && rule.childTable === id
        ? [{ table: parent.id, column: rule.column, into: rule.of[0] }]
        : [],
    ),
  );
}

/** Columns that a rule computes from late ones of the same row. */
function followers(rule: MinedRule, late: ReadonlySet<string>, { foreignKeys }: TableModel): readonly string[] {
  const isLate = ({ foreignKey, column }: Operand): boolean =>
    foreignKey === null
      ? late.has(column)
      : foreignKeys.some((key) => key.name === foreignKey && key.columns.some((name) => late.has(name)));
  switch (rule.kind) {
    case 'arithmetic':
      return rule.operands.some(isLate) ? [rule.target] : [];
    case 'value-from':
      return late.has(rule.of) || (rule.minus !== undefined && late.has(rule.minus)) ? [rule.column] : [];
    case 'equal':
      return late.has(rule.column) || late.has(rule.to) ? [rule.column, rule.to] : [];
    case 'dependency':
      return rule.from.some((column) => late.has(column)) ? [rule.to] : [];
    case 'value-when-null':
      return late.has(rule.given) ? [rule.column] : [];
    default:
      return [];
  }
}
