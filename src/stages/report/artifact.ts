import type { Split } from '../../kernel/split.ts';
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

/** A rule that rows keep to. */
export interface RuleRecord {
  readonly table: string;
  /** In words; no literal that fewer than 5 units share. */
  readonly rule: string;
  readonly setBy: 'mined' | 'config' | 'schema';
  /** Null where nobody had to find it. */
  readonly support: { readonly caseCount: number; readonly unitCount: number; readonly tuneCaseCount: number } | null;
}

/** A limit of gates as it was set for the run. */
export interface LimitRecord {
  /** Its path in the configuration. */
  readonly setting: string;
  readonly value: number;
  readonly standard: number;
  /** Whether the value lets more through than the default would. */
  readonly loosened: boolean;
  /** The gates that it limits; empty for all. */
  readonly gates: readonly string[];
}

/** Everything that the report of a run shows; saved beside it, so that it can be rendered again. No row values. */
export interface RunRecord {
  readonly version: 2;
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
    readonly expiresAt: string;
    /** Version of Understudy. */
    readonly learnedBy: string;
    /** Subjects that it was fitted on, tuned on, and judged by. */
    readonly splitCounts: Readonly<Record<Split, number>>;
    /** Share of the source's subjects that were read. */
    readonly subjectRate: number;
  } | null;
  readonly seed: number;
  readonly scale: number;
  /** By how many days columns of recorded times were moved up to a moment (ISO); null: they were not. */
  readonly timeShift: { readonly asOf: string; readonly days: number; readonly columnCount: number } | null;
  /** By name: `understudy`, `node`, the engine of the source. */
  readonly versions: Readonly<Record<string, string>>;
  /** How often this source was learned so far, this run included; null where no ledger counts. */
  readonly attemptCount: number | null;
  readonly subjectCount: number | null;
  readonly timingsMs: Readonly<Record<string, number>>;
  readonly rowsPerSecond: number | null;
  readonly peakRssBytes: number | null;
  /** In load order. */
  readonly tables: readonly TableRecord[];
  readonly rules: readonly RuleRecord[];
  readonly limits: readonly LimitRecord[];
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
