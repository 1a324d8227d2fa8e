/** The classifier two-sample test (C2ST): can a learner tell the rows of two sides apart? */
import { rocAuc } from '../numeric/auc.ts';
import { permuteIndex, type StreamKey } from '../numeric/random.ts';
import { BOOST_DEFAULTS, fitBoostedTrees, type CodedFeature } from './boosted-trees.ts';

export interface TwoSampleTest {
  /** Held-out AUC; 0.5 = cannot be told apart. */
  readonly auc: number;
  readonly standardError: number;
}

const FOLD_COUNT = 3;

/**
 * Held-out AUC of boosted trees that tell second rows from first ones, mean over the folds. All rows of a cluster are
 * in one fold, so that what is known of a subject does not give its other rows away.
 *
 * **Shapes** features F × codes [N]; first [n], second [m]: rows of the two sides; clusters [N].
 * **Domain** no cluster has rows on both sides; each side has at least 3 clusters.
 * **Random** `key`: which fold a cluster is in. **Source** Lopez-Paz and Oquab (2017).
 */
export function twoSampleTest(
  features: readonly CodedFeature[],
  first: Int32Array,
  second: Int32Array,
  clusters: Uint32Array,
  key: StreamKey,
): TwoSampleTest {
  const folds = new Map<number, number>();
  for (const side of [first, second]) {
    const distinct = [...new Set(Array.from(side, (row) => clusters[row]))];
    distinct.forEach((cluster, i) => folds.set(cluster, permuteIndex(key, i, distinct.length) % FOLD_COUNT));
  }
  const labels = new Float64Array(clusters.length);
  for (const row of second) labels[row] = 1;
  const count = first.length + second.length;
  const minLeafRows = Math.max(5, Math.min(BOOST_DEFAULTS.minLeafRows, Math.floor(count / 40)));
  let [auc, variance] = [0, 0];
  for (let fold = 0; fold < FOLD_COUNT; fold++) {
    const isHeldOut = (row: number): boolean => folds.get(clusters[row]) === fold;
    const training = Int32Array.from([...first, ...second].filter((row) => !isHeldOut(row)));
    const model = fitBoostedTrees(features, labels, training, { ...BOOST_DEFAULTS, minLeafRows });
    const [a, b] = [first.filter(isHeldOut), second.filter(isHeldOut)];
    const clustersOf = (rows: Int32Array): Uint32Array => Uint32Array.from(rows, (row) => clusters[row]);
    const estimate = rocAuc(model.scores(features, b), model.scores(features, a), clustersOf(b), clustersOf(a));
    auc += estimate.auc / FOLD_COUNT;
    variance += (estimate.standardError / FOLD_COUNT) ** 2;
  }
  // Values that are on both sides once, in other rows, mislead a learner; being misled is not telling apart.
  return { auc: Math.max(0.5, auc), standardError: Math.sqrt(variance) };
}
