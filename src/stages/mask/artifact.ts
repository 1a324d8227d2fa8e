import type { Finding } from '../../kernel/findings.ts';

export type Treatment =
  | 'synthesize' | 'fake' | 'pseudonym' | 'hash' | 'redact' | 'null' | 'shift' | 'bucket' | 'keep'
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
}

export interface ValueStyle {
  readonly letterCase: 'upper' | 'lower' | 'title' | 'mixed';
  readonly maxLength: number | null;
  readonly distinctRate: number;
  /** Values must not repeat (a unique key covers the column alone). */
  readonly unique: boolean;
  readonly locale: string;
}

export interface Classification {
  readonly version: 1;
  /** One for every column of every table. */
  readonly columns: readonly ColumnClassification[];
  /** `MASK_UNTREATED_COLUMN` errors among them stop the run (fails closed). */
  readonly findings: readonly Finding[];
}
