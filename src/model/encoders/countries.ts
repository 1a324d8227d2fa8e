/** The world's countries, as written in columns, and how likely each is where nothing better is known. */
import { faker } from '@faker-js/faker';

export type CountryForm = 'alpha2' | 'alpha3' | (typeof LANGUAGES)[number];

/** Share of a column's distinct values that must be countries for it to hold countries. */
export const MIN_KNOWN_COUNTRIES = 0.8;

const LANGUAGES = ['en', 'de', 'fr', 'es', 'pt', 'it', 'nl', 'pl', 'sv', 'tr'] as const;

/**
 * Gross domestic products in thousand million dollars, by continent: where people buy and sell.
 * **Source** World Bank, 2023, rounded; countries under about 15 are left out.
 */
const PRODUCTS = {
  'north-america': 'US 27400 CA 2140 MX 1790',
  'latin-america':
    'BR 2170 AR 640 CO 363 CL 336 PE 267 EC 119 DO 121 GT 102 VE 92 CR 86 PA 83 UY 77 BO 45 PY 43 SV 34 HN 34 TT 27 JM 19',
  europe:
    'DE 4460 GB 3340 FR 3030 IT 2250 RU 2020 ES 1580 NL 1120 TR 1110 CH 885 PL 811 BE 632 SE 593 IE 546 AT 516 NO 486 DK 404 RO 351 CZ 331 FI 300 PT 287 GR 238 HU 212 UA 179 SK 133 BG 102 LU 86 HR 83 LT 78 RS 75 BY 72 SI 68 LV 44 EE 41 CY 32 IS 31 BA 27 AL 23 MT 21 MD 17 MK 15',
  asia: 'CN 17800 JP 4210 IN 3550 KR 1710 ID 1370 TW 757 TH 515 SG 501 BD 437 PH 437 VN 430 MY 400 HK 382 PK 338 KZ 261 LK 84 AZ 72 MM 65 NP 41 KH 32 GE 31 AM 24',
  'middle-east': 'SA 1070 IL 510 AE 504 IR 401 IQ 251 QA 213 KW 162 OM 108 JO 51 BH 43 LB 20',
  africa: 'EG 396 ZA 378 NG 363 DZ 240 ET 164 MA 141 KE 107 CI 79 TZ 79 GH 76 UG 49 CM 48 TN 48 SN 31 ZM 28 ZW 27',
  oceania: 'AU 1720 NZ 253 PG 31',
} as const;

export type Continent = keyof typeof PRODUCTS;
const CONTINENTS = Object.keys(PRODUCTS) as Continent[];

/** What continents belong to where too few people are in one of them. */
export const WIDER_REGIONS = {
  'north-america': 'americas',
  'latin-america': 'americas',
  europe: 'europe',
  asia: 'asia-pacific',
  'middle-east': 'africa-and-middle-east',
  africa: 'africa-and-middle-east',
  oceania: 'asia-pacific',
} as const satisfies Record<Continent, string>;

export type Region = Continent | (typeof WIDER_REGIONS)[Continent];

export interface Country {
  readonly code: string;
  readonly continent: Continent;
  readonly weight: number;
}

export const COUNTRIES: readonly Country[] = CONTINENTS.flatMap((continent) => {
  const words = PRODUCTS[continent].split(' ');
  return words.flatMap((code, i) => (i % 2 === 0 ? [{ code, continent, weight: Number(words[i + 1]) }] : []));
});

/** Names that people write and standards do not. */
const ALSO: Readonly<Record<string, string>> = {
  usa: 'US',
  'united states of america': 'US',
  uk: 'GB',
  england: 'GB',
  'great britain': 'GB',
  holland: 'NL',
  'czech republic': 'CZ',
  'russian federation': 'RU',
  'south korea': 'KR',
  'republic of korea': 'KR',
  turkey: 'TR',
  'viet nam': 'VN',
  burma: 'MM',
};

interface Index {
  /** Lower-case text → ISO code, for each form. */
  readonly forms: ReadonlyMap<CountryForm, ReadonlyMap<string, string>>;
  readonly alpha3: ReadonlyMap<string, string>;
}

let loaded: Index | null = null;

function index(): Index {
  if (loaded !== null) return loaded;
  const codes = faker.rawDefinitions.location?.country_code ?? [];
  const forms = new Map<CountryForm, Map<string, string>>([
    ['alpha2', new Map(codes.map(({ alpha2 }) => [alpha2.toLowerCase(), alpha2]))],
    ['alpha3', new Map(codes.map(({ alpha2, alpha3 }) => [alpha3.toLowerCase(), alpha2]))],
  ]);
  for (const language of LANGUAGES) {
    const shown = new Intl.DisplayNames([language], { type: 'region' });
    const names = new Map(codes.map(({ alpha2 }) => [(shown.of(alpha2) ?? alpha2).toLowerCase(), alpha2]));
    if (language === 'en') for (const [name, code] of Object.entries(ALSO)) names.set(name, code);
    forms.set(language, names);
  }
  loaded = { forms, alpha3: new Map(codes.map(({ alpha2, alpha3 }) => [alpha2, alpha3])) };
  return loaded;
}

/** ISO code of a country written in that form, or null. */
export function countryCode(text: string, form: CountryForm): string | null {
  return index().forms.get(form)!.get(text.trim().toLowerCase()) ?? null;
}

/** The form that most of the texts are countries in, if that is at least `share` of them. */
export function countryFormOf(texts: readonly string[], share: number): CountryForm | null {
  let best: CountryForm | null = null;
  let most = Math.max(1, share * texts.length) - 1e-9;
  for (const [form, names] of index().forms) {
    const known = texts.filter((text) => names.has(text.trim().toLowerCase())).length;
    // At a tie the first stands: codes before names, English before other languages.
    if (known > most || (best === null && known >= most)) {
      best = form;
      most = known;
    }
  }
  return best;
}

/** How a country is written in that form. */
export function writeCountry(code: string, form: CountryForm): string {
  if (form === 'alpha2') return code;
  if (form === 'alpha3') return index().alpha3.get(code) ?? code;
  return new Intl.DisplayNames([form], { type: 'region' }).of(code) ?? code;
}
