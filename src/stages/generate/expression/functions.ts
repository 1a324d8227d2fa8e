/** The server's functions that are understood, by name. */
import { createHash } from 'node:crypto';
import { type Datum, JsonDatum, type Kind, NotUnderstood, RangeDatum } from './datum.ts';
import { jsonAsText, jsonStep } from './operators.ts';

export interface FunctionArgument {
  readonly kind: Kind;
  readonly labels: readonly string[] | null;
}

export interface KnownFunction {
  readonly kind: Kind;
  /** False: it is called with NULLs too. */
  readonly strict: boolean;
  readonly call: (args: readonly Datum[]) => Datum;
}

/** The function of that name for such arguments. **Throws** `NotUnderstood`. */
export function knownFunction(name: string, args: readonly FunctionArgument[]): KnownFunction {
  const first = args[0]?.kind;
  switch (name) {
    case 'lower':
    case 'upper':
      if (first === 'range') return { kind: 'unknown', strict: true, call: ([range]) => boundOf(range, name) };
      return text(name === 'lower' ? (value) => value.toLowerCase() : (value) => value.toUpperCase());
    case 'length':
      if (first === 'bytes') return { kind: 'integer', strict: true, call: ([value]) => byteCount(value) };
      if (first === 'bit') return { kind: 'integer', strict: true, call: ([value]) => String(value).length };
      return { kind: 'integer', strict: true, call: ([value]) => [...String(value)].length };
    case 'octet_length':
      if (first === 'bytes') return { kind: 'integer', strict: true, call: ([value]) => byteCount(value) };
      return { kind: 'integer', strict: true, call: ([value]) => Buffer.byteLength(String(value)) };
    case 'round':
    case 'trunc':
      return { kind: 'number', strict: true, call: ([value, digits]) => rounded(value, digits ?? 0, name) };
    case 'now':
    case 'transaction_timestamp':
    case 'statement_timestamp':
    case 'clock_timestamp':
      return { kind: 'moment', strict: true, call: () => Date.now() * 1000 };
    default: {
      const found = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
      if (found === undefined) throw new NotUnderstood();
      return found;
    }
  }
}

function text(change: (value: string) => string): KnownFunction {
  return { kind: 'text', strict: true, call: ([value]) => change(String(value)) };
}

function number(change: (value: number) => number, kind: Kind = 'number'): KnownFunction {
  return { kind, strict: true, call: ([value]) => change(asNumber(value)) };
}

function asNumber(value: Datum): number {
  const result = typeof value === 'string' ? Number(value) : value;
  if (typeof result !== 'number') throw new NotUnderstood();
  return result;
}

function asList(value: Datum): readonly Datum[] {
  if (!Array.isArray(value)) throw new NotUnderstood();
  return value as readonly Datum[];
}

function asRange(value: Datum): RangeDatum {
  if (!(value instanceof RangeDatum)) throw new NotUnderstood();
  return value;
}

function boundOf(value: Datum, end: 'lower' | 'upper'): Datum {
  const range = asRange(value);
  return range.isEmpty ? null : range[end];
}

function byteCount(value: Datum): number {
  return (String(value).length - 2) / 2;
}

/** Half away from zero, as numeric has it. */
function rounded(value: Datum, digits: Datum, how: 'round' | 'trunc'): number {
  const scale = 10 ** asNumber(digits);
  const scaled = asNumber(value) * scale;
  const whole = how === 'trunc' ? Math.trunc(scaled) : Math.sign(scaled) * Math.round(Math.abs(scaled) + 1e-9);
  return whole / scale;
}

const trim = (value: string, signs: string, left: boolean, right: boolean): string => {
  let from = 0;
  let to = value.length;
  while (left && from < to && signs.includes(value[from])) from++;
  while (right && to > from && signs.includes(value[to - 1])) to--;
  return value.slice(from, to);
};

const trimming = (left: boolean, right: boolean): KnownFunction => ({
  kind: 'text',
  strict: true,
  call: ([value, signs]) => trim(String(value), signs === undefined ? ' ' : String(signs), left, right),
});

