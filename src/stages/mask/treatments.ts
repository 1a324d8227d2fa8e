import { createHmac } from 'node:crypto';
import type { ColumnFacts } from '../../../connectors/connector.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import { isNullAt, textAt } from '../../kernel/rows.ts';
import type { ColumnVector } from '../../kernel/rows.ts';
import { RandomCursor } from '../../numeric/random.ts';
import type { StreamKey } from '../../numeric/random.ts';
import type { TreatmentOptions } from './artifact.ts';

/** All NULL. */
export function nulled(rowCount: number): ColumnVector {
  return { form: 'text', values: Array.from({ length: rowCount }, () => null) };
}

/** The same neutral value wherever there is one. */
export function redacted(vector: ColumnVector, rowCount: number, column: ColumnFacts): ColumnVector {
  const neutral = neutralText(column);
  return { form: 'text', values: Array.from({ length: rowCount }, (_, i) => (isNullAt(vector, i) ? null : neutral)) };
}

/** A value of the type that says nothing. */
export function neutralText(column: ColumnFacts): string {
  const { type } = column;
  switch (type.class) {
    case 'bytes':
      return '\\x';
    case 'json':
    case 'array':
      return '{}';
    case 'integer':
    case 'decimal':
    case 'float':
    case 'money':
      return '0';
    case 'boolean':
      return 'f';
    case 'date':
      return '1970-01-01';
    case 'timestamp':
      return '1970-01-01 00:00:00';
    case 'timestamptz':
      return '1970-01-01 00:00:00+00';
    case 'uuid':
      return '00000000-0000-0000-0000-000000000000';
    case 'network':
      return type.baseName.startsWith('macaddr') ? '02:00:00:00:00:00' : '192.0.2.0';
    default:
      return 'REDACTED'.slice(0, type.maxLength ?? undefined);
  }
}

/** HMAC-SHA-256 of each value under the key, in the column's type and length: equal values stay equal, in every table. */
export function hashed(
  vector: ColumnVector,
  rowCount: number,
  column: ColumnFacts,
  key: string | Uint8Array,
): ColumnVector {
  const values = Array.from({ length: rowCount }, (_, i) => {
    const text = textAt(vector, i);
    return text === null ? null : asTyped(createHmac('sha256', key).update(text).digest('hex'), column);
  });
  return { form: 'text', values };
}

function asTyped(hex: string, column: ColumnFacts): string {
  const { type } = column;
  switch (type.class) {
    case 'uuid':
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    case 'bytes':
      return `\\x${hex}`;
    case 'integer':
      return String(
        Number.parseInt(hex.slice(0, 13), 16) %
          (type.byteSize === 2 ? 2 ** 15 : type.byteSize === 4 ? 2 ** 31 : 2 ** 52),
      );
    default:
      return hex.slice(0, type.maxLength ?? undefined);
  }
}

/** Days by which the dates of a row move: never 0. */
export type ShiftOf = (row: number) => number;

const DEFAULT_DAYS = 30;

/** Each row by its own number of days, 1 to `days` either way. */
export function rowShifts(key: StreamKey, firstRow: number, options: TreatmentOptions): ShiftOf {
  const days = options.days ?? DEFAULT_DAYS;
  const draws = new RandomCursor(key);
  return (row) => shiftOfDraw(draws.seek(firstRow + row).nextInteger(2 * days), days);
}

/** All rows of a subject by the same number of days, told from its key under the secret: in every table and run. */
export function subjectShifts(key: Uint8Array, options: TreatmentOptions, subjectOf: (row: number) => string): ShiftOf {
  const days = options.days ?? DEFAULT_DAYS;
  return (row) => {
    const draw = createHmac('sha256', key)
      .update(`shift ${subjectOf(row)}`)
      .digest()
      .readUIntBE(0, 6);
    return shiftOfDraw(draw % (2 * days), days);
  };
}

/** −days … −1, 1 … days. */
function shiftOfDraw(draw: number, days: number): number {
  return draw < days ? draw - days : draw - days + 1;
}

/** Moves each row's date by its days; the time of day stays. */
export function shifted(vector: ColumnVector, rowCount: number, shiftOf: ShiftOf): ColumnVector {
  if (vector.form === 'epoch-days' || vector.form === 'epoch-micros') {
    const unit = vector.form === 'epoch-days' ? 1 : 86_400e6;
    return { ...vector, values: vector.values.map((value, i) => value + shiftOf(i) * unit) };
  }
  return eachText(vector, rowCount, (text, i) => mapDay(text, (day) => day + shiftOf(i)));
}

/** Numbers down to a multiple of the width; dates to the first of their month, or to a multiple of `width` days. */
export function bucketed(
  vector: ColumnVector,
  rowCount: number,
  column: ColumnFacts,
  options: TreatmentOptions,
): ColumnVector {
  const isDate = ['date', 'timestamp', 'timestamptz'].includes(column.type.class);
  if (!isDate) {
    const width = options.width ?? 10;
    const down = (value: number): number => Math.floor(value / width) * width;
    if (vector.form === 'number') return { ...vector, values: vector.values.map(down) };
    return eachText(vector, rowCount, (text) => {
      const value = Number(text.replace(/[^\d.eE+-]/g, '')); // money has signs and commas
      return Number.isFinite(value) ? String(down(value)) : text;
    });
  }
  return eachText(vector, rowCount, (text) => {
    const day = options.width === undefined ? `${text.slice(0, 7)}-01` : null;
    const date = day ?? mapDay(text.slice(0, 10), (number) => Math.floor(number / options.width!) * options.width!);
    return column.type.class === 'date' ? date : `${date} 00:00:00${column.type.class === 'timestamptz' ? '+00' : ''}`;
  });
}

function eachText(vector: ColumnVector, rowCount: number, change: (text: string, i: number) => string): ColumnVector {
  return {
    form: 'text',
    values: Array.from({ length: rowCount }, (_, i) => {
      const text = textAt(vector, i);
      return text === null ? null : change(text, i);
    }),
  };
}

/** Changes the day of an ISO date or timestamp; `infinity` and years BC are left alone. */
function mapDay(text: string, change: (day: number) => number): string {
  const match = /^(\d{4}-\d{2}-\d{2})(.*)$/s.exec(text);
  if (match === null || text.endsWith('BC')) return text;
  const day = Date.parse(`${match[1]}T00:00:00Z`) / 86_400_000;
  return new Date(change(day) * 86_400_000).toISOString().slice(0, 10) + match[2];
}

export function missingKey(object: string, treatment: string): UnderstudyError {
  return new UnderstudyError(
    'MASK_KEY_MISSING',
    `${object} has the treatment ${treatment}, which works under a secret key, and none is set; nothing was written.`,
    {
      hint: 'Set mask.key to env:NAME or file:PATH, where a secret of at least 16 characters is, or treat the column as fake.',
      data: { object },
    },
  );
}
