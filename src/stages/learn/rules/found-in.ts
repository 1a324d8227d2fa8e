/**
 * Pairs that are always found in another table: the carrier and the country in the table of routes, the reviewer and
 * the product among what was bought. Each side is read in the row itself or up to two foreign keys away.
 */
import { tableId } from '../../../../connectors/connector.ts';
import type { MinedRule, Operand } from '../../../model/rules.ts';
import { distancesOf } from './distance.ts';
import { BROKEN, HELD, SILENT, weigh, type RuleTest } from './evidence.ts';
import type { RuleTable } from './rule-table.ts';

export type FoundInRule = Extract<MinedRule, { readonly kind: 'found-in' }>;

/** A reference: which row of which table, of each row here. */
interface Reference {
  readonly operand: Operand;
  /** `tableId` of what it leads to. */
  readonly to: string;
  readonly links: Int32Array;
  /** Keys that are followed before the one that tells. */
  readonly hops: number;
}

/** Chance finds a pair where most pairs are there. */
const MAX_CHANCE = 0.8;
/** Rows two keys away and further are not looked at from tables with more keys than this. */
const MAX_REFERENCES = 24;

export function mineFoundIn(table: RuleTable, tables: ReadonlyMap<string, RuleTable>): readonly FoundInRule[] {
  const references = referencesOf(table, 2).slice(0, MAX_REFERENCES);
  const own = references.filter(({ hops }) => hops === 0);
  const rules = new Map<string, FoundInRule>();
  for (const other of tables.values()) {
    if (other === table || table.foreignKeys().some((key) => tableId(key.referencedTable) === other.id)) continue;
    if (isAbove(table, other)) continue;
    const theirs = referencesOf(other, 1);
    for (const right of own) {
      for (const left of references) {
        if (left.to === right.to || (left.hops === 0 && left.operand.column > right.operand.column)) continue;
        if (isBehind(table, left, right)) continue;
        for (const inRight of theirs.filter(({ to, hops }) => to === right.to && hops === 0)) {
          for (const inLeft of theirs.filter(({ to }) => to === left.to)) {
            if (isBehind(other, inLeft, inRight)) continue;
            const rule = mineOne(table, other, left, right, inLeft, inRight);
            if (rule === null) continue;
            // Of several ways to read the left side, the one that says most.
            const saying = JSON.stringify([other.id, rule.right, rule.inLeft, rule.inRight]);
            if (rule.support.caseCount > (rules.get(saying)?.support.caseCount ?? 0)) rules.set(saying, rule);
          }
        }
      }
    }
  }
  return [...rules.values()];
}

/** Whether the left side is read by way of the very row that the right side is: then it follows from it. */
function isBehind(table: RuleTable, left: Reference, right: Reference): boolean {
  const { foreignKey } = left.operand;
  return foreignKey !== null && table.foreignKey(foreignKey).columns.includes(right.operand.column);
}

/** Whether the other hangs on this table by its keys: then the rule is about what was made of this one. */
function isAbove(table: RuleTable, other: RuleTable): boolean {
  return other.foreignKeys().some(
    (key) =>
      tableId(key.referencedTable) === table.id ||
      other
        .parent(key.name)!
        .foreignKeys()
        .some((next) => tableId(next.referencedTable) === table.id),
  );
}

/** By keys of one column; nearer ones first. */
function referencesOf(table: RuleTable, hops: number): readonly Reference[] {
  const keys = table.foreignKeys().filter((key) => key.columns.length === 1);
  const near = keys.map((key): Reference => ({
    operand: { column: key.columns[0], foreignKey: null },
    to: tableId(key.referencedTable),
    links: table.links(key.name),
    hops: 0,
  }));
  if (hops === 0) return near;
  const far = table.foreignKeys().flatMap((key) => {
    const parent = table.parent(key.name)!;
    if (parent === table || parent.isCopied) return [];
    return referencesOf(parent, hops - 1).flatMap((reference): Reference[] => {
      const { column, foreignKey } = reference.operand;
      const steps = table.links(key.name);
      return [
        {
          operand: { column, foreignKey: key.name, ...(foreignKey === null ? {} : { then: foreignKey }) },
          to: reference.to,
          links: steps.map((to) => (to < 0 ? to : reference.links[to])),
          hops: reference.hops + 1,
        },
      ];
    });
  });
  return [...near, ...far];
}

