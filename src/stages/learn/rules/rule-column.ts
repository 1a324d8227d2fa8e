/** One column's values, parsed when first asked for: as numbers on a line, as small codes, as NULL or not. */
import type { ColumnFacts } from '../../../../connectors/connector.ts';
import { scalarCodec } from '../../../model/encoders/scalar.ts';
import type { ColumnRole } from './rule-table.ts';

/** What may be compared with what; dates and timestamps by their days. */
export type Line = 'number' | 'moment' | 'time' | 'interval';

const DAY_MICROS = 86_400_000_000;
/** Decimals of a number without a declared scale are read from this many values. */
const DECIMALS_FROM = 4000;
const MAX_DECIMALS = 9;

export interface Codes {
  /** Of each row; −1 NULL. */
  readonly of: Int32Array;
  /** By code. */
  readonly values: readonly string[];
}

export class RuleColumn {
  readonly facts: ColumnFacts;
  readonly texts: readonly (string | null)[];
  readonly role: ColumnRole;
  readonly line: Line | null;
  #numbers: Float64Array | undefined;
  #codes: Codes | undefined;
  #decimals: number | undefined;

  constructor(facts: ColumnFacts, texts: readonly (string | null)[], role: ColumnRole) {
    this.facts = facts;
    this.texts = texts;
    this.role = role;
    this.line = lineOf(facts.type.class);
  }

  get name(): string {
    return this.facts.name;
  }

  /** A value on a line, of its own meaning: neither an id nor a reference. */
  get isMeasure(): boolean {
    return this.line !== null && this.role === 'value';
  }

  get isDate(): boolean {
    return this.facts.type.class === 'date';
  }

  /** Numbers, or microseconds of moments, times and intervals; NaN for NULL and what has no place on the line. */
  get numbers(): Float64Array {
    this.#numbers ??= parseNumbers(this.facts.type.class, this.texts);
    return this.#numbers;
  }

  /** Of a number: digits after the point. */
  get decimals(): number {
    this.#decimals ??= this.facts.type.class === 'integer' ? 0 : (this.facts.type.scale ?? seenDecimals(this.texts));
    return this.#decimals;
  }

  get codes(): Codes {
    this.#codes ??= encode(this.texts);
    return this.#codes;
  }
}

function lineOf(typeClass: string): Line | null {
  switch (typeClass) {
    case 'integer':
    case 'decimal':
    case 'float':
    case 'money':
      return 'number';
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return 'moment';
    case 'time':
    case 'interval':
      return typeClass;
    default:
      return null;
  }
}

function parseNumbers(typeClass: string, texts: readonly (string | null)[]): Float64Array {
  const codec = scalarCodec(typeClass)!;
  const numbers = new Float64Array(texts.length);
  const isMoment = lineOf(typeClass) === 'moment';
  const scale = typeClass === 'date' ? DAY_MICROS : 1;
  for (let i = 0; i < numbers.length; i++) {
    const text = texts[i];
    if (text === null) numbers[i] = NaN;
    else {
      const quick = isMoment ? quickMoment(text) : NaN;
      numbers[i] = Number.isNaN(quick) ? (codec.parse(text) ?? NaN) * scale : quick;
    }
  }
  return numbers;
}

/** The common forms `YYYY-MM-DD` and `YYYY-MM-DD HH:MM:SS[.ffffff][+00]`; NaN for any other. */
function quickMoment(text: string): number {
  const { length } = text;
  if (length < 10 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return NaN;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const day = daysOf(year, twoDigits(text, 5), twoDigits(text, 8)) * DAY_MICROS;
  if (length === 10) return day;
  if (length < 19 || text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return NaN;
  let micros = ((twoDigits(text, 11) * 60 + twoDigits(text, 14)) * 60 + twoDigits(text, 17)) * 1e6;
  let at = 19;
  if (text.charCodeAt(at) === 46) {
    for (let unit = 100_000; ++at < length && isDigit(text, at); unit /= 10) {
      micros += unit * (text.charCodeAt(at) - 48);
    }
  }
  const rest = length - at;
  if (rest !== 0 && !(rest === 3 && text.endsWith('+00')) && !(rest === 1 && text.endsWith('Z'))) return NaN;
  return day + micros;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function twoDigits(text: string, at: number): number {
  return isDigit(text, at) && isDigit(text, at + 1) ? text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528 : NaN;
}

/** Days since 1970 of a date of the Gregorian calendar. Source: H. Hinnant, "chrono-compatible low-level date algorithms". */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function seenDecimals(texts: readonly (string | null)[]): number {
  let most = 0;
  const step = Math.max(1, Math.floor(texts.length / DECIMALS_FROM));
  for (let i = 0; i < texts.length; i += step) {
    const text = texts[i];
    const point = text === null ? -1 : text.indexOf('.');
    if (point >= 0) most = Math.max(most, text!.includes('e') ? MAX_DECIMALS : text!.length - point - 1);
  }
  return Math.min(most, MAX_DECIMALS);
}

function encode(texts: readonly (string | null)[]): Codes {
  const codeOf = new Map<string, number>();
  const of = new Int32Array(texts.length);
  for (let i = 0; i < of.length; i++) {
    const text = texts[i];
    if (text === null) {
      of[i] = -1;
      continue;
    }
    let code = codeOf.get(text);
    if (code === undefined) codeOf.set(text, (code = codeOf.size));
    of[i] = code;
  }
  return { of, values: [...codeOf.keys()] };
}
