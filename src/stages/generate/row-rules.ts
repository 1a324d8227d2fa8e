/** Hidden rules within a row: what follows is written, what can only be tested is drawn again. */
import type { Cell } from '../../model/encoders/encoder.ts';
import { parseTimestamp } from '../../model/encoders/scalar.ts';
import type { MinedRule, Operand } from '../../model/rules.ts';
import type { TableModel } from '../../model/table-model.ts';
import type { CellColumn } from './cells.ts';
import type { Value } from './expression.ts';
import { hopKey } from './world.ts';

const DAY_MICROS = 86_400_000_000;

/** The row at hand. */
export interface RowView {
  readonly text: (column: string) => string | null;
  readonly read: (column: string) => Value;
  parentText(foreignKey: string, column: string): string | null;
  set(column: string, cell: Cell): void;
}

/** Values that follow are written in an order in which each follows from settled ones. */
const STEP_ORDER: readonly MinedRule['kind'][] = [
  'copy',
  'constant-per-parent',
  'sequence',
  'dependency',
  'value-when-null',
  'arithmetic',
  'equal',
];

type Test = (row: RowView) => boolean;
type Step = (row: RowView, place: { readonly parent: number; readonly index: number }) => void;

export class RowRules {
  readonly #columns: ReadonlyMap<string, { readonly column: CellColumn; readonly at: number }>;
  readonly #steps: readonly Step[];
  readonly #tests: readonly { readonly name: string; readonly test: Test }[];
  /** Orders between the row and what a foreign key leads to. */
  readonly #byKey = new Map<string, Test[]>();
  readonly #contextKey: string | null;
  readonly #previous: Cell[];

