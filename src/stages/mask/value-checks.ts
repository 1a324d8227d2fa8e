import { isIP } from 'node:net';
import type { ValueCheck } from '../../../rules/pack.ts';
import { luhnSum, mod97 } from '../../numeric/check-digits.ts';

/** Whether a value has the form; pure, never throws. */
export const VALUE_CHECKS: Readonly<Record<ValueCheck, (value: string) => boolean>> = {
  email: isEmail,
  phone: isPhone,
  'card-number': isCardNumber,
  iban: isIban,
  'ip-address': isIpAddress,
  'mac-address': (value) =>
    /^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(value) ||
    /^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(value),
  'password-hash': isPasswordHash,
  token: isToken,
  url: (value) => /^https?:\/\/[^\s/]+\.[^\s]+$/i.test(value),
  'birth-date': isBirthDate,
};

/** A whole value that parses as one address: RFC 5321 lengths, a dotted domain. Angle-bracket forms count. */
export function isEmail(value: string): boolean {
  const bare = /<([^<>]+)>\s*$/.exec(value)?.[1] ?? value.trim();
  if (bare.length > 254) return false;
  const at = bare.lastIndexOf('@');
  if (at < 1 || at > 64) return false;
  return (
    /^[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]+$/u.test(bare.slice(0, at)) &&
    /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}[\p{L}\p{N}-]*$/u.test(bare.slice(at + 1))
  );
}

/**
 * A phone number by shape: 7 to 15 digits (E.164) and what people write between them, perhaps an extension. Plain
 * digits count only with a leading + or 0, as long integers are mostly keys; dates, ISBNs and IP addresses do not.
 */
export function isPhone(value: string): boolean {
  const bare = value.trim().replace(/\s*(?:x|ext\.?|extension|#)\s*\d{1,6}$/i, '');
  if (!/^\+?[\d\s()./-]+$/.test(bare) || /[./\s-]{3,}/.test(bare)) return false;
  const digits = bare.replace(/\D/g, '');
  if (digits.length < 7 || digits.length > 15) return false;
  if (/^\d{4}([-/.])\d{1,2}\1\d{1,2}/.test(bare) || /^\d{1,2}([-/.])\d{1,2}\1\d{4}$/.test(bare)) return false;
  if (/^97[89]/.test(digits) && digits.length === 13) return false;
  if (isIP(bare) !== 0 || /^-?\d+\.\d+$/.test(bare)) return false;
  return /^\+|^0\d/.test(bare) || /[\s()/.-]/.test(bare);
}

/** 13 to 19 digits of a card issuer's range that pass Luhn's sum. */
export function isCardNumber(value: string): boolean {
  if (!/^\d[\d -]{11,22}\d$/.test(value.trim())) return false;
  const digits = value.replace(/\D/g, '');
  return (
    digits.length >= 13 &&
    digits.length <= 19 &&
    /^[2-6]/.test(digits) &&
    !/^(\d)\1+$/.test(digits) &&
    luhnSum(digits) % 10 === 0
  );
}

/** ISO 13616: country, two check digits, up to 30 more; rearranged it leaves 1 modulo 97. */
export function isIban(value: string): boolean {
  const bare = value.replace(/\s/g, '').toUpperCase();
  return /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(bare) && mod97(bare.slice(4) + bare.slice(0, 4)) === 1;
}

function isIpAddress(value: string): boolean {
  return isIP(value.trim().replace(/\/\d{1,3}$/, '')) !== 0;
}

/** Formats of crypt(3), Argon2, PBKDF2, Django, LDAP; a bare digest is not told from a checksum by its value. */
function isPasswordHash(value: string): boolean {
  return (
    /^\$(?:2[abxy]|1|5|6|7|y|gy|argon2(?:id|i|d)|scrypt|pbkdf2[\w-]*)\$.{8,}/.test(value) ||
    /^(?:pbkdf2|scrypt|bcrypt|argon2)[\w:]*\$.{8,}/.test(value) ||
    /^\{(?:S?SHA\d*|S?MD5|CRYPT)\}.{8,}/i.test(value) ||
    value.startsWith('SCRAM-SHA-256$')
  );
}

/** Secrets with a known mark: JSON web tokens, keys of well-known services, PEM blocks. A UUID is no token. */
function isToken(value: string): boolean {
  return (
    /^eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*$/.test(value) ||
    /^(?:sk|pk|rk)_(?:live|test)_\w{10,}$/.test(value) ||
    /^gh[pousr]_\w{30,}$/.test(value) ||
    /^(?:xox[abpr]-|AKIA|AIza|glpat-|SG\.)[\w.-]{12,}$/.test(value) ||
    /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(value)
  );
}

/** A day, ISO or with a time, whose year a living person can have been born in. */
function isBirthDate(value: string): boolean {
  const year = Number(/^(\d{4})-\d{2}-\d{2}/.exec(value)?.[1] ?? /\b(\d{4})$/.exec(value)?.[1] ?? Number.NaN);
  return year >= 1880 && year <= 2100;
}

/** Whether a longer text holds an e-mail address, a phone number in international form, or an IBAN somewhere. */
export function holdsIdentifier(text: string): boolean {
  return (
    /[\p{L}\p{N}._%+-]@[\p{L}\p{N}-]+\.\p{L}{2,}/u.test(text) ||
    /(?:^|[^\w.])\+\d{1,3}[\s().-]*\d[\d\s().-]{6,13}\d/.test(text) ||
    (/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}/.exec(text)?.some((part) => isIban(part)) ?? false)
  );
}
