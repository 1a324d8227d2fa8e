/** Patterns of names as the configuration has them: `*` is any text, `?` one letter, all else itself. */

/** Whether whole texts match the pattern. `flags` as of a regular expression. */
export function glob(pattern: string, flags = 'su'): (text: string) => boolean {
  const source = pattern
    .replace(/[\\^$.+()[\]{}|]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, flags);
  return (text) => expression.test(text);
}

export function isGlob(name: string): boolean {
  return /[*?]/.test(name);
}

/** Whether tables match: by `schema.name` where the pattern holds a dot, by the name alone where it does not. */
export function tableGlob(pattern: string): (table: { readonly schema: string; readonly name: string }) => boolean {
  const matches = glob(pattern);
  if (!pattern.includes('.')) return ({ name }) => matches(name);
  return ({ schema, name }) => matches(`${schema}.${name}`) || matches(`${schema}."${name}"`);
}
