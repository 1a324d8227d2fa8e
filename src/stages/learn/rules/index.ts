/**
 * Mines the hidden rules of a sample: what holds in every row of fitting subjects, is not broken by tuning ones, could
 * have been broken often enough, and would have been by chance. Rows of test subjects are not looked at, but as parts
 * of a sum over a fitting subject's children.
 */
import { tableId, type Catalog, type ForeignKeyFacts } from '../../../../connectors/connector.ts';
import type { MinedRule } from '../../../model/rules.ts';
import type { RelationGraph } from '../../graph/artifact.ts';
import type { RelationalSample } from '../../profile/artifact.ts';
import { mineAggregates, type AggregateRule } from './aggregate.ts';
import { mineAggregatesWhere } from './aggregate-where.ts';
import { mineArithmetic, type ArithmeticRule } from './arithmetic.ts';
import { mineEqualities, type EqualityRule } from './copy.ts';
import { mineDependencies, sourceId } from './dependency.ts';
import type { Dependency } from './dependency-cover.ts';
import { mineFoundIn } from './found-in.ts';
import { mineNullGiven, mineNullTogether } from './nullness.ts';
import {
  mineOrders,
  mineOrdersBetween,
  mineOrdersTwoUp,
  mineParentOrders,
  withoutCopied,
  withoutPointedBack,
  type OrderRule,
} from './order.ts';
import { mineChildren, minePresence, type SumColumns } from './presence.ts';
import { RuleTable } from './rule-table.ts';
import { mineSequences } from './sequence.ts';
import { mineValuesFrom } from './value-from.ts';
import { mineValuesWhenNull } from './value-when-null.ts';

/** Names of columns by `tableId`. */
export type ColumnsByTable = ReadonlyMap<string, ReadonlySet<string>>;

export interface RuleMiningOptions {
  /** Take no part in any rule. */
  readonly excludedColumns?: ColumnsByTable;
  /** Take part, but no value of theirs is named in a rule: personal columns. */
  readonly unnamedColumns?: ColumnsByTable;
  /** Tables whose rows will be copied: only their keys may stand in a rule, since all others are made anew. */
  readonly copiedTables?: ReadonlySet<string>;
}

/** Of one table, in the order that later families need. */
interface TableRules {
  equalities: readonly EqualityRule[];
  aggregates: readonly AggregateRule[];
  arithmetic: readonly ArithmeticRule[];
  orders: readonly OrderRule[];
}

/** In the order of the graph's tables. Deterministic. Memory: about 16 bytes a value of the columns that take part. */
export function mineRules(
  catalog: Catalog,
  graph: RelationGraph,
  sample: RelationalSample,
  options: RuleMiningOptions = {},
): readonly MinedRule[] {
  const tables = ruleTables(catalog, graph, sample, options);
  const rules = new Map<string, TableRules>();
  for (const table of tables.values()) {
    rules.set(table.id, { equalities: mineEqualities(table), aggregates: [], arithmetic: [], orders: [] });
  }
  for (const table of tables.values()) {
    rules.get(table.id)!.aggregates = aggregatesOf(table, tables, rules);
  }
  for (const table of tables.values()) {
    const own = rules.get(table.id)!;
    own.arithmetic = mineArithmetic(table, settledColumns(own));
    own.orders = mineOrders(table, own);
  }
  const allOrders = new Map([...rules].map(([id, own]) => [id, own.orders]));
  const ordersOf = (table: RuleTable): readonly OrderRule[] => allOrders.get(table.id)!;
  const aggregates = new Map([...rules].map(([id, own]) => [id, own.aggregates]));
  const parentOrders = new Map(
    [...tables.values()].map((table) => [
      table.id,
      mineParentOrders(table, { ...rules.get(table.id)!, aggregates, ordersOf }),
    ]),
  );
  const pointsBack = (table: RuleTable, foreignKey: string): boolean =>
    rules.get(table.id)!.equalities.some((rule) => rule.kind === 'points-back' && rule.through === foreignKey);
  const sums: SumColumns = (table, child, foreignKey) =>
    new Set(
      (aggregates.get(table.id) ?? []).flatMap((rule) =>
        rule.childTable === child.id && rule.childForeignKey === foreignKey ? [rule.column] : [],
      ),
    );
  const all = [...tables.values()].flatMap((table) => {
    const own = rules.get(table.id)!;
    const ground = { ...own, aggregates, ordersOf };
    const unnamed = options.unnamedColumns?.get(table.id) ?? NONE;
    const together = mineNullTogether(table);
    const copied = new Set(
      own.equalities.flatMap((rule) => (rule.kind === 'copy' || rule.kind === 'equal' ? [rule.column] : [])),
    );
    const nullGiven = mineNullGiven(table, together, copied, unnamed);
    const computed = new Set([...settledColumns(own), ...own.arithmetic.map((rule) => rule.target)]);
    const ownOrders = parentOrders.get(table.id)!;
    const mined: readonly MinedRule[] = [
      ...own.equalities,
      ...mineSequences(table),
      ...own.aggregates,
      ...childrenOf(table, tables, (child, key) => {
        const unnamedThere = options.unnamedColumns?.get(child.id) ?? NONE;
        const taken = new Set(own.aggregates.map((rule) => rule.column));
        return mineAggregatesWhere(table, child, key, taken, computed, unnamedThere);
      }),
      ...childrenOf(table, tables, (child, key) => mineChildren(table, child, key, sums)),
      ...minePresence(table, sums),
      ...own.arithmetic,
      ...mineFoundIn(table, tables),
      ...mineDependencies(table, { known: knownDependencies(own), unnamed }),
      ...together,
      ...nullGiven,
      ...mineValuesWhenNull(table, together, nullGiven, unnamed),
      ...mineValuesFrom(table, own.arithmetic, computed, unnamed),
      ...withoutCopied(table, own.orders, ground),
      ...ownOrders,
      ...mineOrdersBetween(table, {
        ...ground,
        ordersOf: (of) => [...ordersOf(of), ...(of === table ? ownOrders : [])],
      }),
      ...mineOrdersTwoUp(table, ground, ownOrders, (parent) => parentOrders.get(parent.id) ?? [], pointsBack),
    ];
    table.forget();
    return mined;
  });
  return withoutPointedBack(all);
}

