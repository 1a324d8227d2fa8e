/**
 * The main job: from a source (or a model file) to a filled, checked and published target. Reads as the story; each
 * step is a function of its own below or in a stage. Until `publishBuild` nothing that the target's users see changes.
 */
import {
  tableId,
  type Build,
  type BuildPlan,
  type IntegrityReport,
  type Snapshot,
  type Source,
  type Target,
} from '../../connectors/connector.ts';
import { tableSettings } from '../config/names.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import { requireSupported } from '../config/unsupported.ts';
import { checkpoint } from '../kernel/checkpoint.ts';
import { toUnderstudyError, UnderstudyError } from '../kernel/errors.ts';
import type { EventSink } from '../kernel/events.ts';
import { finding, type Finding } from '../kernel/findings.ts';
import { digest, newRunId } from '../kernel/ids.ts';
import { existingFolder, requireRoom } from '../kernel/workspace.ts';
import type { LearnedModel } from '../stages/learn/artifact.ts';
import { loadModel, modelContent } from '../stages/learn/model-store.ts';
import { loadTables, type TableRows } from '../stages/load/index.ts';
import { publishBuild, refuseUnsafeTarget } from '../stages/publish/index.ts';
import type { GateResult, ScanReport } from '../stages/scan/artifact.ts';
import type { ScanSide } from '../stages/scan/input.ts';
import { modelHash } from '../model/model-file.ts';
import { chooseDevice } from '../numeric/device.ts';
import type { ProvisionOptions, ProvisionPlan, ProvisionResult, RunProvision } from './contract.ts';
import { learnSource, readSourceStructure, tableScales, type SourceStructure } from './learn-source.ts';
import { generationFindings } from '../stages/generate/index.ts';
import { planTimeShift, shiftStreams, type TimeShift } from '../stages/generate/time-shift.ts';
import { makeRows, type RowOptions } from './make-rows.ts';
import { withSource, withTarget } from './open-databases.ts';
import { codeOfLack } from './preflight-lacks.ts';
import { Steering } from './steering.ts';
import { requireSameSchema } from './target-schema.ts';
import { answerFromRehearsal, REHEARSAL_ROWS, rehearseModel } from './rehearse.ts';
import { requireUnexpired } from './model-age.ts';
import { unshifted } from './shifted-snapshot.ts';
import { openMaskedRows, readMaskKey, refuseMasked, type MaskedRows } from './masked-rows.ts';
import { attemptsBefore, recordFailure, recordPublished, type RunFacts } from './run-ledger.ts';
import { reportRun } from './run-report.ts';
import { loosenedLimits } from './gate-limits.ts';
import { scanMade } from './scan-databases.ts';
import { peakRssBytes, StageClock } from './stage-clock.ts';
import { TOOL_VERSION } from './version.ts';

const DEFAULT_BLOCK_ROWS = 2000;

/** What a run knows and gathers on its way. */
interface Run {
  readonly id: string;
  readonly startedAt: Date;
  readonly options: ProvisionOptions;
  readonly clock: StageClock;
  readonly sink: EventSink;
  readonly signal: AbortSignal;
  readonly findings: Finding[];
  readonly gates: GateResult[];
  /** All that the rehearsal answered; of these, `gates` has the failures. */
  readonly rehearsed: GateResult[];
  /** Settled before anything is written; null where times are kept. */
  shift: TimeShift | null;
  /** What the configuration makes unlike the source; null for nothing. */
  steering: Steering | null;
  readonly source: Source | null;
  readonly target: Target;
}

/** A model with what is at hand of the rows that it was learned from. */
interface Material {
  readonly model: LearnedModel;
  readonly hash: string;
  readonly source: ScanSide | null;
  /** Real rows of masked tables; they come from the source alone. */
  readonly realRows: MaskedRows['tables'];
}

export const runProvision: RunProvision = async (options, sink, signal) => {
  await requireCarriedOut(options);
  const start = (source: Source | null, target: Target): Promise<ProvisionResult> =>
    provision(
      {
        id: newRunId(),
        startedAt: new Date(),
        options,
        clock: new StageClock(sink, signal),
        sink,
        signal,
        findings: [],
        gates: [],
        rehearsed: [],
        shift: null,
        steering: null,
        source,
        target,
      },
      source,
      target,
    );
  return withTarget(options.targetUrl, options.config, signal, (target) =>
    options.sourceUrl === undefined
      ? start(null, target)
      : withSource(options.sourceUrl, options.config, signal, (source) => start(source, target)),
  );
};

