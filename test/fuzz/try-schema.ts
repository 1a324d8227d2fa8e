/** Learns one drawn schema, generates it, loads the rows without constraints, and lets the server add these one by one. */
import pg from 'pg';
import { openSource } from '../../connectors/open.ts';
import { parseConfig } from '../../src/config/load.ts';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { silent } from '../../src/kernel/events.ts';
import { textAt, type RowBlock } from '../../src/kernel/rows.ts';
import { learnSource, readSourceStructure, tableScales } from '../../src/pipeline/learn-source.ts';
import { makeRows } from '../../src/pipeline/make-rows.ts';
import { StageClock } from '../../src/pipeline/stage-clock.ts';
import type { LearnedModel } from '../../src/stages/learn/artifact.ts';
import { OURS } from '../support/provision-schema.ts';
import { layOut, quoted, type Layout } from './layout.ts';
import type { SchemaSpec } from './schema-spec.ts';
import { insertOf, sourceRows } from './source-rows.ts';

/** A bug put into the generator, to see that it is found: into what it knows, or into what it makes. */
export interface Plant {
  readonly model?: (model: LearnedModel) => LearnedModel;
  readonly block?: (block: RowBlock, model: LearnedModel) => void;
}

export type Outcome =
  | { readonly state: 'filled'; readonly rowCount: number }
  /** Refused before a row is loaded, naming an object of the schema. */
  | { readonly state: 'finding'; readonly code: string; readonly message: string }
  | { readonly state: 'broken'; readonly message: string };

/** Of this process' processor time: on a busy machine the clock tells nothing. */
const LIMIT_MS = 10_000;
const STUCK_MS = 120_000;
/** Chance at which too few NULLs, or too many, are no chance any more. */
const CHANCE = 1e-7;

/** A pair of databases in which one schema after another is tried. */
export class Playground {
  readonly #url: (database: string) => string;
  readonly #name: string;
  readonly #source: pg.Client;
  readonly #target: pg.Client;

  private constructor(url: (database: string) => string, name: string) {
    this.#url = url;
    this.#name = name;
    this.#source = new pg.Client(url(`${name}_src`));
    this.#target = new pg.Client(url(`${name}_dst`));
  }

