/**
 * How long it takes to fill a table with a primary key, a foreign key and two more indexes: our way (bare table, binary
 * COPY, then keys) beside text COPY into the table with its indexes (what `psql \copy` does; its text is made beforehand
 * and not counted) and INSERT of 1,000 rows at a time (what query builders do).
 *
 * `npm run bench:load -- [rows]`; default 1,000,000. INSERT runs on a tenth of them and is scaled up.
 */
import { from as copyFrom } from 'pg-copy-streams';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { Catalog, TableFacts } from '../../connectors/connector.ts';
import { binaryCopyWriter } from '../../connectors/postgres/binary-copy.ts';
import { runScript } from '../../connectors/postgres/build-schema.ts';
import { copyRows } from '../../connectors/postgres/bulk-load.ts';
import { readCatalog } from '../../connectors/postgres/catalog.ts';
import { closeClient, connectClient, postgresConfig, withDatabase } from '../../connectors/postgres/client.ts';
import type { PostgresClient } from '../../connectors/postgres/client.ts';
import { textCopyWriter } from '../../connectors/postgres/text-copy.ts';
import type { ColumnVector, RowBlock } from '../../src/kernel/rows.ts';
import { textAt } from '../../src/kernel/rows.ts';
import { startTestServer } from '../support/postgres.ts';
import { epochs, madeBlocks, numbers, texts } from '../support/row-blocks.ts';

const ROW_COUNT = Number(process.argv[2] ?? 1_000_000);
const BLOCK_ROWS = 10_000;
const PARENTS = 1000;
const SCHEMA = `
  CREATE TABLE parent (id integer PRIMARY KEY);
  CREATE TABLE line (id bigint PRIMARY KEY, parent integer NOT NULL REFERENCES parent, made timestamptz NOT NULL, amount numeric(10,2) NOT NULL,
    quantity smallint, status text NOT NULL, due date, flag boolean NOT NULL);
  CREATE INDEX line_parent ON line (parent);
  CREATE INDEX line_made ON line (made);`;
const STATUSES = ['open', 'paid', 'shipped', 'returned'];

/** Mixed up and the same every time. */
function scattered(i: number, limit: number): number {
  return ((i * 2_654_435_761) >>> 7) % limit;
}

function columnsOf(from: number, count: number): Readonly<Record<string, ColumnVector>> {
  return {
    id: numbers(count, (i) => from + i + 1),
    parent: numbers(count, (i) => scattered(from + i, PARENTS) + 1),
    made: epochs(
      'epoch-micros',
      Array.from({ length: count }, (_, i) => 1.6e15 + scattered(from + i, 1e8) * 1e6 + i),
    ),
    amount: numbers(count, (i) => scattered(from + i, 100_000) / 100, 2),
    quantity: numbers(count, (i) => (i % 10 === 0 ? null : scattered(i, 50))),
    status: texts(count, (i) => STATUSES[scattered(from + i, 4)]),
    due: epochs(
      'epoch-days',
      Array.from({ length: count }, (_, i) => 18_000 + scattered(from + i, 1000)),
    ),
    flag: numbers(count, (i) => scattered(from + i, 2)),
  };
}

/** Made beforehand: what is measured is loading. */
async function madeRows(table: TableFacts, rowCount: number): Promise<readonly RowBlock[]> {
  const blocks: RowBlock[] = [];
  for await (const block of madeBlocks(table.name, rowCount, BLOCK_ROWS, columnsOf)) blocks.push(block);
  return blocks;
}

async function* each<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function emptied(client: PostgresClient): Promise<void> {
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
}

async function fillParents(client: PostgresClient): Promise<void> {
  await client.query(`INSERT INTO public.parent SELECT generate_series(1, ${PARENTS})`);
}

