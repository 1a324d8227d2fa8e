import type { ColumnFacts, TableFacts } from '../../../connectors/connector.ts';
import type { TableRole } from './artifact.ts';
import type { ContextChoice } from './context.ts';
import type { KeyEdge, KeyGraph } from './edges.ts';
import type { SubjectPaths } from './subject-paths.ts';

/** Most rows that a look-up table may have. */
const REFERENCE_ROWS = 1000;
/** Most columns of a look-up table whose size is not known. */
const REFERENCE_COLUMNS = 4;
/** Most rows of a list that nothing references by key, like the states of a country. */
const LIST_ROWS = 200;

/**
 * Look-up tables: small, referenced, no subject, and with keys to other look-up tables only. Parents are decided
 * before children, so `loadOrder` is needed.
 */
export function findReferences(
  graph: KeyGraph,
  loadOrder: readonly string[],
  paths: SubjectPaths,
): Map<string, string> {
  const references = new Map<string, string>();
  for (const id of loadOrder) {
    const table = graph.tables.get(id)!;
    const others = (graph.outgoing.get(id) ?? []).filter((edge) => edge.to !== id);
    const users = (graph.incoming.get(id) ?? []).filter((edge) => edge.from !== id);
    if (paths.has(id) || !others.every((edge) => references.has(edge.to))) continue;
    if (users.length === 0) {
      if (others.length === 0 && isList(table))
        references.set(id, `It is a list of ${table.estimatedRowCount} rows that no key leads to or from.`);
      continue;
    }
    const size = smallSize(table);
    if (size !== null)
      references.set(id, `It is a look-up table: ${size}, referenced by ${names(users.map((edge) => edge.from))}.`);
  }
  return references;
}

/** Few rows with a key, and nothing that happened at a time. */
function isList(table: TableFacts): boolean {
  const rows = table.estimatedRowCount;
  return rows > 0 && rows <= LIST_ROWS && table.primaryKey !== null && ownTime(table, false) === null;
}

function smallSize(table: TableFacts): string | null {
  const rows = table.estimatedRowCount;
  if (rows > REFERENCE_ROWS) return null;
  if (rows >= 0) return `about ${rows} rows`;
  const columns = table.columns.length;
  return columns <= REFERENCE_COLUMNS ? `${columns} columns (its row count is not known)` : null;
}

/** Tables whose rows pair others: two or more keys, all NOT NULL, make up the primary key or a unique key. */
export function findJunctions(graph: KeyGraph): Map<string, string> {
  const junctions = new Map<string, string>();
  for (const [id, table] of graph.tables) {
    const edges = (graph.outgoing.get(id) ?? []).filter((edge) => edge.required && !edge.oneToOne);
    const key = [table.primaryKey, ...table.uniqueKeys].find(
      (unique) => unique !== null && unique.predicate === null && pairs(unique.columns, edges).length >= 2,
    );
    if (key === undefined || key === null) continue;
    const parents = pairs(key.columns, edges).map((edge) => edge.to);
    junctions.set(id, `Its key ${key.name} pairs ${names(parents)}, each pair once.`);
  }
  return junctions;
}

/** The keys inside the unique columns, if together they are all of them. */
function pairs(columns: readonly (string | null)[], edges: readonly KeyEdge[]): KeyEdge[] {
  const inside = edges.filter((edge) => edge.columns.every((column) => columns.includes(column)));
  const covered = new Set<string | null>(inside.flatMap((edge) => edge.columns));
  return columns.every((column) => covered.has(column)) ? inside : [];
}

export interface RoleFacts {
  readonly subjects: ReadonlySet<string>;
  readonly references: ReadonlyMap<string, string>;
  readonly junctions: ReadonlyMap<string, string>;
}

/** What a table is, and why. */
export function assignRole(
  graph: KeyGraph,
  id: string,
  context: ContextChoice | null,
  facts: RoleFacts,
): { readonly role: TableRole; readonly reason: string } {
  const table = graph.tables.get(id)!;
  const junction = facts.junctions.get(id);
  const reference = facts.references.get(id);
  if (facts.subjects.has(id)) {
    if (context === null) return { role: 'entity', reason: 'Its rows are subjects and stand on their own.' };
    return { role: 'child', reason: `Its rows are subjects that belong to ${context.edge.to}.` };
  }
  if (junction !== undefined) return { role: 'junction', reason: junction };
  if (reference !== undefined) return { role: 'reference', reason: reference };
  if (context === null) return { role: 'entity', reason: 'No other table determines how many rows it has.' };
  const time = ownTime(
    table,
    (graph.incoming.get(id) ?? []).some((edge) => edge.from !== id),
  );
  if (time !== null && !context.edge.oneToOne) {
    return { role: 'event', reason: `Its rows happen to ${context.edge.to} at a time (${time.name}).` };
  }
  const share = context.edge.oneToOne ? 'at most one row for each row of' : 'rows that belong to a row of';
  return { role: 'child', reason: `It holds ${share} ${context.edge.to}.` };
}

const BOOKKEEPING =
  /(^|_)(updated?|modif\w*|changed?|deleted?|last|expir\w*|birth\w*|valid\w*|import\w*|sync\w*)(_|$)/i;
const CREATED = /^(created?|inserted?)(_?(at|on|date|time\w*))?$/i;

/** The column that says when a row happened; that of its creation only where nothing hangs on the row. */
function ownTime(table: TableFacts, referenced: boolean): ColumnFacts | null {
  const times = table.columns.filter(
    (column) =>
      ['date', 'timestamp', 'timestamptz'].includes(column.type.class) &&
      column.generated === null &&
      !BOOKKEEPING.test(column.name) &&
      !(referenced && (column.nullable || CREATED.test(column.name))),
  );
  return times.find((column) => !column.nullable) ?? times[0] ?? null;
}

function names(ids: readonly string[]): string {
  const unique = [...new Set(ids)];
  const shown = unique.slice(0, 3).join(', ');
  return unique.length > 3 ? `${shown} and ${unique.length - 3} more` : shown;
}
