export { openLedger } from './open-ledger.ts';
export type { Ledger, LedgerOptions } from './open-ledger.ts';
export { attemptsForSource, carryLedger, finishRun, listRuns, recordRun } from './runs.ts';
export type { RecordedRun, RunEnd, RunGate, RunStart, RunState, RunTable } from './runs.ts';
