/**
 * A small shop with one of each: a copied dictionary, a cycle of two, sums over children and over sums, counts of
 * oneself, copies along one key and along two, two paths that agree, a junction, a forest, orders up and down.
 */
import { RandomCursor, streamKey } from '../../../../src/numeric/random.ts';
import type { SketchDatabase, SketchRow } from '../../../support/sketch-database.ts';

const dice = new RandomCursor(streamKey(0, 'a shop to learn from')).seek(0);
const upTo = (count: number): number => dice.nextInteger(count);
const of = <T>(items: readonly T[]): T => items[upTo(items.length)];
const SECOND = 1000;
const text = (millis: number): string => new Date(millis).toISOString().replace('T', ' ').slice(0, 19);
const money = (cents: number): string => (cents / 100).toFixed(2);

export const CUSTOMERS = 600;
const PRODUCTS = 80;

export const REGIONS = ['north', 'south', 'east', 'west'];
/** Of each region, by index: mostly its own tier. */
export const TIERS = ['gold', 'silver', 'bronze', 'iron'];
export const CITIES = ['Northville', 'Southport', 'Eastham', 'Westbury'];

interface Customer {
  readonly id: number;
  readonly region: number;
  readonly tier: number;
  readonly currency: string;
  readonly joined: number;
}

const customers: Customer[] = Array.from({ length: CUSTOMERS }, (_, i) => {
  const region = upTo(4);
  return {
    id: i + 1,
    region,
    tier: dice.next() < 0.8 ? region : upTo(4),
    currency: of(['EUR', 'EUR', 'EUR', 'USD', 'CHF']),
    joined: Date.UTC(2020, 0, 1) + upTo(700 * 86_400) * SECOND,
  };
});

const products = Array.from({ length: PRODUCTS }, (_, i) => ({
  id: i + 1,
  cents: 199 + upTo(80) * 250,
  kind: of(['tea', 'cup', 'pot']),
}));

const address: SketchRow[] = [];
const purchase: SketchRow[] = [];
const line: SketchRow[] = [];
const payment: SketchRow[] = [];
const wish: SketchRow[] = [];
const post: SketchRow[] = [];
const customer: SketchRow[] = customers.map((all) => {
  const { id, region, tier, currency, joined } = all;
  const ownAddresses: number[] = [];
  for (let i = 0, count = 1 + upTo(3); i < count; i++) {
    // Where a customer lives shows in their addresses.
    const city = dice.next() < 0.9 ? region : upTo(4);
    address.push({ id: address.length + 1, customer_id: id, city: CITIES[city], nr: i + 1 });
    ownAddresses.push(address.length);
  }
  let spent = 0;
  // The better the tier, the more purchases.
  const purchaseCount = Math.max(0, 6 - 2 * tier + upTo(3) - 1);
  for (let i = 0, at = joined; i < purchaseCount; i++) {
    at += upTo(60 * 86_400) * SECOND + SECOND;
    spent += buy(all, at);
  }
  for (const product of sampleOf(upTo(4))) wish.push({ customer_id: id, product_id: product, rank: upTo(3) + 1 });
  return {
    id,
    region_id: region + 1,
    tier: TIERS[tier],
    currency,
    joined: text(joined),
    default_address_id: dice.next() < 0.2 ? null : of(ownAddresses),
    purchase_count: purchaseCount,
    spent: money(spent),
  };
});

/** Adds a purchase with its lines and perhaps its payment; gives its gross amount in cents. */
function buy({ id: customerId, currency, ...customer }: Customer, at: number): number {
  const tier = TIERS[customer.tier];
  const id = purchase.length + 1;
  let total = 0;
  for (let nr = 1, count = 1 + upTo(4); nr <= count; nr++) {
    // Every eighth product sells ten times as often as the others.
    const product = products[dice.next() < 10 / 17 ? 8 * upTo(PRODUCTS / 8) : upTo(PRODUCTS)];
    const quantity = 1 + upTo(5);
    const amount = quantity * product.cents;
    total += amount;
    line.push({
      purchase_id: id,
      nr,
      product_id: product.id,
      quantity,
      unit_price: money(product.cents),
      amount: money(amount),
      currency,
      tier,
    });
  }
  const shipping = of([0, 490, 990]);
  const status = of(['open', 'paid', 'shipped', 'shipped', 'returned']);
  const isSent = status === 'shipped' || status === 'returned';
  purchase.push({
    id,
    customer_id: customerId,
    placed: text(at),
    status,
    shipped: isSent ? text(at + (3600 + upTo(9 * 86_400)) * SECOND) : null,
    currency,
    total: money(total),
    shipping: money(shipping),
    gross: money(total + shipping),
  });
  if (status !== 'open') {
    payment.push({
      id: payment.length + 1,
      purchase_id: id,
      customer_id: customerId,
      paid: text(at + (60 + upTo(5 * 86_400)) * SECOND),
      method: of(['card', 'card', 'cash']),
    });
  }
  return total + shipping;
}

