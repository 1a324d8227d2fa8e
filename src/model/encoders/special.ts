/** Columns in which a type's special values (infinities, NaN) stand beside ordinary ones. */
import type { Cell, ColumnEncoder, PartSpec, Uniforms } from './encoder.ts';

/** Constants of the types themselves: they tell nothing about anybody. */
export const SPECIAL_VALUES: ReadonlySet<string> = new Set(['infinity', '-infinity', 'Infinity', '-Infinity', 'NaN']);

export interface SpecialJson {
  readonly specials: readonly string[];
  readonly hasNull: boolean;
  readonly inner: { readonly kind: string; readonly parameters: unknown };
}

export class SpecialEncoder implements ColumnEncoder {
  readonly kind = 'special';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: SpecialJson;
  readonly #inner: ColumnEncoder;

  constructor(json: SpecialJson, inner: ColumnEncoder) {
    this.#json = json;
    this.#inner = inner;
    const choices = 1 + json.specials.length + (json.hasNull ? 1 : 0);
    this.parts = [
      { size: choices, ordered: false, hasNull: json.hasNull },
      ...inner.parts.map((part) => ({ size: part.size + 1, ordered: part.ordered, hasNull: true })),
    ];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    const special = value === null ? -1 : this.#json.specials.indexOf(value);
    if (value !== null && special < 0) {
      out[at] = 0;
      this.#inner.encode(value, out, at + 1);
      return;
    }
    out[at] = value === null ? (this.#json.hasNull ? this.parts[0].size - 1 : 0) : special + 1;
    this.#inner.parts.forEach((part, p) => (out[at + 1 + p] = part.size));
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const choice = codes[at];
    if (choice > 0) return this.#json.specials[choice - 1] ?? null;
    const own = Uint16Array.from(this.#inner.parts, (part, p) => Math.min(codes[at + 1 + p], part.size - 1));
    return this.#inner.decode(own, 0, random);
  }

  toJson(): unknown {
    return this.#json;
  }
}

/** `fit`: of the ordinary values, none of them NULL. */
export function fitSpecialEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  fit: (values: readonly (string | null)[], units: Uint32Array) => ColumnEncoder,
): SpecialEncoder {
  const rows = values.flatMap((value, i) => (value === null || SPECIAL_VALUES.has(value) ? [] : [i]));
  const inner = fit(
    rows.map((i) => values[i]),
    Uint32Array.from(rows, (i) => units[i]),
  );
  const specials = [...new Set(values)].filter((value): value is string => value !== null && SPECIAL_VALUES.has(value));
  return new SpecialEncoder(
    {
      specials: specials.sort(),
      hasNull: values.includes(null),
      inner: { kind: inner.kind, parameters: inner.toJson() },
    },
    inner,
  );
}
