import { tableId, type Catalog, type ColumnFacts, type Target } from '../../connectors/connector.ts';
import { UnderstudyError } from '../kernel/errors.ts';

/**
 * A model file knows one schema. Where the target holds tables of another one, the model is most likely the wrong or
 * an outdated one, and replacing the target by it would surprise.
 * Throws `MODEL_SCHEMA_MISMATCH`.
 */
export async function requireSameSchema(target: Target, catalog: Catalog, modelPath: string): Promise<void> {
  const state = await target.inspect();
  if (state.tableCount === 0) return;
  const difference = firstDifference(await target.readCatalog(), catalog);
  if (difference === null) return;
  throw new UnderstudyError(
    'MODEL_SCHEMA_MISMATCH',
    `The model ${modelPath} was learned from another schema than the target "${target.database}" has: ${difference}. Nothing was changed.`,
    {
      hint: 'Learn the model again from a source with this schema, or name an empty or absent target.',
    },
  );
}

function firstDifference(target: Catalog, model: Catalog): string | null {
  const there = new Map(target.tables.map((table) => [tableId(table.name), table]));
  const known = new Set(model.tables.map((table) => tableId(table.name)));
  for (const table of model.tables) {
    const id = tableId(table.name);
    const other = there.get(id);
    if (other === undefined) return `table ${id} is missing in the target`;
    const types = new Map(other.columns.map((column) => [column.name, column.type.sql]));
    for (const column of table.columns) {
      const type = types.get(column.name);
      if (type === undefined) return `column ${id}.${column.name} is missing in the target`;
      if (type !== column.type.sql)
        return `column ${id}.${column.name} is ${type} in the target and ${column.type.sql} in the model`;
    }
    const extra = other.columns.find(
      (column) => !fillsItself(column) && !table.columns.some((mine) => mine.name === column.name),
    );
    if (extra !== undefined) return `the model has no column ${id}.${extra.name}`;
  }
  const unknown = [...there.keys()].find((id) => !known.has(id));
  return unknown === undefined ? null : `the model has no table ${unknown}`;
}

/** Such a column of the target's own is kept, whatever the model knows of it. */
function fillsItself({ nullable, defaultExpression, identity, generated }: ColumnFacts): boolean {
  return nullable || defaultExpression !== null || identity !== null || generated !== null;
}
