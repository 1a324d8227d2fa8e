/** The context registers of a child's rows: its parent's codes, its place among siblings, the sibling before it. */
import type { TableFacts } from '../../../connectors/connector.ts';
import { contextInformation } from '../../model/chain.ts';
import type { Register } from '../../model/table-model.ts';
import { parseTimestamp } from '../../model/encoders/scalar.ts';
import type { TableSample } from '../profile/artifact.ts';
import { describeReached, describeRegisters, type CodedRegister, type ReachedRegister } from './registers.ts';

/** Places and counts above these are one code each. */
export const PLACE_CAP = 40;

/** Registers of one kind that a child may look at: trees are quadratic in them. */
const MAX_PARENT_REGISTERS = 36;
const MAX_SIBLING_REGISTERS = 25;
/** Of what lies behind the row's own other keys. */
const MAX_REACHED_REGISTERS = 16;

export interface ContextRegisters {
  readonly coded: readonly CodedRegister[];
  readonly registers: readonly Register[];
}

/** A fitted table as a context: its own registers, and those of its own context that come from its parent. */
export interface FittedTable {
  /** `isOwn`: drawn with the table's rows or following from them, not read elsewhere. */
  readonly registers: readonly (CodedRegister & { readonly at: number; readonly isOwn: boolean })[];
}

/** Where every row of a table stands among its siblings. */
export interface SiblingOrder {
  readonly index: Int32Array;
  readonly count: Int32Array;
  readonly previous: Int32Array;
  readonly meanCount: number;
  /** The moment that they are ordered by; null where another order had to do. */
  readonly orderColumn: string | null;
}

export function siblingOrder(table: TableFacts, sample: TableSample, foreignKey: string): SiblingOrder {
  const links = sample.parents.get(foreignKey)!;
  const { order, column } = orderOfRows(table, sample);
  const parentCount = new Set(links.filter((to) => to >= 0)).size;
  const childCount = links.reduce((sum, to) => sum + (to >= 0 ? 1 : 0), 0);
  return { ...placeAmongSiblings(links, order), meanCount: childCount / Math.max(1, parentCount), orderColumn: column };
}

export function contextRegisters(
  sample: TableSample,
  foreignKey: string,
  fitRows: Int32Array,
  parent: FittedTable,
  siblings: SiblingOrder,
  own: readonly CodedRegister[],
  behindParent: readonly ReachedRegister[],
  pace: CodedRegister | null,
): ContextRegisters {
  const links = sample.parents.get(foreignKey)!;
  const { index, count, previous } = siblings;
  const candidates = parent.registers.map((register) => ({
    from: register.at,
    name: register.name.startsWith('parent:') ? `grand${register.name}` : `parent:${register.name}`,
    codes: Uint16Array.from(links, (to) => (to < 0 ? register.size : register.codes[to])),
    size: register.size + 1,
    ordered: register.ordered,
    hasNull: true,
  }));
  const above = mostInformative<CodedRegister & { from: number; path?: readonly string[] }>(
    [...candidates, ...informative(behindParent, own, fitRows)],
    own,
    fitRows,
    MAX_PARENT_REGISTERS,
  );
  const parents = above.filter(({ path }) => path === undefined);
  const reached = above.filter(({ path }) => path !== undefined) as readonly ReachedRegister[];
  const capped = (values: Int32Array): Uint16Array => Uint16Array.from(values, (value) => Math.min(value, PLACE_CAP));
  const remaining = index.map((value, i) => count[i] - 1 - value);
  const place = (name: string, values: Int32Array): CodedRegister => ({
    name,
    codes: capped(values),
    size: PLACE_CAP + 1,
    ordered: true,
    hasNull: false,
  });
  const places = [place('#index', index), place('#count', count), place('#remaining', remaining)];
  if (pace !== null) places.push(pace);
  const before = own.map((register, from) => ({
    from,
    name: `sibling:${register.name}`,
    codes: Uint16Array.from(previous, (row) => (row < 0 ? register.size : register.codes[row])),
    size: register.size + 1,
    ordered: register.ordered,
    hasNull: true,
  }));
  const previousRegisters =
    siblings.meanCount < 1.05 ? [] : mostInformative(before, own, fitRows, MAX_SIBLING_REGISTERS);
  const ownFrom = above.length + places.length + previousRegisters.length;
  return {
    coded: [...parents, ...reached, ...places, ...previousRegisters],
    registers: [
      ...describeRegisters('parent', parents, (i) => parents[i].from),
      ...describeReached(reached),
      ...describeRegisters('place', places, (i) => i),
      ...describeRegisters('sibling', previousRegisters, (i) => ownFrom + previousRegisters[i].from),
    ],
  };
}

