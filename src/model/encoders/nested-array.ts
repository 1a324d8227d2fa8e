/** Arrays of several dimensions, or with lower bounds of their own: the shape is one of those that 5 units share. */
import {
  countByUnit,
  cumulate,
  MIN_UNITS,
  pick,
  type Cell,
  type ColumnEncoder,
  type PartSpec,
  type Uniforms,
} from './encoder.ts';
import { elementText } from './array.ts';

export interface NestedArrayJson {
  /** `2,3` for two rows of three; `[0:1]=2` with bounds. */
  readonly shapes: readonly string[];
  readonly hasNull: boolean;
  readonly element: { readonly kind: string; readonly parameters: unknown };
  /** Per part of the element: how often each code occurs. */
  readonly weights: readonly (readonly number[])[];
}

export class NestedArrayEncoder implements ColumnEncoder {
  readonly kind = 'nested-array';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: NestedArrayJson;
  readonly #element: ColumnEncoder;
  readonly #cumulative: readonly number[][];

  constructor(json: NestedArrayJson, element: ColumnEncoder) {
    this.#json = json;
    this.#element = element;
    this.#cumulative = json.weights.map((weights) => cumulate(weights));
    this.parts = [{ size: json.shapes.length + (json.hasNull ? 1 : 0), ordered: false, hasNull: json.hasNull }];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    const shape = value === null ? null : parseNestedArray(value)?.shape;
    out[at] = value === null ? this.parts[0].size - 1 : Math.max(0, this.#json.shapes.indexOf(shape ?? ''));
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const shape = this.#json.shapes[codes[at]];
    if (shape === undefined) return null;
    const [, bounds, sizes] = /^(?:(.*)=)?([\d,]*)$/.exec(shape)!;
    const dimensions = sizes === '' ? [] : sizes.split(',').map(Number);
    return `${bounds === undefined ? '' : `${bounds}=`}${this.#filled(dimensions, random)}`;
  }

  toJson(): unknown {
    return this.#json;
  }

  #filled([size, ...inner]: readonly number[], random: Uniforms): string {
    if (size === undefined) return '{}';
    const items = Array.from({ length: size }, () =>
      inner.length > 0 ? this.#filled(inner, random) : this.#drawn(random),
    );
    return `{${items.join(',')}}`;
  }

  #drawn(random: Uniforms): string {
    const codes = Uint16Array.from(this.#cumulative, (cumulative) => pick(cumulative, random.next()));
    return elementText(this.#element.decode(codes, 0, random), this.#element);
  }
}

/** Null where no shape is shared by 5 units. */
export function fitNestedArrayEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  fitElement: (values: readonly (string | null)[], units: Uint32Array) => ColumnEncoder,
): NestedArrayEncoder | null {
  const parsed = values.map((value) => (value === null ? null : parseNestedArray(value)));
  const shapes = [
    ...countByUnit(
      parsed.map((array) => array?.shape ?? null),
      units,
    ),
  ]
    .filter(([, count]) => count.units >= MIN_UNITS)
    .sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1))
    .map(([shape]) => shape);
  if (shapes.length === 0) return null;
  const elements = parsed.flatMap((array) => array?.elements ?? []);
  const owners = Uint32Array.from(parsed.flatMap((array, i) => (array?.elements ?? []).map(() => units[i])));
  const element = fitElement(elements, owners);
  const weights = element.parts.map((part) => new Array<number>(part.size).fill(0));
  const codes = new Uint16Array(element.parts.length);
  for (const value of elements) {
    element.encode(value, codes, 0);
    codes.forEach((code, part) => weights[part][code]++);
  }
  const json = {
    shapes,
    hasNull: values.includes(null),
    element: { kind: element.kind, parameters: element.toJson() },
    weights,
  };
  return new NestedArrayEncoder(json, element);
}

/** Shape and elements of any array literal; null where its rows differ in length, which no array has. */
export function parseNestedArray(
  literal: string,
): { readonly shape: string; readonly elements: (string | null)[] } | null {
  const equals = literal.startsWith('[') ? literal.indexOf('=') : -1;
  const bounds = equals < 0 ? '' : literal.slice(0, equals + 1);
  const text = literal.slice(equals + 1);
  const elements: (string | null)[] = [];
  const sizes: number[] = [];
  let at = 0;
  const list = (depth: number): void => {
    at++; // {
    let count = 0;
    while (at < text.length && text[at] !== '}') {
      if (text[at] === ',') at++;
      if (text[at] === '{') list(depth + 1);
      else elements.push(element());
      count++;
    }
    at++; // }
    sizes[depth] = count;
  };
  const element = (): string | null => {
    let value = '';
    if (text[at] === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) {
        if (text[at] === '\\') at++;
        value += text[at];
      }
      at++;
      return value;
    }
    while (at < text.length && text[at] !== ',' && text[at] !== '}') value += text[at++];
    return value === 'NULL' ? null : value;
  };
  if (!text.startsWith('{')) return null;
  list(0);
  const size = sizes.reduce((product, count) => product * count, 1);
  if (elements.length !== size && elements.length > 0) return null;
  return { shape: `${bounds}${elements.length === 0 ? '' : sizes.join(',')}`, elements };
}
