import type { GraphEdge, GraphTable, HiddenRule, IntrospectResult } from '../pipeline/contract.ts';
import type { Paint } from './output-mode.ts';
import { plainPaint } from './output-mode.ts';
import { count, textTable } from './text-table.ts';

export const GRAPH_FORMATS = ['text', 'json', 'dot', 'mermaid'] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];

/** Catalog and relation graph in one of the formats; `text` is for people, the others for programs. */
export function renderGraph(result: IntrospectResult, format: GraphFormat, paint: Paint = plainPaint): string {
  switch (format) {
    case 'text':
      return renderText(result, paint);
    case 'json':
      return `${JSON.stringify(result, null, 2)}\n`;
    case 'dot':
      return renderDot(result);
    case 'mermaid':
      return renderMermaid(result);
  }
}

function renderText(
  { database, engine, serverVersion, tables, graph, excluded, rules }: IntrospectResult,
  paint: Paint,
): string {
  const facts = new Map(tables.map((table) => [table.id, table]));
  const rows = graph.tables.map((table, i) => {
    const rowCount = facts.get(table.id)?.estimatedRowCount ?? -1;
    const flags = table.isSubject ? `${table.role}, subject` : table.role;
    return [
      String(i + 1),
      table.id,
      rowCount < 0 ? '?' : count(rowCount),
      flags,
      parentOf(table, graph.edges),
      pathOf(table),
    ];
  });
  const lines = [
    `${paint('bold', database)} (${engine} ${serverVersion}): ${graph.tables.length} tables, ${graph.edges.length} foreign keys\n`,
    `\n${paint('bold', 'Tables in load order')}\n`,
    textTable(['# ', 'table', 'rows ', 'role', 'in groups of', 'subject by way of'], rows),
    `\n${paint('bold', 'Why')}\n`,
    ...graph.tables.map((table) => `  ${table.id}: ${table.reasons.join(' ')}\n`),
  ];
  if (graph.cycles.length > 0) {
    lines.push(`\n${paint('bold', 'Cycles')}\n`);
    for (const cycle of graph.cycles) lines.push(`  ${cycle.join(' ↔ ')}: ${brokenIn(cycle, graph.edges)}\n`);
  }
  if (excluded.length > 0) lines.push(`\n${paint('bold', 'Left out')}\n  ${excluded.join(', ')}\n`);
  if (rules !== undefined) lines.push(`\n${paint('bold', 'Hidden rules')}\n`, renderRules(rules));
  return `${lines.join('')}\n`;
}

function renderRules(rules: readonly HiddenRule[]): string {
  if (rules.length === 0) return '  none that holds in every row and is no accident\n';
  const rows = rules.map(({ description, support }) => [
    count(support.caseCount),
    count(support.unitCount),
    count(support.tuneCaseCount),
    description,
  ]);
  return textTable(['cases ', 'units ', 'checked ', 'rule'], rows);
}

function parentOf(table: GraphTable, edges: readonly GraphEdge[]): string {
  const edge = edges.find((other) => other.from === table.id && other.foreignKey === table.contextForeignKey);
  return edge?.to ?? '';
}

function pathOf({ subjectPath }: GraphTable): string {
  if (subjectPath === null) return '(none)';
  return subjectPath.map((step) => `${step.direction === 'up' ? '→' : '←'} ${step.to}`).join(' ');
}

function brokenIn(cycle: readonly string[], edges: readonly GraphEdge[]): string {
  const broken = edges.filter((edge) => edge.broken !== null && cycle.includes(edge.from) && cycle.includes(edge.to));
  return `broken at ${broken.map((edge) => `${edge.from}.${edge.foreignKey} (${edge.broken})`).join(', ')}`;
}

const SHAPES = { reference: 'folder', entity: 'box', child: 'box', junction: 'diamond', event: 'ellipse' } as const;

/** Graphviz: children point to parents; context bold, broken edges dashed, subjects filled. */
function renderDot({ database, graph }: IntrospectResult): string {
  const quote = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const lines = [`digraph ${quote(database)} {`, '  rankdir=BT;', '  node [fontname="sans-serif"];'];
  for (const table of graph.tables) {
    const filled = table.isSubject ? ', style=filled, fillcolor="#ffd9b3"' : '';
    lines.push(`  ${quote(table.id)} [shape=${SHAPES[table.role]}${filled}];`);
  }
  for (const edge of graph.edges) {
    const style =
      edge.broken !== null ? 'dashed' : isContext(edge, graph.tables) ? 'bold' : edge.virtual ? 'dotted' : 'solid';
    lines.push(`  ${quote(edge.from)} -> ${quote(edge.to)} [label=${quote(edge.foreignKey)}, style=${style}];`);
  }
  return `${lines.join('\n')}\n}\n`;
}

function isContext(edge: GraphEdge, tables: readonly GraphTable[]): boolean {
  return tables.some((table) => table.id === edge.from && table.contextForeignKey === edge.foreignKey);
}

/** Mermaid's entity-relationship diagram; its names take letters, digits and underscores only. */
function renderMermaid({ graph }: IntrospectResult): string {
  const names = new Map<string, string>();
  for (const table of graph.tables) {
    const plain = table.id.replace(/^public\./, '').replace(/[^A-Za-z0-9_]/g, '_');
    const taken = [...names.values()].includes(plain);
    names.set(table.id, taken ? `${plain}_${names.size}` : plain);
  }
  const lines = ['erDiagram'];
  for (const table of graph.tables)
    lines.push(`  ${names.get(table.id)!} {\n    ${table.role} ${table.isSubject ? 'subject' : 'role'}\n  }`);
  for (const edge of graph.edges) {
    const parent = edge.required ? '||' : '|o';
    const line = edge.broken === null ? '--' : '..';
    lines.push(
      `  ${names.get(edge.to)!} ${parent}${line}o{ ${names.get(edge.from)!} : ${JSON.stringify(edge.foreignKey.replaceAll('"', "'"))}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