/** What is asked for and cannot be had is told before a database is opened. */
async function requireCarriedOut({ config, backend, asOf }: ProvisionOptions): Promise<void> {
  requireSupported(config);
  await readMaskKey(config);
  if (backend !== 'auto') await chooseDevice(backend);
  if (asOf !== undefined && timeOf(asOf) === null) {
    throw new UnderstudyError('CLI_USAGE', '--as-of is no ISO time; nothing was read or written.', {
      hint: 'Write a date (`2026-03-31`) or a time (`2026-03-31T06:00:00Z`).',
    });
  }
}

/** An ISO time; UTC where it names no zone, whatever the zone of the machine. */
function timeOf(text: string): Date | null {
  const match = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  if (match === null) return null;
  const time = new Date(text.length > 10 && match[1] === undefined ? `${text}Z` : text);
  return Number.isNaN(time.getTime()) ? null : time;
}

async function provision(run: Run, source: Source | null, target: Target): Promise<ProvisionResult> {
  const { options, clock } = run;
  const { config } = options;
  await refuseUnsafeTarget({ source, target, allow: config.target.allow ?? [], yes: options.yes });
  await target.lock(run.id);
  if (!options.dryRun)
    await requireRoom(
      existingFolder(config.output.directory),
      'Set output.directory to a folder with room that you may write to.',
    );
  const structure = source === null ? null : await readSourceStructure(source, config, clock);
  const snapshot = source === null ? null : await source.openSnapshot();
  try {
    // What cannot be built is told before anything is learned: learning takes minutes, asking takes none.
    if (structure !== null) await preflight(run, target, structure.artifact.catalog);
    const material = structure === null ? await readMaterial(run) : await learnMaterial(run, structure, snapshot!);
    if (structure === null) {
      await requireSameSchema(target, material.model.catalog, options.modelPath!);
      await preflight(run, target, material.model.catalog);
    }
    await rehearse(run, material);
    await settleTimes(run, material);
    if (options.dryRun) return finish(run, material, null, 0);
    const attempts = 1 + (await attemptsBefore(target, material.model.provenance.sourceFingerprint));
    if (failed(run)) {
      await recordFailure(target, runFacts(run, material, null));
      return finish(run, material, null, attempts);
    }
    for (const dropped of await target.cleanUp())
      run.sink({ type: 'note', level: 'info', message: `dropped ${dropped}, left by a run that died` });
    return await buildAndPublish(run, target, material, attempts);
  } finally {
    await snapshot?.close().catch(() => {});
  }
}

async function learnMaterial(run: Run, structure: SourceStructure, snapshot: Snapshot): Promise<Material> {
  const learned = await learnSource(structure, snapshot, run.options.config, run.clock, run.sink, run.signal);
  run.findings.push(...learned.findings);
  const { config, seed } = run.options;
  const masked = await run.clock.run('mask', () => openMaskedRows(learned.model, snapshot, config, seed, run.signal));
  run.findings.push(...masked.findings);
  return {
    model: learned.model,
    hash: modelHash(modelContent(learned.model)),
    source: { sample: learned.sample, snapshot },
    realRows: masked.tables,
  };
}

async function readMaterial({ options, startedAt, findings }: Run): Promise<Material> {
  const { model, hash } = await loadModel(options.modelPath!);
  findings.push(...requireUnexpired(model.provenance, startedAt, options.allowExpiredModel === true));
  refuseMasked(
    model.tables.filter((table) => table.strategy === 'mask').map((table) => table.id),
    'a model alone holds no real rows',
  );
  return { model, hash, source: null, realRows: new Map() };
}

function buildPlan(run: Run, catalog: LearnedModel['catalog']): BuildPlan {
  const { config, mode, scale } = run.options;
  return {
    runId: run.id,
    mode,
    catalog,
    roles: config.target.roles,
    estimatedBytes: estimatedBytes(catalog, scale),
    maxBytes: config.target.maxBytes,
    keepPrevious: config.output.keepPrevious,
  };
}

function estimatedBytes(catalog: LearnedModel['catalog'], scale: number): number {
  return Math.round(catalog.tables.reduce((sum, table) => sum + Math.max(0, table.estimatedBytes), 0) * scale);
}

