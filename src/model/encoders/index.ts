/** Which encoder a column gets, and how one comes back from a model file. */
import { ArrayEncoder, fitArrayEncoder, type ArrayJson } from './array.ts';
import { countByUnit, MIN_UNITS, type ColumnEncoder } from './encoder.ts';
import { fitJsonEncoder, JsonEncoder, type JsonParameters } from './json.ts';
import { fitLexemeEncoder, LexemeEncoder } from './lexemes.ts';
import { NUMBER_DEFAULTS } from './number.ts';
import { fitMomentEncoder, MomentEncoder, WholeMomentEncoder } from './moment.ts';
import { fitRangeEncoder, RangeEncoder, type RangeJson } from './range.ts';
import { AsTextEncoder, printedDecimals, type AsTextJson } from './as-text.ts';
import { CountryEncoder, fitCountryEncoder, type CountryJson } from './country.ts';
import { CompositeEncoder, fitCompositeEncoder, type CompositeJson } from './composite.ts';
import { fitHstoreEncoder, HstoreEncoder } from './hstore.ts';
import { fitMultirangeEncoder, MultirangeEncoder, type MultirangeJson } from './multirange.ts';
import { fitNestedArrayEncoder, NestedArrayEncoder, type NestedArrayJson } from './nested-array.ts';
import { fitNetworkEncoder, NetworkEncoder, type NetworkJson } from './network.ts';
import { intervalClass, scalarCodec } from './scalar.ts';
import { fitNumberedText, fitSkeletonEncoder, SkeletonEncoder, type SkeletonJson } from './skeleton.ts';
import { fitSpecialEncoder, SPECIAL_VALUES, SpecialEncoder, type SpecialJson } from './special.ts';
import { fitTextRangeEncoder, TextRangeEncoder, type TextRangeJson } from './text-range.ts';
import { fitZonedTimeEncoder, ZonedTimeEncoder, type ZonedTimeJson } from './timetz.ts';
import {
  CategoryColumnEncoder,
  fitCategoryColumn,
  fitScalarEncoder,
  isWhole,
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
  /** Of a composite type. */
  readonly fields?: readonly ColumnShape[] | null;
}

/** A decade may reach beyond what its type holds. */
const LARGEST: Readonly<Record<string, number>> = { int2: 2 ** 15 - 1, int4: 2 ** 31 - 1 };

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
  if (HAS_SPECIALS.has(shape.class) && values.some((value) => value !== null && SPECIAL_VALUES.has(value))) {
    return fitSpecialEncoder(values, units, (texts, owners) => nested({ ...shape, nullable: false }, texts, owners));
  }
  switch (shape.class) {
    case 'integer':
    case 'decimal': {
      const limits = { ...numbers, largest: LARGEST[shape.baseName] };
      return fitScalarEncoder(isWide(values) ? `wide-${shape.class}` : shape.class, values, units, limits);
    }
    case 'float':
    case 'money':
    case 'date':
    case 'time':
      return fitScalarEncoder(shape.class, values, units, numbers);
    case 'interval':
      return fitScalarEncoder(intervalClass(values), values, units, numbers);
    case 'timetz':
      return fitZonedTimeEncoder(values, units, numbers);
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
      if (isClosedSet(values, units)) return fitCategoryColumn(values, units, hasNull);
      return random('bytes', values, units, hasNull, (text) => (text.length - 2) / 2);
    case 'bit':
      if (isClosedSet(values, units)) return fitCategoryColumn(values, units, hasNull);
      // bit(8) takes nothing shorter than 8, however few rows there are to see it by.
      if (shape.baseName === 'bit') return new RandomEncoder({ of: 'bits', hasNull, lengths: [shape.maxLength ?? 1] });
      return random('bits', values, units, hasNull, (text) => Math.min(text.length, shape.maxLength ?? Infinity));
    case 'network':
      return fitNetworkEncoder(shape.baseName, values, units);
    case 'json':
      if (isClosedSet(values, units)) return fitCategoryColumn(values, units, hasNull);
      return fitDocument(values, units, numbers);
    case 'array':
      return fitArray(shape, values, units, hasNull);
    case 'composite': {
      const fields = shape.fields ?? [];
      return fitCompositeEncoder(
        values,
        units,
        fields.map((field) => (texts, owners) => nested(field, texts, owners)),
      );
    }
    case 'range': {
      const { element } = shape;
      const fitted = element === null ? null : fitRangeEncoder(element.class, values, units);
      if (fitted !== null) return fitted;
      if (element?.class === 'text') return fitTextRangeEncoder(values, units);
      return fitCategoryColumn(values, units, hasNull, ['empty']);
    }
    case 'multirange': {
      const fitted = shape.element === null ? null : fitMultirangeEncoder(shape.element.class, values, units);
      return fitted ?? fitCategoryColumn(values, units, hasNull, ['{}']);
    }
    case 'tsvector':
      if (isClosedSet(values, units)) return fitCategoryColumn(values, units, hasNull);
      return fitLexemeEncoder(values, units, hasNull);
    case 'text':
      return (
        fitCountryEncoder(values, units, { maxLength: shape.maxLength, hasNull }) ??
        (isClosedSet(values, units) ? null : fitNumberedText(values, units, shape.maxLength)) ??
        fitTextEncoder(values, units, { maxLength: shape.maxLength, hasNull })
      );
    default:
      if (isClosedSet(values, units)) return fitCategoryColumn(values, units, hasNull);
      if (shape.baseName === 'hstore')
        return fitHstoreEncoder(values, (documents) => fitDocument(documents, units, numbers));
      return (
        fitSkeletonEncoder(values, units) ?? fitCategoryColumn(values, units, hasNull, plainValues(shape.baseName))
      );
  }
}

