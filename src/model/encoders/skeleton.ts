/**
 * Values of types that have no form of their own here, by their text: numbers in it are learned, what stands between
 * them is kept where 5 units share it: points, circles, small XML documents, versions.
 */
import { countByUnit, MIN_UNITS, type Cell, type ColumnEncoder, type PartSpec, type Uniforms } from './encoder.ts';
import { isTelling } from './telling.ts';
import { fitNumberEncoder, NumberEncoder, type NumberEncoderJson } from './number.ts';

const MAX_SKELETONS = 50;
/** Longer texts are sentences, which are not kept. */
const MAX_NUMBERED_LENGTH = 80;
const MIN_NUMBERED_UNITS = 4 * MIN_UNITS;
/** Share of texts that must be words with numbers, in skeletons that are shared. */
const MIN_COVERED = 0.9;
/** Numbers beyond these are drawn by themselves, not given the row. */
const MAX_LEARNED = 6;
const NUMBER = /(?<![A-Za-z\d.])-?\d+(?:\.\d+)?(?![\d.]*[A-Za-z\d])/g;

export interface SkeletonJson {
  readonly hasNull: boolean;
  /** Longest text; absent: any. */
  readonly maxLength?: number;
  /** Texts with a NUL where a number stands. */
  readonly skeletons: readonly string[];
  /** Of the first, second, … number of a value, over all skeletons. */
  readonly numbers: readonly NumberEncoderJson[];
}

/** Stands in a skeleton where a number stood. */
export const HOLE = '\u0000';

export class SkeletonEncoder implements ColumnEncoder {
  readonly kind = 'skeleton';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: SkeletonJson;
  readonly #numbers: readonly NumberEncoder[];
  readonly #codes: ReadonlyMap<string, number>;

  constructor(json: SkeletonJson) {
    this.#json = json;
    this.#numbers = json.numbers.map((number) => NumberEncoder.fromJson(number));
    this.#codes = new Map(json.skeletons.map((skeleton, code) => [skeleton, code]));
    this.parts = [
      { size: json.skeletons.length + (json.hasNull ? 1 : 0), ordered: false, hasNull: json.hasNull },
      ...this.#numbers
        .slice(0, MAX_LEARNED)
        .map((number) => ({ size: number.size, ordered: true, hasNull: number.hasNull })),
    ];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    out[at] = value === null ? this.parts[0].size - 1 : (this.#codes.get(skeletonOf(value)) ?? 0);
    const numbers = value === null ? [] : numbersOf(value);
    for (let i = 0; i < this.parts.length - 1; i++) out[at + 1 + i] = this.#numbers[i].encode(numbers[i] ?? null);
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const skeleton = this.#json.skeletons[codes[at]];
    if (skeleton === undefined) return null;
    let i = 0;
    const text = skeleton.replaceAll(HOLE, () => {
      const encoder = this.#numbers[i];
      const code = i < MAX_LEARNED ? codes[at + 1 + i] : Math.floor(random.next() * encoder.binCount);
      i++;
      const number = encoder.decode(Math.min(code, encoder.binCount - 1), random.next()) ?? 0;
      return String(number);
    });
    return text.slice(0, this.#json.maxLength);
  }

  toJson(): unknown {
    return this.#json;
  }
}

/**
 * For texts such as `visit 17` and `page 3 of 12`: words and numbers of any length between them. Null where the values
 * are otherwise: codes, whose digits stand in fixed places, prose, and words without numbers.
 */
export function fitNumberedText(
  values: readonly (string | null)[],
  units: Uint32Array,
  maxLength: number | null,
): SkeletonEncoder | null {
  const present = values.filter((value) => value !== null);
  const numbered = present.filter(
    (value) => value.search(NUMBER) >= 0 && /\p{L}/u.test(value) && /\s/.test(value.trim()),
  );
  if (present.length === 0 || numbered.length < MIN_COVERED * present.length) return null;
  // Of fewer, a number in the middle is somebody's.
  if (new Set(units).size < MIN_NUMBERED_UNITS) return null;
  if (numbered.some((value) => value.length > MAX_NUMBERED_LENGTH || value.split(/\s/).some(isTelling))) return null;
  // Leading zeros and more digits than a number holds are a code's.
  if (numbered.some((value) => /(?<![\d.])0\d|\d{16}/.test(value))) return null;
  return fitSkeletonEncoder(values, units, MIN_COVERED, maxLength);
}

/** Null where too few values have a skeleton that 5 units share. */
export function fitSkeletonEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  minCovered = 0.5,
  maxLength: number | null = null,
): SkeletonEncoder | null {
  const skeletons = values.map((value) => (value === null || value.length > 500 ? null : skeletonOf(value)));
  const common = [...countByUnit(skeletons, units)]
    .filter(([, count]) => count.units >= MIN_UNITS)
    .sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1))
    .slice(0, MAX_SKELETONS);
  const present = values.reduce((sum: number, value) => sum + (value === null ? 0 : 1), 0);
  const covered = common.reduce((sum, [, count]) => sum + count.rows, 0);
  if (covered < present * minCovered || covered === 0) return null;
  const kept = new Set(common.map(([skeleton]) => skeleton));
  const numbers = values.map((value, i) => (value === null || !kept.has(skeletons[i]!) ? [] : numbersOf(value)));
  const most = numbers.reduce((longest, list) => Math.max(longest, list.length), 0);
  return new SkeletonEncoder({
    hasNull: values.includes(null),
    ...(maxLength === null ? {} : { maxLength }),
    skeletons: common.map(([skeleton]) => skeleton),
    numbers: Array.from({ length: most }, (_, i) =>
      fitNumberEncoder(
        numbers.map((list) => list[i] ?? null),
        units,
      ).toJson(),
    ),
  });
}

function skeletonOf(value: string): string {
  return value.replaceAll(HOLE, '').replace(NUMBER, HOLE);
}

function numbersOf(value: string): number[] {
  return (value.match(NUMBER) ?? []).map(Number);
}
