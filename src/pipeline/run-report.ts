/** The record of a provisioning run, and its report. */
import path from 'node:path';
import { tableId, type Source, type Target } from '../../connectors/connector.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import type { LearnedModel } from '../stages/learn/artifact.ts';
import { writeReport } from '../stages/report/index.ts';
import type { ScanReport } from '../stages/scan/artifact.ts';
import { gateLimits } from './gate-limits.ts';
import { NOTHING_COMPARED } from './rehearse.ts';
import type { ProvisionResult } from './contract.ts';
import { declaredRules, minedRules } from './rule-records.ts';
import { recordedVersions } from './version.ts';

export interface ReportRequest {
  readonly result: Omit<ProvisionResult, 'reportPath'>;
  readonly model: LearnedModel;
  readonly source: Source | null;
  readonly target: Target;
  /** Null where the gates could only be asked when the model was learned. */
  readonly scan: ScanReport | null;
  readonly published: boolean;
  readonly attemptCount: number;
  readonly config: ResolvedConfig;
  readonly startedAt: Date;
}

/** Writes record and report; gives the report's absolute path. Throws `WORKSPACE_FULL`, `WORKSPACE_IO`. */
export async function reportRun(request: ReportRequest): Promise<string> {
  const { result, model, source, target, config } = request;
  const rowCounts = new Map(result.tables.map((table) => [tableId(table), table.rowCount]));
  const types = new Map(
    model.catalog.tables.flatMap((table) =>
      table.columns.map((column) => [`${tableId(table.name)}\0${column.name}`, column.type.sql]),
    ),
  );
  const { htmlPath } = await writeReport(config.output.directory, {
    version: 2,
    runId: result.runId,
    command: 'provision',
    verdict: result.verdict,
    published: request.published,
    startedAt: request.startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    source:
      source === null
        ? null
        : {
            shownUrl: source.shownUrl,
            fingerprint: model.provenance.sourceFingerprint,
            serverVersion: model.catalog.serverVersion,
          },
    target: { shownUrl: target.shownUrl, ...result.target },
    model:
      result.model === null
        ? null
        : {
            ...result.model,
            learnedAt: model.provenance.learnedAt,
            expiresAt: model.provenance.expiresAt,
            learnedBy: model.provenance.toolVersion,
            splitCounts: model.provenance.splitCounts,
            subjectRate: model.provenance.subjectRate,
          },
    seed: result.seed,
    scale: result.scale,
    timeShift: result.timeShift,
    versions: recordedVersions(model.catalog),
    attemptCount: request.attemptCount,
    subjectCount: model.provenance.subjectCount,
    timingsMs: result.timingsMs,
    rowsPerSecond: result.rowsPerSecond,
    peakRssBytes: result.peakRssBytes,
    tables: model.tables.map((table) => ({
      table: table.id,
      strategy: table.strategy,
      reason: table.strategyReason,
      sourceRowCount: table.sourceRowCount,
      rowCount: rowCounts.get(table.id) ?? 0,
      columns: model.classification.columns
        .filter((column) => column.table === table.id)
        .map((column) => ({ ...column, type: types.get(`${table.id}\0${column.column}`) ?? '' })),
    })),
    rules: [...minedRules(model), ...declaredRules(model.catalog)],
    limits: gateLimits(config),
    graph: model.graph,
    scan: request.scan ?? {
      ...NOTHING_COMPARED,
      gates: result.gates,
      verdict: result.verdict === 'pass' ? 'pass' : 'fail',
    },
    integrity: result.integrity,
    findings: result.findings,
  });
  return path.resolve(htmlPath);
}
