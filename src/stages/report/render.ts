import type { Finding } from '../../kernel/findings.ts';
import type { ColumnFidelity, GateResult, RelationFidelity, ScanReport, TablePrivacy } from '../scan/artifact.ts';
import type { RunRecord, TableRecord } from './artifact.ts';
import { barChart, histogramChart, percent } from './charts.ts';
import { fidelitySection } from './fidelity.ts';
import { drawGraph } from './graph-drawing.ts';
import { html, Markup } from './html.ts';
import type { Content } from './html.ts';
import { STYLE } from './style.ts';

/** More plots than this in one report are left out, to keep it under 3 MB; their scores stay. */
const MAX_PLOTS = 600;

/** What each gate asks, in words for those who never heard of it. */
const GATES: Readonly<Record<string, string>> = {
  integrity: 'Asked of the database server itself: does every row have its parents, and does every constraint hold?',
  'direct-identifiers':
    'Is any e-mail address, phone number, user name, document, account or token of the source, or a full name with its birth date or street, anywhere in the target?',
  'low-entropy-personal':
    'Names, cities and titles coincide by accident. Do they, or two of them together, coincide more often than accident explains?',
  copies:
    'Do rows of the target equal rows that only one subject of the source has, more often than real rows of different subjects equal each other?',
  'copies-outright': 'Is any copied row beyond what chance could explain, or copied together with a personal value?',
  'dcr-share':
    'Distance to the closest record: do made-up rows lie closer to rows that were learned from than to real rows that were kept aside?',
  'neighbour-ratio': 'Do made-up rows hug single source rows, much nearer to one than to the next?',
  'membership-white-box': 'Does the model itself recognise the subjects that it was fitted on?',
  marginals: 'Are the values of each column distributed as in the source?',
  cardinalities: 'Do parents have as many children as in the source?',
  pairs: 'Do columns of a table that depend on each other still do, as strongly?',
  'parent-child': 'Do columns still depend on those of the row that theirs belongs to?',
  c2st: 'Can a learner tell made-up rows from real ones almost always?',
  queries: 'Do queries that join tables count about as many rows as in the source?',
  'rule-adherence': 'Do the rules that were found in the source hold in the target?',
  privacy: 'Tables whose rows were not made up are listed here with the reason.',
};

const VERDICT_WORDS: Readonly<Record<GateResult['verdict'], string>> = {
  pass: 'passed',
  fail: 'failed',
  underpowered: 'too little data',
  'not-applicable': 'does not apply',
};

/**
 * The report of a run as one self-contained HTML file: no script, nothing loaded from elsewhere, everything escaped.
 * Holds only what the record holds: names, counts, rates, and labels that at least 5 units of the source share.
 */
