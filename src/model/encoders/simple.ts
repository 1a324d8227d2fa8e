/** Encoders of one part or none: numbers and other values on a line, small sets, identifiers, bytes, nothing. */
import {
  countByUnit,
  cumulate,
  MIN_UNITS,
  pick,
  type Cell,
  type CellForm,
  type ColumnEncoder,
  type PartSpec,
  type Uniforms,
} from './encoder.ts';
import { fitDayNumbers } from './days.ts';
import { fitNumberEncoder, NUMBER_DEFAULTS, NumberEncoder, type NumberEncoderJson } from './number.ts';
import { scalarCodec, type ScalarCodec } from './scalar.ts';

/** Numbers, money, dates, times and intervals, in the column's own granularity. */
export class ScalarEncoder implements ColumnEncoder {
  readonly kind = 'scalar';
  readonly parts: readonly PartSpec[];
  readonly form: CellForm;
  readonly decimals: number | undefined;
  readonly #codec: ScalarCodec;
  readonly #numbers: NumberEncoder;
  readonly #step: number;
  readonly #typeClass: string;

  constructor(typeClass: string, step: number, numbers: NumberEncoder) {
    this.#typeClass = typeClass;
    this.#codec = scalarCodec(typeClass)!;
    this.#step = step;
    this.#numbers = numbers;
    this.form = this.#codec.form;
    this.decimals = this.form === 'number' && typeClass !== 'float' ? (numbers.decimals ?? undefined) : undefined;
    this.parts = [{ size: numbers.size, ordered: true, hasNull: numbers.hasNull }];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    const number = value === null ? null : this.#codec.parse(value);
    // What has no place on the line (infinity) goes to the top: it is never written again.
    const scaled = value === null ? null : number === null ? Number.MAX_VALUE : number / this.#step;
    out[at] = this.#numbers.encode(scaled);
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const number = this.#numbers.decode(codes[at], random.next());
    return number === null ? null : this.#codec.format(number * this.#step, this.#numbers.decimals ?? 2);
  }

  toJson(): unknown {
    return { typeClass: this.#typeClass, step: this.#step, numbers: this.#numbers.toJson() };
  }

  static fromJson(json: unknown): ScalarEncoder {
    const { typeClass, step, numbers } = json as { typeClass: string; step: number; numbers: NumberEncoderJson };
    return new ScalarEncoder(typeClass, step, NumberEncoder.fromJson(numbers));
  }
}

export function fitScalarEncoder(
  typeClass: string,
  values: readonly (string | null)[],
  units: Uint32Array,
  options = NUMBER_DEFAULTS,
): ScalarEncoder {
  const codec = scalarCodec(typeClass)!;
  let largest = -Infinity;
  const numbers = values.map((value) => {
    const number = value === null ? null : codec.parse(value);
    if (number !== null && number > largest) largest = number;
    return value === null ? null : (number ?? Number.MAX_VALUE);
  });
  const step = codec.form === 'text' && typeClass !== 'money' ? granularity(numbers) : 1;
  const finite = numbers.map((number) =>
    number === Number.MAX_VALUE ? Math.max(largest, 0) / step : number === null ? null : number / step,
  );
  const fit = typeClass === 'date' ? fitDayNumbers : fitNumberEncoder;
  const limits = typeClass === 'time' ? { ...options, largest: 86_400_000_000 / step - 1 } : options;
  return new ScalarEncoder(typeClass, step, fit(finite, units, limits));
}

/** Largest unit (day, hour, minute, second, millisecond, microsecond) that all values are multiples of. */
export function granularity(micros: readonly (number | null)[]): number {
  const steps = [86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1000];
  return (
    steps.find((step) => micros.every((value) => value === null || value === Number.MAX_VALUE || value % step === 0)) ??
    1
  );
}

/** A small, closed set of values: booleans, enum labels, and whatever else repeats itself. */
export class CategoryColumnEncoder implements ColumnEncoder {
  readonly kind = 'category';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #values: readonly string[];
  readonly #hasNull: boolean;
  readonly #codes: ReadonlyMap<string, number>;

  constructor(values: readonly string[], hasNull: boolean) {
    this.#values = values;
    this.#hasNull = hasNull;
    this.#codes = new Map(values.map((value, code) => [value, code]));
    this.parts = [{ size: Math.max(1, values.length + (hasNull ? 1 : 0)), ordered: false, hasNull }];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    out[at] = value === null && this.#hasNull ? this.#values.length : (this.#codes.get(value ?? '') ?? 0);
  }

  decode(codes: Uint16Array, at: number): Cell {
    return this.#values[codes[at]] ?? null;
  }

