import { permuteIndex, RandomCursor, streamKey } from '../../numeric/random.ts';
import type { StreamKey } from '../../numeric/random.ts';
import { between, pick } from './draw.ts';
import { localeData, referencedWords } from './locale-data.ts';
import type { LocaleData, LocaleName, Template } from './locale-data.ts';
import { namePools } from './name-pool.ts';
import type { NamePool } from './name-pool.ts';
import { compileShape, fillShape, shapeOfFakerFormat } from './value-shape.ts';
import type { ShapeFiller } from './value-shape.ts';

export type Sex = 'female' | 'male';

/** One stream of draws per attribute: a value never depends on which other columns the table has. */
const STREAM = {
  sex: 0,
  firstName: 1,
  lastName: 2,
  city: 3,
  state: 4,
  postcode: 5,
  street: 6,
  building: 7,
  title: 8,
  job: 9,
  middle: 10,
} as const;

/** How the names of one kind are drawn. */
export interface NameHabit {
  /** Share that no dictionary holds. */
  readonly madeRate: number;
  /** Quantiles of lengths in characters; null: whatever comes. */
  readonly lengths: readonly number[] | null;
}

export interface NameHabits {
  readonly first: NameHabit;
  readonly last: NameHabit;
  /** No two rows of a locale have the same two names, as long as there are pairs; then `round` tells them apart. */
  readonly distinct: boolean;
}

const ANY_NAME: NameHabit = { madeRate: 0, lengths: null };
export const ANY_NAMES: NameHabits = { first: ANY_NAME, last: ANY_NAME, distinct: false };

/**
 * The person (and their address) of one row, the same for all columns of a group: name, e-mail and user name agree,
 * and so do city, region and postal code as far as faker's data tie them. Attributes are made when asked for; each is
 * a function of (seed, table, group, row), the locale and the sex.
 */
export class Identity {
  readonly #cursors: readonly RandomCursor[];
  readonly #key: StreamKey;
  readonly #habits: NameHabits;
  #row = 0;
  #locale: LocaleData;
  #sex: Sex = 'female';
  #firstName = '';
  #lastName = '';
  #round = 0;
  #stateIndex = -1;
  /** Draw that the city is made from, where a postal code tells it; null: the row's own. */
  #postcodeDraw: number | null = null;

  constructor(seed: number, table: string, group: string, locale: LocaleName, habits: NameHabits = ANY_NAMES) {
    this.#key = streamKey(seed, table, 'mask', group);
    this.#habits = habits;
    this.#cursors = Object.values(STREAM).map((stream) => new RandomCursor(this.#key, stream));
    this.#locale = localeData(locale);
  }

