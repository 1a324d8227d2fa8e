import type { Catalog, IntegrityReport, Snapshot } from '../../../connectors/connector.ts';
import type { RelationGraph } from '../graph/artifact.ts';
import type { Classification } from '../mask/artifact.ts';
import type { RelationalSample } from '../profile/artifact.ts';
import type { GateResult, RuleFidelity } from './artifact.ts';

export type ScanStrategy = 'synthesize' | 'copy' | 'mask' | 'empty';

/** One database: a subject-consistent sample, and all rows where there is a snapshot. */
export interface ScanSide {
  readonly sample: RelationalSample;
  /** Without one, what asks for all rows uses the sample. */
  readonly snapshot: Snapshot | null;
}

/** The white-box membership test of one table, from learning. */
export interface SelfTest {
  readonly table: string;
  /** Null where the table had too few units to tell. */
  readonly auc: number | null;
  readonly standardError: number | null;
  readonly unitCount: number;
}

/** From the configuration (`gates`). */
export interface ScanLimits {
  /** Family-wise error of all statistical gates together. */
  readonly familyAlpha: number;
  /** The lower bound of the DCR share may not exceed this. */
  readonly dcrShare: number;
  /** The lower bound of P(neighbour ratio of a synthetic row < of a hold-out row) may not exceed this. */
  readonly neighbourShare: number;
  /** The lower bound of the membership AUC may not exceed this. */
  readonly membershipAuc: number;
  /** Share of target rows that may sit as closely on a source row as 1 in 100 real rows does on one of others. */
  readonly nearCopies: number;
  /** Share of members that may be found at 1 false alarm in 100. */
  readonly lowRateMembership: number;
  /** Lower bound of what singling out, linking and inferring may gain on subjects that were learned from. */
  readonly attackRisk: number;
  /** Copies of source-unique tuples in excess of the hold-out's: absolute rate, and as a share of the hold-out's rate. */
  readonly copyExcess: number;
  readonly copyExcessRelative: number;
  /** Coincidences of low-entropy personal values beyond what the fakes show by nature. */
  readonly lowEntropyExcess: number;
  /** Lowest mean marginal score of a table, less what sampling noise explains. */
  readonly marginals: number;
  /** No single column may score lower, less what sampling noise explains. */
  readonly columnMarginal: number;
  /** Lowest cardinality score of a foreign key to the context parent, less noise. */
  readonly cardinalities: number;
  /** The same for a table's other foreign keys. */
  readonly secondaryCardinalities: number;
  /**
   * Pairs of columns that depend on each other must keep this share of the way from shuffled columns to real rows, less
   * what few units explain.
   */
  readonly dependences: number;
  /** AUC by which rows of the target may be told from those of the source. */
  readonly apart: number;
  /** 90th percentile of the q-errors of join queries, where real rows do no worse. */
  readonly queryError: number;
  /** A statistical gate that cannot find so large an effect (on a share or an AUC) is underpowered. */
  readonly detectable: number;
  /** Fewer units of a table are underpowered. */
  readonly minUnits: number;
}

export const DEFAULT_LIMITS: ScanLimits = {
  familyAlpha: 0.005,
  dcrShare: 0.5,
  neighbourShare: 0.55,
  membershipAuc: 0.6,
  nearCopies: 0.02,
  lowRateMembership: 0.02,
  attackRisk: 0.1,
  copyExcess: 0.002,
  copyExcessRelative: 0.25,
  lowEntropyExcess: 0.02,
  marginals: 0.8,
  columnMarginal: 0.5,
  cardinalities: 0.8,
  secondaryCardinalities: 0.4,
  dependences: 0.5,
  apart: 0.98,
  queryError: 3,
  detectable: 0.3,
  minUnits: 100,
};

/** Groups whose outcomes are compared with the source's, from the configuration (`gates.bias.subgroups`). */
export interface Subgroups {
  /** `tableId`. */
  readonly table: string;
  /** Columns. */
  readonly group: string;
  readonly outcome: string;
  /** By how much a share may change, and a gap between groups grow. */
  readonly limit: number;
}

export interface ScanInput {
  readonly catalog: Catalog;
  readonly graph: RelationGraph;
  readonly classification: Classification;
  readonly source: ScanSide;
  readonly target: ScanSide;
  readonly basis: GateResult['basis'];
  /** By `tableId`; a table without one counts as synthesized. */
  readonly strategies: ReadonlyMap<string, ScanStrategy>;
  /** Why real rows of a table are kept: by `tableId`. */
  readonly acceptedCopies: ReadonlyMap<string, string>;
  /** Tables made with the small-data defaults: there, an underpowered gate passes. */
  readonly smallData: ReadonlySet<string>;
  /** Empty where nothing was learned (`scan` of any two databases). */
  readonly selfTests: readonly SelfTest[];
  /**
   * `unseen`: the source's `test` subjects were kept from whoever filled the target. `unknown`: nothing is known of
   * that (`scan` of any two databases); then training and hold-out cannot be compared, and closeness is judged
   * against that of real rows to one another.
   */
  readonly holdout: 'unseen' | 'unknown';
  /**
   * Values that the fakes of a column give under another seed, so without any leak: how often these coincide with
   * source values is what a dictionary shows by nature. Key: `controlKey(table, column)`.
   */
  readonly fakeControls?: ReadonlyMap<string, readonly (string | null)[]>;
  /** How the mined rules fare in the target; absent where none were mined. */
  readonly rules?: RuleFidelity | null;
  readonly integrity: IntegrityReport | null;
  readonly limits: ScanLimits;
  /** None where absent. */
  readonly subgroups?: readonly Subgroups[];
  readonly seed: number;
}

export function controlKey(table: string, column: string): string {
  return `${table}\0${column}`;
}
