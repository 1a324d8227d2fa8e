import { beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../../../connectors/connector.ts';
import { RandomCursor, streamKey } from '../../../../src/numeric/random.ts';
import type { LearnedModel } from '../../../../src/stages/learn/artifact.ts';
import { learned, made, type MadeRows } from '../../../support/sketch-database.ts';
import { RULES } from './shop-rules.ts';
import { shop } from './shop.ts';

/** The products are few: left to itself, they would be copied. */
const overrides = new Map([['public.product', { strategy: 'synthesize' as const }]]);

let model: LearnedModel;
/** At their own size, half of it, three times it. */
let worlds: ReadonlyMap<number, MadeRows>;
let rows: MadeRows;

beforeAll(async () => {
  model = await learned(shop, { overrides });
  worlds = new Map([
    [1, await made(model)],
    [0.5, await made(model, { scale: 0.5 })],
    [3, await made(model, { scale: 3 })],
  ]);
  rows = worlds.get(1)!;
});

const source: MadeRows = Object.fromEntries(
  Object.entries(shop.rows).map(([name, list]) => [
    name,
    list.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? null : String(value)])),
    ),
  ]),
);

/** Number of rows without the row that they reference, and of rows whose key another one has. */
function violations(
  catalog: Catalog,
  { ...world }: MadeRows,
): { readonly orphans: number; readonly duplicates: number } {
  let orphans = 0;
  let duplicates = 0;
  const keyOf = (row: MadeRows[string][number], columns: readonly (string | null)[]): string | null => {
    const parts = columns.map((column) => row[column!]);
    return parts.includes(null) ? null : JSON.stringify(parts);
  };
  for (const table of catalog.tables) {
    const own = world[table.name.name];
    for (const key of table.foreignKeys) {
      const there = new Set(world[key.referencedTable.name].map((row) => keyOf(row, key.referencedColumns)));
      for (const row of own) if (keyOf(row, key.columns) !== null && !there.has(keyOf(row, key.columns))) orphans++;
    }
    for (const key of [table.primaryKey, ...table.uniqueKeys]) {
      if (key === null) continue;
      const keys = own.map((row) => keyOf(row, key.columns)).filter((text) => text !== null);
      duplicates += keys.length - new Set(keys).size;
    }
    const required = table.columns.filter((column) => !column.nullable).map((column) => column.name);
    duplicates += own.filter((row) => required.some((name) => row[name] === null)).length;
  }
  return { orphans, duplicates };
}

describe('what is learned of the shop', () => {
  it('is how each key and each column is made', () => {
    const makers = Object.fromEntries(
      model.tables.flatMap(({ id, foreignKeys }) =>
        foreignKeys.map((key) => [`${id.slice(7)}.${key.columns}`, key.maker.by]),
      ),
    );
    expect(makers).toEqual({
      'customer.region_id': 'category',
      'customer.default_address_id': 'own-child',
      'address.customer_id': 'context',
      'purchase.customer_id': 'context',
      'line.purchase_id': 'context',
      'line.product_id': 'quota',
      'payment.purchase_id': 'context',
      'payment.customer_id': 'through',
      'wish.customer_id': 'context',
      'wish.product_id': 'quota',
      'post.customer_id': 'context',
      'post.parent_id': 'forest',
    });
    const strategies = model.tables.map(({ id, strategy }) => [id, strategy]);
    expect(strategies.filter(([, strategy]) => strategy !== 'synthesize')).toEqual([['public.region', 'copy']]);
  });

  it('puts a table after its context parent', () => {
    const place = new Map(model.tables.map((table, i) => [table.id, i]));
    const early = model.tables.flatMap(({ id, foreignKeys }) =>
      foreignKeys.filter((key) => key.maker.by === 'context' && place.get(key.referencedTable)! >= place.get(id)!),
    );
    expect(early).toEqual([]);
  });
});

