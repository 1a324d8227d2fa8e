/**
 * A JSON document that was cut for reading, closed again behind its last whole value: what was cut off is missing,
 * what was read is there. Null where not even its beginning can be told.
 */
export function closeCutJson(text: string): string | null {
  const open: string[] = [];
  let isString = false;
  let end = 0;
  let closers = '';
  const settle = (at: number): void => {
    end = at;
    closers = open.toReversed().join('');
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isString) {
      if (character === '\\') at++;
      else if (character === '"') isString = false;
    } else if (character === '"') isString = true;
    else if (character === '{' || character === '[') {
      open.push(character === '{' ? '}' : ']');
      settle(at + 1);
    } else if (character === '}' || character === ']') {
      open.pop();
      settle(at + 1);
    } else if (character === ',') settle(at);
  }
  return end === 0 ? null : text.slice(0, end) + closers;
}
