import { RandomCursor, streamKey } from '../../numeric/random.ts';
import {
  dcrShare,
  detectableEffect,
  neighbourRatios,
  neighbourRatioShare,
  smallerShare,
} from '../../metrics/closest-record.ts';
import type { ShareTest } from '../../metrics/closest-record.ts';
import { nearestTwo } from '../../metrics/gower.ts';
import type { Neighbours } from '../../metrics/gower.ts';
import type { TablePrivacy } from './artifact.ts';
import type { ScanInput } from './input.ts';
import {
  distinctSample,
  encodeSides,
  MAX_ROWS,
  MIN_COLUMNS,
  MIN_REFERENCE_ROWS,
  referenceSets,
} from './reference-rows.ts';
import { informativeColumns } from './table-view.ts';
import type { TableView } from './table-view.ts';
import { notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

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
