/**
 * Texts: frequent values as categories; the rest made anew, as codes of a learned pattern or as words.
 * A literal, token or word pair enters the model only with 5 distinct units, so no rare value can come back.
 */
import { faker } from '@faker-js/faker';
import { checksumOf, withChecksum, type Checksum } from './checksum.ts';
import {
  countByUnit,
  cumulate,
  MIN_UNITS,
  pick,
  type Cell,
  type ColumnEncoder,
  type PartSpec,
  type Uniforms,
} from './encoder.ts';
import { fitNumberEncoder, NumberEncoder, type NumberEncoderJson } from './number.ts';
import { isTelling } from './telling.ts';

/** More categories than this cost the trees time without teaching them; the rest counts as rare. */
const MAX_CATEGORIES = 250;
const MAX_TEMPLATES = 64;
const MAX_VOCABULARY = 4000;
const MAX_PAIRS = 20_000;
const MAX_NAME_LENGTH = 40;

interface Template {
  /** Per position: a literal character, or the class `d` digit, `l` lower, `u` upper, as `[class]`. */
  readonly positions: readonly string[];
  readonly weight: number;
  /** That all codes of this pattern keep. */
  readonly checksum?: Checksum;
}

interface Words {
  readonly vocabulary: readonly string[];
  readonly weights: readonly number[];
  /** For each word (and −1 for the start): following words and their weights. */
  readonly followers: Readonly<Record<string, readonly (readonly [number, number])[]>>;
}

interface TextParameters {
  readonly categories: readonly string[];
  readonly hasNull: boolean;
  readonly maxLength: number | null;
  /** How rare values are made; null where there are none. */
  readonly rare: 'template' | 'letters' | 'words' | null;
  readonly templates: readonly Template[];
  readonly words: Words | null;
  /** For each pair of letters, and each letter: letters that follow and their weights. `^` starts a value, `$` ends it. */
  readonly letters: Readonly<Record<string, readonly (readonly [string, number])[]>> | null;
  /** Of the number of characters (template) or words (words) of rare values. */
  readonly length: NumberEncoderJson | null;
}

export class TextEncoder implements ColumnEncoder {
  readonly kind = 'text';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #p: TextParameters;
  readonly #codes: ReadonlyMap<string, number>;
  readonly #length: NumberEncoder | null;
  readonly #templateWeights: number[];
  readonly #wordWeights: number[];
  readonly #followers = new Map<number, { ids: number[]; cumulative: number[] }>();

  readonly #letters = new Map<string, { letters: string[]; cumulative: number[] }>();

