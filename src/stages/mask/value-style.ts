import type { ValueStyle } from './artifact.ts';
import { localeOfWords, normaliseWord, shareInUse } from './dictionaries.ts';
import { learnDomains, learnHandleForms } from './handle-style.ts';
import type { RowNames } from './handle-style.ts';
import { isLocale } from './locale-data.ts';
import { isFictionalNumber } from './phone-range.ts';
import { MIN_SUBJECTS, learnShapes } from './value-shape.ts';

/** Detectors whose fakes are written in the learned forms. */
const SHAPED = new Set([
  'person.phone',
  'person.phone-extension',
  'person.national-id',
  'secret.password',
  'secret.token',
  'location.postal-code',
  'location.building-number',
  'payment.card-number',
  'payment.card-code',
  'payment.iban',
  'internet.mac',
  'internet.ip',
]);
const NAMES: Readonly<Record<string, 'first-name' | 'last-name'>> = {
  'person.first-name': 'first-name',
  'person.last-name': 'last-name',
};
const HANDLES = new Set(['person.email', 'person.username']);
/** Coincidences of dictionary names with real ones that need no reason, as a share of rows. */
const MIN_COINCIDENCE_RATE = 0.005;
const LONG = new Set(['text.about-person', 'text.written-by-person']);

/** Locales that may be inferred, in the order in which ties fall. */
const INFERRED_LOCALES = [
  'en',
  'de',
  'fr',
  'es',
  'pt_BR',
  'it',
  'nl',
  'sv',
  'da',
  'nb_NO',
  'fi',
  'pl',
  'cs_CZ',
  'hu',
  'ro',
  'tr',
  'ja',
  'ko',
  'zh_CN',
  'ru',
  'uk',
  'el',
].filter(isLocale);

export interface StyleInput {
  readonly detector: string | null;
  /** Declared length. */
  readonly maxLength: number | null;
  readonly unique: boolean;
  readonly locale: string;
  /** Null where nothing was sampled. */
  readonly values: readonly (string | null)[] | null;
  /** Subject of each value. */
  readonly units: ArrayLike<number>;
  /** The names in the same rows, where columns hold them. */
  readonly names?: readonly RowNames[];
}

/** How the values of a column are written. Whatever is kept is shared by at least 5 subjects; no value is. */
export function learnStyle(input: StyleInput): ValueStyle {
  const base = { maxLength: input.maxLength, unique: input.unique, locale: input.locale };
  const present: string[] = [];
  const units: number[] = [];
  const names: (RowNames | null)[] = [];
  let blankCount = 0;
  input.values?.forEach((value, i) => {
    if (value === null) return;
    if (value.trim() === '') {
      blankCount++;
      return;
    }
    present.push(value);
    units.push(input.units[i]);
    names.push(input.names?.[i] ?? null);
  });
  if (new Set(units).size < MIN_SUBJECTS && blankCount < MIN_SUBJECTS)
    return { ...base, letterCase: 'mixed', distinctRate: 1 };

  const detector = input.detector ?? '';
  const blankRate =
    blankCount < MIN_SUBJECTS
      ? 0
      : present.length < MIN_SUBJECTS
        ? 1
        : Math.round((100 * blankCount) / (blankCount + present.length)) / 100;
  const shapes = SHAPED.has(detector) ? learnShapes(present, units) : [];
  const dictionary = NAMES[detector];
  const madeRate = dictionary === undefined ? 0 : madeRateOf(present, units, dictionary, input.locale);
  const handles = HANDLES.has(detector) ? learnHandleForms(present.map(localPart), names, units) : [];
  const domains =
    detector === 'person.email'
      ? learnDomains(
          present.map((value) => value.slice(value.lastIndexOf('@') + 1)),
          units,
        )
      : [];
  const lengths =
    LONG.has(detector) || dictionary !== undefined
      ? quantiles(
          present.map((value) => value.length),
          units,
        )
      : null;
  const days = detector === 'person.birth-date' ? quantiles(present.map(dayOf), units) : null;
  return {
    ...base,
    letterCase: letterCaseOf(present),
    distinctRate: present.length === 0 ? 1 : new Set(present).size / present.length,
    ...(shapes.length > 0 ? { shapes } : {}),
    ...(lengths !== null ? { lengths } : {}),
    ...(days !== null ? { days } : {}),
    ...(madeRate > 0 ? { madeRate } : {}),
    ...(handles.length > 0 ? { handles } : {}),
    ...(domains.length > 0 ? { domains } : {}),
    ...(blankRate > 0 ? { blankRate } : {}),
    ...(share(present, (value) => /^\s*<(?:p|div|h\d|ul|ol|pre|blockquote)\b/i.test(value)) > 0.5
      ? { html: true }
      : {}),
    ...(isReservedRangeInUse(detector, present) ? { reservedInUse: true } : {}),
  };
}

