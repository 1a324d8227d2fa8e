import type { RowBlock } from '../../kernel/rows.ts';
import type { MinedRule } from '../../model/rules.ts';
import type { SteeredColumn } from './steering.ts';

/** Fills the vectors that `generate` left open; a function of seed, table and row number. */
export type Masker = (block: RowBlock) => void;

export interface GenerateOptions {
  readonly seed: number;
  /** Multiplies entities and subjects; copied tables never scale. */
  readonly scale: number;
  /** Further factors by `tableId`. */
  readonly tableScales: ReadonlyMap<string, number>;
  /** By `tableId`. */
  readonly maskers: ReadonlyMap<string, Masker>;
  /** Rows of a block; never changes a row. */
  readonly blockRows: number;
  /** Told of each hidden rule that could not be kept in some rows, once their table is made. */
  readonly onGivenUp?: (rule: MinedRule, rowCount: number) => void;
  /** Columns whose values are to be others than in the source, by `tableId`. */
  readonly steering?: ReadonlyMap<string, readonly SteeredColumn[]>;
  /** Masked real rows, by `tableId`: of tables with that strategy, which have none where absent. */
  readonly realRows?: ReadonlyMap<string, RealTable>;
}

export interface RealTable {
  readonly rowCount: number;
  blocks(): AsyncIterable<RowBlock>;
}

/** One table's rows. Streams must be drained in the order in which `generate` gives them: later tables need earlier ones. */
export interface TableStream {
  /** `tableId`. */
  readonly table: string;
  /** Known once the tables before are drained. */
  rowCount(): number;
  blocks(): AsyncIterable<RowBlock>;
}
