/** hstore: a document of one level, whose values are texts or NULL. */
import type { Cell, ColumnEncoder, PartSpec, Uniforms } from './encoder.ts';

export class HstoreEncoder implements ColumnEncoder {
  readonly kind = 'hstore';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #document: ColumnEncoder;

  constructor(document: ColumnEncoder) {
    this.#document = document;
    this.parts = document.parts;
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    this.#document.encode(value === null ? null : asJson(value), out, at);
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const text = this.#document.decode(codes, at, random);
    return text === null ? null : asHstore(String(text));
  }

  toJson(): unknown {
    return { kind: this.#document.kind, parameters: this.#document.toJson() };
  }
}

/** `fit`: of JSON documents. */
export function fitHstoreEncoder(
  values: readonly (string | null)[],
  fit: (documents: readonly (string | null)[]) => ColumnEncoder,
): HstoreEncoder {
  return new HstoreEncoder(fit(values.map((value) => (value === null ? null : asJson(value)))));
}

function asJson(text: string): string {
  const pairs = [...text.matchAll(/"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)/gs)];
  const bare = (quoted: string | undefined): string | null => quoted?.replace(/\\(.)/gs, '$1') ?? null;
  return JSON.stringify(Object.fromEntries(pairs.map(([, key, value]) => [bare(key)!, bare(value)])));
}

function asHstore(json: string): string {
  const document = JSON.parse(json) as unknown;
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return '';
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
  return Object.entries(document as Record<string, unknown>)
    .map(([key, value]) => `${quoted(key)}=>${value === null ? 'NULL' : quoted(String(value))}`)
    .join(', ');
}
