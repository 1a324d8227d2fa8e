import { describe, expect, it } from 'vitest';
import { tableId, type RowQuery } from '../../../../connectors/connector.ts';
import { planSampling, type SamplingPlan } from '../../../../src/stages/profile/sampling.ts';
import { catalogOf, graphOf, type SketchDatabase } from '../../../support/sketch-database.ts';

const counts = {
  country: 200,
  address: 400_000,
  customer: 400_000,
  purchase: 2_000_000,
  line: 8_000_000,
  log: 500_000,
};

const shop: SketchDatabase = {
  sketch: {
    country: { columns: 'id name:text', primaryKey: ['id'], rows: counts.country },
    address: {
      columns: 'id country_id',
      primaryKey: ['id'],
      keys: [{ columns: 'country_id', to: 'country' }],
      rows: counts.address,
    },
    customer: {
      columns: 'id address_id',
      primaryKey: ['id'],
      keys: [{ columns: 'address_id', to: 'address', name: 'lives' }],
      rows: counts.customer,
    },
    purchase: {
      columns: 'id customer_id?',
      primaryKey: ['id'],
      keys: [{ columns: 'customer_id', to: 'customer', name: 'bought_by' }],
      rows: counts.purchase,
    },
    line: {
      columns: 'purchase_id nr',
      primaryKey: ['purchase_id', 'nr'],
      keys: [{ columns: 'purchase_id', to: 'purchase', name: 'of', onDelete: 'cascade' }],
      rows: counts.line,
    },
    log: { columns: 'at:timestamp text:text', rows: counts.log },
  },
  rows: {},
  subjects: ['customer'],
};

function plan(limits: { maxRows: number; maxBytes: number }): SamplingPlan {
  const catalog = catalogOf(shop);
  const facts = new Map(catalog.tables.map((table) => [tableId(table.name), table]));
  const byId = new Map(Object.entries(counts).map(([name, count]) => [`public.${name}`, count]));
  return planSampling(facts, graphOf(shop, catalog), byId, limits);
}

/** Which rows a query keeps: `purchase.customer_id in customer.id by hash(id) < 0.05`. */
function said({ table, semiJoin, hashSample }: RowQuery): string {
  const parts = [
    ...(semiJoin === undefined ? [] : [`${semiJoin.columns} in ${semiJoin.otherColumns} of (${said(semiJoin.other)})`]),
    ...(hashSample === undefined ? [] : [`hash ${hashSample.columns} < ${hashSample.rate}`]),
  ];
  return [table.name, ...parts].join(' where ');
}

describe('what is read of each table', () => {
  it('is everything where that is little', () => {
    const { queries, subjectRate } = plan({ maxRows: 1e9, maxBytes: 1e12 });
    expect(subjectRate).toBe(1);
    for (const [id, { main, unreferenced }] of queries)
      expect([id, said(main), unreferenced]).toEqual([id, id.slice(7), null]);
  });

  it('is whole subjects at one rate, found along the keys from the inside out', () => {
    const { queries, subjectRate } = plan({ maxRows: 100_000, maxBytes: 1e12 });
    // The largest table of the subjects decides: 100,000 of 8,000,000 lines.
    expect(subjectRate).toBe(0.0125);
    const main = (name: string): string => said(queries.get(`public.${name}`)!.main);
    const subjects = 'customer where hash id < 0.0125';
    expect(main('customer')).toBe(subjects);
    expect(main('purchase')).toBe(`purchase where customer_id in id of (${subjects})`);
    expect(main('line')).toBe(`line where purchase_id in id of (purchase where customer_id in id of (${subjects}))`);
    expect(main('address')).toBe(`address where id in address_id of (${subjects})`);
    expect(main('country')).toBe('country');
    // A table of nobody's is thinned by its own size, and by all of its columns where it has no key.
    expect(main('log')).toBe('log where hash at,text < 0.2');
  });

  it('holds, beside a subject’s rows, those whose way to a subject begins with NULL, at the same rate', () => {
    const { queries } = plan({ maxRows: 100_000, maxBytes: 1e12 });
    const { unreferenced } = queries.get('public.purchase')!;
    expect(unreferenced!.nullColumns).toEqual(['customer_id']);
    expect(said(unreferenced!.query)).toBe('purchase where hash id < 0.0125');
    expect(queries.get('public.line')!.unreferenced).toBeNull();
  });

  it('never exceeds the bytes that are to be held, by the sizes that the server knows', () => {
    // Two columns of unknown width in each table.
    const rowBytes = 64;
    for (const maxBytes of [1e6, 1e7, 1e8]) {
      const { queries } = plan({ maxRows: 1e9, maxBytes });
      const rateOf = (query: RowQuery): number =>
        query.hashSample?.rate ?? (query.semiJoin ? rateOf(query.semiJoin.other) : 1);
      const held = Object.entries(counts).reduce(
        (sum, [name, count]) => sum + rateOf(queries.get(`public.${name}`)!.main) * count * rowBytes,
        0,
      );
      // Tables that are read whole because they are small may add a twentieth each.
      expect(held).toBeLessThan(maxBytes * 1.3);
    }
  });
});
