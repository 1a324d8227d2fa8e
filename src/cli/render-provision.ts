import { bytes } from '../kernel/quantities.ts';
import type {
  DemoResult,
  LearnResult,
  ModelInfo,
  ProvisionPlan,
  ProvisionResult,
  ScanResult,
  TableResult,
  Verdict,
} from '../pipeline/contract.ts';
import type { Paint } from './output-mode.ts';
import { duration } from './progress.ts';
import { renderFindings } from './render-findings.ts';
import { renderGates, renderIntegrity, renderVerdict } from './render-gates.ts';
import { count, textTable } from './text-table.ts';

const MEANINGS: Readonly<Record<Verdict, string>> = {
  pass: 'Every gate passed and the target is published.',
  fail: 'A gate failed; nothing was published and the target is as it was.',
  refused: 'Refused for safety; nothing was written.',
  error: 'The run did not end; nothing was published.',
};

export function renderProvision(result: ProvisionResult, paint: Paint): string {
  const isPlan = result.plan !== null;
  const meaning =
    isPlan && result.verdict === 'pass' ? 'A real run would go ahead; nothing was written.' : MEANINGS[result.verdict];
  const { target, model } = result;
  return [
    result.plan === null ? renderTables(result.tables, paint) : renderPlan(result.plan, paint),
    renderGates(result.gates, paint),
    renderIntegrity(result.integrity, paint),
    spaced(renderFindings(result.findings, paint)),
    renderFacts(
      [
        ['run', isPlan ? null : result.runId],
        ['seed', `${result.seed}, scale ${result.scale}`],
        ['model', model && renderModel(model)],
        ...result.steering.map((steered): [string, string] => ['steered', renderSteering(steered)]),
        ['times', result.timeShift && renderShift(result.timeShift)],
        ['target', target.database],
        ['previous', target.previousDatabase && `${target.previousDatabase} (\`understudy rollback\` brings it back)`],
        ['time', isPlan ? null : renderPace(result)],
        ['report', result.reportPath],
      ],
      paint,
    ),
    renderVerdict(result, meaning, paint),
  ].join('');
}

export function renderDemo(result: DemoResult, paint: Paint): string {
  return renderProvision(result, paint) + renderConnections(result, paint);
}

function renderConnections({ connections, verdict }: DemoResult, paint: Paint): string {
  if (connections === null) {
    return `${paint('dim', 'The embedded server has stopped; `understudy demo --keep` leaves it running to look around.')}\n`;
  }
  // What was not published is not there.
  const staging = verdict === 'pass' ? `  staging     psql ${connections.target}\n` : '';
  return `\nLook around until Ctrl-C:\n  production  psql ${connections.source}\n${staging}`;
}

export function renderLearn(result: LearnResult, paint: Paint): string {
  const passed = result.verdict === 'pass';
  const rows = result.tables.map((table) => [tableName(table), table.strategy, count(table.sourceRowCount)]);
  return [
    rows.length === 0 ? '' : `${paint('bold', 'Tables')}\n${textTable(['table', 'strategy', 'source rows '], rows)}\n`,
    renderGates(result.gates, paint),
    spaced(renderFindings(result.findings, paint)),
    renderFacts(
      [
        ['model', renderModel(result.model)],
        ['time', `${duration(result.timingsMs['total'] ?? 0)}, ${bytes(result.peakRssBytes)} peak memory`],
        ['file', passed ? result.modelPath : null],
      ],
      paint,
    ),
    renderVerdict(
      result,
      passed ? 'Every gate passed and the model is written.' : 'A gate failed; no model file was written.',
      paint,
    ),
  ].join('');
}

export function renderScan(result: ScanResult, paint: Paint): string {
  const columns = meanByTable(result).map(([table, mean]) => [table, mean.toFixed(3)]);
  const relations = result.fidelity.relations.map((relation) => [
    relation.table,
    relation.foreignKey,
    relation.cardinalityScore.toFixed(3),
  ]);
  const section = (title: string, headings: readonly string[], rows: readonly (readonly string[])[]): string =>
    rows.length === 0 ? '' : `${paint('bold', title)}\n${textTable(headings, rows)}\n`;
  const failed = result.gates.some((gate) => gate.verdict === 'fail');
  const meaning =
    result.verdict === 'pass'
      ? 'Every gate passed.'
      : `${failed ? 'A gate failed' : 'What is not known to be safe does not pass'}: see above.`;
  return [
    section('Marginals', ['table', 'mean likeness '], columns),
    section('Relations', ['table', 'foreign key', 'likeness of cardinalities '], relations),
    renderGates(result.gates, paint),
    renderIntegrity(result.integrity, paint),
    spaced(renderFindings(result.findings, paint)),
    renderFacts([['report', result.reportPath]], paint),
    renderVerdict(result, meaning, paint),
  ].join('');
}

/** Names beside their values; what is null is left out. */
function renderFacts(facts: readonly (readonly [name: string, value: string | null])[], paint: Paint): string {
  return spaced(
    facts.map(([name, value]) => (value === null ? '' : `${paint('dim', name.padEnd(9))}${value}\n`)).join(''),
  );
}

function renderModel({ hash, engine, backend }: ModelInfo): string {
  return `${hash.slice(0, 12)} (${engine}, ${backend})`;
}

function renderSteering({ table, column, kind, values }: ProvisionResult['steering'][number]): string {
  const percent = (share: number | null): string => (share === null ? '?' : `${(100 * share).toFixed(1)} %`);
  const shares = values.map(
    ({ value, shareBefore, shareAfter }) => `${value ?? 'NULL'} ${percent(shareBefore)} → ${percent(shareAfter)}`,
  );
  return `${table}.${column} (${kind}): ${shares.join(', ')}`;
}

function renderShift({ asOf, days, columnCount }: NonNullable<ProvisionResult['timeShift']>): string {
  const columns = `${count(columnCount)} column${columnCount === 1 ? '' : 's'}`;
  return days === 0 ? `as learned (--as-of ${asOf})` : `${columns} moved by ${days / 7} weeks (--as-of ${asOf})`;
}

/** How long it took; a run that ended before it loaded has no pace. */
function renderPace({ timingsMs, rowsPerSecond, peakRssBytes }: ProvisionResult): string {
  const pace = rowsPerSecond > 0 ? [`${count(Math.round(rowsPerSecond))} rows/s loaded`] : [];
  return [duration(timingsMs['total'] ?? 0), ...pace, `${bytes(peakRssBytes)} peak memory`].join(', ');
}

function tableName({ schema, name }: TableResult): string {
  return `${schema}.${name}`;
}

function spaced(text: string): string {
  return text === '' ? '' : `${text}\n`;
}

function meanByTable(result: ScanResult): (readonly [string, number])[] {
  return result.fidelity.tables
    .filter(({ columns }) => columns.length > 0)
    .map(({ table, columns }) => [table, sum(columns.map((column) => column.marginalScore)) / columns.length]);
}

function renderTables(tables: readonly TableResult[], paint: Paint): string {
  if (tables.length === 0) return '';
  const rows = tables.map((table) => [
    tableName(table),
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
