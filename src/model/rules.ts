/**
 * Hidden rules: what an application keeps true of its rows without the schema saying so. Mined by `learn`, held by
 * construction by `generate`, shown with their support in the report.
 */

/** A column of the row itself, or of the row that one of its foreign keys references. */
export interface Operand {
  readonly column: string;
  /** Name of the foreign key to follow; null: the row itself. */
  readonly foreignKey: string | null;
  /** A second foreign key to follow, declared by the table that the first leads to. */
  readonly then?: string;
}

/** How well a rule is founded. */
export interface RuleSupport {
  /** Rows in which the rule could have been broken, among fitting subjects. */
  readonly caseCount: number;
  /** Distinct units behind them. */
  readonly unitCount: number;
  /** Rows of tuning subjects that were checked; none broke it. */
  readonly tuneCaseCount: number;
}

export type RuleBody =
  /**
   * low ≤ high (or <) wherever both are there. Numbers or moments; a date and a timestamp compare by their UTC days.
   * `low` or `high` may be a parent's, or its parent's. `within`: high is no further from low than this, in units of the
   * number or in microseconds. `distances`: ascending, at equal steps of probability; where a row breaks the rule, its
   * distance is drawn from them.
   */
  | {
      readonly kind: 'order';
      readonly low: Operand;
      readonly high: Operand;
      readonly strict: boolean;
      readonly within?: number;
      readonly distances?: readonly number[];
    }
  /** What the path of foreign keys leads to is never NULL: only a delivered order has returns. */
  | { readonly kind: 'present'; readonly of: Operand }
  /** The row is referenced by some row of `childTable` wherever `given` is not NULL: a paid order has a payment. */
  | {
      readonly kind: 'has-child';
      readonly given: string;
      readonly childTable: string;
      readonly childForeignKey: string;
    }
  /** `column` is `value`, which 5 units share, where `of` (less `minus`) reaches `from`: free shipping from 80 on. */
  | {
      readonly kind: 'value-from';
      readonly column: string;
      readonly value: string;
      readonly of: string;
      readonly minus?: string;
      readonly side: 'at-least' | 'at-most';
      readonly from: number;
    }
  /**
   * The pair (`left`, `right`) is found in some row of `inTable` as (`inLeft`, `inRight`), read in that row or behind
   * its keys: a carrier serves the country, a reviewer has bought the product. `after`: `column` of the row comes after
   * `than` of the other.
   */
  | {
      readonly kind: 'found-in';
      readonly left: Operand;
      readonly right: Operand;
      readonly inTable: string;
      readonly inLeft: Operand;
      readonly inRight: Operand;
      readonly after?: { readonly column: string; readonly than: Operand; readonly distances: readonly number[] };
    }
  /** The columns are NULL in the same rows. */
  | { readonly kind: 'null-together'; readonly columns: readonly string[] }
  /** The two columns are equal, or NULL together. */
  | { readonly kind: 'equal'; readonly column: string; readonly to: string }
  /** Whether `column` is NULL follows from the value of `given`: always in `nullFor`, never in `presentFor`. `null` = NULL. */
  | {
      readonly kind: 'null-given';
      readonly column: string;
      readonly given: string;
      readonly nullFor: readonly (string | null)[];
      readonly presentFor: readonly (string | null)[];
    }
  /** `column` is `value`, which 5 units share, wherever `given` is NULL: no coupon, no discount. */
  | { readonly kind: 'value-when-null'; readonly column: string; readonly given: string; readonly value: string }
  /** `to` is a function of `from`; `map`: values that 5 units share, as [from values…, to value]. */
  | {
      readonly kind: 'dependency';
      readonly from: readonly string[];
      readonly to: string;
      readonly map: readonly (readonly (string | null)[])[];
    }
  /** `column` equals `parentColumn` of the row that `foreignKey` references, NULLs included. */
  | { readonly kind: 'copy'; readonly column: string; readonly foreignKey: string; readonly parentColumn: string }
  /** The same two steps up: `path` is a foreign key of the row, then one of the row behind it. */
  | {
      readonly kind: 'copy-through';
      readonly column: string;
      readonly path: readonly [string, string];
      readonly parentColumn: string;
    }
  /** `foreignKey` references the row that `parentForeignKey` of the row behind `through` references, where both are there. */
  | {
      readonly kind: 'same-parent';
      readonly foreignKey: string;
      readonly through: string;
      readonly parentForeignKey: string;
    }
  /** The row behind `through` references this row by `parentForeignKey`: a customer's default address is their own. */
  | { readonly kind: 'points-back'; readonly through: string; readonly parentForeignKey: string }
  /** `column` counts the rows that reference one row by `foreignKey`: start, start + 1, … without a gap. */
  | { readonly kind: 'sequence'; readonly column: string; readonly foreignKey: string; readonly start: number }
  /** Among the rows that reference one row by `foreignKey`, `column` does not decrease while `by` increases. */
  | { readonly kind: 'monotone'; readonly column: string; readonly by: string; readonly foreignKey: string }
  /** All rows that reference one row by `foreignKey` have the same value of `column`. */
  | { readonly kind: 'constant-per-parent'; readonly column: string; readonly foreignKey: string }
  /**
   * The target is computed from the operands wherever all are there, rounded to `decimals`. Operands may be a parent's.
   * sum: a + b [+ c]; difference: a − b; linear: ± a ± b …, by `signs`; product: a · b; percentage: a · b / 100;
   * discounted-product: a [· b] · (1 − d), or (1 − d / 100) with `percent`; difference-product: (a − b) · c.
   */
  | {
      readonly kind: 'arithmetic';
      readonly target: string;
      readonly form:
        | 'sum'
        | 'difference'
        | 'linear'
        | 'product'
        | 'percentage'
        | 'discounted-product'
        | 'difference-product';
      readonly operands: readonly Operand[];
      /** Of `linear`, one for each operand. */
      readonly signs?: readonly (1 | -1)[];
      /** Of the last operand of `discounted-product` and `difference-product`: 0 to 100 stands for 0 to 1. */
      readonly percent?: boolean;
      readonly decimals: number;
    }
  /**
   * `column` is an aggregate over the rows of `childTable` that reference the row by `childForeignKey`; of a product
   * of columns where there are several. Without children it is NULL or, where `whenNone` is '0', either 0 or NULL.
   * `where`: only over rows in which that column has that value. `shared`: the column is settled by other rules, and
   * the children share it among them; `given`: only where that column of the row is not NULL, and there are none else.
   */
  | {
      readonly kind: 'aggregate';
      readonly column: string;
      readonly function: 'sum' | 'count' | 'min' | 'max';
      readonly childTable: string;
      readonly childForeignKey: string;
      readonly of: readonly string[];
      readonly decimals: number;
      readonly whenNone: '0' | null;
      readonly where?: { readonly column: string; readonly value: string; readonly other: string };
      readonly shared?: boolean;
      readonly given?: string;
    };

export type MinedRule = RuleBody & { readonly table: string; readonly support: RuleSupport };
