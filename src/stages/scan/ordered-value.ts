import type { TypeClass } from '../../../connectors/connector.ts';

/**
 * The place of a value on its type's line, from the server's text under ISO dates and UTC: numbers as they are, dates
 * in days and timestamps in seconds since 1970, times in seconds since midnight. NULL and what cannot be read: NaN.
 */
export function parseOrdered(typeClass: TypeClass, text: string | null): number {
  if (text === null) return NaN;
  switch (typeClass) {
    case 'money':
      return Number(text.replaceAll(/[^0-9.eE+-]/g, ''));
    case 'date':
      return infinite(text) ?? dayOf(text);
    case 'timestamp':
    case 'timestamptz':
      return infinite(text) ?? secondOf(text);
    case 'time':
    case 'timetz':
      return secondsOfDay(text, 0) - zoneSeconds(text, 8);
    default:
      return infinite(text) ?? Number(text);
  }
}

/** Far beyond every real value, yet finite, so that differences stay numbers. */
const FAR = 1e300;

function infinite(text: string): number | null {
  if (text === 'infinity' || text === 'Infinity') return FAR;
  if (text === '-infinity' || text === '-Infinity') return -FAR;
  return null;
}

function dayOf(text: string): number {
  const first = text.indexOf('-', 1);
  const shownYear = Number(text.slice(0, first));
  const year = text.endsWith('BC') ? 1 - shownYear : shownYear;
  const month = Number(text.slice(first + 1, first + 3));
  const day = Number(text.slice(first + 4, first + 6));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC would read the years 0–99 as 1900–1999
  return date.getTime() / 86_400_000;
}

function secondOf(text: string): number {
  const space = text.indexOf(' ');
  if (space < 0) return dayOf(text) * 86_400;
  return dayOf(text) * 86_400 + secondsOfDay(text, space + 1) - zoneSeconds(text, space + 9);
}

/** `HH:MM:SS[.ffffff]` at a position. */
function secondsOfDay(text: string, at: number): number {
  let end = at + 8;
  if (text[end] === '.') {
    end++;
    while (end < text.length && text[end] >= '0' && text[end] <= '9') end++;
  }
  return (
    Number(text.slice(at, at + 2)) * 3600 + Number(text.slice(at + 3, at + 5)) * 60 + Number(text.slice(at + 6, end))
  );
}

/** Offset east of UTC, of a `+HH[:MM[:SS]]` anywhere after a position; 0 where there is none. */
function zoneSeconds(text: string, from: number): number {
  const match = /([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?/.exec(text.slice(from));
  if (match === null) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  return match[1] === '-' ? -seconds : seconds;
}