/** Of what lies behind the row's own keys: the registers that tell something about it. */
export function chooseReached(
  candidates: readonly ReachedRegister[],
  own: readonly CodedRegister[],
  rows: Int32Array,
): readonly ReachedRegister[] {
  return mostInformative(informative(candidates, own, rows), own, rows, MAX_REACHED_REGISTERS);
}

/** Far tables have many columns that say nothing here: those are not worth a place. */
function informative<R extends CodedRegister>(
  candidates: readonly R[],
  own: readonly CodedRegister[],
  rows: Int32Array,
): readonly R[] {
  const information = contextInformation(own, candidates, rows);
  return candidates.filter((_, i) => information[i] > 0);
}

/** Those of the candidates that tell most about the row, in their given order. */
function mostInformative<R extends CodedRegister>(
  candidates: readonly R[],
  own: readonly CodedRegister[],
  rows: Int32Array,
  limit: number,
): readonly R[] {
  if (candidates.length <= limit) return candidates;
  const information = contextInformation(own, candidates, rows);
  const ranked = candidates.map((_, i) => i).sort((a, b) => information[b] - information[a] || a - b);
  const kept = new Set(ranked.slice(0, limit));
  return candidates.filter((_, i) => kept.has(i));
}

/** What siblings are ordered by: the moment that tells rows apart best, else the key, else as they were read. */
function orderOfRows(table: TableFacts, sample: TableSample): { order: Float64Array; column: string | null } {
  const moments = table.columns.filter(
    (column) => ['timestamp', 'timestamptz', 'date'].includes(column.type.class) && sample.columns.has(column.name),
  );
  const richness = (name: string): number => {
    const values = sample.columns.get(name)!;
    // A moment that is often missing orders little; one that is always there can be told by its gap.
    const missing = values.reduce((count, value) => count + (value === null ? 1 : 0), 0);
    return missing > 0.1 * sample.rowCount ? 0 : new Set(values).size * (missing > 0 ? 0.5 : 1);
  };
  const ranked = moments
    .map((column) => ({ name: column.name, distinct: richness(column.name) }))
    .sort((a, b) => b.distinct - a.distinct);
  // Of moments that tell rows apart alike, what happened first is what the others follow from.
  const alike = ranked.filter(({ distinct }) => distinct > 1 && distinct >= 0.8 * ranked[0].distinct);
  const best = alike
    .map(({ name }) => ({ name, order: momentOrder(sample.columns.get(name)!) }))
    .sort((a, b) => middle(a.order) - middle(b.order))[0];
  if (best !== undefined) return { order: best.order, column: best.order.includes(Infinity) ? null : best.name };
  const key = table.primaryKey?.columns.find(
    (name) => name !== null && table.columns.find((column) => column.name === name)?.type.class === 'integer',
  );
  if (key !== undefined && key !== null)
    return { order: Float64Array.from(sample.columns.get(key)!, Number), column: null };
  return { order: Float64Array.from({ length: sample.rowCount }, (_, i) => i), column: null };
}

function momentOrder(values: readonly (string | null)[]): Float64Array {
  return Float64Array.from(values, (value) => (value === null ? Infinity : (parseTimestamp(value) ?? Infinity)));
}

function middle(values: Float64Array): number {
  return Float64Array.from(values).sort()[values.length >> 1];
}

/** Of each row: its index among its siblings, their number, and the row before it (−1: none). */
function placeAmongSiblings(
  links: Int32Array,
  order: Float64Array,
): { index: Int32Array; count: Int32Array; previous: Int32Array } {
  const rows = Int32Array.from({ length: links.length }, (_, i) => i);
  rows.sort((a, b) => links[a] - links[b] || compare(order[a], order[b]) || a - b);
  const index = new Int32Array(links.length);
  const count = new Int32Array(links.length).fill(1);
  const previous = new Int32Array(links.length).fill(-1);
  for (let start = 0; start < rows.length;) {
    let end = start + 1;
    while (end < rows.length && links[rows[end]] === links[rows[start]]) end++;
    // Rows without a parent are no siblings of each other.
    if (links[rows[start]] >= 0) {
      for (let i = start; i < end; i++) {
        index[rows[i]] = i - start;
        count[rows[i]] = end - start;
        if (i > start) previous[rows[i]] = rows[i - 1];
      }
    }
    start = end;
  }
  return { index, count, previous };
}

/** Equal infinities are equal, which their difference is not. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
