/** How often tuples of the source's single units turn up again: in the target, and among real rows. */
import { binomialTail, normalTail } from '../../metrics/intervals.ts';

/** With fewer, a rate of the hold-out is too rough to compare with. */
const FEW_UNITS = 100;
/** Upper 95 % bound of a Poisson mean of which no event was seen. */
const UNSEEN = 3;

export interface Rate {
  readonly count: number;
  readonly total: number;
  readonly rate: number;
  /** Clustered by unit. */
  readonly variance: number;
  /** By how much clusters inflate a count's variance. */
  readonly designEffect: number;
}

/** One tuple a row; null says nothing of its row. */
export type Tuples = readonly (string | number | null)[];

export interface TwinRates {
  readonly target: Rate;
  /** Each unit of the source held out in turn: the leave-one-out (Good–Turing) estimate of meeting a single holder. */
  readonly holdout: Rate;
}

/** Share of rows whose tuple exactly one (other) unit of the source holds. **Shapes** units: one a row of each side. */
export function twinRates(
  source: Tuples,
  sourceUnits: ArrayLike<number>,
  target: Tuples,
  targetUnits: ArrayLike<number>,
): TwinRates {
  const holders = new Map<string | number, { first: number; second: number; isMany: boolean }>();
  source.forEach((tuple, row) => {
    if (tuple === null) return;
    const unit = sourceUnits[row];
    const holder = holders.get(tuple);
    if (holder === undefined) holders.set(tuple, { first: unit, second: -1, isMany: false });
    else if (holder.first !== unit && holder.second === -1) holder.second = unit;
    else if (holder.first !== unit && holder.second !== unit) holder.isMany = true;
  });
  const isSingle = (tuple: string | number | null): boolean => tuple !== null && holders.get(tuple)?.second === -1;
  const isPair = (tuple: string | number | null): boolean => {
    const holder = tuple === null ? undefined : holders.get(tuple);
    return holder !== undefined && holder.second !== -1 && !holder.isMany;
  };
  const twins = clusteredRate(
    Uint8Array.from(source, (tuple) => (isPair(tuple) ? 1 : 0)),
    sourceUnits,
  );
  return {
    target: clusteredRate(
      Uint8Array.from(target, (tuple) => (isSingle(tuple) ? 1 : 0)),
      targetUnits,
    ),
    holdout: { ...twins, variance: twins.variance * 2, designEffect: twins.designEffect * 2 }, // twins come in pairs
  };
}

export function clusteredRate(flags: Uint8Array, units: ArrayLike<number>): Rate {
  const total = flags.length;
  const count = flags.reduce((sum, flag) => sum + flag, 0);
  const rate = total === 0 ? 0 : count / total;
  const deviations = new Map<number, number>();
  for (let row = 0; row < total; row++)
    deviations.set(units[row], (deviations.get(units[row]) ?? 0) + flags[row] - rate);
  let squares = 0;
  for (const deviation of deviations.values()) squares += deviation * deviation;
  const variance = total === 0 ? 0 : squares / (total * total);
  const binomial = total === 0 ? 0 : (rate * (1 - rate)) / total;
  return { count, total, rate, variance, designEffect: binomial === 0 ? 1 : Math.max(1, variance / binomial) };
}

/**
 * P(so many in the target | its rate exceeds the hold-out's by `tolerated`).
 *
 * Normal where there are counts enough; else the exact binomial of the effective count, the hold-out's rate taken high.
 * Where the source has few units, that none is seen says little: three more might be (the upper 95 % bound of a count
 * of 0).
 */
export function excessPValue(target: Rate, holdout: Rate, tolerated: number, sourceUnitCount: number): number {
  if (target.count === 0 || target.total === 0) return 1;
  const effective = target.count / target.designEffect;
  const isSmall = sourceUnitCount < FEW_UNITS;
  const unseen = isSmall ? UNSEEN * holdout.designEffect : 0;
  const standardError = Math.sqrt(target.variance + holdout.variance);
  if (!isSmall && effective >= 30 && standardError > 0)
    return normalTail((target.rate - holdout.rate - tolerated) / standardError);
  const trials = Math.max(1, target.total / target.designEffect);
  const highRate = Math.min(
    1,
    (holdout.count + Math.sqrt(holdout.count * holdout.designEffect) + unseen) / Math.max(1, holdout.total) + tolerated,
  );
  return binomialTail(effective, Math.max(trials, effective), highRate);
}

export function percent(rate: number): string {
  return `${(100 * rate).toFixed(rate !== 0 && Math.abs(rate) < 0.01 ? 2 : 1)} %`;
}