  constructor(parameters: TextParameters) {
    this.#p = parameters;
    this.#codes = new Map(parameters.categories.map((value, code) => [value, code]));
    this.#length = parameters.length === null ? null : NumberEncoder.fromJson(parameters.length);
    this.#templateWeights = cumulate(parameters.templates.map((template) => template.weight));
    this.#wordWeights = cumulate(parameters.words?.weights ?? []);
    for (const [id, list] of Object.entries(parameters.words?.followers ?? {})) {
      this.#followers.set(Number(id), {
        ids: list.map(([next]) => next),
        cumulative: cumulate(list.map(([, weight]) => weight)),
      });
    }
    for (const [pair, list] of Object.entries(parameters.letters ?? {})) {
      const inner = list.filter(([letter]) => letter !== '$');
      if (inner.length === 0) continue;
      const cumulative = cumulate(inner.map(([, weight]) => weight));
      this.#letters.set(pair, { letters: inner.map(([letter]) => letter), cumulative });
    }
    const choices = parameters.categories.length + (parameters.rare === null ? 0 : 1) + (parameters.hasNull ? 1 : 0);
    const first: PartSpec = { size: Math.max(1, choices), ordered: false, hasNull: parameters.hasNull };
    // Categories and NULL have no length of their own: they take the length part's last code.
    this.parts =
      this.#length === null ? [first] : [first, { size: this.#length.size + 1, ordered: true, hasNull: true }];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    const { categories, hasNull, rare } = this.#p;
    const code = value === null ? this.parts[0].size - 1 : this.#codes.get(value);
    out[at] = code ?? (rare === null ? 0 : categories.length);
    if (this.#length === null) return;
    const isRare = value !== null && code === undefined;
    out[at + 1] = isRare ? this.#length.encode(this.#measure(value)) : this.#length.size;
    if (value === null && !hasNull) out[at] = 0;
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const code = codes[at];
    if (this.#p.hasNull && code === this.parts[0].size - 1) return null;
    if (code < this.#p.categories.length) return this.#p.categories[code];
    return this.makeRare(this.#length === null ? 0 : codes[at + 1], random);
  }

  /** A new value in the manner of the rare ones. `lengthCode`: a code of the length part. */
  makeRare(lengthCode: number, random: Uniforms): string {
    if (this.#p.rare === null) return this.#p.categories[0] ?? '';
    const drawn =
      this.#length === null ? null : this.#length.decode(Math.min(lengthCode, this.#length.size - 1), random.next());
    const text =
      this.#p.rare === 'template'
        ? this.#fromTemplate(random)
        : this.#p.rare === 'letters'
          ? this.#fromLetters(Math.max(1, Math.round(drawn ?? 1)), random)
          : this.#fromWords(Math.max(1, Math.round(drawn ?? 1)), random);
    return this.#p.maxLength !== null && text.length > this.#p.maxLength
      ? text.slice(0, this.#p.maxLength).trimEnd()
      : text;
  }

  toJson(): unknown {
    return this.#p;
  }

  #measure(value: string): number {
    return this.#p.rare === 'words' ? splitWords(value).length : value.length;
  }

  #fromTemplate(random: Uniforms): string {
    const template = this.#p.templates[pick(this.#templateWeights, random.next())];
    const code = template.positions.map((position) => drawPosition(position, random)).join('');
    return template.checksum === undefined ? code : withChecksum(code, template.checksum);
  }

  /** Letters until the drawn length is reached; where a value may end is only looked at there. */
  #fromLetters(length: number, random: Uniforms): string {
    let text = '';
    for (let pair = '^^'; text.length < length;) {
      const next = this.#nextLetter(pair, random) ?? this.#nextLetter(pair[1], random);
      if (next === null) break;
      text += next;
      pair = pair[1] + next;
    }
    return text.trim() === '' ? 'x' : text.trimEnd();
  }

  #nextLetter(before: string, random: Uniforms): string | null {
    const followers = this.#letters.get(before);
    if (followers === undefined) return null;
    return followers.letters[pick(followers.cumulative, random.next())];
  }

  #fromWords(count: number, random: Uniforms): string {
    const { vocabulary } = this.#p.words!;
    const made: string[] = [];
    let previous = -1;
    for (let i = 0; i < count; i++) {
      const follow = this.#followers.get(previous);
      const next =
        follow === undefined || random.next() < 0.15
          ? pick(this.#wordWeights, random.next())
          : follow.ids[pick(follow.cumulative, random.next())];
      made.push(vocabulary[next]);
      previous = next;
    }
    return made.join(' ');
  }
}

/**
 * Learns how a text column is written.
 * Shapes: `values [n]`, `units [n]`.
 */
