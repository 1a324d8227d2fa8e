/**
 * What is learned of one table, and how its rows are made: the seam between `learn`, `generate` and `scan`.
 *
 * A row is made in a file of registers, one small code each. The first registers hold the context (the parent's own
 * codes, the place among siblings, the previous sibling's codes); the rest are the row's own, filled by the chain,
 * each drawn from a conditional that may look at every register drawn before it.
 */
import type { NumberEncoderJson } from './encoders/number.ts';
import type { RelativeMomentJson } from './encoders/relative-moment.ts';
import type { MinedRule } from './rules.ts';
import type { RowModel } from './row-model.ts';

export type Strategy = 'synthesize' | 'copy' | 'mask' | 'empty';

/** One register. */
export interface Register {
  /** For messages and tests: `rental_date`, `#count:public.payment.fk`, `parent:…`, `sibling:…`. */
  readonly name: string;
  readonly origin: 'parent' | 'place' | 'sibling' | 'reached' | 'own';
  /** parent, reached: register of that table; sibling: own register of this table; place: 0 index, 1 count, 2 remaining. */
  readonly from: number;
  /** reached: foreign keys to follow, the first one this table's own. */
  readonly path?: readonly string[];
  readonly size: number;
  readonly ordered: boolean;
  readonly hasNull: boolean;
}

/** How one stored column's values come to be. */
export type ColumnMaker =
  /** Decoded from its registers. */
  | {
      readonly by: 'encoder';
      readonly kind: string;
      readonly parameters: unknown;
      readonly register: number;
      readonly learned: boolean;
    }
  /**
   * A moment told by its distance from another, or by itself. `batches`: microseconds that many subjects share to the
   * last digit; where there are any, the first register says which of them it is, its last code: none.
   */
  | {
      readonly by: 'moment';
      readonly register: number;
      readonly base: MomentBase;
      readonly isDate: boolean;
      readonly batches: readonly number[];
    }
  /** Equal to a column of the row that a foreign key references. */
  | { readonly by: 'copy'; readonly foreignKey: string; readonly parentColumn: string }
  /** Left to `mask`; `register` says where it is null, −1: never. */
  | { readonly by: 'mask'; readonly register: number }
  /** Part of a foreign key that is assigned. */
  | { readonly by: 'foreign-key'; readonly foreignKey: string; readonly position: number }
  /** start + step × row number. */
  | { readonly by: 'serial'; readonly start: number; readonly step: number }
  /** start + index among the rows of one context parent. */
  | { readonly by: 'position'; readonly start: number }
  | { readonly by: 'null' };

/** What a moment is told from. */
export type MomentBase =
  | { readonly from: 'nothing'; readonly kind: string; readonly parameters: unknown }
  | { readonly from: 'column'; readonly column: string; readonly distance: RelativeMomentJson }
  | { readonly from: 'parent'; readonly column: string; readonly distance: RelativeMomentJson }
  /** The first of its siblings like any moment (its registers come first), the others by their gap. */
  | {
      readonly from: 'sibling';
      readonly first:
        | { readonly from: 'nothing'; readonly kind: string; readonly parameters: unknown }
        | { readonly from: 'parent'; readonly column: string; readonly distance: RelativeMomentJson };
      readonly gap: RelativeMomentJson;
    };

/** What is in force from each cut on, in microseconds: codes[0] before cuts[0]. */
export interface Eras {
  readonly cuts: readonly number[];
  readonly codes: readonly number[];
}

/** A register that follows from a moment of the row: its day, coarsely, its weekday, or a column that it settles. */
export interface CalendarRegister {
  readonly register: number;
  readonly column: string;
  readonly what: 'day' | 'weekday' | 'era';
  /** Of days since 1970; null for others. */
  readonly encoder: NumberEncoderJson | null;
  readonly eras?: Eras;
}

export interface ColumnModel {
  readonly name: string;
  readonly nullable: boolean;
  readonly maker: ColumnMaker;
}

/** How the rows that a foreign key references are chosen. */
export type ForeignKeyMaker =
  /** Rows are generated in groups, one per referenced row. */
  | { readonly by: 'context' }
  /** The referenced table is copied: the row is a category, learned like any column. −1 in `rows` is the pooled rest. */
  | {
      readonly by: 'category';
      readonly register: number;
      readonly rows: readonly number[];
      readonly pooled: readonly number[];
      readonly hasNull: boolean;
    }
  /**
   * Exact quotas: every referenced row has its own number of references, drawn with it. `register`: null flag or −1.
   * `early`: chosen before the row's own values are drawn, which may so depend on what the referenced row is like.
   */
  | { readonly by: 'quota'; readonly register: number; readonly early: boolean }
  /** A forest within the table. `register`: null flag (a root) or −1: roots reference themselves. */
  | { readonly by: 'forest'; readonly register: number }
  /** One of the row's own children by `childForeignKey`, its context: a default address. `register`: null flag or −1. */
  | { readonly by: 'own-child'; readonly register: number; readonly childForeignKey: string }
  /**
   * What the row behind `through` references by its `parentColumns`: two paths that agree. `register`: −1 where they
   * always do, else 0 they do, 1 another row is referenced, 2 none is; `exceptionRate`: share of rows in which 1.
   */
  | {
      readonly by: 'through';
      readonly through: string;
      readonly parentColumns: readonly string[];
      readonly register: number;
      readonly exceptionRate: number;
    }
  /** Its columns are all set by other foreign keys. */
  | { readonly by: 'implied' }
  | { readonly by: 'null' };

export interface ForeignKeyModel {
  readonly name: string;
  readonly referencedTable: string;
  readonly columns: readonly string[];
  readonly referencedColumns: readonly string[];
  readonly maker: ForeignKeyMaker;
  /** A unique key lies within its columns: a row is referenced at most once. */
  readonly unique: boolean;
  /** Share of rows that reference nothing. */
  readonly nullRate: number;
  /** [children, parents][] of the sample, for parents that are not made before their children. */
  readonly degrees: readonly (readonly [number, number])[];
  /** Declared on these partitions only: their bounds as conditions. Absent: it holds for all rows. */
  readonly onlyWhere?: readonly string[];
}

/** A register of this table that holds how many rows of another table reference each row. */
export interface IncomingCount {
  readonly table: string;
  readonly foreignKey: string;
  readonly register: number;
  readonly encoder: NumberEncoderJson;
}

export interface SelfTest {
  readonly table: string;
  /** AUC of the model's own log-likelihood, fit against tune subjects; null where there are too few. */
  readonly auc: number | null;
  readonly standardError: number | null;
  readonly unitCount: number;
  /** Of the gate, after it was raised. */
  readonly gateMultiplier: number;
}

export interface TableModel {
  readonly id: string;
  readonly strategy: Strategy;
  readonly strategyReason: string;
  readonly sourceRowCount: number;
  /** Fewer than 300 units: learned with the cautious settings. */
  readonly smallData: boolean;
  readonly columns: readonly ColumnModel[];
  readonly foreignKeys: readonly ForeignKeyModel[];
  readonly registers: readonly Register[];
  /** First own register. */
  readonly ownFrom: number;
  /** Draws the own registers; null where there is nothing to learn. */
  readonly rowModel: RowModel | null;
  readonly calendar: readonly CalendarRegister[];
  /** Hidden rules of the table, held while its rows are made. */
  readonly rules: readonly MinedRule[];
  readonly incoming: readonly IncomingCount[];
  /** Rows of a copied table, by column: server text. */
  readonly rows: ReadonlyMap<string, readonly (string | null)[]> | null;
  readonly selfTest: SelfTest | null;
}
