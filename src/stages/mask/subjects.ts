import { tableId } from '../../../connectors/connector.ts';
import type { Catalog, ColumnFacts, TableFacts } from '../../../connectors/connector.ts';
import type { RelationalSample } from '../profile/artifact.ts';
import type { Sensitivity } from './artifact.ts';
import { tableKindsOf } from './column-name.ts';
import { detectByName, detectColumn, distinctValues, kindOfType, packsNamed } from './detect.ts';

export interface SubjectProposal {
  /** `tableId`. */
  readonly table: string;
  readonly reason: string;
}

/**
 * What a column is by its name and type alone, for stages that run before anything is sampled.
 * Throws: nothing.
 */
export function classifyByName(
  table: string,
  column: ColumnFacts,
): { detector: string; sensitivity: Sensitivity } | null {
  const hit = detectByName(table, column.name, kindOfType(column.type), packsNamed());
  return hit === null ? null : { detector: hit.detector.id, sensitivity: hit.detector.sensitivity };
}

/**
 * Tables whose rows are natural persons: they hold a person's name, e-mail address, log-in or document number as
 * their own, not as a copy about somebody in another table (`owner_display_name` in posts, `recipient` in orders).
 */
export function proposeSubjects(catalog: Catalog, sample: RelationalSample | null = null): SubjectProposal[] {
  const packs = packsNamed();
  const persons = new Set(
    catalog.tables
      .filter((table) => packs.some((pack) => tableKindsOf(table.name.name, pack.tables).has('persons')))
      .map((table) => tableId(table.name)),
  );
  const candidates = new Map<string, { table: TableFacts; titles: string[] }>();
  for (const table of catalog.tables) {
    const titles = identifiersOf(table, sample);
    if (titles.length > 0) candidates.set(tableId(table.name), { table, titles });
  }
  return [...candidates]
    .filter(
      ([id, { table }]) =>
        persons.has(id) ||
        !table.foreignKeys.some((key) => {
          const referenced = tableId(key.referencedTable);
          return referenced !== id && (candidates.has(referenced) || persons.has(referenced));
        }),
    )
    .map(([id, { titles }]) => ({
      table: id,
      reason: `It holds direct identifiers of natural persons: ${titles.join(', ')}.`,
    }));
}

/** Columns that say who the row is, as `name (what)`. */
function identifiersOf(table: TableFacts, sample: RelationalSample | null): string[] {
  const packs = packsNamed();
  const titles: string[] = [];
  for (const column of table.columns) {
    if (column.generated !== null || table.foreignKeys.some((key) => key.columns.includes(column.name))) continue;
    const values = sample?.tables.get(tableId(table.name))?.columns.get(column.name) ?? [];
    const found = detectColumn(table.name.name, column.name, kindOfType(column.type), distinctValues(values), packs);
    if (found?.detector.identifiesPerson === true && (found.byName?.qualifier ?? '') === '')
      titles.push(`${column.name} (${found.detector.title})`);
  }
  return titles;
}
