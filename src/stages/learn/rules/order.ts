/** What never comes before, or exceeds, what: within a row, and between a row and its parents. */
import type { MinedRule, Operand } from '../../../model/rules.ts';
import type { AggregateRule } from './aggregate.ts';
import type { ArithmeticRule } from './arithmetic.ts';
import type { EqualityRule } from './copy.ts';
import { BROKEN, HELD, SILENT, weigh, type RuleTest } from './evidence.ts';
import { boundsOfAggregate, boundsOfArithmetic, type Bound } from './implied-order.ts';
import { distancesOf, withinOf } from './distance.ts';
import type { RuleColumn } from './rule-column.ts';
import type { RuleTable } from './rule-table.ts';

export type OrderRule = Extract<MinedRule, { readonly kind: 'order' }>;

/** Shares that may hold by chance: numbers often lie apart for no reason, those of parent and child above all. */
const MAX_CHANCE_OWN = { number: 0.9, moment: 0.97, time: 0.9, interval: 0.9 } as const;
const MAX_CHANCE_PARENT = { number: 0.8, moment: 0.97, time: 0.9, interval: 0.9 } as const;
/** Of a limit that a parent sets: such a number has few values. */
const MAX_CHANCE_LIMIT = 0.97;
const MAX_LIMITS = 30;
/** Of two columns of one name: a returned quantity and the bought one. */
const MAX_CHANCE_NAMESAKES = 0.97;
/** Cases in which low must be less than high, or the two are one. */
const MIN_LESS = 10;
const DAY_MICROS = 86_400_000_000;

/** Rules of the same and other tables, which make some orders a matter of course. */
export interface OrderGround {
  readonly arithmetic: readonly ArithmeticRule[];
  readonly equalities: readonly EqualityRule[];
  /** By table. */
  readonly aggregates: ReadonlyMap<string, readonly AggregateRule[]>;
  readonly ordersOf: (table: RuleTable) => readonly OrderRule[];
}

/** Orders within a row; those that follow from others are left out. */
export function mineOrders(
  table: RuleTable,
  ground: Pick<OrderGround, 'arithmetic' | 'equalities'>,
): readonly OrderRule[] {
  const columns = table.measures();
  const found: OrderRule[] = [];
  columns.forEach((a, i) => {
    for (const b of columns.slice(i + 1)) {
      const limit = MAX_CHANCE_OWN[a.line!];
      const rule = mineOrder(table, { column: a.name, foreignKey: null }, { column: b.name, foreignKey: null }, limit);
      if (rule !== null) found.push(rule);
    }
  });
  return withoutImplied(table, found, [
    ...boundsOfArithmetic(table, ground.arithmetic),
    ...equalBounds(ground.equalities),
  ]);
}

/** Own orders that are the parent's, of columns that are copies of the parent's, are left to the parent. */
export function withoutCopied(
  table: RuleTable,
  orders: readonly OrderRule[],
  { equalities, ordersOf }: Pick<OrderGround, 'equalities' | 'ordersOf'>,
): readonly OrderRule[] {
  const bounds = table.foreignKeys().flatMap((key) => {
    const parent = table.parent(key.name)!;
    const copies = copyBounds(equalities, key.name);
    return parent === table || copies.length === 0 ? [] : [...copies, ...ordersOf(parent).map(behind(key.name))];
  });
  return bounds.length === 0 ? orders : withoutImplied(table, orders, bounds, []);
}

/** Orders between a row and the rows behind its foreign keys. */
export function mineParentOrders(table: RuleTable, ground: OrderGround): readonly OrderRule[] {
  return table.foreignKeys().flatMap((key) => {
    const parent = table.parent(key.name)!;
    const found: OrderRule[] = [];
    for (const a of table.measures()) {
      for (const b of parent.measures()) {
        const limit = maxChanceOfParent(parent, a, b);
        const rule = mineOrder(
          table,
          { column: a.name, foreignKey: null },
          { column: b.name, foreignKey: key.name },
          limit,
        );
        if (rule !== null) found.push(rule);
      }
    }
    if (found.length === 0) return [];
    const bounds: Bound[] = [
      ...boundsOfArithmetic(table, ground.arithmetic),
      ...equalBounds(ground.equalities),
      ...copyBounds(ground.equalities, key.name),
      ...(ground.aggregates.get(parent.id) ?? []).flatMap((rule) =>
        rule.childTable === table.id && rule.childForeignKey === key.name ? boundsOfAggregate(table, rule) : [],
      ),
      ...ground.ordersOf(table),
      ...ground.ordersOf(parent).map(behind(key.name)),
    ];
    return withoutImplied(table, found, bounds);
  });
}

