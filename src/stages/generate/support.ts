/**
 * The values that a column may hold, numbered: what was learned first, then what its type allows beside it. Uniqueness
 * is made of this without remembering values: by a permutation of the numbers.
 */
import type { ColumnType } from '../../../connectors/connector.ts';
import type { Cell, ColumnEncoder } from '../../model/encoders/encoder.ts';
import { NumberEncoder, type NumberEncoderJson } from '../../model/encoders/number.ts';
import { scalarCodec } from '../../model/encoders/scalar.ts';
import { addressOf, type NetworkJson } from '../../model/encoders/network.ts';
import type { RandomJson } from '../../model/encoders/simple.ts';
import { HOLE, type SkeletonJson } from '../../model/encoders/skeleton.ts';
import { oneOf, textsOf, type Numbered } from './pattern.ts';

const MOST = 2 ** 50;
/** A grid with so many points for each learned one is a range with gaps, not a set of single values. */
const GAPS = 4;
const DAY_MICROS = 86_400e6;

export interface Support extends Numbered<Cell> {
  /** The first so many are what was learned; those after them are only valid. */
  readonly learnedCount: number;
}

/** Null where the values cannot be numbered. `patterns`: regular expressions that the values must match. */
export function supportOf(encoder: ColumnEncoder, type: ColumnType, patterns: readonly string[] = []): Support | null {
  const learned =
    patterns.length > 0 && type.class === 'text' ? matching(patterns, type) : learnedValues(encoder, type);
  if (learned === null) return null;
  const more = furtherValues(encoder, type, learned, patterns);
  const values = more === null ? learned : oneOf([learned, more]);
  return { size: values.size, learnedCount: learned.size, at: (index) => values.at(index) };
}

/** Where there are several patterns, the texts of the first; those that another refuses are tried in vain. */
function matching(patterns: readonly string[], type: ColumnType): Numbered<Cell> | null {
  const texts = patterns.map(textsOf).find((found) => found !== null);
  if (texts === undefined) return null;
  const limit = type.maxLength;
  return limit === null ? texts : { size: texts.size, at: (index) => texts.at(index).slice(0, limit) };
}

function learnedValues(encoder: ColumnEncoder, type: ColumnType): Numbered<Cell> | null {
  switch (encoder.kind) {
    case 'scalar': {
      const { typeClass, step, numbers } = encoder.toJson() as {
        typeClass: string;
        step: number;
        numbers: NumberEncoderJson;
      };
      const codec = scalarCodec(typeClass)!;
      const points = pointsOf(numbers);
      return { size: points.size, at: (index) => codec.format(points.at(index) * step, numbers.decimals ?? 2) };
    }
    case 'whole-moment': {
      const points = pointsOf(encoder.toJson() as NumberEncoderJson);
      return { size: points.size, at: (index) => Math.round(points.at(index)) };
    }
    case 'moment': {
      const { day, clock } = encoder.toJson() as { day: NumberEncoderJson; clock: NumberEncoderJson | null };
      const days = pointsOf(day);
      const seconds = clock === null ? 1 : 86_400;
      const at = (index: number): number => days.at(Math.floor(index / seconds)) * DAY_MICROS + (index % seconds) * 1e6;
      return { size: Math.min(MOST, days.size * seconds), at };
    }
    case 'category':
      return listed((encoder.toJson() as { values: readonly string[] }).values);
    case 'text':
      return textValues(encoder.toJson() as TextJson, type.maxLength);
    case 'skeleton':
      return numberedTexts(encoder.toJson() as SkeletonJson);
    case 'network':
      return addresses(encoder.toJson() as NetworkJson);
    case 'random':
      return randomValues(encoder.toJson() as RandomJson);
    default:
      return null;
  }
}

function listed(values: readonly string[]): Numbered<Cell> | null {
  return values.length === 0 ? null : { size: values.length, at: (index) => values[index] };
}

