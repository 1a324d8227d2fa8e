import type { Target } from '../../connectors/connector.ts';
import { newRunId } from '../kernel/ids.ts';
import { listRuns as listRecorded, openLedger } from '../ledger/index.ts';
import type { RecordedRun } from '../ledger/index.ts';
import type { ListRuns, PruneRuns, RunInfo } from './contract.ts';
import { withTarget } from './open-databases.ts';

/** The runs of a target: where their rows are, by the server's catalog; how they went, by the ledger. */
export const listRuns: ListRuns = ({ targetUrl, config }, _sink, signal) =>
  withTarget(targetUrl, config, signal, async (target) => ({
    schemaVersion: 1,
    verdict: 'pass',
    findings: [],
    runs: await readRuns(target),
  }));

/** Drops what dead runs left. Throws `TARGET_LOCKED` while another run works on the target. */
export const pruneRuns: PruneRuns = ({ targetUrl, config }, _sink, signal) =>
  withTarget(targetUrl, config, signal, async (target) => {
    await target.lock(newRunId());
    const dropped = await target.cleanUp();
    return { schemaVersion: 1, verdict: 'pass', findings: [], dropped, runs: await readRuns(target) };
  });

/** Newest first. */
async function readRuns(target: Target): Promise<RunInfo[]> {
  const present = await target.runs();
  const recorded = new Map((await readLedger(target)).map((run) => [run.runId, run]));
  const runs = present.map((run): RunInfo => ({ ...run, recorded: shownRecord(recorded.get(run.runId)) }));
  for (const run of recorded.values()) {
    if (present.some((other) => other.runId === run.runId)) continue;
    // What was published once and is nowhere any more has been replaced since.
    const state = run.state === 'published' ? 'replaced' : run.state;
    runs.push({ runId: run.runId, database: null, state, recorded: shownRecord(run) });
  }
  return runs.toSorted((a, b) => (a.runId < b.runId ? 1 : -1));
}

async function readLedger(target: Target): Promise<readonly RecordedRun[]> {
  const { kind } = await target.inspect();
  if (kind === 'absent') return [];
  const ledger = await openLedger(target.ledgerConnection(), { create: false });
  try {
    return await listRecorded(ledger);
  } finally {
    await ledger.close();
  }
}

function shownRecord(run: RecordedRun | undefined): RunInfo['recorded'] {
  if (run === undefined) return null;
  const { mode, seed, scale, verdict, modelHash, rowCount, reportPath } = run;
  const startedAt = run.startedAt.toISOString();
  return {
    startedAt,
    finishedAt: run.finishedAt?.toISOString() ?? null,
    mode,
    seed,
    scale,
    verdict,
    modelHash,
    rowCount,
    reportPath,
  };
}
