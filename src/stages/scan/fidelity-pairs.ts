import { tableId } from '../../../connectors/connector.ts';
import type { ForeignKeyFacts } from '../../../connectors/connector.ts';
import {
  association,
  frequencyLikeness,
  rankCorrelation,
  twoWayFrequencies,
  type Association,
  type CodedPair,
} from '../../metrics/distributions.ts';
import { permuteIndex } from '../../numeric/random.ts';
import type { Figure, PairFidelity } from './artifact.ts';
import { pairCodes, type CodedColumn } from './fidelity-codes.ts';
import { rowsOfUnits, shuffledRows, type FidelityTable } from './fidelity-table.ts';
import type { ColumnView } from './table-view.ts';

/** Enough pairs of a table to know it by. */
const MAX_PAIRS = 250;
/** Columns depend on each other that do so in this strength and this share of rows, among reference and kept rows both. */
const MIN_STRENGTH = 0.2;
const MIN_ROW_SHARE = 0.05;

/** One side of a pair, over the rows of the table that is judged. */
interface PairColumn {
  readonly codes: CodedColumn;
  readonly column: ColumnView;
  /** Row of the column's own table for each row of the judged one, negative = none; absent where they are the same. */
  readonly sourceRows?: Int32Array;
  readonly targetRows?: Int32Array;
}

/** Trends of the pairs of a table's own columns. */
export function tablePairs(table: FidelityTable): PairFidelity | null {
  const columns = codedColumns(table);
  const pairs = columns.flatMap((a, i) => columns.slice(i + 1).map((b) => [a, b] as const));
  return scorePairs(table, pairs, 'pairs');
}

/** Trends of a table's columns with those of the rows that a foreign key leads to. */
export function parentChildPairs(
  child: FidelityTable,
  key: ForeignKeyFacts,
  parent: FidelityTable,
): PairFidelity | null {
  const [sourceRows, targetRows] = [child.view.source.parents.get(key.name), child.view.target.parents.get(key.name)];
  if (sourceRows === undefined || targetRows === undefined || tableId(key.referencedTable) !== parent.view.id)
    return null;
  const above = codedColumns(parent).map((column) => ({ ...column, sourceRows, targetRows }));
  const pairs = codedColumns(child).flatMap((a) => above.map((b) => [a, b] as const));
  return scorePairs(child, pairs, key.name);
}

function codedColumns(table: FidelityTable): PairColumn[] {
  return table.columns.flatMap((column) => {
    const codes = pairCodes(column, table.view);
    return codes === null ? [] : [{ codes, column }];
  });
}

/**
 * Every side is compared with the reference at the same number of rows, since small samples look unlike anything; the
 * floor is the reference itself with the second column in a random order.
 */
