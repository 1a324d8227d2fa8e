import { describe, expect, it } from 'vitest';
import { parseTimestamp, scalarCodec } from '../../../../src/model/encoders/scalar.ts';

const HOUR = 3600e6;
const DAY = 24 * HOUR;

describe('values on a line', () => {
  it.each([
    ['interval', '1 day', DAY],
    ['interval', '1 year 2 mons -3 days 04:05:06.789', (360 + 60 - 3) * DAY + 4 * HOUR + 5 * 60e6 + 6.789e6],
    ['interval', '-1 days +02:00:00', -DAY + 2 * HOUR],
    ['interval', '-00:00:01', -1e6],
    ['interval', '100:00:00', 100 * HOUR],
    ['time', '23:59:59.5', 24 * HOUR - 0.5e6],
    ['money', '-$1,234.50', -1234.5],
    ['money', '($5.00)', -5],
    ['date', '1970-01-02', 1],
    ['date', '0001-12-31 BC', -719_163],
    ['decimal', '1e3', 1000],
  ])('read a %s: %s', (typeClass, text, value) => {
    expect(scalarCodec(typeClass)!.parse(text)).toBe(value);
  });

  it.each([
    ['date', 'infinity'],
    ['timestamp', '-infinity'],
    ['decimal', 'NaN'],
    ['float', 'Infinity'],
    ['interval', ''],
  ])('have no place for a %s: %s', (typeClass, text) => {
    expect(scalarCodec(typeClass)!.parse(text)).toBeNull();
  });

  it('come back as they were: intervals, times', () => {
    const interval = scalarCodec('interval')!;
    for (const micros of [0, -1e6, 26 * HOUR, -26 * HOUR, 4.25e6, 400 * DAY])
      expect(interval.parse(interval.format(micros, 0) as string)).toBe(micros);
    const time = scalarCodec('time')!;
    for (const text of ['00:00:00', '08:30:00', '23:59:59.123456'])
      expect(time.format(time.parse(text)!, 0)).toBe(text);
  });

  it('count microseconds from 1970, through leap days and eras', () => {
    expect(parseTimestamp('2024-02-29 12:34:56.789012+00')).toBe(Date.UTC(2024, 1, 29, 12, 34, 56) * 1000 + 789_012);
    expect(parseTimestamp('1969-12-31 23:59:59.999999')).toBe(-1);
    expect(parseTimestamp('10000-01-01')).toBe(Date.UTC(10_000, 0, 1) * 1000);
    expect(parseTimestamp('not a date')).toBeNull();
  });
});
