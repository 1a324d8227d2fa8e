import type { RunRecord } from './artifact.ts';
import { fidelitySection } from './fidelity.ts';
import { counted, time } from './figures.ts';
import { findingSection } from './findings.ts';
import { gateSection } from './gates.ts';
import { html, Markup } from './html.ts';
import { relationSection } from './relations.ts';
import { cardSection, runSection } from './run-facts.ts';
import { ruleSection } from './rule-section.ts';
import { STYLE } from './style.ts';
import { tableSection } from './tables.ts';

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
              <li><a href="#card">Model card</a></li>
              <li><a href="#run">Run</a></li>
              ${record.scan?.hiddenRules !== undefined && html`<li><a href="#rules">Hidden rules</a></li>`}
              <li><a href="#fidelity">Fidelity</a></li>
              <li><a href="#relations">Relations</a></li>
              <li><a href="#tables">Tables</a></li>
            </ul>
          </nav>
        </header>
        <main>
          ${gateSection(record)} ${findingSection(record.findings)} ${cardSection(record)} ${runSection(record)}
          ${record.scan?.hiddenRules !== undefined && ruleSection(record.scan.hiddenRules)}
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
