import { binomialTail, poissonTail } from '../../metrics/intervals.ts';
import { RandomCursor, streamKey } from '../../numeric/random.ts';
import type { ScanInput } from './input.ts';
import { shuffled } from './reference-rows.ts';
import { informativeColumns } from './table-view.ts';
import type { ColumnView, TableView } from './table-view.ts';
import { excessPValue, percent, twinRates } from './twins.ts';
import type { Rate, Tuples } from './twins.ts';
import { exactGate, notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

/** Threes of columns that are looked at. */
const MAX_TRIPLES = 120;
/** All threes of so many columns are listed before some are chosen. */
const MAX_LISTED_COLUMNS = 40;
/** Rows of each side that are looked at. */
const MAX_ROWS = 20_000;
/** Steps of an ordered column with more values. */
const STEPS = 20;
/** A generator that blurs a little meets rare combinations a little oftener: so much is tolerated, of the hold-out's rate. */
const RELATIVE_EXCESS = 1;
const ABSOLUTE_EXCESS = 0.01;
/** One combination that turns up oftener than this is likely was learned. */
const CHANCE = 0.001;
/** How much oftener than expected a combination may be made where structure is blurred. */
const BLUR = 2;

/**
 * Combinations of three columns' values that exactly one unit of the source holds. `rare-combinations`: the share of
 * target rows with such a one, in excess of the share that real rows show. `repeated-combination`: one of them in more
 * rows than chance makes, which a leaf of one subject does: neither its number in the source nor how often its values
 * go together otherwise in the target explains it.
 */
export function rareCombinationGates(view: TableView, input: ScanInput): OpenGate[] {
  const columns = informativeColumns(view);
  if (columns.length < 3) {
    const reason = `${columns.length} of its columns were learned and tell rows apart; combinations take 3.`;
    return [notApplicable('rare-combinations', view.id, view.id, reason)];
  }
  const random = new RandomCursor(streamKey(input.seed, 'scan', 'combinations', view.id)).seek(0);
  const rows = { source: someRows(view.source.rowCount, random), target: someRows(view.target.rowCount, random) };
  const units = {
    source: rows.source.map((row) => view.source.units[row]),
    target: rows.target.map((row) => view.target.units[row]),
  };
  const coded = columns.map((column) => codesOf(column, rows));
  const triples = someTriples(columns.length, random);
  const perTriple = triples.map((triple) => {
    const [a, b, c] = triple.map((column) => coded[column]);
    const tuples = (side: 'source' | 'target'): Tuples =>
      Array.from(a[side], (code, row) => (code * b.size + b[side][row]) * c.size + c[side][row]);
    const [source, target] = [tuples('source'), tuples('target')];
    const repeated = repeatedCount(units, source, target, [a, b, c], triples.length);
    return { ...twinRates(source, units.source, target, units.target), repeated };
  });
  const [target, holdout] = [
    meanRate(perTriple.map((rates) => rates.target)),
    meanRate(perTriple.map((rates) => rates.holdout)),
  ];
  const tolerated = ABSOLUTE_EXCESS + RELATIVE_EXCESS * holdout.rate;
  const repeated = perTriple.reduce((sum, rates) => sum + rates.repeated, 0);
  return [
    {
      kind: 'statistical',
      gate: 'rare-combinations',
      scope: view.id,
      table: view.id,
      value: target.rate - holdout.rate,
      standardError: Math.sqrt(target.variance + holdout.variance),
      limit: tolerated,
      pValue: excessPValue(target, holdout, tolerated, view.sourceUnitCount),
      unitCount: Math.min(view.sourceUnitCount, view.targetUnitCount),
      range: [-1, 1],
      powered: () => true,
      explanation:
        `In ${percent(target.rate)} of rows a combination of three values is that of exactly one unit of the source ` +
        `(mean over ${triples.length} threes of columns); among real rows it is ${percent(holdout.rate)}.`,
    },
    exactGate('repeated-combination', view.id, view.id, {
      value: repeated,
      limit: 0,
      passes: repeated === 0,
      explanation:
        repeated === 0
          ? 'No combination of three values that one unit of the source holds is made oftener than chance makes it.'
          : `${repeated} combinations of three values that one unit of the source holds are made far oftener than chance makes them.`,
    }),
  ];
}

/** The rates of several overlapping looks at the same rows: their mean, with the variance of the widest. */
function meanRate(rates: readonly Rate[]): Rate {
  const mean = (of: (rate: Rate) => number): number => rates.reduce((sum, rate) => sum + of(rate), 0) / rates.length;
  return {
    count: mean((rate) => rate.count),
    total: rates[0].total,
    rate: mean((rate) => rate.rate),
    variance: Math.max(...rates.map((rate) => rate.variance)),
    designEffect: Math.max(...rates.map((rate) => rate.designEffect)),
  };
}

interface CodedColumn {
  readonly source: Int32Array;
  readonly target: Int32Array;
  /** Number of codes. */
  readonly size: number;
}

/** Values as they are, or steps of equal frequency in the source where an ordered column has many. */
function codesOf(column: ColumnView, rows: Record<'source' | 'target', readonly number[]>): CodedColumn {
  const stepOf = stepsOf(column);
  const places = new Map<string | number | null, number>();
  const codes = (side: 'source' | 'target'): Int32Array =>
    Int32Array.from(rows[side], (row) => {
      const numbers = side === 'source' ? column.sourceNumbers : column.targetNumbers;
      const value = stepOf === null ? column[side][row] : stepOf(numbers[row]);
      let code = places.get(value);
      if (code === undefined) places.set(value, (code = places.size));
      return code;
    });
  const [source, target] = [codes('source'), codes('target')];
  return { source, target, size: places.size };
}

/** Null for categories. */
function stepsOf(column: ColumnView): ((value: number) => number) | null {
  if (column.kind !== 'ordered') return null;
  const sorted = column.sourceNumbers.filter((value) => !Number.isNaN(value)).sort();
  if (new Set(sorted).size <= STEPS) return (value) => value;
  const cuts = [
    ...new Set(Array.from({ length: STEPS - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / STEPS)])),
  ];
  return (value) => {
    if (Number.isNaN(value)) return -1;
    let step = 0;
    while (step < cuts.length && value >= cuts[step]) step++;
    return step;
  };
}

