import { tableId } from '../../../connectors/connector.ts';
import type { Catalog, TableFacts } from '../../../connectors/connector.ts';
import type { VirtualForeignKey } from '../introspect/artifact.ts';
import type { GraphEdge } from './artifact.ts';

/** A foreign key with all that the topic files of this stage ask about it. Tables are `tableId`s. */
export interface KeyEdge {
  readonly from: string;
  readonly to: string;
  readonly foreignKey: string;
  readonly columns: readonly string[];
  readonly required: boolean;
  readonly deferrable: boolean;
  readonly cascade: boolean;
  readonly virtual: boolean;
  /** Its columns are the first ones of the primary key, in any order, or all of it (a shared key). */
  readonly keyPrefix: boolean;
  /** All its columns lie in the primary key. */
  readonly identifying: boolean;
  /** Its columns are unique in the referencing table: at most one child per parent. */
  readonly oneToOne: boolean;
  /** Highest share of NULLs among its columns by the server's statistics; null where it has none. */
  readonly nullRate: number | null;
  /** Mean children per parent by estimated row counts; null where they are not known. */
  readonly fanOut: number | null;
  /** Position of its first column in the table. */
  readonly ordinal: number;
}

/** Tables and foreign keys with the look-ups that are made once. */
export interface KeyGraph {
  /** By `tableId`, in name order. */
  readonly tables: ReadonlyMap<string, TableFacts>;
  /** In order of table, then key name. */
  readonly edges: readonly KeyEdge[];
  readonly outgoing: ReadonlyMap<string, readonly KeyEdge[]>;
  readonly incoming: ReadonlyMap<string, readonly KeyEdge[]>;
}

/** Keys to tables that the catalog does not have are left out: `introspect` has reported them. */
export function collectEdges(catalog: Catalog, virtualForeignKeys: readonly VirtualForeignKey[]): KeyGraph {
  const tables = new Map(
    catalog.tables
      .map((table): [string, TableFacts] => [tableId(table.name), table])
      .toSorted(([a], [b]) => compareText(a, b)),
  );
  const edges: KeyEdge[] = [];
  for (const [id, table] of tables) {
    for (const key of table.foreignKeys) {
      const to = tableId(key.referencedTable);
      const referenced = tables.get(to);
      if (referenced === undefined) continue;
      const traits = { deferrable: key.deferrable, cascade: key.onDelete === 'cascade', virtual: key.virtual };
      edges.push({ from: id, to, foreignKey: key.name, ...traits, ...describeKey(table, key.columns, referenced) });
    }
  }
  for (const key of virtualForeignKeys) {
    const table = tables.get(key.table);
    const referenced = tables.get(key.referencedTable);
    if (table === undefined || referenced === undefined) continue;
    if (table.foreignKeys.some((other) => other.name === key.name)) continue;
    const facts = describeKey(table, key.columns, referenced);
    // A polymorphic key holds for some rows only, so it can never be relied on.
    const required = facts.required && key.when === null;
    const traits = { deferrable: false, cascade: false, virtual: true };
    edges.push({ from: key.table, to: key.referencedTable, foreignKey: key.name, ...traits, ...facts, required });
  }
  edges.sort((a, b) => compareText(a.from, b.from) || compareText(a.foreignKey, b.foreignKey));
  const outgoing = groupBy(edges, (edge) => edge.from);
  const incoming = groupBy(edges, (edge) => edge.to);
  return { tables, edges, outgoing, incoming };
}

type KeyTraits = Pick<
  KeyEdge,
  'columns' | 'required' | 'keyPrefix' | 'identifying' | 'oneToOne' | 'nullRate' | 'fanOut' | 'ordinal'
>;

function describeKey(table: TableFacts, columns: readonly string[], referenced: TableFacts): KeyTraits {
  const facts = columns.map((name) => table.columns.find((column) => column.name === name));
  const primary = table.primaryKey?.columns ?? [];
  const own = new Set<string | null>(columns);
  const uniqueKeys = [table.primaryKey, ...table.uniqueKeys].filter((key) => key !== null && key.predicate === null);
  const nullRates = facts.map((column) => (column?.nullable === false ? 0 : (column?.statistics?.nullRate ?? null)));
  const known = table.estimatedRowCount >= 0 && referenced.estimatedRowCount > 0;
  return {
    columns,
    required: facts.every((column) => column?.nullable === false),
    keyPrefix: primary.length >= own.size && primary.slice(0, own.size).every((column) => own.has(column)),
    identifying: own.size > 0 && columns.every((column) => primary.includes(column)),
    oneToOne: uniqueKeys.some((key) => key!.columns.length > 0 && key!.columns.every((column) => own.has(column))),
    nullRate: nullRates.includes(null) ? null : Math.max(0, ...(nullRates as number[])),
    fanOut: known ? table.estimatedRowCount / referenced.estimatedRowCount : null,
    ordinal: Math.min(...columns.map((name) => table.columns.findIndex((column) => column.name === name))),
  };
}

/** The edge as the artifact shows it. */
export function toGraphEdge(edge: KeyEdge, broken: GraphEdge['broken']): GraphEdge {
  const { from, to, foreignKey, required, deferrable, virtual } = edge;
  return { from, to, foreignKey, required, deferrable, virtual, broken };
}

/** By code unit: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function groupBy(edges: readonly KeyEdge[], keyOf: (edge: KeyEdge) => string): Map<string, KeyEdge[]> {
  const groups = new Map<string, KeyEdge[]>();
  for (const edge of edges) {
    const group = groups.get(keyOf(edge));
    if (group === undefined) groups.set(keyOf(edge), [edge]);
    else group.push(edge);
  }
  return groups;
}
