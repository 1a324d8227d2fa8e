/** The order in which tables are generated: a table after its context parent, and after other parents where it can be. */
import { tableId, type Catalog } from '../../../connectors/connector.ts';
import type { RelationGraph } from '../graph/artifact.ts';

/**
 * Context edges never form a cycle. Other edges may: a table on such a cycle is made before one of its parents, whose
 * rows are then known by number only.
 */
export function orderTables(catalog: Catalog, graph: RelationGraph): readonly string[] {
  const facts = new Map(catalog.tables.map((table) => [tableId(table.name), table]));
  const place = new Map(graph.tables.map((table, i) => [table.id, i]));
  const waiting = new Map(
    graph.tables.map((table) => {
      const keys = facts.get(table.id)!.foreignKeys;
      const others = (name: string): boolean => name !== table.id && place.has(name);
      const hard = keys
        .filter((key) => key.name === table.contextForeignKey)
        .map((key) => tableId(key.referencedTable))
        .filter(others);
      const soft = keys.map((key) => tableId(key.referencedTable)).filter(others);
      return [table.id, { hard: new Set(hard), soft: new Set(soft) }];
    }),
  );
  const order: string[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter(([, needs]) => needs.hard.size === 0);
    ready.sort(([a, x], [b, y]) => x.soft.size - y.soft.size || place.get(a)! - place.get(b)!);
    const [next] = ready[0] ?? [...waiting][0];
    order.push(next);
    waiting.delete(next);
    for (const needs of waiting.values()) {
      needs.hard.delete(next);
      needs.soft.delete(next);
    }
  }
  return order;
}