describe('made rows', () => {
  it('are the same in blocks of any size', async () => {
    for (const blockRows of [1, 7]) expect(await made(model, { blockRows })).toEqual(rows);
  });

  it('are others with another seed, but for what is copied', async () => {
    const other = await made(model, { seed: 1 });
    for (const { id, strategy } of model.tables) {
      const name = id.slice(7);
      if (strategy === 'copy') expect(other[name]).toEqual(rows[name]);
      else expect(other[name]).not.toEqual(rows[name]);
    }
    expect(violations(model.catalog, other)).toEqual({ orphans: 0, duplicates: 0 });
  });

  it.each([1, 0.5, 3])('reference rows that are there, once where they may only once, at scale %d', (scale) => {
    expect(violations(model.catalog, worlds.get(scale)!)).toEqual({ orphans: 0, duplicates: 0 });
  });

  it('are found wanting where a reference is bent: the control', () => {
    const { catalog } = model;
    expect(violations(catalog, source)).toEqual({ orphans: 0, duplicates: 0 });
    const bent = rows.line.map((row, i) => (i === 5 ? { ...row, product_id: '4711' } : row));
    expect(violations(catalog, { ...rows, line: bent }).orphans).toBe(1);
    expect(violations(catalog, { ...rows, wish: [...rows.wish, rows.wish[0]] }).duplicates).toBe(1);
  });

  it.each([1, 0.5, 3])('are as many as the source’s, times the scale: %d', (scale) => {
    for (const table of model.tables) {
      const count = worlds.get(scale)![table.id.slice(7)].length;
      if (table.strategy === 'copy') expect(count).toBe(table.sourceRowCount);
      else expect([table.id, count]).toEqual([table.id, Math.round(table.sourceRowCount * scale)]);
    }
  });

  it('are more of one table, of its children, and of theirs, with a scale of its own', async () => {
    const more = await made(model, { tableScales: new Map([['public.customer', 2]]) });
    const factors = Object.entries(more).map(([name, list]) => [
      name,
      Math.round((100 * list.length) / rows[name].length) / 100,
    ]);
    expect(Object.fromEntries(factors)).toEqual({
      region: 1,
      product: 1,
      customer: 2,
      address: 2,
      purchase: 2,
      line: 2,
      payment: 2,
      wish: 2,
      post: 2,
    });
    expect(violations(model.catalog, more)).toEqual({ orphans: 0, duplicates: 0 });
    for (const [rule, broken] of Object.entries(RULES)) expect([rule, broken(more)]).toEqual([rule, 0]);
  });

  it('keep copied rows to the letter', () => {
    expect(rows.region).toEqual(source.region);
  });

  it('hold each reference’s number of children as it was drawn with the parent', () => {
    const degrees = (world: MadeRows, table: string, key: string, parents: string): number[] => {
      const counts = new Map(world[parents].map((row) => [row.id, 0]));
      for (const row of world[table]) counts.set(row[key], counts.get(row[key])! + 1);
      return [...counts.values()].sort((a, b) => b - a);
    };
    const share = (list: readonly number[], part: number): number =>
      list.slice(0, Math.round(list.length * part)).reduce((sum, n) => sum + n, 0) /
      list.reduce((sum, n) => sum + n, 0);
    // The best-selling tenth of products, eight of the ten that sell so well. A draw of 80 products has 10 ± 3 of
    // them, which moves the share of the first eight by a fifth of itself.
    const [real, synthetic] = [source, rows].map((world) =>
      share(degrees(world, 'line', 'product_id', 'product'), 0.1),
    );
    expect(Math.abs(synthetic / real - 1)).toBeLessThan(0.25);
    // If every product were as likely as the next, a tenth of them would have little more than a tenth of the lines.
    expect(real).toBeGreaterThan(0.3);
    const histogram = (list: readonly number[]): number[] =>
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => list.filter((d) => d === n).length / list.length);
    for (const [table, key, parents] of [
      ['purchase', 'customer_id', 'customer'],
      ['address', 'customer_id', 'customer'],
      ['line', 'purchase_id', 'purchase'],
    ] as const) {
      const [a, b] = [source, rows].map((world) => histogram(degrees(world, table, key, parents)));
      const distance = a.reduce((sum, share, n) => sum + Math.abs(share - b[n]), 0) / 2;
      // 600 draws from about 8 values differ from their distribution by √(8 / (2π · 600)) ≈ 0.05 on average; two samples do.
      expect(distance).toBeLessThan(0.12);
    }
  });
});

