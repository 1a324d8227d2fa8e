import type { RelationGraph } from '../graph/artifact.ts';
import { clip } from './charts.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';

const BOX = { width: 168, height: 40, gapX: 56, gapY: 14 };
/** Wider drawings are unreadable: the list of relations below says the same. */
const MAX_TABLES = 120;

interface Place {
  readonly x: number;
  readonly y: number;
}

/**
 * The relation graph in layers: a table stands to the right of all that it references over unbroken edges; within a
 * layer tables are ordered by where their parents are. Schema names are left out where there is one schema only.
 */
export function drawGraph(graph: RelationGraph): Markup {
  if (graph.tables.length === 0 || graph.tables.length > MAX_TABLES)
    return html`<p class="soft">The graph of ${graph.tables.length} tables is not drawn.</p>`;
  const places = layOut(graph);
  const width = Math.max(...[...places.values()].map((place) => place.x)) + BOX.width + 8;
  const height = Math.max(...[...places.values()].map((place) => place.y)) + BOX.height + 8;
  const oneSchema = new Set(graph.tables.map((table) => table.id.split('.')[0])).size === 1;
  const name = (id: string): string => (oneSchema ? id.slice(id.indexOf('.') + 1) : id);
  const label = `${graph.tables.length} tables and ${graph.edges.length} relations; referenced tables stand to the left.`;
  return html`<div class="scroll">
    <svg
      viewBox="0 0 ${width} ${height}"
      width="${width}"
      height="${height}"
      style="max-width:none"
      role="img"
      aria-label="${label}"
    >
      ${graph.edges.filter((edge) => edge.from !== edge.to && places.has(edge.from) && places.has(edge.to)).map((edge) => drawEdge(place(places, edge.to), place(places, edge.from), `${edge.from} → ${edge.to} (${edge.foreignKey})`, edge.broken !== null))}
      ${graph.tables.map((table) => {
        const at = place(places, table.id);
        const selfReference = graph.edges.some((edge) => edge.from === table.id && edge.to === table.id);
        return html`<g
          ><title>${table.id}: ${table.role}${table.isSubject ? ', subject' : ''}. ${table.reasons.join(' ')}</title
          ><rect
            class="${table.isSubject ? 'box subject' : 'box'}"
            x="${at.x}"
            y="${at.y}"
            width="${BOX.width}"
            height="${BOX.height}"
            rx="6"
          /><text x="${at.x + 10}" y="${at.y + 17}" font-size="13" font-weight="600">${clip(name(table.id), 22)}</text
          ><text class="soft" x="${at.x + 10}" y="${at.y + 32}" font-size="11"
            >${table.role}${table.isSubject ? ' · subject' : ''}${selfReference ? ' · refers to itself' : ''}</text
          ></g
        >`;
      })}
    </svg>
  </div>`;
}

function place(places: ReadonlyMap<string, Place>, id: string): Place {
  return places.get(id) ?? { x: 0, y: 0 };
}

function drawEdge(parent: Place, child: Place, title: string, broken: boolean): Markup {
  const forward = child.x > parent.x;
  const x1 = forward ? parent.x + BOX.width : parent.x + BOX.width / 2;
  const y1 = parent.y + (forward ? BOX.height / 2 : child.y >= parent.y ? BOX.height : 0);
  const x2 = forward ? child.x : child.x + BOX.width / 2;
  const y2 = child.y + (forward ? BOX.height / 2 : child.y >= parent.y ? 0 : BOX.height);
  const bend = forward ? (x2 - x1) / 2 : 0;
  return html`<path
    class="${broken ? 'edge broken' : 'edge'}"
    d="M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"
    ><title>${title}</title></path
  >`;
}

function layOut(graph: RelationGraph): Map<string, Place> {
  const layerOf = new Map<string, number>();
  for (const table of graph.tables) {
    // Load order: every parent over an unbroken edge has its layer already.
    const layers = graph.edges
      .filter((edge) => edge.from === table.id && edge.to !== table.id && edge.broken === null)
      .map((edge) => layerOf.get(edge.to) ?? -1);
    layerOf.set(table.id, Math.max(-1, ...layers) + 1);
  }
  const layers: string[][] = [];
  for (const [id, layer] of layerOf) (layers[layer] ??= []).push(id);
  const row = new Map<string, number>();
  layers.forEach((ids, layer) => {
    if (layer > 0) {
      const weight = new Map(
        ids.map((id) => {
          const parentRows = graph.edges
            .filter((edge) => edge.from === id)
            .map((edge) => row.get(edge.to))
            .filter((value) => value !== undefined);
          return [id, parentRows.reduce((sum, value) => sum + value, 0) / Math.max(1, parentRows.length)];
        }),
      );
      ids.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0));
    }
    ids.forEach((id, i) => row.set(id, i));
  });
  return new Map(
    [...layerOf].map(([id, layer]) => [
      id,
      {
        x: 4 + layer * (BOX.width + BOX.gapX),
        y: 4 + (row.get(id) ?? 0) * (BOX.height + BOX.gapY),
      },
    ]),
  );
}
