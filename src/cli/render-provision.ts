import type {
  DemoResult,
  LearnResult,
  ProvisionPlan,
  ProvisionResult,
  ScanResult,
  TableResult,
  Verdict,
} from '../pipeline/contract.ts';
import type { Paint } from './output-mode.ts';
import { duration } from './progress.ts';
import { renderGates, renderIntegrity, renderVerdict } from './render-gates.ts';
import { bytes, count, textTable } from './text-table.ts';

const MEANINGS: Readonly<Record<Verdict, string>> = {
  pass: 'Every gate passed and the target is published.',
  fail: 'A gate failed; nothing was published and the target is as it was.',
  refused: 'Refused for safety; nothing was written.',
  error: 'The run did not end; nothing was published.',
};

export function renderProvision(result: ProvisionResult, paint: Paint): string {
  const dryRun = result.plan !== null;
  const meaning =
    dryRun && result.verdict === 'pass' ? 'A real run would go ahead; nothing was written.' : MEANINGS[result.verdict];
  const facts: (readonly [string, string])[] = [
    ['run', result.runId],
    ['seed', `${result.seed}, scale ${result.scale}`],
    [
      'model',
      result.model === null
        ? '-'
        : `${result.model.hash.slice(0, 12)} (${result.model.engine}, ${result.model.backend})`,
    ],
    ['target', result.target.database],
    ['previous', result.target.previousDatabase ?? '-'],
    [
      'time',
      `${duration(sum(Object.values(result.timingsMs)))}, ${count(Math.round(result.rowsPerSecond))} rows/s, ${bytes(result.peakRssBytes)} peak memory`,
    ],
    ['report', result.reportPath ?? '-'],
  ];
  return [
    renderTables(result.tables, paint),
    result.plan === null ? '' : renderPlan(result.plan, paint),
    renderGates(result.gates, paint),
    renderIntegrity(result.integrity, paint),
    ...facts.filter(([, value]) => value !== '-').map(([name, value]) => `${paint('dim', name.padEnd(9))}${value}\n`),
    '\n',
    renderVerdict(result, meaning, paint),
  ].join('');
}

export function renderDemo(result: DemoResult, paint: Paint): string {
  const { connections } = result;
  const ways =
    connections === null
      ? `${paint('dim', 'The embedded server has stopped; `understudy demo --keep` leaves it running to look around.')}\n`
      : `Look around until Ctrl-C:\n  production  psql ${connections.source}\n  staging     psql ${connections.target}\n`;
  return renderProvision(result, paint) + ways;
}

export function renderLearn(result: LearnResult, paint: Paint): string {
  const meaning =
    result.verdict === 'pass' ? `The model is in ${result.modelPath}.` : 'A gate failed; no model file was written.';
  const model = `${paint('dim', 'model')}  ${result.model.hash.slice(0, 12)} (${result.model.engine}, ${result.model.backend})\n\n`;
  return (
    renderTables(result.tables, paint) +
    renderGates(result.gates, paint) +
    model +
    renderVerdict(result, meaning, paint)
  );
}

export function renderScan(result: ScanResult, paint: Paint): string {
  const scores = result.fidelity.relations.map((relation) => [
    relation.table,
    relation.foreignKey,
    relation.cardinalityScore.toFixed(3),
  ]);
  const relations =
    scores.length === 0
      ? ''
      : `${paint('bold', 'Relations')}\n${textTable(['table', 'foreign key', 'cardinality '], scores)}\n`;
  const columns = meanByTable(result).map(([table, mean]) => [table, mean.toFixed(3)]);
  const marginals =
    columns.length === 0 ? '' : `${paint('bold', 'Marginals')}\n${textTable(['table', 'mean score '], columns)}\n`;
  const meaning = result.verdict === 'pass' ? 'Every gate passed.' : 'A gate failed: see above.';
  const report = result.reportPath === null ? '' : `${paint('dim', 'report')}  ${result.reportPath}\n`;
  return (
    marginals +
    relations +
    renderGates(result.gates, paint) +
    renderIntegrity(result.integrity, paint) +
    report +
    renderVerdict(result, meaning, paint)
  );
}

function meanByTable(result: ScanResult): (readonly [string, number])[] {
  const scores = new Map<string, number[]>();
  for (const column of result.fidelity.tables)
    scores.set(column.table, [...(scores.get(column.table) ?? []), column.marginalScore]);
  return [...scores].map(([table, values]) => [table, sum(values) / values.length]);
}

function renderTables(tables: readonly TableResult[], paint: Paint): string {
  if (tables.length === 0) return '';
  const rows = tables.map((table) => [
    `${table.schema}.${table.name}`,
    table.strategy,
    count(table.sourceRowCount),
    count(table.rowCount),
  ]);
  return `${paint('bold', 'Tables')}\n${textTable(['table', 'strategy', 'source rows ', 'rows '], rows)}\n`;
}

function renderPlan(plan: ProvisionPlan, paint: Paint): string {
  const rows = plan.tables.map((table) => [
    `${table.schema}.${table.name}`,
    table.strategy,
    count(table.rowCount),
    table.reason,
  ]);
  const rights = plan.missingRights.map((right) => `  ${paint('yellow', 'missing right')} ${right}\n`).join('');
  const size = `  about ${bytes(plan.estimatedBytes)}, ${duration(plan.estimatedMs)}, ${count(plan.ddl.length)} DDL statements (all in --json)\n`;
  return `${paint('bold', 'Plan')}\n${textTable(['table', 'strategy', 'rows ', 'why'], rows)}${size}${rights}\n`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
