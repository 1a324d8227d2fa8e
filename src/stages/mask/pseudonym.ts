/**
 * Pseudonyms: values of the same form under a key, each value another, the same in every table and every database.
 *
 * What is replaced are digits and the letters A to Z; all else stands where it stood. A digit becomes a digit, a
 * letter a letter of the same case, so that equal forms stay equal forms, and values that differ in case alone get
 * pseudonyms that differ in case alone. Nothing but the key and the value itself has a say.
 */
import type { ColumnFacts } from '../../../connectors/connector.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import { textAt, type ColumnVector } from '../../kernel/rows.ts';
import type { TreatmentOptions } from './artifact.ts';
import { ff1Encrypt, NARROW } from './ff1.ts';

/** Below this many possible values of a form, trying all of them undoes a pseudonym (NIST SP 800-38G Rev. 1). */
export const SMALLEST_DOMAIN = 1e6;

const NO_TWEAK = new Uint8Array(0);

/** Which characters are replaced: `digits` leaves letters alone (`INV-2031` keeps its `INV`), `letters` digits. */
export type Alphabet = NonNullable<TreatmentOptions['alphabet']>;

/** A value without what is replaced, and the numerals of what is. */
interface Reading {
  /** One letter for each numeral: `d` digit, `l` letter, `h` hexadecimal digit. Values of one form are encrypted together. */
  readonly form: string;
  readonly numerals: readonly number[];
  /** The value again, from other numerals of the form. */
  write(numerals: readonly number[]): string;
}

/**
 * Pseudonyms of a column's values. NULL stays NULL, and so does a value without anything to replace.
 * Throws `MASK_PSEUDONYM_DOMAIN` where a value has letters beyond A to Z, or too few possible values beside it and
 * small domains were not accepted.
 */
export function pseudonyms(
  vector: ColumnVector,
  rowCount: number,
  column: ColumnFacts,
  key: Uint8Array,
  object: string,
  options: TreatmentOptions,
): ColumnVector {
  const values: (string | null)[] = Array.from({ length: rowCount }, (_, i) => textAt(vector, i));
  const made = pseudonymise(values, column, key, options);
  if (made.foreignCount > 0) throw outsideAlphabet(object, made.foreignCount);
  if (made.smallCount > 0 && options.accepted !== true) throw smallDomain(object, made.smallCount);
  return { form: 'text', values: made.values };
}

/** The same with what was found instead of errors: for values of any number, as a sample's. */
export function pseudonymise(
  values: readonly (string | null)[],
  column: ColumnFacts,
  key: Uint8Array,
  options: TreatmentOptions,
): { readonly values: (string | null)[]; readonly smallCount: number; readonly foreignCount: number } {
  const made = [...values];
  const groups = new Map<string, { rows: number[]; readings: Reading[] }>();
  let smallCount = 0;
  let foreignCount = 0;
  values.forEach((value, row) => {
    const reading = value === null ? null : read(value, column, options.alphabet ?? 'both');
    if (reading === 'foreign') foreignCount++;
    else if (reading !== null && reading.numerals.length > 0) {
      const group = groups.get(reading.form) ?? { rows: [], readings: [] };
      group.rows.push(row);
      group.readings.push(reading);
      groups.set(reading.form, group);
    }
  });
  for (const [form, { rows, readings }] of groups) {
    if (sizeOf(form) < SMALLEST_DOMAIN) smallCount += rows.length;
    permute(
      form,
      readings.map((reading) => reading.numerals),
      key,
    ).forEach((numerals, i) => {
      made[rows[i]] = readings[i].write(numerals);
    });
  }
  return { values: made, smallCount, foreignCount };
}

/** How many values have the form of this one; 1 where nothing is replaced, 0 where it cannot be. */
export function domainSize(value: string, column: ColumnFacts, alphabet: Alphabet): number {
  const reading = read(value, column, alphabet);
  return reading === 'foreign' ? 0 : sizeOf(reading.form);
}

