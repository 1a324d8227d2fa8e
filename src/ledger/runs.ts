/** What the ledger records of a run, and what it can be asked. */
import type { Ledger } from './open-ledger.ts';
import { UnderstudyError } from '../kernel/errors.ts';
import { ledgerError } from './ledger-errors.ts';

export type RunState = 'running' | 'published' | 'failed' | 'refused' | 'interrupted';

/** What is known when a run begins. */
export interface RunStart {
  readonly runId: string;
  readonly startedAt: Date;
  readonly mode: 'swap' | 'in-place';
  readonly seed: string;
  readonly scale: number;
  readonly configDigest: string;
  readonly sourceFingerprint: string;
  /** Version of Understudy. */
  readonly version: string;
  /** `host/pid` of the process. */
  readonly holder: string;
}

export interface RunTable {
  readonly schema: string;
  readonly name: string;
  readonly strategy: string;
  readonly sourceRowCount: number;
  readonly rowCount: number;
}

export interface RunGate {
  readonly gate: string;
  readonly scope: string;
  readonly value: number | null;
  readonly interval: readonly [number, number] | null;
  readonly limit: number | null;
  readonly verdict: string;
  readonly basis: string;
}

/** What is known when it has ended. */
export interface RunEnd {
  readonly state: Exclude<RunState, 'running'>;
  readonly finishedAt: Date;
  readonly verdict: string | null;
  readonly modelHash: string | null;
  readonly rowCount: number | null;
  readonly reportPath: string | null;
  readonly tables: readonly RunTable[];
  readonly gates: readonly RunGate[];
}

export interface RecordedRun extends RunStart {
  readonly state: RunState;
  readonly finishedAt: Date | null;
  readonly verdict: string | null;
  readonly modelHash: string | null;
  readonly rowCount: number | null;
  readonly reportPath: string | null;
}

/** Writes that a run has begun; again for the same run changes nothing. */
export async function recordRun(ledger: Ledger, run: RunStart): Promise<void> {
  const row = {
    run_id: run.runId,
    state: 'running',
    started_at: run.startedAt,
    mode: run.mode,
    seed: run.seed,
    scale: run.scale,
    config_digest: run.configDigest,
    source_fingerprint: run.sourceFingerprint,
    version: run.version,
    holder: run.holder,
  };
  await asking('recording the run', () => ledger.database('runs').insert(row).onConflict('run_id').ignore());
}

/** Writes how a run ended, with its tables and gates. Throws `LEDGER_RUN_UNKNOWN`. */
export async function finishRun(ledger: Ledger, runId: string, end: RunEnd): Promise<void> {
  await asking('recording the end of the run', () =>
    ledger.database.transaction(async (transaction) => {
      const count = await transaction('runs').where({ run_id: runId }).update({
        state: end.state,
        finished_at: end.finishedAt,
        verdict: end.verdict,
        model_hash: end.modelHash,
        row_count: end.rowCount,
        report_path: end.reportPath,
      });
      if (count === 0) throw unknownRun(runId);
      await transaction('run_tables').where({ run_id: runId }).delete();
      await transaction('run_gates').where({ run_id: runId }).delete();
      const tables = end.tables.map((table) => ({
        run_id: runId,
        schema_name: table.schema,
        table_name: table.name,
        strategy: table.strategy,
        source_row_count: table.sourceRowCount,
        row_count: table.rowCount,
      }));
      const gates = end.gates.map((gate, place) => ({
        run_id: runId,
        place,
        gate: gate.gate,
        scope: gate.scope,
        value: gate.value,
        interval_low: gate.interval?.[0] ?? null,
        interval_high: gate.interval?.[1] ?? null,
        limit_value: gate.limit,
        verdict: gate.verdict,
        basis: gate.basis,
      }));
      if (tables.length > 0) await transaction.batchInsert('run_tables', tables, 500);
      if (gates.length > 0) await transaction.batchInsert('run_gates', gates, 500);
    }),
  );
}

/** All runs, newest first; empty where there is no ledger. */
export async function listRuns(ledger: Ledger): Promise<readonly RecordedRun[]> {
  if (!ledger.exists) return [];
  const rows = await asking('reading the ledger', () =>
    ledger.database('runs').select('*').orderBy('started_at', 'desc').orderBy('run_id', 'desc'),
  );
  return rows.map(asRun);
}

/** How many runs have read this source before: every attempt is a chance to pick a lucky one, so reports show it. */
export async function attemptsForSource(ledger: Ledger, sourceFingerprint: string): Promise<number> {
  if (!ledger.exists) return 0;
  const [row] = await asking('reading the ledger', () =>
    ledger.database('runs').where({ source_fingerprint: sourceFingerprint }).count<{ count: string }[]>('* as count'),
  );
  return Number(row.count);
}

/** Copies what `from` knows and `to` does not: the story goes on in the database that replaces the one before. */
export async function carryLedger(from: Ledger, to: Ledger): Promise<void> {
  if (!from.exists) return;
  await asking('carrying the ledger over', () =>
    to.database.transaction(async (transaction) => {
      const known = new Set((await transaction('runs').select('run_id')).map((row: { run_id: string }) => row.run_id));
      const runs = (await from.database('runs').select('*')).filter(
        (row: { run_id: string }) => !known.has(row.run_id),
      );
      const ids = runs.map((row: { run_id: string }) => row.run_id);
      if (ids.length === 0) return;
      await transaction.batchInsert('runs', runs, 200);
      for (const table of ['run_tables', 'run_gates']) {
        const rows = await from.database(table).whereIn('run_id', ids).select('*');
        if (rows.length > 0) await transaction.batchInsert(table, rows, 500);
      }
    }),
  );
}

async function asking<Result>(doing: string, work: () => PromiseLike<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw ledgerError(error, doing);
  }
}

function asRun(row: Record<string, unknown>): RecordedRun {
  return {
    runId: String(row['run_id']),
    state: row['state'] as RunState,
    startedAt: row['started_at'] as Date,
    finishedAt: (row['finished_at'] as Date | null) ?? null,
    mode: row['mode'] as RunStart['mode'],
    seed: String(row['seed']),
    scale: Number(row['scale']),
    modelHash: row['model_hash'] as string | null,
    configDigest: String(row['config_digest']),
    sourceFingerprint: String(row['source_fingerprint']),
    verdict: row['verdict'] as string | null,
    rowCount: row['row_count'] === null ? null : Number(row['row_count']),
    version: String(row['version']),
    reportPath: row['report_path'] as string | null,
    holder: String(row['holder']),
  };
}

function unknownRun(runId: string): UnderstudyError {
  return new UnderstudyError('LEDGER_RUN_UNKNOWN', `The ledger of this target knows no run ${runId}.`, {
    hint: 'List the runs with understudy runs.',
  });
}