function someRows(rowCount: number, random: RandomCursor): number[] {
  const all = Array.from({ length: rowCount }, (_, row) => row);
  return rowCount <= MAX_ROWS ? all : shuffled(all, random).slice(0, MAX_ROWS);
}

/** Different threes of the columns. Of a wide table they are drawn: all of them would be millions. */
function someTriples(count: number, random: RandomCursor): readonly (readonly number[])[] {
  if (count <= MAX_LISTED_COLUMNS) return shuffled(triplesOf(count), random).slice(0, MAX_TRIPLES);
  const triples = new Map<string, readonly number[]>();
  while (triples.size < MAX_TRIPLES) {
    const triple = [0, 1, 2].map(() => random.nextInteger(count)).sort((a, b) => a - b);
    if (new Set(triple).size === 3) triples.set(triple.join(' '), triple);
  }
  return [...triples.values()];
}

function triplesOf(count: number): [number, number, number][] {
  const triples: [number, number, number][] = [];
  for (let a = 0; a < count; a++)
    for (let b = a + 1; b < count; b++) for (let c = b + 1; c < count; c++) triples.push([a, b, c]);
  return triples;
}

/** Number of combinations of one source unit that are in the rows of more target units than chance puts them in. */
function repeatedCount(
  rowUnits: Record<'source' | 'target', readonly number[]>,
  source: Tuples,
  target: Tuples,
  coded: readonly CodedColumn[],
  triples: number,
): number {
  const holder = new Map<string | number, number>();
  source.forEach((tuple, row) => {
    const known = holder.get(tuple!);
    if (known === undefined) holder.set(tuple!, rowUnits.source[row]);
    else if (known !== rowUnits.source[row]) holder.set(tuple!, -1);
  });
  let singles = 0;
  for (const unit of holder.values()) if (unit >= 0) singles++;
  const rows = new Map<string | number, number[]>();
  target.forEach((tuple, row) => {
    if ((holder.get(tuple!) ?? -1) < 0) return;
    const own = rows.get(tuple!);
    if (own === undefined) rows.set(tuple!, [row]);
    else own.push(row);
  });
  const columns = coded.map((column) => column.target);
  const growths = coded.map(growthOf);
  const level = CHANCE / Math.max(1, singles * triples);
  const unitRatio = distinctCount(rowUnits.target) / Math.max(1, distinctCount(rowUnits.source));
  let pairs: ReadonlyMap<number, number>[] | null = null;
  let count = 0;
  for (const own of rows.values()) {
    const units = distinctCount(own.map((row) => rowUnits.target[row]));
    // Of so many units of both sides all but one are the target's; a value that is made oftener takes its combinations along.
    const ratio = unitRatio * Math.max(1, ...columns.map((codes, k) => growths[k](codes[own[0]])));
    if (binomialTail(units, units + 1, ratio / (1 + ratio)) >= level) continue;
    pairs ??= pairCounts(columns);
    if (poissonTail(units, BLUR * independentCount(own, columns, pairs)) < level) count++;
  }
  return count;
}

/** How much larger a code's share is in the target than in the source. */
function growthOf({ source, target, size }: CodedColumn): (code: number) => number {
  const count = (codes: Int32Array): Float64Array => {
    const counts = new Float64Array(size);
    for (const code of codes) counts[code] += 1 / codes.length;
    return counts;
  };
  const [real, made] = [count(source), count(target)];
  return (code) => (real[code] === 0 ? 1 : made[code] / real[code]);
}

/** Rows of the target by pairs of values (keys: the pair's place, and both), and by single values. */
function pairCounts(columns: readonly Int32Array[]): ReadonlyMap<number, number>[] {
  return [0, 1, 2].map((third) => {
    const [a, b] = [0, 1, 2].filter((place) => place !== third);
    const counts = new Map<number, number>();
    columns[0].forEach((_, row) => {
      for (const key of [pairKey(columns[a][row], columns[b][row]), singleKey(columns[third][row])])
        counts.set(key, (counts.get(key) ?? 0) + 1);
    });
    return counts;
  });
}

/**
 * How many rows would have all three values if two of them, as often as they go together elsewhere, met the third by
 * chance: the middle of the three ways to see it. Where structure is blurred all three agree; a combination that was
 * learned as one has pairs that are nowhere else.
 */
function independentCount(
  own: readonly number[],
  columns: readonly Int32Array[],
  counts: readonly ReadonlyMap<number, number>[],
): number {
  const row = own[0];
  const total = columns[0].length;
  const [, middle] = [0, 1, 2]
    .map((third) => {
      const [a, b] = [0, 1, 2].filter((place) => place !== third);
      const both = counts[third].get(pairKey(columns[a][row], columns[b][row]))! - own.length;
      const single = counts[third].get(singleKey(columns[third][row]))!;
      return (both * single) / total;
    })
    .sort((x, y) => x - y);
  return middle;
}

function pairKey(a: number, b: number): number {
  return a * 2 ** 26 + b;
}

/** Beside the pairs' keys, which are not negative. */
function singleKey(code: number): number {
  return -1 - code;
}

function distinctCount(values: readonly number[]): number {
  return new Set(values).size;
}