/** All grid points of a number's bins; of numbers without a grid, very many evenly spread ones. */
function pointsOf(json: NumberEncoderJson): Numbered<number> {
  const numbers = NumberEncoder.fromJson(json);
  const { decimals, step } = numbers;
  const bins = Array.from({ length: numbers.binCount }, (_, code): Numbered<number> => {
    const [low, high] = numbers.boundsOf(code);
    if (low === high) return { size: 1, at: () => low };
    if (decimals === undefined) return { size: 2 ** 24, at: (index) => low + ((high - low) * index) / 2 ** 24 };
    const scale = 10 ** decimals;
    const first = Math.round(low * scale);
    const size = Math.round((Math.round(high * scale) - first) / step) + 1;
    return { size, at: (index) => (first + index * step) / scale };
  });
  if (bins.length === 0) return { size: 1, at: () => 0 };
  const learned = oneOf(bins);
  if (decimals === undefined) return learned;
  // Ends of bins that were too few units' own were moved inwards: the grid between them is as good as they are.
  const [low, high] = numbers.range;
  const scale = 10 ** decimals;
  const first = Math.round(low * scale);
  const size = Math.round((Math.round(high * scale) - first) / step) + 1;
  return size <= GAPS * learned.size ? { size, at: (index) => (first + index * step) / scale } : learned;
}

interface TextJson {
  readonly categories: readonly string[];
  readonly rare: 'template' | 'words' | null;
  readonly templates: readonly { readonly positions: readonly string[] }[];
  readonly words: { readonly vocabulary: readonly string[] } | null;
}

const POSITIONS: Readonly<Record<string, string>> = {
  '[d]': '0123456789',
  '[l]': 'abcdefghijklmnopqrstuvwxyz',
  '[u]': 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
};

function textValues(json: TextJson, maxLength: number | null): Numbered<Cell> | null {
  const options: Numbered<Cell>[] = json.categories.length === 0 ? [] : [listed(json.categories)!];
  // The widest template first: it alone usually has room for all rows.
  const templates = json.rare === 'template' ? json.templates.map((template) => filled(template.positions)) : [];
  options.push(...templates.sort((a, b) => b.size - a.size));
  if (json.rare === 'words' && json.words !== null) options.push(phrases(json.words.vocabulary, maxLength));
  return options.length === 0 ? null : oneOf(options);
}

function filled(positions: readonly string[]): Numbered<Cell> {
  const choices = positions.map((position) => POSITIONS[position] ?? null);
  const size = choices.reduce((product, choice) => Math.min(MOST, product * (choice?.length ?? 1)), 1);
  return {
    size,
    at: (index) => {
      let rest = index;
      let text = '';
      for (let i = positions.length - 1; i >= 0; i--) {
        const choice = choices[i];
        text = (choice === null ? positions[i] : choice[rest % choice.length]) + text;
        rest = Math.floor(rest / (choice?.length ?? 1));
      }
      return text;
    },
  };
}

/** Words, then pairs of words, then triples, as long as they fit. */
function phrases(vocabulary: readonly string[], maxLength: number | null): Numbered<Cell> {
  const words = [...new Set(vocabulary)];
  const longest = words.reduce((most, word) => Math.max(most, word.length), 1);
  const wordCount = maxLength === null ? 4 : Math.max(1, Math.min(4, Math.floor((maxLength + 1) / (longest + 1))));
  const size = Math.min(
    MOST,
    Array.from({ length: wordCount }, (_, i) => words.length ** (i + 1)).reduce((a, b) => a + b, 0),
  );
  return {
    size,
    at: (index) => {
      let rest = index;
      let count = 1;
      while (rest >= words.length ** count) rest -= words.length ** count++;
      const picked: string[] = [];
      for (let i = 0; i < count; i++) {
        picked.push(words[rest % words.length]);
        rest = Math.floor(rest / words.length);
      }
      return maxLength === null ? picked.join(' ') : picked.join(' ').slice(0, maxLength);
    },
  };
}

