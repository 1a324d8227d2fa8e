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
const MAX_TRIPLES = 40;
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
  const coded = columns.map(codesOf);
  const triples = shuffled(triplesOf(columns.length), random).slice(0, MAX_TRIPLES);
  const perTriple = triples.map((triple) => {
    const tuples = (side: 'source' | 'target'): Tuples =>
      coded[triple[0]][side].map((a, row) => `${a} ${coded[triple[1]][side][row]} ${coded[triple[2]][side][row]}`);
    const [source, target] = [tuples('source'), tuples('target')];
    const repeated = repeatedCount(
      view,
      source,
      target,
      triple.map((c) => coded[c].target),
      triples.length,
    );
    return { ...twinRates(source, view.source.units, target, view.target.units), repeated };
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
      pValue: excessPValue(target, holdout, tolerated),
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
  readonly source: readonly string[];
  readonly target: readonly string[];
}

/** Values as they are, or steps of equal frequency in the source where an ordered column has many. */
function codesOf(column: ColumnView): CodedColumn {
  const text = (value: string | null): string => (value === null ? '\u0001' : value);
  if (column.kind !== 'ordered') return { source: column.source.map(text), target: column.target.map(text) };
  const sorted = column.sourceNumbers.filter((value) => !Number.isNaN(value)).sort();
  const isFew = new Set(sorted).size <= STEPS;
  const cuts = isFew
    ? []
    : [...new Set(Array.from({ length: STEPS - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / STEPS)]))];
  const code = (value: number): string => {
    if (Number.isNaN(value)) return '\u0001';
    if (isFew) return String(value);
    let step = 0;
    while (step < cuts.length && value >= cuts[step]) step++;
    return String(step);
  };
  return { source: Array.from(column.sourceNumbers, code), target: Array.from(column.targetNumbers, code) };
}

function triplesOf(count: number): [number, number, number][] {
  const triples: [number, number, number][] = [];
  for (let a = 0; a < count; a++)
    for (let b = a + 1; b < count; b++) for (let c = b + 1; c < count; c++) triples.push([a, b, c]);
  return triples;
}

/** Number of combinations of one source unit that are in the rows of more target units than chance puts them in. */
function repeatedCount(
  view: TableView,
  source: Tuples,
  target: Tuples,
  columns: readonly (readonly string[])[],
  triples: number,
): number {
  const holder = new Map<string, number>();
  source.forEach((tuple, row) => {
    const known = holder.get(tuple!);
    if (known === undefined) holder.set(tuple!, view.source.units[row]);
    else if (known !== view.source.units[row]) holder.set(tuple!, -1);
  });
  let singles = 0;
  for (const unit of holder.values()) if (unit >= 0) singles++;
  const rows = new Map<string, number[]>();
  target.forEach((tuple, row) => {
    if ((holder.get(tuple!) ?? -1) < 0) return;
    const own = rows.get(tuple!);
    if (own === undefined) rows.set(tuple!, [row]);
    else own.push(row);
  });
  const level = CHANCE / Math.max(1, singles * triples);
  const targetShare = view.targetUnitCount / Math.max(1, view.sourceUnitCount + view.targetUnitCount);
  let pairs: ReadonlyMap<string, number>[] | null = null;
  let count = 0;
  for (const own of rows.values()) {
    const units = new Set(own.map((row) => view.target.units[row])).size;
    // Of so many units of both sides all but one are the target's.
    if (binomialTail(units, units + 1, targetShare) >= level) continue;
    pairs ??= pairCounts(columns);
    if (poissonTail(units, BLUR * independentCount(own, columns, pairs)) < level) count++;
  }
  return count;
}

/** Rows of the target by pairs of values (keys: the pair's place, and both), and by single values. */
function pairCounts(columns: readonly (readonly string[])[]): ReadonlyMap<string, number>[] {
  return [0, 1, 2].map((third) => {
    const [a, b] = [0, 1, 2].filter((place) => place !== third);
    const counts = new Map<string, number>();
    columns[0].forEach((_, row) => {
      for (const key of [`${columns[a][row]}\0${columns[b][row]}`, columns[third][row]])
        counts.set(key, (counts.get(key) ?? 0) + 1);
    });
    return counts;
  });
}

/** How many rows would have all three values if two of them, as often as they go together elsewhere, met the third by chance. */
function independentCount(
  own: readonly number[],
  columns: readonly (readonly string[])[],
  counts: readonly ReadonlyMap<string, number>[],
): number {
  const row = own[0];
  const total = columns[0].length;
  return Math.max(
    ...[0, 1, 2].map((third) => {
      const [a, b] = [0, 1, 2].filter((place) => place !== third);
      const both = counts[third].get(`${columns[a][row]}\0${columns[b][row]}`)! - own.length;
      const single = counts[third].get(columns[third][row])!;
      return (both * single) / total;
    }),
  );
}
