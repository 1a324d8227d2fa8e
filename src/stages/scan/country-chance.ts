/** How often countries are met by drawing from the world's: what the country encoder does with rare ones. */
import { binomialTail } from '../../metrics/intervals.ts';
import { COUNTRIES, countryCode, countryFormOf, MIN_KNOWN_COUNTRIES } from '../../model/encoders/countries.ts';
import type { CountryForm } from '../../model/encoders/countries.ts';

const BY_CODE = new Map(COUNTRIES.map((country) => [country.code, country]));

export class CountryChance {
  readonly #form: CountryForm;
  /** Codes of countries that are drawn, not kept: all that are not common in the source. */
  readonly #common: ReadonlySet<string>;

  private constructor(form: CountryForm, common: ReadonlySet<string>) {
    this.#form = form;
    this.#common = common;
  }

  /** Null where the source's values are no countries. */
  static of(values: readonly string[], common: readonly string[]): CountryChance | null {
    const form = countryFormOf(values, MIN_KNOWN_COUNTRIES);
    if (form === null) return null;
    return new CountryChance(form, new Set(common.flatMap((text) => countryCode(text, form) ?? [])));
  }

  isCountry(text: string): boolean {
    return countryCode(text, this.#form) !== null;
  }

  /**
   * The rare countries that are made oftener than drawing explains, each with how often.
   *
   * Whichever region a rare country is drawn for, among those of its continent it has the share that its weight has.
   * So given how many of the continent were made, its number is binomial, and one that the model remembers stands out.
   * One that is not in the list to draw from has no share at all.
   *
   * **Shapes** made: text → number of made units, each a draw of its own. **Domain** `chance`: of any of the rare ones, by Bonferroni.
   */
  remembered(rare: ReadonlySet<string>, made: ReadonlyMap<string, number>, chance: number): Map<string, number> {
    const drawn = new Map<string, number>();
    for (const [text, count] of made) {
      const code = this.#drawnCode(text);
      const continent = code === null ? undefined : BY_CODE.get(code)?.continent;
      if (continent !== undefined) drawn.set(continent, (drawn.get(continent) ?? 0) + count);
    }
    const leaks = new Map<string, number>();
    for (const text of rare) {
      const count = made.get(text) ?? 0;
      const country = BY_CODE.get(this.#drawnCode(text) ?? '');
      const share = country === undefined ? 0 : country.weight / this.#weightOf(country.continent);
      const total = country === undefined ? count : drawn.get(country.continent)!;
      if (count > 0 && binomialTail(count, total, share) * rare.size < chance) leaks.set(text, count);
    }
    return leaks;
  }

  #drawnCode(text: string): string | null {
    const code = countryCode(text, this.#form);
    return code === null || this.#common.has(code) ? null : code;
  }

  #weightOf(continent: string): number {
    let sum = 0;
    for (const country of COUNTRIES)
      if (country.continent === continent && !this.#common.has(country.code)) sum += country.weight;
    return sum;
  }
}
