import { tableId } from '../../../../../connectors/connector.ts';
import { splitOf } from '../../../../../src/kernel/split.ts';
import type { Split } from '../../../../../src/kernel/split.ts';
import type { MinedRule } from '../../../../../src/model/rules.ts';
import { RandomCursor, streamKey } from '../../../../../src/numeric/random.ts';
import { buildGraph } from '../../../../../src/stages/graph/index.ts';
import { describeRule } from '../../../../../src/stages/learn/rules/describe.ts';
import { mineRules } from '../../../../../src/stages/learn/rules/index.ts';
import type { RuleMiningOptions } from '../../../../../src/stages/learn/rules/index.ts';
import type { TableSample } from '../../../../../src/stages/profile/artifact.ts';
import { linkRows } from '../../../../../src/stages/profile/links.ts';
import { assignUnits } from '../../../../../src/stages/profile/units.ts';
import { sketchCatalog } from '../../../../support/catalog.ts';
import type { TableSketch } from '../../../../support/catalog.ts';

export type PlantedRow = Readonly<Record<string, string | number | null>>;

export interface Planted {
  readonly sketch: Readonly<Record<string, TableSketch>>;
  readonly rows: Readonly<Record<string, readonly PlantedRow[]>>;
  /** The first table where absent. */
  readonly subjects?: readonly string[];
}

/** Rules of a made-up sample. The key of a subject decides its part, as in a real one. */
export function mine({ sketch, rows, subjects }: Planted, options: RuleMiningOptions = {}): readonly MinedRule[] {
  const catalog = sketchCatalog(sketch);
  const graph = buildGraph(catalog, {
    subjects: (subjects ?? [Object.keys(sketch)[0]]).map((name) => `public.${name}`),
    proposedSubjects: [],
  });
  const facts = new Map(catalog.tables.map((table) => [tableId(table.name), table]));
  const raw = new Map(
    catalog.tables.map((table) => {
      const data = rows[table.name.name] ?? [];
      const columns = table.columns.map((column): [string, (string | null)[]] => [
        column.name,
        data.map((row) => (row[column.name] === null ? null : String(row[column.name]))),
      ]);
      return [tableId(table.name), { columns: new Map(columns), rowCount: data.length }];
    }),
  );
  const parents = linkRows(facts, raw);
  const units = assignUnits(graph, facts, raw, parents);
  const tables = new Map(
    [...raw].map(([id, { columns, rowCount }]): [string, TableSample] => [
      id,
      {
        table: id,
        rowCount,
        totalRowCount: rowCount,
        columns,
        units: units.byTable.get(id)!,
        parents: parents.get(id)!,
      },
    ]),
  );
  const { keys, splits, subjectCount } = units;
  return mineRules(
    catalog,
    graph,
    { tables, unitKeys: keys, unitSplits: splits, subjectCount, subjectRate: 1 },
    options,
  );
}

export function sayings(planted: Planted, options?: RuleMiningOptions): readonly string[] {
  return mine(planted, options).map(describeRule).sort();
}

/** The part that row `id` of a subject table falls into. */
export function partOf(table: string, id: number): Split {
  return splitOf(`public.${table}\0${id}`);
}

/** The first id of a part. */
export function anyOf(table: string, part: Split): number {
  for (let id = 1; ; id++) if (partOf(table, id) === part) return id;
}

export class Dice {
  readonly #cursor: RandomCursor;

  constructor(name: string) {
    this.#cursor = new RandomCursor(streamKey(0, 'planted', name)).seek(0);
  }

  /** An integer in [low, high]. */
  between(low: number, high: number): number {
    return low + this.#cursor.nextInteger(high - low + 1);
  }

  chance(rate: number): boolean {
    return this.#cursor.next() < rate;
  }

  of<T>(items: readonly T[]): T {
    return items[this.#cursor.nextInteger(items.length)];
  }

  /** A moment `days` or fewer after another, or after the beginning of 2024. */
  moment(days: number, after = Date.UTC(2024, 0, 1)): number {
    return after + Math.floor(this.#cursor.next() * days * 86_400) * 1000;
  }
}

export function timestamp(millis: number): string {
  return new Date(millis).toISOString().replace('T', ' ').slice(0, 19);
}

/** Rows 1 … count. */
export function rowsOf(count: number, row: (id: number) => PlantedRow): PlantedRow[] {
  return Array.from({ length: count }, (_, i) => ({ id: i + 1, ...row(i + 1) }));
}
