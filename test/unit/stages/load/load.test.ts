import { expect, test } from 'vitest';
import type { QualifiedName } from '../../../../connectors/connector.ts';
import type { RunEvent } from '../../../../src/kernel/events.ts';
import type { RowBlock } from '../../../../src/kernel/rows.ts';
import { loadTables } from '../../../../src/stages/load/index.ts';
import { madeBlocks } from '../../../support/row-blocks.ts';

const FIRST: QualifiedName = { schema: 'public', name: 'b' };
const SECOND: QualifiedName = { schema: 'public', name: 'a' };

/** A build that only counts; the real one is tested with the connector. */
const counting = {
  async loadTable(_table: QualifiedName, blocks: AsyncIterable<RowBlock>): Promise<number> {
    let rowCount = 0;
    for await (const block of blocks) rowCount += block.rowCount;
    return rowCount;
  },
};

test('tables are loaded in the order given, one after the other, and reported with their pace', async () => {
  const events: RunEvent[] = [];
  const blocks = (table: QualifiedName, rowCount: number): AsyncIterable<RowBlock> =>
    madeBlocks(table, rowCount, 40, () => ({}));
  const report = await loadTables(
    counting,
    [
      { table: FIRST, blocks: blocks(FIRST, 100), expectedRowCount: 100 },
      { table: SECOND, blocks: blocks(SECOND, 0) },
    ],
    (event) => events.push(event),
  );
  expect(report).toMatchObject({
    version: 1,
    rowCount: 100,
    tables: [
      { table: 'public.b', rowCount: 100 },
      { table: 'public.a', rowCount: 0, rowsPerSecond: 0 },
    ],
  });
  const shown = events.map((event) =>
    event.type === 'progress' ? `${event.label} ${event.doneCount}/${event.totalCount}` : event.type,
  );
  expect(shown).toEqual([
    'public.b 0/100',
    'public.b 40/100',
    'public.b 80/100',
    'public.b 100/100',
    'public.b 100/100',
    'public.a 0/0',
    'public.a 0/0',
  ]);
});

test('a failing table ends the stage with its error', async () => {
  const failing = { loadTable: async (): Promise<number> => Promise.reject(new Error('gone')) };
  await expect(
    loadTables(failing, [{ table: FIRST, blocks: madeBlocks(FIRST, 1, 1, () => ({})) }], () => {}),
  ).rejects.toThrow('gone');
});
