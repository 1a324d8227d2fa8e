/** The context registers of a child's rows: its parent's codes, its place among siblings, the sibling before it. */
import type { TableFacts } from '../../../connectors/connector.ts';
import type { Register } from '../../model/table-model.ts';
import { parseTimestamp } from '../../model/encoders/scalar.ts';
import type { TableSample } from '../profile/artifact.ts';
import { describeRegisters, type CodedRegister } from './registers.ts';

/** Places and counts above these are one code each. */
export const PLACE_CAP = 40;

/** Registers of one kind that a child may look at: trees are quadratic in them. */
const MAX_PARENT_REGISTERS = 36;
const MAX_SIBLING_REGISTERS = 25;

export interface ContextRegisters {
  readonly coded: readonly CodedRegister[];
  readonly registers: readonly Register[];
}

export function contextRegisters(
  table: TableFacts,
  sample: TableSample,
  foreignKey: string,
  parent: { readonly own: readonly CodedRegister[]; readonly ownFrom: number },
  own: readonly CodedRegister[],
): ContextRegisters {
  const links = sample.parents.get(foreignKey)!;
  const { index, count, previous } = placeAmongSiblings(links, siblingOrder(table, sample));

  const parents = parent.own.slice(0, MAX_PARENT_REGISTERS).map((register) => ({
    name: `parent:${register.name}`,
    codes: Uint16Array.from(links, (to) => (to < 0 ? register.size : register.codes[to])),
    size: register.size + 1,
    ordered: register.ordered,
    hasNull: true,
  }));
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
  const siblings = own.slice(0, MAX_SIBLING_REGISTERS).map((register) => ({
    name: `sibling:${register.name}`,
    codes: Uint16Array.from(previous, (row) => (row < 0 ? register.size : register.codes[row])),
    size: register.size + 1,
    ordered: register.ordered,
    hasNull: true,
  }));
  return {
    coded: [...parents, ...places, ...siblings],
    registers: [
      ...describeRegisters('parent', parents, (i) => parent.ownFrom + i),
      ...describeRegisters('place', places, (i) => i),
      // Own registers follow the context: their numbers are known once its length is.
      ...describeRegisters('sibling', siblings, (i) => parents.length + places.length + siblings.length + i),
    ],
  };
}

/** What siblings are ordered by: the moment that tells rows apart best, else the key, else as they were read. */
function siblingOrder(table: TableFacts, sample: TableSample): Float64Array {
  const moments = table.columns.filter(
    (column) => ['timestamp', 'timestamptz', 'date'].includes(column.type.class) && sample.columns.has(column.name),
  );
  const richness = (name: string): number => new Set(sample.columns.get(name)!.filter((value) => value !== null)).size;
  const best = moments
    .map((column) => ({ name: column.name, distinct: richness(column.name) }))
    .sort((a, b) => b.distinct - a.distinct)[0];
  if (best !== undefined && best.distinct > 1) {
    return Float64Array.from(sample.columns.get(best.name)!, (value) =>
      value === null ? Infinity : (parseTimestamp(value) ?? Infinity),
    );
  }
  const key = table.primaryKey?.columns.find(
    (name) => name !== null && table.columns.find((column) => column.name === name)?.type.class === 'integer',
  );
  if (key !== undefined && key !== null) return Float64Array.from(sample.columns.get(key)!, Number);
  return Float64Array.from({ length: sample.rowCount }, (_, i) => i);
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
