/** Nothing that fewer than five units share may stay in a model, however many rows have it. */
import { describe, expect, it } from 'vitest';
import { MIN_UNITS } from '../../../../src/model/encoders/encoder.ts';
import { fitRelativeMoment } from '../../../../src/model/encoders/relative-moment.ts';
import { contentsOf, exposed, fit, shapeOf, withRare } from './column-trial.ts';

const DAY = 86_400_000_000;
const day = (i: number): string => new Date(Date.UTC(2020, 0, 1 + (i % 700))).toISOString().slice(0, 10);
const SYLLABLES = ['a', 'lo', 'rin', 'ta', 'nes', 'vi', 'kor', 'el', 'u', 'san'];
const two = (n: number): string => String(n).padStart(2, '0');

/** Per kind of column: an ordinary value, a rare one, and what would give the rare one away. */
const CASES: Readonly<
  Record<
    string,
    {
      readonly shape: ReturnType<typeof shapeOf>;
      readonly ordinary: (i: number) => string;
      readonly rare: (i: number) => string;
      readonly secrets: readonly (string | number)[];
    }
  >
> = {
  'a text that repeats': {
    shape: shapeOf('text'),
    ordinary: (i) => ['open', 'paid', 'shipped'][i % 3],
    rare: () => 'embargoed-Zanzibar',
    secrets: ['embargoed', 'Zanzibar'],
  },
  'a code with a pattern': {
    shape: shapeOf('text'),
    ordinary: (i) => `AB-${1000 + i}`,
    rare: (i) => `QX-${90_210 + i}-zed`,
    secrets: ['QX', 'zed', '90210'],
  },
  'a name': {
    shape: shapeOf('text'),
    ordinary: (i) => `M${SYLLABLES[i % 10]}${SYLLABLES[Math.floor(i / 10) % 10]}${SYLLABLES[Math.floor(i / 100)]}`,
    rare: () => 'Xyzzyquux',
    secrets: ['Xyz', 'yzz', 'zzy'],
  },
  'prose, of which a word is rare': {
    shape: shapeOf('text'),
    ordinary: (i) =>
      Array.from({ length: 8 + (i % 5) }, (_, w) => `word${'abcdefghijklmnopqrstuvwxyz'[(i * 7 + w * 3) % 26]}`).join(
        ' ',
      ),
    rare: (i) => `worda wordb Bartholomew wordc${i} wordd`,
    secrets: ['Bartholomew', 'wordc3'],
  },
  'prose, of which a word is a contact': {
    shape: shapeOf('text'),
    ordinary: (i) =>
      `call ${'abcdefghijklmnopqrstuvwxyz'
        .split('')
        .slice(i % 20)
        .join(' ')} jo@firm.example ${i}`,
    rare: (i) => `nothing ${i}`,
    secrets: ['jo@firm.example'],
  },
  'an enum label': {
    shape: shapeOf('enum', { enumLabels: ['low', 'high', 'secret-tier'] }),
    ordinary: (i) => (i % 2 === 0 ? 'low' : 'high'),
    rare: () => 'secret-tier',
    secrets: ['secret-tier'],
  },
  'a type that only repeats': {
    shape: shapeOf('composite'),
    ordinary: (i) => `(${i % 4})`,
    rare: () => '(4711)',
    secrets: ['4711'],
  },
  'a JSON key': {
    shape: shapeOf('json'),
    ordinary: (i) => JSON.stringify({ size: i % 7, color: 'red' }),
    rare: () => JSON.stringify({ size: 1, 'owner-Aloysius': 'red' }),
    secrets: ['Aloysius'],
  },
  'a JSON string': {
    shape: shapeOf('json'),
    ordinary: (i) => JSON.stringify({ color: ['red', 'blue'][i % 2] }),
    rare: () => JSON.stringify({ color: 'Aloysius' }),
    secrets: ['Aloysius'],
  },
  'a JSON number': {
    shape: shapeOf('json'),
    ordinary: (i) => JSON.stringify({ size: i % 7 }),
    rare: () => JSON.stringify({ size: 987_123 }),
    secrets: [987_123],
  },
  'an element of a JSON array': {
    shape: shapeOf('json'),
    ordinary: (i) => JSON.stringify({ tags: [['a', 'b', 'c'][i % 3]] }),
    rare: () => JSON.stringify({ tags: ['a', 'Aloysius'] }),
    secrets: ['Aloysius'],
  },
  'the length of a JSON array': {
    shape: shapeOf('json'),
    ordinary: (i) => JSON.stringify(Array.from({ length: i % 4 }, () => 1)),
    rare: () => JSON.stringify(Array.from({ length: 97 }, () => 1)),
    secrets: [97],
  },
  'an array element': {
    shape: shapeOf('array', { element: shapeOf('text') }),
    ordinary: (i) => `{${['a', 'b', 'c'].slice(i % 3).join(',')},tag${i % 90}}`,
    rare: (i) => `{a,Aloysius${i}}`,
    secrets: ['Aloysius'],
  },
  'the length of an array': {
    shape: shapeOf('array', { element: shapeOf('integer') }),
    ordinary: (i) => `{${Array.from({ length: 1 + (i % 4) }, (_, k) => k + i).join(',')}}`,
    rare: () => `{${Array.from({ length: 97 }, (_, k) => k).join(',')}}`,
    secrets: [97],
  },
  'a bound of a range': {
    shape: shapeOf('range', { element: shapeOf('integer') }),
    ordinary: (i) => `[${10 * (i % 50)},${10 * (i % 50) + 20})`,
    rare: () => '[777777,888889)',
    secrets: [777_777, 888_889, 111_112],
  },
  'the length of bytes': {
    shape: shapeOf('bytes'),
    ordinary: (i) => `\\x${'00'.repeat(1 + (i % 9))}`,
    rare: () => `\\x${'00'.repeat(531)}`,
    secrets: [531],
  },
  'the length of bits': {
    shape: shapeOf('bit', { baseName: 'varbit' }),
    ordinary: (i) => '1'.repeat(1 + (i % 9)),
    rare: () => '1'.repeat(531),
    secrets: [531],
  },
  'a date': {
    shape: shapeOf('date'),
    ordinary: day,
    rare: () => '1931-07-23',
    secrets: [Date.UTC(1931, 6, 23) / 86_400_000],
  },
  'a day of a moment': {
    shape: shapeOf('timestamptz'),
    ordinary: (i) => `${day(i)} ${two(8 + (i % 9))}:${two(i % 60)}:00+00`,
    rare: () => '1931-07-23 09:15:00+00',
    secrets: [Date.UTC(1931, 6, 23) / 86_400_000],
  },
  'a time of day of a moment': {
    shape: shapeOf('timestamp'),
    ordinary: (i) => `${day(i)} ${two(8 + (i % 9))}:${two(i % 60)}:00`,
    rare: (i) => `${day(i)} 03:33:33`,
    secrets: [3 * 3600 + 33 * 60 + 33],
  },
  'a moment among moments that repeat': {
    shape: shapeOf('timestamp'),
    ordinary: (i) => `2020-01-0${1 + (i % 5)} 00:00:00`,
    rare: () => '2023-03-03 03:33:33',
    secrets: [Date.UTC(2023, 2, 3, 3, 33, 33) * 1000],
  },
  'an interval': {
    shape: shapeOf('interval'),
    ordinary: (i) => `0${i % 9}:00:00`,
    rare: () => '4711 days 03:00:00',
    secrets: [(4711 * 24 + 3) * 3600e6, 4711 * 24 + 3],
  },
  'a lexeme': {
    shape: shapeOf('tsvector'),
    ordinary: (i) => `'a${i % 50}':1 'b${i % 40}':2 'c${i}':3`,
    rare: () => "'bartholomew':1 'a1':2",
    secrets: ['bartholomew'],
  },
};

