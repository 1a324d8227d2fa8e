/** Moves dates and timestamps by whole days, in every form that a value has on its way to or from a server. */
import type { ColumnVector } from './rows.ts';

const DAY_MICROS = 86_400_000_000;
/** The date within the server's text of a moment, or of the bounds or items of a range or an array. */
const DATE = /(\d{4,})-(\d\d)-(\d\d)((?:[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d(?::\d\d)?|Z)?)?)( BC)?/g;

/** `text` with every date in it `days` later; times of day, infinities and all else stay as they are. */
export function shiftedText(text: string, days: number): string {
  return text.replace(DATE, (_all, year: string, month: string, day: string, clock: string, era?: string) => {
    const date = new Date(0);
    date.setUTCFullYear(era === undefined ? Number(year) : 1 - Number(year), Number(month) - 1, Number(day) + days);
    const moved = date.getUTCFullYear();
    const two = (part: number): string => String(part).padStart(2, '0');
    const shown = String(moved > 0 ? moved : 1 - moved).padStart(4, '0');
    return `${shown}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}${clock}${moved > 0 ? '' : ' BC'}`;
  });
}

/** Moves a column of moments in place. */
export function shiftVector(vector: ColumnVector, days: number): void {
  switch (vector.form) {
    case 'epoch-days':
      for (let i = 0; i < vector.values.length; i++) vector.values[i] += days;
      return;
    case 'epoch-micros':
      for (let i = 0; i < vector.values.length; i++) vector.values[i] += days * DAY_MICROS;
      return;
    case 'text':
      for (const [i, value] of vector.values.entries()) if (value !== null) vector.values[i] = shiftedText(value, days);
      return;
    default:
      return;
  }
}