function localPart(value: string): string {
  return value.includes('@') ? value.slice(0, value.lastIndexOf('@')) : value;
}

/**
 * Share of names that must not come from the dictionary, so that made names meet real ones no more often than real
 * ones of other people do. How often those meet is seen between the halves of the subjects, and doubles with the
 * number of names to meet.
 */
function madeRateOf(
  values: readonly string[],
  units: readonly number[],
  dictionary: 'first-name' | 'last-name',
  locale: string,
): number {
  const words = values.map(normaliseWord);
  const here = new Set(words.filter((_, i) => half(units[i]) === 0));
  const there = words.filter((_, i) => half(units[i]) === 1);
  const meetRate = Math.min(1, (2 * there.filter((word) => here.has(word)).length) / Math.max(1, there.length));
  const known = shareInUse(dictionary, locale, words);
  return known === 0 ? 0 : Math.round(100 * Math.max(0, 1 - Math.max(meetRate, MIN_COINCIDENCE_RATE) / known)) / 100;
}

/** Which half of the subjects one belongs to: a bit that their order says nothing about. */
function half(unit: number): number {
  return Math.imul(unit + 1, 0x9e3779b1) >>> 31;
}

function isReservedRangeInUse(detector: string, values: readonly string[]): boolean {
  if (detector === 'person.email')
    return values.some((value) =>
      /@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|[\w-]+\.(?:example|test|invalid))$/i.test(value),
    );
  return detector === 'person.phone' && values.some(isFictionalNumber);
}

/** The case that at least nine of ten values with letters are written in. */
export function letterCaseOf(values: readonly string[]): ValueStyle['letterCase'] {
  const texts = values.map(localPart).filter((value) => /\p{Ll}|\p{Lu}/u.test(value));
  if (texts.length === 0) return 'mixed';
  if (share(texts, (text) => text.length > 1 && text === text.toUpperCase()) >= 0.9) return 'upper';
  if (share(texts, (text) => text === text.toLowerCase()) >= 0.9) return 'lower';
  if (share(texts, (text) => /^\p{Lu}/u.test(text)) >= 0.9) return 'title';
  return 'mixed';
}

function share(values: readonly string[], passes: (value: string) => boolean): number {
  return values.length === 0 ? 0 : values.reduce((count, value) => count + (passes(value) ? 1 : 0), 0) / values.length;
}

/**
 * Up to 21 quantiles with at least `MIN_SUBJECTS` subjects between two; the ends are the 6th lowest and highest, so
 * that no subject's own extreme is kept. Null under 20 subjects.
 */
function quantiles(numbers: readonly number[], units: readonly number[]): number[] | null {
  const bySubject = new Map<number, number>();
  numbers.forEach((number, i) => {
    if (Number.isFinite(number) && !bySubject.has(units[i])) bySubject.set(units[i], number);
  });
  const sorted = [...bySubject.values()].toSorted((a, b) => a - b);
  if (sorted.length < 4 * MIN_SUBJECTS) return null;
  const inner = sorted.slice(MIN_SUBJECTS, sorted.length - MIN_SUBJECTS);
  const steps = Math.min(20, Math.floor(inner.length / MIN_SUBJECTS));
  return Array.from({ length: steps + 1 }, (_, i) => Math.round(inner[Math.round((i * (inner.length - 1)) / steps)]));
}

function dayOf(value: string): number {
  return Math.floor(Date.parse(`${value.slice(0, 10)}T00:00:00Z`) / 86_400_000);
}

/** Names of one table that tell its language. */
export interface LocaleEvidence {
  readonly firstNames: readonly string[];
  readonly lastNames: readonly string[];
  readonly cities: readonly string[];
}

/**
 * The locale whose dictionaries hold most of the sampled names and cities; the default where fewer than 20 distinct
 * words were sampled, where under a third is known, or where the default knows nearly as many.
 */
export function inferLocale(evidence: LocaleEvidence, fallback: string): string {
  const score = new Map<string, number>();
  let weight = 0;
  for (const [dictionary, values] of [
    ['first-name', evidence.firstNames],
    ['last-name', evidence.lastNames],
    ['city', evidence.cities],
  ] as const) {
    if (values.length < 20) continue;
    weight++;
    for (const { locale, share: known } of localeOfWords(dictionary, values, INFERRED_LOCALES))
      score.set(locale, (score.get(locale) ?? 0) + known);
  }
  if (weight === 0) return fallback;
  const [best] = [...score].toSorted((a, b) => b[1] - a[1]);
  const own = score.get(fallback) ?? 0;
  return best[1] / weight >= 1 / 3 && best[1] > own * 1.3 + 0.05 * weight ? best[0] : fallback;
}
