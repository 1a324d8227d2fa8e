import { stripVTControlCharacters } from 'node:util';

/** Columns aligned under their headings; numbers (by heading ending in a space) to the right. */
export function textTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, c) =>
    Math.max(width(heading.trim()), ...rows.map((row) => width(row[c] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells
      .map((cell, c) => {
        const space = ' '.repeat(Math.max(0, widths[c] - width(cell)));
        return headings[c].endsWith(' ') ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd()}\n`;
  return [headings.map((heading) => heading.trim()), ...rows].map(line).join('');
}

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

export function count(value: number): string {
  return value.toLocaleString('en');
}

/** `3.4 GiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return `${(value / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`;
}