/**
 * Orders of moments between a row and the rows two foreign keys away; what follows by way of the row in between is
 * left out. `between`: what was found between that row's table and its parents.
 */
export function mineOrdersTwoUp(
  table: RuleTable,
  ground: OrderGround,
  own: readonly OrderRule[],
  between: (parent: RuleTable) => readonly OrderRule[],
  pointsBack: (table: RuleTable, foreignKey: string) => boolean,
): readonly OrderRule[] {
  return table.foreignKeys().flatMap((key) => {
    const parent = table.parent(key.name)!;
    if (parent === table) return [];
    return parent.foreignKeys().flatMap((second) => {
      const top = parent.parent(second.name)!;
      // One of the parent's own children is chosen when these are made: what holds of it is told by the child.
      if (top === table || top === parent || pointsBack(parent, second.name)) return [];
      const found: OrderRule[] = [];
      for (const a of table.measures()) {
        for (const b of a.line === 'moment' ? top.measures() : []) {
          const high: Operand = { column: b.name, foreignKey: key.name, then: second.name };
          const rule = mineOrder(table, { column: a.name, foreignKey: null }, high, MAX_CHANCE_PARENT.moment);
          if (rule !== null) found.push(rule);
        }
      }
      if (found.length === 0) return [];
      const lifted = ({ column, foreignKey }: Operand): Operand =>
        foreignKey === null ? { column, foreignKey: key.name } : { column, foreignKey: key.name, then: foreignKey };
      const atTop = ({ column }: Operand): Operand => ({ column, foreignKey: key.name, then: second.name });
      const bounds: Bound[] = [
        ...equalBounds(ground.equalities),
        ...copyBounds(ground.equalities, key.name),
        ...ground.ordersOf(table),
        ...own,
        ...[...ground.ordersOf(parent), ...between(parent)].map(({ low, high }) => ({
          low: lifted(low),
          high: lifted(high),
        })),
        ...ground.ordersOf(top).map(({ low, high }) => ({ low: atTop(low), high: atTop(high) })),
      ];
      return withoutImplied(table, found, bounds);
    });
  });
}

function maxChanceOfParent(parent: RuleTable, own: RuleColumn, theirs: RuleColumn): number {
  if (own.name === theirs.name) return MAX_CHANCE_NAMESAKES;
  const usual = MAX_CHANCE_PARENT[own.line!];
  if (own.line !== 'number') return usual;
  const seen = new Set<number>();
  for (const row of parent.fit) if (seen.add(theirs.numbers[row]).size > MAX_LIMITS) return usual;
  return MAX_CHANCE_LIMIT;
}

/** Orders of moments between the rows that two keys of a row lead to: a product is there before the order of its line. */
export function mineOrdersBetween(table: RuleTable, ground: OrderGround): readonly OrderRule[] {
  const keys = table.foreignKeys().filter((key) => table.parent(key.name) !== table);
  return keys.flatMap((first, i) =>
    keys.slice(i + 1).flatMap((second) => {
      const [one, other] = [table.parent(first.name)!, table.parent(second.name)!];
      if (one === other) return [];
      const found = one.measures().flatMap((a) =>
        (a.line === 'moment' ? other.measures() : []).flatMap((b) => {
          const low: Operand = { column: a.name, foreignKey: first.name };
          const high: Operand = { column: b.name, foreignKey: second.name };
          return mineOrder(table, low, high, MAX_CHANCE_PARENT.moment) ?? [];
        }),
      );
      if (found.length === 0) return [];
      return withoutImplied(table, found, [
        ...ground.ordersOf(one).map(behind(first.name)),
        ...ground.ordersOf(other).map(behind(second.name)),
        ...copyBounds(ground.equalities, first.name),
        ...copyBounds(ground.equalities, second.name),
        ...ground.ordersOf(table),
      ]);
    }),
  );
}

