/** The model card, what rows were judged by, and the run itself. */
import type { LimitRecord, RunRecord } from './artifact.ts';
import { counted, figure, time, whole } from './figures.ts';
import { html } from './html.ts';
import type { Content, Markup } from './html.ts';

type Fact = readonly [name: string, value: Content];

/** What somebody who signs for the data has to know of the model that it was made by. */
export function cardSection(record: RunRecord): Markup {
  const { model, source, limits, rules, timeShift } = record;
  const { fit, tune, test } = model?.splitCounts ?? { fit: 0, tune: 0, test: 0 };
  const facts: Fact[] = [
    [
      'Source fingerprint',
      source === null || source.fingerprint === '' ? null : html`<code>${source.fingerprint}</code>`,
    ],
    ['Model', model === null ? 'none: the rows of the target were made elsewhere' : html`<code>${model.hash}</code>`],
    ['Engine', model === null ? null : `${model.engine} on ${model.backend}, by version ${model.learnedBy}`],
    ['Learned', model === null ? null : time(model.learnedAt)],
    ['Expires', model === null ? null : time(model.expiresAt)],
    ['Subjects', record.subjectCount === null ? null : whole(record.subjectCount)],
    [
      'Of these',
      model === null
        ? null
        : `fitted on ${whole(fit)}, tuned on ${whole(tune)}, kept aside for the gates ${whole(test)}`,
    ],
    ['Share of subjects read', model === null ? null : figure(model.subjectRate)],
    ['Times that this source was learned', record.attemptCount],
    ['Seed', record.seed],
    ['Scale', record.scale],
    [
      'Times moved',
      timeShift === null
        ? null
        : `by ${counted(timeShift.days, 'day')} in ${counted(timeShift.columnCount, 'column')}, up to ${time(timeShift.asOf)}`,
    ],
    ['Rules', ruleCounts(rules)],
    ['Limits loosened', whole(limits.filter(({ loosened }) => loosened).length)],
    ['Versions', named(Object.entries(record.versions), ' ')],
  ];
  return html`<section id="card">
    <h2>Model card</h2>
    ${factList(facts)} ${limits.length > 0 && limitTable(limits)}
  </section>`;
}

function ruleCounts(rules: RunRecord['rules']): string | null {
  const words = { mined: 'found in the rows', config: 'set by the configuration', schema: 'declared by the schema' };
  const parts = (['mined', 'config', 'schema'] as const).flatMap((setBy) => {
    const count = rules.filter((rule) => rule.setBy === setBy).length;
    return count === 0 ? [] : [`${whole(count)} ${words[setBy]}`];
  });
  return parts.length === 0 ? null : parts.join(', ');
}

function limitTable(limits: readonly LimitRecord[]): Markup {
  return html`<details class="card" ${limits.some(({ loosened }) => loosened) && html` open`}>
    <summary><h3>Limits</h3></summary>
    <div class="scroll">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col" class="number">Value</th>
            <th scope="col" class="number">Default</th>
            <th scope="col">Gates</th>
          </tr>
        </thead>
        <tbody>
          ${limits.map(
            ({ setting, value, standard, loosened, gates }) =>
              html`<tr>
                <th scope="row">
                  <code>${setting}</code> ${loosened && html`<span class="tag warning">loosened</span>`}
                </th>
                <td class="number" data-label="Value">${figure(value)}</td>
                <td class="number" data-label="Default">${figure(standard)}</td>
                <td data-label="Gates">${gates.length === 0 ? 'all statistical ones' : gates.join(', ')}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

export function runSection(record: RunRecord): Markup {
  const { source, target, integrity } = record;
  const facts: Fact[] = [
    ['Source', source === null ? 'none: made from a model file' : html`<code>${source.shownUrl}</code>`],
    ['Source server', source?.serverVersion],
    ['Target', target === null ? null : html`<code>${target.shownUrl}</code>`],
    ['Previous database, for rollback', target?.previousDatabase ?? null],
    ['Started', time(record.startedAt)],
    ['Finished', time(record.finishedAt)],
    ['Rows a second', record.rowsPerSecond === null ? null : whole(Math.round(record.rowsPerSecond))],
    ['Peak memory', record.peakRssBytes === null ? null : `${whole(Math.round(record.peakRssBytes / 2 ** 20))} MiB`],
    [
      'Integrity',
      integrity === null
        ? null
        : `${counted(integrity.foreignKeyCount, 'foreign key')}, ${counted(integrity.orphanCount, 'orphan')}, ${counted(integrity.violationCount, 'other violation')}`,
    ],
    [
      'Time spent',
      named(
        Object.entries(record.timingsMs).map(([stage, ms]) => [stage, `${(ms / 1000).toFixed(1)} s`]),
        ' ',
      ),
    ],
  ];
  return html`<section id="run">
    <h2>Run</h2>
    ${factList(facts)}
  </section>`;
}

function named(entries: readonly (readonly [string, string])[], between: string): string {
  return entries.map((entry) => entry.join(between)).join(', ');
}

function factList(facts: readonly Fact[]): Markup {
  return html`<dl class="card">
    ${facts
      .filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
  </dl>`;
}
