/** Columns that sum up some of the children: the captured payments of an order, the lines that were not cancelled. */
import type { ForeignKeyFacts } from '../../../../connectors/connector.ts';
import type { RuleSupport } from '../../../model/rules.ts';
import { screenChildren, type AggregateRule } from './aggregate.ts';
import { BROKEN, HELD, MIN_LITERAL_UNITS, SILENT, weigh, type RuleTest } from './evidence.ts';
import { tolerance } from './precision.ts';
import type { RuleColumn } from './rule-column.ts';
import type { RuleTable } from './rule-table.ts';

/** A status has few values. */
const MAX_STATUSES = 6;
const SCREEN_PARENTS = 200;

type Where = NonNullable<AggregateRule['where']>;

interface Filter {
  readonly where: Where;
  /** By row of the child: 1 where it counts. */
  readonly wanted: Uint8Array;
}

/**
 * Rules on columns of `parent` that no rule over all children tells. `settled`: columns that follow from others of
 * the row; children share those among them.
 */
export function mineAggregatesWhere(
  parent: RuleTable,
  child: RuleTable,
  key: ForeignKeyFacts,
  taken: ReadonlySet<string>,
  settled: ReadonlySet<string>,
  unnamed: ReadonlySet<string>,
): readonly AggregateRule[] {
  const targets = parent.measures().filter((column) => column.line === 'number' && !taken.has(column.name));
  const filters = targets.length === 0 ? [] : filtersOf(child, unnamed);
  if (filters.length === 0) return [];
  const links = child.sample.parents.get(key.name)!;
  const screen = screenChildren(parent, links);
  const parts = [...child.columns.values()].filter((column) => column.isMeasure && column.line === 'number');
  return targets.flatMap((target) => {
    for (const filter of filters) {
      for (const part of [...parts, null]) {
        if (!survives(target, part, filter, screen)) continue;
        const rule = mineOne(parent, child, key, links, target, part, filter, settled.has(target.name));
        if (rule !== null) return [rule];
      }
    }
    return [];
  });
}

/** Whether it holds for some parents, before all children are added up. */
function survives(
  target: RuleColumn,
  part: RuleColumn | null,
  { wanted }: Filter,
  screen: ReadonlyMap<number, readonly number[]>,
): boolean {
  const slack = tolerance(target, part === null ? [] : [part]);
  for (const [row, children] of screen) {
    let total = NaN;
    for (const child of children) {
      const value = wanted[child] === 0 ? NaN : part === null ? 1 : part.numbers[child];
      if (!Number.isNaN(value)) total = Number.isNaN(total) ? value : total + value;
    }
    if (!Number.isNaN(total) && Math.abs(total - target.numbers[row]) > slack(target.numbers[row])) return false;
  }
  return screen.size > 0;
}

/** Statuses of the children; of a value that few have, the others. */
function filtersOf(child: RuleTable, unnamed: ReadonlySet<string>): readonly Filter[] {
  return [...child.columns.values()]
    .filter(
      (column) =>
        column.role === 'value' &&
        !unnamed.has(column.name) &&
        ['boolean', 'enum', 'text'].includes(column.facts.type.class),
    )
    .flatMap((column) => {
      const units = new Map<string, Set<number>>();
      const rows = new Map<string, number>();
      for (const row of child.fit) {
        const text = column.texts[row];
        if (text === null) continue;
        if (!units.has(text)) units.set(text, new Set());
        if (units.size > MAX_STATUSES) return [];
        if (units.get(text)!.size < MIN_LITERAL_UNITS) units.get(text)!.add(child.sample.units[row]);
        rows.set(text, (rows.get(text) ?? 0) + 1);
      }
      const named = [...rows]
        .filter(([text]) => units.get(text)!.size >= MIN_LITERAL_UNITS)
        .sort((a, b) => b[1] - a[1]);
      if (named.length < 2) return [];
      return named.map(([value], i): Filter => ({
        where: { column: column.name, value, other: named[i === 0 ? 1 : 0][0] },
        wanted: Uint8Array.from(column.texts, (text) => (text === value ? 1 : 0)),
      }));
    });
}

function mineOne(
  parent: RuleTable,
  child: RuleTable,
  key: ForeignKeyFacts,
  links: Int32Array,
  target: RuleColumn,
  part: RuleColumn | null,
  { where, wanted }: Filter,
  isSettled: boolean,
): AggregateRule | null {
  // What follows from other columns is shared among children; of a number of them there is nothing to share.
  if (isSettled && part === null) return null;
  const totals = new Float64Array(parent.sample.rowCount).fill(NaN);
  const unwanted = new Uint8Array(parent.sample.rowCount);
  for (let row = 0; row < links.length; row++) {
    const to = links[row];
    if (to < 0) continue;
    if (wanted[row] === 0) {
      unwanted[to] = 1;
      continue;
    }
    const value = part === null ? 1 : part.numbers[row];
    if (!Number.isNaN(value)) totals[to] = Number.isNaN(totals[to]) ? value : totals[to] + value;
  }
  const slack = tolerance(target, part === null ? [] : [part]);
  const { numbers } = target;
  const test: RuleTest = (row, moved) => {
    if (Number.isNaN(totals[row])) return SILENT;
    return Math.abs(totals[row] - numbers[moved]) <= slack(numbers[moved]) ? HELD : BROKEN;
  };
  let checked = 0;
  for (const row of parent.fit) {
    const outcome = test(row, row, 0);
    if (outcome === BROKEN) return null;
    if (outcome === HELD && ++checked >= SCREEN_PARENTS) break;
  }
  // The filter must matter: else it would be a rule over all children.
  if (!parent.fit.some((row) => unwanted[row] === 1 && !Number.isNaN(totals[row]))) return null;
  const support: RuleSupport | null = weigh(parent, test);
  if (support === null) return null;
  const given = isSettled ? givenOf(parent, totals) : null;
  const whenNone = noneOf(parent, target, totals);
  if (!isSettled && whenNone === undefined) return null;
  return {
    kind: 'aggregate',
    table: parent.id,
    column: target.name,
    function: part === null ? 'count' : 'sum',
    childTable: child.id,
    childForeignKey: key.name,
    of: part === null ? [] : [part.name],
    decimals: target.decimals,
    whenNone: whenNone ?? null,
    where,
    ...(isSettled ? { shared: true } : {}),
    ...(given === null ? {} : { given }),
    support,
  };
}

/** The column that is there exactly where such children are. */
function givenOf(parent: RuleTable, totals: Float64Array): string | null {
  const found = parent
    .nullables()
    .find(({ texts }) =>
      [parent.fit, parent.tune].every((rows) =>
        rows.every((row) => (texts[row] === null) === Number.isNaN(totals[row])),
      ),
    );
  return found?.name ?? null;
}

/** What rows without such children have; undefined if that is anything but 0 or NULL. */
function noneOf(parent: RuleTable, target: RuleColumn, totals: Float64Array): '0' | null | undefined {
  let zero = false;
  for (const row of parent.fit) {
    if (!Number.isNaN(totals[row])) continue;
    const value = target.numbers[row];
    if (value === 0) zero = true;
    else if (!Number.isNaN(value)) return undefined;
  }
  return zero ? '0' : null;
}
