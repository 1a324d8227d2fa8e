import { describe, expect, it } from 'vitest';
import { tableId } from '../../../../connectors/connector.ts';
import { chooseContexts, orderTables } from '../../../../src/stages/learn/order-tables.ts';
import { chooseStrategies } from '../../../../src/stages/learn/strategies.ts';
import { NOTHING_PERSONAL, read, type SketchDatabase, type SketchRow } from '../../../support/sketch-database.ts';

const rows = (count: number, make: (i: number) => SketchRow): SketchRow[] =>
  Array.from({ length: count }, (_, i) => ({ id: i + 1, ...make(i) }));

async function planned(
  database: SketchDatabase,
  synthesize: readonly string[],
): Promise<{
  readonly contexts: ReadonlyMap<string, string | null>;
  readonly order: readonly string[];
}> {
  const { catalog, graph, sample } = await read(database);
  const facts = new Map(catalog.tables.map((table) => [tableId(table.name), table]));
  const counts = new Map([...sample.tables].map(([id, table]) => [id, table.totalRowCount]));
  const overrides = new Map(synthesize.map((name) => [`public.${name}`, { strategy: 'synthesize' as const }]));
  const strategies = chooseStrategies(catalog, graph, NOTHING_PERSONAL, counts, overrides);
  const contexts = chooseContexts(graph, facts, strategies, sample, new Map(), new Map());
  return { contexts, order: orderTables(catalog, graph, contexts) };
}

const library: SketchDatabase = {
  sketch: {
    loan: {
      columns: 'id member_id book_id',
      primaryKey: ['id'],
      keys: [
        { columns: 'member_id', to: 'member' },
        { columns: 'book_id', to: 'book' },
      ],
      rows: 200,
    },
    book: { columns: 'id title:text', primaryKey: ['id'], rows: 50 },
    member: {
      columns: 'id favourite_loan_id?',
      primaryKey: ['id'],
      keys: [{ columns: 'favourite_loan_id', to: 'loan', name: 'favourite' }],
      rows: 60,
    },
  },
  rows: {
    loan: rows(200, (i) => ({ member_id: 1 + (i % 60), book_id: 1 + (i % 50) })),
    book: rows(50, (i) => ({ title: `t${i}` })),
    member: rows(60, (i) => ({ favourite_loan_id: i % 3 === 0 ? null : i + 1 })),
  },
  subjects: ['member'],
};

describe('the order in which tables are made', () => {
  it('puts a table after its context parent and, where it can, after what else it references', async () => {
    const { contexts, order } = await planned(library, ['book']);
    expect(contexts.get('public.loan')).toBe('loan_member_id_fkey');
    expect(order).toEqual(['public.book', 'public.member', 'public.loan']);
  });

  it('gives no context to rows of a parent that hardly ever has any', async () => {
    const few = rows(200, (i) => ({ member_id: 1 + (i % 19), book_id: 1 + (i % 50) }));
    const { contexts } = await planned({ ...library, rows: { ...library.rows, loan: few } }, ['book']);
    expect(contexts.get('public.loan')).toBeNull();
  });
});

describe('strategies', () => {
  const chosen = async (
    database: SketchDatabase,
    overrides: ReadonlyMap<string, { strategy: 'copy' | 'mask' | 'empty'; accept?: string }> = new Map(),
    classification = NOTHING_PERSONAL,
  ): Promise<Readonly<Record<string, string>>> => {
    const { catalog, graph, sample } = await read(database);
    const counts = new Map([...sample.tables].map(([id, table]) => [id, table.totalRowCount]));
    const choices = chooseStrategies(catalog, graph, classification, counts, overrides);
    return Object.fromEntries([...choices].map(([id, { strategy }]) => [id.slice(7), strategy]));
  };

  it('copies a dictionary that nobody owns, learns the rest, and leaves empty what is', async () => {
    expect(await chosen(library)).toEqual({ loan: 'synthesize', member: 'synthesize', book: 'copy' });
    expect(await chosen({ ...library, rows: { ...library.rows, loan: [] } })).toMatchObject({ loan: 'empty' });
  });

  it('copies nothing with a personal column, nor what references something that is not copied', async () => {
    const personal = {
      ...NOTHING_PERSONAL,
      columns: [
        {
          table: 'public.book',
          column: 'title',
          sensitivity: 'quasi' as const,
          detector: null,
          treatment: 'synthesize' as const,
          decidedBy: 'default',
          reason: '',
          style: null,
        },
      ],
    };
    expect((await chosen(library, new Map(), personal)).book).toBe('synthesize');
    const shelved: SketchDatabase = {
      ...library,
      sketch: {
        ...library.sketch,
        shelf: { columns: 'id a b c d e', primaryKey: ['id'], rows: 5 },
        book: { columns: 'id shelf_id', primaryKey: ['id'], keys: [{ columns: 'shelf_id', to: 'shelf' }], rows: 50 },
      },
      rows: {
        ...library.rows,
        shelf: rows(5, () => ({ a: 1, b: 1, c: 1, d: 1, e: 1 })),
        book: rows(50, (i) => ({ shelf_id: 1 + (i % 5) })),
      },
    };
    // Too many columns for a dictionary: the shelf is made anew, so a copied book would stand on none.
    expect(await chosen(shelved)).toMatchObject({ shelf: 'synthesize', book: 'synthesize' });
  });

  it('does as it is told; what is only needed by real rows may be copied', async () => {
    const told = new Map([['public.member', { strategy: 'empty' as const }]]);
    expect((await chosen(library, told)).member).toBe('empty');
    const masked = new Map([['public.member', { strategy: 'mask' as const }]]);
    expect((await chosen(library, masked)).member).toBe('mask');
  });
});
