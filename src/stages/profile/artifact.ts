import type { Split } from '../../kernel/split.ts';

/** A consistent sample of one table: whole subjects with all their rows, or every row of a small table. */
export interface TableSample {
  readonly table: string;
  readonly rowCount: number;
  /** Number of rows in the database: exact, or the server's estimate above `COUNT_EXACTLY_UP_TO`. */
  readonly totalRowCount: number;
  /** Raw server text, column-major, by column name; all stored, non-generated columns. Long texts are cut at `TEXT_LIMIT`. */
  readonly columns: ReadonlyMap<string, readonly (string | null)[]>;
  /** Unit (subject) of each row, as an index into `RelationalSample.unitKeys`, shared by all tables. */
  readonly units: Uint32Array;
  /** By foreign key: row number in the referenced table's sample; −1 null, −2 not in the sample. */
  readonly parents: ReadonlyMap<string, Int32Array>;
}

/** Rows of all tables, tied together by subject. Kept in memory, bounded; never written to disk or logged. */
export interface RelationalSample {
  readonly tables: ReadonlyMap<string, TableSample>;
  /** Opaque keys of units: `table\0key…`; empty for a row that reaches no subject and so is its own unit. */
  readonly unitKeys: readonly string[];
  /** Of each unit. */
  readonly unitSplits: readonly Split[];
  /** Number of subjects among the units. */
  readonly subjectCount: number;
  /** Share of subjects that were read. */
  readonly subjectRate: number;
}

/** Characters of a text that are read for learning and scanning. */
export const TEXT_LIMIT = 2000;

/** Above this many estimated rows the server's estimate stands in for a count, which would be a scan of its own. */
export const COUNT_EXACTLY_UP_TO = 50_000_000;