export function renderReport(record: RunRecord): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="robots" content="noindex" />
        <title>Understudy ${record.command}: ${record.verdict} (${record.runId})</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <header>
          ${verdictSection(record)}
          <nav aria-label="Sections">
            <ul>
              <li><a href="#gates">Gates</a></li>
              <li><a href="#findings">Findings</a></li>
              <li><a href="#run">Run</a></li>
              <li><a href="#fidelity">Fidelity</a></li>
              <li><a href="#relations">Relations</a></li>
              <li><a href="#tables">Tables</a></li>
            </ul>
          </nav>
        </header>
        <main>
          ${gateSection(record.scan)} ${findingSection(record.findings)} ${runSection(record)}
          ${fidelitySection(record.scan)} ${relationSection(record)} ${tableSection(record)}
        </main>
      </body>
    </html> `;
  return page.text;
}

function verdictSection(record: RunRecord): Markup {
  const gates = record.scan?.gates ?? [];
  const failed = gates.filter((gate) => gate.verdict === 'fail');
  const headline = {
    pass: record.published ? 'Every gate passed: the staging database is in place' : 'Every gate passed',
    fail: record.command === 'scan' ? 'The target did not pass' : 'Nothing was published',
    refused: 'Refused for safety: nothing was written',
    error: 'The run ended with an error: nothing was published',
  }[record.verdict];
  const copied = record.tables.filter((table) => table.strategy === 'copy' || table.strategy === 'mask');
  return html`<section class="card verdict ${record.verdict === 'pass' ? 'pass' : 'fail'}">
    <h1>${headline}</h1>
    <p>
      ${counted(gates.filter((gate) => gate.verdict === 'pass').length, 'gate')} passed, ${failed.length} failed,
      ${gates.filter((gate) => gate.verdict === 'underpowered').length} had too little data to tell,
      ${gates.filter((gate) => gate.verdict === 'not-applicable').length} did not apply.
    </p>
    ${
      failed.length > 0 &&
      html`<ul>
        ${failed.slice(0, 12).map((gate) => html`<li><strong>${gate.gate}</strong> <code>${gate.scope}</code>: ${gate.explanation}</li>`)}${failed.length > 12 && html`<li>and ${failed.length - 12} more, below</li>`}
      </ul>`
    }
    ${
      copied.length > 0 &&
      html`<p>Real rows are kept in ${counted(copied.length, 'table')}:</p>
        <ul>
          ${copied.map((table) => html`<li><code>${table.table}</code> (${table.strategy})${table.reason === '' ? '' : `: ${table.reason}`}</li>`)}
        </ul>`
    }
    <p class="soft small">understudy ${record.command}, run <code>${record.runId}</code>, ${time(record.finishedAt)}</p>
  </section>`;
}

function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function gateSection(scan: ScanReport | null): Markup {
  if (scan === null)
    return html`<section id="gates">
      <h2>Gates</h2>
      <p>The run ended before there was anything to scan.</p>
    </section>`;
  const names = [...new Set(scan.gates.map((gate) => gate.gate))];
  const worst = (gates: readonly GateResult[]): GateResult['verdict'] =>
    (['fail', 'underpowered', 'pass', 'not-applicable'] as const).find((verdict) =>
      gates.some((gate) => gate.verdict === verdict),
    ) ?? 'not-applicable';
  return html`<section id="gates">
    <h2>Gates</h2>
    <p class="soft">
      Nothing is published before every gate passes. Statistical gates share one error rate, so that a run of many
      tables does not fail by accident; their intervals are at the level that leaves.
    </p>
    ${names.map((name) => {
      const gates = scan.gates.filter((gate) => gate.gate === name);
      const verdict = worst(gates);
      return html`<details class="card" ${verdict === 'fail' || verdict === 'underpowered' ? new Markup(' open') : ''}>
        <summary>
          <h3>${name}</h3>
          ${tag(verdict)} <span class="soft small">${counted(gates.length, 'scope')}</span
          ><span class="meta">${GATES[name] ?? ''}</span>
        </summary>
        <div class="scroll">
          <table class="stack">
            <thead>
              <tr>
                <th scope="col">Scope</th>
                <th scope="col">Verdict</th>
                <th scope="col" class="number">Value</th>
                <th scope="col" class="number">Interval</th>
                <th scope="col" class="number">Limit</th>
                <th scope="col">What it means</th>
              </tr>
            </thead>
            <tbody>
              ${[...gates]
                .sort((a, b) => order(a) - order(b))
                .map(
                  (gate) =>
                    html`<tr>
                      <th scope="row"><code>${gate.scope}</code></th>
                      <td data-label="Verdict">${tag(gate.verdict)}</td>
                      <td class="number" data-label="Value">${figure(gate.value)}</td>
                      <td class="number" data-label="Interval">
                        ${gate.interval === null ? '' : `${figure(gate.interval[0])} to ${figure(gate.interval[1])}`}
                      </td>
                      <td class="number" data-label="Limit">${figure(gate.limit)}</td>
                      <td>${gate.explanation}</td>
                    </tr>`,
                )}
            </tbody>
          </table>
        </div>
      </details>`;
    })}
  </section>`;
}

function order(gate: GateResult): number {
  return ['fail', 'underpowered', 'pass', 'not-applicable'].indexOf(gate.verdict);
}

function tag(verdict: GateResult['verdict']): Markup {
  return html`<span class="tag ${verdict}">${VERDICT_WORDS[verdict]}</span>`;
}

function findingSection(findings: readonly Finding[]): Markup {
  return html`<section id="findings">
    <h2>Findings</h2>
    ${
      findings.length === 0
        ? html`<p>None.</p>`
        : html`<div class="card scroll">
            <table class="stack">
              <thead>
                <tr>
                  <th scope="col">Severity</th>
                  <th scope="col">About</th>
                  <th scope="col">Found, and what to do</th>
                </tr>
              </thead>
              <tbody>
                ${findings.map(
                  (entry) =>
                    html`<tr>
                      <td><span class="tag ${entry.severity}">${entry.severity}</span></td>
                      <th scope="row"><code>${entry.object}</code></th>
                      <td>
                        ${entry.message} ${entry.hint ?? ''}
                        <span class="soft small">${entry.code} ${entry.fingerprint}</span>
                      </td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
  </section>`;
}

function runSection(record: RunRecord): Markup {
  const facts: (readonly [string, Content])[] = [
    ['Source', record.source === null ? 'none: made from a model file' : html`<code>${record.source.shownUrl}</code>`],
    ['Source fingerprint', record.source === null ? null : html`<code>${record.source.fingerprint}</code>`],
    ['Source server', record.source?.serverVersion],
    ['Target', record.target === null ? null : html`<code>${record.target.shownUrl}</code>`],
    ['Previous database, for rollback', record.target?.previousDatabase ?? null],
    [
      'Model',
      record.model === null
        ? null
        : html`<code>${record.model.hash}</code>, ${record.model.engine} on ${record.model.backend}, learned
            ${time(record.model.learnedAt)}`,
    ],
    ['Seed', record.seed],
    ['Scale', record.scale],
    ['Subjects', record.subjectCount === null ? null : whole(record.subjectCount)],
    ['Times that this source was learned', record.attemptCount],
    ['Started', time(record.startedAt)],
    ['Finished', time(record.finishedAt)],
    ['Rows a second', record.rowsPerSecond === null ? null : whole(Math.round(record.rowsPerSecond))],
    ['Peak memory', record.peakRssBytes === null ? null : `${whole(Math.round(record.peakRssBytes / 2 ** 20))} MiB`],
    [
      'Integrity',
      record.integrity === null
        ? null
        : `${whole(record.integrity.foreignKeyCount)} foreign keys, ${whole(record.integrity.orphanCount)} orphans, ${whole(record.integrity.violationCount)} other violations`,
    ],
    [
      'Versions',
      Object.entries(record.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    [
      'Time spent',
      Object.entries(record.timingsMs)
        .map(([stage, duration]) => `${stage} ${(duration / 1000).toFixed(1)} s`)
        .join(', '),
    ],
  ];
  return html`<section id="run">
    <h2>Run</h2>
    <dl class="card">
      ${facts
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
    </dl>
  </section>`;
}

function relationSection(record: RunRecord): Markup {
  const scores = new Map(
    (record.scan?.relations ?? []).map((relation) => [
      `${relation.table}\0${relation.foreignKey}`,
      relation.cardinalityScore,
    ]),
  );
  return html`<section id="relations">
    <h2>Relations</h2>
    <div class="card">
      ${drawGraph(record.graph)}
      <p class="soft small">
        Referenced tables stand to the left. A thick frame marks a subject; a dashed line is filled in later, because a
        cycle runs through it.
      </p>
      <details>
        <summary>${counted(record.graph.edges.length, 'relation')} as a list</summary>
        <div class="scroll">
          <table class="stack">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col">Foreign key</th>
                <th scope="col">Kind</th>
                <th scope="col" class="number">Cardinality score</th>
              </tr>
            </thead>
            <tbody>
              ${record.graph.edges.map(
                (edge) =>
                  html`<tr>
                    <th scope="row"><code>${edge.from}</code></th>
                    <td data-label="To"><code>${edge.to}</code></td>
                    <td data-label="Key"><code>${edge.foreignKey}</code></td>
                    <td>
                      ${edge.required ? 'required' : 'optional'}${edge.virtual ? ', declared in the configuration' : ''}${edge.broken === null ? '' : `, cycle broken here (${edge.broken})`}
                    </td>
                    <td class="number" data-label="Score">
                      ${figure(scores.get(`${edge.from}\0${edge.foreignKey}`) ?? null)}
                    </td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  </section>`;
}

function tableSection(record: RunRecord): Markup {
  let plotCount = 0;
  const takePlot = (): boolean => ++plotCount <= MAX_PLOTS;
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
    ${record.tables.map((table) => tableDetails(table, record, takePlot))}
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

function tableDetails(table: TableRecord, record: RunRecord, takePlot: () => boolean): Markup {
  const columns = columnsOf(record, table);
  const scores = new Map(columns.map((column) => [column.column, column.marginalScore]));
  const relations = (record.scan?.relations ?? []).filter((relation) => relation.table === table.table);
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
    ${columns.length + relations.length > 0 && html`<div class="plots">${columns.filter((column) => column.bins.length > 1).map((column) => takePlot() && columnPlot(column))}${relations.filter((relation) => relation.bins.length > 1).map((relation) => takePlot() && relationPlot(relation))}${privacy !== undefined && privacy.distanceBins.length > 0 && takePlot() && privacyPlot(privacy)}</div>`}
  </details>`;
}

function columnPlot(column: ColumnFidelity): Markup {
  return html`<figure>
    <h4>${column.column}</h4>
    ${barChart(column.bins, column.column)}
    <figcaption>Likeness ${figure(column.marginalScore)}</figcaption>
  </figure>`;
}

function relationPlot(relation: RelationFidelity): Markup {
  const name = `rows for each row of ${relation.referencedTable}`;
  return html`<figure>
    <h4>${name}</h4>
    ${barChart(relation.bins, name)}
    <figcaption>Likeness ${figure(relation.cardinalityScore)} (<code>${relation.foreignKey}</code>)</figcaption>
  </figure>`;
}

function privacyPlot(privacy: TablePrivacy): Markup {
  const interval =
    privacy.dcrInterval === null ? '' : ` (${percent(privacy.dcrInterval[0])} to ${percent(privacy.dcrInterval[1])})`;
  return html`<figure>
    <h4>Distance to the closest real row</h4>
    ${histogramChart(privacy.distanceBins, 'Distances of synthetic rows to the closest row that was learned from and to the closest that was held out', ['to rows learned from', 'to rows held out'])}
    <figcaption>
      <span class="key made"></span>to rows learned from <span class="key real"></span>to rows held out. The two should
      look
      alike${privacy.dcrShare === null ? '' : html`; ${percent(privacy.dcrShare)}${interval} lie closer to the first, 50 % is ideal`}.${privacy.copyRate === null ? '' : ` Copies: ${percent(privacy.copyRate)}, among real rows ${percent(privacy.holdoutCopyRate ?? 0)}.`}
    </figcaption>
  </figure>`;
}

/** A score, a rate or a count, as short as it can be read. */
function figure(value: number | null): string {
  if (value === null) return '';
  if (Number.isInteger(value)) return whole(value);
  return Math.abs(value) >= 1000 ? whole(Math.round(value)) : value.toFixed(3);
}

function whole(count: number): string {
  return count.toLocaleString('en-US');
}

function time(iso: string): string {
  return iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
}
