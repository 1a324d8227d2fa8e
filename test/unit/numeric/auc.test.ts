import { describe, expect, it } from 'vitest';
import { rocAuc } from '../../../src/numeric/auc.ts';
import { RandomCursor, streamKey } from '../../../src/numeric/random.ts';

const cursor = new RandomCursor(streamKey(7, 'auc test')).seek(0);
const scores = (n: number, shift: number): Float64Array =>
  Float64Array.from({ length: n }, () => Math.floor(cursor.next() * 20) + shift);

function byPairs(positives: Float64Array, negatives: Float64Array): number {
  let wins = 0;
  for (const x of positives) for (const y of negatives) wins += x > y ? 1 : x === y ? 0.5 : 0;
  return wins / (positives.length * negatives.length);
}

describe('rocAuc', () => {
  it('agrees with its definition, ties included', () => {
    for (const shift of [0, 3, 30]) {
      const [x, y] = [scores(120, shift), scores(90, 0)];
      expect(rocAuc(x, y).auc).toBeCloseTo(byPairs(x, y), 12);
    }
    expect(rocAuc(Float64Array.of(), Float64Array.of(1)).auc).toBeNaN();
  });

  it('has the standard error that repeated draws show', () => {
    const estimates = Array.from({ length: 400 }, () => rocAuc(scores(80, 2), scores(60, 0)));
    const mean = estimates.reduce((total, { auc }) => total + auc, 0) / 400;
    const spread = Math.sqrt(estimates.reduce((total, { auc }) => total + (auc - mean) ** 2, 0) / 399);
    const typical = estimates.reduce((total, { standardError }) => total + standardError, 0) / 400;
    expect(typical / spread).toBeGreaterThan(0.87); // 400 draws give the spread to 3.5 %: four sigmas
    expect(typical / spread).toBeLessThan(1.15);
    const covered = estimates.filter(({ low, high }) => low <= mean && mean <= high).length / 400;
    expect(covered).toBeGreaterThan(0.9);
  });

  it('widens where scores come in clusters: copies of a row are no evidence', () => {
    const [x, y] = [scores(50, 2), scores(50, 0)];
    const fivefold = (values: Float64Array): Float64Array =>
      Float64Array.from({ length: 250 }, (_, i) => values[i % 50]);
    const clusters = Uint32Array.from({ length: 250 }, (_, i) => i % 50);
    const plain = rocAuc(x, y);
    const clustered = rocAuc(
      fivefold(x),
      fivefold(y),
      clusters,
      clusters.map((cluster) => cluster + 50),
    );
    expect(clustered.auc).toBeCloseTo(plain.auc, 12);
    expect(clustered.standardError).toBeCloseTo(plain.standardError, 10);
    expect(rocAuc(fivefold(x), fivefold(y)).standardError).toBeLessThan(plain.standardError / 2);
  });
});
