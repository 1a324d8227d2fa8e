/** Ranges: the lower bound, the span, and whether bounds are open or missing. */
import { type Cell, type ColumnEncoder, type PartSpec, type Uniforms } from './encoder.ts';
import { fitNumberEncoder, NumberEncoder, type NumberEncoderJson } from './number.ts';
import { scalarCodec } from './scalar.ts';
import { textAt, type ColumnVector } from '../../kernel/rows.ts';

export interface RangeJson {
  readonly elementClass: string;
  /** `[)`, `(,)` … as seen; the shape of the literal without its bounds. */
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
    const bounds = value === null ? [null, null] : measure(value, this.#json.elementClass);
    out[at] = value === null ? this.#json.shapes.length : Math.max(0, this.#json.shapes.indexOf(shapeOf(value)));
    out[at + 1] = this.#lower.encode(bounds[0]);
    out[at + 2] = this.#span.encode(bounds[1]);
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const shape = this.#json.shapes[codes[at]];
    if (shape === undefined) return null;
    const lower = this.#lower.decode(codes[at + 1], random.next());
    const span = this.#span.decode(codes[at + 2], random.next());
    if (shape === 'empty' || lower === null) return 'empty';
    const bound = (number: number): string => boundText(this.#json.elementClass, number, this.#lower.decimals ?? 6);
    const [left, right] = shape.slice(1, -1).split(',');
    const upper =
      lower + Math.max(span ?? 0, this.#json.elementClass === 'integer' || this.#json.elementClass === 'date' ? 1 : 0);
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

function boundText(elementClass: string, number: number, decimals: number): string {
  const codec = scalarCodec(elementClass)!;
  const cell = codec.format(number, decimals);
  if (typeof cell === 'string') return `"${cell}"`;
  const values = Float64Array.of(cell ?? 0);
  const vector: ColumnVector =
    codec.form === 'number'
      ? { form: 'number', values, nulls: Uint8Array.of(0), decimals }
      : { form: codec.form as 'epoch-days' | 'epoch-micros', values, nulls: Uint8Array.of(0) };
  return `"${textAt(vector, 0)}"`;
}

export function fitRangeEncoder(
  elementClass: string,
  values: readonly (string | null)[],
  units: Uint32Array,
): RangeEncoder | null {
  if (scalarCodec(elementClass) === null) return null;
  const measures = values.map((value) => (value === null ? ([null, null] as const) : measure(value, elementClass)));
  const shapes = [...new Set(values.flatMap((value) => (value === null ? [] : [shapeOf(value)])))].sort();
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
