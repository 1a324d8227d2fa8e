/**
 * Hidden rules within a row: what follows is written; what lies on the wrong side of a bound is moved; what can only
 * be tested is drawn again.
 */
import type { Cell } from '../../model/encoders/encoder.ts';
import { combine, roundTo } from '../../model/rule-arithmetic.ts';
import type { MinedRule, Operand } from '../../model/rules.ts';
import type { ForeignKeyModel, TableModel } from '../../model/table-model.ts';
import type { RandomCursor } from '../../numeric/random.ts';
import type { CellColumn } from './cells.ts';
import { Bounds, isMovable, type Bound } from './rules/bounds.ts';
import { FoundPairs, type FoundInRule } from './rules/found-pairs.ts';
import { operandNumber, operandText, type Columns, type RowPlace, type RowView } from './rules/row-view.ts';
import { DAY_MICROS, type Measured } from './rules/rule-numbers.ts';
import { Sharing } from './rules/sharing.ts';
import { inOrderOfUse, type Step } from './rules/step-order.ts';
import { aggregatesOf } from './tally.ts';
import { hopKey, type MadeTable } from './world.ts';

type Test = (row: RowView) => boolean;
type Order = Extract<MinedRule, { kind: 'order' }>;

/** Values of which is remembered what followed. */
const MAX_TOLD = 200_000;
const NO_TABLES: ReadonlyMap<string, MadeTable> = new Map();

