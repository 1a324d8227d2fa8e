/**
 * Reading the text forms that the server itself writes (ISO dates, UTC, `IntervalStyle = postgres`, `{…}` arrays):
 * pure parsers for the binary encoders. A text that does not fit throws `UnfitText`, which never holds the text.
 */

/** A text is not of its type's form. Carries nothing of the value; the caller adds table and column. */
export class UnfitText extends Error {
  constructor() {
    super('the text does not fit the type');
    this.name = 'UnfitText';
  }
}

export function unfit(): never {
  throw new UnfitText();
}

const SPACE = 32,
  PLUS = 43,
  MINUS = 45,
  DOT = 46,
  ZERO = 48,
  NINE = 57,
  COLON = 58,
  UPPER_B = 66,
  UPPER_T = 84;
/** Days from 0000-03-01 to 1970-01-01 in the proleptic Gregorian calendar. */
const CIVIL_EPOCH = 719_468;

/** Days since 1970-01-01; any astronomical year (1 BC = 0). Source: Hinnant, chrono-compatible date algorithms. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - CIVIL_EPOCH;
}

/**
 * Reads dates, times of day and timestamps; one instance is used again and again, so that no value costs an object.
 * Result of the last `read…` call: `days` since 1970-01-01, `micros` of the day, `offset` in seconds east of UTC,
 * and `infinite` (then the others mean nothing).
 */
export class DateTimeReader {
  days = 0;
  micros = 0;
  offset = 0;
  infinite: -1 | 0 | 1 = 0;
  private text = '';
  private at = 0;

  /** `2022-02-14`, `2022-02-14 10:00:00.5+05:30`, `0044-03-15 BC`, `infinity`. A missing time is midnight. */
  readDateTime(text: string): void {
    this.start(text);
    if (text === 'infinity' || text === '-infinity') {
      this.infinite = text === 'infinity' ? 1 : -1;
      return;
    }
    const year = this.digits(4, 7);
    this.expect(MINUS);
    const month = this.digits(2, 2);
    this.expect(MINUS);
    const day = this.digits(2, 2);
    if (month < 1 || month > 12 || day < 1 || day > 31) unfit();
    let before = this.skipEra();
    const next = text.charCodeAt(this.at);
    if (next === SPACE || next === UPPER_T) {
      this.at += 1;
      this.clock();
      this.zone();
      before = this.skipEra() || before;
    }
    if (this.at !== text.length || year === 0) unfit();
    this.days = daysFromCivil(before ? 1 - year : year, month, day);
  }

  /** `10:00:00.25`, `24:00:00`, `10:00:00+02`. */
  readTime(text: string): void {
    this.start(text);
    this.clock();
    this.zone();
    if (this.at !== text.length) unfit();
  }

  private start(text: string): void {
    this.text = text;
    this.at = 0;
    this.days = 0;
    this.micros = 0;
    this.offset = 0;
    this.infinite = 0;
  }

  private clock(): void {
    const hours = this.digits(2, 2);
    this.expect(COLON);
    const minutes = this.digits(2, 2);
    let seconds = 0;
    if (this.text.charCodeAt(this.at) === COLON) {
      this.at += 1;
      seconds = this.digits(2, 2);
    }
    this.micros = (hours * 3600 + minutes * 60 + seconds) * 1_000_000 + this.fraction();
    if (minutes > 59 || seconds > 60 || this.micros > 86_400_000_000) unfit();
  }

  /** Microseconds after a dot; 0 where there is none. */
  private fraction(): number {
    if (this.text.charCodeAt(this.at) !== DOT) return 0;
    const from = this.at + 1;
    this.at = from;
    let value = this.digits(1, 6);
    for (let digitCount = this.at - from; digitCount < 6; digitCount += 1) value *= 10;
    return value;
  }

  private zone(): void {
    const sign = this.text.charCodeAt(this.at);
    if (sign !== PLUS && sign !== MINUS) return;
    this.at += 1;
    let seconds = this.digits(2, 2) * 3600;
    for (const unit of [60, 1]) {
      if (this.text.charCodeAt(this.at) !== COLON) break;
      this.at += 1;
      seconds += this.digits(2, 2) * unit;
    }
    this.offset = sign === PLUS ? seconds : -seconds;
  }

  private skipEra(): boolean {
    const found = this.text.charCodeAt(this.at) === SPACE && this.text.charCodeAt(this.at + 1) === UPPER_B;
    if (found) {
      if (!this.text.startsWith('BC', this.at + 1)) unfit();
      this.at += 3;
    }
    return found;
  }

  private digits(least: number, most: number): number {
    const from = this.at;
    let value = 0;
    for (; this.at < this.text.length && this.at - from < most; this.at += 1) {
      const code = this.text.charCodeAt(this.at);
      if (code < ZERO || code > NINE) break;
      value = value * 10 + (code - ZERO);
    }
    if (this.at - from < least) unfit();
    return value;
  }

