import { tableId } from '../../../connectors/connector.ts';
import { twoSampleTest, type TwoSampleTest } from '../../metrics/two-sample.ts';
import { numberCoder, treeCodes, type CodedColumn } from './fidelity-codes.ts';
import { rowsOfUnits, shuffledRows, type FidelityTable } from './fidelity-table.ts';
import type { ColumnView } from './table-view.ts';

/** More rows a side find smaller differences than anyone would notice. */
const MAX_SIDE_ROWS = 1500;
/** Fewer rows a side teach a classifier nothing. */
export const MIN_SIDE_ROWS = 100;
/** Enough figures about the children of a row. */
const MAX_AGGREGATES = 40;
const COUNT = 'count';

/** How well the target is told from the source, how well real rows are told from real rows, and shuffled ones from real. */
export interface TwoSampleFigures {
  readonly target: TwoSampleTest;
  readonly ceiling: TwoSampleTest;
  readonly floor: TwoSampleTest;
}

/** C2ST of a table's rows by its own columns; null where there are none, or too few rows. */
export function rowsApart(table: FidelityTable): TwoSampleFigures | null {
  return tellApart(table, ownFeatures(table), 'c2st');
}

/** C2ST-Agg: with what the children of each row come to beside its own columns; null where it has no children. */
export function familiesApart(table: FidelityTable, all: readonly FidelityTable[]): TwoSampleFigures | null {
  const aggregates = childAggregates(table, all);
  if (aggregates.length === 0) return null;
  return tellApart(table, [...ownFeatures(table), ...aggregates], 'c2st-agg');
}

/** A column for the trees; the floor's is that of the source made of shuffled columns. */
interface Feature extends CodedColumn {
  readonly shuffled: Uint8Array;
}

function ownFeatures(table: FidelityTable): Feature[] {
  const rows = Int32Array.from(table.view.source.units, (_, row) => row);
  return table.columns.flatMap((column) => {
    const order = shuffledRows(rows, table.key('shuffle', column.name));
    return treeCodes(column).map((codes) => ({
      ...codes,
      shuffled: Uint8Array.from(order, (row) => codes.source[row]),
    }));
  });
}

function tellApart(table: FidelityTable, features: readonly Feature[], purpose: string): TwoSampleFigures | null {
  const { view, key } = table;
  const { reference, kept, target } = table;
  if (features.length === 0 || Math.min(reference.length, kept.length, target.length) < MIN_SIDE_ROWS) return null;
  const sourceRowCount = view.source.rowCount;
  const choose = (rows: Int32Array, side: 'source' | 'target', name: string, count: number): Int32Array =>
    rowsOfUnits(rows, view[side].units, count, key(purpose, name)).slice(0, count);
  // The three sides behind each other: source, target, shuffled source.
  const [atTarget, atShuffled] = [sourceRowCount, sourceRowCount + view.target.rowCount];
  const joined = features.map((feature) => {
    const codes = new Uint8Array(atShuffled + sourceRowCount);
    codes.set(feature.source);
    codes.set(feature.target, atTarget);
    codes.set(feature.shuffled, atShuffled);
    return { codes, size: feature.size, ordered: feature.ordered };
  });
  const clusters = new Uint32Array(atShuffled + sourceRowCount);
  const unitCount = 1 + view.source.units.reduce((top, unit) => Math.max(top, unit), 0);
  const targetUnitCount = 1 + view.target.units.reduce((top, unit) => Math.max(top, unit), 0);
  clusters.set(view.source.units);
  view.target.units.forEach((unit, row) => (clusters[atTarget + row] = unitCount + unit));
  for (let row = 0; row < sourceRowCount; row++) clusters[atShuffled + row] = unitCount + targetUnitCount + row;
  const real = Int32Array.from(view.source.units, (_, row) => row);
  const compare = (first: Int32Array, second: Int32Array, offset: number, name: string): TwoSampleTest =>
    twoSampleTest(
      joined,
      first,
      second.map((row) => row + offset),
      clusters,
      key(purpose, name),
    );
  const wanted = Math.min(MAX_SIDE_ROWS, target.length, sourceRowCount);
  const keptCount = Math.min(MAX_SIDE_ROWS, kept.length, reference.length);
  return {
    target: compare(
      choose(real, 'source', 'real', wanted),
      choose(target, 'target', 'target', wanted),
      atTarget,
      'target',
    ),
    ceiling: compare(
      choose(reference, 'source', 'reference', keptCount),
      choose(kept, 'source', 'kept', keptCount),
      0,
      'ceiling',
    ),
    floor: compare(
      choose(real, 'source', 'real', wanted),
      choose(real, 'source', 'shuffled', wanted),
      atShuffled,
      'floor',
    ),
  };
}