describe('hidden rules', () => {
  it.each(Object.keys(RULES))('hold in the source: %s', (rule) => {
    expect(RULES[rule](source)).toBe(0);
  });

  it.each(Object.keys(RULES))('hold in what is made, at any scale: %s', (rule) => {
    for (const [scale, world] of worlds) expect([scale, RULES[rule](world)]).toEqual([scale, 0]);
  });

  it('are broken where the rows of a table exchange their values: the control', () => {
    const dice = new RandomCursor(streamKey(0, 'exchange')).seek(0);
    const exchanged = Object.fromEntries(
      Object.entries(rows).map(([name, list]) => {
        const columns = Object.keys(list[0]).filter((column) => column !== 'id');
        const values = new Map(
          columns.map((column) => [
            column,
            shuffled(
              list.map((row) => row[column]),
              dice,
            ),
          ]),
        );
        return [
          name,
          list.map((row, i) => ({ ...row, ...Object.fromEntries(columns.map((c) => [c, values.get(c)![i]])) })),
        ];
      }),
    );
    const unbroken = Object.keys(RULES).filter((rule) => RULES[rule](exchanged) === 0);
    expect(unbroken).toEqual([]);
  });
});

function shuffled<T>(list: readonly T[], dice: RandomCursor): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const other = dice.nextInteger(i + 1);
    [out[i], out[other]] = [out[other], out[i]];
  }
  return out;
}

describe('dependence', () => {
  type Pairs = readonly (readonly [unknown, unknown])[];
  /** Nats. */
  const information = (pairs: Pairs): number => {
    const count = (keys: readonly unknown[]): Map<unknown, number> => {
      const counts = new Map<unknown, number>();
      for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
      return counts;
    };
    const [as, bs, both] = [
      count(pairs.map(([a]) => a)),
      count(pairs.map(([, b]) => b)),
      count(pairs.map((pair) => JSON.stringify(pair))),
    ];
    let sum = 0;
    for (const [key, n] of both) {
      const [a, b] = JSON.parse(key as string) as [unknown, unknown];
      sum += (n / pairs.length) * Math.log((n * pairs.length) / (as.get(a)! * bs.get(b)!));
    }
    return sum;
  };
  const PAIRS: Readonly<Record<string, (world: MadeRows) => Pairs>> = {
    'between a reference and a column': ({ customer }) => customer.map((row) => [row.region_id, row.tier]),
    'between a parent’s reference and its children': ({ customer, address }) => {
      const regions = new Map(customer.map((row) => [row.id, row.region_id]));
      return address.map((row) => [regions.get(row.customer_id), row.city]);
    },
    'between a parent and how many children it has': ({ customer, purchase }) => {
      const counts = new Map<string | null, number>();
      for (const row of purchase) counts.set(row.customer_id, (counts.get(row.customer_id) ?? 0) + 1);
      return customer.map((row) => [row.tier, Math.min(6, counts.get(row.id) ?? 0)]);
    },
  };

  /**
   * An estimate from 600 rows is off by about 0.04 nats where there are 0.7, and a model that pools leaves gives some
   * away: three quarters must be left. Where there is no dependence, 4 × 7 cells show (3 · 6) / (2 · 600) = 0.015.
   */
  const survives = (pairs: Pairs, real: number): boolean =>
    information(pairs) > 0.75 * real && information(pairs) < 1.25 * real + 0.05;

  it.each(Object.keys(PAIRS))('survives: %s', (name) => {
    const real = information(PAIRS[name](source));
    expect(real).toBeGreaterThan(0.3);
    expect([information(PAIRS[name](rows)), survives(PAIRS[name](rows), real)]).toEqual([expect.any(Number), true]);
  });

  it.each(Object.keys(PAIRS))('does not survive where columns are shuffled: %s, the control', (name) => {
    const pairs = PAIRS[name](rows);
    const others = shuffled(
      pairs.map(([, b]) => b),
      new RandomCursor(streamKey(0, name)).seek(0),
    );
    expect(
      survives(
        pairs.map(([a], i) => [a, others[i]]),
        information(PAIRS[name](source)),
      ),
    ).toBe(false);
  });
});