const PARTS: Readonly<Record<string, (date: Date, micros: number) => number>> = {
  year: (date) => date.getUTCFullYear(),
  month: (date) => date.getUTCMonth() + 1,
  day: (date) => date.getUTCDate(),
  hour: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
  quarter: (date) => Math.floor(date.getUTCMonth() / 3) + 1,
  dow: (date) => date.getUTCDay(),
  isodow: (date) => date.getUTCDay() || 7,
  epoch: (_, micros) => micros / 1e6,
};

function partOf([name, micros]: readonly Datum[]): Datum {
  const part = PARTS[String(name).toLowerCase()];
  if (part === undefined || typeof micros !== 'number' || !Number.isFinite(micros)) throw new NotUnderstood();
  return part(new Date(Math.floor(micros / 1000)), micros);
}

function truncated([name, micros]: readonly Datum[]): Datum {
  if (typeof micros !== 'number' || !Number.isFinite(micros)) throw new NotUnderstood();
  const date = new Date(Math.floor(micros / 1000));
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const sized = (unit: number): number => Math.floor(micros / unit) * unit;
  switch (String(name).toLowerCase()) {
    case 'year':
      return Date.UTC(year, 0) * 1000;
    case 'month':
      return Date.UTC(year, month) * 1000;
    case 'day':
      return sized(86_400e6);
    case 'hour':
      return sized(3600e6);
    case 'minute':
      return sized(60e6);
    case 'second':
      return sized(1e6);
    default:
      throw new NotUnderstood();
  }
}

function range([lower, upper, bounds]: readonly Datum[]): Datum {
  const sides = bounds === undefined || bounds === null ? '[)' : String(bounds);
  const bound = (value: Datum): number | string | null => {
    if (value === null || value === undefined) return null;
    if (typeof value !== 'number' && typeof value !== 'string') throw new NotUnderstood();
    return value;
  };
  const [low, high] = [bound(lower), bound(upper)];
  if (low !== null && high !== null && low > high) throw new NotUnderstood(); // the server refuses it
  return new RangeDatum(low, high, sides[0] === '[', sides[1] === ']');
}

function jsonKind(value: Datum): Datum {
  if (!(value instanceof JsonDatum)) throw new NotUnderstood();
  const json = value.value;
  return json === null ? 'null' : Array.isArray(json) ? 'array' : typeof json;
}

function jsonLength(value: Datum): Datum {
  if (!(value instanceof JsonDatum) || !Array.isArray(value.value)) throw new NotUnderstood();
  return value.value.length;
}

const jsonExists: KnownFunction = {
  kind: 'boolean',
  strict: true,
  call: ([value, key]) => {
    if (!(value instanceof JsonDatum)) throw new NotUnderstood();
    const json = value.value;
    return Array.isArray(json) ? json.includes(String(key)) : jsonStep(json, String(key)) !== undefined;
  },
};

const rangeFunction: KnownFunction = { kind: 'range', strict: false, call: range };
const integer = (call: KnownFunction['call'], strict = true): KnownFunction => ({ kind: 'integer', strict, call });
const truth = (call: KnownFunction['call']): KnownFunction => ({ kind: 'boolean', strict: true, call });
const jsonPath: KnownFunction = {
  kind: 'text',
  strict: true,
  call: ([value, ...steps]) => {
    if (!(value instanceof JsonDatum)) throw new NotUnderstood();
    return jsonAsText(
      steps.reduce((json: Parameters<typeof jsonStep>[0], step) => jsonStep(json, String(step)), value.value),
    );
  },
};