/** For each foreign key that leads here: the number of children, and of their columns the mean or how many values. */
function childAggregates(parent: FidelityTable, all: readonly FidelityTable[]): Feature[] {
  const features: Feature[] = [];
  for (const child of all) {
    for (const key of child.view.facts.foreignKeys) {
      if (tableId(key.referencedTable) !== parent.view.id || !hasAllChildren(child, key.name)) continue;
      const source = child.view.source.parents.get(key.name);
      const target = child.view.target.parents.get(key.name);
      if (source === undefined || target === undefined) continue;
      const [sourceCount, targetCount] = [parent.view.source.rowCount, parent.view.target.rowCount];
      const rows = Int32Array.from(source, (_, row) => row);
      // In a shuffled database a parent has somebody else's number of children, and in each column anybody's values.
      const shuffledParents = shuffledRows(
        Int32Array.from({ length: sourceCount }, (_, row) => row),
        parent.key('shuffle', child.view.id, key.name),
      );
      const add = (name: string, of: (side: Side) => Float64Array): void => {
        if (features.length >= MAX_AGGREGATES) return;
        const real = of({ links: source, parentCount: sourceCount, side: 'source' });
        const made = of({ links: target, parentCount: targetCount, side: 'target' });
        const order = shuffledRows(rows, child.key('shuffle', key.name, name));
        const links = Int32Array.from(name === COUNT ? rows : order, (row) => source[row]);
        const mixed = of({ links, parentCount: sourceCount, side: 'source' });
        const { size, encode } = numberCoder([real, made]);
        features.push({
          name: `${child.view.id}.${name}`,
          source: encode(real),
          target: encode(made),
          shuffled: encode(Float64Array.from(shuffledParents, (row) => mixed[row])),
          size,
          ordered: true,
        });
      };
      add(COUNT, ({ links: to, parentCount }) => counts(to, parentCount));
      for (const column of child.columns) {
        if (column.kind === 'ordered') add(`${column.name} mean`, (side) => means(column, side));
        else if (column.kind === 'categorical') add(`${column.name} values`, (side) => distinctCounts(column, side));
      }
    }
  }
  return features;
}

interface Side {
  readonly links: Int32Array;
  readonly parentCount: number;
  readonly side: 'source' | 'target';
}

/** Samples hold all children of a row where they hold the whole table, or go along this key. */
function hasAllChildren({ view }: FidelityTable, foreignKey: string): boolean {
  const isWhole = [view.source, view.target].every((side) => side.rowCount === side.totalRowCount);
  return isWhole || view.graph?.contextForeignKey === foreignKey;
}

function counts(links: Int32Array, parentCount: number): Float64Array {
  const result = new Float64Array(parentCount);
  for (const parent of links) if (parent >= 0) result[parent]++;
  return result;
}

function means(column: ColumnView, { links, parentCount, side }: Side): Float64Array {
  const values = side === 'source' ? column.sourceNumbers : column.targetNumbers;
  const [sums, present] = [new Float64Array(parentCount), new Float64Array(parentCount)];
  links.forEach((parent, row) => {
    if (parent < 0 || Number.isNaN(values[row])) return;
    sums[parent] += values[row];
    present[parent]++;
  });
  return sums.map((sum, parent) => (present[parent] === 0 ? NaN : sum / present[parent]));
}

function distinctCounts(column: ColumnView, { links, parentCount, side }: Side): Float64Array {
  const seen = new Map<number, Set<string>>();
  links.forEach((parent, row) => {
    const value = column[side][row];
    if (parent < 0 || value === null) return;
    const set = seen.get(parent) ?? new Set<string>();
    seen.set(parent, set.add(value));
  });
  return Float64Array.from({ length: parentCount }, (_, parent) => seen.get(parent)?.size ?? 0);
}
