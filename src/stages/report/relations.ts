/** The relation graph, drawn and as a list. */
import type { RunRecord } from './artifact.ts';
import { counted, figure } from './figures.ts';
import { drawGraph } from './graph-drawing.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';

export function relationSection(record: RunRecord): Markup {
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