function mineOrder(table: RuleTable, a: Operand, b: Operand, maxChance: number): OrderRule | null {
  const first = table.columnOf(a);
  const second = table.columnOf(b);
  if (first.line !== second.line) return null;
  const days = first.isDate !== second.isDate;
  const x = table.numbers(a);
  const y = table.numbers(b);
  const direction = directionOf(table, x, y, days);
  if (direction === 0) return null;
  const [low, high, least, most] = direction > 0 ? [a, b, x, y] : [b, a, y, x];
  const difference = differenceOf(least, most, days);
  const sayingOf = (value: number): -1 | 0 | 1 => (Number.isNaN(value) ? SILENT : value >= 0 ? HELD : BROKEN);
  const isSelf = second === first && b.foreignKey !== null;
  // Few rows of a table are referenced by many of its others, and those are old: any row might have been.
  const anyRow = differenceOf(first.numbers, first.numbers, false);
  const test: RuleTest = (row, moved) => {
    if (row === moved || !isSelf) return sayingOf(difference(row, moved));
    return sayingOf(direction > 0 ? anyRow(row, moved) : anyRow(moved, row));
  };
  const support = weigh(table, test, { maxChance });
  if (support === null) return null;
  const known = distances(table, difference);
  const less = known.length - known.findLastIndex((value) => value <= 0) - 1;
  if (less < MIN_LESS) return null;
  const strict = less === known.length;
  const rule: OrderRule = { kind: 'order', table: table.id, low, high, strict, support };
  if (first.line !== 'moment') return rule;
  const unit = days ? DAY_MICROS : 1;
  const within = withinOf(known, unit, spanOf(table, most));
  return { ...rule, ...(within === null ? {} : { within }), distances: distancesOf(known, unit) };
}

function spanOf(table: RuleTable, values: Float64Array): number {
  let [least, most] = [Infinity, -Infinity];
  for (const row of table.fit) {
    if (values[row] < least) least = values[row];
    if (values[row] > most) most = values[row];
  }
  return most - least;
}

/** From low to high in the fitting and tuning rows where both are there, ascending. */
function distances(table: RuleTable, difference: (row: number, moved: number) => number): Float64Array {
  const known = new Float64Array(table.fit.length + table.tune.length);
  let count = 0;
  for (const rows of [table.fit, table.tune]) {
    for (const row of rows) {
      const value = difference(row, row);
      if (!Number.isNaN(value)) known[count++] = value;
    }
  }
  return known.subarray(0, count).sort();
}

/** 1: x ≤ y in the screen, −1: y ≤ x, 0: neither. Where all are equal there, the whole table says. */
function directionOf(table: RuleTable, x: Float64Array, y: Float64Array, days: boolean): -1 | 0 | 1 {
  const difference = differenceOf(x, y, days);
  let direction: -1 | 0 | 1 = 0;
  for (const rows of [table.screen, table.fit]) {
    for (const row of rows) {
      const value = difference(row, row);
      if (Number.isNaN(value) || value === 0) continue;
      const here = value > 0 ? 1 : -1;
      if (direction === 0) direction = here;
      else if (direction !== here) return 0;
    }
    if (direction !== 0) return direction;
  }
  return direction;
}

/** high − low, in days where only one of them has a time of day. */
function differenceOf(low: Float64Array, high: Float64Array, days: boolean): (row: number, moved: number) => number {
  if (!days) return (row, moved) => high[moved] - low[row];
  return (row, moved) => Math.floor(high[moved] / DAY_MICROS) - Math.floor(low[row] / DAY_MICROS);
}

/**
 * Without what the row behind `through`, which points back, says of this row already: that an accepted answer is
 * younger than its question needs no telling where every answer is.
 */
export function withoutPointedBack(rules: readonly MinedRule[]): readonly MinedRule[] {
  const told = new Set(
    rules.flatMap((back) => {
      if (back.kind !== 'points-back') return [];
      const turned = ({ column, foreignKey }: Operand): Operand => ({
        column,
        foreignKey: foreignKey === back.parentForeignKey ? null : back.through,
      });
      return rules.flatMap((rule) => {
        const crosses =
          rule.kind === 'order' && [rule.low, rule.high].some(({ foreignKey }) => foreignKey === back.parentForeignKey);
        return crosses ? [`${back.table} ${nameOf(turned(rule.low))} ${nameOf(turned(rule.high))}`] : [];
      });
    }),
  );
  return rules.filter(
    (rule) => rule.kind !== 'order' || !told.has(`${rule.table} ${nameOf(rule.low)} ${nameOf(rule.high)}`),
  );
}

