/** Numbers as hidden rules compute and compare them. */
import { parseTimestamp } from '../../../model/encoders/scalar.ts';

export const DAY_MICROS = 86_400_000_000;

/** A number, or a moment as microseconds. */
export interface Measured {
  readonly value: number;
  readonly isDate: boolean;
}

export function measured(text: string | null): Measured | null {
  if (text === null) return null;
  const moment = parseTimestamp(text);
  if (moment !== null) return { value: moment, isDate: !text.includes(':') };
  const value = Number(text.replace(/[$,]/g, ''));
  return Number.isNaN(value) ? null : { value, isDate: false };
}
