/** Markup by tagged templates: what is put in is escaped, unless it is markup itself. */

/** Text that is markup already. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | undefined | false | readonly Content[];

/** Line breaks of the template, with the space around them, are one space: layout of code is not part of the page. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(oneLine(parts).reduce((text, part, i) => text + render(contents[i - 1]) + part));
}

const LINES = new WeakMap<TemplateStringsArray, readonly string[]>();

function oneLine(parts: TemplateStringsArray): readonly string[] {
  let lines = LINES.get(parts);
  if (lines === undefined) LINES.set(parts, (lines = parts.map((part) => part.replaceAll(/\s*\n\s*/g, ' '))));
  return lines;
}

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (Array.isArray(content)) return content.map(render).join('');
  return escape(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe between tags and in quoted attributes; characters that XML forbids are shown as �. */
export function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]).replaceAll(FORBIDDEN, '\uFFFD');
}

// eslint-disable-next-line no-control-regex -- control characters are what it is about
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uFFFE\uFFFF]/g;