const HAS_SPECIALS: ReadonlySet<string> = new Set(['decimal', 'float', 'date', 'timestamp', 'timestamptz']);

/** A column within another: its cells are the server's text. */
function nested(shape: ColumnShape, values: readonly (string | null)[], units: Uint32Array): ColumnEncoder {
  const encoder = fitColumnEncoder(shape, values, units);
  if (encoder.form === 'text') return encoder;
  const decimals = shape.class === 'decimal' ? printedDecimals(values) : null;
  return new AsTextEncoder(encoder, shape.class === 'timestamptz', decimals);
}

function fitDocument(
  values: readonly (string | null)[],
  units: Uint32Array,
  numbers: typeof NUMBER_DEFAULTS & { readonly maxBins: number },
): JsonEncoder {
  return fitJsonEncoder(
    values,
    units,
    {
      number: (texts, owners) => fitScalarEncoder('decimal', texts, owners, numbers),
      string: (texts, owners) => fitTextEncoder(texts, owners, { maxLength: null, hasNull: false }),
    },
    reviveEncoder,
  );
}

function fitArray(
  shape: ColumnShape,
  values: readonly (string | null)[],
  units: Uint32Array,
  hasNull: boolean,
): ColumnEncoder {
  if (isClosedSet(values, units)) return fitCategoryColumn(values, units, hasNull);
  const { element } = shape;
  if (element === null) return fitCategoryColumn(values, units, hasNull, ['{}']);
  const fitElement = (texts: readonly (string | null)[], owners: Uint32Array): ColumnEncoder =>
    nested(element, texts, owners);
  return (
    fitArrayEncoder(values, units, fitElement) ??
    fitNestedArrayEncoder(values, units, fitElement) ??
    fitCategoryColumn(values, units, hasNull, ['{}'])
  );
}

/** Numbers that no double holds exactly. */
function isWide(values: readonly (string | null)[]): boolean {
  return values.some(
    (value) => value !== null && value.length > 15 && Math.abs(Number(value)) > Number.MAX_SAFE_INTEGER,
  );
}

/** A value of each type that nothing can be learned of and that has one at all: valid, and nobody's. */
function plainValues(baseName: string): readonly string[] {
  const value = PLAIN_VALUES[baseName];
  return value === undefined ? [] : [value];
}

const PLAIN_VALUES: Readonly<Record<string, string>> = {
  xml: '<none/>',
  pg_lsn: '0/0',
  jsonpath: '$',
  tsquery: "'none'",
  ltree: 'none',
  lquery: '*',
  ltxtquery: 'none',
  pg_snapshot: '1:1:',
  txid_snapshot: '1:1:',
  point: '(0,0)',
  line: '{1,0,0}',
  lseg: '[(0,0),(1,1)]',
  box: '(1,1),(0,0)',
  path: '((0,0),(1,1))',
  polygon: '((0,0),(1,0),(1,1))',
  circle: '<(0,0),1>',
  cube: '(0)',
  seg: '0',
  tid: '(0,1)',
  xid: '3',
  xid8: '3',
  cid: '0',
  oid: '0',
  char: 'x',
  name: 'none',
  refcursor: 'none',
};

/** Whether values of that type can be made from such a sample: else a NOT NULL column of it cannot be filled. */
export function isMakeable(shape: ColumnShape, values: readonly (string | null)[], units: Uint32Array): boolean {
  if (shape.class !== 'other') return true;
  if (values.every((value) => value === null)) return false;
  const encoder = fitColumnEncoder(shape, values, units);
  return encoder.kind !== 'category' || (encoder.toJson() as { values: readonly string[] }).values.length > 0;
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
  for (const [value, count] of countByUnit(values, units)) {
    if (!isWhole(value)) return false;
    present += count.rows;
    if (count.units >= MIN_UNITS) shared += count.rows;
  }
  return shared >= 0.95 * present;
}

/** Whether the values of this class are learned, not only made validly by type. */
export function isLearnable(typeClass: string): boolean {
  return (
    scalarCodec(typeClass) !== null ||
    ['boolean', 'enum', 'json', 'array', 'composite', 'range', 'multirange', 'timetz', 'text'].includes(typeClass)
  );
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
    case 'country':
      return new CountryEncoder(parameters as CountryJson);
    case 'text':
      return new TextEncoder(parameters as ConstructorParameters<typeof TextEncoder>[0]);
    case 'as-text': {
      const { kind: inner, parameters: of, zoned, decimals } = parameters as AsTextJson;
      return new AsTextEncoder(reviveEncoder(inner, of), zoned, decimals);
    }
    case 'special': {
      const json = parameters as SpecialJson;
      return new SpecialEncoder(json, reviveEncoder(json.inner.kind, json.inner.parameters));
    }
    case 'composite': {
      const json = parameters as CompositeJson;
      return new CompositeEncoder(
        json,
        json.fields.map((field) => reviveEncoder(field.kind, field.parameters)),
      );
    }
    case 'nested-array': {
      const json = parameters as NestedArrayJson;
      return new NestedArrayEncoder(json, reviveEncoder(json.element.kind, json.element.parameters));
    }
    case 'hstore': {
      const { kind: inner, parameters: of } = parameters as { kind: string; parameters: unknown };
      return new HstoreEncoder(reviveEncoder(inner, of));
    }
    case 'multirange':
      return new MultirangeEncoder(parameters as MultirangeJson);
    case 'network':
      return new NetworkEncoder(parameters as NetworkJson);
    case 'skeleton':
      return new SkeletonEncoder(parameters as SkeletonJson);
    case 'text-range':
      return new TextRangeEncoder(parameters as TextRangeJson);
    case 'timetz':
      return new ZonedTimeEncoder(parameters as ZonedTimeJson);
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
