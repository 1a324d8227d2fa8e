/** Values that lie on a line, as numbers and back: how each type class is parsed and written. */

import type { Cell, CellForm } from './encoder.ts';

export interface ScalarCodec {
  readonly form: CellForm;
  /** The value on the line; null where it has no finite place there (`infinity`, `NaN`, beyond 2⁵³). */
  parse(text: string): number | null;
  /** Back to a cell of `form`. `decimals`: of the column's own lattice. */
  format(value: number, decimals: number): Cell;
}

const DAY_MICROS = 86_400_000_000;

const plain: ScalarCodec = {
  form: 'number',
  parse: (text) => finite(Number(text)),
  format: (value) => value,
};

const money: ScalarCodec = {
  form: 'text',
  parse: (text) => finite(Number(text.replace(/[^0-9.-]/g, '')) * (text.startsWith('(') ? -1 : 1)),
  format: (value, decimals) => value.toFixed(decimals),
};

const date: ScalarCodec = {
  form: 'epoch-days',
  parse: (text) => {
    const micros = parseTimestamp(text);
    return micros === null ? null : Math.floor(micros / DAY_MICROS);
  },
  format: (value) => Math.round(value),
};

const timestamp: ScalarCodec = {
  form: 'epoch-micros',
  parse: parseTimestamp,
  format: (value) => Math.round(value),
};

const timeOfDay: ScalarCodec = {
  form: 'text',
  parse: parseTime,
  format: (value) => formatTime(Math.round(value)),
};

/** Months count as 30 days and years as 360: the order that PostgreSQL itself uses to compare intervals. */
const interval: ScalarCodec = {
  form: 'text',
  parse: parseInterval,
  format: (value) => {
    const micros = Math.round(value);
    const days = Math.trunc(micros / DAY_MICROS);
    const rest = micros - days * DAY_MICROS;
    return [days === 0 ? '' : counted(days, 'day'), rest === 0 && days !== 0 ? '' : signedTime(rest)]
      .filter((part) => part !== '')
      .join(' ');
  },
};

/** Intervals without days: hours go on beyond 24. */
const clockInterval: ScalarCodec = {
  form: 'text',
  parse: parseInterval,
  format: (value) => signedTime(Math.round(value)),
};

/** Intervals of whole months; in months. */
const monthInterval: ScalarCodec = {
  form: 'text',
  parse: (text) => {
    const micros = parseInterval(text);
    return micros === null ? null : Math.round(micros / (30 * DAY_MICROS));
  },
  format: (value) => {
    const months = Math.round(value);
    const [years, rest] = [Math.trunc(months / 12), months % 12];
    const parts = [years === 0 ? '' : counted(years, 'year'), rest === 0 ? '' : counted(rest, 'mon')];
    return months === 0 ? '00:00:00' : parts.filter((part) => part !== '').join(' ');
  },
};

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function signedTime(micros: number): string {
  return `${micros < 0 ? '-' : ''}${formatTime(Math.abs(micros))}`;
}

/** Which of the interval codecs writes such values as the server prints them. */
export function intervalClass(values: readonly (string | null)[]): string {
  const present = values.filter((value) => value !== null && value !== '00:00:00');
  if (present.length > 0 && present.every((value) => /^(?:[+-]?\d+ (?:year|mon)s? ?)+$/.test(value!)))
    return 'interval-months';
  return present.some((value) => /day|mon|year/.test(value!)) ? 'interval' : 'interval-clock';
}

/** Numbers beyond 2⁵³, as text: exact to 16 digits, the others are zeros. */
const wideInteger: ScalarCodec = {
  form: 'text',
  parse: (text) => finite(Number(text)),
  format: (value) => String(clamp(BigInt(Math.round(value)))),
};

const wideDecimal: ScalarCodec = {
  form: 'text',
  parse: (text) => finite(Number(text)),
  format: (value, decimals) =>
    Math.abs(value) < 2 ** 53 / 10 ** decimals ? value.toFixed(decimals) : String(BigInt(Math.round(value))),
};

function clamp(value: bigint): bigint {
  const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
  return value < least ? least : value > most ? most : value;
}

/** The codec of a type class, or null for classes whose values have no line. */
export function scalarCodec(typeClass: string): ScalarCodec | null {
  switch (typeClass) {
    case 'integer':
    case 'decimal':
    case 'float':
      return plain;
    case 'money':
      return money;
    case 'date':
      return date;
    case 'timestamp':
    case 'timestamptz':
      return timestamp;
    case 'time':
      return timeOfDay;
    case 'interval':
      return interval;
    case 'interval-clock':
      return clockInterval;
    case 'interval-months':
      return monthInterval;
    case 'wide-integer':
      return wideInteger;
    case 'wide-decimal':
      return wideDecimal;
    default:
      return null;
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Microseconds since 1970 of `YYYY-MM-DD[ HH:MM:SS[.ffffff]][+00][ BC]`; null for infinities. */
export function parseTimestamp(text: string): number | null {
  const match = /^(\d{4,})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(\.\d+)?)?(?:[+-]\d\d(?::\d\d)?|Z)?( BC)?$/.exec(
    text,
  );
  if (match === null) return null;
  const year = match[8] === undefined ? Number(match[1]) : 1 - Number(match[1]);
  const day = new Date(0);
  day.setUTCFullYear(year, Number(match[2]) - 1, Number(match[3]));
  const seconds = match[4] === undefined ? 0 : Number(match[4]) * 3600 + Number(match[5]) * 60 + Number(match[6]);
  return day.getTime() * 1000 + seconds * 1e6 + Math.round(Number(match[7] ?? 0) * 1e6);
}

function parseTime(text: string): number | null {
  const match = /^(\d\d):(\d\d):(\d\d)(\.\d+)?/.exec(text);
  if (match === null) return null;
  return (
    (Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])) * 1e6 + Math.round(Number(match[4] ?? 0) * 1e6)
  );
}

function formatTime(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  const two = (n: number): string => String(n).padStart(2, '0');
  const fraction = String(micros - seconds * 1e6)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === '' ? clock : `${clock}.${fraction}`;
}

const INTERVAL_UNIT_MICROS: Readonly<Record<string, number>> = {
  year: 360 * DAY_MICROS,
  mon: 30 * DAY_MICROS,
  day: DAY_MICROS,
};

/** PostgreSQL's own interval output: `1 year 2 mons -3 days 04:05:06.789`. */
function parseInterval(text: string): number | null {
  let total = 0;
  let matched = false;
  for (const part of text.matchAll(/([+-]?\d+) (year|mon|day)s?/g)) {
    total += Number(part[1]) * INTERVAL_UNIT_MICROS[part[2]];
    matched = true;
  }
  const clock = /([+-]?)(\d+):(\d\d):(\d\d)(\.\d+)?$/.exec(text);
  if (clock !== null) {
    const micros =
      (Number(clock[2]) * 3600 + Number(clock[3]) * 60 + Number(clock[4])) * 1e6 +
      Math.round(Number(clock[5] ?? 0) * 1e6);
    total += clock[1] === '-' ? -micros : micros;
    matched = true;
  }
  return matched ? finite(total) : null;
}
