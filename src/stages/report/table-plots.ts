/** One plot each: a column, the children of a relation, distances to real rows. */
import type { ColumnFidelity, PairFidelity, RelationFidelity, TablePrivacy } from '../scan/artifact.ts';
import { barChart, histogramChart, percent } from './charts.ts';
import { figure } from './figures.ts';
import { heatMap } from './heat-map.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';

export function columnPlot(column: ColumnFidelity): Markup {
  return html`<figure>
    <h4>${column.column}</h4>
    ${barChart(column.bins, column.column)}
    <figcaption>Likeness ${figure(column.marginalScore)}</figcaption>
  </figure>`;
}

export function relationPlot(relation: RelationFidelity): Markup {
  const name = `rows for each row of ${relation.referencedTable}`;
  return html`<figure>
    <h4>${name}</h4>
    ${barChart(relation.bins, name)}
    <figcaption>Likeness ${figure(relation.cardinalityScore)} (<code>${relation.foreignKey}</code>)</figcaption>
  </figure>`;
}

export function dependencePlot(strengths: PairFidelity['strengths']): Markup {
  return html`<figure>
    <h4>Columns that depend on each other</h4>
    ${heatMap(strengths)}
    <figcaption>
      <span class="key real"></span>real above the diagonal, <span class="key made"></span>synthetic below: the fuller
      the colour, the stronger (Cramér's V). A good target is its own mirror image.
    </figcaption>
  </figure>`;
}

export function privacyPlot(privacy: TablePrivacy): Markup {
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