function read(value: string, column: ColumnFacts, alphabet: Alphabet): Reading | 'foreign' {
  if (column.type.class === 'integer') return readInteger(value);
  if (column.type.class === 'uuid') return readUuid(value);
  return readText(value, alphabet);
}

function readText(value: string, alphabet: Alphabet): Reading | 'foreign' {
  if (/[^\P{L}A-Za-z]|[^\P{N}0-9]/u.test(value)) return 'foreign';
  const pattern = alphabet === 'digits' ? /[0-9]/ : alphabet === 'letters' ? /[A-Za-z]/ : /[0-9A-Za-z]/;
  const characters = [...value];
  const places = [...characters.keys()].filter((i) => pattern.test(characters[i]));
  const isDigit = places.map((i) => characters[i] <= '9');
  return {
    form: isDigit.map((digit) => (digit ? 'd' : 'l')).join(''),
    numerals: places.map((i, k) => (isDigit[k] ? Number(characters[i]) : (characters[i].charCodeAt(0) | 32) - 97)),
    write(numerals) {
      const made = [...characters];
      places.forEach((i, k) => {
        const isUpper = characters[i] >= 'A' && characters[i] <= 'Z';
        made[i] = isDigit[k] ? String(numerals[k]) : String.fromCharCode(numerals[k] + (isUpper ? 65 : 97));
      });
      return made.join('');
    },
  };
}

/** Digits of the numbers below a billion; above, whole ranges that the integer types end with. */
const BILLION = 1_000_000_000n;
const RANGES: readonly (readonly [bigint, bigint])[] = [
  [BILLION, 2n ** 31n],
  [2n ** 31n, 2n ** 53n],
  [2n ** 53n, 2n ** 63n],
];

/**
 * Numbers below a billion become such numbers, whatever they are stored in: a sequence has room above them, and a
 * reference of eight bytes meets its key of four. Negative numbers keep their sign.
 */
function readInteger(value: string): Reading {
  const isNegative = value.startsWith('-');
  const magnitude = BigInt(isNegative ? value.slice(1) : value);
  const signed = (text: string): string => (isNegative && text !== '0' ? `-${text}` : text);
  const range = RANGES.find(([low, high]) => magnitude >= low && magnitude < high);
  if (range === undefined) {
    return {
      form: 'd'.repeat(9),
      numerals: [...String(magnitude).padStart(9, '0')].map(Number),
      write: (numerals) => signed(String(Number(numerals.join('')))),
    };
  }
  const [low, high] = range;
  const form = `#${high - low}`;
  return {
    form,
    numerals: numeralsOf(magnitude - low, form),
    write: (numerals) => signed(String(rankOf(numerals, form) + low)),
  };
}

/** A UUID keeps its version and variant. */
function readUuid(value: string): Reading {
  const hex = value.replaceAll('-', '').toLowerCase();
  const open = Array.from(hex, (_, i) => i).filter((i) => i !== 12 && i !== 16);
  return {
    form: 'h'.repeat(30),
    numerals: open.map((i) => Number.parseInt(hex[i], 16)),
    write(numerals) {
      const made = [...hex];
      open.forEach((i, k) => (made[i] = numerals[k].toString(16)));
      const text = made.join('');
      return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
    },
  };
}

const RADIX: Readonly<Record<string, number>> = { d: 10, l: 26, h: 16 };

/** The number of values of a form; exact up to 2⁵³. */
function sizeOf(form: string): number {
  if (form.startsWith('#')) return Number(form.slice(1));
  return [...form].reduce((size, letter) => size * RADIX[letter], 1);
}

function exactSize(form: string): bigint {
  if (form.startsWith('#')) return BigInt(form.slice(1));
  return [...form].reduce((size, letter) => size * BigInt(RADIX[letter]), 1n);
}

/** A range has one numeral, its rank, kept in two as doubles hold 53 bits. */
const SPLIT = 2n ** 40n;

