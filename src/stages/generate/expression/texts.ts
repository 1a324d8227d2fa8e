/** PostgreSQL's patterns as JavaScript's, where they mean the same. */
import { NotUnderstood } from './datum.ts';

/** `~`, `~*`, `~~` (LIKE), `~~*` (ILIKE), each also negated. */
export function matcher(operator: string): (text: string, pattern: string) => boolean {
  const negated = operator.startsWith('!');
  const bare = negated ? operator.slice(1) : operator;
  const cache = new Map<string, RegExp>();
  return (text, pattern) => {
    let found = cache.get(pattern);
    if (found === undefined) {
      const source = bare.startsWith('~~') ? likeSource(pattern) : translateRegex(pattern);
      found = new RegExp(source, bare.endsWith('*') ? 'iu' : 'u');
      cache.set(pattern, found);
    }
    return found.test(text) !== negated;
  };
}

export const MATCHERS: ReadonlySet<string> = new Set(['~', '~*', '!~', '!~*', '~~', '~~*', '!~~', '!~~*']);

function likeSource(like: string): string {
  let source = '';
  for (let i = 0; i < like.length; i++) {
    const character = like[i];
    if (character === '%') source += '[\\s\\S]*';
    else if (character === '_') source += '[\\s\\S]';
    else
      source += (character === '\\' && i + 1 < like.length ? like[++i] : character).replace(
        /[.*+?^${}()|[\]\\/]/g,
        '\\$&',
      );
  }
  return `^${source}$`;
}

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alpha: '\\p{L}',
  digit: '0-9',
  alnum: '\\p{L}0-9',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: '\\s',
  punct: '\\p{P}\\p{S}',
  xdigit: '0-9A-Fa-f',
};

/** **Throws** `NotUnderstood` for what JavaScript lacks or reads in another way. */
export function translateRegex(regex: string): string {
  if (/\(\?[^:=!]|\\[mMyYAZ]|\*\*\*/.test(regex)) throw new NotUnderstood();
  return (
    regex
      .replace(/\[:(\w+):\]/g, (_, name: string) => {
        const known = POSIX_CLASSES[name];
        if (known === undefined) throw new NotUnderstood();
        return known;
      })
      // With the `u` flag only syntax characters may be escaped.
      .replace(/\\([^\w\s^$\\.*+?()[\]{}|/-])/g, '$1')
      .replace(/\\-/g, '\\x2d')
  );
}
