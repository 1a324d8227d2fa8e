import type { Figure, PairFidelity, QueryFidelity, RuleFidelity, ScanReport } from '../scan/artifact.ts';
import { html } from './html.ts';
import type { Content, Markup } from './html.ts';

/** How alike the target is beyond single columns: every figure beside what real rows reach and what shuffled ones do. */
export function fidelitySection(scan: ScanReport | null): Markup {
  const tables = (scan?.tables ?? []).filter(
    ({ pairs, c2st, c2stAgg, tstr }) => pairs !== null || c2st !== null || c2stAgg !== null || tstr.length > 0,
  );
  const relations = (scan?.relations ?? []).filter(({ pairs }) => pairs !== null);
  const [queries, rules] = [scan?.queries ?? null, scan?.rules ?? null];
  if (tables.length + relations.length === 0 && queries === null && rules === null)
    return html`<section id="fidelity">
      <h2>Fidelity</h2>
      <p>There was nothing to compare.</p>
    </section>`;
  return html`<section id="fidelity">
    <h2>Fidelity</h2>
    <p class="soft">
      How alike the made-up rows are to real ones beyond single columns. Each figure stands beside two others: what real
      rows of other subjects score against the same source (<em>real</em>), which is as good as it gets, and what the
      source's own values score once every column is put in a random order (<em>shuffled</em>), which has lost all
      relations. Personal columns are left out, rare values are pooled.
    </p>
    ${tables.length > 0 && tableFigures(tables)} ${relations.length > 0 && relationFigures(relations)}
    ${queries !== null && queryFigures(queries)} ${rules !== null && ruleFigures(rules)}
  </section>`;
}

function tableFigures(tables: ScanReport['tables']): Markup {
  return figureTable(
    'Within tables',
    html`<em>Pairs</em>: how alike the two-way frequency tables of all pairs of columns are; 1 is the same.
      <em>Dependences</em>: how much of their strength the columns keep that depend on each other.
      <em>Told apart</em> (C2ST): a learner is shown real and made-up rows and must tell which is which in rows that it
      has not seen; 0.5 is a coin toss, 1 is always right; <em>with children</em>, it also sees how many rows belong to
      each row and what they are like. <em>Prediction</em> (TSTR): what a learner that was trained on made-up rows finds
      out about a column of real rows; beside it, the same trained on real rows.`,
    ['Table', 'Figure', 'Synthetic', 'Real', 'Shuffled'],
    tables.flatMap(({ table, pairs, c2st, c2stAgg, tstr }) => [
      ...pairRows(table, pairs),
      ...figureRow(table, 'told apart', c2st),
      ...figureRow(table, 'told apart, with children', c2stAgg),
      ...tstr.flatMap((figure) =>
        figureRow(table, `prediction of ${figure.column} (${figure.metric === 'auc' ? 'AUC' : 'R²'})`, figure),
      ),
    ]),
  );
}

function relationFigures(relations: ScanReport['relations']): Markup {
  return figureTable(
    'Between tables',
    html`The same for pairs of a column of a row and a column of the row that it references.`,
    ['Foreign key', 'Figure', 'Synthetic', 'Real', 'Shuffled'],
    relations.flatMap(({ table, foreignKey, pairs }) => pairRows(`${table} (${foreignKey})`, pairs)),
  );
}

function queryFigures({ queryCount, value, ceiling, floor }: QueryFidelity): Markup {
  const rows = (['median', 'p90', 'p95', 'max'] as const).map((name) => [
    { median: 'half of the queries', p90: 'nine in ten', p95: '19 in 20', max: 'the worst' }[name],
    ...[value, ceiling, floor].map((errors) => errors[name].toFixed(2)),
  ]);
  return figureTable(
    'Answers of queries',
    html`${queryCount} queries that nothing was fitted to count rows along foreign keys under one or two conditions. The
    figure is the factor by which a count is too large or too small (q-error), at most, for so many of them; 1 is exact.`,
    ['Of', 'Synthetic', 'Real', 'Shuffled'],
    rows,
  );
}

function ruleFigures({ ruleCount, mean, worst, broken }: RuleFidelity): Markup {
  return html`<div class="card">
    <h3>Hidden rules</h3>
    <p>
      ${ruleCount} rules that the application keeps true of its rows were found in the source. They hold in
      ${(100 * mean).toFixed(2)} % of the rows that they speak of, on the mean; the worst in ${(100 * worst).toFixed(2)}
      %.
    </p>
    ${
      broken.length > 0 &&
      html`<ul>
        ${broken.map(({ rule, heldRate }) => html`<li>${rule}: holds in ${(100 * heldRate).toFixed(2)} %</li>`)}
      </ul>`
    }
  </div>`;
}

function pairRows(scope: string, pairs: PairFidelity | null): Content[][] {
  if (pairs === null) return [];
  return [
    ...figureRow(scope, `${pairs.pairCount} pairs`, pairs.trends),
    ...figureRow(scope, `${pairs.dependentCount} dependences`, pairs.strength),
    ...figureRow(scope, 'difference of rank correlations', pairs.rankGap),
  ];
}

function figureRow(scope: string, name: string, figure: Figure | null): Content[][] {
  return figure === null
    ? []
    : [
        [
          html`<code>${scope}</code>`,
          name,
          figure.value.toFixed(3),
          figure.ceiling.toFixed(3),
          figure.floor.toFixed(3),
        ],
      ];
}

/** The last three columns are numbers. */
function figureTable(
  title: string,
  explanation: Markup,
  heads: readonly string[],
  rows: readonly (readonly Content[])[],
): Markup {
  const isNumber = (i: number): boolean => i >= heads.length - 3;
  return html`<details class="card" open>
    <summary><h3>${title}</h3></summary>
    <p class="soft small">${explanation}</p>
    <div class="scroll">
      <table class="stack">
        <thead>
          <tr>
            ${heads.map((head, i) => (isNumber(i) ? html`<th scope="col" class="number">${head}</th>` : html`<th scope="col">${head}</th>`))}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (cells) =>
              html`<tr>
                ${cells.map((cell, i) => figureCell(cell, heads[i], i === 0, isNumber(i)))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function figureCell(cell: Content, head: string, isFirst: boolean, isNumber: boolean): Markup {
  if (isFirst) return html`<th scope="row">${cell}</th>`;
  return isNumber ? html`<td class="number" data-label="${head}">${cell}</td>` : html`<td>${cell}</td>`;
}