function randomValues({ of, lengths }: RandomJson): Numbered<Cell> | null {
  const length = lengths[lengths.length >> 1] ?? 0;
  switch (of) {
    case 'uuid':
      return { size: 2 ** 48, at: uuidOf };
    case 'bytes':
      if (length === 0) return null;
      return { size: Math.min(2 ** 48, 256 ** length), at: (index) => `\\x${scrambledHex(index, length)}` };
    case 'bits':
      if (length === 0) return null;
      return { size: Math.min(2 ** 48, 2 ** length), at: (index) => index.toString(2).padStart(length, '0') };
    default:
      return null;
  }
}

/** Of the most frequent shape, in the bytes that its prefix leaves open. */
function addresses({ baseName, shapes }: NetworkJson): Numbered<Cell> {
  const [shape] = shapes;
  const [family, prefix] = shape.split('/').map(Number);
  const isMac = baseName.startsWith('macaddr');
  const open = isMac ? 5 : family === 6 ? 6 : baseName === 'cidr' ? Math.max(1, Math.floor(prefix / 8) - 1) : 3;
  const radix = 250;
  return {
    size: radix ** Math.min(5, open),
    at: (index) => {
      let rest = index;
      return addressOf(baseName, shape, () => {
        const byte = rest % radix;
        rest = Math.floor(rest / radix);
        return byte;
      });
    },
  };
}

/** Version 4; 48 of its bits are the number, the others follow from it. */
function uuidOf(index: number): string {
  const own = index.toString(16).padStart(12, '0');
  const rest = scrambledHex(index * 31 + 7, 16).slice(0, 18);
  return `${own.slice(0, 8)}-${own.slice(8)}-4${rest.slice(0, 3)}-${'89ab'[Number.parseInt(rest[3], 16) % 4]}${rest.slice(4, 7)}-${rest.slice(6, 18)}`;
}

/** So many bytes: the number in the last of them, before it what follows from it. */
function scrambledHex(index: number, length: number): string {
  const own = index.toString(16).padStart(Math.min(12, length * 2), '0');
  let state = (index % 4294967291) >>> 0;
  let before = '';
  while (before.length + own.length < length * 2) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    before += (state >>> 8).toString(16).padStart(6, '0');
  }
  return before.slice(0, length * 2 - own.length) + own.slice(-length * 2);
}

/** What the type allows beyond what was learned, in the manner of it; null where there is nothing, or no manner. */
function furtherValues(
  encoder: ColumnEncoder,
  type: ColumnType,
  learned: Numbered<Cell>,
  patterns: readonly string[],
): Numbered<Cell> | null {
  switch (type.class) {
    case 'boolean':
    case 'enum': {
      const labels = type.class === 'enum' ? (type.enumLabels ?? []) : ['f', 't'];
      const known = new Set(Array.from({ length: learned.size }, (_, i) => learned.at(i)));
      return listed(labels.filter((label) => !known.has(label)));
    }
    case 'text':
      if (patterns.length > 0) return null;
      return encoder.kind === 'skeleton'
        ? countedOn(encoder.toJson() as SkeletonJson, type.maxLength)
        : suffixed(learned, type.maxLength);
    case 'integer':
    case 'decimal':
    case 'date':
    case 'timestamp':
    case 'timestamptz':
    case 'money':
    case 'time':
    case 'interval':
      return beyond(encoder, type);
    default:
      return null;
  }
}

/** Every skeleton with every number that was learned for each of its places. */
function numberedTexts({ skeletons, numbers, maxLength }: SkeletonJson): Numbered<Cell> {
  const points = numbers.map(pointsOf);
  return oneOf(
    skeletons.map((skeleton) => {
      const places = points.slice(0, skeleton.split(HOLE).length - 1);
      return {
        size: places.reduce((product, { size }) => Math.min(MOST, product * size), 1),
        at: (index: number) => {
          let rest = index;
          let place = 0;
          const text = skeleton.replaceAll(HOLE, () => {
            const { size, at } = places[place++];
            const number = at(rest % size);
            rest = Math.floor(rest / size);
            return String(number);
          });
          return text.slice(0, maxLength);
        },
      };
    }),
  );
}

