/**
 * Binary encoders, one for each type that the server can receive in binary: each writes a value's length and its bytes
 * as the type's `…recv` function expects them. Source: PostgreSQL, src/backend/utils/adt, the `_recv` functions.
 *
 * A value that does not fit throws `UnfitText`; nothing of it is kept.
 */
import type { ColumnType, TypeClass } from '../connector.ts';
import type { CopyBuffer } from './copy-buffer.ts';
import {
  DateTimeReader,
  parseArray,
  parseInterval,
  parseMultirange,
  parseNetwork,
  parseRange,
  unfit,
} from './server-text.ts';

/** Writes one value that is not NULL, length first. */
export interface ValueEncoder {
  /** From the server's own text. */
  text(out: CopyBuffer, text: string): void;
  /** Straight from a number, where the type has such values. */
  number?(out: CopyBuffer, value: number, decimals: number | undefined): void;
  /** From microseconds since 1970 UTC. */
  epochMicros?(out: CopyBuffer, value: number): void;
  /** From days since 1970-01-01. */
  epochDays?(out: CopyBuffer, value: number): void;
}

/**
 * The encoder of a column's type, or null where only the server's text form will do (composites, types of extensions).
 * `arrayElementOid`: what the target's catalog says the column's elements are; needed for arrays only.
 */
export function encoderFor(type: ColumnType, arrayElementOid: number | null): ValueEncoder | null {
  switch (type.class) {
    case 'enum':
      return textEncoder;
    case 'array': {
      const element = type.element === null ? null : encoderFor(type.element, null);
      return element === null || arrayElementOid === null ? null : arrayEncoder(element, arrayElementOid);
    }
    case 'range': {
      const bound = type.element === null ? null : encoderFor(type.element, null);
      return bound === null ? null : rangeEncoder(bound);
    }
    case 'multirange': {
      const bound = type.element === null ? null : encoderFor(type.element, null);
      return bound === null ? null : multirangeEncoder(rangeEncoder(bound));
    }
    case 'composite':
      return null;
    default: {
      const known = Object.hasOwn(ENCODERS, type.baseName) ? ENCODERS[type.baseName] : null;
      return known?.classes.includes(type.class) ? known.encoder : null;
    }
  }
}

// ---------------------------------------------------------------------------------------------- numbers

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

function integerEncoder(byteCount: 2 | 4, minimum: number, maximum: number): ValueEncoder {
  const number = (out: CopyBuffer, value: number): void => {
    if (!(value >= minimum && value <= maximum) || !Number.isInteger(value)) unfit();
    out.reserve(8);
    out.int32(byteCount);
    if (byteCount === 2) out.int16(value);
    else out.int32(value); // wraps to the same bits for the unsigned types
  };
  return { number, text: (out, text) => number(out, parseIntegerText(text)) };
}

const bigintEncoder: ValueEncoder = {
  number(out, value) {
    if (!Number.isSafeInteger(value)) unfit();
    out.reserve(12);
    out.int32(8);
    out.int64(value);
  },
  text(out, text) {
    out.reserve(12);
    out.int32(8);
    if (text.length < 16) out.int64(parseIntegerText(text));
    else out.bigInt64(parseBigint(text));
  },
};

function parseIntegerText(text: string): number {
  const negative = text.charCodeAt(0) === 45;
  const from = negative ? 1 : 0;
  if (text.length === from || text.length > 16) unfit();
  let value = 0;
  for (let i = from; i < text.length; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) unfit();
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

function parseBigint(text: string): bigint {
  if (!/^-?\d+$/.test(text)) unfit();
  const value = BigInt(text);
  if (value < INT64_MIN || value > INT64_MAX) unfit();
  return value;
}

function floatEncoder(byteCount: 4 | 8): ValueEncoder {
  const number = (out: CopyBuffer, value: number): void => {
    out.reserve(12);
    out.int32(byteCount);
    if (byteCount === 4) out.float32(value);
    else out.float64(value);
  };
  return { number, text: (out, text) => number(out, parseFloatText(text)) };
}

function parseFloatText(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || (Number.isNaN(value) && text !== 'NaN')) unfit();
  return value;
}

const NUMERIC_POSITIVE = 0x0000,
  NUMERIC_NEGATIVE = 0x4000;