export function fitTextEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  options: { readonly maxLength: number | null; readonly hasNull: boolean },
): TextEncoder {
  const counts = countByUnit(values, units);
  const frequent = [...counts]
    .filter(([, count]) => count.units >= MIN_UNITS)
    .sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1))
    .slice(0, MAX_CATEGORIES);
  const presentCount = values.reduce((sum: number, value) => sum + (value === null ? 0 : 1), 0);
  const coveredCount = frequent.reduce((sum, [, count]) => sum + count.rows, 0);
  // Where a few repeated values stand beside a mass of unique ones, the repeated ones are still worth keeping.
  const categories = new Set(frequent.map(([value]) => value));
  const base = { hasNull: options.hasNull, maxLength: options.maxLength };
  if (coveredCount === presentCount && presentCount > 0) {
    return new TextEncoder({
      ...base,
      categories: [...categories],
      rare: null,
      templates: [],
      words: null,
      letters: null,
      length: null,
    });
  }
  const rows = values.flatMap((value, i) => (value === null || categories.has(value) ? [] : [i]));
  const rare = rows.map((i) => values[i]!);
  const rareUnits = Uint32Array.from(rows, (i) => units[i]);
  const spaced = rare.reduce((sum, value) => sum + (/\s/.test(value.trim()) ? 1 : 0), 0);
  const letters = looksLikeNames(rare) ? fitLetters(rare, rareUnits) : null;
  if (letters !== null) {
    return new TextEncoder({
      ...base,
      categories: [...categories],
      rare: 'letters',
      templates: [],
      words: null,
      letters,
      length: fitNumberEncoder(
        rare.map((value) => value.length),
        rareUnits,
      ).toJson(),
    });
  }
  // Words with spaces between them are prose, unless all have digits and the same few patterns: `DE89 3704 0044`.
  const digital = rare.reduce((sum, value) => sum + (/\d/.test(value) ? 1 : 0), 0);
  const isSpaced = spaced > rare.length / 2;
  const isProse = isSpaced && (digital < 0.9 * rare.length || new Set(rareUnits).size < 4 * MIN_UNITS);
  const templates = isProse ? [] : fitTemplates(rare, rareUnits, isSpaced ? 0.9 : 0.5);
  if (templates.length > 0) {
    return new TextEncoder({
      ...base,
      categories: [...categories],
      rare: 'template',
      templates,
      words: null,
      letters: null,
      length: null,
    });
  }
  const words = fitWords(rare, rareUnits);
  const length = fitNumberEncoder(
    rare.map((value) => splitWords(value).length),
    rareUnits,
  );
  return new TextEncoder({
    ...base,
    categories: [...categories],
    rare: 'words',
    templates: [],
    words,
    letters: null,
    length: length.toJson(),
  });
}

/** Single words of letters of several lengths: names of things and places, not codes. */
function looksLikeNames(values: readonly string[]): boolean {
  const named = values.filter((value) => /^[\p{L}][\p{L}' .-]*$/u.test(value) && value.length <= MAX_NAME_LENGTH);
  const single = named.filter((value) => splitWords(value).length === 1);
  return (
    named.length >= 0.8 * values.length &&
    single.length >= 0.7 * values.length &&
    new Set(named.map((value) => value.length)).size >= 4
  );
}

/**
 * Which letter follows a pair of letters or, where too few units share the pair, a single one; null where even single
 * letters are shared too little to write with.
 */
function fitLetters(values: readonly string[], units: Uint32Array): TextParameters['letters'] {
  const singles: string[] = [];
  const pairs: string[] = [];
  const owners: number[] = [];
  values.forEach((value, i) => {
    const framed = `^^${value.replaceAll(/[$^]/g, '')}$`;
    for (let at = 2; at < framed.length; at++) {
      singles.push(framed.slice(at - 1, at + 1));
      pairs.push(framed.slice(at - 2, at + 1));
      owners.push(units[i]);
    }
  });
  const letters: Record<string, (readonly [string, number])[]> = {};
  const keep = (sequences: readonly string[]): number => {
    let kept = 0;
    for (const [sequence, count] of countByUnit(sequences, Uint32Array.from(owners))) {
      if (count.units < MIN_UNITS) continue;
      (letters[sequence.slice(0, -1)] ??= []).push([sequence.at(-1)!, count.rows]);
      kept += count.rows;
    }
    return kept;
  };
  const isEnough = keep(singles) >= singles.length / 2;
  keep(pairs);
  return isEnough ? letters : null;
}

/** Patterns of letters, digits and signs that at least 5 units share; none if they cover too little. */
function fitTemplates(values: readonly string[], units: Uint32Array, minCovered: number): readonly Template[] {
  const shapes = values.map((value) => (value.length > 64 ? null : [...value].map(shapeOf).join('')));
  const common = [...countByUnit(shapes, units)]
    .filter(([, count]) => count.units >= MIN_UNITS)
    .sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1))
    .slice(0, MAX_TEMPLATES);
  const covered = common.reduce((sum, [, count]) => sum + count.rows, 0);
  if (covered < values.length * minCovered) return [];
  return common.map(([shape, count]) => {
    const rows = shapes.flatMap((other, i) => (other === shape ? [i] : []));
    const characters = rows.map((i) => [...values[i]]);
    const classes = [...shape];
    const positions = classes.map((letterClass, p) => {
      const first = characters[0][p];
      const constant = characters.every((list) => list[p] === first);
      return constant || !'dlu'.includes(letterClass) ? first : `[${letterClass}]`;
    });
    const checksum = checksumOf(rows.map((i) => values[i]));
    return { positions, weight: count.rows, ...(checksum === null ? {} : { checksum }) };
  });
}

