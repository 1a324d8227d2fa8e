/** Codes whose digits check each other: which sum a column's codes keep, and the digit that makes a new one keep it. */

import { luhnSum, mod97, weightedSum } from '../../numeric/check-digits.ts';

export type Checksum = (typeof CHECKSUMS)[number]['name'];

interface Rule {
  /** Fewest and most characters, without signs. */
  readonly lengths: readonly [number, number];
  readonly holds: (code: string) => boolean;
  /** Places that may be written over to make it hold, from the end or the front, and what may stand there. */
  readonly places: readonly number[];
}

/**
 * **Source** Luhn: ISO/IEC 7812-1; EAN, UPC, GTIN: GS1 General Specifications 7.9; ISBN-10: ISO 2108:1992;
 * IBAN and other codes whose third and fourth character check the rest: ISO 13616, ISO/IEC 7064 mod 97-10.
 */
const CHECKSUMS = [
  {
    name: 'ean',
    lengths: [8, 14],
    holds: (code: string) => weightedSum(code, (i) => (i % 2 === 0 ? 1 : 3)) % 10 === 0,
    places: [-1],
  },
  { name: 'luhn', lengths: [8, 19], holds: (code: string) => luhnSum(code) % 10 === 0, places: [-1] },
  {
    name: 'isbn10',
    lengths: [10, 10],
    holds: (code: string) => weightedSum(code, (i) => i + 1) % 11 === 0,
    places: [-1],
  },
  {
    name: 'iban',
    lengths: [15, 34],
    holds: (code: string) => mod97(code.slice(4) + code.slice(0, 4)) === 1,
    places: [2, 3],
  },
] as const satisfies readonly (Rule & { readonly name: string })[];

/** Chance must not have made all of them hold: one in ten does, one after the other. */
const MIN_CODES = 12;

/** The sum that all codes keep, or null. Signs between their characters do not count. */
export function checksumOf(codes: readonly string[]): Checksum | null {
  if (codes.length < MIN_CODES || new Set(codes).size < MIN_CODES) return null;
  const bare = codes.map(withoutSigns);
  const found = CHECKSUMS.find(({ name, lengths, holds }) =>
    bare.every(
      (code) => code.length >= lengths[0] && code.length <= lengths[1] && ALPHABETS[name].test(code) && holds(code),
    ),
  );
  return found?.name ?? null;
}

/** The code with its checking digits set right; as it is where no digits make it right. */
export function withChecksum(code: string, checksum: Checksum): string {
  const { holds, places } = CHECKSUMS.find(({ name }) => name === checksum)!;
  const at = [...code].flatMap((character, i) => (/[\p{L}\d]/u.test(character) ? [i] : []));
  const checking = places.map((place: number) => at.at(place)!);
  // Two check digits run from 02 to 98; a single one is any.
  for (let number = checking.length === 2 ? 98 : 9; number >= 0; number--) {
    const digits = String(number).padStart(checking.length, '0');
    const made = [...code];
    checking.forEach((place, i) => (made[place] = digits[i]));
    const text = made.join('');
    if (holds(withoutSigns(text))) return text;
  }
  return code;
}

const ALPHABETS: Readonly<Record<string, RegExp>> = {
  ean: /^\d+$/,
  luhn: /^\d+$/,
  isbn10: /^\d+$/,
  iban: /^[A-Z]{2}\d\d[A-Z\d]+$/,
};

function withoutSigns(code: string): string {
  return code.replace(/[^\p{L}\d]/gu, '').toUpperCase();
}
