import type { Finding } from '../../kernel/findings.ts';
import type { RelationGraph } from '../graph/artifact.ts';
import type { Sensitivity, Treatment } from '../mask/artifact.ts';
import type { ScanReport } from '../scan/artifact.ts';

/** What is told about a table. */
export interface TableRecord {
  /** `tableId`. */
  readonly table: string;
  readonly strategy: 'synthesize' | 'copy' | 'mask' | 'empty';
  /** Why real rows are kept, or what decided the strategy; '' for nothing to say. */
  readonly reason: string;
  readonly sourceRowCount: number;
  readonly rowCount: number;
  readonly columns: readonly {
    readonly column: string;
    readonly type: string;
    readonly sensitivity: Sensitivity;
    readonly treatment: Treatment;
    readonly decidedBy: string;
    readonly reason: string;
  }[];
}

/** Everything that the report of a run shows; saved beside it, so that it can be rendered again. No row values. */
export interface RunRecord {
  readonly version: 1;
  readonly runId: string;
  /** `provision`, `demo`, `scan`, `learn`. */
  readonly command: string;
  readonly verdict: 'pass' | 'fail' | 'refused' | 'error';
  /** False where a gate failed, on a dry run, or where nothing was to be published. */
  readonly published: boolean;
  /** ISO times. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly source: { readonly shownUrl: string; readonly fingerprint: string; readonly serverVersion: string } | null;
  readonly target: {
    readonly shownUrl: string;
    readonly database: string;
    readonly previousDatabase: string | null;
  } | null;
  readonly model: {
    readonly hash: string;
    readonly engine: string;
    readonly backend: string;
    readonly learnedAt: string;
  } | null;
  readonly seed: number;
  readonly scale: number;
  /** By name: `understudy`, `node`. */
  readonly versions: Readonly<Record<string, string>>;
  /** How often this source was learned so far, this run included; null where no ledger counts. */
  readonly attemptCount: number | null;
  readonly subjectCount: number | null;
  readonly timingsMs: Readonly<Record<string, number>>;
  readonly rowsPerSecond: number | null;
  readonly peakRssBytes: number | null;
  /** In load order. */
  readonly tables: readonly TableRecord[];
  readonly graph: RelationGraph;
  /** Null where the run ended before there was anything to scan. */
  readonly scan: ScanReport | null;
  readonly integrity: {
    readonly foreignKeyCount: number;
    readonly orphanCount: number;
    readonly violationCount: number;
  } | null;
  readonly findings: readonly Finding[];
}
