import type { Catalog } from '../../../connectors/connector.ts';
import type { Split } from '../../kernel/split.ts';
import type { TableModel } from '../../model/table-model.ts';
import type { RelationGraph } from '../graph/artifact.ts';
import type { Classification } from '../mask/artifact.ts';
import type { GateResult } from '../../kernel/gates.ts';

/** Where a model comes from. Counts and digests, no values. */
export interface Provenance {
  /** Digest of the source's schema and row counts. */
  readonly sourceFingerprint: string;
  /** ISO times. What a model says of a source wears off: past the second it is refused. */
  readonly learnedAt: string;
  readonly expiresAt: string;
  readonly subjectCount: number;
  /** Of these, how many it was fitted on, tuned on, and judged by. */
  readonly splitCounts: Readonly<Record<Split, number>>;
  readonly subjectRate: number;
  readonly toolVersion: string;
}

/** Everything that `generate`, `mask` and `scan` need when the source is out of reach. */
export interface LearnedModel {
  readonly version: 1;
  readonly catalog: Catalog;
  readonly graph: RelationGraph;
  readonly classification: Classification;
  /** In generation order: a table after its context parent. */
  readonly tables: readonly TableModel[];
  readonly provenance: Provenance;
  /** What the gates said of a sample when it was learned; they stand in where the source is out of reach. */
  readonly gates: readonly GateResult[];
}