  private expect(code: number): void {
    if (this.text.charCodeAt(this.at) !== code) unfit();
    this.at += 1;
  }
}

export interface Interval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;
}

const INT32_MAX = 2 ** 31 - 1;
const INT64_MAX = 2n ** 63n - 1n;
/** PostgreSQL 17 and later. */
const INFINITE_INTERVAL: Interval = { months: INT32_MAX, days: INT32_MAX, micros: INT64_MAX };
const MINUS_INFINITE_INTERVAL: Interval = { months: -INT32_MAX - 1, days: -INT32_MAX - 1, micros: -INT64_MAX - 1n };

/** `1 year 2 mons -3 days +04:05:06.789`, `00:00:00`, and ISO 8601 (`P1Y2M3DT4H5M6S`). */
export function parseInterval(text: string): Interval {
  if (text === 'infinity') return INFINITE_INTERVAL;
  if (text === '-infinity') return MINUS_INFINITE_INTERVAL;
  if (text.startsWith('P')) return parseIsoInterval(text);
  let months = 0,
    days = 0,
    micros = 0n;
  const words = text.split(' ');
  for (let i = 0; i < words.length; i += 1) {
    if (words[i].includes(':')) {
      micros += clockMicros(words[i]);
      continue;
    }
    if (!/^[+-]?\d+$/.test(words[i])) unfit();
    const count = Number(words[i]);
    i += 1;
    if (/^years?$/.test(words[i])) months += count * 12;
    else if (/^mons?$/.test(words[i])) months += count;
    else if (/^days?$/.test(words[i])) days += count;
    else unfit();
  }
  return { months, days, micros };
}

function parseIsoInterval(text: string): Interval {
  const number = '(-?\\d+)';
  const form = new RegExp(
    `^P(?:${number}Y)?(?:${number}M)?(?:${number}W)?(?:${number}D)?(?:T(?:${number}H)?(?:${number}M)?(?:(-?)(\\d+)(?:\\.(\\d{1,6}))?S)?)?$`,
  );
  const found = form.exec(text);
  if (found === null || text.length < 3) unfit();
  const part = (i: number): number => Number(found[i] ?? 0);
  const fraction = (found[9] ?? '').padEnd(6, '0');
  const seconds = BigInt(`${found[8] ?? '0'}${fraction}`) * (found[7] === '-' ? -1n : 1n);
  const minutes = BigInt(found[5] ?? 0) * 60n + BigInt(found[6] ?? 0);
  return { months: part(1) * 12 + part(2), days: part(3) * 7 + part(4), micros: minutes * 60_000_000n + seconds };
}

/** `-04:05:06.789`; hours have any number of digits. */
function clockMicros(text: string): bigint {
  const found = /^([+-]?)(\d+):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?$/.exec(text);
  if (found === null) unfit();
  const seconds = BigInt(found[2]) * 3600n + BigInt(found[3]) * 60n + BigInt(found[4] ?? 0);
  const micros = seconds * 1_000_000n + BigInt((found[5] ?? '').padEnd(6, '0'));
  return found[1] === '-' ? -micros : micros;
}

export interface ArrayValue {
  /** Length and first subscript of each dimension; none for the empty array. */
  readonly dimensions: readonly { readonly length: number; readonly lowerBound: number }[];
  /** In row-major order. */
  readonly elements: readonly (string | null)[];
}

/** `{1,NULL,"a b"}`, `{{1,2},{3,4}}`, `[0:1]={7,8}`. */
export function parseArray(text: string): ArrayValue {
  const lengths: number[] = [];
  const elements: (string | null)[] = [];
  const { at: start, bounds } = parseBounds(text);
  let at = start;
  let leafDepth: number | undefined;

  const parseLevel = (depth: number): void => {
    if (text[at] !== '{') unfit();
    at += 1;
    let count = 0;
    if (text[at] === '}') {
      at += 1;
      if (depth > 0) unfit();
      return;
    }
    for (;;) {
      if (text[at] === '{') {
        parseLevel(depth + 1);
      } else {
        leafDepth ??= depth;
        if (leafDepth !== depth) unfit(); // an element where others have an array
        elements.push(parseElement());
      }
      count += 1;
      const end = text[at];
      at += 1;
      if (end === '}') break;
      if (end !== ',') unfit();
    }
    if (lengths[depth] === undefined) lengths[depth] = count;
    else if (lengths[depth] !== count) unfit();
  };
  const parseElement = (): string | null => {
    if (text[at] === '"') {
      const quoted = readQuoted(text, at);
      at = quoted.end;
      return quoted.value;
    }
    const from = at;
    while (at < text.length && text[at] !== ',' && text[at] !== '}' && text[at] !== '{')
      at += text[at] === '\\' ? 2 : 1;
    if (at === from) unfit();
    const raw = text.slice(from, at);
    return raw === 'NULL' ? null : raw.replace(/\\(.)/gs, '$1');
  };

  parseLevel(0);
  if (at !== text.length) unfit();
  const size = lengths.reduce((product, length) => product * length, lengths.length === 0 ? 0 : 1);
  if (size !== elements.length || (bounds.length > 0 && bounds.length !== lengths.length)) unfit();
  return { dimensions: lengths.map((length, i) => ({ length, lowerBound: bounds[i] ?? 1 })), elements };
}