const NUMERIC_SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', 0xc000],
  ['Infinity', 0xd000],
  ['-Infinity', 0xf000],
]);
/** Below this, `value × 10^decimals` rounds to the same integer that `toFixed` shows, if it comes within ¼ of it. */
const EXACT_SCALED = 2 ** 50;
const POWERS_OF_TEN = Array.from({ length: 16 }, (_, i) => 10 ** i);

/** Base-10000 digits, most significant first, with a sign, the place of the first and the number of decimals shown. */
const numericEncoder: ValueEncoder = {
  text: writeNumericText,
  number(out, value, decimals) {
    if (decimals === undefined && !Number.isInteger(value)) {
      writeNumericText(out, String(value));
      return;
    }
    if (!writeScaledNumeric(out, value, decimals ?? 0))
      writeNumericText(out, decimals === undefined ? String(value) : value.toFixed(decimals));
  },
};

/** The quick way, without a text; false (and nothing written) where it would not be exact. */
function writeScaledNumeric(out: CopyBuffer, value: number, decimals: number): boolean {
  if (decimals > 15) return false;
  const exact = Math.abs(value) * POWERS_OF_TEN[decimals];
  const scaled = Math.round(exact);
  const padding = (4 - (decimals & 3)) & 3;
  let rest = scaled * POWERS_OF_TEN[padding];
  if (!(scaled < EXACT_SCALED) || rest > Number.MAX_SAFE_INTEGER || Math.abs(scaled - exact) >= 0.25) return false;

  let digitCount = 0;
  let trailingZeros = 0;
  while (rest > 0) {
    let quotient = Math.floor(rest / 10_000);
    let digit = rest - quotient * 10_000;
    if (digit < 0) {
      quotient -= 1;
      digit += 10_000;
    }
    // Zeros at the low end are not stored.
    if (digit !== 0 || digitCount > 0) scratchDigits[digitCount++] = digit;
    else trailingZeros += 1;
    rest = quotient;
  }
  const weight = digitCount + trailingZeros - 1 - (decimals + padding) / 4;
  writeNumericHeader(out, digitCount, digitCount === 0 ? 0 : weight, value < 0, decimals);
  for (let i = digitCount - 1; i >= 0; i -= 1) out.int16(scratchDigits[i]);
  return true;
}

/** Grows to the longest numeric seen: 16,383 decimals and 131,072 places before them at most. */
const scratchDigits: number[] = [];

function writeNumericText(out: CopyBuffer, text: string): void {
  // A figure is no key of the map: the look-up is only for the rare words.
  const special = text.charCodeAt(text.length - 1) > 57 ? NUMERIC_SPECIAL.get(text) : undefined;
  if (special !== undefined) {
    out.reserve(12);
    out.int32(8);
    out.int16(0);
    out.int16(0);
    out.int16(special);
    out.int16(0);
    return;
  }
  const plain = /e/i.test(text) ? expandExponent(text) : text;
  const negative = plain.charCodeAt(0) === 45;
  let start = negative || plain.charCodeAt(0) === 43 ? 1 : 0;
  const dot = plain.indexOf('.', start);
  const wholeEnd = dot < 0 ? plain.length : dot;
  const decimals = dot < 0 ? 0 : plain.length - dot - 1;
  if (wholeEnd - start + decimals === 0) unfit();
  while (start < wholeEnd && plain.charCodeAt(start) === 48) start += 1;

  const wholeGroups = Math.ceil((wholeEnd - start) / 4);
  const groupCount = wholeGroups + Math.ceil(decimals / 4);
  let first = -1;
  let last = -1;
  for (let group = 0; group < groupCount; group += 1) {
    // Whole groups end at the dot, groups of decimals begin after it and are filled with zeros.
    const from = group < wholeGroups ? wholeEnd - (wholeGroups - group) * 4 : dot + 1 + (group - wholeGroups) * 4;
    let digit = 0;
    for (let i = from; i < from + 4; i += 1) {
      const inside = group < wholeGroups ? i >= start : i < plain.length;
      const value = inside ? plain.charCodeAt(i) - 48 : 0;
      if (value < 0 || value > 9) unfit();
      digit = digit * 10 + value;
    }
    scratchDigits[group] = digit;
    if (digit !== 0) {
      if (first < 0) first = group;
      last = group;
    }
  }
  const digitCount = first < 0 ? 0 : last - first + 1;
  writeNumericHeader(out, digitCount, first < 0 ? 0 : wholeGroups - 1 - first, negative, decimals);
  for (let group = first; group <= last && first >= 0; group += 1) out.int16(scratchDigits[group]);
}

