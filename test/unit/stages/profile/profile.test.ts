import { describe, expect, it } from 'vitest';
import { splitOf } from '../../../../src/kernel/split.ts';
import { TEXT_LIMIT } from '../../../../src/stages/profile/artifact.ts';
import { read, type SketchDatabase, type SketchRow } from '../../../support/sketch-database.ts';

const rows = (count: number, make: (id: number) => SketchRow): SketchRow[] =>
  Array.from({ length: count }, (_, i) => ({ id: i + 1, ...make(i + 1) }));

/**
 * customer ← order ← line, and what hangs on a customer from the other side: an address that the customer references,
 * a country that addresses reference, a product that nobody owns.
 */
const shop: SketchDatabase = {
  sketch: {
    country: { columns: 'id name:text', primaryKey: ['id'], rows: 3 },
    address: {
      columns: 'id street:text country_id',
      primaryKey: ['id'],
      keys: [{ columns: 'country_id', to: 'country' }],
      rows: 40,
    },
    customer: {
      columns: 'id name:text address_id?',
      primaryKey: ['id'],
      keys: [{ columns: 'address_id', to: 'address' }],
      rows: 40,
    },
    product: { columns: 'id title:text', primaryKey: ['id'], rows: 10 },
    purchase: {
      columns: 'id customer_id? note:text?',
      primaryKey: ['id'],
      keys: [{ columns: 'customer_id', to: 'customer' }],
      rows: 100,
    },
    line: {
      columns: 'purchase_id nr product_id',
      primaryKey: ['purchase_id', 'nr'],
      keys: [
        { columns: 'purchase_id', to: 'purchase', onDelete: 'cascade' },
        { columns: 'product_id', to: 'product' },
      ],
      rows: 200,
    },
  },
  rows: {
    country: rows(3, (id) => ({ name: `c${id}` })),
    address: rows(40, (id) => ({ street: `s${id}`, country_id: 1 + (id % 3) })),
    customer: rows(40, (id) => ({ name: `n${id}`, address_id: id % 8 === 0 ? null : 41 - id })),
    product: rows(10, (id) => ({ title: `t${id}` })),
    purchase: rows(100, (id) => ({ customer_id: id % 10 === 0 ? null : 1 + (id % 40), note: null })),
    line: rows(200, (id) => ({ purchase_id: 1 + (id % 100), nr: Math.ceil(id / 100), product_id: 1 + (id % 10) })).map(
      ({ purchase_id, nr, product_id }) => ({ purchase_id, nr, product_id }),
    ),
  },
  subjects: ['customer'],
};

