/**
 * Reads one consistent, bounded sample of all tables and ties its rows together: which row references which, and
 * which subject each row belongs to. Learning and scanning both work on it.
 */
import { tableId, type Catalog, type Snapshot, type TableFacts } from '../../../connectors/connector.ts';
import type { EventSink } from '../../kernel/events.ts';
import type { RelationGraph } from '../graph/artifact.ts';
import { COUNT_EXACTLY_UP_TO, type RelationalSample, type TableSample } from './artifact.ts';
import { linkRows } from './links.ts';
import { readTable } from './read-table.ts';
import { planSampling, type SamplingLimits } from './sampling.ts';
import { assignUnits } from './units.ts';

/** About 100k rows of 15 columns a table, and 64 MiB of text over all: enough to learn from, little to hold. */
export const DEFAULT_LIMITS: SamplingLimits = { maxRows: 100_000, maxBytes: 64 * 2 ** 20 };

/**
 * Throws: `CONNECT_LOST` when the server goes.
 * Memory: the sample, about `limits.maxBytes` of text, plus a map of keys of one referenced table at a time.
 */
export async function profile(
  snapshot: Snapshot,
  catalog: Catalog,
  graph: RelationGraph,
  limits: SamplingLimits,
  sink: EventSink,
  signal?: AbortSignal,
): Promise<RelationalSample> {
  const facts = new Map(catalog.tables.map((table) => [tableId(table.name), table]));
  const order = graph.tables.filter((table) => facts.has(table.id));
  const counts = new Map<string, number>();
  for (const { id } of order) counts.set(id, await countRows(snapshot, facts.get(id)!));
  const plan = planSampling(facts, graph, counts, limits);

  const raw = new Map<string, { columns: Map<string, (string | null)[]>; rowCount: number }>();
  let done = 0;
  for (const { id } of order) {
    signal?.throwIfAborted();
    sink({ type: 'progress', stage: 'profile', label: id, doneCount: done++, totalCount: order.length });
    raw.set(id, await readTable(snapshot, facts.get(id)!, plan.queries.get(id)!));
  }
  const parents = linkRows(facts, raw);
  const units = assignUnits(graph, facts, raw, parents);
  const tables = new Map<string, TableSample>();
  for (const { id } of order) {
    const { columns, rowCount } = raw.get(id)!;
    tables.set(id, {
      table: id,
      rowCount,
      totalRowCount: counts.get(id)!,
      columns,
      units: units.byTable.get(id)!,
      parents: parents.get(id)!,
    });
  }
  return {
    tables,
    unitKeys: units.keys,
    unitSplits: units.splits,
    subjectCount: units.subjectCount,
    subjectRate: plan.subjectRate,
  };
}

async function countRows(snapshot: Snapshot, table: TableFacts): Promise<number> {
  return table.estimatedRowCount > COUNT_EXACTLY_UP_TO ? table.estimatedRowCount : snapshot.countRows(table.name);
}
