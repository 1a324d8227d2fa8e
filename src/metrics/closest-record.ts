import { nearestTwo } from './gower.ts';
import type { EncodedRows, Neighbours } from './gower.ts';
import { normalTail, normalTailQuantile } from './intervals.ts';

/** A statistic with its own uncertainty, tested one-sided against a limit. */
export interface ShareTest {
  readonly share: number;
  readonly standardError: number;
  /** P(a share as large | the true one is `limit`). */
  readonly pValue: number;
  /** Number of independent contributions that the weights are worth: (Σw)² / Σw². */
  readonly effectiveCount: number;
}

/** Rows with the unit (subject) of each. */
export interface UnitRows {
  readonly rows: EncodedRows;
  /** [rowCount] */
  readonly units: ArrayLike<number>;
}

export interface DcrShare extends ShareTest {
  readonly toTraining: Neighbours;
  readonly toHoldout: Neighbours;
}

/**
 * DCR share: P(d_train < d_holdout) + ½·P(equal) over synthetic rows, d the Gower distance to the closest record.
 *
 * Under the null hypothesis the synthetic rows know nothing of who was in the training set, so the labels of the
 * source's *units* are exchangeable. A unit's weight is the number of synthetic rows that lie closest to one of its
 * rows; the standard error is that of the share of weight that falls to the training units when labels are drawn at
 * random (sampling without replacement). This holds whatever the number of synthetic rows, and clusters by subject.
 *
 * **Domain** both reference sets de-duplicated, disjoint by unit, and of equal size: without that the number means
 * nothing. **Source** FIELD definition; randomisation variance: Cochran, Sampling Techniques (1977), eq. 2.20.
 * **Oracle** the variance over explicitly shuffled labels.
 */
export function dcrShare(synthetic: EncodedRows, training: UnitRows, holdout: UnitRows, limit: number): DcrShare {
  const toTraining = nearestTwo(synthetic, training.rows);
  const toHoldout = nearestTwo(synthetic, holdout.rows);
  const test = closerShare(toTraining.first, toHoldout.first, toTraining, toHoldout, training, holdout, limit);
  return { ...test, toTraining, toHoldout };
}

/**
 * The same share on neighbour ratios: P(NNDR_train < NNDR_holdout) + ½·P(equal). Both ratios belong to the same
 * synthetic rows, so a synthetic distribution that is off moves both alike; near-copies of training rows move one.
 */
export function neighbourRatioShare(
  { toTraining, toHoldout }: DcrShare,
  training: UnitRows,
  holdout: UnitRows,
  limit: number,
): ShareTest {
  return closerShare(
    neighbourRatios(toTraining),
    neighbourRatios(toHoldout),
    toTraining,
    toHoldout,
    training,
    holdout,
    limit,
  );
}

/** `a`, `b`: what is compared per synthetic row, smaller = closer; the win is credited to the nearest row's unit. */
function closerShare(
  a: Float64Array,
  b: Float64Array,
  toTraining: Neighbours,
  toHoldout: Neighbours,
  training: UnitRows,
  holdout: UnitRows,
  limit: number,
): ShareTest {
  const weights = new Map<string, number>();
  const credit = (side: 't' | 'h', unit: number, weight: number): void => {
    const key = `${side}${unit}`;
    weights.set(key, (weights.get(key) ?? 0) + weight);
  };
  let wins = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i] - b[i];
    const trainingWeight = difference < 0 ? 1 : difference > 0 ? 0 : 0.5;
    wins += trainingWeight;
    if (trainingWeight > 0) credit('t', training.units[toTraining.nearest[i]], trainingWeight);
    if (trainingWeight < 1) credit('h', holdout.units[toHoldout.nearest[i]], 1 - trainingWeight);
  }
  const trainingUnits = new Set(Array.from(training.units)).size;
  const holdoutUnits = new Set(Array.from(holdout.units)).size;
  return labelShareTest([...weights.values()], trainingUnits, holdoutUnits, wins, a.length, limit);
}

