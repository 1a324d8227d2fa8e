import type { ColumnType } from '../../../connectors/connector.ts';
import { luhnSum, mod97 } from '../../numeric/check-digits.ts';
import { RandomCursor, streamKey } from '../../numeric/random.ts';
import type { ColumnClassification, ValueShape, ValueStyle } from './artifact.ts';
import { asciiForm } from './ascii-form.ts';
import { email, userName } from './handles.ts';
import { between, pick } from './draw.ts';
import type { Identity } from './identity.ts';
import { fictionalPatterns, unassignedPattern } from './phone-range.ts';

import { cut, marked, named } from './site.ts';
import type { Maker, Site } from './site.ts';
import { uniqueNumber } from './unique-mark.ts';
import { compileShape, fillShape, fillShapeWith, shapeOfFakerFormat } from './value-shape.ts';
import type { ShapeFiller } from './value-shape.ts';

const DEFAULT_STYLE: ValueStyle = {
  letterCase: 'mixed',
  maxLength: null,
  distinctRate: 1,
  unique: false,
  locale: 'en',
};

/** 2026-01-01: ages are counted from a fixed day, so that the same run gives the same rows in every year. */
const TODAY = 20_454;

/**
 * The maker for a classified column. Values depend on the run's seed, the table, the column and the row number alone.
 * **Throws** `GENERATE_CAPACITY` (when called) where a unique column's form runs out of values.
 */
export function makerFor(entry: ColumnClassification, type: ColumnType, seed: number): Maker {
  const style = entry.style ?? DEFAULT_STYLE;
  const element = type.class === 'array' && type.element !== null ? type.element : type;
  const site: Site = {
    object: `${entry.table}.${entry.column}`,
    type: element,
    style,
    room: Math.min(style.maxLength ?? Infinity, element.maxLength ?? Infinity),
    key: streamKey(seed, entry.table, 'mask', 'column', entry.column),
    draws: new RandomCursor(streamKey(seed, entry.table, 'mask', 'column', entry.column)),
    today: TODAY,
  };
  const make = (MAKERS[entry.detector ?? ''] ?? writing)(site);
  const blankRate = style.unique || element.class !== 'text' ? 0 : (style.blankRate ?? 0);
  if (blankRate === 0) return make;
  const blanks = new RandomCursor(site.key, 1);
  return (who, row) => (blanks.seek(row).next() < blankRate ? '' : make(who, row));
}

const MAKERS: Readonly<Record<string, (site: Site) => Maker>> = {
  'person.first-name': (site) => named(site, (who) => who.firstName, '-'),
  'person.last-name': (site) => named(site, (who) => who.lastName, '-'),
  'person.full-name': (site) => named(site, fullName(site.room), ' '),
  'person.display-name': displayName,
  'person.username': userName,
  'person.title': (site) => named(site, (who) => who.title, ' '),
  'person.job-title': (site) => named(site, (who) => who.jobTitle(site.room), ' '),
  'person.gender': (site) => named(site, (who, row) => (site.draws.seek(row).next() < 0.5 ? 'female' : 'male'), ' '),
  'person.email': email,
  'person.phone': phone,
  'person.national-id': (site) => shaped(site, ['999-99-9999'], '00'),
  'health.insurance-number': (site) => shaped(site, ['A999999999', '9999999999'], '00'),
  'health.record-number': (site) => shaped(site, ['99999999'], '00'),
  'payment.wallet': (site) => secret(site, 'h{40}'),
  'secret.recovery': (site) => secret(site, 'x{12}'),
  'person.birth-date': birthDate,
  'organisation.name': (site) => named(site, company(site), ' '),
  'secret.password': (site) => secret(site, 'h{40}'),
  'secret.token': (site) => secret(site, 'x{32}'),
  'internet.ip': ipAddress,
  'internet.mac': macAddress,
  'internet.user-agent': userAgent,
  'internet.profile-url': profileUrl,
  'location.street': (site) => named(site, (who) => who.street(site.room), ' '),
  'location.street-2': (site) => formatted(site, (who) => who.locale.secondLines),
  'location.building-number': (site) =>
    named(
      site,
      (who) => (site.type.class === 'text' ? who.buildingNumber : who.buildingNumber.replace(/\D/g, '') || '1'),
      ' ',
    ),
  'location.city': (site) => named(site, (who) => who.city(site.room), ' '),
  'location.region': (site) => {
    const form = site.style.letterCase === 'upper' || site.room <= 4 ? 'code' : 'name';
    return named(site, (who) => who.region(form, site.room), ' ');
  },
  'location.postal-code': postcode,
  'location.country': (site) =>
    named(site, (who) => (site.room <= 3 ? 'US' : (who.locale.countryName ?? 'United States')), ' '),
  'location.free-form': (site) =>
    named(site, (who) => joined(who.city(site.room), who.region('name', site.room), site.room), ' '),
  'location.coordinate': (site) => (_who, row) =>
    (site.draws.seek(row).next() * 140 - 70).toFixed(Math.min(site.type.scale ?? 6, 6)),
  'payment.card-number': cardNumber,
  'payment.card-code': (site) => shaped(site, ['999'], ''),
  'person.phone-extension': (site) => shaped(site, ['9999'], ''),
  'payment.iban': bankAccount,
};