/** All that the target lacks, at once. Throws the code of the first lack that cannot be worked round. */
async function preflight(run: Run, target: Target, catalog: LearnedModel['catalog']): Promise<void> {
  const lacks = await run.clock.run('preflight', () => target.preflight(buildPlan(run, catalog)));
  run.findings.push(...lacks);
  const blocking = lacks.filter((lack) => lack.severity === 'error');
  if (blocking.length === 0) return;
  const first = blocking.find((lack) => codeOfLack(lack) === 'TARGET_RIGHTS_MISSING') ?? blocking[0];
  throw new UnderstudyError(codeOfLack(first), `${first.message} Nothing was changed.`, {
    hint: first.hint ?? 'Correct it and run again.',
    data: { findings: blocking },
  });
}

function rowOptions(run: Run, material: Material): RowOptions {
  const { config, seed, scale, batchRows } = run.options;
  return {
    seed,
    scale,
    tableScales: tableScales(config, material.model.catalog),
    blockRows: batchRows ?? DEFAULT_BLOCK_ROWS,
    realRows: material.realRows,
    ...(run.steering === null ? {} : { steering: run.steering.columns }),
  };
}

/** A constraint that no row can be made by ends the run before anything is written, unless the table is to be tried. */
async function requireConstraintsKnown(run: Run, model: LearnedModel): Promise<void> {
  const settings = tableSettings(run.options.config, model.catalog);
  const accepted = new Set([...settings].flatMap(([id, { strategy }]) => (strategy === 'synthesize' ? [id] : [])));
  const unknown = await generationFindings(model, accepted);
  run.findings.push(...unknown);
  for (const { message } of unknown) run.sink({ type: 'note', level: 'warning', message });
  const first = unknown.find((found) => found.severity === 'error');
  if (first === undefined) return;
  throw new UnderstudyError('GENERATE_UNSATISFIABLE', `${first.message} Nothing was written.`, {
    hint: first.hint,
    data: { findings: unknown },
  });
}

/** What fails on a small sample fails before anything is written. */
async function rehearse(run: Run, material: Material): Promise<void> {
  const { model, source, realRows } = material;
  const { config, seed, scale } = run.options;
  run.findings.push(...loosenedLimits(config));
  await requireConstraintsKnown(run, model);
  const steering = (run.steering = Steering.resolve(config, model));
  // The sample is smaller than the run: whether there is room for all rows is asked of the whole.
  await makeRows(model, rowOptions(run, material));
  const report = await run.clock.run('rehearse', () =>
    rehearseModel({
      model,
      source,
      basis: 'rehearsal',
      config,
      seed,
      scale,
      signal: run.signal,
      realRows,
      onBlock: (block) => steering?.noteBefore(block),
    }),
  );
  run.rehearsed.push(...report.gates);
  run.gates.push(...report.gates.filter((gate) => gate.verdict === 'fail'));
  checkpoint('rehearse');
}

/** Settles by how much the made moments are moved. The gates ask about rows as they were learned, not as they are moved. */
async function settleTimes(run: Run, material: Material): Promise<void> {
  const { config, asOf } = run.options;
  if ((config.learn.time === 'keep' && asOf === undefined) || failed(run)) return;
  const now = asOf === undefined ? run.startedAt : timeOf(asOf)!;
  const { model } = material;
  run.shift = await run.clock.run('generate', async () =>
    planTimeShift(model, await makeRows(model, rowOptions(run, material)), now),
  );
  run.findings.push(...run.shift.findings);
}

/** A gate failed, or one that had to answer could not. */
function failed(run: Run): boolean {
  const unanswered = run.findings.some((found) => found.severity === 'error' && found.code.startsWith('SCAN_'));
  return unanswered || run.gates.some((gate) => gate.verdict === 'fail');
}

async function buildAndPublish(
  run: Run,
  target: Target,
  material: Material,
  attempts: number,
): Promise<ProvisionResult> {
  const build = await target.startBuild(buildPlan(run, material.model.catalog));
  // Whatever statement runs is ended by what it works on being taken away.
  const giveUp = (): void => void build.abandon().catch(() => {});
  run.signal.addEventListener('abort', giveUp, { once: true });
  let made: Made;
  try {
    run.signal.throwIfAborted();
    made = await fill(run, build, material);
    if (!failed(run)) await recordPublished(target, build, runFacts(run, material, made));
    run.signal.removeEventListener('abort', giveUp);
    run.signal.throwIfAborted();
    if (failed(run)) {
      await build.abandon();
      await recordFailure(target, runFacts(run, material, made));
    } else {
      const { previousDatabase } = await run.clock.run('publish', () => publishBuild(build, notesOf(run)));
      made = { ...made, previousDatabase, published: true };
    }
  } catch (thrown) {
    run.signal.removeEventListener('abort', giveUp);
    await build.abandon().catch(() => notesOf(run)({ type: 'note', level: 'warning', message: LEFT_BEHIND }));
    throw thrown;
  }
  return finish(run, material, made, attempts);
}