  constructor(model: TableModel, columns: readonly CellColumn[]) {
    this.#columns = new Map(columns.map((column, at) => [column.name, { column, at }]));
    this.#previous = new Array<Cell>(columns.length).fill(null);
    this.#contextKey = model.foreignKeys.find((key) => key.maker.by === 'context')?.name ?? null;
    const makers = model.rules.map((rule) => ({ rule, step: this.#step(rule), test: this.#test(rule) }));
    const rank = (kind: MinedRule['kind']): number => STEP_ORDER.indexOf(kind);
    this.#steps = inOrderOfUse(makers.filter(({ step }) => step !== null))
      .sort((a, b) => rank(a.rule.kind) - rank(b.rule.kind))
      .map(({ step }) => step!);
    for (const { rule, test } of makers) {
      if (rule.kind !== 'order' || test === null) continue;
      const keys = [rule.low.foreignKey, rule.high.foreignKey].filter((key) => key !== null);
      if (keys.length === 1) this.#byKey.set(keys[0], [...(this.#byKey.get(keys[0]) ?? []), test]);
    }
    this.#tests = makers.flatMap(({ rule, test }) => (test === null ? [] : [{ name: `the rule ${rule.kind}`, test }]));
  }

  /** Writes what follows. */
  apply(row: RowView, place: { readonly parent: number; readonly index: number }): void {
    for (const step of this.#steps) step(row, place);
  }

  /** Whether the row just chosen for a foreign key keeps the orders that it takes part in. */
  admits(foreignKey: string, row: RowView): boolean {
    return (this.#byKey.get(foreignKey) ?? []).every((test) => test(row));
  }

  /** Name of a rule that the row breaks, or null. */
  broken(row: RowView): string | null {
    for (const { name, test } of this.#tests) if (!test(row)) return name;
    return null;
  }

  remember(cells: readonly Cell[]): void {
    for (let i = 0; i < cells.length; i++) this.#previous[i] = cells[i];
  }

  /** Columns that are drawn from the model, and so may be written over. */
  #isDrawn(name: string): boolean {
    const by = this.#columns.get(name)?.column.maker.by;
    return by === 'encoder';
  }

  /** Which of two equal columns is written: a moment that is told from the other, else one that is drawn. */
  #followerOf(a: string, b: string): { readonly target: string; readonly from: string } | null {
    const rank = (target: string, from: string): number => {
      const maker = this.#columns.get(target)?.column.maker;
      if (!this.#isKnown(from)) return 0;
      if (maker?.by === 'moment') return maker.base.from === 'column' && maker.base.column === from ? 3 : 1;
      return maker?.by === 'encoder' ? 2 : 0;
    };
    if (rank(a, b) === 0 && rank(b, a) === 0) return null;
    return rank(a, b) >= rank(b, a) ? { target: a, from: b } : { target: b, from: a };
  }

  #isKnown(name: string): boolean {
    const by = this.#columns.get(name)?.column.maker.by;
    return by !== undefined && by !== 'mask';
  }

  #step(rule: MinedRule): Step | null {
    switch (rule.kind) {
      case 'constant-per-parent': {
        if (rule.foreignKey !== this.#contextKey || !this.#isDrawn(rule.column)) return null;
        const { at } = this.#columns.get(rule.column)!;
        return (row, place) => {
          if (place.parent >= 0 && place.index > 0) row.set(rule.column, this.#previous[at]);
        };
      }
      case 'dependency': {
        if (!this.#isDrawn(rule.to) || !rule.from.every((name) => this.#isKnown(name))) return null;
        const { column } = this.#columns.get(rule.to)!;
        const map = new Map(rule.map.map((entry) => [JSON.stringify(entry.slice(0, -1)), entry.at(-1)!]));
        return (row) => {
          const key = JSON.stringify(rule.from.map((name) => row.text(name)));
          const text = map.get(key);
          if (text !== undefined) row.set(rule.to, column.parse(text));
        };
      }
      case 'sequence': {
        const column = this.#columns.get(rule.column)?.column;
        if (rule.foreignKey !== this.#contextKey || column === undefined || !this.#isDrawn(rule.column)) return null;
        return (row, place) => {
          if (place.parent >= 0) row.set(rule.column, column.parse(String(rule.start + place.index)));
        };
      }
      case 'copy': {
        const column = this.#columns.get(rule.column)?.column;
        if (column === undefined || !['encoder', 'moment'].includes(column.maker.by)) return null;
        return (row) => {
          const text = row.parentText(rule.foreignKey, rule.parentColumn);
          if (text !== null) row.set(rule.column, column.parse(text));
        };
      }
      case 'value-when-null': {
        const column = this.#columns.get(rule.column)?.column;
        if (column === undefined || !this.#isDrawn(rule.column) || !this.#columns.has(rule.given)) return null;
        return (row) => {
          if (row.text(rule.given) === null) row.set(rule.column, column.parse(rule.value));
        };
      }
      case 'equal': {
        const pair = this.#followerOf(rule.column, rule.to);
        if (pair === null) return null;
        const { target, from } = pair;
        const { column } = this.#columns.get(target)!;
        return (row) => row.set(target, column.parse(row.text(from)));
      }
      case 'arithmetic': {
        const target = this.#columns.get(rule.target)?.column;
        const isHeld =
          target !== undefined &&
          this.#isDrawn(rule.target) &&
          rule.operands.every((operand) => this.#operandKnown(operand));
        if (!isHeld) return null;
        return (row) => {
          const values = rule.operands.map((operand) => this.#number(operand, row)?.value ?? null);
          // Where an operand is missing the rule says nothing.
          if (values.includes(null) || row.read(rule.target) === null) return;
          const rounded = roundTo(combine(rule, values as number[]), rule.decimals);
          row.set(rule.target, target.form === 'text' ? rounded.toFixed(rule.decimals) : rounded);
        };
      }
      default:
        return null;
    }
  }

  #test(rule: MinedRule): Test | null {
    switch (rule.kind) {
      case 'order': {
        if (!this.#operandKnown(rule.low) || !this.#operandKnown(rule.high)) return null;
        return (row) => {
          const low = this.#number(rule.low, row);
          const high = this.#number(rule.high, row);
          if (low === null || high === null) return true;
          // A date and a timestamp compare by their days.
          const unit = low.isDate !== high.isDate ? DAY_MICROS : 1;
          const [a, b] = [Math.floor(low.value / unit), Math.floor(high.value / unit)];
          return unit === 1
            ? rule.strict
              ? low.value < high.value
              : low.value <= high.value
            : rule.strict
              ? a < b
              : a <= b;
        };
      }
      case 'null-together': {
        const known = rule.columns.filter((name) => this.#columns.has(name));
        return known.length < 2 ? null : (row) => new Set(known.map((name) => row.text(name) === null)).size === 1;
      }
      case 'null-given': {
        if (!this.#columns.has(rule.column) || !this.#isKnown(rule.given)) return null;
        const absent = new Set(rule.nullFor);
        const present = new Set(rule.presentFor);
        return (row) => {
          const given = row.text(rule.given);
          const isNull = row.text(rule.column) === null;
          return isNull ? !present.has(given) : !absent.has(given);
        };
      }
      default:
        return null;
    }
  }

  /** Columns behind a key are kept by the table that holds them. */
  #operandKnown(operand: Operand): boolean {
    return operand.foreignKey !== null || this.#isKnown(operand.column);
  }

  #number(operand: Operand, row: RowView): { readonly value: number; readonly isDate: boolean } | null {
    if (operand.foreignKey !== null) {
      const name = operand.then === undefined ? operand.column : hopKey(operand.then, operand.column);
      return numberOf(row.parentText(operand.foreignKey, name));
    }
    const value = row.read(operand.column);
    if (typeof value === 'number')
      return { value, isDate: this.#columns.get(operand.column)!.column.form === 'epoch-days' };
    return typeof value === 'string' ? numberOf(value) : null;
  }
}

/** A number, or a moment as microseconds. */
function numberOf(text: string | null): { readonly value: number; readonly isDate: boolean } | null {
  if (text === null) return null;
  const moment = parseTimestamp(text);
  if (moment !== null) return { value: moment, isDate: !text.includes(':') };
  const value = Number(text.replace(/[$,]/g, ''));
  return Number.isNaN(value) ? null : { value, isDate: false };
}

type Arithmetic = Extract<MinedRule, { kind: 'arithmetic' }>;

function combine({ form, signs, percent }: Arithmetic, values: readonly number[]): number {
  const [first, ...others] = values;
  const last = values[values.length - 1];
  switch (form) {
    case 'sum':
      return others.reduce((sum, value) => sum + value, first);
    case 'difference':
      return others.reduce((rest, value) => rest - value, first);
    case 'linear':
      return values.reduce((sum, value, i) => sum + (signs?.[i] ?? 1) * value, 0);
    case 'product':
      return others.reduce((product, value) => product * value, first);
    case 'percentage':
      return (first * last) / 100;
    case 'discounted-product': {
      const product = values.slice(0, -1).reduce((so, value) => so * value, 1);
      return product * (1 - (percent === true ? last / 100 : last));
    }
    case 'difference-product':
      return (first - values[1]) * (percent === true ? last / 100 : last);
  }
}

/** A computed column comes before those that are computed from it. */
function inOrderOfUse<T extends { readonly rule: MinedRule }>(makers: readonly T[]): T[] {
  const left = [...makers];
  const order: T[] = [];
  while (left.length > 0) {
    const targets = new Set(left.flatMap(({ rule }) => (rule.kind === 'arithmetic' ? [rule.target] : [])));
    const free = left.findIndex(
      ({ rule }) =>
        rule.kind !== 'arithmetic' ||
        rule.operands.every(
          ({ foreignKey, column }) => foreignKey !== null || column === rule.target || !targets.has(column),
        ),
    );
    order.push(...left.splice(Math.max(0, free), 1));
  }
  return order;
}

/** Half away from zero, as the server rounds decimals; the tiny shift undoes binary noise just below a half. */
export function roundTo(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  const scaled = Math.abs(value) * scale;
  return (Math.sign(value) * Math.floor(scaled + 0.5 + 1e-9 * Math.max(1, scaled))) / scale;
}
