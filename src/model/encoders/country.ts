/**
 * Countries: those that 5 units share by name; of the others only the continent or wider region, from which one is
 * drawn as a public dictionary and the size of its economy make likely.
 */
import {
  COUNTRIES,
  countryCode,
  countryFormOf,
  MIN_KNOWN_COUNTRIES,
  WIDER_REGIONS,
  writeCountry,
} from './countries.ts';
import type { Country, CountryForm, Region } from './countries.ts';
import { countByUnit, cumulate, MIN_UNITS, pick, type Cell, type ColumnEncoder, type PartSpec } from './encoder.ts';
import type { Uniforms } from './encoder.ts';

const MIN_DISTINCT = 3;

export interface CountryJson {
  readonly form: CountryForm;
  readonly isUpper: boolean;
  readonly maxLength: number | null;
  readonly hasNull: boolean;
  /** As the column writes them. */
  readonly countries: readonly string[];
  /** That 5 units with other countries share: continents, then wider regions for what is left. */
  readonly regions: readonly Region[];
}

/** Codes: countries, continents, the rest of the world, NULL. */
export class CountryEncoder implements ColumnEncoder {
  readonly kind = 'country';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: CountryJson;
  readonly #codes: ReadonlyMap<string, number>;
  /** To draw from: of each continent, then of the world. */
  readonly #lists: readonly { readonly texts: readonly string[]; readonly cumulative: readonly number[] }[];

  constructor(json: CountryJson) {
    this.#json = json;
    this.#codes = new Map(json.countries.map((text, code) => [text, code]));
    this.parts = [{ size: this.#worldCode + 1 + (json.hasNull ? 1 : 0), ordered: false, hasNull: json.hasNull }];
    const kept = new Set(json.countries.map((text) => countryCode(text, json.form)));
    const free = COUNTRIES.filter(({ code }) => !kept.has(code))
      .map((country) => ({ ...country, text: this.#write(country.code), region: regionOf(country, json.regions) }))
      .filter(({ text }) => json.maxLength === null || text.length <= json.maxLength);
    this.#lists = [...json.regions, null].map((region) => {
      const list = free.filter((country) => country.region === region);
      const chosen = list.length > 0 ? list : free;
      return { texts: chosen.map(({ text }) => text), cumulative: cumulate(chosen.map(({ weight }) => weight)) };
    });
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    const { countries, regions, form, hasNull } = this.#json;
    if (value === null) {
      out[at] = hasNull ? this.parts[0].size - 1 : 0;
      return;
    }
    const code = countryCode(value, form);
    const country = COUNTRIES.find((candidate) => candidate.code === code);
    const region = country === undefined ? null : regionOf(country, regions);
    out[at] =
      this.#codes.get(value) ?? (region === null ? this.#worldCode : countries.length + regions.indexOf(region));
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const { countries, hasNull } = this.#json;
    const code = codes[at];
    if (code < countries.length) return countries[code];
    if (hasNull && code === this.parts[0].size - 1) return null;
    const { texts, cumulative } = this.#lists[code - countries.length];
    return texts.length === 0 ? (countries[0] ?? null) : texts[pick(cumulative, random.next())];
  }

  toJson(): unknown {
    return this.#json;
  }

  get #worldCode(): number {
    return this.#json.countries.length + this.#json.regions.length;
  }

  #write(code: string): string {
    const text = writeCountry(code, this.#json.form);
    return this.#json.isUpper ? text.toUpperCase() : text;
  }
}

/** The continent or wider region that stands for a country, the narrower first; null for the rest of the world. */
function regionOf(country: Country, regions: readonly Region[]): Region | null {
  const wider = WIDER_REGIONS[country.continent];
  return regions.includes(country.continent) ? country.continent : regions.includes(wider) ? wider : null;
}

/** Null where the values are no countries, or all of them are shared widely enough to be kept as they are. */
export function fitCountryEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  options: { readonly maxLength: number | null; readonly hasNull: boolean },
): CountryEncoder | null {
  const counts = [...countByUnit(values, units)].sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1));
  const distinct = counts.map(([text]) => text);
  const kept = counts.filter(([, count]) => count.units >= MIN_UNITS).map(([text]) => text);
  if (distinct.length < MIN_DISTINCT || kept.length === distinct.length) return null;
  const form = countryFormOf(distinct, MIN_KNOWN_COUNTRIES);
  if (form === null) return null;
  const isKept = new Set(kept);
  const byCode = new Map(COUNTRIES.map((country) => [country.code, country]));
  const rare = values.map((value) =>
    value === null || isKept.has(value) ? undefined : byCode.get(countryCode(value, form) ?? ''),
  );
  const continents = sharedRegions(
    rare.map((country) => country?.continent ?? null),
    units,
  );
  const left = rare.map((country) =>
    country === undefined || continents.includes(country.continent) ? null : WIDER_REGIONS[country.continent],
  );
  const isCode = form === 'alpha2' || form === 'alpha3';
  return new CountryEncoder({
    ...options,
    form,
    isUpper: !isCode && distinct.every((text) => text.length > 3 && text === text.toUpperCase()),
    countries: kept,
    regions: [...new Set([...continents, ...sharedRegions(left, units)])],
  });
}

function sharedRegions(regions: readonly (Region | null)[], units: Uint32Array): Region[] {
  const counts = [...countByUnit(regions, units)].filter(([, count]) => count.units >= MIN_UNITS);
  return counts.map(([region]) => region as Region).toSorted();
}
