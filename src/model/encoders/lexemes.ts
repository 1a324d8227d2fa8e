/** tsvector: its lexemes as words, numbered anew. */
import type { Cell, ColumnEncoder, PartSpec, Uniforms } from './encoder.ts';
import { fitTextEncoder, type TextEncoder } from './text.ts';

export class LexemeEncoder implements ColumnEncoder {
  readonly kind = 'lexemes';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #words: TextEncoder;

  constructor(words: TextEncoder) {
    this.#words = words;
    this.parts = words.parts;
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    this.#words.encode(value === null ? null : lexemes(value), out, at);
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const text = this.#words.decode(codes, at, random);
    if (text === null) return null;
    const words = [...new Set(String(text).split(' '))].map((word, i) => ({
      word: word.replace(/['\\]/g, ''),
      place: i + 1,
    }));
    // The server keeps lexemes by length and byte order.
    const sorted = words
      .filter(({ word }) => word !== '')
      .sort((a, b) => a.word.length - b.word.length || (a.word < b.word ? -1 : 1));
    return sorted.map(({ word, place }) => `'${word}':${place}`).join(' ');
  }

  toJson(): unknown {
    return this.#words.toJson();
  }
}

function lexemes(value: string): string {
  return [...value.matchAll(/'((?:[^']|'')+)'/g)].map((match) => match[1]).join(' ');
}

export function fitLexemeEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  hasNull: boolean,
): LexemeEncoder {
  const words = values.map((value) => (value === null ? null : lexemes(value)));
  return new LexemeEncoder(fitTextEncoder(words, units, { maxLength: null, hasNull }));
}
