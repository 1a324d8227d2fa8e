import type { ColumnView } from './table-view.ts';

/** What of a value can be rare by itself: a text as a whole, each key of a document, each element of an array. */
export function rareParts(column: ColumnView, text: string | null): string[] {
  if (text === null || text === '') return [];
  if (column.typeClass === 'json') return jsonKeys(text);
  if (text.startsWith('{') && text.endsWith('}')) return arrayElements(text);
  return [text];
}

/** Keys at any depth; a document that was cut for reading gives those that are left. */
function jsonKeys(text: string): string[] {
  const keys = new Set<string>();
  for (const match of text.matchAll(/"((?:[^"\\]|\\.)*)"\s*:/g)) keys.add(match[1]);
  return [...keys];
}

/** Elements of the server's array text, nested ones too. */
function arrayElements(text: string): string[] {
  const elements = new Set<string>();
  for (const match of text.matchAll(/"((?:[^"\\]|\\.)*)"|([^{},"]+)/g)) elements.add(match[1] ?? match[2]);
  elements.delete('NULL');
  return [...elements];
}
