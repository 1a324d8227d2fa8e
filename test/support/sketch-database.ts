/** A database that exists in memory only: sketched tables and made rows, read, learned and made anew by the real stages. */
import { tableId, type Catalog } from '../../connectors/connector.ts';
import { textAt } from '../../src/kernel/rows.ts';
import { RowStore } from '../../src/pipeline/row-store.ts';
import type { GenerateOptions } from '../../src/stages/generate/artifact.ts';
import { generate } from '../../src/stages/generate/index.ts';
import type { RelationGraph } from '../../src/stages/graph/artifact.ts';
import { buildGraph } from '../../src/stages/graph/index.ts';
import type { LearnedModel } from '../../src/stages/learn/artifact.ts';
import { learn, type LearnOptions } from '../../src/stages/learn/index.ts';
import type { Classification } from '../../src/stages/mask/artifact.ts';
import type { RelationalSample } from '../../src/stages/profile/artifact.ts';
import { DEFAULT_LIMITS, profile } from '../../src/stages/profile/index.ts';
import type { SamplingLimits } from '../../src/stages/profile/sampling.ts';
import { sketchCatalog, type TableSketch } from './catalog.ts';

export type SketchRow = Readonly<Record<string, string | number | null>>;

export interface SketchDatabase {
  readonly sketch: Readonly<Record<string, TableSketch>>;
  readonly rows: Readonly<Record<string, readonly SketchRow[]>>;
  /** Names of tables; none: every row is a unit of its own. */
  readonly subjects: readonly string[];
  /** Changes what a sketch cannot say: checks, further types. */
  readonly amend?: (catalog: Catalog) => Catalog;
}

export interface ReadDatabase {
  readonly catalog: Catalog;
  readonly graph: RelationGraph;
  readonly sample: RelationalSample;
}

export const NOTHING_PERSONAL: Classification = { version: 1, columns: [], findings: [] };

export function catalogOf({ sketch, amend }: SketchDatabase): Catalog {
  const catalog = sketchCatalog(sketch);
  return amend === undefined ? catalog : amend(catalog);
}

export function graphOf(database: SketchDatabase, catalog = catalogOf(database)): RelationGraph {
  return buildGraph(catalog, {
    subjects: database.subjects.map((name) => `public.${name}`),
    proposedSubjects: [],
  });
}

export function storeOf(database: SketchDatabase, catalog = catalogOf(database)): RowStore {
  const store = new RowStore();
  for (const table of catalog.tables) {
    const rows = database.rows[table.name.name] ?? [];
    const columns = table.columns.map(({ name }) => {
      const values = rows.map((row) => (row[name] == null ? null : String(row[name])));
      return [name, { form: 'text' as const, values }] as const;
    });
    store.add({ table: tableId(table.name), firstRow: 0, rowCount: rows.length, columns: new Map(columns) });
  }
  return store;
}

export async function read(database: SketchDatabase, limits: SamplingLimits = DEFAULT_LIMITS): Promise<ReadDatabase> {
  const catalog = catalogOf(database);
  const graph = graphOf(database, catalog);
  const sample = await profile(storeOf(database, catalog), catalog, graph, limits, () => {});
  return { catalog, graph, sample };
}

export async function learned(
  database: SketchDatabase,
  options: Partial<LearnOptions> & { readonly classification?: Classification } = {},
): Promise<LearnedModel> {
  const { catalog, graph, sample } = await read(database);
  const { classification = NOTHING_PERSONAL, ...rest } = options;
  const now = new Date(Date.UTC(2024, 5, 1));
  return learn(
    catalog,
    graph,
    sample,
    classification,
    { overrides: new Map(), toolVersion: '0', now, ...rest },
    () => {},
  );
}

/** Rows by table name, each with the server text of its columns. */
export type MadeRows = Readonly<Record<string, readonly Readonly<Record<string, string | null>>[]>>;

export async function made(model: LearnedModel, options: Partial<GenerateOptions> = {}): Promise<MadeRows> {
  const rows: Record<string, Record<string, string | null>[]> = {};
  const names = new Map(model.catalog.tables.map((table) => [tableId(table.name), table.name.name]));
  const streams = await generate(model, {
    seed: 0,
    scale: 1,
    tableScales: new Map(),
    maskers: new Map(),
    blockRows: 1000,
    ...options,
  });
  for (const stream of streams) {
    const list: Record<string, string | null>[] = (rows[names.get(stream.table)!] = []);
    for await (const block of stream.blocks()) {
      for (let i = 0; i < block.rowCount; i++) {
        list.push(Object.fromEntries([...block.columns].map(([name, vector]) => [name, textAt(vector, i)])));
      }
    }
  }
  return rows;
}
