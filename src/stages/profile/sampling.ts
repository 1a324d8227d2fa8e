/** Decides what is read of each table: everything where that is little, else whole subjects at one rate. */
import { type RowQuery, type TableFacts } from '../../../connectors/connector.ts';
import type { GraphTable, RelationGraph } from '../graph/artifact.ts';
import { TEXT_LIMIT } from './artifact.ts';

export interface SamplingLimits {
  /** Rows of one table. */
  readonly maxRows: number;
  /** Text of all tables together, in bytes, by the server's column statistics. */
  readonly maxBytes: number;
}

/** The queries whose rows, taken together, are a table's sample. */
export interface TableQueries {
  readonly main: RowQuery;
  /** Rows whose path to a subject begins with a NULL: the semi-join misses them, so they are sampled by their key. */
  readonly unreferenced: { readonly query: RowQuery; readonly nullColumns: readonly string[] } | null;
}

export interface SamplingPlan {
  readonly queries: ReadonlyMap<string, TableQueries>;
  readonly subjectRate: number;
}

/** Bytes that a text column is taken to hold where the server has no statistics. */
const UNKNOWN_WIDTH = 24;

export function planSampling(
  facts: ReadonlyMap<string, TableFacts>,
  graph: RelationGraph,
  counts: ReadonlyMap<string, number>,
  limits: SamplingLimits,
): SamplingPlan {
  const tables = graph.tables.filter((table) => facts.has(table.id));
  const bytes = new Map(tables.map(({ id }) => [id, rowBytes(facts.get(id)!) * counts.get(id)!]));
  const totalBytes = [...bytes.values()].reduce((sum, size) => sum + size, 0);
  const byteRate = Math.min(1, limits.maxBytes / Math.max(1, totalBytes));
  // A table that is small beside the budget is read whole: sampling it would gain nothing and cost links.
  const small = limits.maxBytes / 20;
  const rateOf = (id: string): number =>
    Math.min(1, limits.maxRows / Math.max(1, counts.get(id)!), bytes.get(id)! <= small ? 1 : byteRate);
  const subjectRate = Math.min(1, ...tables.filter((table) => table.subjectPath !== null).map(({ id }) => rateOf(id)));

  const queries = new Map<string, TableQueries>();
  for (const table of tables) {
    const whole = bytes.get(table.id)! <= small && counts.get(table.id)! <= limits.maxRows;
    const bySubject =
      table.subjectPath !== null && !(whole && table.subjectPath.some((step) => step.direction === 'down'));
    const rate = bySubject ? subjectRate : whole ? 1 : rateOf(table.id);
    queries.set(table.id, tableQueries(table, facts, rate, bySubject));
  }
  return { queries, subjectRate };
}

function rowBytes(table: TableFacts): number {
  const width = (column: TableFacts['columns'][number]): number =>
    Math.min(TEXT_LIMIT, column.statistics?.averageBytes ?? UNKNOWN_WIDTH) + 8;
  return table.columns.reduce((sum, column) => sum + width(column), 0);
}

function tableQueries(
  table: GraphTable,
  facts: ReadonlyMap<string, TableFacts>,
  rate: number,
  bySubject: boolean,
): TableQueries {
  const self = facts.get(table.id)!;
  const columns = self.columns.filter((column) => column.generated === null).map((column) => column.name);
  const all: RowQuery = { table: self.name, columns };
  if (rate >= 1) return { main: all, unreferenced: null };
  const byKey: RowQuery = { ...all, hashSample: { columns: keyColumns(self), rate } };
  if (!bySubject || table.subjectPath!.length === 0) return { main: byKey, unreferenced: null };

  const main = semiJoinAlong(table, facts, rate, columns);
  const first = table.subjectPath![0];
  const key =
    first.direction === 'up' ? self.foreignKeys.find((candidate) => candidate.name === first.foreignKey) : undefined;
  const nullColumns = (key?.columns ?? []).filter(
    (name) => self.columns.find((column) => column.name === name)?.nullable,
  );
  return { main, unreferenced: nullColumns.length > 0 ? { query: byKey, nullColumns } : null };
}

/** `SELECT … WHERE fk IN (SELECT key FROM parent WHERE … hash(subject key) < rate)`, inside out. */
function semiJoinAlong(
  table: GraphTable,
  facts: ReadonlyMap<string, TableFacts>,
  rate: number,
  columns: readonly string[],
): RowQuery {
  const path = table.subjectPath!;
  const subject = facts.get(path[path.length - 1].to)!;
  let query: RowQuery = {
    table: subject.name,
    columns: keyColumns(subject),
    hashSample: { columns: keyColumns(subject), rate },
  };
  for (let i = path.length - 1; i >= 0; i--) {
    const step = path[i];
    const here = facts.get(i === 0 ? table.id : path[i - 1].to)!;
    const key = facts.get(step.table)!.foreignKeys.find((candidate) => candidate.name === step.foreignKey)!;
    const [own, other] =
      step.direction === 'up' ? [key.columns, key.referencedColumns] : [key.referencedColumns, key.columns];
    query = {
      table: here.name,
      columns: i === 0 ? columns : keyColumns(here),
      semiJoin: { columns: own, other: query, otherColumns: other },
    };
  }
  return query;
}

/** Primary key, else all columns. */
function keyColumns(table: TableFacts): readonly string[] {
  const key = table.primaryKey?.columns.filter((column) => column !== null);
  return key && key.length > 0
    ? key
    : table.columns.filter((column) => column.generated === null).map((column) => column.name);
}
