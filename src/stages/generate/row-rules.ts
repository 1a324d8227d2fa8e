/** Hidden rules within a row: what follows is written, what can only be tested is drawn again. */
import type { Cell } from '../../model/encoders/encoder.ts';
import { parseTimestamp } from '../../model/encoders/scalar.ts';
import type { MinedRule, Operand } from '../../model/rules.ts';
import type { TableModel } from '../../model/table-model.ts';
import type { CellColumn } from './cells.ts';
import type { Value } from './expression.ts';

/** The row at hand. */
export interface RowView {
  readonly text: (column: string) => string | null;
  readonly read: (column: string) => Value;
  parentText(foreignKey: string, column: string): string | null;
  set(column: string, cell: Cell): void;
}

type Test = (row: RowView) => boolean;
type Step = (row: RowView, place: { readonly parent: number; readonly index: number }) => void;

export class RowRules {
  readonly #columns: ReadonlyMap<string, { readonly column: CellColumn; readonly at: number }>;
  readonly #steps: readonly Step[];
  readonly #tests: readonly { readonly name: string; readonly test: Test }[];
  readonly #contextKey: string | null;
  readonly #previous: Cell[];

  constructor(model: TableModel, columns: readonly CellColumn[]) {
    this.#columns = new Map(columns.map((column, at) => [column.name, { column, at }]));
    this.#previous = new Array<Cell>(columns.length).fill(null);
    this.#contextKey = model.foreignKeys.find((key) => key.maker.by === 'context')?.name ?? null;
    const makers = model.rules.map((rule) => ({ rule, step: this.#step(rule), test: this.#test(rule) }));
    // Values that follow are written in an order in which each follows from settled ones: dependencies, then sums.
    const rank = (kind: MinedRule['kind']): number =>
      kind === 'constant-per-parent' ? 0 : kind === 'dependency' ? 1 : 2;
    this.#steps = makers
      .filter(({ step }) => step !== null)
      .sort((a, b) => rank(a.rule.kind) - rank(b.rule.kind))
      .map(({ step }) => step!);
    this.#tests = makers.flatMap(({ rule, test }) => (test === null ? [] : [{ name: `the rule ${rule.kind}`, test }]));
  }

  /** Writes what follows. */
  apply(row: RowView, place: { readonly parent: number; readonly index: number }): void {
    for (const step of this.#steps) step(row, place);
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
      case 'arithmetic': {
        const target = this.#columns.get(rule.target)?.column;
        if (
          target === undefined ||
          !this.#isDrawn(rule.target) ||
          target.form === 'masked' ||
          !rule.operands.every((operand) => this.#operandKnown(operand))
        )
          return null;
        return (row) => {
          const values = rule.operands.map((operand) => this.#number(operand, row));
          // Where an operand is missing the rule says nothing.
          if (values.includes(null) || row.read(rule.target) === null) return;
          const exact = combine(rule.form, values as number[]);
          const rounded = roundTo(exact, rule.decimals);
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
          return low === null || high === null || (rule.strict ? low < high : low <= high);
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

  /** A parent's column is known where its key values are kept. */
  #operandKnown(operand: Operand): boolean {
    return operand.foreignKey !== null || this.#isKnown(operand.column);
  }

  #number(operand: Operand, row: RowView): number | null {
    if (operand.foreignKey === null) {
      const value = row.read(operand.column);
      return typeof value === 'number' ? value : typeof value === 'string' ? numberOf(value) : null;
    }
    const text = row.parentText(operand.foreignKey, operand.column);
    return text === null ? null : numberOf(text);
  }
}

/** A number, or a moment as microseconds. */
function numberOf(text: string): number | null {
  const moment = parseTimestamp(text);
  if (moment !== null) return moment;
  const number = Number(text.replace(/[$,]/g, ''));
  return Number.isNaN(number) ? null : number;
}

function combine(form: Extract<MinedRule, { kind: 'arithmetic' }>['form'], values: readonly number[]): number {
  const [first, ...others] = values;
  switch (form) {
    case 'sum':
      return others.reduce((sum, value) => sum + value, first);
    case 'difference':
      return others.reduce((rest, value) => rest - value, first);
    case 'product':
      return others.reduce((product, value) => product * value, first);
    case 'discounted-product': {
      const discount = values.at(-1)!;
      const product = values.slice(0, -1).reduce((so, value) => so * value, 1);
      // A discount is a share or a percentage.
      return product * (1 - (discount > 1 ? discount / 100 : discount));
    }
  }
}

/** Half away from zero, as the server rounds decimals; the tiny shift undoes binary noise just below a half. */
export function roundTo(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  const scaled = Math.abs(value) * scale;
  return (Math.sign(value) * Math.floor(scaled + 0.5 + 1e-9 * Math.max(1, scaled))) / scale;
}
