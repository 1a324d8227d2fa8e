/** The hidden rules of the source, with their support, and how the made rows keep them. */
import type { RuleAdherence } from '../scan/artifact.ts';
import { html, type Markup } from './html.ts';

/** Broken ones first; then as they were found. */
export function ruleSection(rules: readonly RuleAdherence[]): Markup {
  const broken = rules.filter((rule) => rule.breachCount > 0);
  const kept = rules.filter((rule) => rule.breachCount === 0);
  return html`<section id="rules">
    <h2>Hidden rules</h2>
    <p>
      ${rules.length === 0 ? 'No hidden rules were found.' : `What the source keeps true of its rows without its schema saying so: ${whole(rules.length)} ${rules.length === 1 ? 'rule' : 'rules'}, ${broken.length === 0 ? 'all of which hold in every made row' : `${whole(broken.length)} of which made rows break`}.`}
    </p>
    ${
      rules.length > 0 &&
      html`<div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Rule</th>
              <th scope="col" class="number">Cases in the source</th>
              <th scope="col" class="number">Of units</th>
              <th scope="col" class="number">Made cases</th>
              <th scope="col" class="number">Broken</th>
              <th scope="col" class="number">Held</th>
            </tr>
          </thead>
          <tbody>
            ${[...broken, ...kept].map(
              (rule) =>
                html`<tr>
                  <th scope="row">${rule.description}</th>
                  <td class="number" data-label="Cases">${whole(rule.caseCount + rule.tuneCaseCount)}</td>
                  <td class="number" data-label="Units">${whole(rule.unitCount)}</td>
                  <td class="number" data-label="Made">${whole(rule.madeCaseCount)}</td>
                  <td class="number" data-label="Broken">${whole(rule.breachCount)}</td>
                  <td class="number" data-label="Held">${heldShare(rule)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`
    }
  </section>`;
}

/** Never 100 % where one row breaks it. */
function heldShare({ madeCaseCount, breachCount }: RuleAdherence): string {
  if (madeCaseCount === 0) return '–';
  if (breachCount === 0) return '100 %';
  return `${(Math.floor((1 - breachCount / madeCaseCount) * 10_000) / 100).toFixed(2)} %`;
}

function whole(count: number): string {
  return count.toLocaleString('en-US');
}
