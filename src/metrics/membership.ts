/** Black-box membership attacks: who was learned from, told from the released rows alone. */
import { type AucEstimate, rocAuc } from '../numeric/auc.ts';
import { joinRows, nearestTwo } from './gower.ts';
import type { EncodedRows, Neighbours } from './gower.ts';
import type { UnitRows } from './closest-record.ts';
import { binomialTail } from './intervals.ts';

/** Keeps a distance of 0 from being infinitely likely. */
const DENSITY_FLOOR = 1e-3;

/** Higher = likelier a member. One score a unit: attacks on single rows underestimate what a subject's rows tell together. */
export interface UnitScores {
  readonly members: Float64Array;
  readonly others: Float64Array;
}

/**
 * Two scores of how likely a unit's rows were learned from. `distance`: how near the released rows come to them.
 * `density`: how much denser the released rows are there than real rows of nobody concerned, the log of the ratio of
 * the distances to the two nearest.
 *
 * **Domain** `reference` disjoint by unit from both sides. **Source** DOMIAS (van Breugel et al. 2023), with
 * nearest-neighbour densities (Loftsgaarden and Quesenberry 1965).
 */
export function membershipScores(
  members: UnitRows,
  others: UnitRows,
  released: EncodedRows,
  reference: EncodedRows,
): { readonly distance: UnitScores; readonly density: UnitScores } {
  const rows = joinRows(members.rows, others.rows);
  const [near, usual] = [nearestTwo(rows, released), nearestTwo(rows, reference)];
  const split = (scores: Float64Array): UnitScores => ({
    members: unitMeans(scores.subarray(0, members.rows.rowCount), members.units),
    others: unitMeans(scores.subarray(members.rows.rowCount), others.units),
  });
  return {
    distance: split(near.first.map((distance) => -distance)),
    density: split(near.first.map((_, i) => Math.log(meanDistance(usual, i) / meanDistance(near, i)))),
  };
}

function meanDistance({ first, second }: Neighbours, i: number): number {
  return (Number.isFinite(second[i]) ? (first[i] + second[i]) / 2 : first[i]) + DENSITY_FLOOR;
}

function unitMeans(scores: Float64Array, units: ArrayLike<number>): Float64Array {
  const sums = new Map<number, { total: number; count: number }>();
  scores.forEach((score, i) => {
    const sum = sums.get(units[i]) ?? { total: 0, count: 0 };
    sum.total += score;
    sum.count++;
    sums.set(units[i], sum);
  });
  return Float64Array.from(sums.values(), ({ total, count }) => total / count);
}

/** P(a member scores higher than another) + ½ P(equal), with DeLong's standard error. */
export function membershipAuc({ members, others }: UnitScores): AucEstimate {
  return rocAuc(members, others);
}

export interface LowRateAttack {
  /** Share of the others that the threshold lets through: at most the rate asked for, as near to it as ties allow. */
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
  /** P(so many members above the threshold | a unit above it is a member at odds of at most `maxOdds` to 1). */
  readonly pValue: number;
}

/**
 * The rate of members found at a low rate of false alarms.
 *
 * The test is exact and needs no variance: given how many units lie above the threshold, the number of members among
 * them is binomial, whatever the threshold; members and others are equally many, so odds are the ratio of the rates.
 *
 * **Domain** rate · others ≥ 1, else null: the rate cannot be observed. **Source** Carlini et al. (2022) for the quantity.
 * **Oracle** scores of one distribution give p-values that are uniform or larger.
 */
export function attackAtRate({ members, others }: UnitScores, rate: number, maxOdds: number): LowRateAttack | null {
  const allowed = Math.floor(rate * others.length + 1e-9);
  if (allowed < 1 || members.length === 0) return null;
  const ascending = others.slice().sort();
  // At this score `allowed` of the others are let through, or fewer where scores are equal.
  const threshold = ascending[ascending.length - allowed - 1] ?? -Infinity;
  const above = (scores: Float64Array): number =>
    scores.reduce((count, score) => count + (score > threshold ? 1 : 0), 0);
  const [found, alarms] = [above(members), above(others)];
  const odds = (maxOdds * members.length) / others.length;
  return {
    falsePositiveRate: alarms / others.length,
    truePositiveRate: found / members.length,
    // One more alarm than seen stands for the threshold being drawn from the others themselves.
    pValue: binomialTail(found, found + alarms + 1, odds / (1 + odds)),
  };
}
