import type { Finding } from '../../kernel/findings.ts';

export type Treatment =
  | 'synthesize'
  | 'fake'
  | 'pseudonym'
  | 'hash'
  | 'redact'
  | 'null'
  | 'shift'
  | 'bucket'
  | 'keep'
  /** Keys and generated columns: made by `generate` itself. */
  | 'structural';

/** `direct`: names a person alone; `quasi`: does so in combination; `secret`: grants access. */
export type Sensitivity = 'none' | 'quasi' | 'direct' | 'secret';

/** What a column holds and what becomes of it. */
export interface ColumnClassification {
  /** `tableId`. */
  readonly table: string;
  readonly column: string;
  readonly sensitivity: Sensitivity;
  /** Detector class, e.g. `person.email`, `person.last-name`, `location.city`, `internet.ip`; null for none. */
  readonly detector: string | null;
  readonly treatment: Treatment;
  /** Who decided: `config`, a pack's name, or `default`. */
  readonly decidedBy: string;
  /** Why, in one sentence without values: `name matches core-pii/email; 100 % of 400 sampled values parse as e-mail`. */
  readonly reason: string;
  /** How the real values are written, learned from the sample, without values; what a fake must look like. */
  readonly style: ValueStyle | null;
  /** Whose datum it is, where a row holds several persons': `billing` of `billing_city`; '' for the row's own. */
  readonly group?: string;
  /** A made key that foreign keys reference: its values depend on the row number alone (`Masker.keyValues`). */
  readonly referenced?: boolean;
  /** A reference to a key that is treated so: real values are treated as the key's are, or they would miss it. */
  readonly follows?: 'pseudonym' | 'hash';
  /** Of the user's rule: how far `shift` goes, how wide a `bucket` is. */
  readonly options?: TreatmentOptions;
}

export interface TreatmentOptions {
  /** `shift`: at most so many days either way, the same for all dates of one row. Default 30. */
  readonly days?: number;
  /** `bucket`: width of a bucket, in the column's unit (days for dates). Default 10; a month for dates. */
  readonly width?: number;
  /** `fake`: locale of the values, over the learned one. */
  readonly locale?: string;
  /** `pseudonym`: what of a value is replaced. Default `both`, digits and letters. */
  readonly alphabet?: 'digits' | 'letters' | 'both';
  /** `pseudonym`, `hash`: few possible values, or repeated ones, were accepted by name. */
  readonly accepted?: boolean;
}

/** A rule of the user's configuration. The first that matches a column decides. Globs: `*` any text, `?` one character. */
export interface ColumnRule {
  /** Of `schema.table`, or of the table's name alone. */
  readonly table: string;
  readonly column: string;
  readonly treatment: Treatment;
  /** What the values are, where names and values do not say so: a detector's id, `person.email`. */
  readonly detector?: string;
  readonly options?: TreatmentOptions;
}

export interface ValueStyle {
  readonly letterCase: 'upper' | 'lower' | 'title' | 'mixed';
  readonly maxLength: number | null;
  readonly distinctRate: number;
  /** Values must not repeat (a unique key covers the column alone). */
  readonly unique: boolean;
  readonly locale: string;
  /**
   * How values are written, each form by at least 5 subjects: `9` a digit, `a` and `A` letters, `h` and `H`
   * hexadecimal, `x` any letter or digit; a number in braces repeats (`h{40}`); all else stands for itself.
   */
  readonly shapes?: readonly ValueShape[];
  /** Quantiles of the values' lengths in characters, at least 5 subjects between two. */
  readonly lengths?: readonly number[];
  /** Quantiles of dates in days since 1970-01-01, at least 5 subjects between two. */
  readonly days?: readonly number[];
  /** Names: share that is made anew, since real ones are too various for a dictionary to stand for them. */
  readonly madeRate?: number;
  /** E-mail addresses and user names: how they are built, `{first}.{last}99` (`{f}`, `{l}` initials, `9` a digit). */
  readonly handles?: readonly ValueShape[];
  /** E-mail addresses: how long their domains are. */
  readonly domains?: readonly DomainLength[];
  /** Share of values that are the empty string. */
  readonly blankRate?: number;
  /** Most values are HTML paragraphs. */
  readonly html?: boolean;
  /** Real values lie in a range that is reserved for examples (example.org, 555-01xx): fakes then use another one. */
  readonly reservedInUse?: boolean;
}

export interface DomainLength {
  readonly length: number;
  /** Share of all addresses. */
  readonly weight: number;
  /** One domain of many subjects; else each has its own. */
  readonly shared: boolean;
}

export interface ValueShape {
  readonly pattern: string;
  readonly weight: number;
}

export interface Classification {
  readonly version: 1;
  /** One for every column of every table. */
  readonly columns: readonly ColumnClassification[];
  /** `MASK_UNTREATED_COLUMN` errors among them stop the run (fails closed). */
  readonly findings: readonly Finding[];
}
