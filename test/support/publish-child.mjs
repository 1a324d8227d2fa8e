/**
 * One whole publication of the fixture in a process of its own. Runs on `dist`. Argument: JSON of PublishJob (publish-fixture.ts); prints JSON.
 */
import { openSource, openTarget } from '../../dist/connectors/open.js';
import { tableId } from '../../dist/connectors/connector.js';
import { publishBuild } from '../../dist/src/stages/publish/index.js';

const job = JSON.parse(process.argv[2]);
const notes = [];
const sink = (event) => (event.type === 'note' ? notes.push(event.message) : undefined);

const source = await openSource(job.sourceUrl, {
  maxConnections: 2,
  maxSnapshotMinutes: 5,
  statementTimeoutMs: 60_000,
});
const catalog = await source.readCatalog();
const snapshot = await source.openSnapshot();
const target = await openTarget(job.targetUrl, { publishTimeoutMs: job.publishTimeoutMs ?? 20_000 });
await target.lock(job.runId);
const cleaned = await target.cleanUp();
const build = await target.startBuild({
  runId: job.runId,
  mode: job.mode,
  catalog,
  roles: { map: {}, skip: [] },
  estimatedBytes: 1e6,
  maxBytes: null,
  keepPrevious: job.keepPrevious ?? 1,
});
await build.createBare();
for (const table of catalog.tables) await build.loadTable(table.name, blocksOf(table));
await build.finish(sink);
const integrity = await build.verify();
const scan = await build.openSnapshot();
const counts = {};
for (const table of catalog.tables) counts[tableId(table.name)] = await scan.countRows(table.name);
await scan.close();
const published = await publishBuild(build, sink);
await target.close();
await snapshot.close();
await source.close();
console.log(JSON.stringify({ published, cleaned, integrity, counts, notes }));

/** The source's own rows; texts get the generation, so that two runs differ. */
async function* blocksOf(table) {
  const columns = table.columns.filter((column) => column.generated === null);
  let firstRow = 0;
  for await (const batch of snapshot.readRows({ table: table.name, columns: columns.map((column) => column.name) })) {
    const vectors = columns.map((column, c) => {
      const mark = (text) => (text !== null && column.name === 'note' ? `${text} ${job.generation}` : text);
      return [column.name, { form: 'text', values: batch.columns[c].map(mark) }];
    });
    yield { table: tableId(table.name), firstRow, rowCount: batch.rowCount, columns: new Map(vectors) };
    firstRow += batch.rowCount;
  }
}
