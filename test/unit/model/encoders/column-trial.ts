/** A column learned from made values, drawn from again, and searched for what must not have stayed in it. */
import { textAt, type ColumnVector } from '../../../../src/kernel/rows.ts';
import type { Cell, ColumnEncoder } from '../../../../src/model/encoders/encoder.ts';
import { fitColumnEncoder, reviveEncoder, type ColumnShape } from '../../../../src/model/encoders/index.ts';
import { RandomCursor, streamKey } from '../../../../src/numeric/random.ts';

export type Values = readonly (string | null)[];

export function shapeOf(typeClass: string, more: Partial<ColumnShape> = {}): ColumnShape {
  return {
    class: typeClass,
    baseName: typeClass,
    nullable: true,
    maxLength: null,
    enumLabels: null,
    element: null,
    ...more,
  };
}

/** Every row a unit of its own. */
export function ownUnits(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, row) => row);
}

export function cursor(name: string): RandomCursor {
  return new RandomCursor(streamKey(0, 'encoder test', name)).seek(0);
}

export function fit(shape: ColumnShape, values: Values, units = ownUnits(values.length)): ColumnEncoder {
  return fitColumnEncoder(shape, values, units);
}

/** As it comes back from a model file. */
export function revived(encoder: ColumnEncoder): ColumnEncoder {
  return reviveEncoder(encoder.kind, JSON.parse(JSON.stringify(encoder.toJson())));
}

/** Server text of what each value's codes are decoded to. */
export function drawn(encoder: ColumnEncoder, values: Values, stream = 'draw'): (string | null)[] {
  const random = cursor(stream);
  const codes = new Uint16Array(encoder.parts.length);
  return values.map((value) => {
    encoder.encode(value, codes, 0);
    encoder.parts.forEach((part, i) => {
      if (codes[i] >= part.size) throw new RangeError(`code ${codes[i]} of a part of ${part.size}`);
    });
    return serverText(encoder, encoder.decode(codes, 0, random));
  });
}

/** What combinations of codes give that no value had: every code must decode to something valid. */
export function drawnAtRandom(encoder: ColumnEncoder, count: number): (string | null)[] {
  const random = cursor('any code');
  return Array.from({ length: count }, () => {
    const codes = Uint16Array.from(encoder.parts, (part) => random.nextInteger(part.size));
    return serverText(encoder, encoder.decode(codes, 0, random));
  });
}

export function serverText(encoder: ColumnEncoder, cell: Cell): string | null {
  if (cell === null || typeof cell === 'string') return cell;
  const { form, decimals } = encoder;
  const vector = {
    form,
    values: Float64Array.of(cell),
    nulls: Uint8Array.of(0),
    ...(form === 'number' && { decimals }),
  };
  return textAt(vector as ColumnVector, 0);
}

/** Every string, key and number within a model's parameters. */
export function contentsOf(json: unknown): readonly (string | number)[] {
  if (typeof json === 'string' || typeof json === 'number') return [json];
  if (json === null || typeof json !== 'object') return [];
  const keys = Array.isArray(json) ? [] : Object.keys(json);
  return [...keys, ...Object.values(json).flatMap((value) => contentsOf(value))];
}

/** Which of the planted texts or numbers the parameters of an encoder hold. */
export function exposed(encoder: ColumnEncoder, planted: readonly (string | number)[]): readonly (string | number)[] {
  const contents = contentsOf(encoder.toJson());
  return planted.filter((secret) =>
    contents.some((found) => (typeof secret === 'string' ? String(found).includes(secret) : found === secret)),
  );
}

/**
 * 600 units with an ordinary value each, and four more units that hold a rare one ten times over: as many rows as
 * any rule about rows could ask for, and one unit too few.
 */
export function withRare(
  ordinary: (i: number) => string | null,
  rare: (i: number) => string,
): {
  readonly values: Values;
  readonly units: Uint32Array;
} {
  const common = Array.from({ length: 600 }, (_, i) => ordinary(i));
  const planted = Array.from({ length: 40 }, (_, i) => rare(i));
  return {
    values: [...common, ...planted],
    units: Uint32Array.from({ length: 640 }, (_, row) => (row < 600 ? row : 1000 + (row % 4))),
  };
}
