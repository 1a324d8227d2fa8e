import { UnderstudyError } from '../../kernel/errors.ts';
import { permuteIndex } from '../../numeric/random.ts';
import type { StreamKey } from '../../numeric/random.ts';

/** Rows that have marks of 4, 5, … characters: 36⁴ = 1.7 million, then 60 million more, … */
const SHORTEST_MARK = 4;

/**
 * A short text that no other row number has, whatever the case it is written in: `k3f9`. The first 36⁴ rows have 4
 * characters, the next 36⁵ five, in an order that the key scrambles. Nothing is remembered.
 * **Domain** row: integer in [0, 36⁹).
 */
export function uniqueMark(key: StreamKey, row: number): string {
  let length = SHORTEST_MARK;
  let size = 36 ** length;
  let index = row;
  while (index >= size) {
    index -= size;
    length++;
    size = 36 ** length;
  }
  return permuteIndex(key, index, size).toString(36).padStart(length, '0');
}

/** Digits that no other row number has: four for the first 10⁴ rows, five for the next 10⁵, … */
export function uniqueDigits(key: StreamKey, row: number): string {
  let length = SHORTEST_MARK;
  let index = row;
  while (index >= 10 ** length) index -= 10 ** length++;
  return String(permuteIndex(key, index, 10 ** length)).padStart(length, '0');
}

/** The place of a row among `capacity` values, each taken once. Throws `GENERATE_CAPACITY` when they run out. */
export function uniqueNumber(key: StreamKey, row: number, capacity: number, object: string): number {
  const bound = Math.min(Math.floor(capacity), 1e15);
  if (row >= bound) {
    throw new UnderstudyError(
      'GENERATE_CAPACITY',
      `${object} is unique, but its form allows only ${bound} values, and more rows are asked for.`,
      {
        hint: 'Lower --scale, or widen the column.',
        data: { object, capacity: bound },
      },
    );
  }
  return permuteIndex(key, row, bound);
}