function joined(first: string, second: string, room: number): string {
  const whole = `${first}, ${second}`;
  return whole.length <= room && first !== second ? whole : first;
}

// ---------------------------------------------------------------------------------------------- names

function fullName(room: number): Maker {
  return (who) => {
    const whole = `${who.firstName} ${who.lastName}`;
    return whole.length <= room ? whole : `${who.firstName[0]}. ${who.lastName}`;
  };
}

/** What people call themselves: full names, first names, and short forms with a number. */
function displayName(site: Site): Maker {
  const whole = fullName(site.room);
  return named(
    site,
    (who, row) => {
      const kind = site.draws.seek(row).next();
      if (kind < 0.5) return whole(who, row);
      if (kind < 0.7) return who.firstName;
      return `${asciiForm(who.firstName)}${kind < 0.85 ? asciiForm(who.lastName)[0] : ''}${10 + site.draws.nextInteger(90)}`;
    },
    '-',
  );
}

function company(site: Site): Maker {
  return (who, row) => {
    const draws = site.draws.seek(row);
    const { lastNames, legalForms } = who.locale;
    const short = `${pick(lastNames, draws.next())} ${pick(legalForms, draws.next())}`;
    const long = `${pick(lastNames, draws.next())} & ${short}`;
    return draws.next() < 0.3 && long.length <= site.room ? long : short;
  };
}

function profileUrl(site: Site): Maker {
  const bare = { ...site, style: { ...site.style, letterCase: 'lower' as const } };
  const prefix = site.room >= 40 ? 'https://example.org/~' : 'https://x.test/';
  return marked(bare, (who) => `${prefix}${asciiForm(who.firstName)}-${asciiForm(who.lastName)}`, '-', '');
}

// ---------------------------------------------------------------------------------------------- numbers and forms

/** Values in the learned forms, else in a default one; the first digits are a prefix that is never issued. */
function shaped(site: Site, defaults: readonly string[], prefix: string): Maker {
  const shapes = chooser(site, defaults, prefix);
  return (_who, row) => numeral(site, filled(site, shapes(site.draws.seek(row).next()), row));
}

/** Picks a compiled form by weight; a unique column has one form, the roomiest, so that no two forms can meet. */
function chooser(site: Site, defaults: readonly string[], prefix = ''): (uniform: number) => ShapeFiller {
  const learned = site.style.shapes ?? [];
  const source: readonly ValueShape[] =
    learned.length > 0 ? learned : defaults.map((pattern) => ({ pattern, weight: 1 / defaults.length }));
  const compiled = source
    .map((shape) => ({ weight: shape.weight, filler: withDigits(compileShape(shape.pattern), prefix) }))
    .filter(({ filler }) => filler.literals.length <= Math.min(site.room, maxDigits(site.type)));
  if (compiled.length === 0) {
    const length = Math.max(1, Math.min(site.room, maxDigits(site.type), 12));
    compiled.push({ weight: 1, filler: withDigits(compileShape(`9{${length}}`), length >= 9 ? prefix : '') });
  }
  if (site.style.unique) {
    const widest = compiled.toSorted((a, b) => b.filler.capacity - a.filler.capacity)[0].filler;
    return () => widest;
  }
  const total = compiled.reduce((sum, { weight }) => sum + weight, 0);
  return (uniform) => {
    let rest = uniform * total;
    for (const { weight, filler } of compiled) {
      rest -= weight;
      if (rest < 0) return filler;
    }
    return compiled[compiled.length - 1].filler;
  };
}

