import type { ColumnClassification } from '../mask/artifact.ts';

/**
 * Classes of values that name a person, or grant access, by themselves: not one of the source's may be in the target.
 * Values of one class are compared across all tables.
 */
export type IdentifierClass =
  | 'e-mail'
  | 'phone'
  | 'user name'
  | 'document'
  | 'account'
  | 'token'
  | 'password'
  | 'address on the network'
  | 'profile';

/** Parts of a person that say little alone and much together. */
export type PersonAspect =
  | 'first name'
  | 'last name'
  | 'name'
  | 'birth date'
  | 'street'
  | 'city'
  | 'postal code'
  | 'title';

const IDENTIFIERS: readonly (readonly [RegExp, IdentifierClass])[] = [
  [/e-?mail/, 'e-mail'],
  [/phone|mobile|fax/, 'phone'],
  [/user-?name|login/, 'user name'],
  [/national-id|document|passport|licen[cs]e|tax|ssn/, 'document'],
  [/iban|card-number|account/, 'account'],
  [/password/, 'password'],
  [/token|secret|api-key|session/, 'token'],
  [/internet\.(ip|mac)/, 'address on the network'],
  [/profile-url/, 'profile'],
];

const ASPECTS: readonly (readonly [RegExp, PersonAspect])[] = [
  [/person\.first-name/, 'first name'],
  [/person\.last-name/, 'last name'],
  [/person\.(full-name|name)$/, 'name'],
  [/birth-date/, 'birth date'],
  [/location\.street$/, 'street'],
  [/location\.city/, 'city'],
  [/location\.postal-code/, 'postal code'],
  [/person\.(title|job-title)/, 'title'],
];

export function identifierClass(classification: ColumnClassification | null): IdentifierClass | null {
  return match(IDENTIFIERS, classification);
}

export function personAspect(classification: ColumnClassification | null): PersonAspect | null {
  return match(ASPECTS, classification);
}

function match<T>(patterns: readonly (readonly [RegExp, T])[], classification: ColumnClassification | null): T | null {
  const detector = classification?.detector ?? null;
  if (detector === null || classification?.sensitivity === 'none') return null;
  return patterns.find(([pattern]) => pattern.test(detector))?.[1] ?? null;
}

/** Shorter values identify nobody. */
const MIN_LENGTH = 4;

const NOT_ASCII = /[^\x20-\x7e]/;

/** The form in which values are compared: without case, width, accents' encoding and punctuation that means nothing; null = nothing to compare. */
export function normalise(kind: IdentifierClass | PersonAspect, value: string | null): string | null {
  if (value === null) return null;
  const folded = (NOT_ASCII.test(value) ? value.normalize('NFKC') : value).toLowerCase().trim();
  switch (kind) {
    case 'phone':
    case 'document':
    case 'account':
      return atLeast(folded.replaceAll(/[^\p{L}\p{N}]/gu, ''), MIN_LENGTH);
    case 'birth date':
      return atLeast(folded.slice(0, 10), MIN_LENGTH);
    case 'first name':
    case 'last name':
    case 'name':
    case 'street':
    case 'city':
    case 'postal code':
    case 'title':
      return atLeast(folded.replace(/\s\s+|[^\S ]/g, ' '), 1);
    default:
      return atLeast(folded.replace(/\s\s+|[^\S ]/g, ' '), MIN_LENGTH);
  }
}

function atLeast(text: string, length: number): string | null {
  return text.length < length ? null : text;
}

/** Every e-mail address in a text. */
export function emailsIn(text: string): string[] {
  return text.includes('@') ? (text.toLowerCase().match(/[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}/gu) ?? []) : [];
}
