import { allLocales, en } from '@faker-js/faker';
import type { LocaleDefinition } from '@faker-js/faker';

export type LocaleName = keyof typeof allLocales;

/** All strings in a piece of faker's data: plain lists, `{value, weight}` lists, and lists by sex. Made names `{{…}}` are left out. */
export function flatWords(source: unknown): readonly string[] {
  if (typeof source === 'string') return source.includes('{{') ? [] : [source];
  if (Array.isArray(source)) return source.flatMap(flatWords);
  if (source === null || typeof source !== 'object') return [];
  const weighted = source as { value?: unknown; weight?: unknown };
  if (typeof weighted.value === 'string' && typeof weighted.weight === 'number') return flatWords(weighted.value);
  return Object.values(source).flatMap(flatWords);
}

export function isLocale(name: string): name is LocaleName {
  return Object.hasOwn(allLocales, name);
}

/** Faker writes `en_GB`; people also write `en-GB`, `en-gb`. Null where faker has no such locale, nor its language. */
export function localeNamed(text: string): LocaleName | null {
  const wanted = text.replaceAll('-', '_').toLowerCase();
  const names = Object.keys(allLocales) as LocaleName[];
  return (
    names.find((name) => name.toLowerCase() === wanted) ??
    names.find((name) => name.toLowerCase() === wanted.split('_')[0]) ??
    names.find((name) => name.toLowerCase().startsWith(`${wanted}_`)) ?? // `pt` → pt_BR
    null
  );
}

const LOCALE_INDEX: ReadonlyMap<string, number> = new Map(Object.keys(allLocales).map((name, i) => [name, i]));

/** A number of its own for each locale, below 128. */
export function localeIndex(name: LocaleName): number {
  return LOCALE_INDEX.get(name)!;
}

/** Data of one country or language, in plain arrays, ready to be indexed by a uniform number. None is empty, except where it says so. */
export interface LocaleData {
  readonly name: LocaleName;
  readonly firstNames: { readonly female: readonly string[]; readonly male: readonly string[] };
  readonly lastNames: readonly string[];
  readonly titles: { readonly female: readonly string[]; readonly male: readonly string[] };
  readonly cities: readonly Template[];
  readonly streets: readonly Template[];
  /** Street and number, in the country's order. */
  readonly streetAddress: Template;
  readonly buildingNumbers: readonly string[];
  readonly secondLines: readonly string[];
  /** With `#` for any digit, `!` for 2–9, `?` for a letter. */
  readonly postcodes: readonly string[];
  /** May be empty. Same order as `stateCodes`, where that is not. */
  readonly states: readonly string[];
  readonly stateCodes: readonly string[];
  /** Numeric range of a state's postal codes, by state code; empty for most countries. */
  readonly postcodesByState: ReadonlyMap<string, readonly [number, number]>;
  readonly countryName: string | null;
  readonly phones: readonly string[];
  readonly legalForms: readonly string[];
  readonly jobTitles: readonly Template[];
  readonly loremWords: readonly string[];
}

/** Text between references to other data: `{{person.lastName}}strasse`. */
export type Template = readonly (string | { readonly reference: string })[];

export function templateOf(text: string): Template {
  return text
    .split(/(\{\{[^}]+\}\})/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('{{') ? { reference: part.slice(2, -2).trim() } : part));
}

const cache = new Map<LocaleName, LocaleData>();

/** Made once per locale; what a locale lacks comes from its language, then from English. */
export function localeData(name: LocaleName): LocaleData {
  let data = cache.get(name);
  if (data === undefined) {
    data = read(name);
    cache.set(name, data);
  }
  return data;
}

