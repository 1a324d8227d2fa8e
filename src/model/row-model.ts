/** The two chains of a table: the moments first, then, given them and what follows from them, everything else. */
import type { Chain, NamedColumn } from './chain.ts';

export class RowModel {
  /** Draws the moments; null where there are none. */
  readonly moments: Chain | null;
  /** Draws the rest; its context ends with the moments and the calendar registers that follow from them. */
  readonly rest: Chain | null;
  /** Own registers: so many are moments, so many follow from them. */
  readonly momentCount: number;
  readonly calendarCount: number;

  constructor(moments: Chain | null, rest: Chain | null, momentCount: number, calendarCount: number) {
    this.moments = moments;
    this.rest = rest;
    this.momentCount = momentCount;
    this.calendarCount = calendarCount;
  }

  get leafCount(): number {
    return (this.moments?.leafCount ?? 0) + (this.rest?.leafCount ?? 0);
  }

  /** Registers of the context that some split reads. */
  usedContext(contextCount: number): readonly number[] {
    const used = new Set<number>();
    for (const chain of [this.moments, this.rest]) {
      for (const conditional of chain?.conditionals ?? []) {
        for (const input of conditional.inputIndices) if (input < contextCount) used.add(input);
      }
    }
    return [...used].sort((a, b) => a - b);
  }

  /**
   * ln p(row | context). **Shapes** columns: all own registers, moments and calendar first; rows [n] → [n] nats.
   */
  logLikelihoods(
    columns: readonly NamedColumn['column'][],
    context: readonly NamedColumn['column'][],
    rows: Int32Array,
  ): Float64Array {
    const sums = new Float64Array(rows.length);
    const given = this.momentCount + this.calendarCount;
    const add = (
      chain: Chain | null,
      own: readonly NamedColumn['column'][],
      before: readonly NamedColumn['column'][],
    ): void => {
      chain?.logLikelihoods(own, before, rows).forEach((value, i) => (sums[i] += value));
    };
    add(this.moments, columns.slice(0, this.momentCount), context);
    add(this.rest, columns.slice(given), [...context, ...columns.slice(0, given)]);
    return sums;
  }
}
