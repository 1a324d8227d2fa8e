/** The white-box membership test of one table: does the model know its own training subjects better than others? */
import type { Chain } from '../../model/chain.ts';
import type { CodedColumn } from '../../model/coded-column.ts';
import { rocAuc } from '../../metrics/auc.ts';
import type { Split } from '../../kernel/split.ts';
import type { TableSample } from '../profile/artifact.ts';

/** Fewer tuning units than this say nothing. */
const MIN_UNITS_TESTED = 30;

export interface MembershipResult {
  /** P(likelihood of a fitting unit > that of a tuning unit); ½ is ideal. */
  readonly auc: number | null;
  readonly standardError: number | null;
  readonly unitCount: number;
}

/**
 * Compares the mean log-likelihood per row of units that the model was fitted on with that of tuning units. Rows that
 * occur on both sides, by the values of the `learned` columns, tell nothing and are left out.
 */
export function testMembership(
  chain: Chain,
  own: readonly CodedColumn[],
  context: readonly CodedColumn[],
  sample: TableSample,
  learned: readonly string[],
  splits: readonly Split[],
): MembershipResult {
  const bySplit = (split: Split): number[] => Array.from(sample.units.keys()).filter((row) => splits[sample.units[row]] === split);
  const columns = learned.map((name) => sample.columns.get(name)!);
  const key = (row: number): string => JSON.stringify(columns.map((values) => values[row]));
  const fit = bySplit('fit');
  const fitKeys = new Set(fit.map(key));
  const tune = bySplit('tune').filter((row) => !fitKeys.has(key(row)));
  const tuneKeys = new Set(bySplit('tune').map(key));
  const members = unitMeans(chain, own, context, sample, fit.filter((row) => !tuneKeys.has(key(row))));
  const others = unitMeans(chain, own, context, sample, tune);
  const unitCount = Math.min(members.length, others.length);
  if (unitCount < MIN_UNITS_TESTED) return { auc: null, standardError: null, unitCount };
  const { auc, standardError } = rocAuc(members, others);
  return { auc, standardError, unitCount };
}

function unitMeans(
  chain: Chain,
  own: readonly CodedColumn[],
  context: readonly CodedColumn[],
  sample: TableSample,
  rows: readonly number[],
): Float64Array {
  const likelihoods = chain.logLikelihoods(own, context, Int32Array.from(rows));
  const sums = new Map<number, { sum: number; count: number }>();
  rows.forEach((row, i) => {
    const entry = sums.get(sample.units[row]) ?? { sum: 0, count: 0 };
    entry.sum += likelihoods[i];
    entry.count++;
    sums.set(sample.units[row], entry);
  });
  return Float64Array.from([...sums.values()], ({ sum, count }) => sum / count);
}