/** Digits that always fit a number type; text has no limit here. */
function maxDigits(type: ColumnType): number {
  switch (type.class) {
    case 'integer':
      return type.byteSize === 2 ? 4 : type.byteSize === 4 ? 9 : 18;
    case 'decimal':
      return type.precision === null ? 15 : Math.max(1, type.precision - (type.scale ?? 0));
    case 'float':
      return type.byteSize === 4 ? 6 : 15;
    default:
      return Infinity;
  }
}

/** A number type takes digits only, without leading zeros. */
function numeral(site: Site, text: string): string {
  if (maxDigits(site.type) === Infinity) return text;
  return text.replace(/\D/g, '').replace(/^0+(?=\d)/, '') || '0';
}

/** A form whose digits, in order, follow a pattern (`#` free, a digit fixed, absent: free). */
function withDigits(filler: ShapeFiller, pattern: string): ShapeFiller {
  const literals = [...filler.literals];
  const alphabets = [...filler.alphabets];
  let digit = 0;
  for (let i = 0; i < literals.length; i++) {
    if (!isDigitPlace(alphabets[i])) continue;
    const fixed = pattern[digit++];
    if (fixed === undefined || fixed === '#') continue;
    literals[i] = fixed;
    alphabets[i] = '';
  }
  return {
    literals,
    alphabets,
    capacity: alphabets.reduce((product, alphabet) => product * (alphabet.length || 1), 1),
  };
}

function isDigitPlace(alphabet: string): boolean {
  return alphabet.endsWith('123456789');
}

/** Fills a form at random; a unique column puts the row's number into the free places. */
function filled(site: Site, filler: ShapeFiller, row: number): string {
  const next = (): number => site.draws.next();
  if (!site.style.unique) return fillShape(filler, next);
  const bound = Math.min(filler.capacity, 1e15);
  return fillShapeWith(filler, uniqueNumber(site.key, row, bound, site.object), bound, next);
}