function scorePairs(
  table: FidelityTable,
  all: readonly (readonly [PairColumn, PairColumn])[],
  purpose: string,
): PairFidelity | null {
  const { view, kept, key } = table;
  const pairs =
    all.length <= MAX_PAIRS
      ? all
      : Array.from({ length: MAX_PAIRS }, (_, i) => all[permuteIndex(key(purpose, 'choice'), i, all.length)]);
  const rowCount = Math.min(kept.length, table.target.length, table.reference.length);
  if (pairs.length === 0 || rowCount === 0) return null;
  const size = (rows: Int32Array, units: ArrayLike<number>, side: string): Int32Array =>
    rowsOfUnits(rows, units, rowCount, key(purpose, side));
  const rows = {
    reference: table.reference,
    kept: size(kept, view.source.units, 'kept'),
    target: size(table.target, view.target.units, 'target'),
    floor: size(table.reference, view.source.units, 'floor'),
  };
  const scored = pairs.map(([a, b], i) => {
    const second = shuffledRows(rows.floor, key(purpose, `shuffle ${i}`));
    const sides = {
      reference: codesOf(a, b, 'source', rows.reference),
      kept: codesOf(a, b, 'source', rows.kept),
      target: codesOf(a, b, 'target', rows.target),
      floor: codesOf(a, b, 'source', rows.floor, second),
    };
    const shares = {
      reference: twoWayFrequencies(sides.reference),
      kept: twoWayFrequencies(sides.kept),
      target: twoWayFrequencies(sides.target),
      floor: twoWayFrequencies(sides.floor),
    };
    const likeness = (side: 'kept' | 'target' | 'floor'): number => frequencyLikeness(shares.reference, shares[side]);
    const of = (side: keyof typeof shares): Association => association(shares[side], rows[side].length);
    const [reference, real] = [of('reference'), of('kept')];
    const depends = [reference, real].every(
      ({ strength, rowShare }) => strength >= MIN_STRENGTH && rowShare >= MIN_ROW_SHARE,
    );
    return {
      measured: {
        columns: [a.column.name, b.column.name] as const,
        real: rounded(reference.strength),
        synthetic: rounded(of('target').strength),
      },
      trends: { value: likeness('target'), ceiling: likeness('kept'), floor: likeness('floor') },
      strength: depends
        ? {
            value: alike(of('target').strength, reference.strength),
            ceiling: alike(real.strength, reference.strength),
            floor: alike(of('floor').strength, reference.strength),
          }
        : null,
      ranks: rankGaps(a, b, rows),
    };
  });
  const present = (of: 'strength' | 'ranks'): Figure[] => scored.flatMap((pair) => pair[of] ?? []);
  return {
    pairCount: scored.length,
    trends: meanFigure(scored.map(({ trends }) => trends))!,
    dependentCount: present('strength').length,
    strength: meanFigure(present('strength')),
    rankGap: meanFigure(present('ranks')),
    strengths: scored.map(({ measured }) => measured),
  };
}

function rounded(strength: number): number {
  return Math.round(1000 * strength) / 1000;
}

function alike(a: number, b: number): number {
  return Math.max(a, b) === 0 ? 1 : Math.min(a, b) / Math.max(a, b);
}

function codesOf(
  a: PairColumn,
  b: PairColumn,
  side: 'source' | 'target',
  rows: Int32Array,
  rowsOfSecond: Int32Array = rows,
): CodedPair {
  const code = (column: PairColumn, row: number): number => {
    const links = side === 'source' ? column.sourceRows : column.targetRows;
    const at = links === undefined ? row : links[row];
    return at < 0 ? 0 : column.codes[side][at];
  };
  return {
    x: Uint8Array.from(rows, (row) => code(a, row)),
    y: Uint8Array.from(rowsOfSecond, (row) => code(b, row)),
  };
}

/** |Δ rank correlation| to the reference, of two ordered columns. */
function rankGaps(
  a: PairColumn,
  b: PairColumn,
  rows: Readonly<Record<'reference' | 'kept' | 'target' | 'floor', Int32Array>>,
): Figure | null {
  if (a.column.kind !== 'ordered' || b.column.kind !== 'ordered') return null;
  const numbers = ({ column, sourceRows, targetRows }: PairColumn, side: 'source' | 'target', of: Int32Array) => {
    const values = side === 'source' ? column.sourceNumbers : column.targetNumbers;
    const links = side === 'source' ? sourceRows : targetRows;
    return Float64Array.from(of, (row) => {
      const at = links === undefined ? row : links[row];
      return at < 0 ? NaN : values[at];
    });
  };
  const correlation = (side: 'source' | 'target', of: Int32Array): number =>
    rankCorrelation(numbers(a, side, of), numbers(b, side, of));
  const reference = correlation('source', rows.reference);
  return {
    value: Math.abs(correlation('target', rows.target) - reference),
    ceiling: Math.abs(correlation('source', rows.kept) - reference),
    floor: Math.abs(reference),
  };
}

function meanFigure(figures: readonly Figure[]): Figure | null {
  if (figures.length === 0) return null;
  const mean = (of: keyof Figure): number => figures.reduce((sum, figure) => sum + figure[of], 0) / figures.length;
  return { value: mean('value'), ceiling: mean('ceiling'), floor: mean('floor') };
}
