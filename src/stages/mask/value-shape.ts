import type { ValueShape } from './artifact.ts';

/** Longest value whose form is learned; longer ones are cut to it. */
const MAX_SHAPE_LENGTH = 200;

/** Subjects that must share a form before it may be kept. */
export const MIN_SUBJECTS = 5;

/** Public formats whose marks are no secret and tell software how to read the rest. */
const KNOWN_FORMATS: readonly (readonly [RegExp, string])[] = [
  [/^\$2[aby]\$\d\d\$.{53}$/, '$\\2\\b$\\1\\0$x{53}'],
  [/^\$argon2id\$/, '$\\a\\r\\g\\o\\n\\2\\i\\d$\\v=\\1\\9$\\m=\\6\\5\\5\\3\\6,\\t=\\3,\\p=\\4$x{22}$x{43}'],
  [/^[0-9a-f]{32}$|^[0-9a-f]{40}$|^[0-9a-f]{64}$|^[0-9a-f]{128}$/, ''],
];

/**
 * The form of one value, without its letters and digits. A long run of hexadecimal or mixed characters is taken as
 * one class, as a digest has a different sequence of letters and digits every time.
 */
export function shapeOf(value: string): string {
  const known = KNOWN_FORMATS.find(([form]) => form.test(value));
  if (known !== undefined) return known[1] === '' ? `h{${value.length}}` : known[1];
  const text = value.slice(0, MAX_SHAPE_LENGTH);
  const runs: string[] = [];
  for (const part of text.match(/[\p{L}\p{N}]+|[^\p{L}\p{N}]/gu) ?? []) {
    if (!/[\p{L}\p{N}]/u.test(part)) runs.push(/[{}\\]/.test(part) ? '-' : part);
    else runs.push(runShape(part));
  }
  return runs.join('');
}

/** One run of letters and digits. */
function runShape(run: string): string {
  const isMixed = /\p{N}/u.test(run) && /\p{L}/u.test(run);
  if (run.length >= 8 && isMixed) {
    if (/^[0-9a-f]+$/.test(run)) return `h{${run.length}}`;
    if (/^[0-9A-F]+$/.test(run)) return `H{${run.length}}`;
    return `x{${run.length}}`;
  }
  return [...run].map((character) => (/\p{N}/u.test(character) ? '9' : /\p{Lu}/u.test(character) ? 'A' : 'a')).join('');
}

/** Forms used by at least `MIN_SUBJECTS` subjects, with their shares; at most 40, the commonest first. */
export function learnShapes(values: readonly (string | null)[], units: ArrayLike<number>): ValueShape[] {
  const seen = new Map<string, { rows: number; units: Set<number> }>();
  values.forEach((value, i) => {
    if (value === null || value === '') return;
    const pattern = shapeOf(value);
    const entry = seen.get(pattern) ?? { rows: 0, units: new Set<number>() };
    entry.rows++;
    if (entry.units.size < MIN_SUBJECTS) entry.units.add(units[i]);
    seen.set(pattern, entry);
  });
  const kept = [...seen]
    .filter(([, entry]) => entry.units.size >= MIN_SUBJECTS)
    .toSorted((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1))
    .slice(0, 40);
  const total = kept.reduce((sum, [, entry]) => sum + entry.rows, 0);
  return kept.map(([pattern, entry]) => ({ pattern, weight: entry.rows / total }));
}

const ALPHABETS: Readonly<Record<string, string>> = {
  '9': '0123456789',
  '1': '123456789',
  a: 'abcdefghijklmnopqrstuvwxyz',
  A: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  h: '0123456789abcdef',
  H: '0123456789ABCDEF',
  x: '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ',
};

/** A compiled form: what stands, and the places that are filled. */
export interface ShapeFiller {
  /** Character of each place; '' where it is filled from the alphabet beside it. */
  readonly literals: readonly string[];
  readonly alphabets: readonly string[];
  /** Number of different values, as a double. */
  readonly capacity: number;
}

/** Compiles a pattern of the grammar in artifact.ts; `\` before a character makes it stand for itself. */
export function compileShape(pattern: string): ShapeFiller {
  const literals: string[] = [];
  const alphabets: string[] = [];
  let capacity = 1;
  const tokens = pattern.match(/\\.|.\{\d+\}|[^]/gu) ?? [];
  for (const token of tokens) {
    const isLiteral = token.startsWith('\\');
    const symbol = isLiteral ? token.slice(1) : [...token][0];
    const count = !isLiteral && token.length > 2 && token.endsWith('}') ? Number(token.slice(2, -1)) : 1;
    const alphabet = isLiteral ? undefined : ALPHABETS[symbol];
    for (let i = 0; i < count; i++) {
      literals.push(alphabet === undefined ? symbol : '');
      alphabets.push(alphabet ?? '');
      capacity *= alphabet?.length ?? 1;
    }
  }
  return { literals, alphabets, capacity };
}

/** Faker's notation (`#` digit, `!` 2–9, `?` letter; other characters stand for themselves) as a pattern. */
export function shapeOfFakerFormat(format: string): string {
  return [...format]
    .map((character) =>
      character === '#'
        ? '9'
        : character === '!'
          ? '1'
          : character === '?'
            ? 'A'
            : /[\p{L}\p{N}\\]/u.test(character)
              ? `\\${character}`
              : character,
    )
    .join('');
}

/** Fills every place at random. */
export function fillShape(filler: ShapeFiller, next: () => number): string {
  let text = '';
  for (let i = 0; i < filler.literals.length; i++) {
    const alphabet = filler.alphabets[i];
    text += alphabet === '' ? filler.literals[i] : alphabet[Math.floor(next() * alphabet.length)];
  }
  return text;
}

/**
 * Writes `number` into the rightmost places, as many as it takes for all numbers below `bound`, and fills the rest at
 * random: different numbers give different values, whatever else is drawn.
 * **Domain** 0 ≤ number < bound ≤ capacity, bound ≤ 2⁵³.
 */
export function fillShapeWith(filler: ShapeFiller, number: number, bound: number, next: () => number): string {
  const out = [...filler.literals];
  let rest = number;
  let room = 1;
  for (let i = out.length - 1; i >= 0; i--) {
    const alphabet = filler.alphabets[i];
    if (alphabet === '') continue;
    if (room < bound) {
      out[i] = alphabet[rest % alphabet.length];
      rest = Math.floor(rest / alphabet.length);
      room *= alphabet.length;
    } else {
      out[i] = alphabet[Math.floor(next() * alphabet.length)];
    }
  }
  return out.join('');
}
