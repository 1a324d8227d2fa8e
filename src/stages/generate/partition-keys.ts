/** References that are declared on single partitions: which of them a row owes follows from where it falls. */
import type { TableFacts } from '../../../connectors/connector.ts';
import type { ForeignKeyModel, TableModel } from '../../model/table-model.ts';
import type { RandomCursor } from '../../numeric/random.ts';
import { compilePredicate, type ColumnReader, type Predicate } from './expression.ts';
import type { MadeTable } from './world.ts';

interface PartitionKey {
  readonly key: ForeignKeyModel;
  readonly applies: readonly Predicate[];
  /** Keys of the same columns to the same rows, itself too: partitions often declare theirs one by one. */
  readonly alike: readonly string[];
}

export class PartitionKeys {
  readonly #keys: readonly PartitionKey[];
  readonly #tables: ReadonlyMap<string, MadeTable>;

  constructor(table: TableFacts, model: TableModel, tables: ReadonlyMap<string, MadeTable>) {
    this.#tables = tables;
    const names = {
      types: new Map(table.columns.map((column) => [column.name, column.type])),
      functions: new Map<string, never>(),
    };
    this.#keys = model.foreignKeys.flatMap((key) => {
      const conditions = key.onlyWhere?.map((condition) => compilePredicate(condition, names)?.test);
      if (conditions === undefined) return [];
      const alike = model.foreignKeys.filter((other) => refersAs(other) === refersAs(key)).map(({ name }) => name);
      return [{ key, applies: conditions.filter((test) => test !== undefined), alike }];
    });
  }

  /**
   * Gives the row a reference by every key of its partition that it has none by yet; any row serves, since how often is
   * learned of the whole table.
   */
  fill(
    read: ColumnReader,
    isChosen: (foreignKey: string) => boolean,
    random: RandomCursor,
    refer: (key: ForeignKeyModel, to: MadeTable, row: number) => void,
  ): void {
    for (const { key, applies, alike } of this.#keys) {
      if (alike.some(isChosen)) continue;
      if (!applies.some((test) => test(read) === true)) continue;
      const to = this.#tables.get(key.referencedTable);
      if (to !== undefined && to.rowCount > 0) refer(key, to, random.nextInteger(to.rowCount));
    }
  }
}

function refersAs({ columns, referencedTable, referencedColumns }: ForeignKeyModel): string {
  return JSON.stringify([columns, referencedTable, referencedColumns]);
}
