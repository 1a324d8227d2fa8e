/**
 * The chains of a table: the moments first; given them and the calendar that follows from them, what the references are
 * like; given the rows that are then chosen, everything else.
 */
import type { Chain, NamedColumn } from './chain.ts';

/** How many own registers of each group there are, in the order in which they lie. */
export interface RegisterGroups {
  /** Drawn by the first chain. */
  readonly momentCount: number;
  /** Follow from the moments. */
  readonly calendarCount: number;
  /** Drawn by the second chain: what the references are like. */
  readonly keyCount: number;
  /** Read from the rows that are referenced. The rest is drawn by the third chain. */
  readonly reachedCount: number;
}

export interface RowChains {
  /** Null where there is nothing of the kind to draw. */
  readonly moments: Chain | null;
  readonly keys: Chain | null;
  readonly rest: Chain | null;
}

export class RowModel {
  readonly moments: Chain | null;
  readonly keys: Chain | null;
  readonly rest: Chain | null;
  readonly groups: RegisterGroups;

  constructor({ moments, keys, rest }: RowChains, groups: RegisterGroups) {
    this.moments = moments;
    this.keys = keys;
    this.rest = rest;
    this.groups = groups;
  }

  get momentCount(): number {
    return this.groups.momentCount;
  }

  get leafCount(): number {
    return this.#chains.reduce((count, chain) => count + chain.leafCount, 0);
  }

  /** Registers that some split reads and that no chain draws before it, ascending: context, and what is read or follows. */
  usedContext(): readonly number[] {
    const used = new Set<number>();
    for (const chain of this.#chains) {
      for (const conditional of chain.conditionals) {
        for (const input of conditional.inputIndices) if (input < chain.contextCount) used.add(input);
      }
    }
    return [...used].sort((a, b) => a - b);
  }

  /**
   * ln p(row | context). **Shapes** columns: all own registers in the order of their groups; rows [n] → [n] nats.
   */
  logLikelihoods(
    columns: readonly NamedColumn['column'][],
    context: readonly NamedColumn['column'][],
    rows: Int32Array,
  ): Float64Array {
    const sums = new Float64Array(rows.length);
    const { keysFrom, restFrom, keyCount } = groupBounds(this.groups);
    const add = (chain: Chain | null, from: number, to: number): void => {
      const before = [...context, ...columns.slice(0, from)];
      chain?.logLikelihoods(columns.slice(from, to), before, rows).forEach((value, i) => (sums[i] += value));
    };
    add(this.moments, 0, this.groups.momentCount);
    add(this.keys, keysFrom, keysFrom + keyCount);
    add(this.rest, restFrom, columns.length);
    return sums;
  }

  get #chains(): readonly Chain[] {
    return [this.moments, this.keys, this.rest].filter((chain) => chain !== null);
  }
}

/** First registers of the groups, counted from the first own register. */
export function groupBounds({ momentCount, calendarCount, keyCount, reachedCount }: RegisterGroups): {
  readonly keysFrom: number;
  readonly keyCount: number;
  readonly restFrom: number;
} {
  const keysFrom = momentCount + calendarCount;
  return { keysFrom, keyCount, restFrom: keysFrom + keyCount + reachedCount };
}