/** What holds in the row behind a foreign key, as seen from here. */
function behind(foreignKey: string): (bound: Bound) => Bound {
  const there = ({ column }: Operand): Operand => ({ column, foreignKey });
  return ({ low, high }) => ({ low: there(low), high: there(high) });
}

function copyBounds(rules: readonly EqualityRule[], foreignKey: string): Bound[] {
  return rules.flatMap((rule) =>
    rule.kind === 'copy' && rule.foreignKey === foreignKey
      ? both({ column: rule.column, foreignKey: null }, { column: rule.parentColumn, foreignKey })
      : [],
  );
}

function both(a: Operand, b: Operand): Bound[] {
  return [
    { low: a, high: b },
    { low: b, high: a },
  ];
}

function equalBounds(rules: readonly EqualityRule[]): Bound[] {
  return rules.flatMap((rule) =>
    rule.kind === 'equal' ? both({ column: rule.column, foreignKey: null }, { column: rule.to, foreignKey: null }) : [],
  );
}

/** Those that no path over the others and over `bounds` leads to. */
function withoutImplied(
  table: RuleTable,
  rules: readonly OrderRule[],
  bounds: readonly Bound[],
  also: readonly OrderRule[] | null = null,
): readonly OrderRule[] {
  const edges = new EdgesByLow([...(also ?? rules), ...bounds]);
  const kept: OrderRule[] = [];
  for (const rule of rules) {
    if (!leads(table, rule, edges)) kept.push(rule);
    else if (also === null) edges.drop(rule);
  }
  return kept;
}

interface Edge {
  readonly bound: Bound;
  readonly high: string;
}

/** A table of hundreds of ordered columns has tens of thousands of orders: what starts at a column is found at once. */
class EdgesByLow {
  readonly #edges = new Map<string, Edge[]>();

  constructor(bounds: readonly Bound[]) {
    for (const bound of bounds) {
      const low = nameOf(bound.low);
      const edge = { bound, high: nameOf(bound.high) };
      const edges = this.#edges.get(low);
      if (edges === undefined) this.#edges.set(low, [edge]);
      else edges.push(edge);
    }
  }

  from(low: string): readonly Edge[] {
    return this.#edges.get(low) ?? [];
  }

  drop(bound: Bound): void {
    const edges = this.#edges.get(nameOf(bound.low))!;
    edges.splice(
      edges.findIndex((edge) => edge.bound === bound),
      1,
    );
  }
}

function leads(table: RuleTable, rule: Bound, edges: EdgesByLow): boolean {
  const target = nameOf(rule.high);
  const seen = new Set([nameOf(rule.low)]);
  const open: { readonly name: string; readonly operand: Operand }[] = [{ name: nameOf(rule.low), operand: rule.low }];
  for (let here = open.pop(); here !== undefined; here = open.pop()) {
    // Nothing follows by way of a value that is NULL.
    if (here.operand !== rule.low && !isThere(table, here.operand, rule.low, rule.high)) continue;
    for (const { bound, high } of edges.from(here.name)) {
      if (bound === rule || seen.has(high)) continue;
      if (high === target) return true;
      seen.add(high);
      open.push({ name: high, operand: bound.high });
    }
  }
  return false;
}

function nameOf(operand: Operand): string {
  return JSON.stringify([operand.foreignKey, operand.then ?? null, operand.column]);
}

/** Whether `middle` has a value wherever the other two have one, and compares as finely as they do. */
function isThere(table: RuleTable, middle: Operand, low: Operand, high: Operand): boolean {
  const [m, a, b] = [middle, low, high].map((operand): RuleColumn => table.columnOf(operand));
  if (m.isDate && !(a.isDate && b.isDate)) return false;
  const [values, x, y] = [middle, low, high].map((operand) => table.numbers(operand));
  return [table.fit, table.tune].every((rows) =>
    rows.every((row) => Number.isNaN(x[row]) || Number.isNaN(y[row]) || !Number.isNaN(values[row])),
  );
}
