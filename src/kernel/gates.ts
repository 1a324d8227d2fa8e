export type GateVerdict = 'pass' | 'fail' | 'underpowered' | 'not-applicable';

/** One gate's answer for one scope. */
export interface GateResult {
  /** `integrity`, `direct-identifiers`, `low-entropy-personal`, `copies`, `dcr-share`, `membership-white-box`, `marginals`, `cardinalities` … */
  readonly gate: string;
  /** A table, a column, a foreign key (`public.rental(customer_id)`), or `database`. */
  readonly scope: string;
  /** The statistic; null where nothing was to compute. */
  readonly value: number | null;
  /** Confidence interval at the level that the run's family-wise α leaves; null for exact counts. */
  readonly interval: readonly [number, number] | null;
  readonly limit: number | null;
  readonly verdict: GateVerdict;
  /** `loaded`: on what was loaded; `learn-sample`: from learning; `rehearsal`: on a sample before anything was written. */
  readonly basis: 'loaded' | 'learn-sample' | 'rehearsal';
  /** One sentence: what was measured, what it means. */
  readonly explanation: string;
}
