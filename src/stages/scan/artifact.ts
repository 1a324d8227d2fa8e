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

/** A score beside its ceiling, what real rows of other units score, and its floor, what shuffled columns score. */
export interface Figure {
  readonly value: number;
  readonly ceiling: number;
  readonly floor: number;
}

/** Trends of pairs of columns: 1 − ½·L1 between two-way frequency tables, each against the same rows of the source. */
export interface PairFidelity {
  readonly pairCount: number;
  /** Mean over all pairs. */
  readonly trends: Figure;
  /** Pairs that depend on each other in the source: Cramér's V of at least 0.2, and in 5 % of rows. */
  readonly dependentCount: number;
  /** How much of their strength (V) they keep, the smaller in relation to the larger, on the mean. */
  readonly strength: Figure | null;
  /** Mean absolute difference of rank correlations, of ordered pairs: 0 is the ideal. */
  readonly rankGap: Figure | null;
  /** Strength of dependence (Cramér's V, 0 to 1) of each pair on both sides. */
  readonly strengths: readonly {
    readonly columns: readonly [string, string];
    readonly real: number;
    readonly synthetic: number;
  }[];
}

/** A column predicted by trees that were trained on target rows (`value`), on source rows (`ceiling`), on shuffled labels. */
export interface PredictionFidelity extends Figure {
  readonly column: string;
  readonly metric: 'auc' | 'r2';
}

/** How a table's rows hang together. Null: nothing to compare, or too few rows. */
export interface TableFidelity {
  readonly table: string;
  readonly pairs: PairFidelity | null;
  /** Held-out AUC of boosted trees that tell target rows from source rows: 0.5 is the ideal. */
  readonly c2st: Figure | null;
  /** The same with the number, distinct values and means of each row's children beside its own columns. */
  readonly c2stAgg: Figure | null;
  readonly tstr: readonly PredictionFidelity[];
}

export interface ErrorQuantiles {
  readonly median: number;
  readonly p90: number;
  readonly p95: number;
  readonly max: number;
}

/** q-errors of counts over join queries that nothing was fitted to: 1 is the ideal. */
export interface QueryFidelity {
  readonly queryCount: number;
  readonly value: ErrorQuantiles;
  readonly ceiling: ErrorQuantiles;
  readonly floor: ErrorQuantiles;
}

/** In how many of the rows that they speak of the source's hidden rules hold in the target. */
export interface RuleFidelity {
  readonly ruleCount: number;
  readonly mean: number;
  readonly worst: number;
  /** The rules that are broken most, in words, with the share of rows in which they hold. */
  readonly broken: readonly { readonly rule: string; readonly heldRate: number }[];
}

export interface RelationFidelity {
  readonly table: string;
  readonly foreignKey: string;
  readonly referencedTable: string;
  /** KS complement of children per parent, parents without children included. */
  readonly cardinalityScore: number;
  /** Trends of the table's columns with those of the row that it references; null where there are none. */
  readonly pairs: PairFidelity | null;
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

/** A hidden rule of the source, and how the made rows keep it. */
export interface RuleAdherence {
  readonly table: string;
  /** In plain words. */
  readonly description: string;
  /** Rows of the source that could have broken it, of how many units, and rows that were checked besides. */
  readonly caseCount: number;
  readonly unitCount: number;
  readonly tuneCaseCount: number;
  /** Generating has a way to keep it; where it has none the rule is counted, but no ground to refuse the rows. */
  readonly isHeld: boolean;
  /** Made rows that could break it, and that do. */
  readonly madeCaseCount: number;
  readonly breachCount: number;
}

export interface ScanReport {
  readonly version: 1;
  readonly gates: readonly GateResult[];
  readonly columns: readonly ColumnFidelity[];
  readonly relations: readonly RelationFidelity[];
  readonly tables: readonly TableFidelity[];
  /** Null where there are no queries to ask, or in a rehearsal. */
  readonly queries: QueryFidelity | null;
  readonly rules: RuleFidelity | null;
  readonly privacy: readonly TablePrivacy[];
  /** Absent where no model says which rules there are. */
  readonly hiddenRules?: readonly RuleAdherence[];
  readonly findings: readonly Finding[];
  /** `fail` if any gate failed. */
  readonly verdict: 'pass' | 'fail';
}