function parseBounds(text: string): { readonly at: number; readonly bounds: readonly number[] } {
  if (!text.startsWith('[')) return { at: 0, bounds: [] };
  const end = text.indexOf('=');
  if (end < 0) unfit();
  const bounds = [...text.slice(0, end).matchAll(/\[(-?\d+):(-?\d+)\]/g)].map((found) => Number(found[1]));
  return { at: end + 1, bounds };
}

export interface RangeValue {
  readonly empty: boolean;
  /** null = unbounded. */
  readonly lower: string | null;
  readonly upper: string | null;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
}

/** `[1,10)`, `empty`, `(,5]`, `["2022-01-01 00:00:00+00",)`. */
export function parseRange(text: string): RangeValue {
  if (text === 'empty') return { empty: true, lower: null, upper: null, lowerInclusive: false, upperInclusive: false };
  const opening = text[0];
  const closing = text.at(-1);
  if ((opening !== '[' && opening !== '(') || (closing !== ']' && closing !== ')')) unfit();
  const lower = readBound(text, 1);
  if (text[lower.end] !== ',') unfit();
  const upper = readBound(text, lower.end + 1);
  if (upper.end !== text.length - 1) unfit();
  return {
    empty: false,
    lower: lower.value,
    upper: upper.value,
    lowerInclusive: opening === '[',
    upperInclusive: closing === ']',
  };
}

/** The ranges of a multirange: `{[1,3),[5,7)}`. */
export function parseMultirange(text: string): readonly string[] {
  if (text === '{}') return [];
  if (!text.startsWith('{') || !text.endsWith('}')) unfit();
  const ranges: string[] = [];
  let at = 1;
  while (at < text.length - 1) {
    const lower = readBound(text, at + 1);
    const upper = readBound(text, lower.end + 1);
    ranges.push(text.slice(at, upper.end + 1));
    at = upper.end + 2; // past the bracket and the comma
  }
  return ranges;
}

function readBound(text: string, from: number): { readonly value: string | null; readonly end: number } {
  let value = '';
  let at = from;
  while (at < text.length && !',])'.includes(text[at])) {
    if (text[at] === '"') {
      const quoted = readQuoted(text, at);
      value += quoted.value;
      at = quoted.end;
    } else {
      if (text[at] === '\\') at += 1;
      value += text[at];
      at += 1;
    }
  }
  return at === from ? { value: null, end: at } : { value, end: at };
}

/** A double-quoted part from its opening quote on; quotes inside are written `\"` or `""`. */
function readQuoted(text: string, from: number): { readonly value: string; readonly end: number } {
  let value = '';
  let plain = from + 1;
  for (let at = from + 1; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\\' || (char === '"' && text[at + 1] === '"')) {
      value += text.slice(plain, at) + text[at + 1];
      at += 1;
      plain = at + 1;
    } else if (char === '"') {
      return { value: value + text.slice(plain, at), end: at + 1 };
    }
  }
  return unfit();
}

/** The address bytes and the length of the network part: `192.168.0.1/24`, `::1`, `::ffff:1.2.3.4/128`. */
export function parseNetwork(text: string): { readonly address: Uint8Array; readonly bits: number } {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const address = host.includes(':') ? parseIpv6(host) : parseIpv4(host);
  const bits = slash < 0 ? address.length * 8 : Number(text.slice(slash + 1));
  if (!Number.isInteger(bits) || bits < 0 || bits > address.length * 8) unfit();
  return { address, bits };
}

function parseIpv4(text: string): Uint8Array {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) unfit();
  return Uint8Array.from(parts);
}

function parseIpv6(text: string): Uint8Array {
  const lastColon = text.lastIndexOf(':');
  let hex = text;
  if (text.includes('.')) {
    const [a, b, c, d] = parseIpv4(text.slice(lastColon + 1));
    hex = `${text.slice(0, lastColon + 1)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const halves = hex.split('::');
  const groups = (half: string | undefined): string[] => (half === undefined || half === '' ? [] : half.split(':'));
  const [left, right] = [groups(halves[0]), groups(halves[1])];
  const missing = 8 - left.length - right.length;
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) unfit();
  const all = [...left, ...Array<string>(halves.length === 2 ? missing : 0).fill('0'), ...right];
  const bytes = new Uint8Array(16);
  all.forEach((group, i) => {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) unfit();
    const value = Number.parseInt(group, 16);
    bytes[2 * i] = value >> 8;
    bytes[2 * i + 1] = value & 255;
  });
  return bytes;
}
