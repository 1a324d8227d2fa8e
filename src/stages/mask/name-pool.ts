import { RandomCursor, streamKey } from '../../numeric/random.ts';
import { asciiForm, NO_LETTERS } from './ascii-form.ts';
import { pick } from './draw.ts';
import type { LocaleData } from './locale-data.ts';

/** Names that are made for a pool, beside those of the dictionary. */
const MADE_COUNT = 6000;
/** Letters that a made name looks back on; fewer where the dictionary knows no other way on. */
const MAX_ORDER = 3;
/** Ways on that a letter sequence must have in the dictionary, so that no word of it is merely repeated. */
const MIN_CHOICES = 2;

export type NameKind = 'female' | 'male' | 'last';

/**
 * Names to draw from, by length: those of a locale's dictionary, and made ones that are spelt as they are. No two,
 * also of the locale's other pools of first names, have the same letters a–z, so that what is made of them differs.
 */
export class NamePool {
  readonly #dictionary: LengthIndex;
  readonly #make: () => readonly string[];
  #made: LengthIndex | null = null;

  /** `make` is called when the first made name is asked for. */
  constructor(dictionary: readonly string[], make: () => readonly string[]) {
    this.#dictionary = new LengthIndex(dictionary);
    this.#make = make;
  }

  /** The names of one sort with that length, or the nearest there is; all of the sort where `length` is null. */
  names(isMade: boolean, length: number | null): readonly string[] {
    let index = this.#dictionary;
    if (isMade) {
      this.#made ??= new LengthIndex(this.#make());
      if (this.#made.all.length > 0) index = this.#made;
    }
    return length === null ? index.all : index.near(length);
  }
}

class LengthIndex {
  readonly all: readonly string[];
  readonly #byLength = new Map<number, string[]>();
  readonly #lengths: readonly number[];

  constructor(names: readonly string[]) {
    this.all = names;
    for (const name of names) {
      const list = this.#byLength.get(name.length);
      if (list === undefined) this.#byLength.set(name.length, [name]);
      else list.push(name);
    }
    this.#lengths = [...this.#byLength.keys()].toSorted((a, b) => a - b);
  }

  near(length: number): readonly string[] {
    const exact = this.#byLength.get(length);
    if (exact !== undefined) return exact;
    const nearest = this.#lengths.reduce((best, other) =>
      Math.abs(other - length) < Math.abs(best - length) ? other : best,
    );
    return this.#byLength.get(nearest)!;
  }
}

const pools = new WeakMap<LocaleData, Readonly<Record<NameKind, NamePool>>>();

/** The pools of a locale; made once. */
export function namePools(locale: LocaleData): Readonly<Record<NameKind, NamePool>> {
  let found = pools.get(locale);
  if (found === undefined) {
    const taken = new Set<string>();
    const female = distinct(locale.firstNames.female, taken);
    const male = distinct(locale.firstNames.male, taken);
    const takenLast = new Set<string>();
    const last = distinct(locale.lastNames, takenLast);
    // Whoever is asked first makes both, so that the same names are free for either whatever the order.
    const madeFirst = once(() => ({
      female: madeNames(locale.firstNames.female, taken, locale.name, 'female'),
      male: madeNames(locale.firstNames.male, taken, locale.name, 'male'),
    }));
    found = {
      female: new NamePool(female, () => madeFirst().female),
      // Where a locale gives one list for both, they share it.
      male: new NamePool(male.length > 0 ? male : female, () => madeFirst().male),
      last: new NamePool(last, () => madeNames(locale.lastNames, takenLast, locale.name, 'last')),
    };
    pools.set(locale, found);
  }
  return found;
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** Those whose letters are not taken yet; takes them. */
function distinct(names: readonly string[], taken: Set<string>): string[] {
  return names.filter((name) => {
    const form = letterForm(name);
    if (taken.has(form)) return false;
    taken.add(form);
    return true;
  });
}

/** Its letters a–z; the name itself in another script. */
function letterForm(name: string): string {
  const form = asciiForm(name);
  return form === NO_LETTERS ? name : form;
}

/**
 * New names in the spelling of a public dictionary: letter after letter, as often as it follows the letters before
 * it there. None is a name of the dictionary. Random: one fixed stream a dictionary, whatever the run's seed.
 */
function madeNames(dictionary: readonly string[], taken: Set<string>, locale: string, kind: NameKind): string[] {
  const words = dictionary.filter((name) => !/[\s.]/.test(name)).map((name) => name.toLowerCase().split(''));
  const followers = new Map<string, string[]>();
  for (const word of words) {
    const framed = [...'^'.repeat(MAX_ORDER), ...word, '$'];
    for (let at = MAX_ORDER; at < framed.length; at++) {
      for (let order = 1; order <= MAX_ORDER; order++) {
        const before = framed.slice(at - order, at).join('');
        const list = followers.get(before);
        if (list === undefined) followers.set(before, [framed[at]]);
        else list.push(framed[at]);
      }
    }
  }
  const lengths = words.map((word) => word.length).toSorted((a, b) => a - b);
  if (lengths.length === 0) return [];
  const shortest = lengths[0];
  const longest = lengths[Math.floor(0.98 * (lengths.length - 1))];
  const draws = new RandomCursor(streamKey(0, 'names', locale, kind));
  const made: string[] = [];
  // Twice as many tries as names: a small dictionary has not that many new ones to give.
  for (let row = 0; row < 2 * MADE_COUNT && made.length < MADE_COUNT; row++) {
    const cursor = draws.seek(row);
    const text = spell(followers, longest, () => cursor.next());
    if (text === null || text.length < shortest) continue;
    const name = capitalised(text);
    const form = letterForm(name);
    if (taken.has(form)) continue;
    taken.add(form);
    made.push(name);
  }
  return made;
}

function spell(followers: ReadonlyMap<string, readonly string[]>, longest: number, next: () => number): string | null {
  let text = '^'.repeat(MAX_ORDER);
  for (let length = 0; length <= longest; length++) {
    let choices: readonly string[] = [];
    for (let order = MAX_ORDER; order > 0; order--) {
      choices = followers.get(text.slice(-order)) ?? [];
      if (choices.length >= MIN_CHOICES) break;
    }
    const letter = pick(choices, next());
    if (letter === '$') return text.slice(MAX_ORDER);
    text += letter;
  }
  return null;
}

function capitalised(text: string): string {
  return text.replace(/(^|[-'’])(\p{Ll})/gu, (_, before: string, letter: string) => before + letter.toUpperCase());
}
