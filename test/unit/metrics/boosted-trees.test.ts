import { expect, test } from 'vitest';
import { BOOST_DEFAULTS, fitBoostedTrees, type CodedFeature } from '../../../src/metrics/boosted-trees.ts';
import { twoSampleTest } from '../../../src/metrics/two-sample.ts';
import { rocAuc } from '../../../src/numeric/auc.ts';
import { RandomCursor, streamKey } from '../../../src/numeric/random.ts';

const KEY = streamKey(5, 'boosted trees');
const rowsOf = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);

/** `count` rows of random codes; the third column is a category. */
function features(count: number): CodedFeature[] {
  const random = new RandomCursor(KEY, 1).seek(0);
  return [20, 20, 8].map((size, f) => ({
    codes: Uint8Array.from({ length: count }, () => random.nextInteger(size)),
    size,
    ordered: f < 2,
  }));
}

function aucOf(scores: Float64Array, labels: Float64Array, rows: Int32Array): number {
  const side = (label: number): Float64Array => scores.filter((_, i) => labels[rows[i]] === label);
  return rocAuc(side(1), side(0)).auc;
}

test('an interaction of two columns and a set of levels is learned, and a label without cause is not', () => {
  const inputs = features(6000);
  const [a, b, c] = inputs.map(({ codes }) => codes);
  const xor = Float64Array.from(a, (code, i) => (code < 10 !== b[i] < 10 || [1, 4, 6].includes(c[i]) ? 1 : 0));
  const random = new RandomCursor(KEY, 2).seek(0);
  const none = Float64Array.from(a, () => (random.next() < 0.5 ? 1 : 0));
  const [training, test_] = [rowsOf(0, 4000), rowsOf(4000, 6000)];
  const score = (labels: Float64Array): number =>
    aucOf(fitBoostedTrees(inputs, labels, training, BOOST_DEFAULTS).scores(inputs, test_), labels, test_);
  expect(score(xor)).toBeGreaterThan(0.97);
  // Half-width of four standard errors of an AUC of 2,000 rows: 4 · √(1/12 · 2/1000) = 0.05.
  expect(Math.abs(score(none) - 0.5)).toBeLessThan(0.05);
});

test('squared loss estimates means, and fitting twice gives the same', () => {
  const inputs = features(3000);
  const labels = Float64Array.from(inputs[0].codes, (code, i) => code * 0.5 + (inputs[2].codes[i] === 3 ? 4 : 0));
  const rows = rowsOf(0, 3000);
  const fit = (): Float64Array =>
    fitBoostedTrees(inputs, labels, rows, { ...BOOST_DEFAULTS, loss: 'squared', roundCount: 60 }).scores(inputs, rows);
  const estimates = fit();
  const error = estimates.reduce((sum, value, i) => sum + (value - labels[i]) ** 2, 0) / rows.length;
  expect(error).toBeLessThan(0.05); // the labels' variance is about 10
  expect(fit()).toEqual(estimates);
});

test('rows of one distribution cannot be told apart, shifted ones can, and a subject does not give itself away', () => {
  const inputs = features(4000);
  const [first, second] = [rowsOf(0, 2000), rowsOf(2000, 4000)];
  const own = Uint32Array.from({ length: 4000 }, (_, row) => row);
  const fair = twoSampleTest(inputs, first, second, own, KEY);
  expect(fair.auc).toBeLessThanOrEqual(0.5 + 4 * fair.standardError);
  const shifted = inputs.map((feature, f) =>
    f === 0
      ? { ...feature, codes: feature.codes.map((code, row) => (row < 2000 ? code : Math.min(19, code + 4))) }
      : feature,
  );
  expect(twoSampleTest(shifted, first, second, own, KEY).auc).toBeGreaterThan(0.6);
  // Twenty rows a subject, all with the subject's own code: rows of a known subject are recognised by it.
  const clusters = own.map((row) => Math.floor(row / 20));
  const subject: CodedFeature = {
    codes: Uint8Array.from(clusters, (unit) => (unit * 97) % 211),
    size: 211,
    ordered: false,
  };
  const kept = twoSampleTest([subject], first, second, clusters, KEY);
  expect(kept.auc).toBeLessThanOrEqual(0.5 + 4 * kept.standardError);
  expect(twoSampleTest([subject], first, second, own, KEY).auc).toBeGreaterThan(0.9);
});