const FUNCTIONS: Readonly<Record<string, KnownFunction>> = {
  char_length: integer(([value]) => [...String(value)].length),
  character_length: integer(([value]) => [...String(value)].length),
  bit_length: integer(([value]) => Buffer.byteLength(String(value)) * 8),
  btrim: trimming(true, true),
  ltrim: trimming(true, false),
  rtrim: trimming(false, true),
  initcap: text((value) =>
    value
      .toLowerCase()
      .replace(/(^|[^\p{L}\p{N}])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase()),
  ),
  reverse: text((value) => [...value].toReversed().join('')),
  md5: text((value) => createHash('md5').update(value).digest('hex')),
  replace: {
    kind: 'text',
    strict: true,
    call: ([value, from, to]) => String(value).replaceAll(String(from), String(to)),
  },
  left: {
    kind: 'text',
    strict: true,
    call: ([value, count]) =>
      [...String(value)].slice(0, asNumber(count) < 0 ? asNumber(count) : asNumber(count)).join(''),
  },
  right: {
    kind: 'text',
    strict: true,
    call: ([value, count]) => (asNumber(count) === 0 ? '' : [...String(value)].slice(-asNumber(count)).join('')),
  },
  substr: { kind: 'text', strict: true, call: substring },
  substring: { kind: 'text', strict: true, call: substring },
  split_part: {
    kind: 'text',
    strict: true,
    call: ([value, by, at]) =>
      String(value)
        .split(String(by))
        .at(asNumber(at) > 0 ? asNumber(at) - 1 : asNumber(at)) ?? '',
  },
  strpos: integer(([value, part]) => String(value).indexOf(String(part)) + 1),
  position: integer(([value, part]) => String(value).indexOf(String(part)) + 1),
  starts_with: truth(([value, start]) => String(value).startsWith(String(start))),
  concat: {
    kind: 'text',
    strict: false,
    call: (args) => args.map((arg) => (arg === null ? '' : String(arg))).join(''),
  },
  abs: number(Math.abs),
  floor: number(Math.floor),
  ceil: number(Math.ceil),
  ceiling: number(Math.ceil),
  sign: number(Math.sign),
  sqrt: number(Math.sqrt),
  mod: integer(([a, b]) => asNumber(a) % asNumber(b)),
  div: integer(([a, b]) => Math.trunc(asNumber(a) / asNumber(b))),
  power: { kind: 'number', strict: true, call: ([a, b]) => asNumber(a) ** asNumber(b) },
  pow: { kind: 'number', strict: true, call: ([a, b]) => asNumber(a) ** asNumber(b) },
  num_nulls: integer((args) => args.filter((arg) => arg === null).length, false),
  num_nonnulls: integer((args) => args.filter((arg) => arg !== null).length, false),
  array_length: integer(([list, dimension]) =>
    dimension === 1 && asList(list).length > 0 ? asList(list).length : null,
  ),
  cardinality: integer(([list]) => asList(list).length),
  array_position: integer(([list, element]) => {
    const at = asList(list).indexOf(element);
    return at < 0 ? null : at + 1;
  }, false),
  isempty: truth(([value]) => asRange(value).isEmpty),
  lower_inf: truth(([value]) => !asRange(value).isEmpty && asRange(value).lower === null),
  upper_inf: truth(([value]) => !asRange(value).isEmpty && asRange(value).upper === null),
  lower_inc: truth(([value]) => asRange(value).lowerIncluded),
  upper_inc: truth(([value]) => asRange(value).upperIncluded),
  int4range: rangeFunction,
  int8range: rangeFunction,
  numrange: rangeFunction,
  daterange: rangeFunction,
  tsrange: rangeFunction,
  tstzrange: rangeFunction,
  jsonb_typeof: { kind: 'text', strict: true, call: ([value]) => jsonKind(value) },
  json_typeof: { kind: 'text', strict: true, call: ([value]) => jsonKind(value) },
  jsonb_array_length: integer(([value]) => jsonLength(value)),
  json_array_length: integer(([value]) => jsonLength(value)),
  jsonb_exists: jsonExists,
  jsonb_extract_path_text: jsonPath,
  json_extract_path_text: jsonPath,
  family: integer(([value]) => (String(value).includes(':') ? 6 : 4)),
  masklen: integer(([value]) => Number(String(value).split('/')[1] ?? (String(value).includes(':') ? 128 : 32))),
  extract: { kind: 'number', strict: true, call: partOf },
  date_part: { kind: 'number', strict: true, call: partOf },
  date_trunc: { kind: 'moment', strict: true, call: truncated },
  isfinite: truth(([value]) => Number.isFinite(value)),
};

function substring([value, from, count]: readonly Datum[]): Datum {
  const letters = [...String(value)];
  const start = asNumber(from) - 1;
  const end = count === undefined ? letters.length : start + asNumber(count);
  return letters.slice(Math.max(0, start), Math.max(0, end)).join('');
}
