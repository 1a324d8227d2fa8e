import { alg, Graph } from '@dagrejs/graphlib';
import type { GraphEdge } from './artifact.ts';
import { compareText } from './edges.ts';
import type { KeyEdge, KeyGraph } from './edges.ts';

type Breaking = NonNullable<GraphEdge['broken']>;

export interface CyclePlan {
  /** Strongly connected components of more than one table; each in name order, the list by its first name. */
  readonly cycles: readonly (readonly string[])[];
  /** Where cycles are broken, and how. */
  readonly broken: ReadonlyMap<KeyEdge, Breaking>;
  /** Parents before children over unbroken edges. */
  readonly loadOrder: readonly string[];
}

/** Components up to this size get the cheapest set of broken edges there is; larger ones a minimal, not always smallest one. */
const EXACT_SIZE = 14;

/**
 * Finds the cycles and breaks them at as little as possible: first the fewest edges that have to wait until after the
 * load, then the fewest deferrable ones, then the fewest nullable ones. A table that references itself is no cycle
 * here: its rows are made as a forest and its key is added after them.
 */
export function planCycles(graph: KeyGraph): CyclePlan {
  const links = graph.edges.filter((edge) => edge.from !== edge.to);
  const cycles = alg
    .tarjan(toGraphlib(graph, links))
    .filter((component) => component.length > 1)
    .map((component) => component.toSorted(compareText))
    .toSorted((a, b) => compareText(a[0], b[0]));
  const broken = new Map<KeyEdge, Breaking>();
  for (const cycle of cycles) {
    const members = new Set(cycle);
    const inner = links.filter((edge) => members.has(edge.from) && members.has(edge.to));
    const order = cycle.length <= EXACT_SIZE ? cheapestOrder(cycle, inner) : greedyOrder(cycle, inner);
    for (const edge of edgesToBreak(order, inner)) broken.set(edge, breakingOf(edge));
  }
  const kept = links.filter((edge) => !broken.has(edge));
  return { cycles, broken, loadOrder: alg.topsort(toGraphlib(graph, kept)) };
}

/** Edges point from parent to child, so that a topological order is a load order. */
function toGraphlib(graph: KeyGraph, edges: readonly KeyEdge[]): Graph {
  const result = new Graph({ directed: true, multigraph: true });
  for (const id of graph.tables.keys()) result.setNode(id);
  for (const edge of edges) result.setEdge(edge.to, edge.from, undefined, edge.foreignKey);
  return result;
}

function breakingOf(edge: KeyEdge): Breaking {
  if (!edge.required) return 'nullable';
  return edge.deferrable ? 'deferrable' : 'after-load';
}

/** Lexicographic in one number: no count of cheaper edges outweighs a dearer one; cascading keys are rather kept. */
function costOf(edge: KeyEdge): number {
  const base = { nullable: 1, deferrable: 1e4, 'after-load': 1e8 }[breakingOf(edge)];
  return edge.cascade ? base * 1.001 : base;
}

/** `costs[child][parent]`: what it costs to load the child first. */
function costMatrix(nodes: readonly string[], edges: readonly KeyEdge[]): number[][] {
  const index = new Map(nodes.map((node, i) => [node, i]));
  const costs = nodes.map(() => nodes.map(() => 0));
  for (const edge of edges) costs[index.get(edge.from)!][index.get(edge.to)!] += costOf(edge);
  return costs;
}

/**
 * The load order whose backward edges cost least, by dynamic programming over the sets of tables already placed:
 * O(2ⁿ·n²). Ties go to the lowest name.
 */
function cheapestOrder(nodes: readonly string[], edges: readonly KeyEdge[]): string[] {
  const costs = costMatrix(nodes, edges);
  const size = nodes.length;
  const full = (1 << size) - 1;
  // best[placed] = least cost of placing all the others after the set `placed`.
  const best = new Float64Array(full + 1).fill(Infinity);
  const choice = new Int8Array(full + 1).fill(-1);
  best[full] = 0;
  for (let placed = full - 1; placed >= 0; placed--) {
    for (let node = 0; node < size; node++) {
      if (placed & (1 << node)) continue;
      const next = placed | (1 << node);
      let cost = best[next];
      for (let parent = 0; parent < size; parent++) if (!(next & (1 << parent))) cost += costs[node][parent];
      if (cost < best[placed]) {
        best[placed] = cost;
        choice[placed] = node;
      }
    }
  }
  const order: string[] = [];
  for (let placed = 0; placed !== full; placed |= 1 << choice[placed]) order.push(nodes[choice[placed]]);
  return order;
}

/** Repeatedly places the table whose unplaced parents cost least (after Eades, Lin and Smyth 1993). */
function greedyOrder(nodes: readonly string[], edges: readonly KeyEdge[]): string[] {
  const costs = costMatrix(nodes, edges);
  const left = new Set(nodes.keys());
  const order: string[] = [];
  while (left.size > 0) {
    let chosen = -1;
    let least = Infinity;
    for (const node of left) {
      let cost = 0;
      for (const parent of left) cost += costs[node][parent];
      if (cost < least) {
        least = cost;
        chosen = node;
      }
    }
    left.delete(chosen);
    order.push(nodes[chosen]);
  }
  return order;
}

/** The backward edges of the order, dearest first put back as long as no cycle closes: the rest is minimal. */
function edgesToBreak(order: readonly string[], edges: readonly KeyEdge[]): KeyEdge[] {
  const place = new Map(order.map((node, i) => [node, i]));
  const parents = new Map<string, Set<string>>(order.map((node) => [node, new Set()]));
  const backward: KeyEdge[] = [];
  for (const edge of edges) {
    if (place.get(edge.to)! < place.get(edge.from)!) parents.get(edge.from)!.add(edge.to);
    else backward.push(edge);
  }
  const removed: KeyEdge[] = [];
  for (const edge of backward.toSorted((a, b) => costOf(b) - costOf(a))) {
    if (reaches(parents, edge.to, edge.from)) removed.push(edge);
    else parents.get(edge.from)!.add(edge.to);
  }
  return removed;
}

function reaches(parents: ReadonlyMap<string, ReadonlySet<string>>, start: string, goal: string): boolean {
  const seen = new Set([start]);
  const queue = [start];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (node === goal) return true;
    for (const parent of parents.get(node)!) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      queue.push(parent);
    }
  }
  return false;
}
