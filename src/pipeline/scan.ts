import path from 'node:path';
import { tableId, type Catalog, type Source, type Target } from '../../connectors/connector.ts';
import { columnRules } from '../config/column-rules.ts';
import { findTable } from '../config/names.ts';
import { UnderstudyError } from '../kernel/errors.ts';
import { newRunId } from '../kernel/ids.ts';
import { introspect } from '../stages/introspect/index.ts';
import { smallTables } from '../stages/learn/rows-to-learn.ts';
import { chooseStrategies } from '../stages/learn/strategies.ts';
import { classifyColumns } from '../stages/mask/index.ts';
import { DEFAULT_LIMITS, profile } from '../stages/profile/index.ts';
import { writeReport } from '../stages/report/index.ts';
import type { ScanReport, TableFidelity } from '../stages/scan/artifact.ts';
import { scanSynthetic } from '../stages/scan/index.ts';
import type { ScanStrategy } from '../stages/scan/input.ts';
import type { RunScan, ScanOptions, ScanResult } from './contract.ts';
import { maskedBy, tableOverrides } from './masked-rows.ts';
import { withSource, withTarget } from './open-databases.ts';
import { introspectOptions, relateTables } from './read-structure.ts';
import { gateLimits, loosenedLimits } from './gate-limits.ts';
import { declaredRules } from './rule-records.ts';
import { scanLimits, subgroups } from './scan-databases.ts';
import { peakRssBytes, StageClock } from './stage-clock.ts';
import { recordedVersions } from './version.ts';

/** Privacy, fidelity and integrity of any two databases, whoever filled the second. Writes nothing but the report. */
export const runScan: RunScan = (options, sink, signal) =>
  withTarget(options.targetUrl, options.config, signal, (target) =>
    withSource(options.sourceUrl, options.config, signal, (source) =>
      scan(options, source, target, new StageClock(sink, signal), sink, signal),
    ),
  );