function read(name: LocaleName): LocaleData {
  const language = name.split('_')[0];
  const chain: LocaleDefinition[] = [allLocales[name], ...(isLocale(language) ? [allLocales[language]] : []), en];
  const first = (pick: (locale: LocaleDefinition) => unknown): unknown => {
    for (const locale of chain) {
      const found = pick(locale);
      if (found !== undefined && found !== null && (!Array.isArray(found) || found.length > 0)) return found;
    }
    return [];
  };
  const words = (pick: (locale: LocaleDefinition) => unknown): readonly string[] => flatWords(first(pick));
  // Places are a country's, not a language's: no English state in Norway. Faker keeps those of the US under `en`.
  const own = (pick: (locale: LocaleDefinition) => unknown): readonly string[] =>
    flatWords(pick(allLocales[name]) ?? (name === 'en_US' ? pick(en) : null) ?? []);

  const bySex = (source: unknown, sex: 'female' | 'male'): readonly string[] => {
    const entry = source as { generic?: unknown; female?: unknown; male?: unknown };
    const specific = flatWords(entry?.[sex]);
    return specific.length > 0 ? specific : flatWords(entry?.generic ?? source);
  };
  const firstName = first((locale) => locale.person?.first_name);
  const title = first((locale) => locale.person?.prefix);
  const cityNames = own((locale) => locale.location?.city_name);
  const cityTemplates =
    cityNames.length >= 15
      ? cityNames.map(templateOf)
      : rawTexts(first((locale) => locale.location?.city_pattern))
          .map(templateOf)
          .filter(isResolvable);
  const streetNames = words((locale) => locale.location?.street_name);
  const streetTemplates = rawTexts(first((locale) => locale.location?.street_pattern))
    .map(templateOf)
    .filter(isResolvable);
  return {
    name,
    firstNames: { female: bySex(firstName, 'female'), male: bySex(firstName, 'male') },
    lastNames: words((locale) => locale.person?.last_name),
    titles: { female: bySex(title, 'female'), male: bySex(title, 'male') },
    cities: cityTemplates.length > 0 ? cityTemplates : words((locale) => locale.location?.city_name).map(templateOf),
    streets: streetTemplates.length > 0 ? streetTemplates : streetNames.map(templateOf),
    streetAddress: templateOf(
      String(
        (first((locale) => locale.location?.street_address) as { normal?: string }).normal ??
          '{{location.buildingNumber}} {{location.street}}',
      ),
    ),
    buildingNumbers: rawTexts(first((locale) => locale.location?.building_number)),
    secondLines: rawTexts(first((locale) => locale.location?.secondary_address)),
    postcodes: rawTexts(first((locale) => locale.location?.postcode)),
    states: own((locale) => locale.location?.state),
    stateCodes: own((locale) => locale.location?.state_abbr),
    postcodesByState: postcodeRanges(allLocales[name]),
    countryName: countryNameOf(name),
    phones: rawTexts(
      (first((locale) => locale.phone_number?.format) as { national?: unknown; human?: unknown }).national ??
        (first((locale) => locale.phone_number?.format) as { human?: unknown }).human ?? ['(!##) !##-####'],
    ),
    legalForms: words((locale) => locale.company?.legal_entity_type),
    jobTitles: jobTitleTemplates(chain),
    loremWords: words((locale) => locale.lorem?.word),
  };
}

/** Strings of a list, weights dropped, templates kept. */
function rawTexts(source: unknown): readonly string[] {
  if (!Array.isArray(source)) return typeof source === 'string' ? [source] : [];
  return source.flatMap((entry) =>
    typeof entry === 'string'
      ? [entry]
      : typeof (entry as { value?: unknown })?.value === 'string'
        ? [(entry as { value: string }).value]
        : [],
  );
}

/** What `identity.ts` can put in for a reference. */
export const REFERENCES = [
  'person.firstName',
  'person.lastName',
  'person.first_name',
  'person.last_name',
  'location.buildingNumber',
  'location.street',
  'location.city_name',
  'location.city_prefix',
  'location.city_suffix',
  'location.city_infix',
  'location.street_prefix',
  'location.street_suffix',
  'location.street_name',
  'location.street_name_part',
  'location.common_street_suffix',
  'person.jobDescriptor',
  'person.job_descriptor',
  'person.jobArea',
  'person.job_area',
  'person.jobType',
  'person.job_type',
] as const;

function isResolvable(template: Template): boolean {
  return template.every(
    (part) =>
      typeof part === 'string' ||
      (REFERENCES as readonly string[]).includes(part.reference) ||
      /^person\.(?:last_name|first_name)\.(?:generic|female|male)$/.test(part.reference),
  );
}

function jobTitleTemplates(chain: readonly LocaleDefinition[]): readonly Template[] {
  for (const locale of chain) {
    const person = locale.person as { job_title?: unknown; job_title_pattern?: unknown } | null | undefined;
    const plain = flatWords(person?.job_title);
    if (plain.length > 0) return plain.map(templateOf);
    const patterns = rawTexts(person?.job_title_pattern).map(templateOf).filter(isResolvable);
    if (patterns.length > 0) return patterns;
  }
  return [templateOf('{{person.job_area}} {{person.job_type}}')];
}

