import type { Catalog } from '../../../connectors/connector.ts';
import type { TableModel } from '../../model/table-model.ts';
import type { RelationGraph } from '../graph/artifact.ts';
import type { Classification } from '../mask/artifact.ts';
import type { GateResult } from '../../kernel/gates.ts';

/** Where a model comes from. Counts and digests, no values. */
export interface Provenance {
  /** Digest of the source's schema and row counts. */
  readonly sourceFingerprint: string;
  readonly learnedAt: string;
  readonly subjectCount: number;
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