  /** Goes to a row. `sex` is what the row itself says, or null. */
  seek(row: number, locale: LocaleName, sex: Sex | null): void {
    this.#row = row;
    if (this.#locale.name !== locale) this.#locale = localeData(locale);
    this.#sex = sex ?? (this.#draw(STREAM.sex) < 0.5 ? 'female' : 'male');
    this.#firstName = '';
    this.#lastName = '';
    this.#stateIndex = -1;
    this.#postcodeDraw = null;
  }

  /** The row's postal code is made: who shares it lives in the same city. */
  livesAt(postcode: string): void {
    let draw = 0x811c9dc5;
    for (let i = 0; i < postcode.length; i++) draw = Math.imul(draw ^ postcode.charCodeAt(i), 0x01000193) >>> 0;
    this.#postcodeDraw = draw;
  }

  get locale(): LocaleData {
    return this.#locale;
  }

  get firstName(): string {
    if (this.#firstName === '') this.#nameIt();
    return this.#firstName;
  }

  get lastName(): string {
    if (this.#lastName === '') this.#nameIt();
    return this.#lastName;
  }

  /** How many rows before this one may have had the same two names. */
  get round(): number {
    if (this.#lastName === '') this.#nameIt();
    return this.#round;
  }

  #nameIt(): void {
    const pools = namePools(this.#locale);
    const first = this.#candidates(STREAM.firstName, pools[this.#sex], this.#habits.first);
    const last = this.#candidates(STREAM.lastName, pools.last, this.#habits.last);
    if (!this.#habits.distinct) {
      this.#firstName = pick(first.names, first.uniform);
      this.#lastName = pick(last.names, last.uniform);
      return;
    }
    const pairCount = first.names.length * last.names.length;
    const place = permuteIndex(this.#key, this.#row % pairCount, pairCount);
    this.#round = Math.floor(this.#row / pairCount);
    this.#firstName = first.names[Math.floor(place / last.names.length)];
    this.#lastName = last.names[place % last.names.length];
  }

  /** The names of the row's sort and length, and a number to pick one by. */
  #candidates(stream: number, pool: NamePool, habit: NameHabit): { names: readonly string[]; uniform: number } {
    const cursor = this.#cursors[stream].seek(this.#row);
    const uniform = cursor.next();
    const isMade = habit.madeRate > 0 && cursor.next() < habit.madeRate;
    const length = habit.lengths === null ? null : between(habit.lengths, cursor.next());
    return { names: pool.names(isMade, length), uniform };
  }

  get title(): string {
    return pick(this.#locale.titles[this.#sex], this.#draw(STREAM.title));
  }

  /** One of `attempts` tries, the first that is short enough; else the last, cut. */
  city(maxLength: number): string {
    const draw = this.#postcodeDraw ?? this.#row;
    return this.#fitting(STREAM.city, draw, maxLength, (next) => this.#render(pick(this.#locale.cities, next()), next));
  }

  street(maxLength: number): string {
    return this.#fitting(STREAM.street, this.#row, maxLength, (next) => this.#render(this.#locale.streetAddress, next));
  }

  jobTitle(maxLength: number): string {
    return this.#fitting(STREAM.job, this.#row, maxLength, (next) =>
      this.#render(pick(this.#locale.jobTitles, next()), next),
    );
  }

  /** Name or code of the region; the city where the country has none. */
  region(form: 'name' | 'code', maxLength: number): string {
    const { states, stateCodes } = this.#locale;
    const names = form === 'code' && stateCodes.length > 0 ? stateCodes : states;
    if (names.length === 0) return this.city(maxLength);
    const name = names[this.#state() % names.length];
    return name.length <= maxLength
      ? name
      : stateCodes.length === states.length && stateCodes.length > 0
        ? stateCodes[this.#state()]
        : name;
  }

  /** A postal code of the row's region where faker knows its range, else of the country's form. */
  get postcode(): string {
    const { postcodesByState, stateCodes, postcodes } = this.#locale;
    const range =
      postcodesByState.size > 0 && stateCodes.length > 0
        ? postcodesByState.get(stateCodes[this.#state() % stateCodes.length])
        : undefined;
    const cursor = this.#cursors[STREAM.postcode].seek(this.#row);
    if (range !== undefined) return String(range[0] + cursor.nextInteger(range[1] - range[0] + 1)).padStart(5, '0');
    return fillFormat(pick(postcodes, cursor.next()), () => cursor.next());
  }

  get buildingNumber(): string {
    const cursor = this.#cursors[STREAM.building].seek(this.#row);
    return this.#buildingNumber(() => cursor.next());
  }

  #state(): number {
    if (this.#stateIndex === -1)
      this.#stateIndex = Math.floor(
        this.#draw(STREAM.state) * Math.max(1, this.#locale.states.length, this.#locale.stateCodes.length),
      );
    return this.#stateIndex;
  }

  #draw(stream: number): number {
    return this.#cursors[stream].seek(this.#row).next();
  }

  #fitting(stream: number, draw: number, maxLength: number, make: (next: () => number) => string): string {
    const cursor = this.#cursors[stream].seek(draw);
    const next = (): number => cursor.next();
    let text = '';
    for (let attempt = 0; attempt < 8; attempt++) {
      text = make(next);
      if (text.length <= maxLength) return text;
    }
    return text;
  }

  #buildingNumber(next: () => number): string {
    const made = fillFormat(pick(this.#locale.buildingNumbers, next()), next);
    return made.replace(/^(\D*)0+(?=\d)/, '$1').replace(/^0$/, '1');
  }

  #render(template: Template, next: () => number): string {
    let text = '';
    for (const part of template) text += typeof part === 'string' ? part : this.#resolve(part.reference, next);
    return text.replace(/ {2,}/g, ' ');
  }

  #resolve(reference: string, next: () => number): string {
    switch (reference) {
      case 'location.street':
        return this.#render(pick(this.#locale.streets, next()), next);
      case 'location.buildingNumber':
        return this.#buildingNumber(next);
      case 'person.jobDescriptor':
      case 'person.jobArea':
      case 'person.jobType':
        break;
      default:
        // Names in a street or a town are somebody else's.
        if (/^person\.first_?name/i.test(reference))
          return pick(this.#locale.firstNames[next() < 0.5 ? 'female' : 'male'], next());
        if (/^person\.last_?name/i.test(reference)) return pick(this.#locale.lastNames, next());
    }
    const words = referencedWords(this.#locale.name, reference);
    return words.length === 0 ? '' : pick(words, next());
  }
}

const formats = new Map<string, ShapeFiller>();

/** Fills faker's `###`. */
export function fillFormat(format: string, next: () => number): string {
  let filler = formats.get(format);
  if (filler === undefined) {
    filler = compileShape(shapeOfFakerFormat(format));
    formats.set(format, filler);
  }
  return fillShape(filler, next);
}
