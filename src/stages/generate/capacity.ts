/** How many rows a table's unique keys leave room for, before any row is made. */
import type { TableFacts, UniqueKeyFacts } from '../../../connectors/connector.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import type { TableModel } from '../../model/table-model.ts';
import { cellColumns, type CellColumn } from './cells.ts';
import { rowChecks, type RowCheck, type SchemaFacts } from './constraints.ts';
import { supportOf, type Support } from './support.ts';

/** Values of one column that are tested one by one; where there are more, there is room enough. */
const COUNTED = 20_000;

/**
 * Throws `GENERATE_CAPACITY`, with the numbers, for the first key that allows fewer rows than `rowCounts` asks for.
 * **Domain** `rowCounts` by `tableId`, of all tables.
 */
export function requireCapacity(
  model: TableModel,
  table: TableFacts,
  schema: SchemaFacts,
  rowCounts: ReadonlyMap<string, number>,
): void {
  const rowCount = rowCounts.get(model.id) ?? 0;
  if (model.strategy !== 'synthesize' || rowCount === 0) return;
  const names = {
    types: new Map(table.columns.map((column) => [column.name, column.type])),
    functions: schema.functions,
  };
  const checks = rowChecks(table, names).filter((check) => check.columns.length === 1);
  const columns = new Map(cellColumns(table, model).map((column) => [column.name, column]));
  for (const key of [table.primaryKey, ...table.uniqueKeys]) {
    if (key === null || key.predicate !== null || key.columns.includes(null)) continue;
    const capacity = capacityOf(key, model, table, columns, checks, rowCounts);
    if (capacity >= rowCount) continue;
    const most = Math.max(0, Math.floor(capacity));
    throw new UnderstudyError(
      'GENERATE_CAPACITY',
      `${model.id} is to get ${rowCount} rows, but its key ${key.name} (${key.columns.join(', ')}) allows ${most}; nothing was written.`,
      {
        hint: `Lower --scale, or set tables.${model.id}.scale so that it gets at most ${most} rows.`,
        data: { table: model.id, constraint: key.name, rowCount, capacity: most },
      },
    );
  }
}

/** Combinations that the key's columns can take; infinite where one of them has no end. */
function capacityOf(
  key: UniqueKeyFacts,
  model: TableModel,
  table: TableFacts,
  columns: ReadonlyMap<string, CellColumn>,
  checks: readonly RowCheck[],
  rowCounts: ReadonlyMap<string, number>,
): number {
  const counted = new Set<string>();
  let capacity = 1;
  for (const name of key.columns as readonly string[]) {
    const column = columns.get(name);
    if (column === undefined) return Infinity;
    const { nullable, type } = table.columns.find((candidate) => candidate.name === name)!;
    if (nullable && key.nullsDistinct) return Infinity;
    const { maker } = column;
    if (maker.by === 'encoder') {
      const support = supportOf(column.encoder!, type, patternsOf(name, checks));
      if (support === null) return Infinity;
      capacity *= countValues(support, column, checks) + (nullable ? 1 : 0);
    } else if (maker.by === 'foreign-key') {
      if (counted.has(maker.foreignKey)) continue;
      counted.add(maker.foreignKey);
      const foreignKey = model.foreignKeys.find((candidate) => candidate.name === maker.foreignKey)!;
      capacity *= (rowCounts.get(foreignKey.referencedTable) ?? Infinity) + (nullable ? 1 : 0);
    } else return Infinity;
  }
  return capacity;
}

function patternsOf(column: string, checks: readonly RowCheck[]): readonly string[] {
  return checks
    .flatMap((check) => check.patterns.filter((found) => found.column === column))
    .map(({ pattern }) => pattern);
}

/** Values of the support that the column's own CHECKs let pass. */
function countValues(support: Support, column: CellColumn, checks: readonly RowCheck[]): number {
  const own = checks.filter((check) => check.columns[0] === column.name);
  if (own.length === 0) return support.size;
  const passes = (index: number): boolean => {
    const value = column.read(support.at(index));
    return own.every((check) => check.test(() => value) !== false);
  };
  let count = 0;
  const tested = Math.min(support.size, support.learnedCount + COUNTED);
  if (tested > 2 * COUNTED) return support.size;
  for (let index = 0; index < tested; index++) if (passes(index)) count++;
  // Values beyond those tested pass or fail as the last ones do.
  return tested < support.size && passes(tested - 1) ? support.size : count;
}

/** Rows that every table will have, about: by scale alone, before any row is made. */
export function plannedRowCounts(
  models: readonly TableModel[],
  scaleOf: (table: string) => number,
  factorOf: (table: string) => number,
  realCountOf: (table: string) => number = () => 0,
): ReadonlyMap<string, number> {
  return new Map(
    models.map((model) => {
      if (model.strategy === 'empty') return [model.id, 0];
      if (model.strategy === 'mask') return [model.id, realCountOf(model.id)];
      if (model.rows !== null) return [model.id, [...model.rows.values()][0]?.length ?? 0];
      const parent = model.foreignKeys.find((key) => key.maker.by === 'context')?.referencedTable;
      const scale = scaleOf(model.id) * (parent === undefined ? 1 : factorOf(parent));
      return [model.id, Math.round(model.sourceRowCount * scale)];
    }),
  );
}
