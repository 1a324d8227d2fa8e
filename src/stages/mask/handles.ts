/** E-mail addresses and user names, made of the row's names in the forms that the column's have. */
import { permuteIndex, streamKey } from '../../numeric/random.ts';
import type { DomainLength, ValueShape } from './artifact.ts';
import { asciiForm, NO_LETTERS } from './ascii-form.ts';
import { pick } from './draw.ts';
import type { Identity } from './identity.ts';
import { localeIndex } from './locale-data.ts';
import { cut, uniqueShort } from './site.ts';
import type { Maker, Site } from './site.ts';
import { uniqueDigits } from './unique-mark.ts';

const DEFAULT_FORMS: readonly ValueShape[] = [{ pattern: '{first}.{last}', weight: 1 }];
const DEFAULT_USER_FORMS: readonly ValueShape[] = [
  { pattern: '{first}.{last}', weight: 0.5 },
  { pattern: '{f}{last}', weight: 0.3 },
  { pattern: '{first}99', weight: 0.2 },
];

export function userName(site: Site): Maker {
  const write = handleWriter(site, site.style.handles ?? DEFAULT_USER_FORMS);
  return (who, row) => {
    const text = write(who, row, site.room);
    return text ?? (site.style.unique ? uniqueShort(site, row) : cut(asciiForm(who.firstName), site.room));
  };
}

/** `mary.smith@example.org`: made of the row's name, at a domain that can never receive mail, as long as real ones are. */
export function email(site: Site): Maker {
  const write = handleWriter(site, site.style.handles ?? DEFAULT_FORMS);
  const domains = domainChooser(site);
  return (who, row) => {
    const domain = domains(who, row);
    for (const at of [domain, 'x.test']) {
      const local = write(who, row, site.room - at.length - 1);
      if (local !== null) return `${local}@${at}`;
    }
    return uniqueShort(site, row);
  };
}

// ---------------------------------------------------------------------------------------------- in front of the @

/** Writes a handle of at most `room` characters, or null where there is no room for one. */
type HandleWriter = (who: Identity, row: number, room: number) => string | null;

/**
 * A unique column's handles differ by construction. Those that hold both names, with a sign between them, do so since
 * no two rows of a locale have the same two names (`Identity`, `distinct`), and in later rounds by the round's number.
 * All others end in four or more digits that only their row has.
 */
function handleWriter(site: Site, forms: readonly ValueShape[]): HandleWriter {
  const choose = weighted(forms);
  const dressed = dresser(site);
  return (who, row, room) => {
    const { pattern } = choose(site.draws.seek(row).next());
    const handle = render(pattern, who, () => site.draws.nextInteger(10));
    if (!site.style.unique) return room < 1 ? null : dressed(cut(handle, room));
    const round = who.round === 0 ? '' : String(who.round + 1);
    const isTold = NAMES_TELL.test(pattern) && round.length < 4 && isHome(site, who) && hasLetters(who);
    if (isTold && handle.length + round.length <= room) return dressed(handle + round);
    const digits = uniqueDigits(site.key, row);
    if (digits.length > room) return null;
    return dressed(cut(handle.replace(/\d+$/, ''), room - digits.length) + digits);
  };
}

const NAMES_TELL = /^\{first\}[._-]\{last\}$/;

/** Rows of another locale draw from other names, some of which are the same. */
function isHome(site: Site, who: Identity): boolean {
  return who.locale.name === site.style.locale;
}

function hasLetters(who: Identity): boolean {
  return asciiForm(who.firstName) !== NO_LETTERS && asciiForm(who.lastName) !== NO_LETTERS;
}

function render(pattern: string, who: Identity, digit: () => number): string {
  return pattern.replace(/\{first\}|\{last\}|\{f\}|\{l\}|9/g, (part) => {
    if (part === '9') return String(digit());
    const name = asciiForm(part[1] === 'f' ? who.firstName : who.lastName);
    return part.length === 3 ? name[0] : name;
  });
}

function dresser(site: Site): (handle: string) => string {
  switch (site.style.letterCase) {
    case 'upper':
      return (handle) => handle.toUpperCase();
    case 'title':
      return (handle) => handle.replace(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());
    default:
      return (handle) => handle;
  }
}

function weighted<T extends { readonly weight: number }>(list: readonly T[]): (uniform: number) => T {
  const total = list.reduce((sum, { weight }) => sum + weight, 0);
  return (uniform) => {
    let rest = uniform * total;
    return list.find(({ weight }) => (rest -= weight) < 0) ?? list[list.length - 1];
  };
}

// ---------------------------------------------------------------------------------------------- behind it

/** RFC 2606: domains that can never receive mail. */
const DOMAINS = ['example.com', 'example.org', 'example.net'];
const OTHER_DOMAINS = ['mail.example', 'post.example', 'web.example'];

/** A domain of a learned length under a top level that is reserved: shared by many rows, or the row's own. */
function domainChooser(site: Site): (who: Identity, row: number) => string {
  const isTaken = site.style.reservedInUse === true;
  const learned = site.style.domains ?? [];
  if (learned.length === 0) {
    const fixed = isTaken ? OTHER_DOMAINS : DOMAINS;
    return (_who, row) => pick(fixed, site.draws.seek(row, DOMAIN_DRAW).next());
  }
  const choose = weighted(learned.map((domain, place) => ({ ...domain, place })));
  return (who, row) => {
    const draws = site.draws.seek(row, DOMAIN_DRAW);
    const domain = choose(draws.next());
    const number = domain.shared ? domain.place : learned.length + draws.nextInteger(2 ** 20);
    return reservedDomain(domain, number * LOCALE_ROOM + localeIndex(who.locale.name), isTaken);
  };
}

/** A draw of a row that the handle before it does not reach: it has up to 4 digits to draw. */
const DOMAIN_DRAW = 16;
/** More than there are locales, so that each has its own domains. */
const LOCALE_ROOM = 128;
const WORDS = streamKey(0, 'mask', 'domains');
const CONSONANTS = 'bcdfghjklmnprstvwz';
const VOWELS = 'aeiou';

/** The word of that number, of consonants and vowels in turn, so long that with the top level it has the length. */
function reservedDomain({ length }: DomainLength, number: number, isTaken: boolean): string {
  const top = isTaken ? '.invalid' : length >= 13 ? '.example' : '.test';
  const size = Math.max(1, length - top.length);
  const alphabets = Array.from({ length: size }, (_, i) => (i % 2 === 0 ? CONSONANTS : VOWELS));
  const capacity = Math.min(
    1e15,
    alphabets.reduce((product, { length: letters }) => product * letters, 1),
  );
  let rest = permuteIndex(WORDS, number % capacity, capacity);
  let word = '';
  for (const alphabet of alphabets) {
    word += alphabet[rest % alphabet.length];
    rest = Math.floor(rest / alphabet.length);
  }
  return word + top;
}
