/** Values of composite types: each field is a column of its own, so that it can depend on the row. */
import type { Cell, ColumnEncoder, PartSpec, Uniforms } from './encoder.ts';

export interface CompositeJson {
  readonly hasNull: boolean;
  readonly fields: readonly { readonly kind: string; readonly parameters: unknown }[];
}

export class CompositeEncoder implements ColumnEncoder {
  readonly kind = 'composite';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: CompositeJson;
  readonly #fields: readonly { readonly encoder: ColumnEncoder; readonly at: number }[];

  constructor(json: CompositeJson, encoders: readonly ColumnEncoder[]) {
    this.#json = json;
    const parts: PartSpec[] = [{ size: json.hasNull ? 2 : 1, ordered: false, hasNull: json.hasNull }];
    this.#fields = encoders.map((encoder) => {
      const at = parts.length;
      // One more code than the field's own: there is no such field here.
      for (const part of encoder.parts) parts.push({ size: part.size + 1, ordered: part.ordered, hasNull: true });
      return { encoder, at };
    });
    this.parts = parts;
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    out[at] = value === null && this.#json.hasNull ? 1 : 0;
    const fields = value === null ? null : parseRecord(value);
    this.#fields.forEach(({ encoder, at: from }, i) => {
      if (fields === null) encoder.parts.forEach((part, p) => (out[at + from + p] = part.size));
      else encoder.encode(fields[i] ?? null, out, at + from);
    });
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    if (this.#json.hasNull && codes[at] === 1) return null;
    const own = new Uint16Array(64);
    const texts = this.#fields.map(({ encoder, at: from }) => {
      // A field that is not there beside a value that is: a combination that the chain all but never draws.
      encoder.parts.forEach((part, p) => (own[p] = Math.min(codes[at + from + p], part.size - 1)));
      return fieldText(encoder.decode(own, 0, random));
    });
    return `(${texts.join(',')})`;
  }

  toJson(): unknown {
    return this.#json;
  }
}

export function fitCompositeEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  fitters: readonly ((values: readonly (string | null)[], units: Uint32Array) => ColumnEncoder)[],
): CompositeEncoder {
  const rows = values.flatMap((value, i) => (value === null ? [] : [i]));
  const records = rows.map((i) => parseRecord(values[i]!));
  const owners = Uint32Array.from(rows, (i) => units[i]);
  const encoders = fitters.map((fit, f) =>
    fit(
      records.map((record) => record[f] ?? null),
      owners,
    ),
  );
  const fields = encoders.map((encoder) => ({ kind: encoder.kind, parameters: encoder.toJson() }));
  return new CompositeEncoder({ hasNull: rows.length < values.length, fields }, encoders);
}

/** Fields of a composite value's text. */
export function parseRecord(text: string): (string | null)[] {
  const fields: (string | null)[] = [];
  for (let i = 1; ; i++) {
    let field = '';
    let isThere = false;
    while (i < text.length && text[i] !== ',' && text[i] !== ')') {
      isThere = true;
      if (text[i] !== '"') {
        if (text[i] === '\\') i++;
        field += text[i++];
        continue;
      }
      for (i++; i < text.length; i++) {
        if (text[i] === '"' && text[i + 1] !== '"') break;
        if (text[i] === '"' || text[i] === '\\') i++;
        field += text[i];
      }
      i++;
    }
    fields.push(isThere ? field : null);
    if (i >= text.length || text[i] === ')') return fields;
  }
}

/** A field as the server prints it within a record. */
function fieldText(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  return text === '' || /[\s(),"\\]/.test(text) ? `"${text.replace(/["\\]/g, '$&$&')}"` : text;
}
