/** Arrays: frequent whole values as categories would leak rare ones, so an array is its length and its elements. */
import { cellText } from './cell-text.ts';
import { cumulate, pick, type Cell, type ColumnEncoder, type PartSpec, type Uniforms } from './encoder.ts';
import { fitNumberEncoder, NumberEncoder, type NumberEncoderJson } from './number.ts';

export interface ArrayJson {
  /** Of the number of elements. */
  readonly length: NumberEncoderJson;
  readonly element: { readonly kind: string; readonly parameters: unknown };
  /** Per part of the element: how often each code occurs. */
  readonly weights: readonly (readonly number[])[];
  /** No element occurs twice in any array. */
  readonly distinct: boolean;
}

export class ArrayEncoder implements ColumnEncoder {
  readonly kind = 'array';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: ArrayJson;
  readonly #length: NumberEncoder;
  readonly #element: ColumnEncoder;
  readonly #cumulative: readonly number[][];

  constructor(json: ArrayJson, element: ColumnEncoder) {
    this.#json = json;
    this.#length = NumberEncoder.fromJson(json.length);
    this.#element = element;
    this.#cumulative = json.weights.map((weights) => cumulate(weights));
    this.parts = [{ size: this.#length.size, ordered: true, hasNull: this.#length.hasNull }];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    out[at] = this.#length.encode(value === null ? null : (parseArray(value)?.length ?? 0));
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const length = this.#length.decode(codes[at], random.next());
    if (length === null) return null;
    const elements: string[] = [];
    const seen = new Set<string>();
    for (let i = 0, tries = 0; i < length && tries < 20 * (length + 1); tries++) {
      const text = elementText(this.#drawElement(random), this.#element);
      if (this.#json.distinct && seen.has(text)) continue;
      seen.add(text);
      elements.push(text);
      i++;
    }
    return `{${elements.join(',')}}`;
  }

  #drawElement(random: Uniforms): Cell {
    const codes = new Uint16Array(this.#element.parts.length);
    this.#cumulative.forEach((cumulative, part) => (codes[part] = pick(cumulative, random.next())));
    return this.#element.decode(codes, 0, random);
  }

  toJson(): unknown {
    return this.#json;
  }
}

/** Element as it stands in an array literal, quoted where the server quotes it. */
export function elementText(cell: Cell, encoder: ColumnEncoder): string {
  const text = cellText(cell, encoder.form, encoder.decimals);
  if (text === null) return 'NULL';
  return /^$|^null$|[{}",\\\s]/i.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
}

export function fitArrayEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  fitElement: (values: readonly (string | null)[], units: Uint32Array) => ColumnEncoder | null,
): ArrayEncoder | null {
  const parsed = values.map((value) => (value === null ? null : parseArray(value)));
  // Nested arrays have no learned form here.
  if (parsed.some((list, i) => values[i] !== null && list === null)) return null;
  const elements: (string | null)[] = [];
  const owners: number[] = [];
  let distinct = true;
  parsed.forEach((list, i) => {
    if (list === null) return;
    if (new Set(list).size < list.length) distinct = false;
    for (const element of list) {
      elements.push(element);
      owners.push(units[i]);
    }
  });
  const element = fitElement(elements, Uint32Array.from(owners));
  if (element === null) return null;
  const weights = element.parts.map((part) => new Array<number>(part.size).fill(0));
  const codes = new Uint16Array(element.parts.length);
  for (const value of elements) {
    element.encode(value, codes, 0);
    codes.forEach((code, part) => weights[part][code]++);
  }
  const length = fitNumberEncoder(
    parsed.map((list) => list?.length ?? null),
    units,
  );
  return new ArrayEncoder(
    { length: length.toJson(), element: { kind: element.kind, parameters: element.toJson() }, weights, distinct },
    element,
  );
}

/** Elements of a one-dimensional array literal; null for nested ones and explicit bounds. */
export function parseArray(literal: string): (string | null)[] | null {
  if (!literal.startsWith('{') || literal.startsWith('{{')) return null;
  const elements: (string | null)[] = [];
  let i = 1;
  while (i < literal.length && literal[i] !== '}') {
    if (literal[i] === ',') i++;
    let text = '';
    if (literal[i] === '"') {
      for (i++; i < literal.length && literal[i] !== '"'; i++) {
        if (literal[i] === '\\') i++;
        text += literal[i];
      }
      i++;
      elements.push(text);
      continue;
    }
    while (i < literal.length && literal[i] !== ',' && literal[i] !== '}') text += literal[i++];
    elements.push(text === 'NULL' ? null : text);
  }
  return elements;
}