const LEFT_BEHIND =
  'What the run had begun could not be removed from the server of the target; the next run, or `understudy runs prune`, removes it.';

/** What a stage has to say, without its beginnings and ends, which the clock tells. */
function notesOf(run: Run): EventSink {
  return (event) => {
    if (event.type === 'note') run.sink(event);
  };
}

/** What was loaded and what the checks said of it. */
interface Made {
  readonly rowCounts: ReadonlyMap<string, number>;
  readonly rowsPerSecond: number;
  readonly integrity: IntegrityReport;
  readonly scan: ScanReport | null;
  readonly previousDatabase: string | null;
  readonly published: boolean;
}

async function fill(run: Run, build: Build, material: Material): Promise<Made> {
  const { clock, sink } = run;
  const made = await makeRows(material.model, rowOptions(run, material));
  const watched = run.steering?.watch(made) ?? made;
  const streams = run.shift === null ? watched : shiftStreams(watched, run.shift);
  const names = new Map(material.model.catalog.tables.map((table) => [tableId(table.name), table.name]));
  function* tables(): Iterable<TableRows> {
    for (const stream of streams) {
      run.signal.throwIfAborted();
      yield { table: names.get(stream.table)!, blocks: stream.blocks(), expectedRowCount: stream.rowCount() };
    }
  }
  const load = await clock.run('load', async () => {
    await build.createBare();
    const report = await loadTables(build, tables(), sink);
    checkpoint('load');
    await build.finish(sink);
    return report;
  });
  run.findings.push(...(run.steering?.findings() ?? []));
  const integrity = await clock.run('verify', () => build.verify());
  checkpoint('verify');
  run.findings.push(...integrity.findings);
  const scan = await clock.run('scan', () => scanLoaded(run, build, material, integrity));
  checkpoint('scan');
  const rowCounts = new Map(load.tables.map((table) => [table.table, table.rowCount]));
  return { rowCounts, rowsPerSecond: load.rowsPerSecond, integrity, scan, previousDatabase: null, published: false };
}

/** The gates on what was loaded. Without a source only integrity can be asked. */
async function scanLoaded(
  run: Run,
  build: Build,
  material: Material,
  integrity: IntegrityReport,
): Promise<ScanReport | null> {
  if (material.source === null) {
    const faults = integrity.orphanCount + integrity.violationCount;
    run.gates.push({
      gate: 'integrity',
      scope: 'database',
      value: faults,
      interval: null,
      limit: 0,
      verdict: faults === 0 ? 'pass' : 'fail',
      basis: 'loaded',
      explanation: faults === 0 ? 'The server found no violation.' : `The server found ${faults} violations.`,
    });
    run.gates.push(...material.model.gates);
    return null;
  }
  const snapshot = await build.openSnapshot();
  try {
    const scanned = await scanMade({
      model: material.model,
      source: material.source,
      target: run.shift === null ? snapshot : unshifted(snapshot, run.shift),
      basis: 'loaded',
      integrity,
      config: run.options.config,
      seed: run.options.seed,
      signal: run.signal,
    });
    const answered = answerFromRehearsal(scanned, run.rehearsed);
    const report = run.steering?.excuse(answered) ?? answered;
    run.gates.push(...report.gates);
    run.findings.push(...report.findings);
    return report;
  } finally {
    await snapshot.close();
  }
}

function runFacts(run: Run, material: Material, made: Made | null): RunFacts {
  const { options } = run;
  return {
    runId: run.id,
    startedAt: run.startedAt,
    mode: options.mode,
    seed: options.seed,
    scale: options.scale,
    configDigest: configDigest(options.config),
    sourceFingerprint: material.model.provenance.sourceFingerprint,
    toolVersion: TOOL_VERSION,
    modelHash: material.hash,
    verdict: failed(run) ? 'fail' : 'pass',
    tables: tableResults(material.model, made),
    gates: run.gates,
    reportDirectory: options.config.output.directory,
  };
}

