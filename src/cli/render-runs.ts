import type { PruneResult, RollbackResult, RunInfo, RunsResult } from '../pipeline/contract.ts';
import type { Paint } from './output-mode.ts';
import { count, textTable } from './text-table.ts';

export function renderRuns({ runs }: RunsResult, paint: Paint): string {
  if (runs.length === 0) return 'This target has no runs.\n';
  return `${paint('bold', 'Runs')}\n${runTable(runs, paint)}`;
}

export function renderPrune({ runs, dropped }: PruneResult, paint: Paint): string {
  const list =
    dropped.length === 0
      ? 'Nothing was left to drop.\n'
      : `${paint('bold', 'Dropped')}\n${dropped.map((name) => `  ${name}\n`).join('')}`;
  return list + runTable(runs, paint);
}

export function renderRollback({ target }: RollbackResult): string {
  const previous = target.previousDatabase === null ? '' : ` What was there is kept as ${target.previousDatabase}.`;
  return `${target.database} is what it was before.${previous}\n`;
}

function runTable(runs: readonly RunInfo[], paint: Paint): string {
  const rows = runs.map(({ runId, state, database, recorded }) => [
    runId,
    state === 'published' ? paint('green', state) : state,
    recorded?.verdict ?? '',
    recorded?.mode ?? '',
    recorded?.seed ?? '',
    typeof recorded?.rowCount === 'number' ? count(recorded.rowCount) : '',
    database ?? '',
  ]);
  return rows.length === 0 ? '' : textTable(['run', 'state', 'verdict', 'mode', 'seed ', 'rows ', 'database'], rows);
}
