/** The gates: what each asks, and what it found. */
import type { GateResult } from '../scan/artifact.ts';
import type { RunRecord } from './artifact.ts';
import { counted, figure } from './figures.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';

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
  'near-copies':
    'Do made-up rows sit more closely on one single source row than real rows of different subjects sit on one another?',
  'subject-copies':
    'Does a made-up subject share most of its rows, over all tables, with one real subject, as no two real ones do?',
  'repeated-combination': 'Does one rare combination of values turn up oftener than chance can explain?',
  'rare-values':
    'Are values in the target that fewer than five subjects of the source hold, oftener than chance puts them together?',
  'rare-combinations':
    'Do three columns together point at single source subjects oftener than rows that were kept aside do?',
  extremes: 'Is the highest or lowest value of the source, which belongs to a few, in the target?',
  timestamps: 'Are moments equal to source moments down to the digits below the second?',
  'degree-uniqueness':
    'Who has 412 orders and 3 returns is known by that alone. Do made-up subjects have the numbers of exactly one real one?',
  'schema-text':
    'Do defaults, comments, checks and function bodies, which are built as they stand, hold personal data?',
  'frequency-rank':
    'Masked values that repeat as often as the real ones can be guessed by rank. What share of rows falls to that?',
  'membership-white-box': 'Does the model itself recognise the subjects that it was fitted on?',
  'membership-distance': 'Can an attacker tell by distances who was learned from? 50 % is a coin toss.',
  'membership-density':
    'Can an attacker tell by how densely made-up rows lie around a person whether that person was learned from?',
  'membership-low-rate': 'How many people can an attacker name as learned from who may be wrong once in a hundred?',
  'singling-out': 'Can a condition be found in the target that is true of exactly one real person?',
  linkability: 'Do two halves of what is known of a person lead to the same made-up row, and so to each other?',
  inference: 'Who knows some columns of a person: can the target tell the others better than it tells them of anybody?',
  attacks: 'Tables that no attack was tried on are listed here with the reason.',
  marginals: 'Are the values of each column distributed as in the source?',
  cardinalities: 'Do parents have as many children as in the source?',
  pairs: 'Do columns of a table that depend on each other still do, as strongly?',
  'parent-child': 'Do columns still depend on those of the row that theirs belongs to?',
  c2st: 'Can a learner tell made-up rows from real ones almost always?',
  queries: 'Do queries that join tables count about as many rows as in the source?',
  'rule-adherence': 'Do the rules that were found in the source hold in the target?',
  'bias-shares': 'Do the groups that were named have the shares of the rows that they have in the source?',
  'bias-amplification': 'Are groups treated more unequally than in the source?',
  privacy: 'Tables whose rows were not made up are listed here with the reason.',
};

const VERDICT_WORDS: Readonly<Record<GateResult['verdict'], string>> = {
  pass: 'passed',
  fail: 'failed',
  underpowered: 'too little data',
  'not-applicable': 'does not apply',
};

/** Likeness is asked for, everything else is protection. */
const LIKENESS: ReadonlySet<string> = new Set([
  'marginals',
  'cardinalities',
  'pairs',
  'parent-child',
  'c2st',
  'queries',
  'rule-adherence',
]);

export function gateSection({ scan, limits }: RunRecord): Markup {
  if (scan === null)
    return html`<section id="gates">
      <h2>Gates</h2>
      <p>The run ended before there was anything to scan.</p>
    </section>`;
  const byName = new Map<string, GateResult[]>();
  for (const gate of scan.gates) byName.set(gate.gate, [...(byName.get(gate.gate) ?? []), gate]);
  const loosened = new Set(limits.filter((limit) => limit.loosened).flatMap(({ gates }) => gates));
  const cards = (isOfGroup: (name: string) => boolean): Markup[] =>
    [...byName].filter(([name]) => isOfGroup(name)).map(([name, gates]) => gateCard(name, gates, loosened.has(name)));
  return html`<section id="gates">
    <h2>Gates</h2>
    <p class="soft">
      Nothing is published before every gate passes. Statistical gates share one error rate, so that a run of many
      tables does not fail by accident; their intervals are at the level that leaves.
    </p>
    <h3>Integrity and privacy</h3>
    ${cards((name) => !LIKENESS.has(name))}
    <h3>Likeness</h3>
    ${cards((name) => LIKENESS.has(name))}
  </section>`;
}

const WORST_FIRST = ['fail', 'underpowered', 'pass', 'not-applicable'] as const;

function gateCard(name: string, gates: readonly GateResult[], isLoosened: boolean): Markup {
  const worst = WORST_FIRST.find((verdict) => gates.some((gate) => gate.verdict === verdict)) ?? 'not-applicable';
  const isOpen = worst === 'fail' || worst === 'underpowered';
  // Tables that a gate does not apply to share a few reasons.
  const asked = gates.filter((gate) => gate.verdict !== 'not-applicable').toSorted((a, b) => order(a) - order(b));
  const reasons = new Map<string, string[]>();
  for (const gate of gates)
    if (gate.verdict === 'not-applicable')
      reasons.set(gate.explanation, [...(reasons.get(gate.explanation) ?? []), gate.scope]);
  return html`<details class="card" ${isOpen && html` open`}>
    <summary>
      <h4>${name}</h4>
      ${tag(worst)} ${isLoosened && html`<span class="tag warning">limit loosened</span>`}
      <span class="soft small"
        >${asked.length > 0 ? counted(asked.length, 'scope') : ''}${asked.length > 0 && asked.length < gates.length ? ', ' : ''}${asked.length < gates.length ? `not asked of ${gates.length - asked.length}` : ''}</span
      ><span class="meta">${GATES[name] ?? ''}</span>
    </summary>
    ${asked.length > 0 && gateTable(asked)}
    ${
      reasons.size > 0 &&
      html`<ul class="soft small">
        ${[...reasons].map(([reason, scopes]) => html`<li>${scopes.map((scope, i) => html`${i > 0 && ', '}<code>${scope}</code>`)}: ${reason}</li>`)}
      </ul>`
    }
  </details>`;
}

function gateTable(gates: readonly GateResult[]): Markup {
  return html`<div class="scroll">
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
        ${gates.map(
          ({ scope, verdict, value, interval, limit, explanation, basis }) =>
            html`<tr>
              <th scope="row"><code>${scope}</code></th>
              <td>${tag(verdict)}</td>
              <td class="number" data-label="Value">${figure(value)}</td>
              ${
                interval === null
                  ? html`<td class="number"></td>`
                  : html`<td class="number" data-label="Interval">${figure(interval[0])} to ${figure(interval[1])}</td>`
              }
              <td class="number" data-label="Limit">${figure(limit)}</td>
              <td>${explanation}${basis !== 'loaded' && html` <span class="soft small">(${BASES[basis]})</span>`}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const BASES: Readonly<Record<Exclude<GateResult['basis'], 'loaded'>, string>> = {
  rehearsal: 'of a sample, before loading',
  'learn-sample': 'of a sample, when it was learned',
};

function order(gate: GateResult): number {
  return WORST_FIRST.indexOf(gate.verdict);
}

function tag(verdict: GateResult['verdict']): Markup {
  return html`<span class="tag ${verdict}">${VERDICT_WORDS[verdict]}</span>`;
}
