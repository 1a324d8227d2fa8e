/** The server's operators on data. NULL in, NULL out, unless said otherwise. */
import { type Datum, JsonDatum, type Json, type Kind, NotUnderstood, parseMoment, RangeDatum } from './datum.ts';

export interface Operand {
  readonly kind: Kind;
  /** Of an enum, in their order. */
  readonly labels: readonly string[] | null;
}

export const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '!=', '<', '<=', '>', '>=']);

/** Compares as the operands' kinds do. Texts are ordered by code point: whether that is the collation's order is not known. */
export function comparison(operator: string, left: Operand, right: Operand): (a: Datum, b: Datum) => boolean | null {
  const labels = left.labels ?? right.labels;
  const isOrdering = operator !== '=' && operator !== '<>' && operator !== '!=';
  if (labels !== null && isOrdering) {
    const place = new Map(labels.map((label, i) => [label, i]));
    return (a, b) => compare(operator, place.get(String(a)) ?? null, place.get(String(b)) ?? null);
  }
  if (
    isOrdering &&
    [left.kind, right.kind].some((kind) => kind === 'json' || kind === 'composite' || kind === 'array')
  ) {
    throw new NotUnderstood();
  }
  if (left.kind === 'network' || right.kind === 'network') {
    if (isOrdering) throw new NotUnderstood();
  }
  return (a, b) => compare(operator, a, b);
}

/** Equal after the usual float noise of decimal arithmetic. */
export function compare(operator: string, a: Datum, b: Datum): boolean | null {
  if (a === null || b === null) return null;
  if (typeof a === 'number' && typeof b === 'string') return compare(operator, a, numberOf(b));
  if (typeof b === 'number' && typeof a === 'string') return compare(operator, numberOf(a), b);
  if (typeof a === 'object' || typeof b === 'object') {
    const equal = sameDatum(a, b);
    if (operator === '=') return equal;
    if (operator === '<>' || operator === '!=') return !equal;
    throw new NotUnderstood();
  }
  if (typeof a !== typeof b) return null;
  const near =
    typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
  const equal = a === b || near;
  switch (operator) {
    case '=':
      return equal;
    case '<>':
    case '!=':
      return !equal;
    case '<':
      return !equal && a < b;
    case '<=':
      return equal || a < b;
    case '>':
      return !equal && a > b;
    default:
      return equal || a > b;
  }
}

/** A constant that was written as text beside a number or a moment. */
function numberOf(text: string): number | null {
  const moment = parseMoment(text);
  if (moment !== null) return moment;
  const number = Number(text);
  return Number.isNaN(number) ? null : number;
}

export function sameDatum(a: Datum, b: Datum): boolean {
  return datumText(a) === datumText(b);
}

export function datumText(value: Datum): string {
  if (value instanceof JsonDatum) return `j${jsonText(value.value)}`;
  if (value instanceof RangeDatum) {
    if (value.isEmpty) return 'empty';
    return `${value.lowerIncluded ? '[' : '('}${value.lower ?? ''},${value.upper ?? ''}${value.upperIncluded ? ']' : ')'}`;
  }
  if (Array.isArray(value)) return `a${value.map(datumText).join('\u0000')}`;
  return `${typeof value}${String(value)}`;
}

/** Canonical: keys in order, as jsonb has them. */
export function jsonText(json: Json): string {
  if (Array.isArray(json)) return `[${json.map(jsonText).join(',')}]`;
  if (json !== null && typeof json === 'object') {
    const entries = Object.entries(json as { [key: string]: Json }).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${jsonText(value)}`).join(',')}}`;
  }
  return JSON.stringify(json);
}

/** What `->>` gives. */
export function jsonAsText(json: Json | undefined): string | null {
  if (json === undefined || json === null) return null;
  return typeof json === 'string' ? json : typeof json === 'object' ? jsonText(json) : String(json);
}

/** A member or an element; undefined where there is none. */
export function jsonStep(json: Json | undefined, step: string | number): Json | undefined {
  if (json === undefined || json === null || typeof json !== 'object') return undefined;
  if (Array.isArray(json)) {
    const at = typeof step === 'number' ? step : /^-?\d+$/.test(step) ? Number(step) : null;
    return at === null ? undefined : json.at(at);
  }
  return typeof step === 'string' && Object.hasOwn(json, step) ? (json as { [key: string]: Json })[step] : undefined;
}

/** Whether `a` contains `b` as jsonb's `@>` has it. */
export function jsonContains(a: Json, b: Json): boolean {
  if (Array.isArray(b)) return Array.isArray(a) && b.every((item) => a.some((other) => jsonContains(other, item)));
  if (b !== null && typeof b === 'object') {
    if (a === null || typeof a !== 'object' || Array.isArray(a)) return false;
    return Object.entries(b as { [key: string]: Json }).every(
      ([key, value]) => Object.hasOwn(a, key) && jsonContains((a as { [key: string]: Json })[key], value),
    );
  }
  return Array.isArray(a) ? a.some((item) => jsonText(item) === jsonText(b)) : jsonText(a) === jsonText(b);
}

export function rangesOverlap(a: RangeDatum, b: RangeDatum): boolean {
  return !a.isEmpty && !b.isEmpty && startsBeforeEnd(a, b) && startsBeforeEnd(b, a);
}

function startsBeforeEnd(a: RangeDatum, b: RangeDatum): boolean {
  if (a.lower === null || b.upper === null) return true;
  return a.lower < b.upper || (a.lower === b.upper && a.lowerIncluded && b.upperIncluded);
}

export function rangeContains(range: RangeDatum, value: Datum): boolean {
  if (value instanceof RangeDatum) {
    if (value.isEmpty) return true;
    if (range.isEmpty) return false;
    const low =
      range.lower === null ||
      (value.lower !== null &&
        (range.lower < value.lower || (range.lower === value.lower && (range.lowerIncluded || !value.lowerIncluded))));
    const high =
      range.upper === null ||
      (value.upper !== null &&
        (value.upper < range.upper || (range.upper === value.upper && (range.upperIncluded || !value.upperIncluded))));
    return low && high;
  }
  if (typeof value !== 'number' && typeof value !== 'string') throw new NotUnderstood();
  return rangesOverlap(range, new RangeDatum(value, value, true, true));
}
