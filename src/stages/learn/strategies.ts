/** What becomes of each table: learned, copied, left empty; and why. */
import { tableId, type Catalog } from '../../../connectors/connector.ts';
import type { Strategy } from '../../model/table-model.ts';
import type { RelationGraph } from '../graph/artifact.ts';
import type { Classification } from '../mask/artifact.ts';

/** Automatic copies stop here: a table that people add rows to daily is no dictionary. */
const MAX_COPIED_ROWS = 1000;
/** A dictionary says little about each of its rows, and each row is used again and again. */
const MAX_DICTIONARY_COLUMNS = 4;
const MIN_REFERENCES_PER_ROW = 3;

export interface StrategyChoice {
  readonly strategy: Strategy;
  readonly reason: string;
}

export interface TableOverride {
  readonly strategy?: Strategy;
  readonly accept?: string;
  /** Only needed by rows of other tables: it is copied where a dictionary would be. */
  readonly unlessCopied?: boolean;
}

/**
 * Precedence: the configuration, then the automatic copy of clean reference tables, then `synthesize`.
 */
export function chooseStrategies(
  catalog: Catalog,
  graph: RelationGraph,
  classification: Classification,
  rowCounts: ReadonlyMap<string, number>,
  overrides: ReadonlyMap<string, TableOverride>,
): Map<string, StrategyChoice> {
  const personal = new Set(
    classification.columns.filter((column) => column.sensitivity !== 'none').map((column) => column.table),
  );
  const roles = new Map(graph.tables.map((table) => [table.id, table]));
  const choices = new Map<string, StrategyChoice>();
  for (const { id } of graph.tables) {
    const override = overrides.get(id);
    if (override?.strategy !== undefined && override.unlessCopied !== true) {
      choices.set(id, { strategy: override.strategy, reason: override.accept ?? 'set in the configuration' });
    }
  }
  // A copied row keeps its references, so what it references must be copied too: repeat until nothing falls out.
  const candidates = new Set(
    graph.tables
      .filter(
        (table) =>
          !choices.has(table.id) &&
          (table.role === 'reference' || table.role === 'junction') &&
          !table.isSubject &&
          table.subjectPath === null,
      )
      // A junction between dictionaries, what goes with what, is a part of them.
      .filter((table) => table.role === 'junction' || isDictionary(table.id, catalog, rowCounts))
      .filter(
        (table) =>
          !personal.has(table.id) && rowCounts.get(table.id)! <= MAX_COPIED_ROWS && rowCounts.get(table.id)! > 0,
      )
      .map((table) => table.id),
  );
  const copied = (id: string): boolean => candidates.has(id) || choices.get(id)?.strategy === 'copy';
  for (let changed = true; changed;) {
    changed = false;
    for (const table of catalog.tables) {
      const id = tableId(table.name);
      if (!candidates.has(id)) continue;
      if (table.foreignKeys.every((key) => copied(tableId(key.referencedTable)))) continue;
      candidates.delete(id);
      changed = true;
    }
  }
  for (const { id } of graph.tables) {
    if (choices.has(id)) continue;
    if (rowCounts.get(id) === 0) choices.set(id, { strategy: 'empty', reason: 'the source has no rows' });
    else if (candidates.has(id)) {
      const reason = `${roles.get(id)!.role} table of ${rowCounts.get(id)} rows without personal columns`;
      choices.set(id, { strategy: 'copy', reason });
    } else if (overrides.get(id)?.strategy !== undefined) {
      choices.set(id, { strategy: overrides.get(id)!.strategy!, reason: overrides.get(id)!.accept ?? '' });
    } else choices.set(id, { strategy: 'synthesize', reason: 'learned from the source' });
  }
  return choices;
}

/** Few columns beside its keys, and many rows of other tables for each of its own. */
function isDictionary(id: string, catalog: Catalog, rowCounts: ReadonlyMap<string, number>): boolean {
  const table = catalog.tables.find((candidate) => tableId(candidate.name) === id)!;
  const keys = new Set([...(table.primaryKey?.columns ?? []), ...table.foreignKeys.flatMap((key) => key.columns)]);
  if (table.columns.filter((column) => !keys.has(column.name)).length > MAX_DICTIONARY_COLUMNS) return false;
  const users = catalog.tables.filter((other) => other.foreignKeys.some((key) => tableId(key.referencedTable) === id));
  const references = users.reduce((sum, user) => sum + (rowCounts.get(tableId(user.name)) ?? 0), 0);
  return references >= MIN_REFERENCES_PER_ROW * rowCounts.get(id)!;
}