/** The ranges that faker writes as `{{number.int({"min": 99501,"max": 99950})}}`. */
function postcodeRanges(locale: LocaleDefinition): ReadonlyMap<string, readonly [number, number]> {
  const ranges = new Map<string, readonly [number, number]>();
  const source =
    (locale.location as { postcode_by_state?: Record<string, unknown> } | undefined)?.postcode_by_state ?? {};
  for (const [state, text] of Object.entries(source)) {
    const match = typeof text === 'string' ? /"min":\s*(\d+),\s*"max":\s*(\d+)/.exec(text) : null;
    if (match !== null) ranges.set(state, [Number(match[1]), Number(match[2])]);
  }
  return ranges;
}

/** The list that a `location.*` or `person.*` reference of a template names. */
export function referencedWords(name: LocaleName, reference: string): readonly string[] {
  const key = `${name} ${reference}`;
  let found = referenceCache.get(key);
  if (found === undefined) {
    const language = name.split('_')[0];
    const chain: LocaleDefinition[] = [allLocales[name], ...(isLocale(language) ? [allLocales[language]] : []), en];
    const [room, entry] = reference.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).split('.');
    found = [];
    for (const locale of chain) {
      found = rawTexts((locale as unknown as Record<string, Record<string, unknown>>)[room]?.[entry]);
      if (found.length > 0) break;
    }
    referenceCache.set(key, found);
  }
  return found;
}

const referenceCache = new Map<string, readonly string[]>();

/** Which of faker's locales stands for a country. */
const COUNTRY_LOCALES: Readonly<Record<string, LocaleName>> = {
  US: 'en_US',
  GB: 'en_GB',
  IE: 'en_IE',
  CA: 'en_CA',
  AU: 'en_AU',
  IN: 'en_IN',
  ZA: 'en_ZA',
  NG: 'en_NG',
  DE: 'de',
  AT: 'de_AT',
  CH: 'de_CH',
  FR: 'fr',
  BE: 'fr_BE',
  LU: 'fr_LU',
  ES: 'es',
  MX: 'es_MX',
  AR: 'es',
  CL: 'es',
  CO: 'es',
  VE: 'es',
  PE: 'es',
  BR: 'pt_BR',
  PT: 'pt_PT',
  IT: 'it',
  NL: 'nl',
  SE: 'sv',
  NO: 'nb_NO',
  DK: 'da',
  FI: 'fi',
  PL: 'pl',
  CZ: 'cs_CZ',
  SK: 'sk',
  HU: 'hu',
  RO: 'ro',
  HR: 'hr',
  TR: 'tr',
};

function countryNameOf(name: LocaleName): string | null {
  const code = Object.entries(COUNTRY_LOCALES).find(([, locale]) => locale === name)?.[0];
  return code === undefined ? null : (new Intl.DisplayNames(['en'], { type: 'region' }).of(code) ?? null);
}

let countryIndex: ReadonlyMap<string, LocaleName> | null = null;

/** The locale for a country as written in a column: a name in English or its own language, or a code. Null for countries without one. */
export function localeOfCountry(text: string): LocaleName | null {
  if (countryIndex === null) {
    const index = new Map<string, LocaleName>([
      ['usa', 'en_US'],
      ['united states of america', 'en_US'],
      ['uk', 'en_GB'],
      ['england', 'en_GB'],
      ['great britain', 'en_GB'],
      ['czech republic', 'cs_CZ'],
      ['holland', 'nl'],
    ]);
    for (const [code, locale] of Object.entries(COUNTRY_LOCALES)) {
      index.set(code.toLowerCase(), locale);
      for (const language of new Set(['en', 'de', 'fr', 'es', 'pt', locale.split('_')[0]])) {
        const shown = new Intl.DisplayNames([language], { type: 'region' }).of(code);
        if (shown !== undefined) index.set(shown.toLowerCase(), locale);
      }
    }
    for (const entry of allLocales.base.location?.country_code ?? []) {
      const locale = COUNTRY_LOCALES[entry.alpha2];
      if (locale !== undefined) index.set(entry.alpha3.toLowerCase(), locale);
    }
    countryIndex = index;
  }
  return countryIndex.get(text.trim().toLowerCase()) ?? null;
}
