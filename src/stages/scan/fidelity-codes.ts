import { commonLevels } from './bins.ts';
import type { ColumnView, TableView } from './table-view.ts';

/** A column of a table as codes, bins the same on both sides. Code 0 is NULL. */
export interface CodedColumn {
  readonly name: string;
  /** [rows of the source sample], [rows of the target sample] */
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly size: number;
  readonly ordered: boolean;
}

const PAIR_BINS = 10;
const PAIR_LEVELS = 30;
const TREE_BINS = 64;
const TREE_LEVELS = 40;

/**
 * For frequency tables: deciles of the source's values, or its 30 commonest levels that 5 units share, and the rest.
 * A text has none.
 */
export function pairCodes(column: ColumnView, view: TableView): CodedColumn | null {
  switch (column.kind) {
    case 'ordered':
      return decileCodes(column);
    case 'categorical':
      return levelCodes(column, commonLevels(column.source, view.source.units), column.source, PAIR_LEVELS);
    case 'text':
      return null;
  }
}

/**
 * For trees, finer, bins from both sides. A text gives its length and how many digits, spaces and capitals it has, what
 * only prints as text (documents, arrays, search vectors) its length.
 */
export function treeCodes(column: ColumnView): CodedColumn[] {
  switch (column.kind) {
    case 'ordered':
      return [numberCodes(column.name, column.sourceNumbers, column.targetNumbers)];
    case 'categorical':
      return [levelCodes(column, null, [...column.source, ...column.target], TREE_LEVELS)];
    case 'text':
      return TEXT_TRAITS.slice(0, column.typeClass === 'text' ? TEXT_TRAITS.length : 1).map(([trait, of]) => {
        const traits = (values: readonly (string | null)[]): Float64Array =>
          Float64Array.from(values, (value) => (value === null ? NaN : of(value)));
        return numberCodes(`${column.name}.${trait}`, traits(column.source), traits(column.target));
      });
  }
}

const TEXT_TRAITS: readonly (readonly [name: string, of: (text: string) => number])[] = [
  ['length', (text) => text.length],
  ['digits', (text) => countIn(text, 48, 57)],
  ['spaces', (text) => countIn(text, 32, 32)],
  ['capitals', (text) => countIn(text, 65, 90)],
];

function countIn(text: string, low: number, high: number): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= low && unit <= high) count++;
  }
  return count;
}

function numberCodes(name: string, source: Float64Array, target: Float64Array): CodedColumn {
  const { size, encode } = numberCoder([source, target]);
  return { name, source: encode(source), target: encode(target), size, ordered: true };
}

/** Bins for trees, from all values together. NaN = NULL. */
export function numberCoder(sides: readonly Float64Array[]): NumberCoder {
  const all = new Float64Array(sides.reduce((count, { length }) => count + length, 0));
  let at = 0;
  for (const side of sides) {
    all.set(side, at);
    at += side.length;
  }
  return coderOf(quantileEdges(all, TREE_BINS));
}

export interface NumberCoder {
  readonly size: number;
  readonly encode: (values: Float64Array) => Uint8Array;
}

function coderOf(edges: Float64Array): NumberCoder {
  const encode = (values: Float64Array): Uint8Array => {
    const codes = new Uint8Array(values.length);
    values.forEach((value, row) => (codes[row] = Number.isNaN(value) ? 0 : 1 + countBelow(edges, value)));
    return codes;
  };
  return { size: edges.length + 2, encode };
}

function decileCodes({ name, sourceNumbers, targetNumbers }: ColumnView): CodedColumn {
  const { size, encode } = coderOf(quantileEdges(sourceNumbers, PAIR_BINS));
  return { name, source: encode(sourceNumbers), target: encode(targetNumbers), size, ordered: true };
}

/** Distinct inner quantiles; where there are few values, all but the largest. Ascending. */
function quantileEdges(values: Float64Array, binCount: number): Float64Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const distinct: number[] = [];
  for (const value of sorted) {
    if (value !== distinct.at(-1)) distinct.push(value);
    if (distinct.length > binCount) break;
  }
  if (distinct.length <= binCount) return Float64Array.from(distinct.slice(0, -1));
  const edges = new Set<number>();
  for (let i = 1; i < binCount; i++) edges.add(sorted[Math.floor((i * (sorted.length - 1)) / binCount)]);
  return Float64Array.from(edges);
}

/** Number of edges below a value: a bin ends with its edge. */
function countBelow(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function levelCodes(
  column: ColumnView,
  allowed: ReadonlySet<string | null> | null,
  from: readonly (string | null)[],
  levelCount: number,
): CodedColumn {
  const counts = new Map<string, number>();
  for (const value of from)
    if (value !== null && (allowed === null || allowed.has(value))) counts.set(value, (counts.get(value) ?? 0) + 1);
  const top = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, levelCount);
  const codes = new Map(top.map(([value], i) => [value, i + 2]));
  const encode = (values: readonly (string | null)[]): Uint8Array =>
    Uint8Array.from(values, (value) => (value === null ? 0 : (codes.get(value) ?? 1)));
  return {
    name: column.name,
    source: encode(column.source),
    target: encode(column.target),
    size: top.length + 2,
    ordered: false,
  };
}
