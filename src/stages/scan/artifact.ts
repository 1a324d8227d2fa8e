import type { Finding } from '../../kernel/findings.ts';
import type { GateResult } from '../../kernel/gates.ts';

export type { GateResult, GateVerdict } from '../../kernel/gates.ts';

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
