import type { Finding } from '../../kernel/findings.ts';

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

/** A column's distribution on both sides, for the report. Bins hold at least 5 subjects of the source. */
export interface ColumnFidelity {
  readonly table: string;
  readonly column: string;
  readonly kind: 'ordered' | 'categorical' | 'text';
  /** KS complement (ordered), total-variation complement (categorical), of lengths for text. NULL is its own level. */
  readonly marginalScore: number;
  readonly bins: readonly { readonly label: string; readonly real: number; readonly synthetic: number }[];
}

export interface RelationFidelity {
  readonly table: string;
  readonly foreignKey: string;
  readonly referencedTable: string;
  /** KS complement of children per parent, parents without children included. */
  readonly cardinalityScore: number;
  /** Share of parents with n children, n capped for display. */
  readonly bins: readonly { readonly label: string; readonly real: number; readonly synthetic: number }[];
}

export interface TablePrivacy {
  readonly table: string;
  readonly unitCount: number;
  readonly copyRate: number | null;
  readonly holdoutCopyRate: number | null;
  readonly dcrShare: number | null;
  readonly dcrInterval: readonly [number, number] | null;
  /** Histograms over distance to the nearest training / hold-out row: [upper edge, training share, hold-out share]. */
  readonly distanceBins: readonly (readonly [number, number, number])[];
}

export interface ScanReport {
  readonly version: 1;
  readonly gates: readonly GateResult[];
  readonly columns: readonly ColumnFidelity[];
  readonly relations: readonly RelationFidelity[];
  readonly privacy: readonly TablePrivacy[];
  readonly findings: readonly Finding[];
  /** `fail` if any gate failed. */
  readonly verdict: 'pass' | 'fail';
}
