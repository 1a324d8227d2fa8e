import type { PairFidelity } from '../scan/artifact.ts';
import { clip } from './charts.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';

/** Wider maps cannot be read: those columns that depend most on others are shown. */
const MAX_COLUMNS = 24;
const WIDTH = 320;
const LABEL = 110;

type Strengths = PairFidelity['strengths'];

/**
 * How strongly columns depend on each other: real above the diagonal, synthetic below it, so that a good target is its
 * own mirror image. Cells are numbered by column; fuller colour is stronger.
 */
export function heatMap(strengths: Strengths): Markup {
  const names = strongest(strengths);
  const of = new Map(strengths.map((pair) => [pair.columns.join('\0'), pair]));
  const cell = Math.min(20, (WIDTH - LABEL - 4) / names.length);
  const height = Math.ceil(names.length * cell + 20);
  const cells = names.flatMap((a, row) =>
    names.map((b, column) => {
      if (row === column) return '';
      const pair = of.get(`${a}\0${b}`) ?? of.get(`${b}\0${a}`);
      if (pair === undefined) return '';
      const [side, strength] = row < column ? ['real', pair.real] : ['made', pair.synthetic];
      return html`<rect
        class="${side}"
        x="${(LABEL + column * cell).toFixed(1)}"
        y="${(16 + row * cell).toFixed(1)}"
        width="${(cell - 1).toFixed(1)}"
        height="${(cell - 1).toFixed(1)}"
        fill-opacity="${(0.06 + 0.94 * Math.max(0, Math.min(1, strength))).toFixed(2)}"
        ><title>${a} and ${b}: real ${pair.real.toFixed(2)}, synthetic ${pair.synthetic.toFixed(2)}</title></rect
      >`;
    }),
  );
  return html`<svg
    viewBox="0 0 ${WIDTH} ${height}"
    width="${WIDTH}"
    height="${height}"
    role="img"
    aria-label="${summary(strengths)}"
  >
    ${cells}
    ${names.map((name, i) => html`<text x="${LABEL - 6}" y="${(16 + (i + 0.5) * cell + 3).toFixed(1)}" font-size="${Math.min(10, cell).toFixed(1)}" text-anchor="end">${clip(name, 16)} ${i + 1}</text><text class="soft" x="${(LABEL + (i + 0.5) * cell).toFixed(1)}" y="11" font-size="${Math.min(9, cell * 0.8).toFixed(1)}" text-anchor="middle">${i + 1}</text>`)}
  </svg>`;
}

/** In the order of the table. */
function strongest(strengths: Strengths): string[] {
  const best = new Map<string, number>();
  for (const { columns, real } of strengths)
    for (const name of columns) best.set(name, Math.max(best.get(name) ?? 0, real));
  const kept = new Set(
    [...best]
      .sort((a, b) => b[1] - a[1])
      .slice(0, MAX_COLUMNS)
      .map(([name]) => name),
  );
  return [...best.keys()].filter((name) => kept.has(name));
}

function summary(strengths: Strengths): string {
  const shown = strengths
    .toSorted((a, b) => b.real - a.real)
    .slice(0, 5)
    .map(({ columns, real, synthetic }) => `${columns.join(' and ')}: real ${real}, synthetic ${synthetic}`);
  return `Dependences between columns. ${shown.join('; ')}`;
}
