import { describe, expect, it } from 'vitest';
import type { RowBatch } from '../../../connectors/connector.ts';
import { catalogOf, storeOf, type SketchDatabase } from '../../support/sketch-database.ts';

const database: SketchDatabase = {
  sketch: {
    parent: { columns: 'a b:text', primaryKey: ['a', 'b'] },
    child: { columns: 'id a? b:text?', primaryKey: ['id'], keys: [{ columns: ['a', 'b'], to: 'parent', name: 'of' }] },
  },
  rows: {
    parent: [
      { a: 1, b: 'x' },
      { a: 1, b: 'y' },
      { a: 2, b: 'x' },
    ],
    child: [
      { id: 1, a: 1, b: 'x' },
      { id: 2, a: 1, b: 'x' },
      { id: 3, a: null, b: 'x' },
      { id: 4, a: 2, b: 'x' },
    ],
  },
  subjects: [],
};
async function all(batches: AsyncIterable<RowBatch>): Promise<RowBatch[]> {
  const list: RowBatch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
}

const [parent, child] = catalogOf(database).tables;

describe('made rows, read like a database', () => {
  it('are counted, and given in order, as many as are asked for', async () => {
    const store = storeOf(database);
    expect(await store.countRows(child.name)).toBe(4);
    const read = async (limit?: number): Promise<unknown> =>
      (await all(store.readRows({ table: child.name, columns: ['b', 'a'], limit }))).map((batch) => batch.columns);
    expect(await read()).toEqual([
      [
        ['x', 'x', 'x', 'x'],
        ['1', '1', null, '2'],
      ],
    ]);
    expect(await read(1)).toEqual([[['x'], ['1']]]);
  });

  it('tell how many parents have how many children, a NULL key counting for none', async () => {
    expect(await storeOf(database).degreeHistogram(child.name, child.foreignKeys[0])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });

  it('have a checksum that any change of a row changes', async () => {
    const changed = {
      ...database,
      rows: { ...database.rows, child: database.rows.child.with(2, { id: 3, a: 1, b: 'x' }) },
    };
    const [same, again, other] = [database, database, changed].map((each) => storeOf(each));
    expect(await same.checksum(child.name)).toBe(await again.checksum(child.name));
    expect(await same.checksum(child.name)).not.toBe(await other.checksum(child.name));
    expect(await same.checksum(parent.name)).toBe(await other.checksum(parent.name));
  });

  it('are not sampled: a rehearsal is read whole', async () => {
    const query = { table: child.name, columns: ['id'], hashSample: { columns: ['id'], rate: 0.5 } };
    await expect(all(storeOf(database).readRows(query))).rejects.toThrow(TypeError);
  });
});