/** The most frequent numbered text, its last number counting on above the largest learned one. */
function countedOn({ skeletons, numbers }: SkeletonJson, maxLength: number | null): Numbered<Cell> | null {
  const skeleton = skeletons.find((text) => text.includes(HOLE));
  if (skeleton === undefined) return null;
  const places = numbers.slice(0, skeleton.split(HOLE).length - 1);
  const firsts = places.map((number) => String(pointsOf(number).at(0)));
  const last = Math.ceil(Math.max(...places.at(-1)!.high, 0));
  const room = (maxLength ?? Number.MAX_SAFE_INTEGER) - (skeleton.length - places.length);
  const digits = Math.min(12, room - firsts.slice(0, -1).join('').length);
  const size = 10 ** digits - 1 - last;
  if (!(size > 0)) return null;
  return {
    size,
    at: (index) => {
      let place = 0;
      return skeleton.replaceAll(HOLE, () =>
        place++ === places.length - 1 ? String(last + 1 + index) : firsts[place - 1],
      );
    },
  };
}

/** Learned texts with a number behind them. */
function suffixed(learned: Numbered<Cell>, maxLength: number | null): Numbered<Cell> {
  const room = maxLength === null ? 8 : Math.min(8, maxLength);
  const perText = 10 ** (room - 1);
  const limit = maxLength ?? Number.MAX_SAFE_INTEGER;
  return {
    size: Math.min(MOST, perText),
    at: (index) => {
      const tail = String(index + 1);
      const base = String(learned.at(index % learned.size));
      return `${base.slice(0, Math.max(0, limit - tail.length - 1))}${limit > tail.length ? ' ' : ''}${tail}`.trimStart();
    },
  };
}

/** The grid goes on above the largest learned value, as far as the type reaches. */
function beyond(encoder: ColumnEncoder, type: ColumnType): Numbered<Cell> | null {
  if (encoder.kind === 'moment') {
    const { day } = encoder.toJson() as { day: NumberEncoderJson };
    const last = Math.max(...day.high, 0);
    return { size: 200_000, at: (index) => (last + 1 + index) * DAY_MICROS };
  }
  if (encoder.kind !== 'scalar') return null;
  const { typeClass, step, numbers } = encoder.toJson() as {
    typeClass: string;
    step: number;
    numbers: NumberEncoderJson;
  };
  if (numbers.decimals === null || numbers.high.length === 0) return null;
  const { decimals } = numbers;
  const codec = scalarCodec(typeClass)!;
  const scale = 10 ** decimals;
  const last = Math.round(Math.max(...numbers.high) * scale);
  const room = Math.floor(((largestOf(type) / step) * scale - last) / numbers.step);
  if (!(room > 0)) return null;
  return {
    size: Math.min(MOST, room),
    at: (index) => codec.format(((last + (index + 1) * numbers.step) / scale) * step, decimals),
  };
}

/** Largest value that a type can hold, in its own unit. */
export function largestOf(type: ColumnType): number {
  switch (type.class) {
    case 'integer':
      return Math.min(Number.MAX_SAFE_INTEGER, 2 ** ((type.byteSize ?? 4) * 8 - 1) - 1);
    case 'decimal':
      if (type.precision === null) return 1e15;
      return Math.min(1e15, 10 ** (type.precision - (type.scale ?? 0)) - 10 ** -(type.scale ?? 0));
    case 'date':
      return 200_000; // the year 2517
    case 'time':
      return DAY_MICROS - 1;
    case 'interval':
      return 1e17; // 3000 years
    default:
      return 1e12;
  }
}
