/** What is drawn is valid text of the column's type and looks like what was learned; a model file changes nothing. */
import { describe, expect, it } from 'vitest';
import type { ColumnShape } from '../../../../src/model/encoders/index.ts';
import { drawn, drawnAtRandom, fit, ownUnits, revived, shapeOf, type Values } from './column-trial.ts';

const range = <T>(length: number, make: (i: number) => T): T[] => Array.from({ length }, (_, i) => make(i));
const two = (n: number): string => String(n).padStart(2, '0');
const date = (i: number): string => new Date(Date.UTC(2020, 0, 1 + ((i * 37) % 700))).toISOString().slice(0, 10);
const clock = (i: number): string => `${two(i % 24)}:${two((i * 7) % 60)}:${two((i * 11) % 60)}`;
const TIMESTAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/;

/** Per type: 500 values as the server prints them, and what every drawn one must be. */
const TYPES: Readonly<
  Record<string, { readonly shape: ColumnShape; readonly of: (i: number) => string; readonly valid: RegExp }>
> = {
  integer: { shape: shapeOf('integer'), of: (i) => String(i * i), valid: /^\d{1,6}$/ },
  decimal: { shape: shapeOf('decimal'), of: (i) => (i / 4).toFixed(2), valid: /^\d{1,3}\.(00|25|50|75)$/ },
  float: { shape: shapeOf('float'), of: (i) => String(Math.sqrt(i)), valid: /^\d+(\.\d+)?(e-\d+)?$/ },
  money: { shape: shapeOf('money'), of: (i) => `$${1 + (i % 3)},${two(i % 60)}0.50`, valid: /^\d{4}\.50?$/ },
  boolean: { shape: shapeOf('boolean'), of: (i) => (i % 3 ? 't' : 'f'), valid: /^[tf]$/ },
  enum: { shape: shapeOf('enum', { enumLabels: ['a', 'b'] }), of: (i) => 'ab'[i % 2], valid: /^[ab]$/ },
  date: { shape: shapeOf('date'), of: date, valid: /^202[01]-\d\d-\d\d$/ },
  time: {
    shape: shapeOf('time'),
    of: (i) => `${two(8 + (i % 9))}:${two((i * 5) % 60)}:00`,
    valid: /^(0[89]|1[0-6]):\d[05]:00$/,
  },
  interval: {
    shape: shapeOf('interval'),
    of: (i) => `${i % 9} days 0${i % 7}:00:00`,
    valid: /^(?:\d days?|(?:\d days? )?[012]\d:00:00)$/,
  },
  timestamptz: { shape: shapeOf('timestamptz'), of: (i) => `${date(i)} ${clock(i)}+00`, valid: TIMESTAMP },
  uuid: {
    shape: shapeOf('uuid'),
    of: () => '0d9c1b1e-4c44-4a2b-9a0a-2f1b7d2b9d11',
    valid: /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
  },
  bytes: { shape: shapeOf('bytes'), of: (i) => `\\x${'ab'.repeat(i % 5)}`, valid: /^\\x([\da-f]{2}){0,4}$/ },
  'bit(8)': { shape: shapeOf('bit', { baseName: 'bit', maxLength: 8 }), of: () => '00101101', valid: /^[01]{8}$/ },
  varbit: {
    shape: shapeOf('bit', { baseName: 'varbit', maxLength: 20 }),
    of: (i) => '1'.repeat(1 + (i % 20)),
    valid: /^[01]{1,20}$/,
  },
  inet: { shape: shapeOf('network', { baseName: 'inet' }), of: () => '192.168.1.1', valid: /^10(\.\d{1,3}){3}$/ },
  macaddr: {
    shape: shapeOf('network', { baseName: 'macaddr' }),
    of: () => '08:00:2b:01:02:03',
    valid: /^([\da-f]{2}:){5}[\da-f]{2}$/,
  },
  'a code': { shape: shapeOf('text'), of: (i) => `INV-${1000 + i}/A`, valid: /^INV-\d{4}\/A$/ },
  'varchar(12) prose': {
    shape: shapeOf('text', { maxLength: 12 }),
    of: (i) => `some words ${i}`.slice(0, 12),
    valid: /^\S(.{0,10}\S)?$/,
  },
  jsonb: {
    shape: shapeOf('json'),
    of: (i) => `{"n": ${i % 9}, "ok": ${i % 2 === 0}, "tags": ["x", "y"], "who": null}`,
    valid: /^\{"n": \d, "ok": (true|false), "tags": \["[xy]", "[xy]"\], "who": null\}$/,
  },
  json: { shape: shapeOf('json'), of: (i) => `{"n":${i % 9},"t":"b"}`, valid: /^\{"n":\d,"t":"b"\}$/ },
  'text[]': {
    shape: shapeOf('array', { element: shapeOf('text') }),
    of: (i) => `{red,"a,b","c\\"d"${',blue'.repeat(i % 3)},w${i}}`,
    valid: /^\{((\w+|"a,b"|"c\\"d")(,|(?=\})))*\}$/,
  },
  'integer[]': {
    shape: shapeOf('array', { element: shapeOf('integer') }),
    of: (i) => `{${range(1 + (i % 4), (k) => i + k).join(',')}}`,
    valid: /^\{\d+(,\d+){0,3}\}$/,
  },
  'numeric[]': {
    shape: shapeOf('array', { element: shapeOf('decimal') }),
    of: (i) => `{${i}.25,NULL}`,
    valid: /^\{(\d+\.25|NULL),(\d+\.25|NULL)\}$/,
  },
  'date[]': {
    shape: shapeOf('array', { element: shapeOf('date') }),
    of: (i) => `{${date(i)},${date(i + 1)}}`,
    valid: /^\{202[01]-\d\d-\d\d,202[01]-\d\d-\d\d\}$/,
  },
  'timestamptz[]': {
    shape: shapeOf('array', { element: shapeOf('timestamptz') }),
    of: (i) => `{"${date(i)} ${clock(i)}+00"}`,
    valid: /^\{"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00"\}$/,
  },
  int4range: {
    shape: shapeOf('range', { element: shapeOf('integer') }),
    of: (i) => `[${i},${i + 1 + (i % 9)})`,
    valid: /^\[\d+,\d+\)$/,
  },
  'a range without ends': {
    shape: shapeOf('range', { element: shapeOf('integer') }),
    of: (i) => [`[${i},${i + 5})`, `[${i},)`, `(,${i})`, '(,)'][i % 4],
    valid: /^([[(]\d*,\d*\))$/,
  },
  daterange: {
    shape: shapeOf('range', { element: shapeOf('date') }),
    of: (i) => `[${date(i)},2023-0${1 + (i % 9)}-01)`,
    valid: /^\[\d{4}-\d\d-\d\d,\d{4}-\d\d-\d\d\)$/,
  },
  tsrange: {
    shape: shapeOf('range', { element: shapeOf('timestamp') }),
    of: (i) => (i % 5 === 0 ? 'empty' : `["${date(i)} 08:00:00","2023-01-01 0${i % 9}:00:00"]`),
    valid: /^(empty|\["\d{4}-\d\d-\d\d \d\d:\d\d:\d\d","\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"\])$/,
  },
  tsvector: {
    shape: shapeOf('tsvector'),
    of: (i) => `'a${i % 9}':1 'it''s':2 'c${i}':3`,
    valid: /^'[^' ]+':\d+( '[^' ]+':\d+)*$/,
  },
};

const cases = Object.entries(TYPES).map(([name, { shape, of, valid }]) => ({
  name,
  shape,
  values: range(500, of),
  valid,
}));
const bad = (texts: Values, valid: RegExp): Values =>
  texts.filter((text) => text === null || !valid.test(text)).slice(0, 3);

describe('a drawn value', () => {
  it.each(cases)('is valid and never NULL where none was: $name', ({ shape, values, valid }) => {
    const encoder = fit(shape, values);
    expect(bad(drawn(encoder, values), valid)).toEqual([]);
    expect(bad(drawnAtRandom(encoder, 300), valid)).toEqual([]);
  });

  it.each(cases)('is NULL where NULL was encoded, and nowhere else: $name', ({ shape, values, valid }) => {
    const holes = values.map((value, i) => (i % 3 === 0 ? null : value));
    const encoder = fit(shape, holes);
    const texts = drawn(encoder, holes);
    expect(texts.flatMap((text, i) => ((text === null) === (i % 3 === 0) ? [] : [i]))).toEqual([]);
    expect(
      bad(
        texts.filter((text) => text !== null),
        valid,
      ),
    ).toEqual([]);
    expect(encoder.parts.every((part, i) => i > 0 || part.hasNull)).toBe(true);
  });

  it.each(cases)('comes out of a model file the same: $name', ({ shape, values }) => {
    const holes = values.map((value, i) => (i % 5 === 0 ? null : value));
    const encoder = fit(shape, holes);
    const again = revived(encoder);
    expect(again.toJson()).toEqual(JSON.parse(JSON.stringify(encoder.toJson())));
    expect(again.parts).toEqual(encoder.parts);
    expect(drawn(again, holes)).toEqual(drawn(encoder, holes));
  });

  it.each(cases)('is there even where only one unit is: $name', ({ shape, values }) => {
    const few = values.slice(1, 4);
    const encoder = fit({ ...shape, nullable: false }, few, new Uint32Array(3));
    const texts = drawn(encoder, [...few, null]);
    expect(texts.includes(null)).toBe(false);
  });
});

describe('values that the server prints in several ways', () => {
  it('keeps to the column’s decimals, whatever was drawn', () => {
    const encoder = fit(
      shapeOf('decimal'),
      range(400, (i) => (i * 1.1).toFixed(3)),
    );
    expect(drawnAtRandom(encoder, 200).every((text) => /^\d+\.\d{1,3}$/.test(text!))).toBe(true);
  });

  it('keeps the granularity of moments: days, hours, minutes, seconds, thousandths', () => {
    const grains: readonly (readonly [(i: number) => string, RegExp])[] = [
      [() => '00:00:00', / 00:00:00\.0+$/],
      [(i) => `${two(i % 24)}:00:00`, / \d\d:00:00\.0+$/],
      [(i) => `${two(i % 24)}:${two(15 * (i % 4))}:00`, / \d\d:(00|15|30|45):00\.0+$/],
      [clock, / \d\d:\d\d:\d\d\.0+$/],
      [(i) => `${clock(i)}.${String((i * 7) % 1000).padStart(3, '0')}`, /\.\d{3}000$/],
    ];
    for (const [of, valid] of grains) {
      const values = range(600, (i) => `${date(i)} ${of(i)}`);
      const encoder = fit(shapeOf('timestamp'), values);
      expect([encoder.kind, bad(drawn(encoder, values), valid)]).toEqual(['moment', []]);
    }
    const batches = range(600, (i) => `2024-01-0${1 + (i % 3)} 06:30:00`);
    const repeated = fit(shapeOf('timestamp'), batches);
    expect(repeated.kind).toBe('whole-moment');
    expect(drawn(repeated, batches)).toEqual(batches.map((text) => `${text}.000000`));
  });

  it('survives infinities, dates before Christ and documents that were cut for reading', () => {
    const moments = range(300, (i) =>
      i % 50 === 0 ? 'infinity' : i % 50 === 1 ? '0044-03-15 12:00:00 BC' : `${date(i)} ${clock(i)}`,
    );
    expect(bad(drawn(fit(shapeOf('timestamp'), moments), moments), /^(?:\d{4}-|infinity$)/)).toEqual([]);
    const cut = range(300, (i) =>
      i % 3 === 0 ? `{"n": 1, "t": "${'a'.repeat(3000)}"}`.slice(0, 2000) : `{"n": ${i % 4}}`,
    );
    const encoder = fit(shapeOf('json', { nullable: false }), cut);
    expect(bad(drawn(encoder, cut), /^\{"n": \d\}$/)).toEqual([]);
    const lists = range(300, (i) => (i % 3 === 0 ? `{${'a,'.repeat(2000)}}`.slice(0, 2000) : '{a,b}'));
    const texts = drawn(fit(shapeOf('array', { nullable: false, element: shapeOf('text') }), lists), lists);
    expect(bad(texts, /^\{.*\}$/)).toEqual([]);
    const odd = fit(shapeOf('other', { nullable: false }), lists);
    expect(bad(drawn(odd, lists), /^\{a,b\}$/)).toEqual([]);
  });

  it('draws no empty lexeme from empty documents', () => {
    const values = range(300, (i) => (i % 2 === 0 ? '' : `'word${i % 5}':1`));
    expect(drawn(fit(shapeOf('tsvector'), values), values)).toEqual(values);
  });

  it('makes rare values anew, and frequent ones as they are', () => {
    const values = range(600, (i) => (i % 2 === 0 ? 'standard' : `R-${10_000 + ((i * 7919) % 90_000)}`));
    const texts = drawn(fit(shapeOf('text'), values), values);
    expect(texts.filter((text) => text === 'standard').length).toBe(300);
    const made = texts.filter((text) => text !== 'standard');
    expect(bad(made, /^R-\d{5}$/)).toEqual([]);
    expect(made.filter((text) => values.includes(text!)).length).toBeLessThan(15);
  });

  it('keeps elements of an array apart where they always are', () => {
    const values = range(300, (i) => `{${['a', 'b', 'c', 'd'].slice(i % 3, 4).join(',')},t${i}}`);
    const encoder = fit(shapeOf('array', { element: shapeOf('text') }), values, ownUnits(300));
    for (const text of drawn(encoder, values)) {
      const elements = text!.slice(1, -1).split(',');
      expect(new Set(elements).size).toBe(elements.length);
    }
  });
});
