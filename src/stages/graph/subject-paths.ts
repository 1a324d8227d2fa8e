import type { TableFacts } from '../../../connectors/connector.ts';
import type { SubjectStep } from './artifact.ts';
import { compareText } from './edges.ts';
import type { KeyEdge, KeyGraph } from './edges.ts';

export type SubjectPaths = ReadonlyMap<string, readonly SubjectStep[]>;

/**
 * How the rows of each table find their subject; tables that reach none are absent.
 *
 * Most follow foreign keys upwards, the shortest way; among equally short ways NOT NULL keys win, then the parent with
 * more rows (of customer and clerk, the customer), then the key that stands first in the table. A table that reaches
 * no subject that way belongs to the subject whose table references it directly, as an address does, provided that
 * the two are of like size: a list of countries is nobody's. Its own details follow it.
 */
export function findSubjectPaths(graph: KeyGraph, subjects: ReadonlySet<string>): SubjectPaths {
  const paths = new Map<string, readonly SubjectStep[]>();
  for (const subject of subjects) paths.set(subject, []);
  climb(graph, paths, () => true);
  for (const id of graph.tables.keys()) {
    if (paths.has(id)) continue;
    const step = stepDown(graph, id, subjects);
    if (step !== null) paths.set(id, [step]);
  }
  climb(graph, paths, (edge) => edge.identifying || edge.cascade);
  return paths;
}

/** Extends the paths to the tables that reference reached ones, breadth first. */
function climb(graph: KeyGraph, paths: Map<string, readonly SubjectStep[]>, admits: (edge: KeyEdge) => boolean): void {
  let frontier = new Set(paths.keys());
  while (frontier.size > 0) {
    const reached = new Map<string, readonly SubjectStep[]>();
    for (const id of graph.tables.keys()) {
      if (paths.has(id)) continue;
      const best = (graph.outgoing.get(id) ?? [])
        .filter((edge) => edge.to !== id && frontier.has(edge.to) && admits(edge))
        .toSorted((a, b) => preferUp(graph, a, b))[0];
      if (best === undefined) continue;
      const step: SubjectStep = { direction: 'up', table: id, foreignKey: best.foreignKey, to: best.to };
      reached.set(id, [step, ...paths.get(best.to)!]);
    }
    for (const [id, path] of reached) paths.set(id, path);
    frontier = new Set(reached.keys());
  }
}

function preferUp(graph: KeyGraph, a: KeyEdge, b: KeyEdge): number {
  return (
    Number(b.required) - Number(a.required) ||
    Number(b.cascade) - Number(a.cascade) ||
    rowCount(graph, b.to) - rowCount(graph, a.to) ||
    a.ordinal - b.ordinal ||
    compareText(a.foreignKey, b.foreignKey)
  );
}

function stepDown(graph: KeyGraph, id: string, subjects: ReadonlySet<string>): SubjectStep | null {
  const best = (graph.incoming.get(id) ?? [])
    .filter((edge) => edge.from !== id && subjects.has(edge.from) && isOfLikeSize(graph.tables.get(id)!, edge))
    .toSorted(
      (a, b) =>
        Number(b.oneToOne) - Number(a.oneToOne) ||
        Number(b.required) - Number(a.required) ||
        rowCount(graph, b.from) - rowCount(graph, a.from) ||
        compareText(a.from, b.from) ||
        compareText(a.foreignKey, b.foreignKey),
    )[0];
  return best === undefined
    ? null
    : { direction: 'down', table: best.from, foreignKey: best.foreignKey, to: best.from };
}

/** At most four subjects share a row on average; without counts, what has several texts of its own is no mere label. */
function isOfLikeSize(referenced: TableFacts, edge: KeyEdge): boolean {
  if (edge.oneToOne) return true;
  if (edge.fanOut !== null) return edge.fanOut <= 4;
  return referenced.columns.filter((column) => column.type.class === 'text').length >= 3;
}

function rowCount(graph: KeyGraph, id: string): number {
  return graph.tables.get(id)!.estimatedRowCount;
}
