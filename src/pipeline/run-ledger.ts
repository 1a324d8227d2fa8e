/** What the ledger of a target is told of a run. */
import { hostname } from 'node:os';
import path from 'node:path';
import type { Build, Target } from '../../connectors/connector.ts';
import {
  attemptsForSource,
  carryLedger,
  finishRun,
  openLedger,
  recordRun,
  type RunEnd,
  type RunStart,
} from '../ledger/index.ts';
import { reportPaths } from '../stages/report/index.ts';
import type { GateResult } from '../stages/scan/artifact.ts';
import type { ProvisionResult } from './contract.ts';

export interface RunFacts {
  readonly runId: string;
  readonly startedAt: Date;
  readonly mode: 'swap' | 'in-place';
  readonly seed: number;
  readonly scale: number;
  readonly configDigest: string;
  readonly sourceFingerprint: string;
  readonly toolVersion: string;
  readonly modelHash: string;
  readonly verdict: 'pass' | 'fail';
  readonly tables: ProvisionResult['tables'];
  readonly gates: readonly GateResult[];
  readonly reportDirectory: string;
}

/** Writes the run into the build's ledger, behind the story so far: it becomes visible with the rows, or not at all. */
export async function recordPublished(target: Target, build: Build, facts: RunFacts): Promise<void> {
  const ledger = await openLedger(target.ledgerConnection(build));
  try {
    if ((await target.inspect()).kind !== 'absent') {
      const previous = await openLedger(target.ledgerConnection(), { create: false });
      try {
        await carryLedger(previous, ledger);
      } finally {
        await previous.close();
      }
    }
    await recordRun(ledger, startOf(facts));
    await finishRun(ledger, facts.runId, endOf(facts, 'published'));
  } finally {
    await ledger.close();
  }
}

/** Writes a failed run into the target's own ledger, where there is one: the only thing of the target that changes. */
export async function recordFailure(target: Target, facts: RunFacts): Promise<void> {
  if ((await target.inspect()).kind !== 'understudy') return;
  const ledger = await openLedger(target.ledgerConnection());
  try {
    await recordRun(ledger, startOf(facts));
    await finishRun(ledger, facts.runId, endOf(facts, 'failed'));
  } finally {
    await ledger.close();
  }
}

/** Runs that this target's ledger knows of the same source. */
export async function attemptsBefore(target: Target, sourceFingerprint: string): Promise<number> {
  if ((await target.inspect()).kind !== 'understudy') return 0;
  const ledger = await openLedger(target.ledgerConnection(), { create: false });
  try {
    return await attemptsForSource(ledger, sourceFingerprint);
  } finally {
    await ledger.close();
  }
}

export function reportPathOf(directory: string, runId: string): string {
  return path.resolve(reportPaths(directory, runId).htmlPath);
}

function startOf(facts: RunFacts): RunStart {
  const { runId, startedAt, mode, scale, configDigest, sourceFingerprint } = facts;
  return {
    runId,
    startedAt,
    mode,
    seed: String(facts.seed),
    scale,
    configDigest,
    sourceFingerprint,
    version: facts.toolVersion,
    holder: `${hostname()}/${process.pid}`,
  };
}

function endOf(facts: RunFacts, state: RunEnd['state']): RunEnd {
  return {
    state,
    finishedAt: new Date(),
    verdict: facts.verdict,
    modelHash: facts.modelHash,
    rowCount: facts.tables.reduce((sum, table) => sum + table.rowCount, 0),
    reportPath: reportPathOf(facts.reportDirectory, facts.runId),
    tables: facts.tables,
    gates: facts.gates,
  };
}
