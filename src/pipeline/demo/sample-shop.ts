import type { SampleTable, Cell } from './sample-table.ts';
import { makeCatalog } from './shop-catalog.ts';
import { makeOrders } from './shop-orders.ts';
import { loadFakers, makePeople } from './shop-people.ts';
import { SHOP_CONSTRAINTS, SHOP_TABLES } from './shop-schema.ts';
import { makeVisits } from './shop-visits.ts';

export interface SampleShopOptions {
  readonly seed?: number;
  readonly customerCount?: number;
}

/** A whole sample database: statements, rows, statements. */
export interface SampleShop {
  /** Bare tables. */
  readonly before: readonly string[];
  readonly tables: readonly SampleTable<Record<string, Cell>>[];
  /** Foreign keys, indexes, views, sequence positions. */
  readonly after: readonly string[];
  readonly rowCount: number;
}

/**
 * Makes the demo's "production": a web shop with invented customers, in which segment, country, season, category and
 * delivery leave their marks, and the hidden rules of `PLANTED_RULES` hold. Equal options make equal rows.
 */
export async function makeSampleShop({ seed = 0, customerCount = 2000 }: SampleShopOptions = {}): Promise<SampleShop> {
  const catalog = makeCatalog(seed);
  const people = makePeople(seed, customerCount, await loadFakers(seed));
  const sales = makeOrders(seed, catalog, people.customers);
  const visits = makeVisits(seed, catalog, people.customers, sales.orders);
  const tables = [...catalog.tables, ...people.tables, ...sales.tables, ...visits];
  const rowCount = tables.reduce((count, table) => count + table.rows.length, 0);
  return { before: SHOP_TABLES, tables, after: SHOP_CONSTRAINTS, rowCount };
}