/** In the column's learned forms; in the country's own where the row says that it is from elsewhere. Always fictional. */
function phone(site: Site): Maker {
  const { unique, locale: home } = site.style;
  const learned = (site.style.shapes ?? []).length > 0 || maxDigits(site.type) !== Infinity;
  const shapes = learned ? chooser(site, ['9999999999']) : null;
  const local = new Map<string, readonly ShapeFiller[]>();
  const fictional = new Map<ShapeFiller, Map<string, readonly ShapeFiller[]>>();
  const formsOf = (filler: ShapeFiller, locale: string): readonly ShapeFiller[] => {
    const byLocale = fictional.get(filler) ?? new Map<string, readonly ShapeFiller[]>();
    fictional.set(filler, byLocale);
    let forms = byLocale.get(locale);
    if (forms === undefined) {
      const count = filler.alphabets.filter(isDigitPlace).length;
      forms = (
        unique || site.style.reservedInUse === true ? [unassignedPattern(count)] : fictionalPatterns(locale, count)
      ).map((pattern) => withDigits(filler, pattern));
      byLocale.set(locale, forms);
    }
    return forms;
  };
  return (who, row) => {
    const draws = site.draws.seek(row);
    const { name, phones } = who.locale;
    let filler: ShapeFiller;
    if (shapes !== null && (unique || name === home)) filler = shapes(draws.next());
    else {
      let forms = local.get(name);
      if (forms === undefined) {
        const all = phones.map((format) => compileShape(format.replace(/[#!\d]/g, '9')));
        const fitting = all.filter((form) => form.literals.length <= Math.min(site.room, maxDigits(site.type)));
        forms =
          fitting.length > 0
            ? fitting
            : [compileShape(`9{${Math.max(1, Math.min(site.room, maxDigits(site.type), 10))}}`)];
        local.set(name, forms);
      }
      filler = unique ? forms[0] : pick(forms, draws.next());
    }
    return numeral(site, filled(site, pick(formsOf(filler, name), unique ? 0 : draws.next()), row));
  };
}

/** The country's own form where the row says its country, else the forms learned from the column. */
function postcode(site: Site): Maker {
  const learned = (site.style.shapes ?? []).length > 0;
  const shapes = learned || site.style.unique || maxDigits(site.type) !== Infinity ? chooser(site, ['99999']) : null;
  const home = site.style.locale;
  return (who, row) => {
    if (shapes !== null && (site.style.unique || who.locale.name === home)) {
      return numeral(site, filled(site, shapes(site.draws.seek(row).next()), row));
    }
    return numeral(site, who.postcode.slice(0, Math.min(site.room, maxDigits(site.type))));
  };
}

/** One of the locale's formats, filled. */
function formatted(site: Site, formats: (who: Identity) => readonly string[]): Maker {
  const compiled = new Map<string, ShapeFiller>();
  return named(
    site,
    (who, row) => {
      const draws = site.draws.seek(row);
      const format = pick(formats(who), draws.next());
      let filler = compiled.get(format);
      if (filler === undefined) {
        filler = compileShape(shapeOfFakerFormat(format));
        compiled.set(format, filler);
      }
      return fillShape(filler, () => draws.next())
        .replace(/(^|\D)0+(?=\d)/g, '$1')
        .trim();
    },
    ' ',
  );
}

/** A card of no issuer's account: the test range 4000 00, Luhn's digit right. 16 digits, spaced as the real ones are. */
function cardNumber(site: Site): Maker {
  const shape = site.style.shapes?.[0]?.pattern ?? '';
  const gap = shape.includes(' ') ? ' ' : shape.includes('-') ? '-' : '';
  return (_who, row) => {
    const draws = site.draws.seek(row);
    const body = site.style.unique ? uniqueNumber(site.key, row, 1e9, site.object) : draws.nextInteger(1e9);
    const digits = `400000${String(body).padStart(9, '0')}`;
    const whole = `${digits}${(10 - (luhnSum(`${digits}0`) % 10)) % 10}`;
    const shown = gap !== '' && site.room >= 19 ? whole.replace(/(\d{4})(?=\d)/g, `$1${gap}`) : whole;
    return numeral(site, shown.slice(0, Math.min(site.room, maxDigits(site.type))));
  };
}

/** An IBAN with right check digits at a bank whose code is all zeros; an account number for columns that hold no IBAN. */
function bankAccount(site: Site): Maker {
  const shapes = site.style.shapes ?? [];
  const isIban =
    shapes.length > 0 ? /^(?:AA99|x\{)/.test(shapes[0].pattern) : site.room >= 22 && maxDigits(site.type) === Infinity;
  if (!isIban || site.room < 22) return shaped(site, ['9999999999'], '00');
  const spaced = shapes[0]?.pattern.includes(' ') === true && site.room >= 27;
  return (_who, row) => {
    const draws = site.draws.seek(row);
    const account = site.style.unique ? uniqueNumber(site.key, row, 1e10, site.object) : draws.nextInteger(1e10);
    const body = `00000000${String(account).padStart(10, '0')}`;
    const whole = `DE${String(98 - mod97(`${body}DE00`)).padStart(2, '0')}${body}`;
    return spaced ? whole.replace(/(.{4})(?=.)/g, '$1 ') : whole;
  };
}

/** Random text in the learned form of a hash or token: nothing hashes to it, nobody can log in with it. */
function secret(site: Site, fallback: string): Maker {
  if (site.type.class === 'uuid') {
    const filler = compileShape('h{8}-h{4}-\\4h{3}-\\8h{3}-h{12}');
    return (_who, row) => {
      const draws = site.draws.seek(row);
      const next = (): number => draws.next();
      return site.style.unique
        ? fillShapeWith(filler, uniqueNumber(site.key, row, 1e15, site.object), 1e15, next)
        : fillShape(filler, next);
    };
  }
  if (site.type.class === 'bytes') {
    const filler = compileShape('\\\\\\xh{64}');
    return (_who, row) => {
      const draws = site.draws.seek(row);
      return fillShape(filler, () => draws.next());
    };
  }
  const size = Math.min(site.room, 40);
  return shaped(site, [size < 40 && fallback.startsWith('h') ? `h{${size}}` : size < 32 ? `x{${size}}` : fallback], '');
}

// ---------------------------------------------------------------------------------------------- network

/** RFC 3849: 2001:db8::/32 is for documentation. RFC 2544: 198.18.0.0/15 is for tests; unique columns go on in 10.0.0.0/8, which no public host has. */
function ipAddress(site: Site): Maker {
  return (_who, row) => {
    const draws = site.draws.seek(row);
    if (site.style.shapes?.[0]?.pattern.includes(':') === true) {
      const host = site.style.unique ? uniqueNumber(site.key, row, 2 ** 32, site.object) : draws.nextInteger(2 ** 32);
      return `2001:db8::${(1 + Math.floor(host / 2 ** 16)).toString(16)}:${(1 + (host % 65_535)).toString(16)}`;
    }
    if (!site.style.unique) return dotted(198 * 2 ** 24 + 18 * 2 ** 16 + draws.nextInteger(2 ** 17));
    return row < 2 ** 17
      ? dotted(198 * 2 ** 24 + 18 * 2 ** 16 + uniqueNumber(site.key, row, 2 ** 17, site.object))
      : dotted(10 * 2 ** 24 + uniqueNumber(site.key, row - 2 ** 17, 2 ** 24, site.object));
  };
}

function dotted(address: number): string {
  return `${Math.floor(address / 2 ** 24)}.${Math.floor(address / 2 ** 16) % 256}.${Math.floor(address / 256) % 256}.${address % 256}`;
}

/** A locally administered address (the bit 02 of the first byte): no maker's. */
function macAddress(site: Site): Maker {
  const separator = site.style.shapes?.[0]?.pattern.includes('-') === true ? '-' : site.room < 17 ? '' : ':';
  return (_who, row) => {
    const draws = site.draws.seek(row);
    const number = site.style.unique ? uniqueNumber(site.key, row, 2 ** 40, site.object) : draws.nextInteger(2 ** 40);
    // Eight bytes have ff:fe between the halves of six.
    const hex = number.toString(16).padStart(10, '0');
    const digits = site.type.baseName === 'macaddr8' ? `02${hex.slice(0, 4)}fffe${hex.slice(4)}` : `02${hex}`;
    const text = digits.replace(/(..)(?=.)/g, `$1${separator}`);
    return site.style.letterCase === 'upper' ? text.toUpperCase() : text;
  };
}

function userAgent(site: Site): Maker {
  return named(
    site,
    (_who, row) => {
      const draws = site.draws.seek(row);
      const version = 90 + draws.nextInteger(40);
      const system = pick(
        ['X11; Linux x86_64', 'Windows NT 10.0; Win64; x64', 'Macintosh; Intel Mac OS X 10_15_7'],
        draws.next(),
      );
      return draws.next() < 0.7
        ? `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`
        : `Mozilla/5.0 (${system}; rv:${version}.0) Gecko/20100101 Firefox/${version}.0`;
    },
    ' ',
  );
}

// ---------------------------------------------------------------------------------------------- dates and writing

/** By the learned quantiles; else adults of 18 to 80, as many of each age as a steady population roughly has. */
function birthDate(site: Site): Maker {
  const days = site.style.days;
  const isText = site.type.class === 'text';
  return (_who, row) => {
    const draws = site.draws.seek(row);
    const uniform = draws.next();
    const day =
      days === undefined ? site.today - Math.floor(365.25 * (18 + 62 * uniform ** 1.2)) - 1 : between(days, uniform);
    const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
    return isText || site.type.class === 'date' ? cut(date, site.room) : `${date} 00:00:00`;
  };
}

/** Sentences of words without meaning, as long as real texts are. */
function writing(site: Site): Maker {
  const lengths = site.style.lengths ?? [20, 40, 80, 160, 240];
  const paragraphs = site.style.html === true;
  const base: Maker = (who, row) => {
    const draws = site.draws.seek(row);
    const wrap = paragraphs ? 7 : 0;
    const target = Math.max(1, Math.min(between(lengths, draws.next()), site.room) - wrap);
    const text = sentences(who.locale.loremWords, target, () => draws.next());
    return paragraphs && target + wrap <= site.room ? `<p>${text}</p>` : text;
  };
  return named(site, base, ' ');
}

function sentences(words: readonly string[], target: number, next: () => number): string {
  let text = '';
  let isStart = true;
  let left = 0;
  while (text.length < target) {
    if (left === 0) {
      isStart = true;
      left = 5 + Math.floor(next() * 10);
    }
    const word = pick(words, next());
    text += (text === '' ? '' : ' ') + (isStart ? word[0].toUpperCase() + word.slice(1) : word);
    isStart = false;
    if (--left === 0) text += '.';
  }
  if (text.length <= target) return text;
  const short = text.slice(0, Math.max(1, target - 1)).replace(/[\s.]+$/, '');
  return target > 12 ? `${short}.` : short || text.slice(0, target);
}
