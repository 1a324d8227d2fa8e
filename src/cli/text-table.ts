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
