/** JSON documents: each key path that 5 units share becomes parts of its own, so that they can depend on the row. */
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
import { closeCutJson } from './cut-json.ts';
import { lengthQuantiles } from './simple.ts';

const MAX_KEYS = 24;
const MAX_DEPTH = 3;
const MAX_LENGTHS = 50;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type NodeType = 'absent' | 'null' | 'true' | 'false' | 'number' | 'string' | 'array' | 'object';

/** One place in the document. Its first part is its type; the parts of its scalar and of its keys follow. */
export interface JsonNode {
  /** Types seen here, most frequent first; `absent` (of the key) last where it occurs. */
  readonly types: readonly NodeType[];
  readonly number: NestedEncoder | null;
  readonly string: NestedEncoder | null;
  readonly keys: readonly { readonly key: string; readonly node: JsonNode }[];
  /** Elements are drawn alike, not conditioned on the row. */
  readonly array: {
    readonly lengths: readonly number[];
    readonly element: JsonNode;
    readonly weights: readonly (readonly number[])[];
  } | null;
}

export interface JsonParameters {
  readonly node: JsonNode;
  /** A space after every colon and comma, as PostgreSQL prints jsonb. */
  readonly spaced: boolean;
}

interface NestedEncoder {
  readonly kind: string;
  readonly parameters: unknown;
}

/** Makes a nested encoder from its parameters; handed in, because the registry imports this file. */
export type Revive = (kind: string, parameters: unknown) => ColumnEncoder;
export type FitScalar = (values: readonly (string | null)[], units: Uint32Array) => ColumnEncoder;

/** A node with its encoders alive and its parts numbered from `at`. */
interface LiveNode {
  readonly node: JsonNode;
  readonly at: number;
  readonly number: ColumnEncoder | null;
  readonly numberAt: number;
  readonly string: ColumnEncoder | null;
  readonly stringAt: number;
  readonly keys: readonly { readonly key: string; readonly live: LiveNode }[];
  readonly element: { readonly live: LiveNode; readonly size: number; readonly cumulative: readonly number[][] } | null;
}

export class JsonEncoder implements ColumnEncoder {
  readonly kind = 'json';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #root: LiveNode;
  readonly #node: JsonNode;
  readonly #spaced: boolean;