/** Names the settings without holding them. */
export function configDigest(config: ResolvedConfig): string {
  const { path: _path, positions: _positions, ...settings } = config;
  return digest(JSON.stringify(settings));
}

function tableResults(model: LearnedModel, made: Made | null): ProvisionResult['tables'] {
  const names = new Map(model.catalog.tables.map((table) => [tableId(table.name), table.name]));
  return model.tables.map((table) => ({
    ...names.get(table.id)!,
    strategy: table.strategy,
    sourceRowCount: table.sourceRowCount,
    rowCount: made?.rowCounts.get(table.id) ?? 0,
  }));
}

/** The report and the result: of a published run, a failed one, or a dry one. */
async function finish(run: Run, material: Material, made: Made | null, attempts: number): Promise<ProvisionResult> {
  const { options, clock } = run;
  const result: Omit<ProvisionResult, 'reportPath'> = {
    schemaVersion: 1,
    verdict: failed(run) ? 'fail' : 'pass',
    findings: run.findings,
    runId: run.id,
    seed: options.seed,
    scale: options.scale,
    model: { hash: material.hash, engine: 'trees', backend: 'cpu' },
    tables: tableResults(material.model, made),
    gates: run.gates,
    integrity:
      made === null
        ? null
        : {
            foreignKeyCount: made.integrity.foreignKeyCount,
            orphanCount: made.integrity.orphanCount,
            violationCount: made.integrity.violationCount,
          },
    timingsMs: clock.timingsMs(),
    rowsPerSecond: made?.rowsPerSecond ?? 0,
    peakRssBytes: peakRssBytes(),
    target: { database: run.target.database, previousDatabase: made?.previousDatabase ?? null },
    plan: options.dryRun ? planOf(run, material) : null,
    steering: run.steering?.results() ?? [],
    timeShift: run.shift && {
      asOf: run.shift.asOf,
      days: run.shift.days,
      columnCount: [...run.shift.columns.values()].reduce((sum, columns) => sum + columns.size, 0),
    },
  };
  if (options.dryRun) return { ...result, reportPath: null };
  const report = (): Promise<string> =>
    reportRun({
      result,
      model: material.model,
      source: run.source,
      target: run.target,
      attemptCount: attempts,
      scan: made?.scan ?? null,
      published: made?.published ?? false,
      config: options.config,
      startedAt: run.startedAt,
    });
  const reportPath = await clock.run('report', () => report().catch((thrown: unknown) => reportMissing(run, thrown)));
  return { ...result, timingsMs: clock.timingsMs(), reportPath };
}

/** Without its report a run is still what it is: published, or failed. */
function reportMissing(run: Run, thrown: unknown): null {
  const { message, hint } = toUnderstudyError(thrown);
  run.findings.push(finding('warning', 'REPORT_NOT_WRITTEN', '', message, hint));
  return null;
}

function planOf(run: Run, { model, realRows }: Material): ProvisionPlan {
  const names = new Map(model.catalog.tables.map((table) => [tableId(table.name), table.name]));
  const { scale, config } = run.options;
  const scales = tableScales(config, model.catalog);
  const tables = model.tables.map((table) => {
    const rowCount =
      table.strategy === 'synthesize'
        ? Math.round(table.sourceRowCount * scale * (scales.get(table.id) ?? 1))
        : table.strategy === 'copy'
          ? table.sourceRowCount
          : (realRows.get(table.id)?.rowCount ?? 0);
    return { ...names.get(table.id)!, strategy: table.strategy, rowCount, reason: table.strategyReason };
  });
  const rowCount = tables.reduce((sum, table) => sum + table.rowCount, 0);
  const rehearsedMs = run.clock.timingsMs()['rehearse'] ?? 0;
  const rehearsedCount = Math.min(REHEARSAL_ROWS, Math.max(1, rowCount, rowCount / scale));
  return {
    ddl: model.catalog.script.map((statement) => statement.sql),
    tables,
    estimatedBytes: estimatedBytes(model.catalog, scale),
    // The rehearsal makes and scans about as fast as the run itself.
    estimatedMs: Math.round((rehearsedMs * rowCount) / rehearsedCount),
    missingRights: run.findings
      .filter((found) => codeOfLack(found) === 'TARGET_RIGHTS_MISSING')
      .map((found) => found.hint ?? found.message),
  };
}
