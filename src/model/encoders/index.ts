/** Which encoder a column gets, and how one comes back from a model file. */
import { ArrayEncoder, fitArrayEncoder, type ArrayJson } from './array.ts';
import { countByUnit, MIN_UNITS, type ColumnEncoder } from './encoder.ts';
import { fitJsonEncoder, JsonEncoder, type JsonParameters } from './json.ts';
import { fitLexemeEncoder, LexemeEncoder } from './lexemes.ts';
import { NUMBER_DEFAULTS } from './number.ts';
import { fitMomentEncoder, MomentEncoder, WholeMomentEncoder } from './moment.ts';
import { fitRangeEncoder, RangeEncoder, type RangeJson } from './range.ts';
import { scalarCodec } from './scalar.ts';
import {
  CategoryColumnEncoder,
  fitCategoryColumn,
  fitScalarEncoder,
  lengthQuantiles,
  RandomEncoder,
  ScalarEncoder,
  type RandomJson,
} from './simple.ts';
import { fitTextEncoder, TextEncoder } from './text.ts';

/** What an encoder must know of a column's type; `class` is the connector's `TypeClass`. */
export interface ColumnShape {
  readonly class: string;
  readonly baseName: string;
  readonly nullable: boolean;
  readonly maxLength: number | null;
  readonly enumLabels: readonly string[] | null;
  readonly element: ColumnShape | null;
}

/**
 * Learns how a column's values are written and made.
 *
 * Shapes: `values [n]` server text, `units [n]`. `maxBins`: most codes of a number or a moment.
 */
export function fitColumnEncoder(
  shape: ColumnShape,
  values: readonly (string | null)[],
  units: Uint32Array,
  maxBins: number = NUMBER_DEFAULTS.maxBins,
): ColumnEncoder {
  const numbers = { ...NUMBER_DEFAULTS, maxBins };
  const hasNull = values.includes(null);
  if (values.every((value) => value === null)) return new RandomEncoder({ of: 'null', hasNull: false, lengths: [] });
  switch (shape.class) {
    case 'integer':
    case 'decimal':
    case 'float':
    case 'money':
    case 'date':
    case 'time':
    case 'interval':
      return fitScalarEncoder(shape.class, values, units, numbers);
    case 'timestamp':
    case 'timestamptz':
      return fitMomentEncoder(values, units, numbers);
    case 'boolean':
      return fitCategoryColumn(values, units, hasNull, ['f', 't']);
    case 'enum':
      return fitCategoryColumn(values, units, hasNull, shape.enumLabels ?? []);
    case 'uuid':
      return new RandomEncoder({ of: 'uuid', hasNull, lengths: [] });
    case 'bytes':
      return random('bytes', values, units, hasNull, (text) => (text.length - 2) / 2);
    case 'bit':
      // bit(8) takes nothing shorter than 8, however few rows there are to see it by.
      if (shape.baseName === 'bit') return new RandomEncoder({ of: 'bits', hasNull, lengths: [shape.maxLength ?? 1] });
      return random('bits', values, units, hasNull, (text) => Math.min(text.length, shape.maxLength ?? Infinity));
    case 'network':
      return new RandomEncoder({ of: shape.baseName.startsWith('macaddr') ? 'mac' : 'network', hasNull, lengths: [] });
    case 'json':
      return fitJsonEncoder(
        values,
        units,
        {
          number: (texts, owners) => fitScalarEncoder('decimal', texts, owners, numbers),
          string: (texts, owners) => fitTextEncoder(texts, owners, { maxLength: null, hasNull: false }),
        },
        reviveEncoder,
      );
    case 'array': {
      if (isClosedSet(values, units)) return fitCategoryColumn(values, units, hasNull);
      const element = shape.element;
      const fitted =
        element === null
          ? null
          : fitArrayEncoder(values, units, (texts, owners) => fitColumnEncoder(element, texts, owners));
      return fitted ?? fitCategoryColumn(values, units, hasNull, ['{}']);
    }
    case 'range':
      return (
        (shape.element === null ? null : fitRangeEncoder(shape.element.class, values, units)) ??
        fitCategoryColumn(values, units, hasNull, ['empty'])
      );
    case 'tsvector':
      return fitLexemeEncoder(values, units, hasNull);
    case 'text':
      return fitTextEncoder(values, units, { maxLength: shape.maxLength, hasNull });
    default:
      return fitCategoryColumn(values, units, hasNull);
  }
}

function random(
  of: RandomJson['of'],
  values: readonly (string | null)[],
  units: Uint32Array,
  hasNull: boolean,
  measure: (text: string) => number,
): RandomEncoder {
  const rows = values.flatMap((value, i) => (value === null ? [] : [i]));
  const lengths = rows.map((i) => Math.floor(measure(values[i]!)));
  const owners = Uint32Array.from(rows, (i) => units[i]);
  return new RandomEncoder({ of, hasNull, lengths: lengthQuantiles(lengths, owners) });
}

/** Nearly all rows have a value that 5 units share: a set of values, whatever they are made of. */
function isClosedSet(values: readonly (string | null)[], units: Uint32Array): boolean {
  let present = 0;
  let shared = 0;
  for (const count of countByUnit(values, units).values()) {
    present += count.rows;
    if (count.units >= MIN_UNITS) shared += count.rows;
  }
  return shared >= 0.95 * present;
}

/** Whether the values of this class are learned, not only made validly by type. */
export function isLearnable(typeClass: string): boolean {
  return scalarCodec(typeClass) !== null || ['boolean', 'enum', 'json', 'array', 'range', 'text'].includes(typeClass);
}

/** An encoder from its parameters in a model file. */
export function reviveEncoder(kind: string, parameters: unknown): ColumnEncoder {
  switch (kind) {
    case 'scalar':
      return ScalarEncoder.fromJson(parameters);
    case 'moment':
      return new MomentEncoder(parameters as ConstructorParameters<typeof MomentEncoder>[0]);
    case 'whole-moment':
      return WholeMomentEncoder.fromJson(parameters);
    case 'category':
      return CategoryColumnEncoder.fromJson(parameters);
    case 'random':
      return new RandomEncoder(parameters as RandomJson);
    case 'text':
      return new TextEncoder(parameters as ConstructorParameters<typeof TextEncoder>[0]);
    case 'lexemes':
      return new LexemeEncoder(new TextEncoder(parameters as ConstructorParameters<typeof TextEncoder>[0]));
    case 'json':
      return new JsonEncoder(parameters as JsonParameters, reviveEncoder);
    case 'range':
      return new RangeEncoder(parameters as RangeJson);
    case 'array': {
      const json = parameters as ArrayJson;
      return new ArrayEncoder(json, reviveEncoder(json.element.kind, json.element.parameters));
    }
    default:
      throw new TypeError(`unknown encoder kind ${kind}`);
  }
}