  constructor({ node, spaced }: JsonParameters, revive: Revive) {
    this.#node = node;
    this.#spaced = spaced;
    const parts: PartSpec[] = [];
    this.#root = liven(node, parts, revive);
    this.parts = parts;
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    const document = value === null ? undefined : parseJson(value);
    encodeNode(this.#root, document, out, at);
    // What cannot be read is a document all the same.
    if (value !== null && document === undefined) out[at] = 0;
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const value = decodeNode(this.#root, codes, at, random);
    return value === undefined ? null : write(value, this.#spaced);
  }

  toJson(): unknown {
    return { node: this.#node, spaced: this.#spaced } satisfies JsonParameters;
  }
}

export function fitJsonEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  fitters: { readonly number: FitScalar; readonly string: FitScalar },
  revive: Revive,
): JsonEncoder {
  const parsed = values.map((value) => (value === null ? undefined : parseJson(value)));
  // What cannot be read teaches nothing; above all not that there is nothing.
  const rows = parsed.flatMap((document, i) => (document === undefined && values[i] !== null ? [] : [i]));
  const spaced = values.some((value) => value !== null && /": /.test(value));
  const node = fitNode(
    rows.map((i) => parsed[i]),
    Uint32Array.from(rows, (i) => units[i]),
    fitters,
    revive,
    0,
  );
  return new JsonEncoder({ node, spaced }, revive);
}

/** The document as the server prints it. */
function write(value: Json, spaced: boolean): string {
  const gap = spaced ? ' ' : '';
  if (Array.isArray(value)) return `[${value.map((item) => write(item, spaced)).join(`,${gap}`)}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${gap}${write(item, spaced)}`);
  return `{${members.join(`,${gap}`)}}`;
}

/** Undefined for what is no document, not even one that was cut for reading. */
function parseJson(text: string): Json | undefined {
  const whole = parsed(text);
  if (whole !== undefined) return whole;
  const closed = closeCutJson(text);
  return closed === null ? undefined : parsed(closed);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function typeOf(value: Json | undefined): NodeType {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return typeof value as NodeType;
}

function fitNode(
  values: readonly (Json | undefined)[],
  units: Uint32Array,
  fitters: { readonly number: FitScalar; readonly string: FitScalar },
  revive: Revive,
  depth: number,
): JsonNode {
  const types = values.map(typeOf);
  const counts = countByUnit(types, units);
  const found = [...counts]
    .filter(([type]) => type !== 'absent')
    .sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1));
  const shared = found.filter(([, count]) => count.units >= MIN_UNITS || counts.size <= 2);
  // Something must be there to draw.
  const present = (shared.length > 0 ? shared : found.slice(0, 1)).map(([type]) => type as NodeType);
  const has = (type: NodeType): boolean => present.includes(type);
  const rowsOf = (type: NodeType): number[] => types.flatMap((other, i) => (other === type ? [i] : []));
  const scalar = (type: 'number' | 'string'): NestedEncoder | null => {
    if (!has(type)) return null;
    const rows = rowsOf(type);
    const encoder = fitters[type](
      rows.map((i) => String(values[i])),
      Uint32Array.from(rows, (i) => units[i]),
    );
    return { kind: encoder.kind, parameters: encoder.toJson() };
  };
  const node: JsonNode = {
    types: counts.has('absent') ? [...present, 'absent'] : present,
    number: scalar('number'),
    string: scalar('string'),
    keys: has('object') && depth < MAX_DEPTH ? fitKeys(values, units, rowsOf('object'), fitters, revive, depth) : [],
    array:
      has('array') && depth < MAX_DEPTH ? fitElements(values, units, rowsOf('array'), fitters, revive, depth) : null,
  };
  return node;
}

function fitKeys(
  values: readonly (Json | undefined)[],
  units: Uint32Array,
  rows: readonly number[],
  fitters: { readonly number: FitScalar; readonly string: FitScalar },
  revive: Revive,
  depth: number,
): JsonNode['keys'] {
  const objects = rows.map((i) => values[i] as { [key: string]: Json });
  const owners = Uint32Array.from(rows, (i) => units[i]);
  const names: string[] = [];
  const nameOwners: number[] = [];
  objects.forEach((object, i) => {
    for (const key of Object.keys(object)) {
      names.push(key);
      nameOwners.push(owners[i]);
    }
  });
  return [...countByUnit(names, Uint32Array.from(nameOwners))]
    .filter(([, count]) => count.units >= MIN_UNITS)
    .sort((a, b) => b[1].rows - a[1].rows)
    .slice(0, MAX_KEYS)
    .map(([key]) => ({
      key,
      node: fitNode(
        objects.map((object) => object[key]),
        owners,
        fitters,
        revive,
        depth + 1,
      ),
    }));
}

function fitElements(
  values: readonly (Json | undefined)[],
  units: Uint32Array,
  rows: readonly number[],
  fitters: { readonly number: FitScalar; readonly string: FitScalar },
  revive: Revive,
  depth: number,
): JsonNode['array'] {
  const lists = rows.map((i) => values[i] as Json[]);
  const elements = lists.flat();
  const owners = Uint32Array.from(lists.flatMap((list, i) => list.map(() => units[rows[i]])));
  const element = fitNode(elements, owners, fitters, revive, depth + 1);
  const parts: PartSpec[] = [];
  const live = liven(element, parts, revive);
  const weights = parts.map((part) => new Array<number>(part.size).fill(0));
  const codes = new Uint16Array(parts.length);
  for (const value of elements) {
    encodeNode(live, value, codes, 0);
    codes.forEach((code, part) => weights[part][code]++);
  }
  const lengths = lengthQuantiles(
    lists.map((list) => list.length),
    Uint32Array.from(rows, (i) => units[i]),
    MAX_LENGTHS,
  );
  return { lengths, element, weights };
}

/** Numbers the parts of a node and of everything below it, in depth-first order. */
function liven(node: JsonNode, parts: PartSpec[], revive: Revive): LiveNode {
  const at = parts.length;
  parts.push({ size: Math.max(1, node.types.length), ordered: false, hasNull: node.types.includes('absent') });
  const nested = (encoder: NestedEncoder | null): [ColumnEncoder | null, number] => {
    if (encoder === null) return [null, -1];
    const alive = revive(encoder.kind, encoder.parameters);
    const start = parts.length;
    // One more code than the encoder's own: there is no such scalar here.
    for (const part of alive.parts) parts.push({ size: part.size + 1, ordered: part.ordered, hasNull: true });
    return [alive, start];
  };
  const [number, numberAt] = nested(node.number);
  const [string, stringAt] = nested(node.string);
  const keys = node.keys.map(({ key, node: child }) => ({ key, live: liven(child, parts, revive) }));
  if (node.array === null) return { node, at, number, numberAt, string, stringAt, keys, element: null };
  const own: PartSpec[] = [];
  const element = {
    live: liven(node.array.element, own, revive),
    size: 0,
    cumulative: node.array.weights.map((weights) => cumulate(weights)),
  };
  return { node, at, number, numberAt, string, stringAt, keys, element: { ...element, size: own.length } };
}

function encodeNode(live: LiveNode, value: Json | undefined, out: Uint16Array, base: number): void {
  const { types } = live.node;
  const type = typeOf(value);
  const code = types.indexOf(type);
  out[base + live.at] = code >= 0 ? code : Math.max(0, types.indexOf('absent'));
  encodeScalar(live.number, live.numberAt, type === 'number' ? String(value) : null, out, base);
  encodeScalar(live.string, live.stringAt, type === 'string' ? (value as string) : null, out, base);
  for (const { key, live: child } of live.keys) {
    encodeNode(child, type === 'object' ? (value as { [key: string]: Json })[key] : undefined, out, base);
  }
}

function encodeScalar(
  encoder: ColumnEncoder | null,
  at: number,
  text: string | null,
  out: Uint16Array,
  base: number,
): void {
  if (encoder === null) return;
  if (text !== null) encoder.encode(text, out, base + at);
  else encoder.parts.forEach((part, i) => (out[base + at + i] = part.size));
}

function decodeNode(live: LiveNode, codes: Uint16Array, base: number, random: Uniforms): Json | undefined {
  switch (live.node.types[codes[base + live.at]]) {
    case 'null':
      return null;
    case 'true':
      return true;
    case 'false':
      return false;
    case 'number': {
      const cell = decodeScalar(live.number!, live.numberAt, codes, base, random);
      return typeof cell === 'number' ? Number(cell.toFixed(live.number!.decimals ?? 6)) : Number(cell);
    }
    case 'string':
      return String(decodeScalar(live.string!, live.stringAt, codes, base, random) ?? '');
    case 'object': {
      const object: { [key: string]: Json } = {};
      for (const { key, live: child } of live.keys) {
        const value = decodeNode(child, codes, base, random);
        if (value !== undefined) object[key] = value;
      }
      return object;
    }
    case 'array': {
      if (live.element === null) return [];
      const { lengths } = live.node.array!;
      const length = lengths[Math.floor(random.next() * lengths.length)] ?? 0;
      return Array.from({ length }, () => drawElement(live.element!, random) ?? null);
    }
    default:
      return undefined;
  }
}

function drawElement(element: NonNullable<LiveNode['element']>, random: Uniforms): Json | undefined {
  const codes = new Uint16Array(element.size);
  element.cumulative.forEach(
    (cumulative, part) => (codes[part] = cumulative.length === 0 ? 0 : pick(cumulative, random.next())),
  );
  return decodeNode(element.live, codes, 0, random);
}

function decodeScalar(encoder: ColumnEncoder, at: number, codes: Uint16Array, base: number, random: Uniforms): Cell {
  const own = new Uint16Array(encoder.parts.length);
  // A "not there" code beside a type that is there: the chain all but never draws it; the first code stands in.
  encoder.parts.forEach((part, i) => (own[i] = codes[base + at + i] >= part.size ? 0 : codes[base + at + i]));
  return encoder.decode(own, 0, random);
}