describe('profile', () => {
  it('reads all rows of a small database, column by column, and counts them', async () => {
    const { sample } = await read(shop);
    expect([...sample.tables.keys()].sort()).toEqual(
      Object.keys(shop.sketch)
        .map((name) => `public.${name}`)
        .sort(),
    );
    for (const [name, wanted] of Object.entries(shop.rows)) {
      const table = sample.tables.get(`public.${name}`)!;
      expect([table.rowCount, table.totalRowCount]).toEqual([wanted.length, wanted.length]);
      for (const [column, values] of table.columns) {
        expect(values).toEqual(wanted.map((row) => (row[column] === null ? null : String(row[column]))));
      }
    }
    expect([sample.subjectRate, sample.subjectCount]).toEqual([1, 40]);
  });

  it('links rows by their keys: −1 for NULL, −2 for what was not read', async () => {
    const { sample } = await read({
      ...shop,
      rows: { ...shop.rows, product: shop.rows.product.slice(0, 9) }, // product 10 is missing
    });
    const purchases = sample.tables.get('public.purchase')!.parents.get('purchase_customer_id_fkey')!;
    expect([...purchases]).toEqual(
      shop.rows.purchase.map(({ customer_id: id }) => (id === null ? -1 : Number(id) - 1)),
    );
    const products = sample.tables.get('public.line')!.parents.get('line_product_id_fkey')!;
    expect([...products]).toEqual(shop.rows.line.map(({ product_id: id }) => (id === 10 ? -2 : Number(id) - 1)));
  });

  it('links composite keys whatever the order of their columns, and by no accident of joined texts', async () => {
    const { sample } = await read({
      sketch: {
        place: { columns: 'a:text b:text', primaryKey: ['a', 'b'] },
        visit: {
          columns: 'id b:text? a:text?',
          primaryKey: ['id'],
          keys: [{ columns: ['b', 'a'], to: 'place', referencedColumns: ['b', 'a'], name: 'there' }],
        },
      },
      rows: {
        place: [
          { a: '1', b: '11' },
          { a: '11', b: '1' },
          { a: '1:1', b: '' },
        ],
        visit: [
          { id: 1, a: '11', b: '1' },
          { id: 2, a: '1', b: '11' },
          { id: 3, a: '111', b: '' },
          { id: 4, a: '1', b: null },
          { id: 5, a: '1:1', b: '' },
        ],
      },
      subjects: [],
    });
    expect([...sample.tables.get('public.visit')!.parents.get('there')!]).toEqual([1, 0, -2, -1, 2]);
  });

  it('gives every row its subject, up and down the keys, and what reaches none a unit of its own', async () => {
    const { sample } = await read(shop);
    const units = (name: string): number[] => [...sample.tables.get(`public.${name}`)!.units];
    const customers = units('customer');
    expect(customers.map((unit) => sample.unitKeys[unit])).toEqual(
      shop.rows.customer.map(({ id }) => `public.customer\0${id}`),
    );
    const ofCustomer = (id: unknown): number => customers[Number(id) - 1];
    // Up: a purchase, and through it a line, is the customer's.
    const alone: number[] = [];
    const purchases = units('purchase');
    shop.rows.purchase.forEach(({ customer_id: id }, i) => {
      if (id === null) alone.push(purchases[i]);
      else expect(purchases[i]).toBe(ofCustomer(id));
    });
    expect(alone.map((unit) => sample.unitKeys[unit])).toEqual(alone.map(() => ''));
    shop.rows.line.forEach(({ purchase_id: id }, i) => {
      const owner = shop.rows.purchase[Number(id) - 1].customer_id;
      if (owner !== null) expect(units('line')[i]).toBe(ofCustomer(owner));
    });
    // Down: an address is that of the customer who references it.
    const addresses = units('address');
    shop.rows.customer.forEach(({ id, address_id: address }) => {
      if (address !== null) expect(addresses[Number(address) - 1]).toBe(ofCustomer(id));
    });
    // Nobody's: countries and products. No two rows share such a unit.
    const nobodys = [...units('country'), ...units('product'), ...alone];
    expect(new Set(nobodys).size).toBe(nobodys.length);
    expect(nobodys.every((unit) => unit >= sample.subjectCount)).toBe(true);
  });

  it('cuts subjects into parts by their key alone, unless they are too few to be tested with', async () => {
    const withCustomers = (from: number, count: number): SketchDatabase => ({
      ...shop,
      rows: { ...shop.rows, customer: rows(from + count, (id) => ({ name: `n${id}`, address_id: null })).slice(from) },
    });
    for (const database of [withCustomers(0, 150), withCustomers(40, 110)]) {
      const { unitKeys, unitSplits } = (await read(database)).sample;
      expect(unitSplits.length).toBe(unitKeys.length);
      unitKeys.forEach((key, unit) => {
        if (key !== '') expect(unitSplits[unit]).toBe(splitOf(key));
      });
    }
    const few = (await read(withCustomers(0, 99))).sample;
    expect(new Set(few.unitSplits.slice(0, few.subjectCount))).toEqual(new Set(['fit']));
  });

  it('reads the same twice', async () => {
    const [a, b] = [await read(shop), await read(shop)];
    expect(a.sample).toEqual(b.sample);
  });

  it('cuts long texts, keys of referenced rows not', async () => {
    const long = 'x'.repeat(TEXT_LIMIT + 1);
    const { sample } = await read({
      ...shop,
      rows: { ...shop.rows, purchase: [{ id: 1, customer_id: 1, note: long }], line: [] },
    });
    expect(sample.tables.get('public.purchase')!.columns.get('note')![0]!.length).toBe(TEXT_LIMIT);
  });
});
