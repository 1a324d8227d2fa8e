import { allLocales } from '@faker-js/faker';
import type { Dictionary } from '../../../rules/pack.ts';
import { flatWords } from './locale-data.ts';

/** Lower case, no accents, single spaces: how dictionary words are compared. */
export function normaliseWord(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replace(/\s+/g, ' ')
    .trim();
}

interface WordSets {
  readonly firstNames: ReadonlySet<string>;
  readonly lastNames: ReadonlySet<string>;
  readonly cities: ReadonlySet<string>;
  readonly countries: ReadonlySet<string>;
}

let loaded: WordSets | null = null;

/** The words of all of faker's locales together: people and places come from everywhere. Made once, at first use. */
function wordSets(): WordSets {
  loaded ??= {
    firstNames: collect((locale) => [locale.person?.first_name, locale.person?.middle_name]),
    lastNames: collect((locale) => [locale.person?.last_name]),
    cities: collect((locale) => [locale.location?.city_name]),
    countries: collect((locale) => [locale.location?.country, countryCodes(locale)]),
  };
  return loaded;
}

type Locale = (typeof allLocales)[keyof typeof allLocales];

function collect(pick: (locale: Locale) => readonly unknown[]): ReadonlySet<string> {
  const words = new Set<string>();
  for (const locale of Object.values(allLocales)) {
    for (const source of pick(locale)) for (const word of flatWords(source)) words.add(normaliseWord(word));
  }
  return words;
}

function countryCodes(locale: Locale): readonly string[] {
  return (locale.location?.country_code ?? []).flatMap((code) => [code.alpha2, code.alpha3]);
}

/** Whether the value is a word (or, for full names, a sequence of words) of the dictionary. */
export function isInDictionary(dictionary: Dictionary, value: string): boolean {
  const sets = wordSets();
  const word = normaliseWord(value);
  switch (dictionary) {
    case 'first-name':
      return (
        word.length > 1 && word.split(/[ -]/).length <= 3 && word.split(/[ -]/).every((part) => isFirstName(sets, part))
      );
    case 'last-name':
      return (
        sets.lastNames.has(word) ||
        (/[ -]/.test(word) &&
          word.split(/[ -]/).length <= 3 &&
          word.split(/[ -]/).every((part) => sets.lastNames.has(part)))
      );
    case 'full-name':
      return isFullName(sets, word);
    case 'city':
      return sets.cities.has(word);
    case 'country':
      return sets.countries.has(word);
  }
}

function isFirstName(sets: WordSets, word: string): boolean {
  return sets.firstNames.has(word) || /^\p{L}\.$/u.test(word);
}

/** `Mary Ann Smith`, `Smith, Mary`, `Dr. M. Smith Jr.`: two to five words, a known first name and a known last name (initials count beside one). */
function isFullName(sets: WordSets, word: string): boolean {
  const comma = word.indexOf(',');
  const ordered = comma > 0 ? `${word.slice(comma + 1).trim()} ${word.slice(0, comma)}` : word;
  if (/[\d@/:&()]/.test(ordered)) return false;
  const parts = ordered
    .replace(/^(?:mr|mrs|ms|miss|dr|prof|herr|frau|sr|sra|m|mme)\.? /, '')
    .replace(/ (?:jr|sr|ii|iii|md|phd|dds|dvm)\.?$/, '')
    .split(' ');
  if (parts.length < 2 || parts.length > 5) return false;
  const first = parts[0].split('-').every((part) => isFirstName(sets, part));
  const last = parts[parts.length - 1].split('-').some((part) => sets.lastNames.has(part));
  return first && (last || (sets.firstNames.has(parts[0]) && parts.length === 2 && sets.firstNames.has(parts[1])));
}

/** Locale whose own dictionary holds the most of the values; null where none stands out. */
export function localeOfWords(
  dictionary: 'first-name' | 'last-name' | 'city',
  values: readonly string[],
  locales: readonly string[],
): { locale: string; share: number }[] {
  const words = values.map(normaliseWord);
  return locales.map((locale) => {
    const own = localeWords(dictionary, locale);
    const hits = words.reduce((count, word) => count + (own.has(word) ? 1 : 0), 0);
    return { locale, share: words.length === 0 || own.size === 0 ? 0 : hits / words.length };
  });
}

/** Share of the locale's dictionary that is among the words. */
export function shareInUse(dictionary: 'first-name' | 'last-name', locale: string, words: readonly string[]): number {
  const own = localeWords(dictionary, locale);
  const used = new Set(words.filter((word) => own.has(word)));
  return own.size === 0 ? 0 : used.size / own.size;
}

const byLocale = new Map<string, ReadonlySet<string>>();

function localeWords(dictionary: 'first-name' | 'last-name' | 'city', name: string): ReadonlySet<string> {
  const key = `${dictionary} ${name}`;
  let words = byLocale.get(key);
  if (words === undefined) {
    const locale = allLocales[name as keyof typeof allLocales];
    const source =
      dictionary === 'first-name'
        ? locale?.person?.first_name
        : dictionary === 'last-name'
          ? locale?.person?.last_name
          : locale?.location?.city_name;
    words = new Set(flatWords(source).map(normaliseWord));
    byLocale.set(key, words);
  }
  return words;
}
