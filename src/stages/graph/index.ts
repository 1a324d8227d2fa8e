/**
 * Turns the catalog into the relation graph: what each table is to its neighbours, where cycles are broken, in which
 * order tables are filled, and to which subject each row belongs. Pure; the same catalog gives the same graph.
 */
import type { Catalog } from '../../../connectors/connector.ts';
import { finding } from '../../kernel/findings.ts';
import type { Finding } from '../../kernel/findings.ts';
import type { VirtualForeignKey } from '../introspect/artifact.ts';
import type { GraphTable, RelationGraph } from './artifact.ts';
import { chooseContext } from './context.ts';
import { planCycles } from './cycles.ts';
import type { CyclePlan } from './cycles.ts';
import { collectEdges, compareText, toGraphEdge } from './edges.ts';
import type { KeyGraph } from './edges.ts';
import { assignRole, findJunctions, findReferences } from './roles.ts';
import { findSubjectPaths } from './subject-paths.ts';

export interface GraphOptions {
  /** `tableId`s that the configuration declares; where given, they alone are the subjects. */
  readonly subjects?: readonly string[];
  /** What the detectors propose, taken where none is declared. */
  readonly proposedSubjects: readonly { readonly table: string; readonly reason: string }[];
  readonly virtualForeignKeys?: readonly VirtualForeignKey[];
}

/** The relation graph of a catalog. Throws nothing: every cycle can be broken, if need be after the load. */
export function buildGraph(catalog: Catalog, options: GraphOptions): RelationGraph {
  const graph = collectEdges(catalog, options.virtualForeignKeys ?? []);
  const subjectReasons = decideSubjects(graph, options);
  const subjects = new Set(subjectReasons.keys());
  const plan = planCycles(graph);
  const paths = findSubjectPaths(graph, subjects);
  const references = findReferences(graph, plan.loadOrder, paths);
  const junctions = findJunctions(graph);
  const rules = {
    subjects,
    references: new Set(references.keys()),
    junctions: new Set(junctions.keys()),
    paths,
    broken: plan.broken,
  };
  const component = numberComponents(plan);
  const tables = plan.loadOrder.map((id): GraphTable => {
    const context = chooseContext(graph, id, rules);
    const { role, reason } = assignRole(graph, id, context, { subjects, references, junctions });
    // A look-up table stands on its own even where its key would qualify.
    const grouped = role === 'reference' ? null : context;
    const reasons = [reason, subjectReasons.get(id), grouped?.reason].filter((text) => text !== undefined);
    return {
      id,
      role,
      reasons,
      isSubject: subjects.has(id),
      contextForeignKey: grouped?.edge.foreignKey ?? null,
      component: component.get(id)!,
      subjectPath: paths.get(id) ?? null,
    };
  });
  return {
    version: 1,
    tables,
    edges: graph.edges.map((edge) => toGraphEdge(edge, plan.broken.get(edge) ?? null)),
    cycles: plan.cycles,
    subjects: [...subjects].toSorted(compareText),
    findings: describe(graph, plan, subjects),
  };
}

/** `tableId` → why it is a subject. */
function decideSubjects(graph: KeyGraph, options: GraphOptions): Map<string, string> {
  const declared = options.subjects ?? [];
  const chosen =
    declared.length > 0
      ? declared.map((table) => ({ table, reason: 'It is declared in `subjects:`.' }))
      : options.proposedSubjects;
  return new Map(chosen.filter(({ table }) => graph.tables.has(table)).map(({ table, reason }) => [table, reason]));
}

/** Numbers follow the load order; the tables of a cycle share one. */
function numberComponents(plan: CyclePlan): Map<string, number> {
  const cycleOf = new Map(plan.cycles.flatMap((cycle) => cycle.map((id): [string, readonly string[]] => [id, cycle])));
  const component = new Map<string, number>();
  let next = 0;
  for (const id of plan.loadOrder) {
    if (component.has(id)) continue;
    for (const member of cycleOf.get(id) ?? [id]) component.set(member, next);
    next += 1;
  }
  return component;
}

function describe(graph: KeyGraph, plan: CyclePlan, subjects: ReadonlySet<string>): Finding[] {
  const findings: Finding[] = [];
  if (subjects.size === 0 && graph.tables.size > 0) {
    findings.push(
      finding(
        'warning',
        'GRAPH_NO_SUBJECT',
        '',
        'No table is known to hold natural persons, so every row counts as its own unit and no table carries a membership gate.',
        'List the tables whose rows are persons under `subjects:` in understudy.yaml.',
      ),
    );
  }
  for (const cycle of plan.cycles) findings.push(describeCycle(cycle, plan));
  for (const [id, table] of graph.tables) {
    if (table.primaryKey !== null) continue;
    const message = `${id} has no primary key; its rows are told apart by all their columns, and duplicates may occur as in the source.`;
    findings.push(finding('info', 'GRAPH_NO_PRIMARY_KEY', id, message));
  }
  return findings;
}

function describeCycle(cycle: readonly string[], plan: CyclePlan): Finding {
  const members = new Set(cycle);
  const places = [...plan.broken]
    .filter(([edge]) => members.has(edge.from) && members.has(edge.to))
    .map(([edge, how]) => `${edge.from}(${edge.columns.join(', ')}) ${EXPLAINED[how]}`);
  const message = `${cycle.join(', ')} reference each other in a cycle; it is broken at ${places.join(' and ')}.`;
  return finding('info', 'GRAPH_CYCLE', cycle.join(','), message);
}

const EXPLAINED = {
  nullable: '(nullable: filled in a second pass)',
  deferrable: '(deferrable: checked at the end of the load)',
  'after-load': '(NOT NULL: the constraint is added and validated after the load)',
} as const;
