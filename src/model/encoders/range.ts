/** Ranges: the lower bound, the span, and whether bounds are open or missing. */
import { printedDecimals, serverText } from './as-text.ts';
import { countByUnit, MIN_UNITS, type Cell, type ColumnEncoder, type PartSpec, type Uniforms } from './encoder.ts';
import { fitNumberEncoder, NumberEncoder, type NumberEncoderJson } from './number.ts';
import { scalarCodec } from './scalar.ts';

export interface RangeJson {
  readonly elementClass: string;
  /** `[x,x)`, `(,)` …, the most frequent first: the literal without its bounds. */
  readonly shapes: readonly string[];
  readonly hasNull: boolean;
  /** Of numeric bounds that all have as many; null where they differ. */
  readonly decimals: number | null;
  readonly lower: NumberEncoderJson;
  readonly span: NumberEncoderJson;
}

/** `empty`, or the brackets with `x` for a bound on the line: `[x,x)`, `[x,)`, `[x,infinity)`. */
function shapeOf(text: string): string {
  if (text === 'empty') return text;
  const [lower, upper] = splitRange(text).map((bound) => (bound === '' || isInfinite(bound) ? bound : 'x'));
  return `${text[0]}${lower},${upper}${text.at(-1)}`;
}

function isInfinite(bound: string): boolean {
  return /^-?infinity$/i.test(bound);
}

/** Both bounds are there, and on the line. */
export function isFiniteRange(text: string): boolean {
  return text !== 'empty' && splitRange(text).every((bound) => bound !== '' && !isInfinite(bound));
}

/** The texts of both bounds, empty where there is none. */
export function splitRange(text: string): [string, string] {
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
    const { elementClass, decimals } = this.#json;
    const bound = (number: number): string =>
      boundText(elementClass, number, decimals ?? this.#lower.decimals, decimals !== null);
    const [left, right] = shape.slice(1, -1).split(',');
    // The server prints no range that holds nothing but as `empty`.
    const isOpen = !shape.startsWith('[') || !shape.endsWith(']');
    const least = elementClass === 'integer' || elementClass === 'date' ? 1 : isOpen ? 1e-6 : 0;
    const upper = lower + Math.max(span, least);
    // With no lower bound, `lower` holds the upper one.
    return `${shape[0]}${left === 'x' ? bound(lower) : left},${right === 'x' ? bound(left === 'x' ? upper : lower) : right}${shape.at(-1)}`;
  }

  toJson(): unknown {
    return this.#json;
  }
}

/** Texts of the bounds that are on the line. */
function boundsOf(value: string | null): string[] {
  return value === null || value === 'empty'
    ? []
    : splitRange(value).filter((bound) => bound !== '' && !isInfinite(bound));
}

/** [the first bound that is there, upper − lower], null where there is none. */
function measure(text: string, elementClass: string): [number | null, number | null] {
  if (text === 'empty') return [null, null];
  const codec = scalarCodec(elementClass)!;
  const [lower, upper] = splitRange(text).map((part) => (part === '' ? null : codec.parse(part)));
  return [lower ?? upper, lower === null || upper === null ? null : upper - lower];
}

/** A code that says "none" beside a shape that has a bound: the chain all but never draws it; the middle stands in. */
function present(numbers: NumberEncoder, code: number, uniform: number): number {
  return numbers.decode(code, uniform) ?? numbers.decode(numbers.binCount >>> 1, uniform) ?? 0;
}

/** A bound as the server prints it. `padded`: decimals that a value does not have are printed too. */
export function boundText(elementClass: string, number: number, decimals: number | undefined, padded: boolean): string {
  const codec = scalarCodec(elementClass)!;
  const cell = codec.format(number, decimals ?? 6);
  const isPlain = codec.form === 'number' && typeof cell === 'number' && decimals !== undefined;
  const text = isPlain
    ? printNumber(cell, decimals, padded)
    : serverText(cell, codec.form, elementClass === 'timestamptz');
  return /[\s"()[\],\\]/.test(text) ? `"${text}"` : text;
}

function printNumber(value: number, decimals: number, padded: boolean): string {
  return padded ? value.toFixed(decimals) : String(Number(value.toFixed(decimals)));
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
    decimals: elementClass === 'decimal' ? printedDecimals(values.flatMap(boundsOf)) : null,
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