/**
 * Test of the share of weight that falls to one of two groups of units whose labels are exchangeable.
 * `weights`: of the units that have any; the others weigh nothing.
 */
export function labelShareTest(
  weights: readonly number[],
  groupUnits: number,
  otherUnits: number,
  wins: number,
  total: number,
  limit: number,
): ShareTest {
  const unitCount = groupUnits + otherUnits;
  if (total === 0 || unitCount < 2) return { share: 0.5, standardError: Infinity, pValue: 1, effectiveCount: 0 };
  const mean = total / unitCount;
  const squares = weights.reduce((sum, weight) => sum + weight * weight, 0);
  const variance = (squares - unitCount * mean * mean) / (unitCount - 1);
  const standardError = Math.sqrt(((groupUnits * otherUnits) / unitCount) * Math.max(0, variance)) / total;
  const share = wins / total;
  const pValue = standardError === 0 ? (share > limit ? 0 : 1) : normalTail((share - limit) / standardError);
  return { share, standardError, pValue, effectiveCount: squares === 0 ? 0 : (total * total) / squares };
}

/** NNDR: distance to the nearest over distance to the second nearest; 1 where both are 0 or there is no second. */
export function neighbourRatios(neighbours: Neighbours): Float64Array {
  return neighbours.first.map((first, i) => {
    const second = neighbours.second[i];
    return second === 0 || !Number.isFinite(second) ? 1 : first / second;
  });
}

/**
 * P(x < y) + ½·P(x = y): how often a value of the first sample is the smaller one; both samples clustered by unit.
 *
 * **Shapes** x [N], xUnits [N]; y [M], yUnits [M]. **Source** DeLong et al. (1988) with the cluster sums of
 * Obuchowski (1997), units on one side only. **Oracle** all N × M pairs; DeLong's variance for units of one row.
 */
export function smallerShare(
  x: Float64Array,
  xUnits: ArrayLike<number>,
  y: Float64Array,
  yUnits: ArrayLike<number>,
  limit: number,
): ShareTest {
  if (x.length === 0 || y.length === 0) return { share: 0.5, standardError: Infinity, pValue: 1, effectiveCount: 0 };
  const xScores = shareAbove(x, y);
  const yScores = shareAbove(y, x).map((score) => 1 - score);
  const share = xScores.reduce((sum, score) => sum + score, 0) / x.length;
  const standardError = Math.sqrt(clusterVariance(xScores, xUnits, share) + clusterVariance(yScores, yUnits, share));
  const pValue = standardError === 0 ? (share > limit ? 0 : 1) : normalTail((share - limit) / standardError);
  return { share, standardError, pValue, effectiveCount: Math.min(distinctCount(xUnits), distinctCount(yUnits)) };
}

/** For each x: the share of y above it, ties half. */
function shareAbove(x: Float64Array, y: Float64Array): Float64Array {
  const sorted = Float64Array.from(y).sort();
  return x.map((value) => {
    const below = lowerBound(sorted, value);
    const upTo = upperBound(sorted, value);
    return (sorted.length - upTo + (upTo - below) / 2) / sorted.length;
  });
}

function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function upperBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Variance of the mean of clustered scores around `centre`. */
function clusterVariance(scores: Float64Array, units: ArrayLike<number>, centre: number): number {
  const sums = new Map<number, number>();
  for (let i = 0; i < scores.length; i++) sums.set(units[i], (sums.get(units[i]) ?? 0) + scores[i] - centre);
  let squares = 0;
  for (const sum of sums.values()) squares += sum * sum;
  const clusters = sums.size;
  return clusters < 2 ? Infinity : ((squares / (scores.length * scores.length)) * clusters) / (clusters - 1);
}

function distinctCount(units: ArrayLike<number>): number {
  return new Set(Array.from(units)).size;
}

/** Smallest effect above the null that a one-sided test at `alpha` finds with 80 % power. */
export function detectableEffect(standardError: number, alpha: number): number {
  return (normalTailQuantile(alpha) + 0.8416212335729143) * standardError;
}
