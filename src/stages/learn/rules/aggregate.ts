/** Columns of a parent that sum up its children. */
import type { ForeignKeyFacts } from '../../../../connectors/connector.ts';
import type { MinedRule, RuleSupport } from '../../../model/rules.ts';
import { BROKEN, HELD, SILENT, weigh, type RuleTest } from './evidence.ts';
import { tolerance } from './precision.ts';
import type { RuleColumn } from './rule-column.ts';
import type { RuleTable } from './rule-table.ts';

export type AggregateRule = Extract<MinedRule, { readonly kind: 'aggregate' }>;

/** Child columns that products are made of. */
const MAX_FACTORS = 8;
/** A column with fewer values is no aggregate of anything. */
const MIN_VALUES = 3;
/** Parents with children that a candidate must survive before all children are added up. */
const SCREEN_PARENTS = 64;

interface Candidate {
  readonly function: AggregateRule['function'];
  readonly of: readonly RuleColumn[];
}

/** Rules on columns of `parent`, over the rows of `child` that reference it by `key`. */
export function mineAggregates(parent: RuleTable, child: RuleTable, key: ForeignKeyFacts): readonly AggregateRule[] {
  const targets = parent
    .measures()
    .filter((column) => (column.line === 'number' || column.line === 'moment') && hasValues(parent, column));
  if (targets.length === 0) return [];
  // The children of all, whoever's they are: a sum without some of its parts is no sum.
  const links = child.sample.parents.get(key.name)!;
  const screen = screenChildren(parent, links);
  const rules: AggregateRule[] = [];
  for (const target of targets) {
    for (const candidate of candidatesFor(target, child)) {
      if (!survives(target, candidate, screen)) continue;
      const rule = check(parent, child, key, links, target, candidate);
      if (rule === null) continue;
      rules.push(rule);
      break; // The simplest says what the others repeat.
    }
  }
  return rules;
}

function hasValues(parent: RuleTable, column: RuleColumn): boolean {
  const seen = new Set<number>();
  for (const row of parent.fit) {
    if (!Number.isNaN(column.numbers[row]) && seen.add(column.numbers[row]).size >= MIN_VALUES) return true;
  }
  return false;
}

/** Simple ones first. */
function candidatesFor(target: RuleColumn, child: RuleTable): Candidate[] {
  const columns = [...child.columns.values()].filter(
    (column) => column.isMeasure && column.line === target.line && column.isDate === target.isDate,
  );
  const extremes: Candidate[] = columns.flatMap((column) => [
    { function: 'max', of: [column] },
    { function: 'min', of: [column] },
  ]);
  if (target.line === 'moment') return extremes;
  const factors = columns.slice(0, MAX_FACTORS);
  const sums: Candidate[] = columns.map((column) => ({ function: 'sum', of: [column] }));
  const pairs: Candidate[] = factors.flatMap((a, i) =>
    factors.slice(i + 1).map((b): Candidate => ({ function: 'sum', of: [a, b] })),
  );
  const triples: Candidate[] = factors.flatMap((a, i) =>
    factors
      .slice(i + 1)
      .flatMap((b, j) => factors.slice(i + j + 2).map((c): Candidate => ({ function: 'sum', of: [a, b, c] }))),
  );
  return [{ function: 'count', of: [] }, ...sums, ...extremes, ...pairs, ...triples];
}

/** The children of some parents that have any, those with several first. */
export function screenChildren(parent: RuleTable, links: Int32Array): ReadonlyMap<number, readonly number[]> {
  const counts = new Uint32Array(parent.sample.rowCount);
  for (const to of links) if (to >= 0) counts[to]++;
  const some = parent.fit.filter((row) => counts[row] > 1).slice(0, SCREEN_PARENTS);
  const few = some.length >= SCREEN_PARENTS ? [] : parent.fit.filter((row) => counts[row] === 1);
  const children = new Map<number, number[]>();
  for (const row of [...some, ...few.slice(0, SCREEN_PARENTS - some.length)]) children.set(row, []);
  links.forEach((to, row) => children.get(to)?.push(row));
  return children;
}

function survives(target: RuleColumn, candidate: Candidate, screen: ReadonlyMap<number, readonly number[]>): boolean {
  const slack = tolerance(target, candidate.of);
  for (const [row, children] of screen) {
    const value = target.numbers[row];
    if (Number.isNaN(value)) continue;
    let total = startOf(candidate.function);
    for (const child of children) total = combine(candidate, total, child);
    if (!(Math.abs(total - value) <= slack(value))) return false;
  }
  return screen.size > 0;
}

/** NaN until the first value: the sum, least or most of nothing is NULL. */
function startOf(name: Candidate['function']): number {
  return name === 'count' ? 0 : NaN;
}

function combine(candidate: Candidate, total: number, child: number): number {
  if (candidate.function === 'count') return total + 1;
  let value = 1;
  for (const column of candidate.of) value *= column.numbers[child];
  if (Number.isNaN(value)) return total;
  if (Number.isNaN(total)) return value;
  if (candidate.function === 'sum') return total + value;
  return candidate.function === 'max' ? Math.max(total, value) : Math.min(total, value);
}

function check(
  parent: RuleTable,
  child: RuleTable,
  key: ForeignKeyFacts,
  links: Int32Array,
  target: RuleColumn,
  candidate: Candidate,
): AggregateRule | null {
  const totals = new Float64Array(parent.sample.rowCount).fill(startOf(candidate.function));
  const hasChild = new Uint8Array(parent.sample.rowCount);
  for (let row = 0; row < links.length; row++) {
    const to = links[row];
    if (to < 0) continue;
    hasChild[to] = 1;
    totals[to] = combine(candidate, totals[to], row);
  }
  const slack = tolerance(target, candidate.of);
  const { numbers } = target;
  const test: RuleTest = (row, moved) => {
    if (hasChild[row] === 0) return SILENT;
    const value = numbers[moved];
    const total = totals[row];
    if (Number.isNaN(value) || Number.isNaN(total)) return Number.isNaN(value) === Number.isNaN(total) ? HELD : BROKEN;
    return Math.abs(total - value) <= slack(value) ? HELD : BROKEN;
  };
  const support: RuleSupport | null = weigh(parent, test);
  if (support === null) return null;
  const whenNone = whatNoneMeans(parent, target, hasChild);
  if (whenNone === undefined) return null;
  return {
    kind: 'aggregate',
    table: parent.id,
    column: target.name,
    function: candidate.function,
    childTable: child.id,
    childForeignKey: key.name,
    of: candidate.of.map((column) => column.name),
    decimals: target.line === 'number' ? target.decimals : 0,
    whenNone,
    support,
  };
}

/** What parents without children have; undefined if that is anything but 0 or NULL. */
function whatNoneMeans(parent: RuleTable, target: RuleColumn, hasChild: Uint8Array): '0' | null | undefined {
  let zero = false;
  let none = false;
  for (const rows of [parent.fit, parent.tune]) {
    for (const row of rows) {
      if (hasChild[row] === 1) continue;
      const value = target.numbers[row];
      none ||= Number.isNaN(value);
      zero ||= value === 0;
      if (!Number.isNaN(value) && value !== 0) return undefined;
    }
  }
  if (none && !zero) return null;
  return target.line === 'moment' ? null : '0';
}