  /** Makes `name_src` and `name_dst` anew. */
  static async open(url: (database: string) => string, name: string): Promise<Playground> {
    const admin = new pg.Client(url('postgres'));
    await admin.connect();
    for (const database of [`${name}_src`, `${name}_dst`]) {
      await admin.query(`DROP DATABASE IF EXISTS ${quoted(database)} WITH (FORCE)`);
      await admin.query(`CREATE DATABASE ${quoted(database)} TEMPLATE template0`);
    }
    await admin.end();
    const playground = new Playground(url, name);
    for (const client of [playground.#source, playground.#target]) {
      await client.connect();
      await client.query("SET client_min_messages = error; SET timezone = 'UTC'");
    }
    return playground;
  }

  async close(): Promise<void> {
    await Promise.all([this.#source.end(), this.#target.end()]);
    const admin = new pg.Client(this.#url('postgres'));
    await admin.connect();
    for (const end of ['src', 'dst']) await admin.query(`DROP DATABASE ${quoted(`${this.#name}_${end}`)} WITH (FORCE)`);
    await admin.end();
  }

  /** What comes of the schema; rejects only where the source itself cannot be made. */
  async try(spec: SchemaSpec, plant: Plant = {}): Promise<Outcome> {
    const layout = layOut(spec);
    await this.#source.query(sourceScript(spec, layout));
    const started = process.cpuUsage();
    let outcome: Outcome;
    try {
      const made = await this.#generate(spec, layout, plant);
      outcome = await this.#judge(spec, layout, made);
    } catch (thrown) {
      outcome = refusal(thrown, layout);
    }
    const { user, system } = process.cpuUsage(started);
    const elapsedMs = (user + system) / 1000;
    if (elapsedMs <= LIMIT_MS || outcome.state === 'broken') return outcome;
    return { state: 'broken', message: `took ${Math.round(elapsedMs / 1000)} s` };
  }

  /** Rows of all tables, by table name. */
  async #generate(spec: SchemaSpec, { tables }: Layout, plant: Plant): Promise<readonly RowBlock[]> {
    const forced = tables.filter((table) => table.spec.synthesized && table.spec.rowCount > 0).map(({ name }) => name);
    const yaml = forced.map((name) => `  ${JSON.stringify(`public.${name}`)}: { strategy: synthesize }`);
    const config = parseConfig(yaml.length === 0 ? '' : `version: 1\ntables:\n${yaml.join('\n')}\n`, null, {});
    const { maxConnections, maxSnapshotMinutes, statementTimeoutMs } = config.source;
    const source = await openSource(this.#url(`${this.#name}_src`), {
      maxConnections,
      maxSnapshotMinutes,
      statementTimeoutMs,
    });
    try {
      const clock = new StageClock(silent);
      const structure = await readSourceStructure(source, config, clock);
      const snapshot = await source.openSnapshot();
      try {
        const learned = await learnSource(structure, snapshot, config, clock, silent, AbortSignal.timeout(STUCK_MS));
        const model = plant.model?.(learned.model) ?? learned.model;
        const streams = await makeRows(model, {
          seed: spec.salt,
          scale: spec.scale,
          tableScales: tableScales(config, model.catalog),
          blockRows: 2000,
        });
        const blocks: RowBlock[] = [];
        for (const stream of streams) {
          for await (const block of stream.blocks()) {
            plant.block?.(block, model);
            blocks.push(block);
          }
        }
        return blocks;
      } finally {
        await snapshot.close();
      }
    } finally {
      await source.close();
    }
  }

  async #judge(spec: SchemaSpec, layout: Layout, blocks: readonly RowBlock[]): Promise<Outcome> {
    const target = this.#target;
    await target.query(`${EMPTY_SCHEMA}${layout.bare}`);
    const names = new Map(layout.tables.map((table) => [idOf(table.name), table.name]));
    const faults: string[] = [];
    const attempt = async (what: string, sql: string): Promise<void> => {
      await target.query(sql).catch((thrown: Error) => faults.push(`${what}: ${thrown.message}`));
    };
    for (const block of blocks) {
      const name = names.get(block.table)!;
      const rows = Array.from({ length: block.rowCount }, (_, i) =>
        insertOf({ name }, new Map([...block.columns].map(([column, vector]) => [column, textAt(vector, i)]))),
      );
      await attempt(name, rows.join('\n'));
    }
    for (const { name, sql } of [...layout.tables.flatMap((table) => table.constraints), ...layout.foreignKeys])
      await attempt(name, sql);
    if (faults.length === 0) faults.push(...(await this.#differences(spec, layout)));
    if (faults.length > 0) return { state: 'broken', message: faults.join('; ') };
    return { state: 'filled', rowCount: blocks.reduce((sum, block) => sum + block.rowCount, 0) };
  }

  /** What no constraint tells: a table that got no rows, a reference that is never NULL any more, or always. */
  async #differences(_spec: SchemaSpec, { tables }: Layout): Promise<readonly string[]> {
    const counts = tables.map(({ name, references }, i) => {
      const filled = references.map(
        (key) => `count(*) FILTER (WHERE num_nulls(${key.columns.map(quoted).join(', ')}) = 0)`,
      );
      return `SELECT ${i} AS at, count(*)::int AS rows, ARRAY[${filled.join(', ')}]::int[] AS filled FROM ${quoted(name)}`;
    });
    const ask = async (client: pg.Client): Promise<{ rows: number; filled: number[] }[]> =>
      (await client.query<{ rows: number; filled: number[] }>(`${counts.join(' UNION ALL ')} ORDER BY at`)).rows;
    const [before, after] = await Promise.all([ask(this.#source), ask(this.#target)]);
    return tables.flatMap(({ name, references }, i) => {
      const [then, now] = [before[i], after[i]];
      if (then.rows > 0 && now.rows === 0 && !references.some((key) => after[key.to].rows === 0))
        return [`${name} got no rows`];
      return references.flatMap((key, r) => {
        if (key.nullPercent === 0 || then.rows === 0) return [];
        const share = then.filled[r] / then.rows;
        if (now.filled[r] === now.rows && share ** now.rows < CHANCE) return [`${key.name} is never NULL`];
        const isPossible = after[key.to].rows > 0;
        if (now.filled[r] === 0 && isPossible && (1 - share) ** now.rows < CHANCE)
          return [`${key.name} is always NULL`];
        return [];
      });
    });
  }
}

const EMPTY_SCHEMA = 'DROP SCHEMA public CASCADE; CREATE SCHEMA public;';

/** The schema without its rows: what a failure is told with. */
export function schemaScript(spec: SchemaSpec): string {
  const { tables, bare, foreignKeys } = layOut(spec);
  return [bare, ...[...tables.flatMap((table) => table.constraints), ...foreignKeys].map(({ sql }) => `${sql};`)].join(
    '\n',
  );
}

function sourceScript(spec: SchemaSpec, layout: Layout): string {
  const constraints = layout.tables.flatMap((table) => table.constraints);
  return [
    `${EMPTY_SCHEMA}${layout.bare}`,
    ...constraints.map(({ sql }) => `${sql};`),
    `${sourceRows(spec, layout)};`,
    ...layout.foreignKeys.map(({ sql }) => `${sql};`),
    ...layout.tables.map(({ name }) => `ANALYZE ${quoted(name)};`),
  ].join('\n');
}

function idOf(name: string): string {
  return /[."]/.test(name) ? `public."${name.replaceAll('"', '""')}"` : `public.${name}`;
}

function refusal(thrown: unknown, { tables }: Layout): Outcome {
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  if (!(thrown instanceof UnderstudyError)) return { state: 'broken', message: text };
  if (OURS.has(thrown.code))
    return { state: 'broken', message: `${thrown.code}: ${thrown.message} ${String(thrown.cause)}` };
  const isNamed = tables.some((table) => thrown.message.includes(idOf(table.name)));
  if (!isNamed) return { state: 'broken', message: `${thrown.code} names no object: ${thrown.message}` };
  return { state: 'finding', code: thrown.code, message: thrown.message };
}