export class RowRules {
  readonly #columns: Columns;
  readonly #model: TableModel;
  readonly #tables: ReadonlyMap<string, MadeTable>;
  readonly #steps: readonly Step[];
  readonly #tests: readonly { readonly rule: MinedRule; readonly test: Test }[];
  /** What a key must keep to when its row is chosen. */
  readonly #byKey = new Map<string, Test[]>();
  readonly #found: readonly { readonly rule: FoundInRule; readonly pairs: FoundPairs }[];
  readonly #sharings: readonly Sharing[];
  readonly #bounds: Bounds;
  readonly #contextKey: string | null;
  readonly #previous: Cell[];
  /** What followed from values that no table of values knows, or from a parent: of the first row that had them. */
  readonly #told: {
    readonly from: readonly string[];
    readonly to: string;
    readonly told: Map<string, string | null>;
  }[] = [];
  #place: RowPlace = { parent: -1, index: 0 };

  constructor(model: TableModel, columns: readonly CellColumn[], tables: ReadonlyMap<string, MadeTable> = NO_TABLES) {
    this.#model = model;
    this.#tables = tables;
    this.#columns = new Map(columns.map((column, at) => [column.name, { column, at }]));
    this.#previous = new Array<Cell>(columns.length).fill(null);
    this.#contextKey = model.foreignKeys.find((key) => key.maker.by === 'context')?.name ?? null;
    this.#found = model.rules.flatMap((rule) => {
      const other = rule.kind === 'found-in' ? tables.get(rule.inTable) : undefined;
      return other?.complete !== true
        ? []
        : [{ rule: rule as FoundInRule, pairs: new FoundPairs(rule as FoundInRule, other) }];
    });
    this.#sharings = [...tables.values()].flatMap((table) =>
      table.model.rules.flatMap((rule) =>
        rule.kind === 'aggregate' &&
        rule.shared === true &&
        rule.childTable === model.id &&
        rule.childForeignKey === this.#contextKey &&
        [rule.of[0], rule.where!.column].every((column) => this.#isDrawn(column))
          ? [new Sharing(rule, this.#columns)]
          : [],
      ),
    );
    const steps = model.rules.flatMap((rule) => this.#step(rule) ?? []);
    this.#steps = inOrderOfUse([...steps, ...this.#sharings.map(shareStep)]);
    // What is shared out may be moved: where it is, it is shared out again.
    const written = new Set(steps.flatMap((step) => step.writes));
    this.#bounds = new Bounds(model.rules.flatMap((rule) => this.#boundsOf(rule, written)));
    this.#tests = model.rules.flatMap((rule) => {
      const test = this.#test(rule);
      return test === null ? [] : [{ rule, test }];
    });
    for (const { rule, test } of this.#tests) {
      for (const key of keysOf(rule, model)) this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), test]);
    }
  }

  /** Writes what follows. */
  apply(row: RowView, place: RowPlace): void {
    this.#place = place;
    for (const step of this.#steps) step.run(row, place);
  }

  /** Moves what lies out of bounds; gives whether anything was moved. What follows from it is to be written then. */
  mend(row: RowView, place: RowPlace, random: RandomCursor): boolean {
    return this.#bounds.mend(row, place, random, () => true);
  }

  /** The same of columns that are known only now, but for sums, which are what they are. */
  mendLate(row: RowView, place: RowPlace, random: RandomCursor, late: ReadonlySet<string>): boolean {
    return this.#bounds.mend(row, place, random, (column) => late.has(column) && !this.#isSum(column));
  }

  /** Whether the row just chosen for a foreign key keeps the rules that it takes part in. */
  admits(foreignKey: string, row: RowView): boolean {
    return (this.#byKey.get(foreignKey) ?? []).every((test) => test(row));
  }

  /**
   * Values of the key's one column among which it must be chosen, given what is known of the row; null: any. Those at
   * whose time the row can be as it is come first; a row of the others is moved to after it.
   */
  choicesFor({ name, columns }: ForeignKeyModel, row: RowView): readonly (readonly string[])[] | null {
    for (const { rule, pairs } of this.#found) {
      if (columns.length !== 1 || rule.right.column !== columns[0]) continue;
      const left = operandText(rule.left, row);
      if (left === null || rule.left.foreignKey === name) continue;
      const partners = [...pairs.partnersOf(left)];
      const own = rule.after === undefined ? null : operandNumber(ownOperand(rule.after.column), row, this.#columns);
      const inTime = ([, than]: readonly [string, number]): boolean => own === null || own.value > than;
      const texts = (wanted: boolean): string[] =>
        partners.filter((partner) => inTime(partner) === wanted).map(([text]) => text);
      return [texts(true), texts(false)];
    }
    return null;
  }

  /** A rule that the row breaks, or null. */
  broken(row: RowView): MinedRule | null {
    for (const { rule, test } of this.#tests) if (!test(row)) return rule;
    return null;
  }

  remember(cells: readonly Cell[], row?: RowView): void {
    for (let i = 0; i < cells.length; i++) this.#previous[i] = cells[i];
    if (row === undefined) return;
    for (const sharing of this.#sharings) sharing.remember(row);
    for (const { from, to, told } of this.#told) {
      if (told.size >= MAX_TOLD || from.some((column) => row.text(column) === null)) continue;
      const key = keyOf(row, from);
      if (!told.has(key)) told.set(key, row.text(to));
    }
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
    const { kind } = rule;
    switch (kind) {
      case 'constant-per-parent': {
        if (!this.#isDrawn(rule.column)) return null;
        const { at, column } = this.#columns.get(rule.column)!;
        if (rule.foreignKey !== this.#contextKey) {
          const from = this.#key(rule.foreignKey)?.columns ?? [];
          const told = new Map<string, string | null>();
          this.#told.push({ from, to: rule.column, told });
          return {
            kind,
            reads: from,
            writes: [rule.column],
            run: (row) => {
              const text = told.get(keyOf(row, from));
              if (text !== undefined) row.set(rule.column, column.parse(text));
            },
          };
        }
        return {
          kind,
          reads: [],
          writes: [rule.column],
          run: (row, place) => {
            if (place.parent >= 0 && place.index > 0) row.set(rule.column, this.#previous[at]);
          },
        };
      }
      case 'dependency': {
        if (!this.#isDrawn(rule.to) || !rule.from.every((name) => this.#isKnown(name))) return null;
        const { column } = this.#columns.get(rule.to)!;
        const map = new Map(rule.map.map((entry) => [JSON.stringify(entry.slice(0, -1)), entry.at(-1)!]));
        const told = new Map<string, string | null>();
        this.#told.push({ from: rule.from, to: rule.to, told });
        return {
          kind,
          reads: rule.from,
          writes: [rule.to],
          run: (row) => {
            const key = keyOf(row, rule.from);
            const text = map.get(key) ?? told.get(key);
            if (text !== undefined) row.set(rule.to, column.parse(text));
          },
        };
      }
      case 'sequence': {
        const column = this.#columns.get(rule.column)?.column;
        if (rule.foreignKey !== this.#contextKey || column === undefined || !this.#isDrawn(rule.column)) return null;
        return {
          kind,
          reads: [],
          writes: [rule.column],
          run: (row, place) => {
            if (place.parent >= 0) row.set(rule.column, column.parse(String(rule.start + place.index)));
          },
        };
      }
      case 'copy': {
        const column = this.#columns.get(rule.column)?.column;
        if (column === undefined || !['encoder', 'moment'].includes(column.maker.by)) return null;
        return {
          kind,
          reads: [],
          writes: [rule.column],
          run: (row) => {
            const text = row.parentText(rule.foreignKey, rule.parentColumn);
            if (text !== null) row.set(rule.column, column.parse(text));
          },
        };
      }
      case 'value-when-null': {
        if (!this.#isDrawn(rule.column) || !this.#columns.has(rule.given)) return null;
        const { column } = this.#columns.get(rule.column)!;
        return {
          kind,
          reads: [rule.given],
          writes: [rule.column],
          run: (row) => {
            if (row.text(rule.given) === null) row.set(rule.column, column.parse(rule.value));
          },
        };
      }
      case 'value-from': {
        if (!this.#isDrawn(rule.column)) return null;
        const { column } = this.#columns.get(rule.column)!;
        const reads = [rule.of, ...(rule.minus === undefined ? [] : [rule.minus])];
        if (!reads.every((name) => this.#isKnown(name))) return null;
        return {
          kind,
          reads,
          writes: [rule.column],
          run: (row) => {
            const [of, minus = 0] = reads.map((name) => Number(row.text(name) ?? NaN));
            // What lies a billionth beside the limit is binary noise.
            const amount = Math.round((of - minus) * 1e9) / 1e9;
            const reaches = rule.side === 'at-least' ? amount >= rule.from : amount <= rule.from;
            if (reaches) row.set(rule.column, column.parse(rule.value));
          },
        };
      }
      case 'equal': {
        const pair = this.#followerOf(rule.column, rule.to);
        if (pair === null) return null;
        const { target, from } = pair;
        const { column } = this.#columns.get(target)!;
        return {
          kind,
          reads: [from],
          writes: [target],
          run: (row) => row.set(target, column.parse(row.text(from))),
        };
      }
      case 'arithmetic': {
        const target = this.#columns.get(rule.target)?.column;
        const isHeld =
          target !== undefined &&
          this.#isDrawn(rule.target) &&
          rule.operands.every((operand) => this.#operandKnown(operand));
        if (!isHeld) return null;
        return {
          kind,
          reads: rule.operands.flatMap(({ foreignKey, column }) => (foreignKey === null ? [column] : [])),
          writes: [rule.target],
          run: (row) => {
            const values = rule.operands.map((operand) => this.#number(operand, row)?.value ?? null);
            // Where an operand is missing the rule says nothing.
            if (values.includes(null) || row.read(rule.target) === null) return;
            const rounded = roundTo(combine(rule, values as number[]), rule.decimals);
            row.set(rule.target, target.form === 'text' ? rounded.toFixed(rule.decimals) : rounded);
          },
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
        const within = rule.within ?? Infinity;
        return (row) => {
          const low = this.#number(rule.low, row);
          const high = this.#number(rule.high, row);
          if (low === null || high === null) return true;
          // A date and a timestamp compare by their days.
          const unit = low.isDate !== high.isDate ? DAY_MICROS : 1;
          const distance =
            unit === 1 ? high.value - low.value : (Math.floor(high.value / unit) - Math.floor(low.value / unit)) * unit;
          return (rule.strict ? distance > 0 : distance >= 0) && distance <= within;
        };
      }
      case 'monotone': {
        const at = this.#columns.get(rule.column)?.at;
        if (at === undefined || rule.foreignKey !== this.#contextKey || !this.#isCounted(rule.by)) return null;
        return (row) => {
          const own = this.#number(ownOperand(rule.column), row);
          const before = this.#previousNumber(rule.column);
          return own === null || before === null || own.value >= before.value;
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
      case 'dependency': {
        // What all rows of a parent share may say otherwise: then the row needs other values to depend on.
        if (!this.#isDrawn(rule.to) || !rule.from.every((name) => this.#isKnown(name))) return null;
        const { column } = this.#columns.get(rule.to)!;
        const map = new Map(
          rule.map.map((entry) => [JSON.stringify(entry.slice(0, -1)), column.text(column.parse(entry.at(-1)!))]),
        );
        return (row) => {
          const text = map.get(keyOf(row, rule.from));
          return text === undefined || row.text(rule.to) === text;
        };
      }
      case 'copy-through': {
        const { maker } = this.#columns.get(rule.column)?.column ?? {};
        const [first, second] = rule.path;
        const name = hopKey(second, rule.parentColumn);
        const isCopied = maker?.by === 'copy' && maker.foreignKey === first && maker.parentColumn === name;
        if (!this.#isKnown(rule.column) || isCopied) return null;
        return (row) => {
          const text = row.parentText(first, name);
          return text === null || row.text(rule.column) === text;
        };
      }
      case 'present': {
        const key = this.#key(rule.of.foreignKey!);
        if (key === undefined || key.maker.by === 'null') return null;
        return (row) => key.columns.some((column) => row.text(column) === null) || operandText(rule.of, row) !== null;
      }
      case 'same-parent':
        return this.#sameParent(rule);
      case 'found-in': {
        const pairs = this.#found.find((found) => found.rule === rule)?.pairs;
        if (pairs === undefined) return null;
        return (row) => {
          const [left, right] = [operandText(rule.left, row), operandText(rule.right, row)];
          if (left === null || right === null) return true;
          const than = pairs.partnersOf(left).get(right);
          if (than === undefined) return false;
          const own = rule.after === undefined ? null : this.#number(ownOperand(rule.after.column), row);
          return own === null || own.value > than;
        };
      }
      default:
        return null;
    }
  }

  /** Where the second path is not followed by construction, the two must lead to the same row. */
  #sameParent(rule: Extract<MinedRule, { kind: 'same-parent' }>): Test | null {
    const key = this.#key(rule.foreignKey);
    const through = this.#key(rule.through);
    const further = this.#tables
      .get(through?.referencedTable ?? '')
      ?.model.foreignKeys.find((candidate) => candidate.name === rule.parentForeignKey);
    if (key === undefined || through === undefined || further === undefined || key.maker.by === 'through') return null;
    const theirs = key.referencedColumns.map((name) => further.columns[further.referencedColumns.indexOf(name)]);
    if (theirs.includes(undefined as unknown as string)) return null;
    return (row) =>
      key.columns.every((column, i) => {
        const [own, other] = [row.text(column), row.parentText(through.name, theirs[i])];
        return own === null || other === null || own === other;
      });
  }

  /** As each column that can be moved sees the orders that it takes part in. */
  #boundsOf(rule: MinedRule, written: ReadonlySet<string>): readonly Bound[] {
    const movable = ({ column, foreignKey }: Operand): CellColumn | null => {
      const own = foreignKey === null && !written.has(column) ? this.#columns.get(column)?.column : undefined;
      const isDrawn = own !== undefined && ['encoder', 'moment'].includes(own.maker.by) && isMovable(own);
      return isDrawn ? own : null;
    };
    if (rule.kind === 'order') return this.#boundsOfOrder(rule, movable);
    if (rule.kind === 'monotone' && this.#test(rule) !== null) {
      const column = movable(ownOperand(rule.column));
      const other = (): Measured | null => this.#previousNumber(rule.column);
      return column === null ? [] : [{ column, side: 'above', other, strict: false, within: Infinity, distances: [] }];
    }
    if (rule.kind !== 'found-in' || rule.after === undefined) return [];
    const column = movable(ownOperand(rule.after.column));
    const pairs = this.#found.find((found) => found.rule === rule)?.pairs;
    if (column === null || pairs === undefined) return [];
    const other = (row: RowView): Measured | null => {
      const [left, right] = [operandText(rule.left, row), operandText(rule.right, row)];
      const than = left === null || right === null ? undefined : pairs.partnersOf(left).get(right);
      return than === undefined ? null : { value: than, isDate: false };
    };
    return [{ column, side: 'above', other, strict: true, within: Infinity, distances: rule.after.distances }];
  }

  #boundsOfOrder(rule: Order, movable: (operand: Operand) => CellColumn | null): readonly Bound[] {
    if (!this.#operandKnown(rule.low) || !this.#operandKnown(rule.high)) return [];
    const [low, high] = [movable(rule.low), movable(rule.high)];
    const plain = { strict: rule.strict, within: rule.within ?? Infinity, distances: rule.distances ?? [] };
    // Of two columns of the row the later one gives way.
    const above: Bound[] =
      high === null ? [] : [{ column: high, side: 'above', other: (row) => this.#number(rule.low, row), ...plain }];
    const below: Bound[] =
      low === null || (high !== null && rule.high.foreignKey === null)
        ? []
        : [{ column: low, side: 'below', other: (row) => this.#number(rule.high, row), ...plain }];
    return [...above, ...below];
  }

  /** What sums up children is known when they are. */
  #isSum(column: string): boolean {
    return aggregatesOf(this.#model).some((rule) => rule.column === column);
  }

  /** Numbered in the order in which the rows of a parent are made. */
  #isCounted(name: string): boolean {
    const by = this.#columns.get(name)?.column.maker.by;
    return (
      by === 'position' ||
      by === 'serial' ||
      (by === 'encoder' && this.#model.rules.some((rule) => rule.kind === 'sequence' && rule.column === name))
    );
  }

  #previousNumber(name: string): Measured | null {
    const { column, at } = this.#columns.get(name)!;
    if (this.#place.parent < 0 || this.#place.index === 0) return null;
    const value = column.read(this.#previous[at]);
    return typeof value === 'number' ? { value, isDate: column.form === 'epoch-days' } : null;
  }

  #key(name: string): ForeignKeyModel | undefined {
    return this.#model.foreignKeys.find((key) => key.name === name);
  }

  /** Columns behind a key are kept by the table that holds them. */
  #operandKnown(operand: Operand): boolean {
    return operand.foreignKey !== null || this.#isKnown(operand.column);
  }

  /** Columns that rules compare and that are drawn after the first references are chosen. */
  get comparedColumns(): readonly string[] {
    return this.#model.rules.flatMap((rule) => {
      const sides = rule.kind === 'order' ? [rule.low, rule.high] : [];
      return sides.flatMap(({ column, foreignKey }) => (foreignKey === null && this.#isDrawn(column) ? [column] : []));
    });
  }

  #number(operand: Operand, row: RowView): Measured | null {
    return operandNumber(operand, row, this.#columns);
  }
}

function keyOf(row: RowView, columns: readonly string[]): string {
  return JSON.stringify(columns.map((name) => row.text(name)));
}

function ownOperand(column: string): Operand {
  return { column, foreignKey: null };
}

function shareStep(sharing: Sharing): Step {
  return {
    kind: 'aggregate',
    reads: [],
    writes: sharing.columns,
    run: (row, place) => sharing.write(row, place),
  };
}

/** Keys whose choice a rule looks at, where it looks at one alone. */
function keysOf(rule: MinedRule, model: TableModel): readonly string[] {
  const keyOf = (column: string): readonly string[] =>
    model.foreignKeys.filter((key) => key.columns.includes(column)).map((key) => key.name);
  switch (rule.kind) {
    case 'order': {
      const keys = [rule.low.foreignKey, rule.high.foreignKey].filter((key) => key !== null);
      // Of two rows that are chosen the last must fit the other: where nothing is chosen yet, the test is silent.
      return [...new Set(keys)];
    }
    case 'present':
      return [rule.of.foreignKey!];
    case 'same-parent':
      return [rule.foreignKey, rule.through];
    case 'found-in':
      // When its own moment comes too early, the row is moved.
      return rule.after === undefined ? keyOf(rule.right.column) : [];
    default:
      return [];
  }
}
