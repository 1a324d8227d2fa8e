import { html } from './html.ts';
import type { Markup } from './html.ts';

export interface Bar {
  readonly label: string;
  readonly real: number;
  readonly synthetic: number;
}

const WIDTH = 320;
const ROW = 17;
/** Characters that fit beside the bars. */
const LABEL_LENGTH = 18;

/** Two bars a row, real above synthetic: reads without colour, and on a phone. */
export function barChart(
  bars: readonly Bar[],
  name: string,
  sides: readonly [string, string] = ['real', 'synthetic'],
): Markup {
  const top = Math.max(1e-9, ...bars.flatMap((bar) => [bar.real, bar.synthetic]));
  const labelWidth = Math.min(130, 12 + 6 * Math.max(...bars.map((bar) => Math.min(LABEL_LENGTH, bar.label.length))));
  const plotWidth = WIDTH - labelWidth - 40;
  const height = bars.length * ROW + 4;
  const x = (share: number): string => Math.max(share > 0 ? 1 : 0, (share / top) * plotWidth).toFixed(1);
  return html`<svg
    viewBox="0 0 ${WIDTH} ${height}"
    width="${WIDTH}"
    height="${height}"
    role="img"
    aria-label="${summary(bars, name, sides)}"
  >
    ${bars.map((bar, i) => html`<g><title>${bar.label}: ${sides[0]} ${percent(bar.real)}, ${sides[1]} ${percent(bar.synthetic)}</title><text x="${labelWidth - 6}" y="${i * ROW + 13}" font-size="11" text-anchor="end">${clip(bar.label, LABEL_LENGTH)}</text><rect class="real" x="${labelWidth}" y="${i * ROW + 3}" width="${x(bar.real)}" height="6" /><rect class="made" x="${labelWidth}" y="${i * ROW + 9}" width="${x(bar.synthetic)}" height="6" /><text class="soft" x="${labelWidth + Number(x(Math.max(bar.real, bar.synthetic))) + 4}" y="${i * ROW + 13}" font-size="10">${percent(bar.real)}</text></g>`)}
    <line class="axis" x1="${labelWidth}" x2="${labelWidth}" y1="0" y2="${height}" />
  </svg>`;
}

/** The same numbers in a row of columns, for distances: [upper edge, first, second][]. */
export function histogramChart(
  bins: readonly (readonly [number, number, number])[],
  name: string,
  sides: readonly [string, string],
): Markup {
  const top = Math.max(1e-9, ...bins.flatMap(([, a, b]) => [a, b]));
  const height = 110;
  const step = (WIDTH - 20) / bins.length;
  const y = (share: number): number => (share / top) * (height - 24);
  const last = bins.at(-1)?.[0] ?? 0;
  return html`<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${name}">
    ${bins.map(([edge, a, b], i) => html`<g><title>up to ${edge.toFixed(3)}: ${sides[0]} ${percent(a)}, ${sides[1]} ${percent(b)}</title><rect class="made" x="${(10 + i * step).toFixed(1)}" y="${(height - 18 - y(a)).toFixed(1)}" width="${(step * 0.4).toFixed(1)}" height="${y(a).toFixed(1)}" /><rect class="real" x="${(10 + (i + 0.45) * step).toFixed(1)}" y="${(height - 18 - y(b)).toFixed(1)}" width="${(step * 0.4).toFixed(1)}" height="${y(b).toFixed(1)}" /></g>`)}
    <line class="axis" x1="10" x2="${WIDTH - 10}" y1="${height - 18}" y2="${height - 18}" />
    <text class="soft" x="10" y="${height - 5}" font-size="10">0</text>
    <text class="soft" x="${WIDTH - 10}" y="${height - 5}" font-size="10" text-anchor="end">
      ${last.toFixed(2)} and more
    </text>
  </svg>`;
}

function summary(bars: readonly Bar[], name: string, sides: readonly [string, string]): string {
  const shown = bars
    .slice(0, 6)
    .map((bar) => `${bar.label}: ${percent(bar.real)} ${sides[0]}, ${percent(bar.synthetic)} ${sides[1]}`);
  return `${name}. ${shown.join('; ')}${bars.length > 6 ? '; …' : ''}`;
}

export function percent(share: number): string {
  if (share === 0) return '0 %';
  const value = 100 * share;
  return value < 0.1 ? '< 0.1 %' : `${value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}

export function clip(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
