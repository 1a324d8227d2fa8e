/** Ranges: the lower bound, the span, and whether bounds are open or missing. */
import { cellText } from './cell-text.ts';
import { countByUnit, MIN_UNITS, type Cell, type ColumnEncoder, type PartSpec, type Uniforms } from './encoder.ts';
import { fitNumberEncoder, NumberEncoder, type NumberEncoderJson } from './number.ts';
import { scalarCodec } from './scalar.ts';

export interface RangeJson {
  readonly elementClass: string;
  /** `[x,x)`, `(,)` …, the most frequent first: the literal without its bounds. */
  readonly shapes: readonly string[];
  readonly hasNull: boolean;
  readonly lower: NumberEncoderJson;
  readonly span: NumberEncoderJson;
}

/** `empty`, or the brackets with `x` for a bound that is there: `[x,x)`, `[x,)`. */
function shapeOf(text: string): string {
  if (text === 'empty') return text;
  const [lower, upper] = split(text);
  return `${text[0]}${lower === '' ? '' : 'x'},${upper === '' ? '' : 'x'}${text.at(-1)}`;
}

function split(text: string): [string, string] {
  const inner = text.slice(1, -1);
  const comma = inner.indexOf(',');
  const bare = (part: string): string => part.replaceAll('"', '');
  return [bare(inner.slice(0, comma)), bare(inner.slice(comma + 1))];
}

export class RangeEncoder implements ColumnEncoder {
  readonly kind = 'range';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: RangeJson;
  readonly #lower: NumberEncoder;
  readonly #span: NumberEncoder;

  constructor(json: RangeJson) {
    this.#json = json;
    this.#lower = NumberEncoder.fromJson(json.lower);
    this.#span = NumberEncoder.fromJson(json.span);
    this.parts = [
      { size: json.shapes.length + (json.hasNull ? 1 : 0), ordered: false, hasNull: json.hasNull },
      { size: this.#lower.size, ordered: true, hasNull: this.#lower.hasNull },
      { size: this.#span.size, ordered: true, hasNull: this.#span.hasNull },
    ];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    const { shapes, hasNull, elementClass } = this.#json;
    const bounds = value === null ? [null, null] : measure(value, elementClass);
    out[at] = value === null ? (hasNull ? shapes.length : 0) : Math.max(0, shapes.indexOf(shapeOf(value)));
    out[at + 1] = this.#lower.encode(bounds[0]);
    out[at + 2] = this.#span.encode(bounds[1]);
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const shape = this.#json.shapes[codes[at]];
    if (shape === undefined) return null;
    const lower = present(this.#lower, codes[at + 1], random.next());
    const span = present(this.#span, codes[at + 2], random.next());
    if (shape === 'empty') return shape;
    const { elementClass } = this.#json;
    const bound = (number: number): string => boundText(elementClass, number, this.#lower.decimals ?? 6);
    const [left, right] = shape.slice(1, -1).split(',');
    const upper = lower + Math.max(span, elementClass === 'integer' || elementClass === 'date' ? 1 : 0);
    // With no lower bound, `lower` holds the upper one.
    return `${shape[0]}${left === '' ? '' : bound(lower)},${right === '' ? '' : bound(left === '' ? lower : upper)}${shape.at(-1)}`;
  }

  toJson(): unknown {
    return this.#json;
  }
}

/** [the first bound that is there, upper − lower], null where there is none. */
function measure(text: string, elementClass: string): [number | null, number | null] {
  if (text === 'empty') return [null, null];
  const codec = scalarCodec(elementClass)!;
  const [lower, upper] = split(text).map((part) => (part === '' ? null : codec.parse(part)));
  return [lower ?? upper, lower === null || upper === null ? null : upper - lower];
}

/** A code that says "none" beside a shape that has a bound: the chain all but never draws it; the middle stands in. */
function present(numbers: NumberEncoder, code: number, uniform: number): number {
  return numbers.decode(code, uniform) ?? numbers.decode(numbers.binCount >>> 1, uniform) ?? 0;
}

/** A bound, quoted where the server quotes it. */
function boundText(elementClass: string, number: number, decimals: number): string {
  const codec = scalarCodec(elementClass)!;
  const text = cellText(codec.format(number, decimals), codec.form, decimals) ?? '';
  return /[\s"()[\],\\]/.test(text) ? `"${text}"` : text;
}

export function fitRangeEncoder(
  elementClass: string,
  values: readonly (string | null)[],
  units: Uint32Array,
): RangeEncoder | null {
  if (scalarCodec(elementClass) === null) return null;
  const measures = values.map((value) => (value === null ? ([null, null] as const) : measure(value, elementClass)));
  const found = [
    ...countByUnit(
      values.map((value) => (value === null ? null : shapeOf(value))),
      units,
    ),
  ].sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1));
  const shared = found.filter(([, count]) => count.units >= MIN_UNITS);
  const shapes = (shared.length > 0 ? shared : found.slice(0, 1)).map(([shape]) => shape);
  return new RangeEncoder({
    elementClass,
    shapes,
    hasNull: values.includes(null),
    lower: fitNumberEncoder(
      measures.map(([lower]) => lower),
      units,
    ).toJson(),
    span: fitNumberEncoder(
      measures.map(([, span]) => span),
      units,
    ).toJson(),
  });
}