function mineOne(
  table: RuleTable,
  other: RuleTable,
  left: Reference,
  right: Reference,
  inLeft: Reference,
  inRight: Reference,
): FoundInRule | null {
  const pairs = new Map<number, number[]>();
  const size = Math.max(
    1,
    table.sample.rowCount,
    other.sample.rowCount,
    ...[right, inRight].map(({ links }) => greatest(links) + 1),
  );
  const pairOf = (a: number, b: number): number => a * size + b;
  for (let row = 0; row < inLeft.links.length; row++) {
    const [a, b] = [inLeft.links[row], inRight.links[row]];
    if (a < 0 || b < 0) continue;
    const pair = pairOf(a, b);
    const rows = pairs.get(pair);
    if (rows === undefined) pairs.set(pair, [row]);
    else rows.push(row);
  }
  const test: RuleTest = (row, moved) => {
    const [a, b] = [left.links[row], right.links[moved]];
    return a < 0 || b < 0 ? SILENT : pairs.has(pairOf(a, b)) ? HELD : BROKEN;
  };
  const support = weigh(table, test, { maxChance: MAX_CHANCE });
  if (support === null) return null;
  const rowsOf = (row: number): readonly number[] => pairs.get(pairOf(left.links[row], right.links[row])) ?? [];
  const after = orderOf(table, other, rowsOf);
  return {
    kind: 'found-in',
    table: table.id,
    left: left.operand,
    right: right.operand,
    inTable: other.id,
    inLeft: inLeft.operand,
    inRight: inRight.operand,
    ...(after === null ? {} : { after }),
    support,
  };
}

function greatest(links: Int32Array): number {
  let most = 0;
  for (const to of links) if (to > most) most = to;
  return most;
}

/**
 * A moment of the row that always comes after one of a row where the pair is found; of several such moments the one
 * that comes last there.
 */
function orderOf(
  table: RuleTable,
  other: RuleTable,
  rowsOf: (row: number) => readonly number[],
): FoundInRule['after'] | null {
  const theirs: Operand[] = [
    ...other.measures().map(({ name }): Operand => ({ column: name, foreignKey: null })),
    ...other.foreignKeys().flatMap((key) => {
      const parent = other.parent(key.name)!;
      return parent === other
        ? []
        : parent.measures().map(({ name }): Operand => ({ column: name, foreignKey: key.name }));
    }),
  ].filter((operand) => other.columnOf(operand).line === 'moment' && !other.columnOf(operand).isDate);
  let found: { readonly after: NonNullable<FoundInRule['after']>; readonly gap: number } | null = null;
  for (const column of table.measures()) {
    if (column.line !== 'moment' || column.isDate) continue;
    for (const than of theirs) {
      const values = other.numbers(than);
      const gaps: number[] = [];
      const holds = [table.fit, table.tune].every((rows) =>
        rows.every((row) => {
          const known = rowsOf(row).map((at) => column.numbers[row] - values[at]);
          if (known.length === 0 || Number.isNaN(column.numbers[row])) return true;
          const after = known.filter((distance) => distance > 0);
          gaps.push(Math.min(...after));
          return after.length > 0;
        }),
      );
      if (!holds || gaps.length === 0) continue;
      const gap = gaps.reduce((sum, one) => sum + one, 0);
      if (found !== null && gap >= found.gap) continue;
      const distances = distancesOf(Float64Array.from(gaps).sort(), 1);
      found = { after: { column: column.name, than, distances }, gap };
    }
  }
  return found?.after ?? null;
}
