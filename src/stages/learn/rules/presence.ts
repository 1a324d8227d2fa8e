/** What is always there where rows reference rows: a value of the parent, or a child. */
import type { ForeignKeyFacts } from '../../../../connectors/connector.ts';
import type { MinedRule, Operand } from '../../../model/rules.ts';
import { hasEnough, isWonder } from './evidence.ts';
import type { RuleColumn } from './rule-column.ts';
import type { RuleTable } from './rule-table.ts';

export type PresentRule = Extract<MinedRule, { readonly kind: 'present' }>;
export type HasChildRule = Extract<MinedRule, { readonly kind: 'has-child' }>;

/** Columns of a table that sum up the rows of another by a key of theirs. */
export type SumColumns = (table: RuleTable, child: RuleTable, foreignKey: string) => ReadonlySet<string>;

/** Values of the rows one or two foreign keys away that are never NULL here, although they often are there. */
export function minePresence(table: RuleTable, sums: SumColumns): readonly PresentRule[] {
  return table.foreignKeys().flatMap((key) => {
    const parent = table.parent(key.name)!;
    // A copied row stays what it is, and is chosen among those that were.
    if (parent.isCopied) return [];
    // A sum is there because of the row itself.
    const others = parent.nullables().filter((column) => !sums(parent, table, key.name).has(column.name));
    const near = telling(others, parent).flatMap(
      (column) => check(table, { column: column.name, foreignKey: key.name }, nullRate(parent, column)) ?? [],
    );
    const far = (parent === table ? [] : parent.foreignKeys()).flatMap((second) => {
      const top = parent.parent(second.name)!;
      if (top === table || top === parent || top.isCopied) return [];
      return telling(top.nullables(), top).flatMap((column) => {
        const operand: Operand = { column: column.name, foreignKey: key.name, then: second.name };
        // Where every row in between has it, too, it is no news.
        const rate = nullRateBehind(parent, second.name, column);
        return check(table, operand, rate) ?? [];
      });
    });
    return [...withoutWeaker(near, parent), ...far.filter((rule, i) => isFirst(rule, i, far, table))];
  });
}

/** The columns, those that are NULL most often first. */
function telling(columns: readonly RuleColumn[], table: RuleTable): readonly RuleColumn[] {
  return [...columns].sort((a, b) => nullRate(table, b) - nullRate(table, a));
}

function nullRate(table: RuleTable, column: RuleColumn): number {
  let nulls = 0;
  for (const row of table.fit) if (column.texts[row] === null) nulls++;
  return nulls / Math.max(1, table.fit.length);
}

function nullRateBehind(table: RuleTable, foreignKey: string, column: RuleColumn): number {
  const links = table.links(foreignKey);
  let nulls = 0;
  let known = 0;
  for (const row of table.fit) {
    if (links[row] < 0) continue;
    known++;
    if (column.texts[links[row]] === null) nulls++;
  }
  return nulls / Math.max(1, known);
}

function check(table: RuleTable, of: Operand, chanceOfNull: number): PresentRule | null {
  const links = table.linksAlong(of.foreignKey!, of.then);
  const { texts } = table.columnOf(of);
  const counts = [table.fit, table.tune].map((rows) => {
    let count = 0;
    for (const row of rows) {
      if (links[row] < 0) continue;
      if (texts[links[row]] === null) return -1;
      count++;
    }
    return count;
  });
  if (counts.includes(-1)) return null;
  const units = new Set<number>();
  for (const row of table.fit) if (links[row] >= 0) units.add(table.sample.units[row]);
  if (!hasEnough(counts[0], units.size) || !isWonder(1 - chanceOfNull, counts[0], units.size, 0.995)) return null;
  return {
    kind: 'present',
    table: table.id,
    of,
    support: { caseCount: counts[0], unitCount: units.size, tuneCaseCount: counts[1] },
  };
}

/** Without those whose presence follows from an earlier one's in the parent itself. */
function withoutWeaker(rules: readonly PresentRule[], parent: RuleTable): readonly PresentRule[] {
  return rules.filter(
    (rule, i) => !rules.slice(0, i).some((other) => follows(parent, other.of.column, rule.of.column)),
  );
}

function isFirst(rule: PresentRule, i: number, rules: readonly PresentRule[], table: RuleTable): boolean {
  const top = (of: Operand): RuleTable => table.parent(of.foreignKey!)!.parent(of.then!)!;
  return !rules
    .slice(0, i)
    .some((other) => other.of.then === rule.of.then && follows(top(rule.of), other.of.column, rule.of.column));
}

/** Whether `b` is there wherever `a` is. */
function follows(table: RuleTable, a: string, b: string): boolean {
  const [first, second] = [table.columns.get(a)!.texts, table.columns.get(b)!.texts];
  return table.fit.every((row) => first[row] === null || second[row] !== null);
}

/** Rows of `parent` that have a child wherever one of their columns is there, and else often have none. */
export function mineChildren(
  parent: RuleTable,
  child: RuleTable,
  key: ForeignKeyFacts,
  sums: SumColumns,
): readonly HasChildRule[] {
  // The children of all: one left out by the sample would be taken for none.
  const counts = new Uint32Array(parent.sample.rowCount);
  for (const to of child.sample.parents.get(key.name)!) if (to >= 0) counts[to]++;
  const without =
    parent.fit.reduce((sum, row) => sum + (counts[row] === 0 ? 1 : 0), 0) / Math.max(1, parent.fit.length);
  const found: RuleColumn[] = [];
  return parent
    .nullables()
    .filter((column) => column.role === 'value' && !sums(parent, child, key.name).has(column.name))
    .sort((a, b) => nullRate(parent, a) - nullRate(parent, b))
    .flatMap((column): HasChildRule[] => {
      if (found.some((other) => follows(parent, column.name, other.name))) return [];
      const cases = (rows: Int32Array): Int32Array => rows.filter((row) => column.texts[row] !== null);
      const fit = cases(parent.fit);
      const tune = cases(parent.tune);
      if ([fit, tune].some((rows) => rows.some((row) => counts[row] === 0))) return [];
      const unitCount = new Set(Array.from(fit, (row) => parent.sample.units[row])).size;
      if (!hasEnough(fit.length, unitCount) || !isWonder(1 - without, fit.length, unitCount, 0.999)) return [];
      found.push(column);
      return [
        {
          kind: 'has-child',
          table: parent.id,
          given: column.name,
          childTable: child.id,
          childForeignKey: key.name,
          support: { caseCount: fit.length, unitCount, tuneCaseCount: tune.length },
        },
      ];
    });
}
