/** What an expression computes with: the values, their kinds, and how a column's value becomes one. */
import type { ColumnType } from '../../../../connectors/connector.ts';
import { parseArray } from '../../../model/encoders/array.ts';
import { scalarCodec } from '../../../model/encoders/scalar.ts';

/** A value of a column as the row being made gives it: moments are microseconds, everything unusual is text. */
export type Value = number | string | boolean | null;

/** A value while evaluating. Moments, times and intervals are microseconds; NULL is null. */
export type Datum = Value | readonly Datum[] | JsonDatum | RangeDatum;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Wrapped, so that JSON's null is no NULL. */
export class JsonDatum {
  readonly value: Json;
  constructor(value: Json) {
    this.value = value;
  }
}

/** Bounds as numbers, or as text where the type has no line; null: unbounded. */
export class RangeDatum {
  readonly isEmpty: boolean;
  readonly lower: number | string | null;
  readonly upper: number | string | null;
  readonly lowerIncluded: boolean;
  readonly upperIncluded: boolean;
  constructor(
    lower: number | string | null,
    upper: number | string | null,
    lowerIncluded: boolean,
    upperIncluded: boolean,
    isEmpty = false,
  ) {
    this.lower = lower;
    this.upper = upper;
    this.lowerIncluded = lowerIncluded && lower !== null;
    this.upperIncluded = upperIncluded && upper !== null;
    this.isEmpty =
      isEmpty ||
      (lower !== null && upper !== null && (lower > upper || (lower === upper && !(lowerIncluded && upperIncluded))));
  }
}

/** What is known of an expression's values without evaluating it. */
export type Kind =
  | 'integer'
  | 'number'
  | 'boolean'
  | 'text'
  | 'date'
  | 'moment'
  | 'time'
  | 'interval'
  | 'enum'
  | 'json'
  | 'array'
  | 'range'
  | 'composite'
  | 'bytes'
  | 'bit'
  | 'network'
  | 'unknown';

/** Thrown while compiling, or while evaluating: the expression has a part that is not understood. */
export class NotUnderstood extends Error {}

export function kindOf(type: ColumnType | null | undefined): Kind {
  switch (type?.class) {
    case 'integer':
      return 'integer';
    case 'decimal':
    case 'float':
    case 'money':
      return 'number';
    case 'timestamp':
    case 'timestamptz':
      return 'moment';
    case 'uuid':
      return 'text';
    case 'boolean':
    case 'text':
    case 'date':
    case 'time':
    case 'interval':
    case 'enum':
    case 'json':
    case 'array':
    case 'range':
    case 'composite':
    case 'bytes':
    case 'bit':
    case 'network':
      return type.class;
    default:
      return 'unknown';
  }
}

/** From a row's value, or from the server's text, to a datum of the type. */
export function readerOf(type: ColumnType | null | undefined): (value: Value) => Datum {
  const orNull =
    (parse: (text: string) => Datum) =>
    (value: Value): Datum =>
      value === null ? null : parse(String(value));
  switch (type?.class) {
    case 'integer':
    case 'decimal':
    case 'float':
      return (value) => (typeof value === 'string' ? Number(value) : value);
    case 'money':
      return orNull(parseMoney);
    case 'boolean':
      return (value) => (typeof value === 'string' ? value.startsWith('t') : value);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return (value) => (typeof value === 'string' ? parseMoment(value) : value);
    case 'time':
    case 'interval': {
      const codec = scalarCodec(type.class)!;
      return orNull((text) => codec.parse(text));
    }
    case 'json':
      return orNull((text) => new JsonDatum(JSON.parse(text) as Json));
    case 'array': {
      const read = readerOf(type.element);
      return orNull((text) => {
        const elements = parseArray(text);
        if (elements === null) throw new NotUnderstood();
        return elements.map(read);
      });
    }
    case 'range': {
      const read = readerOf(type.element);
      return orNull((text) => parseRange(text, (bound) => asBound(read(bound))));
    }
    case 'composite': {
      const readers = (type.fields ?? []).map((field) => readerOf(field.type));
      return orNull((text) => parseRecord(text).map((field, i) => readers[i]?.(field) ?? field));
    }
    default:
      return (value) => value;
  }
}

/** Microseconds; both infinities have their place at the ends. */
export function parseMoment(text: string): number | null {
  if (text === 'infinity') return Infinity;
  if (text === '-infinity') return -Infinity;
  return scalarCodec('timestamp')!.parse(text);
}

export function parseMoney(text: string): number {
  return Number(text.replace(/[^0-9.-]/g, '')) * (text.startsWith('(') ? -1 : 1);
}

function asBound(value: Datum): number | string | null {
  if (value === null || typeof value === 'number' || typeof value === 'string') return value;
  throw new NotUnderstood();
}

export function parseRange(text: string, read: (bound: string) => number | string | null): RangeDatum {
  if (text === 'empty') return new RangeDatum(null, null, false, false, true);
  const match = /^([[(])(?:"((?:[^"\\]|\\.|"")*)"|([^,"]*)),(?:"((?:[^"\\]|\\.|"")*)"|([^"]*))([\])])$/s.exec(text);
  if (match === null) throw new NotUnderstood();
  const bare = (quoted: string | undefined, plain: string | undefined): string =>
    quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)|"(")/gs, '$1$2');
  const lower = bare(match[2], match[3]);
  const upper = bare(match[4], match[5]);
  const bound = (text_: string): number | string | null => (text_ === '' ? null : read(text_));
  return new RangeDatum(bound(lower), bound(upper), match[1] === '[', match[6] === ']');
}

/** Fields of a composite value's text. */
export function parseRecord(text: string): (string | null)[] {
  const fields: (string | null)[] = [];
  let i = 1;
  for (;;) {
    let field = '';
    let isQuoted = false;
    let isEmpty = true;
    while (i < text.length && text[i] !== ',' && text[i] !== ')') {
      isEmpty = false;
      if (text[i] !== '"') {
        if (text[i] === '\\') i++;
        field += text[i++];
        continue;
      }
      isQuoted = true;
      for (i++; i < text.length; i++) {
        if (text[i] === '"' && text[i + 1] !== '"') break;
        if (text[i] === '"' || text[i] === '\\') i++;
        field += text[i];
      }
      i++;
    }
    fields.push(isEmpty && !isQuoted ? null : field);
    if (i >= text.length || text[i] === ')') return fields;
    i++;
  }
}
