/** Categories as unordered codes, by falling count. Values that too few units share have one code between them. */

/** What `decode` gives for the pooled values: which text to write there is the caller's choice, never the source's. */
export const RARE = Symbol('rare');

export interface CategoryEncoderOptions {
  /** Fewest distinct units that share a kept value. */
  readonly minUnits: number;
  /** Most values kept; beyond it the less frequent ones are pooled as well. */
  readonly maxValues?: number;
}

export const CATEGORY_DEFAULTS = { minUnits: 5, maxValues: 4096 } as const satisfies CategoryEncoderOptions;

export interface CategoryEncoderJson {
  readonly values: readonly string[];
  readonly hasRare: boolean;
  readonly hasNull: boolean;
}

export class CategoryEncoder {
  readonly ordered = false;
  /** The kept values, by code. */
  readonly values: readonly string[];
  readonly hasRare: boolean;
  readonly hasNull: boolean;
  readonly #codes: ReadonlyMap<string, number>;

  constructor(json: CategoryEncoderJson) {
    this.values = json.values;
    this.hasRare = json.hasRare;
    this.hasNull = json.hasNull;
    this.#codes = new Map(json.values.map((value, code) => [value, code]));
  }

  /** Kept values, then the rare code, then NULL, the last two where they exist. At least 1. */
  get size(): number {
    return Math.max(1, this.values.length + (this.hasRare ? 1 : 0) + (this.hasNull ? 1 : 0));
  }

  /** The code of the pooled values, or −1. */
  get rareCode(): number {
    return this.hasRare ? this.values.length : -1;
  }

  /** **Domain** a value, or a NULL, that the fit did not have gets the rare code, else the least frequent value's. */
  encode(value: string | null): number {
    const unknown = this.hasRare ? this.values.length : Math.max(0, this.values.length - 1);
    if (value === null) return this.hasNull ? this.size - 1 : unknown;
    return this.#codes.get(value) ?? unknown;
  }

  encodeAll(values: readonly (string | null)[]): Uint16Array {
    return Uint16Array.from(values, (value) => this.encode(value));
  }

  decode(code: number): string | null | typeof RARE {
    if (code < this.values.length) return this.values[code];
    return this.hasRare && code === this.values.length ? RARE : null;
  }

  toJson(): CategoryEncoderJson {
    return { values: this.values, hasRare: this.hasRare, hasNull: this.hasNull };
  }

  /** **Domain** what `toJson` gave; a model file's hash vouches for it. */
  static fromJson(json: unknown): CategoryEncoder {
    return new CategoryEncoder(json as CategoryEncoderJson);
  }
}

/**
 * Learns the values of a column that may be kept.
 * **Shapes** values [N], units [N]: who each row belongs to.
 */
export function fitCategoryEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  options: CategoryEncoderOptions = CATEGORY_DEFAULTS,
): CategoryEncoder {
  const tallies = new Map<string, Tally>();
  let hasNull = false;
  values.forEach((value, row) => {
    if (value === null) {
      hasNull = true;
      return;
    }
    const tally = tallies.get(value);
    if (tally === undefined) tallies.set(value, { count: 1, units: [units[row]] });
    else {
      tally.count++;
      if (tally.units.length < options.minUnits && !tally.units.includes(units[row])) tally.units.push(units[row]);
    }
  });
  const kept = [...tallies]
    .filter(([, tally]) => tally.units.length >= options.minUnits)
    .sort(([x, a], [y, b]) => b.count - a.count || (x < y ? -1 : 1))
    .slice(0, options.maxValues ?? CATEGORY_DEFAULTS.maxValues)
    .map(([value]) => value);
  return new CategoryEncoder({ values: kept, hasRare: kept.length < tallies.size, hasNull });
}

interface Tally {
  count: number;
  /** The first distinct units, at most `minUnits` of them. */
  readonly units: number[];
}
