/** What became of each table: strategy, columns, rules, distributions. */
import type { ColumnFidelity } from '../scan/artifact.ts';
import type { RuleRecord, RunRecord, TableRecord } from './artifact.ts';
import { counted, figure, whole } from './figures.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';
import { columnPlot, dependencePlot, privacyPlot, relationPlot } from './table-plots.ts';

/** Plots beyond so much text are left out, to keep a report under 3 MB; their scores stay. */
const MAX_PLOT_CHARACTERS = 1_200_000;

export function tableSection(record: RunRecord): Markup {
  let drawn = 0;
  const draw = (plot: Markup): Markup | false => (drawn += plot.text.length) <= MAX_PLOT_CHARACTERS && plot;
  return html`<section id="tables">
    <h2>Tables</h2>
    <p class="soft">
      <span class="key real"></span>real <span class="key made"></span>synthetic. Plots show shares of rows, the figure
      beside a pair of bars being the real one; values that fewer than five subjects share are pooled, and values of
      personal columns are never shown.
    </p>
    <div class="card scroll">
      <table class="stack">
        <caption>
          What became of each table
        </caption>
        <thead>
          <tr>
            <th scope="col">Table</th>
            <th scope="col">Strategy</th>
            <th scope="col" class="number">Real rows</th>
            <th scope="col" class="number">Rows</th>
            <th scope="col" class="number">Mean likeness</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          ${record.tables.map(
            (table) =>
              html`<tr>
                <th scope="row"><a href="#${anchor(table.table)}">${table.table}</a></th>
                <td data-label="Strategy">${table.strategy}</td>
                <td class="number" data-label="Real rows">${whole(table.sourceRowCount)}</td>
                <td class="number" data-label="Rows">${whole(table.rowCount)}</td>
                <td class="number" data-label="Mean likeness">${meanScore(columnsOf(record, table))}</td>
                <td>${table.reason}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${record.tables.map((table) => tableDetails(table, record, draw))}
  </section>`;
}

function columnsOf(record: RunRecord, table: TableRecord): readonly ColumnFidelity[] {
  return (record.scan?.columns ?? []).filter((column) => column.table === table.table);
}

function meanScore(columns: readonly ColumnFidelity[]): string {
  return columns.length === 0
    ? ''
    : figure(columns.reduce((sum, column) => sum + column.marginalScore, 0) / columns.length);
}

/** Safe in a fragment, and different for different tables. */
function anchor(table: string): string {
  return `table-${encodeURIComponent(table).replaceAll(/[^A-Za-z0-9._-]/g, '_')}`;
}

function tableDetails(table: TableRecord, record: RunRecord, draw: (plot: Markup) => Markup | false): Markup {
  const columns = columnsOf(record, table);
  const scores = new Map(columns.map((column) => [column.column, column.marginalScore]));
  const relations = (record.scan?.relations ?? []).filter((relation) => relation.table === table.table);
  const rules = record.rules.filter((rule) => rule.table === table.table);
  const strengths = (record.scan?.tables ?? []).find((entry) => entry.table === table.table)?.pairs?.strengths ?? [];
  const privacy = (record.scan?.privacy ?? []).find((entry) => entry.table === table.table);
  return html`<details class="card" id="${anchor(table.table)}" open>
    <summary>
      <h3>${table.table}</h3>
      <span class="tag">${table.strategy}</span
      ><span class="meta">${whole(table.sourceRowCount)} real rows, ${whole(table.rowCount)} in the target</span>
    </summary>
    <details>
      <summary>${counted(table.columns.length, 'column')} and what became of them</summary>
      <div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">Type</th>
              <th scope="col">Treatment</th>
              <th scope="col">Sensitivity</th>
              <th scope="col" class="number">Likeness</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            ${table.columns.map(
              (column) =>
                html`<tr>
                  <th scope="row"><code>${column.column}</code></th>
                  <td data-label="Type">${column.type}</td>
                  <td data-label="Treatment">${column.treatment}</td>
                  <td data-label="Sensitivity">${column.sensitivity}</td>
                  <td class="number" data-label="Likeness">${figure(scores.get(column.column) ?? null)}</td>
                  <td>${column.reason} <span class="soft small">(${column.decidedBy})</span></td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
    ${rules.length > 0 && ruleList(rules)}
    ${columns.length + relations.length > 0 && html`<div class="plots">${columns.filter((column) => column.bins.length > 1).map((column) => draw(columnPlot(column)))}${relations.filter((relation) => relation.bins.length > 1).map((relation) => draw(relationPlot(relation)))}${strengths.length > 0 && draw(dependencePlot(strengths))}${privacy !== undefined && privacy.distanceBins.length > 0 && draw(privacyPlot(privacy))}</div>`}
  </details>`;
}

const SET_BY: Readonly<Record<RuleRecord['setBy'], string>> = {
  mined: 'found in the rows',
  config: 'set by the configuration',
  schema: 'declared by the schema',
};

function ruleList(rules: readonly RuleRecord[]): Markup {
  return html`<details>
    <summary>${counted(rules.length, 'rule')} that its rows keep to</summary>
    <ul>
      ${rules.map(({ rule, setBy, support }) => html`<li>${rule} <span class="soft small">(${SET_BY[setBy]}${support !== null && `: ${counted(support.caseCount, 'case')} of ${counted(support.unitCount, 'unit')}, ${whole(support.tuneCaseCount)} more checked`})</span></li>`)}
    </ul>
  </details>`;
}
