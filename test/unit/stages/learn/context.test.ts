import { describe, expect, it } from 'vitest';
import { siblingOrder, type SiblingOrder } from '../../../../src/stages/learn/context.ts';
import { read, type SketchRow } from '../../../support/sketch-database.ts';

/** Siblings by `parent_id`, under a column that might tell their order. */
async function order(columns: string, rows: readonly SketchRow[]): Promise<SiblingOrder> {
  const { catalog, sample } = await read({
    sketch: {
      parent: { columns: 'id', primaryKey: ['id'] },
      child: {
        columns: `id parent_id? ${columns}`,
        primaryKey: ['id'],
        keys: [{ columns: 'parent_id', to: 'parent', name: 'of' }],
      },
    },
    rows: { parent: [{ id: 1 }, { id: 2 }, { id: 3 }], child: rows },
    subjects: [],
  });
  const table = catalog.tables.find(({ name }) => name.name === 'child')!;
  return siblingOrder(table, sample.tables.get('public.child')!, 'of');
}

const at = (id: number, parent: number | null, day: number | null, more: SketchRow = {}): SketchRow => ({
  id,
  parent_id: parent,
  at: day === null ? null : `2024-01-0${day} 00:00:00`,
  ...more,
});

describe('siblings', () => {
  it('stand in the order of their moments, whatever order they were read in', async () => {
    const found = await order('at:timestamp', [at(1, 2, 5), at(2, 1, 3), at(3, 2, 1), at(4, 2, 3), at(5, 1, 4)]);
    expect([...found.index]).toEqual([2, 0, 0, 1, 1]);
    expect([...found.count]).toEqual([3, 2, 3, 3, 2]);
    expect([...found.previous]).toEqual([3, -1, -1, 2, 1]);
    expect([found.orderColumn, found.meanCount]).toEqual(['at', 2.5]);
  });

  it('are nobody’s where they have no parent', async () => {
    const found = await order('at:timestamp', [at(1, null, 1), at(2, null, 2), at(3, 1, 3), at(4, 1, 4)]);
    expect([...found.index]).toEqual([0, 0, 0, 1]);
    expect([...found.count]).toEqual([1, 1, 2, 2]);
    expect([...found.previous]).toEqual([-1, -1, -1, 2]);
  });

  it('stand by their keys where there are no moments, and as read where there is no such key', async () => {
    const rows = [at(9, 1, null), at(3, 1, null), at(5, 1, null)].map(({ id, parent_id }) => ({ id, parent_id }));
    expect([
      ...(
        await order(
          'text:text',
          rows.map((row) => ({ ...row, text: 'x' })),
        )
      ).index,
    ]).toEqual([2, 0, 1]);
  });

  it('stand by the first of moments that tell them apart alike', async () => {
    const rows = [3, 1, 2, 5, 4].map((day, i) => at(i + 1, 1, day, { then: `2024-02-0${6 - day} 00:00:00` }));
    const found = await order('then:timestamp at:timestamp', rows);
    expect(found.orderColumn).toBe('at');
    expect([...found.index]).toEqual([2, 0, 1, 4, 3]);
  });

  it('are told by no gaps where the moment is missing now and then', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => at(i + 1, 1 + (i % 2), i === 7 ? null : 1 + (i % 9)));
    const found = await order('at:timestamp?', rows);
    expect(found.orderColumn).toBeNull();
    // What has no moment comes last.
    expect(found.index[7]).toBe(9);
  });
});