const NONE: ReadonlySet<string> = new Set();

/** The tables of a sample as the miner sees them. */
export function ruleTables(
  catalog: Catalog,
  graph: RelationGraph,
  sample: RelationalSample,
  options: RuleMiningOptions,
): ReadonlyMap<string, RuleTable> {
  const facts = new Map(catalog.tables.map((table) => [tableId(table.name), table]));
  const tables = new Map<string, RuleTable>();
  for (const graphTable of graph.tables) {
    const rows = sample.tables.get(graphTable.id);
    const table = facts.get(graphTable.id);
    if (rows === undefined || table === undefined) continue;
    const excluded = options.excludedColumns?.get(graphTable.id) ?? NONE;
    const isCopied = options.copiedTables?.has(graphTable.id) ?? false;
    tables.set(graphTable.id, new RuleTable(table, graphTable, rows, sample, tables, excluded, isCopied));
  }
  return tables;
}

/** Of each table that references this one, by each of its keys. */
function childrenOf<T>(
  parent: RuleTable,
  tables: ReadonlyMap<string, RuleTable>,
  mine: (child: RuleTable, key: ForeignKeyFacts) => readonly T[],
): readonly T[] {
  return [...tables.values()].flatMap((child) =>
    child
      .foreignKeys()
      .filter((key) => child !== parent && tableId(key.referencedTable) === parent.id)
      .flatMap((key) => mine(child, key)),
  );
}

/** Without those that say again what a child's column copies. */
function aggregatesOf(
  parent: RuleTable,
  tables: ReadonlyMap<string, RuleTable>,
  rules: ReadonlyMap<string, TableRules>,
): readonly AggregateRule[] {
  return [...tables.values()].flatMap((child) =>
    child
      .foreignKeys()
      .filter((key) => tableId(key.referencedTable) === parent.id)
      .flatMap((key) => mineAggregates(parent, child, key))
      .filter(
        (aggregate) =>
          !rules
            .get(child.id)!
            .equalities.some(
              (rule) =>
                rule.kind === 'copy' &&
                rule.foreignKey === aggregate.childForeignKey &&
                rule.parentColumn === aggregate.column &&
                rule.column === aggregate.of[0],
            ),
      ),
  );
}

/** Columns whose value another rule gives. */
function settledColumns({ equalities, aggregates }: TableRules): ReadonlySet<string> {
  return new Set([
    ...equalities.flatMap((rule) => ('column' in rule ? [rule.column] : [])),
    ...aggregates.map((rule) => rule.column),
  ]);
}

function knownDependencies({ equalities, arithmetic }: TableRules): readonly Dependency[] {
  const own = (name: string): string => sourceId(name, false);
  const key = (name: string): string => sourceId(name, true);
  const ofEqualities = equalities.flatMap((rule): Dependency[] => {
    switch (rule.kind) {
      case 'copy':
        return [{ from: [key(rule.foreignKey)], to: own(rule.column) }];
      case 'copy-through':
        return [{ from: [key(rule.path[0])], to: own(rule.column) }];
      case 'same-parent':
        return [{ from: [key(rule.through)], to: key(rule.foreignKey) }];
      case 'equal':
        return [
          { from: [own(rule.column)], to: own(rule.to) },
          { from: [own(rule.to)], to: own(rule.column) },
        ];
      case 'points-back':
        return [];
    }
  });
  const ofArithmetic = arithmetic.map(({ operands, target }) => ({
    from: operands.map((operand) => (operand.foreignKey === null ? own(operand.column) : key(operand.foreignKey))),
    to: own(target),
  }));
  return [...ofEqualities, ...ofArithmetic];
}
