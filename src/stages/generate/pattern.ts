/**
 * Texts that match a regular expression, numbered: so that a value can be drawn, and a unique column filled, from the
 * pattern of its CHECK. Only what such patterns are usually made of is understood.
 */

/** Unbounded repetitions stop after so many more than they must have. */
const MORE = 6;
const MOST = 2 ** 50;
const PRINTABLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
const DIGITS = [...'0123456789'];
const LOWER = [...'abcdefghijklmnopqrstuvwxyz'];
const UPPER = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

const CLASSES: Readonly<Record<string, readonly string[]>> = {
  digit: DIGITS,
  lower: LOWER,
  upper: UPPER,
  alpha: [...UPPER, ...LOWER],
  alnum: [...UPPER, ...LOWER, ...DIGITS],
  xdigit: [...DIGITS, ...'abcdefABCDEF'],
  space: [' '],
  punct: [...'-_.,;:!?'],
};

/** A finite, numbered set of values. */
export interface Numbered<T> {
  /** At most 2⁵⁰. */
  readonly size: number;
  /** **Domain** index: integer in [0, size). */
  at(index: number): T;
}

/** The texts of a pattern; null where it has parts that are not understood. */
export function textsOf(pattern: string): Numbered<string> | null {
  try {
    const parser = new Parser(pattern);
    const texts = parser.alternatives();
    return parser.isDone && texts.size > 0 ? texts : null;
  } catch (thrown) {
    if (thrown instanceof Unreadable) return null;
    throw thrown;
  }
}

class Unreadable extends Error {}

class Parser {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  get isDone(): boolean {
    return this.#at === this.#pattern.length;
  }

  alternatives(): Numbered<string> {
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    return oneOf(options);
  }

  #sequence(): Numbered<string> {
    const parts: Numbered<string>[] = [];
    while (!this.isDone && this.#peek() !== '|' && this.#peek() !== ')') {
      // What stands outside the anchors is empty in the texts made here.
      if (this.#take('^') || this.#take('$')) continue;
      parts.push(this.#repeated(this.#atom()));
    }
    return allOf(parts);
  }

  #atom(): Numbered<string> {
    if (this.#take('(')) {
      if (this.#take('?') && !this.#take(':')) throw new Unreadable();
      const inner = this.alternatives();
      if (!this.#take(')')) throw new Unreadable();
      return inner;
    }
    if (this.#take('[')) return among(this.#characterClass());
    const character = this.#next();
    if (character === '.') return among(CLASSES['alnum']);
    if (character === '\\') return among(escaped(this.#next()));
    if ('*+?{})]'.includes(character)) throw new Unreadable();
    return among([character]);
  }

  #characterClass(): readonly string[] {
    const negated = this.#take('^');
    const found = new Set<string>();
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#pattern.startsWith('[:', this.#at)) {
        const end = this.#pattern.indexOf(':]', this.#at);
        const known = end < 0 ? undefined : CLASSES[this.#pattern.slice(this.#at + 2, end)];
        if (known === undefined) throw new Unreadable();
        for (const character of known) found.add(character);
        this.#at = end + 2;
        continue;
      }
      const character = this.#next();
      if (character === '\\') {
        for (const one of escaped(this.#next())) found.add(one);
        continue;
      }
      if (this.#peek() === '-' && this.#pattern[this.#at + 1] !== ']') {
        this.#at++;
        const last = this.#next();
        for (let code = character.codePointAt(0)!; code <= last.codePointAt(0)!; code++)
          found.add(String.fromCodePoint(code));
      } else found.add(character);
    }
    this.#at++;
    return negated ? PRINTABLE.filter((character) => !found.has(character)) : [...found];
  }

  #repeated(atom: Numbered<string>): Numbered<string> {
    let [least, most] = [1, 1];
    if (this.#take('*')) [least, most] = [0, MORE];
    else if (this.#take('+')) [least, most] = [1, 1 + MORE];
    else if (this.#take('?')) [least, most] = [0, 1];
    else if (this.#peek() === '{') {
      const match = /^\{(\d+)(,)?(\d+)?\}/.exec(this.#pattern.slice(this.#at));
      if (match === null) throw new Unreadable();
      this.#at += match[0].length;
      least = Number(match[1]);
      most = match[2] === undefined ? least : match[3] === undefined ? least + MORE : Number(match[3]);
    } else return atom;
    this.#take('?'); // lazy: the same texts
    if (most - least > 200 || most > 1000) most = least + MORE;
    return oneOf(
      Array.from({ length: most - least + 1 }, (_, i) => allOf(new Array<Numbered<string>>(least + i).fill(atom))),
    );
  }

  #peek(): string {
    return this.#pattern[this.#at] ?? '';
  }

  #next(): string {
    const code = this.#pattern.codePointAt(this.#at);
    if (code === undefined) throw new Unreadable();
    const character = String.fromCodePoint(code);
    this.#at += character.length;
    return character;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }
}

function escaped(character: string): readonly string[] {
  switch (character) {
    case 'd':
      return DIGITS;
    case 'w':
      return [...CLASSES['alnum'], '_'];
    case 's':
      return [' '];
    case 'D':
      return CLASSES['alpha'];
    case 'S':
      return CLASSES['alnum'];
    default:
      if (/[A-Za-z0-9]/.test(character)) throw new Unreadable();
      return [character];
  }
}

function among(characters: readonly string[]): Numbered<string> {
  if (characters.length === 0) throw new Unreadable();
  return { size: characters.length, at: (index) => characters[index] };
}

/** A choice: the sets one after the other. */
export function oneOf<T>(options: readonly Numbered<T>[]): Numbered<T> {
  if (options.length === 1) return options[0];
  const size = Math.min(
    MOST,
    options.reduce((sum, option) => sum + option.size, 0),
  );
  return {
    size,
    at: (index) => {
      let rest = index;
      for (const option of options) {
        if (rest < option.size) return option.at(rest);
        rest -= option.size;
      }
      return options[options.length - 1].at(0);
    },
  };
}

/** A sequence: the last part runs fastest. */
function allOf(parts: readonly Numbered<string>[]): Numbered<string> {
  const size = Math.min(
    MOST,
    parts.reduce((product, part) => product * part.size, 1),
  );
  return {
    size,
    at: (index) => {
      let rest = index;
      let text = '';
      for (let i = parts.length - 1; i >= 0; i--) {
        text = parts[i].at(rest % parts[i].size) + text;
        rest = Math.floor(rest / parts[i].size);
      }
      return text;
    },
  };
}
