/** Aggregates over children: added up while the children are made, written when their parents are made again. */
import type { Cell } from '../../model/encoders/encoder.ts';
import type { MinedRule } from '../../model/rules.ts';
import type { TableModel } from '../../model/table-model.ts';
import type { Value } from './expression.ts';
import type { MadeTable } from './world.ts';

type Aggregate = Extract<MinedRule, { kind: 'aggregate' }>;

/** What has been added up for each row of a table. */
export interface Totals {
  readonly rule: Aggregate;
  readonly values: Float64Array;
  readonly counts: Uint32Array;
}

/** Totals that a table must keep for its own aggregate rules. */
export function totalsOf(model: TableModel, rowCount: number): readonly Totals[] {
  return aggregatesOf(model).map((rule) => ({
    rule,
    values: new Float64Array(rowCount),
    counts: new Uint32Array(rowCount),
  }));
}

/** Aggregate rules whose column the table draws, and so may write over. */
export function aggregatesOf(model: TableModel): readonly Aggregate[] {
  return model.rules.filter(
    (rule): rule is Aggregate =>
      rule.kind === 'aggregate' &&
      model.columns.some(
        ({ name, maker }) =>
          rule.shared !== true && name === rule.column && (maker.by === 'encoder' || maker.by === 'moment'),
      ),
  );
}

interface Entry {
  readonly foreignKey: string;
  readonly totals: Totals;
}

export class Tally {
  /** Totals of other tables that this table's rows add to. */
  readonly #others: readonly Entry[];
  /** Totals over rows of the same table (replies to a post). */
  readonly #own: readonly Entry[];

  constructor(model: TableModel, tables: ReadonlyMap<string, MadeTable>) {
    const entries = (of: MadeTable): Entry[] =>
      of.totals
        .filter(({ rule }) => rule.childTable === model.id)
        .map((totals) => ({ foreignKey: totals.rule.childForeignKey, totals }));
    this.#own = [...tables.values()].filter((table) => table.model.id === model.id).flatMap(entries);
    this.#others = [...tables.values()].filter((table) => table.model.id !== model.id).flatMap(entries);
  }

  /** Adds a row to the totals of the rows that it references: of its own table in the first pass, of others in the last. */
  add(
    of: 'own' | 'others',
    chosen: ReadonlyMap<string, { readonly row: number }>,
    read: (column: string) => Value,
    text: (column: string) => string | null,
  ): void {
    const entries = of === 'own' ? this.#own : this.#others;
    for (const { foreignKey, totals } of entries) {
      const parent = chosen.get(foreignKey)?.row;
      if (parent === undefined) continue;
      const { rule, values, counts } = totals;
      if (rule.where !== undefined && text(rule.where.column) !== rule.where.value) continue;
      const factors = rule.of.map((column) => read(column));
      if (rule.function !== 'count' && factors.some((factor) => typeof factor !== 'number')) continue;
      const value = (factors as number[]).reduce((product, factor) => product * factor, 1);
      const isFirst = counts[parent]++ === 0;
      if (rule.function === 'sum') values[parent] += value;
      else if (rule.function === 'count') values[parent]++;
      else if (isFirst || (rule.function === 'min' ? value < values[parent] : value > values[parent]))
        values[parent] = value;
    }
  }

  /** Writes the totals of a row into its cells. */
  fillIn(
    row: number,
    own: MadeTable,
    isNull: (column: string) => boolean,
    write: (column: string, cell: Cell) => void,
  ): void {
    for (const { rule, values, counts } of own.totals) {
      const scale = 10 ** rule.decimals;
      // Without children the drawn row says whether there is a zero or nothing.
      const none = rule.whenNone === '0' && !isNull(rule.column) ? 0 : null;
      const total = counts[row] === 0 ? none : Math.round(values[row] * scale) / scale;
      write(rule.column, own.cellOf(rule.column, total));
    }
  }
}
