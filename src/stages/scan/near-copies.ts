import { neighbourRatios } from '../../metrics/closest-record.ts';
import { distinctRows, joinRows, nearestTwo, selectRows } from '../../metrics/gower.ts';
import type { EncodedRows } from '../../metrics/gower.ts';
import { attackAtRate } from '../../metrics/membership.ts';
import { RandomCursor, streamKey } from '../../numeric/random.ts';
import type { ScanInput } from './input.ts';
import { encodeSides, MAX_ROWS, MIN_COLUMNS, shuffled } from './reference-rows.ts';
import { informativeColumns } from './table-view.ts';
import type { ColumnView, TableView } from './table-view.ts';
import { percent } from './twins.ts';
import { notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

const GATE = 'near-copies';
/** Share of real rows that sit as closely on one row of others. */
const NATURAL_RATE = 0.01;
/** Real rows are compared with those of other units: each fold with all others, and the made rows fold by fold alike. */
const FOLDS = 4;
/** Rows of each side, one a unit. */
const MAX_UNITS = 2000;

/**
 * Near-copies: target rows that sit more closely on a single source row, both by its distance and by the second
 * nearest, than 99 in 100 real rows do on one of other units. It does not ask who was learned from, so it also finds rows that were copied
 * from all subjects alike, which a comparison of training and hold-out cannot.
 *
 * **Random** a stream of the table's own.
 */
export function nearCopyGates(view: TableView, input: ScanInput): OpenGate[] {
  if (view.graph?.subjectPath === null)
    return [notApplicable(GATE, view.id, view.id, 'Its rows belong to no subject.')];
  const columns = informativeColumns(view);
  if (columns.length < MIN_COLUMNS) {
    const reason = `${columns.length} of its columns were learned and tell rows apart, and ${MIN_COLUMNS} are needed.`;
    return [notApplicable(GATE, view.id, view.id, reason)];
  }
  const random = new RandomCursor(streamKey(input.seed, 'scan', 'near copies', view.id)).seek(0);
  const folds = closenessByFold(view, columns, random);
  const scores = { members: extremeness(folds.made, folds.real), others: extremeness(folds.real, folds.real) };
  const outcome = attackAtRate(scores, NATURAL_RATE, input.limits.nearCopies / NATURAL_RATE);
  if (outcome === null) {
    const reason = `With ${scores.others.length} units it is not known how closely 1 in 100 real rows sits on another.`;
    return [notApplicable(GATE, view.id, view.id, reason)];
  }
  const rate = outcome.truePositiveRate;
  return [
    {
      kind: 'statistical',
      gate: GATE,
      scope: view.id,
      table: view.id,
      value: rate,
      standardError: Math.sqrt((rate * (1 - rate)) / Math.max(1, scores.members.length)),
      limit: input.limits.nearCopies,
      pValue: outcome.pValue,
      unitCount: Math.min(view.sourceUnitCount, view.targetUnitCount),
      range: [0, 1],
      powered: () => true, // the test is exact
      explanation: `${percent(rate)} of made rows sit more closely on one source row than ${percent(1 - outcome.falsePositiveRate)} of real rows do on one of others.`,
    },
  ];
}

interface Closeness {
  /** To the nearest reference. */
  readonly distances: readonly number[];
  /** Of that to the distance of the second. */
  readonly ratios: readonly number[];
}

/**
 * Real rows and made ones against the real rows outside a fold: that of a real row's own unit, any for a made row. The
 * scales are made of the references alone, so that a real row's own values do not keep the others at a distance.
 */
function closenessByFold(
  view: TableView,
  columns: readonly ColumnView[],
  random: RandomCursor,
): { readonly real: Closeness; readonly made: Closeness } {
  const all = encodeSides(view, columns);
  const distinct = (rows: EncodedRows, count: number): number[] =>
    shuffled([...distinctRows(rows)], random).slice(0, count);
  const [source, target] = [distinct(all.source, 2 * MAX_ROWS), distinct(all.target, MAX_ROWS)];
  const queries = { source: oneEach(source, view.source.units), target: oneEach(target, view.target.units) };
  const real = { distances: [] as number[], ratios: [] as number[] };
  const made = { distances: [] as number[], ratios: [] as number[] };
  for (let fold = 0; fold < FOLDS; fold++) {
    const inFold = (unit: number): boolean => unit % FOLDS === fold;
    const references = source.filter((row) => !inFold(view.source.units[row]));
    const own = {
      source: queries.source.filter((row) => inFold(view.source.units[row])),
      target: queries.target.filter((row) => inFold(view.target.units[row])),
    };
    const encoded = encodeSides(view, columns, {
      source: [...own.source, ...references],
      target: own.target,
      scale: references,
    });
    const [query, reference] = [0, own.source.length].map((from, part) =>
      selectRows(
        encoded.source,
        Array.from({ length: part === 0 ? own.source.length : references.length }, (_, i) => from + i),
      ),
    );
    const neighbours = nearestTwo(joinRows(query, encoded.target), reference);
    const ratios = neighbourRatios(neighbours);
    for (let i = 0; i < ratios.length; i++) {
      const side = i < own.source.length ? real : made;
      side.distances.push(neighbours.first[i]);
      side.ratios.push(ratios[i]);
    }
  }
  return { real, made };
}

/**
 * How rare it is among real rows to come so near, or to have so small a ratio, whichever is less rare; higher = rarer.
 * Small ratios alone say nothing where real rows lie in heaps and made ones beside them, small distances alone nothing
 * where rows are of common kinds.
 */
function extremeness({ distances, ratios }: Closeness, real: Closeness): Float64Array {
  const [byDistance, byRatio] = [shareUpTo(real.distances), shareUpTo(real.ratios)];
  return Float64Array.from(distances, (distance, i) => -Math.max(byDistance(distance), byRatio(ratios[i])));
}

/** Share of values that do not exceed a given one. */
function shareUpTo(values: readonly number[]): (limit: number) => number {
  const ascending = Float64Array.from(values).sort();
  return (limit) => {
    let low = 0;
    let high = ascending.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ascending[middle] <= limit) low = middle + 1;
      else high = middle;
    }
    return low / ascending.length;
  };
}

/** The first of these rows of each of at most so many units. */
function oneEach(rows: readonly number[], units: ArrayLike<number>): number[] {
  const first = new Map<number, number>();
  for (const row of rows) if (first.size < MAX_UNITS && !first.has(units[row])) first.set(units[row], row);
  return [...first.values()];
}
