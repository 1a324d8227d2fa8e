/** Rows of another table in which a pair of values is found: what a reference may be chosen from. */
import type { MinedRule, Operand } from '../../../model/rules.ts';
import { hopKey, type MadeTable } from '../world.ts';
import { measured } from './rule-numbers.ts';

export type FoundInRule = Extract<MinedRule, { readonly kind: 'found-in' }>;

/** Micros that the row's moment must come after, where there is such a moment; −∞ else. */
type Partners = ReadonlyMap<string, number>;

const NONE: Partners = new Map();

/** Memory: an entry for each pair of the other table. Its rows must be made. */
export class FoundPairs {
  readonly #rule: FoundInRule;
  readonly #table: MadeTable;
  #pairs: Map<string, Map<string, number>> | null = null;

  constructor(rule: FoundInRule, table: MadeTable) {
    this.#rule = rule;
    this.#table = table;
  }

  /** By the right value: the moment that a row with the pair must come after. */
  partnersOf(left: string): Partners {
    this.#pairs ??= this.#gather();
    return this.#pairs.get(left) ?? NONE;
  }

  #gather(): Map<string, Map<string, number>> {
    const { inLeft, inRight, after } = this.#rule;
    const pairs = new Map<string, Map<string, number>>();
    const text = (operand: Operand, row: number): string | null => {
      const key = this.#table.keys.get(keyName(operand));
      return key === undefined || key.isNull(row) ? null : key.textAt(row);
    };
    for (let row = 0; row < this.#table.rowCount; row++) {
      const [left, right] = [text(inLeft, row), text(inRight, row)];
      if (left === null || right === null) continue;
      const than = after === undefined ? -Infinity : measured(text(after.than, row))?.value;
      if (than === undefined) continue;
      let partners = pairs.get(left);
      if (partners === undefined) pairs.set(left, (partners = new Map()));
      partners.set(right, Math.min(than, partners.get(right) ?? Infinity));
    }
    return pairs;
  }
}

/** Under which name the table keeps it. */
export function keyName({ column, foreignKey }: Operand): string {
  return foreignKey === null ? column : hopKey(foreignKey, column);
}
