/** What the shop's application keeps true. Each gives the number of rows that break it; none of the source's does. */
import type { MadeRows } from '../../../support/sketch-database.ts';

type Row = MadeRows[string][number];

const cents = (value: string | null): number => Math.round(Number(value) * 100);
const time = (value: string | null): number => Date.parse(`${value!.replace(' ', 'T')}Z`);
const count = (rows: readonly Row[], isBroken: (row: Row) => boolean): number => rows.filter(isBroken).length;
const byId = (rows: readonly Row[]): ReadonlyMap<string | null, Row> => new Map(rows.map((row) => [row.id, row]));

function sums(rows: readonly Row[], key: string, of: (row: Row) => number): (id: string | null) => number {
  const totals = new Map<string | null, number>();
  for (const row of rows) totals.set(row[key], (totals.get(row[key]) ?? 0) + of(row));
  return (id) => totals.get(id) ?? 0;
}

export const RULES: Readonly<Record<string, (rows: MadeRows) => number>> = {
  'a sum over children': ({ purchase, line }) => {
    const amounts = sums(line, 'purchase_id', (row) => cents(row.amount));
    return count(purchase, (row) => cents(row.total) !== amounts(row.id));
  },
  'a sum over children, of what is computed from a sum over theirs': ({ customer, purchase }) => {
    const spent = sums(purchase, 'customer_id', (row) => cents(row.gross));
    return count(customer, (row) => cents(row.spent) !== spent(row.id));
  },
  'a count of children': ({ customer, purchase }) => {
    const counts = sums(purchase, 'customer_id', () => 1);
    return count(customer, (row) => Number(row.purchase_count) !== counts(row.id));
  },
  'a count of rows of the same table': ({ post }) => {
    const replies = sums(post, 'parent_id', () => 1);
    return count(post, (row) => Number(row.reply_count) !== replies(row.id));
  },
  'a sum of columns, one of which is a sum over children': ({ purchase }) =>
    count(purchase, (row) => cents(row.gross) !== cents(row.total) + cents(row.shipping)),
  'a product of columns, one of which is copied': ({ line }) =>
    count(line, (row) => cents(row.amount) !== cents(row.unit_price) * Number(row.quantity)),
  'a copy of the parent': ({ purchase, customer }) => {
    const customers = byId(customer);
    return count(purchase, (row) => row.currency !== customers.get(row.customer_id)!.currency);
  },
  'a copy of a row that is no context': ({ line, product }) => {
    const products = byId(product);
    return count(line, (row) => cents(row.unit_price) !== cents(products.get(row.product_id)!.price));
  },
  'a copy of the parent’s parent': ({ line, purchase, customer }) => {
    const [purchases, customers] = [byId(purchase), byId(customer)];
    return count(line, (row) => row.tier !== customers.get(purchases.get(row.purchase_id)!.customer_id)!.tier);
  },
  'two paths that agree': ({ payment, purchase }) => {
    const purchases = byId(purchase);
    return count(payment, (row) => row.customer_id !== purchases.get(row.purchase_id)!.customer_id);
  },
  'a reference to a row of one’s own': ({ customer, address }) => {
    const addresses = byId(address);
    return count(
      customer,
      (row) => row.default_address_id !== null && addresses.get(row.default_address_id)!.customer_id !== row.id,
    );
  },
  'an order within the row': ({ purchase }) =>
    count(purchase, (row) => row.shipped !== null && time(row.shipped) <= time(row.placed)),
  'an order between child and parent': ({ purchase, customer, payment }) => {
    const [customers, purchases] = [byId(customer), byId(purchase)];
    return (
      count(purchase, (row) => time(row.placed) <= time(customers.get(row.customer_id)!.joined)) +
      count(payment, (row) => time(row.paid) <= time(purchases.get(row.purchase_id)!.placed))
    );
  },
  'whether a value is there by another one': ({ purchase }) =>
    count(purchase, (row) => (row.shipped === null) !== (row.status === 'open' || row.status === 'paid')),
  'numbers without a gap': ({ line }) => {
    const counts = sums(line, 'purchase_id', () => 1);
    const numbers = sums(line, 'purchase_id', (row) => Number(row.nr));
    return count(line, ({ purchase_id: id }) => numbers(id) !== (counts(id) * (counts(id) + 1)) / 2);
  },
  'no cycle in a forest': ({ post }) => {
    const parents = new Map(post.map((row) => [row.id, row.parent_id]));
    return count(post, (row) => {
      let at: string | null | undefined = row.id;
      for (let steps = 0; at != null && steps <= post.length; steps++) at = parents.get(at);
      return at != null;
    });
  },
};
