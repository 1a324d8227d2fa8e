import { beforeAll, describe, expect, it } from 'vitest';
import type { Cell } from '../../../../src/model/encoders/encoder.ts';
import { RandomCursor, streamKey } from '../../../../src/numeric/random.ts';
import { cellColumns } from '../../../../src/stages/generate/cells.ts';
import type { TableConstraints } from '../../../../src/stages/generate/constraints.ts';
import { loadExpressionParser } from '../../../../src/stages/generate/expression.ts';
import { RowRepair } from '../../../../src/stages/generate/repair.ts';
import { UniqueGuard } from '../../../../src/stages/generate/unique.ts';
import { learned } from '../../../support/sketch-database.ts';

const KEY = streamKey(0, 'repair test');
const guardOf = (column: string): UniqueGuard =>
  new UniqueGuard(`unique ${column}`, [{ column, canonical: (text) => text }], [column], {
    nullsDistinct: true,
    predicate: null,
  });

describe('mending a row', () => {
  beforeAll(loadExpressionParser);

  it('does not use up values of a unique key for rows that cannot be mended', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => ({ id: i + 1, label: `v${i % 10}` }));
    const model = await learned(
      {
        sketch: { thing: { columns: 'id label:text', primaryKey: ['id'], rows: rows.length } },
        rows: { thing: rows },
        subjects: [],
      },
      { overrides: new Map([['public.thing', { strategy: 'synthesize' }]]) },
    );
    const [facts] = model.catalog.tables;
    const [table] = model.tables;
    const columns = cellColumns(facts, table);
    const at = (name: string): number => columns.findIndex((column) => column.name === name);
    const cells: Cell[] = columns.map(() => null);
    const [byLabel, byId] = [guardOf('label'), guardOf('id')];
    const constraints: TableConstraints = {
      checks: [],
      structural: [],
      general: [byLabel, byId].map((guard) => ({ guard, perParent: false })),
      exclusions: [],
    };
    const registers = new Uint16Array(table.registers.length);
    const repair = new RowRepair(facts, table, constraints, { cells, registers, columns }, KEY);
    const text = (name: string): string | null => columns[at(name)].text(cells[at(name)]);
    const take = (): void => {
      for (const guard of [byLabel, byId]) guard.take(guard.digestOf(text, text));
      repair.take();
    };
    const random = new RandomCursor(KEY, 0).seek(0);
    const set = (id: number, label: string): void => {
      cells[at('id')] = id;
      cells[at('label')] = label;
    };
    set(1, 'v0');
    take();
    // The id is taken and is not the mending's to change, whatever label it finds.
    for (let i = 0; i < 40; i++) {
      set(1, 'v0');
      expect(repair.mend(random)).toBe('unique id');
    }
    const labels = ['v0'];
    for (let id = 2; id <= 10; id++) {
      set(id, 'v0');
      expect(repair.mend(random)).toBeNull();
      take();
      labels.push(text('label')!);
    }
    expect(labels.toSorted()).toEqual(Array.from({ length: 10 }, (_, i) => `v${i}`));
  });
});
