/** A column within a value (an element, a field): its cells as the server prints them. */
import { cellText } from './cell-text.ts';
import type { Cell, CellForm, ColumnEncoder, PartSpec, Uniforms } from './encoder.ts';

export interface AsTextJson {
  readonly kind: string;
  readonly parameters: unknown;
  /** Moments with a zone: printed in UTC. */
  readonly zoned: boolean;
  /** Of numbers that all have as many digits after the point; null: no more than each needs. */
  readonly decimals: number | null;
}

export class AsTextEncoder implements ColumnEncoder {
  readonly kind = 'as-text';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #inner: ColumnEncoder;
  readonly #zoned: boolean;
  readonly #decimals: number | null;

  constructor(inner: ColumnEncoder, zoned: boolean, decimals: number | null) {
    this.#inner = inner;
    this.#zoned = zoned;
    this.#decimals = decimals;
    this.parts = inner.parts;
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    this.#inner.encode(value, out, at);
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const cell = this.#inner.decode(codes, at, random);
    if (cell === null || typeof cell === 'string') return cell;
    const { form, decimals } = this.#inner;
    if (form !== 'number') return serverText(cell, form, this.#zoned);
    if (this.#decimals !== null) return cell.toFixed(this.#decimals);
    return String(decimals === undefined ? cell : Number(cell.toFixed(decimals)));
  }

  toJson(): unknown {
    const { kind } = this.#inner;
    return {
      kind,
      parameters: this.#inner.toJson(),
      zoned: this.#zoned,
      decimals: this.#decimals,
    } satisfies AsTextJson;
  }
}

/** How many digits the numbers have after the point, where all have as many; null where they differ. */
export function printedDecimals(texts: readonly (string | null)[]): number | null {
  const counts = new Set(
    texts.flatMap((text) => (text === null ? [] : [text.includes('.') ? text.length - text.indexOf('.') - 1 : 0])),
  );
  return counts.size === 1 ? [...counts][0] : null;
}

/** A moment with no more digits of a second than it has; in UTC where it has a zone. */
export function serverText(cell: Cell, form: CellForm, zoned: boolean): string {
  const text = cellText(cell, form) ?? '';
  if (form !== 'epoch-micros') return text;
  const [day, clock, era] = text.split(' ');
  const trimmed = clock.includes('.') ? clock.replace(/\.?0+$/, '') : clock;
  return `${day} ${trimmed}${zoned ? '+00' : ''}${era === undefined ? '' : ` ${era}`}`;
}
