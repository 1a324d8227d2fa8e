/** Ranges of texts: two texts in the manner of the bounds, the lower first. */
import type { Cell, ColumnEncoder, PartSpec, Uniforms } from './encoder.ts';
import { splitRange } from './range.ts';
import { fitTextEncoder, TextEncoder } from './text.ts';

export interface TextRangeJson {
  readonly hasNull: boolean;
  readonly bound: unknown;
}

export class TextRangeEncoder implements ColumnEncoder {
  readonly kind = 'text-range';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: TextRangeJson;
  readonly #bound: TextEncoder;

  constructor(json: TextRangeJson) {
    this.#json = json;
    this.#bound = new TextEncoder(json.bound as ConstructorParameters<typeof TextEncoder>[0]);
    this.parts = [{ size: json.hasNull ? 2 : 1, ordered: false, hasNull: json.hasNull }, ...this.#bound.parts];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    out[at] = value === null && this.#json.hasNull ? 1 : 0;
    this.#bound.encode(value === null || value === 'empty' ? null : splitRange(value)[0], out, at + 1);
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    if (this.#json.hasNull && codes[at] === 1) return null;
    const bounds = [0, 1].map(() => String(this.#bound.decode(codes, at + 1, random) ?? ''));
    // Which of two texts is lower depends on the collation: letters and digits alone, of one case, are the same in all.
    const [lower, upper] = bounds.map((bound) => bound.toLowerCase().replace(/[^a-z0-9]/g, '')).sort();
    return lower === upper ? `[${lower},${upper}]` : `[${lower},${upper})`;
  }

  toJson(): unknown {
    return this.#json;
  }
}

export function fitTextRangeEncoder(values: readonly (string | null)[], units: Uint32Array): TextRangeEncoder {
  const rows = values.flatMap((value, i) => (value === null || value === 'empty' ? [] : [i]));
  const bounds = rows.flatMap((i) => splitRange(values[i]!).filter((bound) => bound !== ''));
  const owners = Uint32Array.from(
    rows.flatMap((i) => splitRange(values[i]!).flatMap((bound) => (bound === '' ? [] : [units[i]]))),
  );
  const bound = fitTextEncoder(bounds, owners, { maxLength: null, hasNull: false });
  return new TextRangeEncoder({ hasNull: values.includes(null), bound: bound.toJson() });
}
