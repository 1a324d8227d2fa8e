/** How many children hidden rules allow each row: none where a value of the row is missing, at least one, so many pairs. */
import type { ForeignKeyModel, TableModel } from '../../model/table-model.ts';
import { FoundPairs } from './rules/found-pairs.ts';
import { hopKey, type MadeTable } from './world.ts';

export interface ChildLimits {
  readonly least: (row: number) => number;
  readonly most: (row: number) => number;
}

/** Of the rows that `key`, the context of `child`, references. `isPaired`: a unique key holds each pair once. */
export function childLimits(
  child: TableModel,
  key: ForeignKeyModel,
  parent: MadeTable,
  tables: ReadonlyMap<string, MadeTable>,
  isPaired: boolean,
): ChildLimits {
  const isThere = (column: string, row: number): boolean => parent.keys.get(column)?.isNull(row) === false;
  const needed = parent.model.rules.flatMap((rule) =>
    rule.kind === 'has-child' && rule.childTable === child.id && rule.childForeignKey === key.name ? [rule.given] : [],
  );
  const most = child.rules.flatMap((rule): ((row: number) => number)[] => {
    if (rule.kind === 'present' && rule.of.foreignKey === key.name) {
      const column = rule.of.then === undefined ? rule.of.column : hopKey(rule.of.then, rule.of.column);
      return [(row) => (isThere(column, row) ? Infinity : 0)];
    }
    const other = rule.kind === 'found-in' ? tables.get(rule.inTable) : undefined;
    if (rule.kind !== 'found-in' || other?.complete !== true) return [];
    if (rule.left.foreignKey !== null || key.columns.length !== 1 || rule.left.column !== key.columns[0]) return [];
    const pairs = new FoundPairs(rule, other);
    const keys = parent.keys.get(key.referencedColumns[0])!;
    return [
      (row) => {
        const partners = pairs.partnersOf(keys.textAt(row)).size;
        return isPaired || partners === 0 ? partners : Infinity;
      },
    ];
  });
  return {
    least: (row) => (needed.some((column) => isThere(column, row)) ? 1 : 0),
    most: (row) => most.reduce((least, limit) => Math.min(least, limit(row)), Infinity),
  };
}