  toJson(): unknown {
    return { values: this.#values, hasNull: this.#hasNull };
  }

  static fromJson(json: unknown): CategoryColumnEncoder {
    const { values, hasNull } = json as { values: readonly string[]; hasNull: boolean };
    return new CategoryColumnEncoder(values, hasNull);
  }
}

/** What is as long as this may have been cut for reading; such a literal could not be loaded. */
const CUT_LENGTH = 2000;

export function isWhole(value: string): boolean {
  return value.length < CUT_LENGTH;
}

/**
 * Categories that 5 units share, the most frequent first; rarer ones count as the most frequent.
 * `allowed`: labels that are part of the schema (an enum's, a boolean's), so that at least one is there to draw.
 */
export function fitCategoryColumn(
  values: readonly (string | null)[],
  units: Uint32Array,
  hasNull: boolean,
  allowed: readonly string[] = [],
): CategoryColumnEncoder {
  const common = [...countByUnit(values, units)]
    .filter(([value, count]) => count.units >= MIN_UNITS && isWhole(value))
    .sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1))
    .map(([value]) => value);
  return new CategoryColumnEncoder(common.length > 0 || hasNull ? common.slice(0, 1000) : allowed.slice(0, 1), hasNull);
}

/** Only whether there is a value is learned; the value is made from random bits, valid for its type. */
export class RandomEncoder implements ColumnEncoder {
  readonly kind = 'random';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: RandomJson;

  constructor(json: RandomJson) {
    this.#json = json;
    this.parts = json.hasNull ? [{ size: 2, ordered: false, hasNull: true }] : [];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    if (this.#json.hasNull) out[at] = value === null ? 1 : 0;
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    if (this.#json.hasNull && codes[at] === 1) return null;
    switch (this.#json.of) {
      case 'uuid':
        return randomUuid(random);
      case 'bytes':
        return `\\x${hex(this.#drawLength(random) * 2, random)}`;
      case 'bits':
        return Array.from({ length: Math.max(1, this.#drawLength(random)) }, () =>
          random.next() < 0.5 ? '0' : '1',
        ).join('');
      case 'network':
        return `10.${Math.floor(random.next() * 256)}.${Math.floor(random.next() * 256)}.${1 + Math.floor(random.next() * 254)}`;
      case 'mac':
        return hex(12, random).replace(/(..)(?=.)/g, '$1:');
      case 'null':
        return null;
    }
  }

  #drawLength(random: Uniforms): number {
    const lengths = this.#json.lengths;
    return lengths.length === 0 ? 0 : lengths[Math.floor(random.next() * lengths.length)];
  }

  toJson(): unknown {
    return this.#json;
  }
}

export interface RandomJson {
  readonly of: 'uuid' | 'bytes' | 'bits' | 'network' | 'mac' | 'null';
  readonly hasNull: boolean;
  /** Typical lengths: the quantiles of the real ones, as far as 5 units share them. */
  readonly lengths: readonly number[];
}

/**
 * Inner quantiles of lengths, each the middle of what at least 5 units share, so that nobody's own length stays.
 * **Shapes** lengths, units: [n]; at most `most` quantiles.
 */
export function lengthQuantiles(lengths: readonly number[], units: Uint32Array, most = 20): readonly number[] {
  if (lengths.length === 0) return [];
  const numbers = fitNumberEncoder(lengths, units);
  const sorted = [...lengths].sort((a, b) => a - b);
  const steps = Math.max(1, Math.min(most, Math.floor(sorted.length / MIN_UNITS)));
  return Array.from({ length: steps }, (_, i) => {
    const quantile = sorted[Math.floor(((i + 0.5) / steps) * sorted.length)];
    return numbers.decode(numbers.encode(quantile), 0.5) ?? 0;
  });
}

function hex(digits: number, random: Uniforms): string {
  let text = '';
  for (let i = 0; i < digits; i++) text += Math.floor(random.next() * 16).toString(16);
  return text;
}

/** Version 4. */
export function randomUuid(random: Uniforms): string {
  const h = hex(32, random);
  const variant = '89ab'[Math.floor(random.next() * 4)];
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20, 32)}`;
}

/** A draw by fixed weights: elements of arrays and other values that are not conditioned on the row. */
export class WeightedDraw {
  readonly #cumulative: number[];
  constructor(readonly weights: readonly number[]) {
    this.#cumulative = cumulate(weights);
  }
  draw(random: Uniforms): number {
    return this.#cumulative.length === 0 ? 0 : pick(this.#cumulative, random.next());
  }
}
