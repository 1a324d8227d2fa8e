/** SQL as the server prints it, cut into tokens: so that a word is never mistaken where a literal holds it. */

export interface SqlToken {
  /** `word`: keyword or plain identifier; `quoted`: identifier in double quotes; `other`: literals, comments, signs, space. */
  readonly kind: 'word' | 'quoted' | 'other';
  readonly text: string;
}

const TOKEN =
  /(?<quoted>"(?:[^"]|"")*")|(?<literal>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|(?<dollar>\$[A-Za-z_\u0080-\uffff]?[\w\u0080-\uffff]*\$)[\s\S]*?\k<dollar>)|(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|\s+|[0-9.]+|[\s\S]/gu;

export function sqlTokens(sql: string): readonly SqlToken[] {
  return [...sql.matchAll(TOKEN)].map(({ 0: text, groups }) => ({
    kind: groups?.['quoted'] !== undefined ? 'quoted' : groups?.['word'] !== undefined ? 'word' : 'other',
    text,
  }));
}

/** The name that an identifier's token means. */
export function identifierOf(token: SqlToken): string | null {
  if (token.kind === 'word') return token.text.toLowerCase();
  return token.kind === 'quoted' ? token.text.slice(1, -1).replaceAll('""', '"') : null;
}
