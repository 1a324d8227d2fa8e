import { RandomCursor, streamKey } from '../../numeric/random.ts';
import {
  dcrShare,
  detectableEffect,
  neighbourRatios,
  neighbourRatioShare,
  smallerShare,
} from '../../metrics/closest-record.ts';
import type { ShareTest, UnitRows } from '../../metrics/closest-record.ts';
import { distinctRows, encodedQuantile, nearestTwo, quantileScale, selectRows } from '../../metrics/gower.ts';
import type { EncodedRows, Neighbours } from '../../metrics/gower.ts';
import type { TablePrivacy } from './artifact.ts';
import type { ScanInput } from './input.ts';
import { informativeColumns } from './table-view.ts';
import type { ColumnView, TableView } from './table-view.ts';
import { notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

/** Fewer columns make every row everybody's neighbour. */
const MIN_COLUMNS = 3;
/** More rows a side cost time and hardly narrow an interval that the subjects' number limits. */
const MAX_ROWS = 5000;
/** A reference set smaller than this says nothing. */
const MIN_REFERENCE_ROWS = 20;
/** Fewer hold-out units than this, and those of `tune` join them: they took no part in fitting either. */
const WANTED_HOLDOUT_UNITS = 200;

export interface DistanceOutcome {
  readonly gates: readonly OpenGate[];
  readonly dcrShare: number | null;
  readonly dcrStandardError: number;
  readonly distanceBins: TablePrivacy['distanceBins'];
}

/**
 * Distances to the closest record. Training and hold-out rows are de-duplicated, disjoint by unit and of equal size.
 *
 * `dcr-share` asks whether target rows lie closer to rows that were learned from than to rows that were not;
 * `neighbour-ratio` (NNDR) whether they sit on single rows more among the former than among the latter. Neither can be
 * asked where it is not known what the target was made from (`holdout: 'unknown'`); there target rows are compared
 * with unseen real rows, in their ratios and in how close they come to the rest of the source, which counts only
 * where the ratio agrees, since rows of common kinds lie close to others without anyone having copied them.
 */
export function distanceGates(view: TableView, input: ScanInput): DistanceOutcome {
  const nothing = { dcrShare: null, dcrStandardError: 0, distanceBins: [] };
  const columns = informativeColumns(view);
  if (columns.length < MIN_COLUMNS) {
    const reason = `Distances were not compared: ${columns.length} of its columns were learned and tell rows apart, and ${MIN_COLUMNS} are needed.`;
    return {
      ...nothing,
      gates: ['dcr-share', 'neighbour-ratio'].map((gate) => notApplicable(gate, view.id, view.id, reason)),
    };
  }
  const random = new RandomCursor(streamKey(input.seed, 'scan', 'distances', view.id)).seek(0);
  const sides = encodeSides(view, columns);
  const sets = referenceSets(view, sides.source, random);
  if (sets.training.rows.rowCount < MIN_REFERENCE_ROWS) {
    const reason = `Distances were not compared: only ${sets.training.rows.rowCount} distinct rows are in each of the two reference sets.`;
    return {
      ...nothing,
      gates: ['dcr-share', 'neighbour-ratio'].map((gate) => notApplicable(gate, view.id, view.id, reason)),
    };
  }
  const { limits } = input;
  const unitCount = Math.min(view.sourceUnitCount, view.targetUnitCount);
  const ratioGate = (test: ShareTest, explanation: string): OpenGate => ({
    kind: 'statistical',
    gate: 'neighbour-ratio',
    scope: view.id,
    table: view.id,
    value: test.share,
    standardError: test.standardError,
    limit: limits.neighbourShare,
    pValue: test.pValue,
    unitCount,
    range: [0, 1],
    powered: (alpha) => detectableEffect(test.standardError, alpha) <= limits.detectable,
    explanation,
  });

  if (input.holdout === 'unknown') {
    const synthetic = distinctSample(sides.target, view.target.units, sets.drawnRowCount, random);
    const toRest = nearestTwo(synthetic.rows, sets.rest.rows);
    const holdoutToRest = nearestTwo(sets.holdout.rows, sets.rest.rows);
    const ratio = smallerShare(
      neighbourRatios(toRest),
      synthetic.units,
      neighbourRatios(holdoutToRest),
      sets.holdout.units,
      limits.neighbourShare,
    );
    const closeness = smallerShare(
      toRest.first,
      synthetic.units,
      holdoutToRest.first,
      sets.holdout.units,
      limits.dcrShare,
    );
    return {
      gates: [
        {
          kind: 'statistical',
          gate: 'dcr-share',
          scope: view.id,
          table: view.id,
          value: closeness.share,
          standardError: closeness.standardError,
          limit: limits.dcrShare,
          pValue: Math.max(closeness.pValue, ratio.pValue),
          unitCount,
          range: [0, 1],
          powered: (alpha) => detectableEffect(closeness.standardError, alpha) <= limits.detectable,
          explanation:
            `${percent(closeness.share)} of target rows lie closer to the source than one of its own rows does to the rest; 50 % is what real rows show. ` +
            'More fails where the neighbour ratio says the same.',
        },
        ratioGate(
          ratio,
          `In ${percent(ratio.share)} of comparisons a target row sits closer on its one nearest source row, measured by the second nearest, than an unseen real row does; ` +
            '50 % is ideal, more means near-copies.',
        ),
      ],
      dcrShare: closeness.share,
      dcrStandardError: closeness.standardError,
      distanceBins: histogram(toRest, holdoutToRest),
    };
  }

  const queries = distinctSample(sides.target, view.target.units, MAX_ROWS, random);
  const share = dcrShare(queries.rows, sets.training, sets.holdout, limits.dcrShare);
  const ratio = neighbourRatioShare(share, sets.training, sets.holdout, limits.neighbourShare);
  return {
    gates: [
      {
        kind: 'statistical',
        gate: 'dcr-share',
        scope: view.id,
        table: view.id,
        value: share.share,
        standardError: share.standardError,
        limit: limits.dcrShare,
        pValue: share.pValue,
        unitCount,
        range: [0, 1],
        powered: (alpha) => detectableEffect(share.standardError, alpha) <= limits.detectable,
        explanation:
          `${percent(share.share)} of target rows lie closer to a row that was learned from than to one that was not ` +
          `(${sets.training.rows.rowCount} of each, no subject in both); 50 % is ideal, more means that training rows shine through.`,
      },
      ratioGate(
        ratio,
        `In ${percent(ratio.share)} of target rows the nearest row stands out more from the second nearest among rows that were learned from than among unseen ones; ` +
          '50 % is ideal, more means near-copies.',
      ),
    ],
    dcrShare: share.share,
    dcrStandardError: share.standardError,
    distanceBins: histogram(share.toTraining, share.toHoldout),
  };
}

function encodeSides(
  view: TableView,
  columns: readonly ColumnView[],
): { readonly source: EncodedRows; readonly target: EncodedRows } {
  const numeric = columns.filter((column) => column.kind === 'ordered');
  const coded = columns.filter((column) => column.kind === 'categorical');
  const scales = numeric.map((column) => quantileScale(column.sourceNumbers));
  const dictionaries = coded.map(() => new Map<string | null, number>());
  const encode = (side: 'source' | 'target', rowCount: number): EncodedRows => {
    const quantiles = new Int16Array(rowCount * numeric.length);
    const codes = new Int32Array(rowCount * coded.length);
    numeric.forEach((column, c) => {
      const values = side === 'source' ? column.sourceNumbers : column.targetNumbers;
      for (let row = 0; row < rowCount; row++)
        quantiles[row * numeric.length + c] = encodedQuantile(scales[c], values[row]);
    });
    coded.forEach((column, c) => {
      const dictionary = dictionaries[c];
      for (let row = 0; row < rowCount; row++) {
        const value = column[side][row];
        let code = dictionary.get(value);
        if (code === undefined) dictionary.set(value, (code = dictionary.size));
        codes[row * coded.length + c] = code;
      }
    });
    return { rowCount, numeric: quantiles, numericCount: numeric.length, codes, codeCount: coded.length };
  };
  return { source: encode('source', view.source.rowCount), target: encode('target', view.target.rowCount) };
}

interface ReferenceSets {
  /** Equal in size, distinct rows, disjoint by unit. */
  readonly training: UnitRows;
  readonly holdout: UnitRows;
  /** More of the source without the hold-out's units. */
  readonly rest: UnitRows;
  /** Rows of the hold-out before equal ones were dropped: what a comparable sample of the target must have. */
  readonly drawnRowCount: number;
}

function referenceSets(view: TableView, source: EncodedRows, random: RandomCursor): ReferenceSets {
  const rowsOf = (...splits: readonly string[]): number[] => {
    const rows: number[] = [];
    view.sourceSplits.forEach((split, row) => splits.includes(split) && rows.push(row));
    return rows;
  };
  const unitsOf = (rows: readonly number[]): number[] => [...new Set(rows.map((row) => view.source.units[row]))];
  const testRows = rowsOf('test');
  const joinTune = unitsOf(testRows).length < WANTED_HOLDOUT_UNITS;
  const holdoutRows = joinTune ? rowsOf('test', 'tune') : testRows;
  const fitRows = rowsOf('fit');
  const holdoutUnits = unitsOf(holdoutRows);
  const fitUnits = new Set(shuffled(unitsOf(fitRows), random).slice(0, holdoutUnits.length));

  const pick = (rows: readonly number[]): number[] => {
    const drawn = shuffled([...rows], random);
    const positions = distinctRows(selectRows(source, drawn));
    return Array.from(positions, (position) => drawn[position]);
  };
  const training = pick(fitRows.filter((row) => fitUnits.has(view.source.units[row])));
  const holdout = pick(holdoutRows);
  const size = Math.min(training.length, holdout.length, MAX_ROWS);
  const unitRows = (rows: readonly number[]): UnitRows => ({
    rows: selectRows(source, rows),
    units: rows.map((row) => view.source.units[row]),
  });
  return {
    training: unitRows(training.slice(0, size)),
    holdout: unitRows(holdout.slice(0, size)),
    rest: unitRows(pick(joinTune ? fitRows : rowsOf('fit', 'tune')).slice(0, 2 * MAX_ROWS)),
    drawnRowCount: Math.round((holdoutRows.length * size) / Math.max(1, holdout.length)),
  };
}

/** Distinct rows among so many drawn at random. */
function distinctSample(rows: EncodedRows, units: Uint32Array, rowCount: number, random: RandomCursor): UnitRows {
  const drawn = shuffled(
    Array.from({ length: rows.rowCount }, (_, i) => i),
    random,
  ).slice(0, rowCount);
  const kept = Array.from(distinctRows(selectRows(rows, drawn)), (position) => drawn[position]);
  return { rows: selectRows(rows, kept), units: kept.map((row) => units[row]) };
}

/** Fisher–Yates, in place. */
function shuffled<T>(items: T[], random: RandomCursor): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.nextInteger(i + 1);
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}

/** Shares of distances in 20 equal steps up to the 99th percentile of both. */
function histogram(a: Neighbours, b: Neighbours): TablePrivacy['distanceBins'] {
  const all = [...a.first, ...b.first].filter(Number.isFinite).sort((x, y) => x - y);
  const top = all[Math.floor((all.length - 1) * 0.99)];
  if (top === undefined || top === 0) return [];
  const stepCount = 20;
  const share = (distances: Float64Array): number[] => {
    const counts = new Array<number>(stepCount).fill(0);
    for (const distance of distances) counts[Math.min(stepCount - 1, Math.floor((distance / top) * stepCount))]++;
    return counts.map((count) => count / Math.max(1, distances.length));
  };
  const [left, right] = [share(a.first), share(b.first)];
  return left.map((value, i) => [((i + 1) * top) / stepCount, value, right[i]] as const);
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)} %`;
}
