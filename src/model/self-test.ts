import { type AucEstimate, rocAuc } from '../numeric/auc.ts';
import { permuteIndex, streamKey } from '../numeric/random.ts';
import { type Chain, type ChainOptions, fitChain, type NamedColumn } from './chain.ts';

/**
 * The white-box membership test: does the model find the rows that it learned from likelier than others of the same
 * population? Memorising shows here when neither copies nor distances show it.
 */

/** Above this AUC the report warns. */
export const MEMBERSHIP_WARNING = 0.6;

export interface MembershipResult {
  /** Rows that occur on one side only, once each; as many learned as unlearned ones were taken before. null: too few. */
  readonly rows: AucEstimate | null;
  /** The same on the mean of each unit's rows. */
  readonly units: AucEstimate | null;
}

/** Fewer scores on a side than this say nothing. */
const FEWEST_SCORES = 30;

/**
 * Compares the log-likelihoods of learned and unlearned rows.
 *
 * Rows that both sides have say nothing about membership, so they are left out on both sides; that is fair only
 * between sides of equal size, so the larger side is first cut to the size of the smaller one, by whole units.
 *
 * **Shapes** columns and context: codes [N]; units [N]; learned and unlearned: row numbers, disjoint by unit.
 * **Random** a fixed key: the result is a function of the data and the chain.
 */
export function testMembership(
  chain: Pick<Chain, 'logLikelihoods'>,
  columns: readonly NamedColumn[],
  context: readonly NamedColumn[],
  units: Uint32Array,
  learned: Int32Array,
  unlearned: Int32Array,
): MembershipResult {
  const size = Math.min(learned.length, unlearned.length);
  const all = [...context, ...columns];
  const [own, other] = withoutShared(all, takeUnits(learned, units, size), takeUnits(unlearned, units, size));
  const score = (rows: Int32Array): Scores => ({
    values: chain.logLikelihoods(
      columns.map(({ column }) => column),
      context.map(({ column }) => column),
      rows,
    ),
    units: Uint32Array.from(rows, (row) => units[row]),
  });
  const ownScores = score(own);
  const otherScores = score(other);
  return { rows: compare(ownScores, otherScores), units: compare(unitMeans(ownScores), unitMeans(otherScores)) };
}

/** The larger of the two AUCs; null if neither could be estimated. */
export function worstAuc(result: MembershipResult): AucEstimate | null {
  if (result.rows === null || result.units === null) return result.rows ?? result.units;
  return result.units.auc > result.rows.auc ? result.units : result.rows;
}

interface Scores {
  readonly values: Float64Array;
  readonly units: Uint32Array;
}

function compare(own: Scores, other: Scores): AucEstimate | null {
  if (Math.min(own.values.length, other.values.length) < FEWEST_SCORES) return null;
  return rocAuc(own.values, other.values, own.units, other.units);
}

function unitMeans({ values, units }: Scores): Scores {
  const sums = new Map<number, { total: number; count: number }>();
  values.forEach((value, i) => {
    const entry = sums.get(units[i]) ?? { total: 0, count: 0 };
    entry.total += value;
    entry.count++;
    sums.set(units[i], entry);
  });
  return {
    values: Float64Array.from([...sums.values()], ({ total, count }) => total / count),
    units: Uint32Array.from(sums.keys()),
  };
}

/** Rows of whole units, in a fixed random order of units, until there are `size` of them. */
function takeUnits(rows: Int32Array, units: Uint32Array, size: number): Int32Array {
  if (rows.length <= size) return rows;
  const byUnit = new Map<number, number[]>();
  for (const row of rows) {
    const list = byUnit.get(units[row]);
    if (list === undefined) byUnit.set(units[row], [row]);
    else list.push(row);
  }
  const groups = [...byUnit.values()];
  const key = streamKey(0, 'self-test');
  const taken: number[] = [];
  for (let i = 0; i < groups.length && taken.length < size; i++) {
    taken.push(...groups[permuteIndex(key, i, groups.length)]);
  }
  return Int32Array.from(taken);
}

/** Both sides without rows that the other side has too, and each row once. */
function withoutShared(columns: readonly NamedColumn[], left: Int32Array, right: Int32Array): [Int32Array, Int32Array] {
  const keyOf = (row: number): string => columns.map(({ column }) => String.fromCharCode(column.codes[row])).join('');
  const leftKeys = Array.from(left, keyOf);
  const rightKeys = Array.from(right, keyOf);
  return [only(left, leftKeys, new Set(rightKeys)), only(right, rightKeys, new Set(leftKeys))];
}

function only(rows: Int32Array, keys: readonly string[], excluded: ReadonlySet<string>): Int32Array {
  const seen = new Set<string>();
  return rows.filter((_, i) => {
    if (excluded.has(keys[i]) || seen.has(keys[i])) return false;
    seen.add(keys[i]);
    return true;
  });
}

export interface SelfTestOptions {
  /** Refit above this AUC. */
  readonly limit: number;
  /** Most refits. */
  readonly maxRefits: number;
  /** Factor of the gate at each refit. */
  readonly gateStep: number;
}

export const SELF_TEST_DEFAULTS: SelfTestOptions = { limit: MEMBERSHIP_WARNING, maxRefits: 4, gateStep: 1.5 };

export interface SelfTestAttempt {
  readonly gate: number;
  readonly membership: MembershipResult;
}

export interface TestedFit<Model> {
  readonly model: Model;
  /** In order; the last one is of the model that was kept. */
  readonly attempts: readonly SelfTestAttempt[];
  /** pass: below the warning; warn: above it or above the limit still; underpowered: it could not be measured. */
  readonly verdict: 'pass' | 'warn' | 'underpowered';
}

/**
 * Fits, tests, and fits again behind a higher gate while the model tells learned from unlearned rows better than the
 * limit allows. The point estimate decides: a limit that only its lower bound must meet would let small tables leak.
 */
export function fitUntilSafe<Model>(
  fit: (gate: number) => Model,
  test: (model: Model) => MembershipResult,
  gate: number,
  options: SelfTestOptions = SELF_TEST_DEFAULTS,
): TestedFit<Model> {
  const attempts: SelfTestAttempt[] = [];
  for (let current = gate; ; current *= options.gateStep) {
    const model = fit(current);
    const membership = test(model);
    attempts.push({ gate: current, membership });
    const auc = worstAuc(membership)?.auc;
    if (auc !== undefined && auc > options.limit && attempts.length <= options.maxRefits) continue;
    const verdict =
      auc === undefined ? 'underpowered' : auc > MEMBERSHIP_WARNING || auc > options.limit ? 'warn' : 'pass';
    return { model, attempts, verdict };
  }
}

/**
 * A chain fitted on `learned` and tested against `unlearned`, refitted behind a higher gate where needed.
 * **Shapes** as `fitChain` and `testMembership`.
 */
export function fitWithSelfTest(
  columns: readonly NamedColumn[],
  context: readonly NamedColumn[],
  units: Uint32Array,
  learned: Int32Array,
  unlearned: Int32Array,
  options: ChainOptions,
  selfTest: SelfTestOptions = SELF_TEST_DEFAULTS,
): TestedFit<Chain> {
  return fitUntilSafe(
    (gate) => fitChain(columns, context, units, { ...options, gate, rows: learned }),
    (chain) => testMembership(chain, columns, context, units, learned, unlearned),
    options.gate,
    selfTest,
  );
}
