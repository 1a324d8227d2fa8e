/** Multiranges: how many ranges there are, where the first begins, how long they and the gaps between them are. */
import type { Cell, ColumnEncoder, PartSpec, Uniforms } from './encoder.ts';
import { fitNumberEncoder, NumberEncoder, type NumberEncoderJson } from './number.ts';
import { boundText, isFiniteRange, splitRange } from './range.ts';
import { scalarCodec } from './scalar.ts';

export interface MultirangeJson {
  readonly elementClass: string;
  readonly count: NumberEncoderJson;
  readonly first: NumberEncoderJson;
  readonly span: NumberEncoderJson;
  readonly gap: NumberEncoderJson;
}

export class MultirangeEncoder implements ColumnEncoder {
  readonly kind = 'multirange';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: MultirangeJson;
  readonly #count: NumberEncoder;
  readonly #first: NumberEncoder;
  readonly #span: NumberEncoder;
  readonly #gap: NumberEncoder;

  constructor(json: MultirangeJson) {
    this.#json = json;
    this.#count = NumberEncoder.fromJson(json.count);
    this.#first = NumberEncoder.fromJson(json.first);
    this.#span = NumberEncoder.fromJson(json.span);
    this.#gap = NumberEncoder.fromJson(json.gap);
    this.parts = [this.#count, this.#first].map(({ size, hasNull }) => ({ size, ordered: true, hasNull }));
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    const ranges = value === null ? null : rangesOf(value, this.#json.elementClass);
    out[at] = this.#count.encode(ranges?.length ?? null);
    out[at + 1] = this.#first.encode(ranges?.[0]?.[0] ?? null);
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const count = this.#count.decode(codes[at], random.next());
    if (count === null) return null;
    const { elementClass } = this.#json;
    const step = elementClass === 'integer' || elementClass === 'date' ? 1 : 1e-6;
    const draw = (encoder: NumberEncoder): number =>
      encoder.decode(Math.floor(random.next() * encoder.binCount), random.next()) ?? 0;
    let lower = this.#first.decode(Math.min(codes[at + 1], this.#first.binCount - 1), random.next()) ?? 0;
    const ranges: string[] = [];
    for (let i = 0; i < count; i++) {
      const upper = lower + Math.max(step, draw(this.#span));
      const decimals = this.#first.decimals;
      ranges.push(
        `[${boundText(elementClass, lower, decimals, false)},${boundText(elementClass, upper, decimals, false)})`,
      );
      lower = upper + Math.max(step, draw(this.#gap));
    }
    return `{${ranges.join(',')}}`;
  }

  toJson(): unknown {
    return this.#json;
  }
}

/** Null where the bounds have no line. Ranges without bounds are left out. */
export function fitMultirangeEncoder(
  elementClass: string,
  values: readonly (string | null)[],
  units: Uint32Array,
): MultirangeEncoder | null {
  if (scalarCodec(elementClass) === null) return null;
  const lists = values.map((value) => (value === null ? null : rangesOf(value, elementClass)));
  const spans: number[] = [];
  const spanUnits: number[] = [];
  const gaps: number[] = [];
  const gapUnits: number[] = [];
  lists.forEach((list, row) => {
    list?.forEach(([lower, upper], i) => {
      spans.push(upper - lower);
      spanUnits.push(units[row]);
      if (i === 0) return;
      gaps.push(lower - list[i - 1][1]);
      gapUnits.push(units[row]);
    });
  });
  const fit = (numbers: readonly (number | null)[], owners: Uint32Array): NumberEncoderJson =>
    fitNumberEncoder(numbers, owners).toJson();
  return new MultirangeEncoder({
    elementClass,
    count: fit(
      lists.map((list) => list?.length ?? null),
      units,
    ),
    first: fit(
      lists.map((list) => list?.[0]?.[0] ?? null),
      units,
    ),
    span: fit(spans, Uint32Array.from(spanUnits)),
    gap: fit(gaps, Uint32Array.from(gapUnits)),
  });
}

function rangesOf(text: string, elementClass: string): [number, number][] {
  const codec = scalarCodec(elementClass)!;
  return [...text.matchAll(/[[(](?:"[^"]*"|[^,"]*),(?:"[^"]*"|[^\])"]*)[\])]/g)].flatMap(([range]) => {
    if (!isFiniteRange(range)) return [];
    const [lower, upper] = splitRange(range).map((bound) => codec.parse(bound));
    return lower === null || upper === null ? [] : [[lower, upper] as [number, number]];
  });
}