async function scan(
  options: ScanOptions,
  source: Source,
  target: Target,
  clock: StageClock,
  sink: Parameters<RunScan>[1],
  signal: AbortSignal,
): Promise<ScanResult> {
  const { config } = options;
  const startedAt = new Date();
  const state = await target.inspect();
  if (state.kind === 'absent' || state.tableCount === 0) {
    throw new UnderstudyError(
      'CONNECT_DATABASE_MISSING',
      `The target "${target.database}" ${state.kind === 'absent' ? 'does not exist' : 'has no tables'}; there is nothing to scan.`,
      {
        hint: 'Fill it first, for example with: understudy provision.',
      },
    );
  }
  const artifact = await clock.run('introspect', () => introspect(source, introspectOptions(config)));
  const { catalog } = artifact;
  requireTables(await target.readCatalog(), catalog, target.database);
  const graph = await clock.run('graph', () => relateTables(artifact, config));
  const [real, made] = [await source.openSnapshot(), await target.openSnapshot()];
  try {
    const [sourceSample, targetSample] = await clock.run('profile', async () => [
      await profile(real, catalog, graph, DEFAULT_LIMITS, sink, signal),
      await profile(made, catalog, graph, DEFAULT_LIMITS, sink, signal),
    ]);
    const rules = columnRules(config).flatMap((rule) =>
      rule.treatment === undefined ? [] : [{ ...rule, treatment: rule.treatment }],
    );
    const classification = await clock.run('mask', () =>
      classifyColumns({
        catalog,
        graph,
        sample: sourceSample,
        rules,
        masked: new Set(maskedBy(config, catalog).keys()),
      }),
    );
    const rowCounts = new Map([...sourceSample.tables].map(([id, table]) => [id, table.totalRowCount]));
    const chosen = chooseStrategies(catalog, graph, classification, rowCounts, tableOverrides(config, catalog));
    // Real rows are no leak where Understudy put them there on purpose; of anybody else's we know no purpose.
    const ours = state.kind === 'understudy';
    const strategies = new Map(
      [...chosen].map(([id, { strategy }]): [string, ScanStrategy] => [id, ours ? strategy : 'synthesize']),
    );
    const integrity = await clock.run('verify', () => target.verify(catalog));
    const report = await clock.run('scan', () =>
      scanSynthetic({
        catalog,
        graph,
        classification,
        source: { sample: sourceSample, snapshot: real },
        target: { sample: targetSample, snapshot: made },
        basis: 'loaded',
        strategies,
        acceptedCopies: new Map(
          [...chosen]
            .filter(([, choice]) => ours && choice.strategy === 'copy')
            .map(([id, { reason }]) => [id, reason]),
        ),
        // Ours were made with the cautious settings where that was called for.
        smallData: ours ? smallTables(sourceSample, graph) : new Set(),
        selfTests: [],
        holdout: ours ? 'unseen' : 'unknown',
        integrity,
        limits: scanLimits(config),
        subgroups: subgroups(config, catalog),
        seed: 0,
      }),
    );
    const findings = [
      ...loosenedLimits(config),
      ...artifact.findings,
      ...graph.findings,
      ...report.findings,
      ...integrity.findings,
    ];
    const counts = {
      foreignKeyCount: integrity.foreignKeyCount,
      orphanCount: integrity.orphanCount,
      violationCount: integrity.violationCount,
    };
    const columns = (id: string): typeof classification.columns =>
      classification.columns.filter((column) => column.table === id);
    const { htmlPath } = await clock.run('report', () =>
      writeReport(config.output.directory, {
        version: 2,
        runId: newRunId(startedAt),
        command: 'scan',
        verdict: report.verdict,
        published: false,
        startedAt: startedAt.toISOString(),
        finishedAt: new Date().toISOString(),
        source: { shownUrl: source.shownUrl, fingerprint: '', serverVersion: catalog.serverVersion },
        target: { shownUrl: target.shownUrl, database: target.database, previousDatabase: null },
        model: null,
        seed: 0,
        scale: 1,
        timeShift: null,
        versions: recordedVersions(catalog),
        attemptCount: null,
        subjectCount: sourceSample.subjectCount,
        timingsMs: clock.timingsMs(),
        rowsPerSecond: null,
        peakRssBytes: peakRssBytes(),
        tables: graph.tables.map(({ id }) => ({
          table: id,
          strategy: strategies.get(id)!,
          reason: ours ? chosen.get(id)!.reason : '',
          sourceRowCount: rowCounts.get(id)!,
          rowCount: targetSample.tables.get(id)?.totalRowCount ?? 0,
          columns: columns(id).map((column) => ({ ...column, type: findColumnType(catalog, id, column.column) })),
        })),
        rules: declaredRules(catalog),
        limits: gateLimits(config),
        graph,
        scan: report,
        integrity: counts,
        findings,
      }),
    );
    return {
      schemaVersion: 1,
      verdict: report.verdict,
      findings,
      gates: report.gates,
      integrity: counts,
      fidelity: fidelityOf(report),
      privacy: { tables: report.privacy },
      reportPath: path.resolve(htmlPath),
    };
  } finally {
    await Promise.allSettled([real.close(), made.close()]);
  }
}

function fidelityOf({ columns, relations, tables, queries, rules }: ScanReport): ScanResult['fidelity'] {
  const ids = [...new Set([...columns, ...tables].map(({ table }) => table))];
  const of = (id: string): TableFidelity =>
    tables.find(({ table }) => table === id) ?? { table: id, pairs: null, c2st: null, c2stAgg: null, tstr: [] };
  return {
    tables: ids.map((id) => ({ ...of(id), columns: columns.filter(({ table }) => table === id) })),
    relations,
    queries,
    rules,
  };
}

function findColumnType(catalog: Catalog, table: string, column: string): string {
  return findTable(catalog, table)?.columns.find((candidate) => candidate.name === column)?.type.sql ?? '';
}

/** Every table and column of the source must be there to be compared. */
function requireTables(target: Catalog, source: Catalog, database: string): void {
  const there = new Map(
    target.tables.map((table) => [tableId(table.name), new Set(table.columns.map((column) => column.name))]),
  );
  for (const table of source.tables) {
    const columns = there.get(tableId(table.name));
    const missing =
      columns === undefined ? tableId(table.name) : table.columns.find((column) => !columns.has(column.name))?.name;
    if (missing === undefined) continue;
    throw new UnderstudyError(
      'LOAD_SCHEMA_DIFFERS',
      `The target "${database}" lacks ${missing === tableId(table.name) ? `table ${missing}` : `column ${tableId(table.name)}.${missing}`}, which the source has; the two cannot be compared.`,
      {
        hint: "Leave the table out under source.exclude, or scan a target with the source's schema.",
      },
    );
  }
}