/** `d`, `l`, `u` for a class of characters; any other character stands for itself. */
function shapeOf(character: string): string {
  if (character >= '0' && character <= '9') return 'd';
  if (character >= 'a' && character <= 'z') return 'l';
  if (character >= 'A' && character <= 'Z') return 'u';
  // Signs stand for themselves; other letters are written as plain lower-case ones. `§` keeps the classes' names free.
  return /\p{L}/u.test(character) ? 'l' : character;
}

function drawPosition(position: string, random: Uniforms): string {
  switch (position) {
    case '[d]':
      return String(Math.floor(random.next() * 10));
    case '[l]':
      return String.fromCharCode(97 + Math.floor(random.next() * 26));
    case '[u]':
      return String.fromCharCode(65 + Math.floor(random.next() * 26));
    default:
      return position;
  }
}

function splitWords(text: string): string[] {
  const words = text.trim().split(/\s+/);
  return words.length === 1 && words[0] === '' ? [] : words;
}

function fitWords(values: readonly string[], units: Uint32Array): Words {
  const tokens: string[] = [];
  const owners: number[] = [];
  values.forEach((value, i) => {
    for (const word of splitWords(value)) {
      tokens.push(word);
      owners.push(units[i]);
    }
  });
  const counts = [...countByUnit(tokens, Uint32Array.from(owners))]
    .filter(([word, count]) => count.units >= MIN_UNITS && !isTelling(word))
    .sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1))
    .slice(0, MAX_VOCABULARY);
  if (counts.length < 20) return publicWords(values);
  const ids = new Map(counts.map(([word], id) => [word, id]));
  return {
    vocabulary: counts.map(([word]) => word),
    weights: counts.map(([, count]) => count.rows),
    followers: fitFollowers(values, units, ids),
  };
}

function fitFollowers(
  values: readonly string[],
  units: Uint32Array,
  ids: ReadonlyMap<string, number>,
): Record<string, (readonly [number, number])[]> {
  const pairs: string[] = [];
  const owners: number[] = [];
  values.forEach((value, i) => {
    let previous: number | undefined = -1;
    for (const word of splitWords(value)) {
      const id = ids.get(word);
      if (previous !== undefined && id !== undefined) {
        pairs.push(`${previous} ${id}`);
        owners.push(units[i]);
      }
      previous = id;
    }
  });
  const followers: Record<string, (readonly [number, number])[]> = {};
  const common = [...countByUnit(pairs, Uint32Array.from(owners))]
    .filter(([, count]) => count.units >= MIN_UNITS)
    .sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1))
    .slice(0, MAX_PAIRS);
  for (const [pair, count] of common) {
    const [from, to] = pair.split(' ');
    (followers[from] ??= []).push([Number(to), count.rows]);
  }
  // Which words may stand first is only known for the start state; elsewhere the overall weights fill in.
  return followers;
}

/** Too few words are shared by 5 units: a public dictionary in the case that the values use. */
function publicWords(values: readonly string[]): Words {
  const letters = values.join('').replace(/[^\p{L}]/gu, '');
  const upper = letters.length > 0 && letters === letters.toUpperCase();
  const capital = values.filter((value) => /^\p{Lu}/u.test(value)).length > values.length / 2;
  const words = [...new Set(faker.rawDefinitions.lorem?.word ?? ['lorem'])];
  const cased = words.map((word) =>
    upper ? word.toUpperCase() : capital ? word[0].toUpperCase() + word.slice(1) : word,
  );
  return { vocabulary: cased, weights: cased.map(() => 1), followers: {} };
}
