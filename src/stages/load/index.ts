import { tableId } from '../../../connectors/connector.ts';
import type { Build, QualifiedName } from '../../../connectors/connector.ts';
import { checkpoint } from '../../kernel/checkpoint.ts';
import type { EventSink } from '../../kernel/events.ts';
import type { RowBlock } from '../../kernel/rows.ts';
import type { LoadReport, TableLoad } from './artifact.ts';

export interface TableRows {
  readonly table: QualifiedName;
  readonly blocks: AsyncIterable<RowBlock>;
  /** For the progress; absent where it is unknown. */
  readonly expectedRowCount?: number;
}

/**
 * Loads the tables one after the other, in the order given: while the server takes one chunk, the next is made, and both
 * cores are busy with one table already. Throws what `Build.loadTable` and the blocks throw.
 */
export async function loadTables(
  build: Pick<Build, 'loadTable'>,
  tables: AsyncIterable<TableRows> | Iterable<TableRows>,
  sink: EventSink,
): Promise<LoadReport> {
  const started = performance.now();
  const loads: TableLoad[] = [];
  for await (const rows of tables) {
    loads.push(await loadTable(build, rows, sink));
    checkpoint(`load:${tableId(rows.table)}`);
  }
  const rowCount = loads.reduce((sum, load) => sum + load.rowCount, 0);
  return { version: 1, tables: loads, rowCount, ...pace(rowCount, started) };
}

async function loadTable(build: Pick<Build, 'loadTable'>, rows: TableRows, sink: EventSink): Promise<TableLoad> {
  const started = performance.now();
  const label = tableId(rows.table);
  const totalCount = rows.expectedRowCount ?? 0;
  const report = (doneCount: number): void => sink({ type: 'progress', stage: 'load', label, doneCount, totalCount });
  report(0);
  const rowCount = await build.loadTable(rows.table, counted(rows.blocks, report));
  report(rowCount);
  return { table: label, rowCount, ...pace(rowCount, started) };
}

/** The same blocks; each is reported when the next one is asked for, which is when it has been taken. */
async function* counted(blocks: AsyncIterable<RowBlock>, report: (doneCount: number) => void): AsyncIterable<RowBlock> {
  let doneCount = 0;
  for await (const block of blocks) {
    yield block;
    doneCount += block.rowCount;
    report(doneCount);
  }
}

function pace(rowCount: number, started: number): { readonly durationMs: number; readonly rowsPerSecond: number } {
  const durationMs = performance.now() - started;
  return { durationMs, rowsPerSecond: durationMs > 0 ? Math.round((rowCount * 1000) / durationMs) : 0 };
}