async function binaryThenKeys(
  client: PostgresClient,
  catalog: Catalog,
  table: TableFacts,
  blocks: readonly RowBlock[],
): Promise<number> {
  await emptied(client);
  return timed(async () => {
    await runScript(client, catalog, 'bare');
    await fillParents(client);
    await copyRows(client, table, each(blocks));
    await runScript(client, catalog, 'keyed');
  });
}

async function textIntoIndexes(
  client: PostgresClient,
  table: TableFacts,
  blocks: readonly RowBlock[],
): Promise<number> {
  const writer = textCopyWriter(table.columns);
  const chunks = [...blocks.flatMap((block) => [...writer.write(block)]), writer.finish()];
  return timed(() => pipeline(Readable.from(chunks), client.query(copyFrom('COPY public.line FROM STDIN'))));
}

async function insertsIntoIndexes(
  client: PostgresClient,
  table: TableFacts,
  blocks: readonly RowBlock[],
): Promise<number> {
  const names = table.columns.map(({ name }) => name);
  return timed(async () => {
    await client.query('BEGIN');
    for (const block of blocks) {
      for (let from = 0; from < block.rowCount; from += 1000) {
        const size = Math.min(1000, block.rowCount - from);
        const values: (string | null)[] = [];
        for (let i = from; i < from + size; i += 1)
          for (const name of names) values.push(textAt(block.columns.get(name)!, i));
        const row = (r: number): string => `(${names.map((_, c) => `$${r * names.length + c + 1}`).join(', ')})`;
        await client.query(
          `INSERT INTO public.line (${names.join(', ')}) VALUES ${Array.from({ length: size }, (_, r) => row(r)).join(', ')}`,
          values,
        );
      }
    }
    await client.query('COMMIT');
  });
}

const server = await startTestServer();
const root = await postgresConfig(server.url());
const database = `bench_load_${process.pid}`;
const admin = await connectClient(root, 'target');
await admin.query(`CREATE DATABASE ${database} TEMPLATE template0`);
const client = await connectClient(withDatabase(root, database), 'target', { search_path: 'public' });
try {
  await client.query(SCHEMA);
  const catalog = await readCatalog(client);
  const table = catalog.tables.find(({ name }) => name.name === 'line')!;
  const blocks = await madeRows(table, ROW_COUNT);
  const tenth = blocks.slice(0, Math.max(1, Math.round(blocks.length / 10)));
  const tenthRows = tenth.reduce((sum, { rowCount }) => sum + rowCount, 0);

  let byteCount = 0;
  const encoding = await timed(async () => {
    const writer = binaryCopyWriter(table.columns, new Map())!;
    for (const block of blocks) for (const chunk of writer.write(block)) byteCount += chunk.length;
    byteCount += writer.finish().length;
  });
  const inBlocks = async (work: () => Promise<number>): Promise<number> => {
    await emptied(client);
    await client.query(SCHEMA);
    await fillParents(client);
    return work();
  };
  const ours = await binaryThenKeys(client, catalog, table, blocks);
  const text = await inBlocks(() => textIntoIndexes(client, table, blocks));
  const inserts = (await inBlocks(() => insertsIntoIndexes(client, table, tenth))) * (ROW_COUNT / tenthRows);

  const line = (label: string, seconds: number): void =>
    console.log(
      `${label.padEnd(42)} ${seconds.toFixed(2).padStart(8)} s ${String(Math.round(ROW_COUNT / seconds)).padStart(9)} rows/s ${(seconds / text).toFixed(2).padStart(6)} ×`,
    );
  console.log(
    `${ROW_COUNT} rows, 8 columns, ${(byteCount / ROW_COUNT).toFixed(0)} bytes a row; ratios to text COPY into indexes`,
  );
  line('encoding alone', encoding);
  line('bare table, binary COPY, then keys', ours);
  line('text COPY into the indexed table', text);
  line('INSERT of 1,000 rows (scaled from a tenth)', inserts);
} finally {
  await closeClient(client);
  await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  await closeClient(admin);
  await server.close();
}
