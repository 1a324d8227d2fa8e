import type { SubjectPaths } from './subject-paths.ts';
import { compareText } from './edges.ts';
import type { KeyEdge, KeyGraph } from './edges.ts';

export interface ContextRules {
  readonly subjects: ReadonlySet<string>;
  readonly references: ReadonlySet<string>;
  readonly junctions: ReadonlySet<string>;
  readonly paths: SubjectPaths;
  /** Edges at which a cycle is broken. */
  readonly broken: ReadonlyMap<KeyEdge, unknown>;
}

/** Longer groups of siblings than this on average say little about one another. */
const LONGEST_GROUP = 200;
/** With fewer children than this on average, the parent does not determine them: a shop has an address, not the reverse. */
const SHORTEST_GROUP = { required: 0.05, nullable: 0.3 } as const;

export interface ContextChoice {
  readonly edge: KeyEdge;
  /** Why this key, in one sentence. */
  readonly reason: string;
}

/**
 * The key to the parent of which the rows of a table are generated in groups, or null for a root.
 *
 * In this order: the first columns of a composite key, NOT NULL, ON DELETE CASCADE, the parent nearer to a subject,
 * the parent with more rows (smaller groups). Keys where cycles are broken, self-references, and keys of which most
 * rows are NULL do not qualify, so context edges never close a cycle. A look-up table is context only for a junction
 * or by composite key: it is copied, so what hung on it could not be scaled. A subject is a root unless it is part of
 * another subject.
 */
export function chooseContext(graph: KeyGraph, id: string, rules: ContextRules): ContextChoice | null {
  const candidates = (graph.outgoing.get(id) ?? []).filter((edge) => qualifies(edge, rules));
  const junction = rules.junctions.has(id);
  const rank = (edge: KeyEdge): readonly number[] => {
    const distance = rules.paths.get(edge.to)?.length ?? 99;
    // Both keys of a junction lie in its primary key; which stands first says little there.
    const prefix = Number(!edge.keyPrefix);
    const structure = [
      Number(!edge.required),
      Number(!edge.cascade),
      distance,
      -graph.tables.get(edge.to)!.estimatedRowCount,
    ];
    return junction ? [...structure, prefix, edge.ordinal] : [prefix, ...structure, edge.ordinal];
  };
  const best = candidates
    .map((edge) => ({ edge, rank: rank(edge) }))
    .toSorted((a, b) => compareRanks(a.rank, b.rank) || compareText(a.edge.foreignKey, b.edge.foreignKey));
  if (best.length === 0) return null;
  return { edge: best[0].edge, reason: explain(best[0].edge, best[1]?.edge, rules) };
}

function qualifies(edge: KeyEdge, rules: ContextRules): boolean {
  if (edge.from === edge.to || rules.broken.has(edge)) return false;
  if (edge.virtual && !edge.required) return false;
  if (!edge.required && (edge.nullRate ?? 0) > 0.5) return false;
  if (rules.subjects.has(edge.from) && !(edge.required && rules.subjects.has(edge.to)) && !edge.keyPrefix) return false;
  if (edge.keyPrefix && edge.required) return true;
  if (edge.fanOut !== null && edge.fanOut > LONGEST_GROUP) return false;
  const shortest = SHORTEST_GROUP[edge.required ? 'required' : 'nullable'];
  if (edge.fanOut !== null && edge.fanOut < shortest && !edge.oneToOne && !edge.cascade) return false;
  return !rules.references.has(edge.to) || rules.junctions.has(edge.from);
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

function explain(chosen: KeyEdge, second: KeyEdge | undefined, rules: ContextRules): string {
  const start = `Its rows are made in groups of ${chosen.to} (${chosen.columns.join(', ')})`;
  if (second === undefined) return `${start}, the only key that qualifies.`;
  const distance = (edge: KeyEdge): number => rules.paths.get(edge.to)?.length ?? 99;
  const junction = rules.junctions.has(chosen.from);
  if (!junction && chosen.keyPrefix && !second.keyPrefix) return `${start}: its primary key begins with that key.`;
  if (chosen.required && !second.required) return `${start}: that key is NOT NULL.`;
  if (chosen.cascade && !second.cascade) return `${start}: that key cascades.`;
  if (distance(chosen) < distance(second)) return `${start}: that parent is nearer to a subject.`;
  return `${start}: that parent has the most rows, or its key stands first.`;
}
