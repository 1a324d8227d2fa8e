import { beforeAll, describe, expect, it } from 'vitest';
import type { Cell } from '../../../../src/model/encoders/encoder.ts';
import { roundTo } from '../../../../src/model/rule-arithmetic.ts';
import type { MinedRule, Operand, RuleBody } from '../../../../src/model/rules.ts';
import type { TableModel } from '../../../../src/model/table-model.ts';
import { cellColumns, type CellColumn } from '../../../../src/stages/generate/cells.ts';
import { RowRules } from '../../../../src/stages/generate/row-rules.ts';
import type { RowView } from '../../../../src/stages/generate/rules/row-view.ts';
import type { LearnedModel } from '../../../../src/stages/learn/artifact.ts';
import { learned } from '../../../support/sketch-database.ts';

let model: LearnedModel;
let columns: readonly CellColumn[];
beforeAll(async () => {
  model = await learned({
    sketch: {
      parent: { columns: 'id', primaryKey: ['id'] },
      row: {
        columns: 'id parent_id a b c d x:decimal y:decimal s:text? t:text born:date seen:timestamp',
        primaryKey: ['id'],
        keys: [{ columns: 'parent_id', to: 'parent', name: 'of' }],
      },
    },
    rows: {
      parent: Array.from({ length: 40 }, (_, id) => ({ id })),
      row: Array.from({ length: 80 }, (_, i) => ({
        id: i,
        parent_id: i % 40,
        a: i % 7,
        b: i % 5,
        c: i % 3,
        d: i % 2,
        x: (i % 9) / 4,
        y: ((i % 11) / 4).toFixed(2),
        s: i % 2 ? null : 'u',
        t: 'v',
        born: '2020-01-01',
        seen: '2020-01-01 10:00:00',
      })),
    },
    subjects: ['parent'],
  });
  columns = cellColumns(model.catalog.tables[1], modelOf([]));
});

function modelOf(rules: readonly RuleBody[]): TableModel {
  const support = { caseCount: 0, unitCount: 0, tuneCaseCount: 0 };
  return {
    ...model.tables.find((table) => table.id === 'public.row')!,
    rules: rules.map((rule): MinedRule => ({ ...rule, table: 'public.row', support })),
  };
}

/** A row of given cells (server text), after the rules were applied; and which rule it breaks. */
function applied(
  rules: readonly RuleBody[],
  cells: Readonly<Record<string, string | null>>,
  place = { parent: 0, index: 0 },
  before: Readonly<Record<string, string | null>> | null = null,
): { readonly row: Record<string, string | null>; readonly broken: string | null } {
  const made = new RowRules(modelOf(rules), columns);
  const at = (name: string): number => columns.findIndex((column) => column.name === name);
  const parse = (texts: typeof cells): Cell[] => columns.map(({ name, parse: read }) => read(texts[name] ?? null));
  if (before !== null) made.remember(parse(before));
  const own = parse(cells);
  const view: RowView = {
    text: (name) => columns[at(name)].text(own[at(name)]),
    read: (name) => columns[at(name)].read(own[at(name)]),
    parentText: (_, name) => cells[`of.${name}`] ?? null,
    set: (name, cell) => (own[at(name)] = cell),
  };
  made.apply(view, place);
  return {
    row: Object.fromEntries(columns.map(({ name }) => [name, view.text(name)])),
    broken: made.broken(view)?.kind ?? null,
  };
}

const own = (column: string): Operand => ({ column, foreignKey: null });
const behind = (column: string): Operand => ({ column, foreignKey: 'of' });
type Form = Extract<RuleBody, { kind: 'arithmetic' }>['form'];

