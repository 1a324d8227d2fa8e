/**
 * A number of the parent that its children share: the captured payments of an order make up its total. Siblings are
 * made one after the other: each takes what was drawn for it while that leaves something for those to come, the last
 * takes the rest; where nothing is left, none may take part.
 */
import { roundTo } from '../../../model/rule-arithmetic.ts';
import type { MinedRule } from '../../../model/rules.ts';
import type { Columns, RowPlace, RowView } from './row-view.ts';
import { measured } from './rule-numbers.ts';

export type SharedRule = Extract<MinedRule, { readonly kind: 'aggregate' }>;

export class Sharing {
  readonly #rule: SharedRule;
  readonly #columns: Columns;
  #taken = 0;

  /** `rule.childForeignKey` is the key along which the rows are made. */
  constructor(rule: SharedRule, columns: Columns) {
    this.#rule = rule;
    this.#columns = columns;
  }

  get columns(): readonly string[] {
    return [this.#rule.of[0], this.#rule.where!.column];
  }

  write(row: RowView, place: RowPlace): void {
    const { of, where, decimals } = this.#rule;
    if (place.parent < 0) return;
    if (place.index === 0) this.#taken = 0;
    const rest = roundTo(this.#whole(row) - this.#taken, decimals);
    const isLast = place.index === (place.count ?? 1) - 1;
    const part = rest === 0 ? 0 : Number(row.text(of[0]));
    const takesPart = rest !== 0 && (isLast || row.text(where!.column) === where!.value);
    const filter = this.#columns.get(where!.column)!.column;
    if (!takesPart) {
      if (row.text(where!.column) === where!.value) row.set(where!.column, filter.parse(where!.other));
      return;
    }
    if (isLast) row.set(where!.column, filter.parse(where!.value));
    const all = isLast || !(Math.abs(part) < Math.abs(rest)) || part * rest <= 0;
    const { column } = this.#columns.get(of[0])!;
    row.set(of[0], column.parse((all ? rest : roundTo(part, decimals)).toFixed(decimals)));
  }

  /** The row is kept as it is: what it took is gone. */
  remember(row: RowView): void {
    const { of, where } = this.#rule;
    if (row.text(where!.column) === where!.value) this.#taken += Number(row.text(of[0]) ?? 0);
  }

  /** Nothing to share where `given` is NULL. */
  #whole(row: RowView): number {
    const { childForeignKey, column, given } = this.#rule;
    if (given !== undefined && row.parentText(childForeignKey, given) === null) return 0;
    return measured(row.parentText(childForeignKey, column))?.value ?? 0;
  }
}