describe('what four units share', () => {
  it.each(Object.entries(CASES))('does not stay: %s', (_, { shape, ordinary, rare, secrets }) => {
    const { values, units } = withRare(ordinary, rare);
    expect(exposed(fit(shape, values, units), secrets)).toEqual([]);
  });

  it('is found by the same search once a fifth unit shares it', () => {
    const { values, units } = withRare(
      (i) => ['open', 'paid'][i % 2],
      () => 'embargoed',
    );
    const more = units.map((unit, row) => (row === 639 ? 5000 : unit));
    expect(exposed(fit(shapeOf('text'), values, more), ['embargoed'])).toEqual(['embargoed']);
  });

  it('does not stay of distances between moments either', () => {
    const base = Date.UTC(2020, 0, 1) * 1000;
    const references = Float64Array.from({ length: 640 }, (_, i) => base + (i % 300) * DAY + 3600e6);
    const distance = (i: number): number => (i < 600 ? (1 + (i % 20)) * DAY : 900 * DAY + 12_345e6);
    const micros = references.map((reference, i) => reference + distance(i));
    const units = Uint32Array.from({ length: 640 }, (_, row) => (row < 600 ? row : 1000 + (row % 4)));
    const json = fitRelativeMoment(micros, references, units, false).toJson();
    const rare = [Math.log1p(900), 12_345 + 3600, Math.floor((base + 900 * DAY) / DAY), json.lastDay > 18_800 + 400];
    expect(contentsOf(json).filter((found) => rare.includes(found as number))).toEqual([]);
    expect(json.lastDay * DAY).toBeLessThan(base + 400 * DAY);
  });
});

describe('a column of fewer than five units', () => {
  const few = MIN_UNITS - 1;
  it.each(
    Object.entries({
      text: [shapeOf('text'), () => 'Aloysius', ['Aloysius']],
      json: [shapeOf('json'), () => '{"Aloysius": [4711, "Aloysius"]}', ['Aloysius', 4711]],
      'an array': [shapeOf('array', { element: shapeOf('text') }), () => '{Aloysius}', ['Aloysius']],
      'a range': [shapeOf('range', { element: shapeOf('integer') }), () => '[4711,4811)', [4711, 4811]],
      'a date': [shapeOf('date'), () => '1931-07-23', [Date.UTC(1931, 6, 23) / 86_400_000]],
      'a moment': [
        shapeOf('timestamp'),
        () => '1931-07-23 09:15:00',
        [Date.UTC(1931, 6, 23) / 86_400_000, 555, 33_300],
      ],
      'a number': [shapeOf('integer'), () => '4711', [4711]],
      'the length of bytes': [shapeOf('bytes'), () => `\\x${'00'.repeat(53)}`, [53]],
      'the length of a JSON array': [shapeOf('json'), () => JSON.stringify(new Array(53).fill(1)), [53]],
      'a lexeme': [shapeOf('tsvector'), () => "'aloysius':1", ['aloysius']],
    } as const),
  )('keeps no value: %s', (_, [shape, valueOf, secrets]) => {
    const values = Array.from({ length: 40 }, valueOf);
    const units = Uint32Array.from({ length: 40 }, (__, row) => row % few);
    expect(exposed(fit(shape, values, units), secrets)).toEqual([]);
  });
});