describe('what follows from a hidden rule', () => {
  it.each([
    ['sum', ['a', 'b', 'c'], {}, 9],
    ['difference', ['a', 'b', 'c'], {}, 5],
    ['linear', ['a', 'b', 'c'], { signs: [1, -1, 1] as const }, 7],
    ['product', ['a', 'b', 'c'], {}, 7],
    ['percentage', ['a', 'b'], {}, 0.07],
    ['discounted-product', ['a', 'b'], { percent: true }, 6.93],
    ['discounted-product', ['a', 'x'], {}, 1.75],
    ['difference-product', ['a', 'b', 'x'], {}, 4.5],
    ['difference-product', ['a', 'b', 'b'], { percent: true }, 0.06],
  ] as readonly (readonly [Form, readonly string[], object, number])[])(
    'is computed: %s of %s %o',
    (form, operands, more, result) => {
      const rule: RuleBody = {
        kind: 'arithmetic',
        target: 'y',
        form,
        operands: operands.map(own),
        decimals: 2,
        ...more,
      };
      const cells = { a: '7', b: '1', c: '1', x: '0.75', y: '99' };
      expect(Number(applied([rule], cells).row.y)).toBe(result);
      // Where an operand is missing the rule says nothing.
      expect(Number(applied([rule], { ...cells, [operands[0]]: null }).row.y)).toBe(99);
    },
  );

  it('is computed from the parent’s, and in the order in which one follows from another', () => {
    const product: RuleBody = {
      kind: 'arithmetic',
      target: 'c',
      form: 'product',
      operands: [own('a'), behind('price')],
      decimals: 0,
    };
    const sum: RuleBody = { kind: 'arithmetic', target: 'd', form: 'sum', operands: [own('c'), own('b')], decimals: 0 };
    for (const rules of [
      [product, sum],
      [sum, product],
    ])
      expect(applied(rules, { a: '3', b: '1', c: '0', d: '0', 'of.price': '5' }).row).toMatchObject({
        c: '15',
        d: '16',
      });
  });

  it('is looked up, copied, counted, or what the sibling before has', () => {
    const map: RuleBody = {
      kind: 'dependency',
      from: ['a', 's'],
      to: 't',
      map: [
        ['1', null, 'one'],
        ['1', 'u', 'other'],
      ],
    };
    expect(applied([map], { a: '1', s: null, t: 'v' }).row.t).toBe('one');
    expect(applied([map], { a: '1', s: 'u', t: 'v' }).row.t).toBe('other');
    expect(applied([map], { a: '2', s: 'u', t: 'v' }).row.t).toBe('v');
    const constant: RuleBody = { kind: 'constant-per-parent', column: 't', foreignKey: 'of' };
    expect(applied([constant], { t: 'v' }, { parent: 0, index: 1 }, { t: 'w' }).row.t).toBe('w');
    expect(applied([constant], { t: 'v' }, { parent: 1, index: 0 }, { t: 'w' }).row.t).toBe('v');
    const sequence: RuleBody = { kind: 'sequence', column: 'a', foreignKey: 'of', start: 10 };
    expect(applied([sequence], { a: '5' }, { parent: 0, index: 3 }).row.a).toBe('13');
    const equal: RuleBody = { kind: 'equal', column: 's', to: 't' };
    const { row } = applied([equal], { s: 'p', t: 'q' });
    expect(row.s).toBe(row.t);
    const when: RuleBody = { kind: 'value-when-null', column: 't', given: 's', value: 'none' };
    expect(applied([when], { s: null, t: 'v' }).row.t).toBe('none');
    expect(applied([when], { s: 'u', t: 'v' }).row.t).toBe('v');
  });
});

describe('what breaks a hidden rule', () => {
  const broken = (rule: RuleBody, cells: Readonly<Record<string, string | null>>): boolean =>
    applied([rule], cells).broken !== null;

  it('is an order, strict or not, unless a side is missing', () => {
    const order = (strict: boolean, high = own('b')): RuleBody => ({ kind: 'order', low: own('a'), high, strict });
    const all = [
      ['1', '2'],
      ['2', '2'],
      ['3', '2'],
      [null, '2'],
      ['3', null],
    ] as const;
    expect(all.map(([a, b]) => broken(order(false), { a, b }))).toEqual([false, false, true, false, false]);
    expect(all.map(([a, b]) => broken(order(true), { a, b }))).toEqual([false, true, true, false, false]);
    expect(all.map(([a, b]) => broken(order(true, behind('size')), { a, 'of.size': b }))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it('is a moment on an earlier day than a date, but not at an earlier hour', () => {
    const rule: RuleBody = { kind: 'order', low: own('born'), high: own('seen'), strict: false };
    expect(broken(rule, { born: '2020-01-02', seen: '2020-01-01 23:00:00' })).toBe(true);
    expect(broken(rule, { born: '2020-01-02', seen: '2020-01-02 00:00:00' })).toBe(false);
    const turned: RuleBody = { kind: 'order', low: own('seen'), high: own('born'), strict: false };
    expect(broken(turned, { born: '2020-01-02', seen: '2020-01-02 23:00:00' })).toBe(false);
    expect(broken({ ...turned, strict: true } as RuleBody, { born: '2020-01-02', seen: '2020-01-02 23:00:00' })).toBe(
      true,
    );
    const parent: RuleBody = { kind: 'order', low: behind('since'), high: own('seen'), strict: false };
    expect(broken(parent, { 'of.since': '2020-01-02', seen: '2020-01-02 00:00:01' })).toBe(false);
    expect(broken(parent, { 'of.since': '2020-01-02 00:00:02', seen: '2020-01-02 00:00:01' })).toBe(true);
  });

  it('is a NULL where none may be, or none where one must be', () => {
    const given: RuleBody = { kind: 'null-given', column: 's', given: 'a', nullFor: ['1'], presentFor: ['2'] };
    const all = [
      ['1', null],
      ['1', 'u'],
      ['2', null],
      ['2', 'u'],
      ['3', null],
      ['3', 'u'],
    ] as const;
    expect(all.map(([a, s]) => broken(given, { a, s }))).toEqual([false, true, true, false, false, false]);
    const together: RuleBody = { kind: 'null-together', columns: ['s', 'seen'] };
    expect(broken(together, { s: null, seen: null })).toBe(false);
    expect(broken(together, { s: 'u', seen: null })).toBe(true);
  });
});

describe('rounding', () => {
  it.each([
    [2.5, 0, 3],
    [-2.5, 0, -3],
    [1.005, 2, 1.01],
    [0.285 * 100, 0, 29],
    [8.345, 2, 8.35],
    [-0.001, 2, 0],
    [1234567.125, 2, 1234567.13],
  ])('is half away from zero, as the server’s, whatever binary makes of it: %d', (value, decimals, rounded) => {
    expect(roundTo(value, decimals) + 0).toBe(rounded);
  });
});
