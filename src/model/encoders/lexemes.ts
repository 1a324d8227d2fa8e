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
    const words = String(text)
      .split(' ')
      .map((word) => word.replace(/['\\]/g, ''))
      .filter((word) => word !== '');
    return [...new Set(words)].map((word, i) => `'${word}':${i + 1}`).join(' ');
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