function writeNumericHeader(
  out: CopyBuffer,
  digitCount: number,
  weight: number,
  negative: boolean,
  decimals: number,
): void {
  out.reserve(12 + digitCount * 2);
  out.int32(8 + digitCount * 2);
  out.int16(digitCount);
  out.int16(weight);
  out.int16(negative ? NUMERIC_NEGATIVE : NUMERIC_POSITIVE);
  out.int16(decimals);
}

/** `1.5e+21` → `1500000000000000000000`. */
function expandExponent(text: string): string {
  const found = /^([+-]?)(\d*)(?:\.(\d*))?e([+-]?\d{1,5})$/i.exec(text);
  if (found === null) unfit();
  const [, sign, whole, fraction = '', exponentText] = found;
  const exponent = Number(exponentText);
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Cents; the sessions that read and write run under `lc_monetary = C` (`-$1,234.56`). */
const moneyEncoder: ValueEncoder = {
  text(out, text) {
    const found = /^(-?)\$?(\d{1,3}(?:,?\d{3})*|\d+)(?:\.(\d{1,2}))?$/.exec(text);
    if (found === null) unfit();
    const cents = BigInt(found[2].replaceAll(',', '') + (found[3] ?? '').padEnd(2, '0'));
    out.reserve(12);
    out.int32(8);
    out.bigInt64(parseBigint(String(found[1] === '-' ? -cents : cents)));
  },
};

const TRUTH: ReadonlyMap<string, number> = new Map([
  ['t', 1],
  ['true', 1],
  ['1', 1],
  ['f', 0],
  ['false', 0],
  ['0', 0],
]);

const booleanEncoder: ValueEncoder = {
  number(out, value) {
    if (value !== 0 && value !== 1) unfit();
    out.reserve(5);
    out.int32(1);
    out.byte(value);
  },
  text(out, text) {
    const value = TRUTH.get(text) ?? unfit();
    out.reserve(5);
    out.int32(1);
    out.byte(value);
  },
};

// ---------------------------------------------------------------------------------------------- texts and bytes

const textEncoder: ValueEncoder = {
  text(out, text) {
    const start = out.beginLength();
    out.utf8(text);
    out.endLength(start);
  },
};

/** `jsonb` and `jsonpath`: a version byte, then the text. */
const versionedTextEncoder: ValueEncoder = {
  text(out, text) {
    const start = out.beginLength();
    out.reserve(1);
    out.byte(1);
    out.utf8(text);
    out.endLength(start);
  },
};

const bytesEncoder: ValueEncoder = {
  text(out, text) {
    if (!text.startsWith('\\x') || text.length % 2 !== 0) unfit();
    writeHex(out, text.slice(2));
  },
};

const uuidEncoder: ValueEncoder = {
  text(out, text) {
    const hex = text.replaceAll('-', '');
    if (hex.length !== 32) unfit();
    writeHex(out, hex);
  },
};

function macEncoder(byteCount: 6 | 8): ValueEncoder {
  return {
    text(out, text) {
      const hex = text.replaceAll(':', '');
      if (hex.length !== byteCount * 2) unfit();
      writeHex(out, hex);
    },
  };
}

function writeHex(out: CopyBuffer, hex: string): void {
  const byteCount = hex.length / 2;
  out.reserve(4 + byteCount);
  out.int32(byteCount);
  // Stops at the first character that is no hex digit.
  if (out.bytes.write(hex, out.length, 'hex') !== byteCount) unfit();
  out.length += byteCount;
}

const bitsEncoder: ValueEncoder = {
  text(out, text) {
    const byteCount = Math.ceil(text.length / 8);
    out.reserve(8 + byteCount);
    out.int32(4 + byteCount);
    out.int32(text.length);
    for (let i = 0; i < byteCount; i += 1) {
      const bits = text.slice(i * 8, i * 8 + 8);
      if (!/^[01]+$/.test(bits)) unfit();
      out.byte(Number.parseInt(bits.padEnd(8, '0'), 2));
    }
  },
};

const FAMILY_IPV4 = 2,
  FAMILY_IPV6 = 3;

function networkEncoder(isCidr: 0 | 1): ValueEncoder {
  return {
    text(out, text) {
      const { address, bits } = parseNetwork(text);
      out.reserve(8 + address.length);
      out.int32(4 + address.length);
      out.byte(address.length === 4 ? FAMILY_IPV4 : FAMILY_IPV6);
      out.byte(bits);
      out.byte(isCidr);
      out.byte(address.length);
      out.raw(address);
    },
  };
}

// ---------------------------------------------------------------------------------------------- dates and times

/** Days from 1970-01-01, where our forms begin, to 2000-01-01, where the server's do. */
const EPOCH_2000_DAYS = 10_957;
const DAY_MICROS = 86_400_000_000;
const EPOCH_2000_MICROS = EPOCH_2000_DAYS * DAY_MICROS;
/** Beyond so many days (some 280 years from 2000), microseconds leave the exact integers. */
const EXACT_DAYS = 100_000;
const INT32_MIN = -(2 ** 31),
  INT32_MAX = 2 ** 31 - 1;

const reader = new DateTimeReader();

const dateEncoder: ValueEncoder = {
  text(out, text) {
    reader.readDateTime(text);
    out.reserve(8);
    out.int32(4);
    if (reader.infinite === 0) out.int32(reader.days - EPOCH_2000_DAYS);
    else out.int32(reader.infinite > 0 ? INT32_MAX : INT32_MIN);
  },
  epochDays(out, value) {
    const days = value - EPOCH_2000_DAYS;
    if (!Number.isInteger(days) || days < INT32_MIN || days > INT32_MAX) unfit();
    out.reserve(8);
    out.int32(4);
    out.int32(days);
  },
  epochMicros(out, value) {
    dateEncoder.epochDays?.(out, Math.floor(value / DAY_MICROS));
  },
};

function timestampEncoder(withZone: boolean): ValueEncoder {
  return {
    text(out, text) {
      reader.readDateTime(text);
      out.reserve(12);
      out.int32(8);
      if (reader.infinite !== 0) {
        out.bigInt64(reader.infinite > 0 ? INT64_MAX : INT64_MIN);
        return;
      }
      // Like the server's own input, a timestamp without time zone ignores an offset.
      const ofDay = reader.micros - (withZone ? reader.offset * 1_000_000 : 0);
      const days = reader.days - EPOCH_2000_DAYS;
      if (Math.abs(days) < EXACT_DAYS) out.int64(days * DAY_MICROS + ofDay);
      else out.bigInt64(BigInt(days) * BigInt(DAY_MICROS) + BigInt(ofDay));
    },
    epochMicros(out, value) {
      if (!Number.isInteger(value)) unfit();
      out.reserve(12);
      out.int32(8);
      out.int64(value - EPOCH_2000_MICROS);
    },
    epochDays(out, value) {
      out.reserve(12);
      out.int32(8);
      out.int64((value - EPOCH_2000_DAYS) * DAY_MICROS);
    },
  };
}

const timeEncoder: ValueEncoder = {
  text(out, text) {
    reader.readTime(text);
    out.reserve(12);
    out.int32(8);
    out.int64(reader.micros);
  },
};

const timeWithZoneEncoder: ValueEncoder = {
  text(out, text) {
    reader.readTime(text);
    out.reserve(16);
    out.int32(12);
    out.int64(reader.micros);
    out.int32(-reader.offset); // seconds west of UTC
  },
};

const intervalEncoder: ValueEncoder = {
  text(out, text) {
    const { months, days, micros } = parseInterval(text);
    out.reserve(20);
    out.int32(16);
    out.bigInt64(micros);
    out.int32(days);
    out.int32(months);
  },
};

// ---------------------------------------------------------------------------------------------- containers

function arrayEncoder(element: ValueEncoder, elementOid: number): ValueEncoder {
  return {
    text(out, text) {
      const { dimensions, elements } = parseArray(text);
      const start = out.beginLength();
      out.reserve(12 + dimensions.length * 8);
      out.int32(dimensions.length);
      out.int32(elements.includes(null) ? 1 : 0);
      out.int32(elementOid);
      for (const { length, lowerBound } of dimensions) {
        out.int32(length);
        out.int32(lowerBound);
      }
      for (const value of elements) writeNullable(out, element, value);
      out.endLength(start);
    },
  };
}

function writeNullable(out: CopyBuffer, encoder: ValueEncoder, value: string | null): void {
  if (value !== null) {
    encoder.text(out, value);
    return;
  }
  out.reserve(4);
  out.int32(-1);
}

const RANGE_EMPTY = 1,
  LOWER_INCLUSIVE = 2,
  UPPER_INCLUSIVE = 4,
  LOWER_INFINITE = 8,
  UPPER_INFINITE = 16;

function rangeEncoder(bound: ValueEncoder): ValueEncoder {
  return {
    text(out, text) {
      const range = parseRange(text);
      const start = out.beginLength();
      out.reserve(1);
      out.byte(
        range.empty
          ? RANGE_EMPTY
          : (range.lowerInclusive ? LOWER_INCLUSIVE : 0) |
              (range.upperInclusive ? UPPER_INCLUSIVE : 0) |
              (range.lower === null ? LOWER_INFINITE : 0) |
              (range.upper === null ? UPPER_INFINITE : 0),
      );
      if (range.lower !== null) bound.text(out, range.lower);
      if (range.upper !== null) bound.text(out, range.upper);
      out.endLength(start);
    },
  };
}

function multirangeEncoder(range: ValueEncoder): ValueEncoder {
  return {
    text(out, text) {
      const ranges = parseMultirange(text);
      const start = out.beginLength();
      out.reserve(4);
      out.int32(ranges.length);
      for (const value of ranges) range.text(out, value);
      out.endLength(start);
    },
  };
}

// ---------------------------------------------------------------------------------------------- by type

/** By catalog name; the class keeps a user's own type of the same name (an enum called `date`) apart. */
const ENCODERS: Readonly<Record<string, { readonly encoder: ValueEncoder; readonly classes: readonly TypeClass[] }>> = {
  int2: { encoder: integerEncoder(2, -32_768, 32_767), classes: ['integer'] },
  int4: { encoder: integerEncoder(4, INT32_MIN, INT32_MAX), classes: ['integer'] },
  int8: { encoder: bigintEncoder, classes: ['integer'] },
  oid: { encoder: integerEncoder(4, 0, 2 ** 32 - 1), classes: ['integer', 'other'] },
  float4: { encoder: floatEncoder(4), classes: ['float'] },
  float8: { encoder: floatEncoder(8), classes: ['float'] },
  numeric: { encoder: numericEncoder, classes: ['decimal'] },
  money: { encoder: moneyEncoder, classes: ['money'] },
  bool: { encoder: booleanEncoder, classes: ['boolean'] },
  text: { encoder: textEncoder, classes: ['text'] },
  varchar: { encoder: textEncoder, classes: ['text'] },
  bpchar: { encoder: textEncoder, classes: ['text'] },
  name: { encoder: textEncoder, classes: ['text', 'other'] },
  citext: { encoder: textEncoder, classes: ['text'] },
  json: { encoder: textEncoder, classes: ['json'] },
  xml: { encoder: textEncoder, classes: ['text', 'other'] },
  jsonb: { encoder: versionedTextEncoder, classes: ['json'] },
  jsonpath: { encoder: versionedTextEncoder, classes: ['json', 'other'] },
  bytea: { encoder: bytesEncoder, classes: ['bytes'] },
  uuid: { encoder: uuidEncoder, classes: ['uuid'] },
  date: { encoder: dateEncoder, classes: ['date'] },
  timestamp: { encoder: timestampEncoder(false), classes: ['timestamp'] },
  timestamptz: { encoder: timestampEncoder(true), classes: ['timestamptz'] },
  time: { encoder: timeEncoder, classes: ['time'] },
  timetz: { encoder: timeWithZoneEncoder, classes: ['timetz'] },
  interval: { encoder: intervalEncoder, classes: ['interval'] },
  inet: { encoder: networkEncoder(0), classes: ['network'] },
  cidr: { encoder: networkEncoder(1), classes: ['network'] },
  macaddr: { encoder: macEncoder(6), classes: ['network'] },
  macaddr8: { encoder: macEncoder(8), classes: ['network'] },
  bit: { encoder: bitsEncoder, classes: ['bit'] },
  varbit: { encoder: bitsEncoder, classes: ['bit'] },
};
