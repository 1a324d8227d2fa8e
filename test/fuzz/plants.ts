/** Three bugs of the kind that a generator has, put beside it: the fuzzer must find each. */
import { tableId } from '../../connectors/connector.ts';
import { textAt } from '../../src/kernel/rows.ts';
import type { TableModel } from '../../src/model/table-model.ts';
import type { Plant } from './try-schema.ts';

export const PLANTS: Readonly<Record<string, Plant>> = {
  /** The last column of a composite reference is that of the row before. */
  'off by one in a composite key': {
    block: (block, model) => {
      const table = model.catalog.tables.find((candidate) => tableId(candidate.name) === block.table)!;
      const key = table.foreignKeys.find((candidate) => candidate.columns.length > 1);
      const vector = block.columns.get(key?.columns.at(-1) ?? '');
      if (vector === undefined) return;
      const texts = Array.from({ length: block.rowCount }, (_, i) => textAt(vector, i));
      const values = texts.map((text, i) => (text === null ? null : (texts[i - 1] ?? text)));
      block.columns.set(key!.columns.at(-1)!, { form: 'text', values });
    },
  },
  /** The generator does not hear of unique keys beside the primary one. */
  'a lost unique': {
    model: (model) => ({
      ...model,
      catalog: { ...model.catalog, tables: model.catalog.tables.map((table) => ({ ...table, uniqueKeys: [] })) },
    }),
  },
  /** Where a reference may be NULL is not looked at. */
  'a nullable edge treated as not null': {
    model: (model) => ({ ...model, tables: model.tables.map(alwaysReferring) }),
  },
};

function alwaysReferring(table: TableModel): TableModel {
  return {
    ...table,
    foreignKeys: table.foreignKeys.map((key) => {
      const { maker } = key;
      if (maker.by === 'quota' || maker.by === 'forest' || maker.by === 'own-child')
        return { ...key, nullRate: 0, maker: { ...maker, register: -1 } };
      return maker.by === 'context' ? { ...key, nullRate: 0 } : key;
    }),
  };
}