function sampleOf(count: number): Set<number> {
  return new Set(Array.from({ length: count }, () => 1 + upTo(PRODUCTS)));
}

for (let id = 1; id <= 900; id++) {
  const parent = id > 1 && dice.next() < 0.7 ? 1 + upTo(id - 1) : null;
  post.push({ id, customer_id: 1 + upTo(CUSTOMERS), parent_id: parent, reply_count: 0, mood: of(['up', 'down']) });
}
const replies = new Map<unknown, number>();
for (const { parent_id: parent } of post) replies.set(parent, (replies.get(parent) ?? 0) + 1);
const posts = post.map((row) => ({ ...row, reply_count: replies.get(row.id) ?? 0 }));

export const shop: SketchDatabase = {
  sketch: {
    region: { columns: 'id name:text', primaryKey: ['id'], rows: 4 },
    customer: {
      columns: 'id region_id tier:text currency:text joined:timestamp default_address_id? purchase_count spent:decimal',
      primaryKey: ['id'],
      keys: [
        { columns: 'region_id', to: 'region' },
        { columns: 'default_address_id', to: 'address' },
      ],
      rows: customer.length,
    },
    address: {
      columns: 'id customer_id city:text nr',
      primaryKey: ['id'],
      uniqueKeys: [['customer_id', 'nr']],
      keys: [{ columns: 'customer_id', to: 'customer', onDelete: 'cascade' }],
      rows: address.length,
    },
    product: { columns: 'id price:decimal kind:text', primaryKey: ['id'], rows: PRODUCTS },
    purchase: {
      columns:
        'id customer_id placed:timestamp status:text shipped:timestamp? currency:text total:decimal shipping:decimal gross:decimal',
      primaryKey: ['id'],
      keys: [{ columns: 'customer_id', to: 'customer' }],
      rows: purchase.length,
    },
    line: {
      columns: 'purchase_id nr product_id quantity unit_price:decimal amount:decimal currency:text tier:text',
      primaryKey: ['purchase_id', 'nr'],
      keys: [
        { columns: 'purchase_id', to: 'purchase', onDelete: 'cascade' },
        { columns: 'product_id', to: 'product' },
      ],
      rows: line.length,
    },
    payment: {
      columns: 'id purchase_id customer_id paid:timestamp method:text',
      primaryKey: ['id'],
      keys: [
        { columns: 'purchase_id', to: 'purchase' },
        { columns: 'customer_id', to: 'customer' },
      ],
      rows: payment.length,
    },
    wish: {
      columns: 'customer_id product_id rank',
      primaryKey: ['customer_id', 'product_id'],
      keys: [
        { columns: 'customer_id', to: 'customer', onDelete: 'cascade' },
        { columns: 'product_id', to: 'product' },
      ],
      rows: wish.length,
    },
    post: {
      columns: 'id customer_id parent_id? reply_count mood:text',
      primaryKey: ['id'],
      keys: [
        { columns: 'customer_id', to: 'customer' },
        { columns: 'parent_id', to: 'post' },
      ],
      rows: posts.length,
    },
  },
  rows: {
    region: REGIONS.map((name, i) => ({ id: i + 1, name })),
    customer,
    address,
    product: products.map(({ id, cents, kind }) => ({ id, price: money(cents), kind })),
    purchase,
    line,
    payment,
    wish,
    post: posts,
  },
  subjects: ['customer'],
};
