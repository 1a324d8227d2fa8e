/** Findings of all stages, with what to do. */
import type { Finding } from '../../kernel/findings.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';

export function findingSection(findings: readonly Finding[]): Markup {
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
