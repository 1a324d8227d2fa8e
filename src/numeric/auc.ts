/** The area under the ROC curve, with its uncertainty. */

export interface AucEstimate {
  /** P(score of a positive > score of a negative) + ½ P(equal). */
  readonly auc: number;
  readonly standardError: number;
  /** Two-sided interval, cut to [0, 1]. */
  readonly low: number;
  readonly high: number;
  readonly positiveCount: number;
  readonly negativeCount: number;
}

/**
 * The Mann–Whitney estimate of the area under the ROC curve, ties counted half, with an interval that allows for the
 * scores of one cluster (a subject's rows) being alike: the variance of the placement values is taken between
 * clusters, without resampling. With one score a cluster it is DeLong's. NaN if a side is empty.
 *
 * **Shapes** positives [m], negatives [n]: scores; positiveClusters [m], negativeClusters [n]: cluster of each score.
 * **Domain** no cluster has scores on both sides. With fewer than two clusters on a side the interval is [0, 1].
 * **Units** `z`: half-width in standard errors, 1.96 for 95 %.
 * **Oracle** the definition by all m · n pairs; the spread of the estimate over repeated draws.
 * **Source** DeLong, DeLong, Clarke-Pearson (1988); Obuchowski: "Nonparametric analysis of clustered ROC curve data" (1997).
 */
export function rocAuc(
  positives: Float64Array,
  negatives: Float64Array,
  positiveClusters?: Uint32Array,
  negativeClusters?: Uint32Array,
  z = 1.96,
): AucEstimate {
  const ofPositives = placements(positives, negatives);
  const ofNegatives = placements(negatives, positives); // 1 − placement: its variance is the same
  const auc = mean(ofPositives);
  const variance =
    clusteredVariance(ofPositives, auc, positiveClusters) + clusteredVariance(ofNegatives, 1 - auc, negativeClusters);
  const standardError = Math.sqrt(variance);
  const isKnown = Number.isFinite(standardError) && Number.isFinite(auc);
  return {
    auc,
    standardError,
    low: isKnown ? Math.max(0, auc - z * standardError) : 0,
    high: isKnown ? Math.min(1, auc + z * standardError) : 1,
    positiveCount: positives.length,
    negativeCount: negatives.length,
  };
}

/** For each score, the share of the others that it exceeds, equal ones counted half. **Shapes** [m], [n] → [m]. */
function placements(scores: Float64Array, others: Float64Array): Float64Array {
  const sorted = others.slice().sort();
  return scores.map(
    (score) => (countBelow(sorted, score, false) + countBelow(sorted, score, true)) / (2 * sorted.length),
  );
}

/** Number of values below (or not above) a limit in an ascending array. */
function countBelow(ascending: Float64Array, limit: number, orEqual: boolean): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] < limit || (orEqual && ascending[middle] === limit)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mean(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total / values.length;
}

/** Variance of the mean of values that come in clusters. */
function clusteredVariance(values: Float64Array, average: number, clusters: Uint32Array | undefined): number {
  const deviations = new Map<number, number>();
  values.forEach((value, i) => {
    const cluster = clusters === undefined ? i : clusters[i];
    deviations.set(cluster, (deviations.get(cluster) ?? 0) + value - average);
  });
  let squares = 0;
  for (const deviation of deviations.values()) squares += deviation * deviation;
  const clusterCount = deviations.size;
  return clusterCount < 2 ? Infinity : (clusterCount / (clusterCount - 1)) * (squares / values.length ** 2);
}
