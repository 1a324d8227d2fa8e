/**
 * Hidden rules: what an application keeps true of its rows without the schema saying so. Mined by `learn`, held by
 * construction by `generate`, shown with their support in the report.
 */

/** A column of the row itself, or of the row that one of its foreign keys references. */
export interface Operand {
  readonly column: string;
  /** Name of the foreign key to follow; null: the row itself. */
  readonly foreignKey: string | null;
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
  /** low ≤ high (or <) wherever both are there. Numbers or moments. `low` or `high` may be a parent's. */
  | { readonly kind: 'order'; readonly low: Operand; readonly high: Operand; readonly strict: boolean }
  /** The columns are NULL in the same rows. */
  | { readonly kind: 'null-together'; readonly columns: readonly string[] }
  /** Whether `column` is NULL follows from the value of `given`: always in `nullFor`, never in `presentFor`. `null` = NULL. */
  | {
      readonly kind: 'null-given';
      readonly column: string;
      readonly given: string;
      readonly nullFor: readonly (string | null)[];
      readonly presentFor: readonly (string | null)[];
    }
  /** `to` is a function of `from`; `map`: values that 5 units share, as [from values…, to value]. */
  | {
      readonly kind: 'dependency';
      readonly from: readonly string[];
      readonly to: string;
      readonly map: readonly (readonly (string | null)[])[];
    }
  /** `column` equals `parentColumn` of the row that `foreignKey` references. */
  | { readonly kind: 'copy'; readonly column: string; readonly foreignKey: string; readonly parentColumn: string }
  /** `foreignKey` references the row that `parentForeignKey` of the row behind `through` references: two paths agree. */
  | {
      readonly kind: 'same-parent';
      readonly foreignKey: string;
      readonly through: string;
      readonly parentForeignKey: string;
    }
  /** All rows that reference one row by `foreignKey` have the same value of `column`. */
  | { readonly kind: 'constant-per-parent'; readonly column: string; readonly foreignKey: string }
  /** target = left ∘ right [∘ …], rounded to `decimals`. Operands may be a parent's. */
  | {
      readonly kind: 'arithmetic';
      readonly target: string;
      readonly form: 'sum' | 'difference' | 'product' | 'discounted-product';
      readonly operands: readonly Operand[];
      readonly decimals: number;
    }
  /**
   * `column` is an aggregate over the rows of `childTable` that reference the row by `childForeignKey`; of a product
   * of columns where there are several; 0 or NULL for no children as `whenNone` says.
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
    };

export type MinedRule = RuleBody & { readonly table: string; readonly support: RuleSupport };