function numeralsOf(rank: bigint, form: string): number[] {
  if (form.startsWith('#')) return [Number(rank / SPLIT), Number(rank % SPLIT)];
  const numerals: number[] = [];
  let rest = rank;
  for (const letter of [...form].toReversed()) {
    const radix = BigInt(RADIX[letter]);
    numerals.push(Number(rest % radix));
    rest /= radix;
  }
  return numerals.toReversed();
}

function rankOf(numerals: readonly number[], form: string): bigint {
  if (form.startsWith('#')) return BigInt(numerals[0]) * SPLIT + BigInt(numerals[1]);
  return numerals.reduce((rank, numeral, i) => rank * BigInt(RADIX[form[i]]) + BigInt(numeral), 0n);
}

/** A keyed permutation of all values of a form. */
function permute(form: string, values: readonly (readonly number[])[], key: Uint8Array): number[][] {
  const radix = RADIX[form[0]];
  const u = Math.floor(form.length / 2);
  const v = form.length - u;
  const isUniform = !form.startsWith('#') && [...form].every((letter) => letter === form[0]);
  if (!isUniform || form.length < 2 || radix ** form.length < 100 || radix ** v > NARROW) {
    return walk(form, values, key);
  }
  const spell = (numerals: readonly number[]): number => numerals.reduce((sum, numeral) => sum * radix + numeral, 0);
  const made = ff1Encrypt(key, NO_TWEAK, radix, form.length, {
    left: values.map((numerals) => spell(numerals.slice(0, u))),
    right: values.map((numerals) => spell(numerals.slice(u))),
  });
  return made.left.map((left, i) => [...digitsOf(left, radix, u), ...digitsOf(made.right[i], radix, v)]);
}

function digitsOf(value: number, radix: number, length: number): number[] {
  const digits = Array.from({ length }, () => 0);
  for (let i = length - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / radix)) digits[i] = rest % radix;
  return digits;
}

/**
 * Forms that are long, short or whose numerals differ in base, as ranks in bits: what falls outside the form is encrypted again until it falls
 * inside, which permutes the form (cycle walking; Black and Rogaway, 2002), in the mean after less than two steps (tiny forms need more).
 */
function walk(form: string, values: readonly (readonly number[])[], key: Uint8Array): number[][] {
  const size = exactSize(form);
  const bits = Math.max(7, (size - 1n).toString(2).length);
  const low = BigInt(bits - Math.floor(bits / 2));
  const ranks = values.map((numerals) => rankOf(numerals, form));
  let open = [...ranks.keys()];
  while (open.length > 0) {
    const made = encryptRanks(
      open.map((i) => ranks[i]),
      bits,
      low,
      key,
    );
    open.forEach((i, k) => (ranks[i] = made[k]));
    open = open.filter((i) => ranks[i] >= size);
  }
  return ranks.map((rank) => numeralsOf(rank, form));
}

function encryptRanks(ranks: readonly bigint[], bits: number, low: bigint, key: Uint8Array): bigint[] {
  const mask = (1n << low) - 1n;
  const made = ff1Encrypt(key, NO_TWEAK, 2, bits, {
    left: ranks.map((rank) => rank >> low),
    right: ranks.map((rank) => rank & mask),
  });
  return made.left.map((value, i) => (value << low) | made.right[i]);
}

function smallDomain(object: string, count: number): UnderstudyError {
  return new UnderstudyError(
    'MASK_PSEUDONYM_DOMAIN',
    `${count} values of ${object} have a form of fewer than a million possible values, so trying them all would undo their pseudonyms; the run stops before anything is published.`,
    { hint: 'Treat the column as fake or hash, or give its rule an accept: reason.', data: { object } },
  );
}

function outsideAlphabet(object: string, count: number): UnderstudyError {
  return new UnderstudyError(
    'MASK_PSEUDONYM_DOMAIN',
    `${count} values of ${object} have letters or digits beyond A to Z and 0 to 9, which a pseudonym would leave as they are; the run stops before anything is published.`,
    { hint: 'Treat the column as fake or hash.', data: { object } },
  );
}
