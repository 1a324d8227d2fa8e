import { Dice } from './dice.ts';
import { DAY_MS, dateText, SampleTable, timestampText } from './sample-table.ts';
import type { Cell } from './sample-table.ts';
import { SHOP_NOW, SHOP_OPENED } from './shop-catalog.ts';
import type { Product, ShopCatalog } from './shop-catalog.ts';
import { leafWeight, uuid } from './shop-orders.ts';
import type { Order } from './shop-orders.ts';
import type { Customer } from './shop-people.ts';
import { COUNTRIES, LEAVES, PRAISE } from './shop-world.ts';

type Device = 'desktop' | 'mobile' | 'tablet';

/** Reviews, wishes, visits to the web site, and what lies in the stores. */
export function makeVisits(
  seed: number,
  catalog: ShopCatalog,
  customers: readonly Customer[],
  orders: readonly Order[],
): readonly SampleTable<Record<string, Cell>>[] {
  return [
    makeReviews(new Dice(seed, 'reviews'), orders),
    makeWishes(new Dice(seed, 'wishes'), catalog, customers),
    ...makeSessions(new Dice(seed, 'sessions'), catalog, customers, orders),
    makeInventory(new Dice(seed, 'inventory'), catalog),
  ];
}

function makeReviews(dice: Dice, orders: readonly Order[]): SampleTable<Record<string, Cell>> {
  const table = new SampleTable<Record<string, Cell>>('public.review');
  const seen = new Set<string>();
  for (const { customer, lines, deliveredAt, lateDays } of orders) {
    for (const { product } of deliveredAt === null ? [] : lines) {
      const pair = `${customer.id} ${product.id}`;
      if (deliveredAt === null || seen.has(pair) || !dice.chance(customer.segment === 'business' ? 0.05 : 0.16))
        continue;
      const createdAt = deliveredAt + Math.floor((0.5 + dice.exponential(9)) * DAY_MS);
      if (createdAt > SHOP_NOW) continue;
      seen.add(pair);
      const rating = Math.min(
        5,
        Math.max(1, Math.round(4.2 + 1.3 * product.quality - 0.8 * Math.min(lateDays, 3) + 0.8 * dice.normal())),
      );
      const { titles, sentences } = PRAISE[rating - 1];
      const body = Array.from({ length: 1 + dice.geometric(0.4) }, () => dice.pick(sentences)).join(' ');
      table.add({
        id: table.rows.length + 1,
        customer_id: customer.id,
        product_id: product.id,
        rating,
        title: dice.pick(titles),
        body: dice.chance(0.25) ? null : body,
        helpful_count: dice.geometric(rating === 1 || rating === 5 ? 0.6 : 0.3),
        created_at: timestampText(createdAt),
      });
    }
  }
  return table;
}

function makeWishes(
  dice: Dice,
  catalog: ShopCatalog,
  customers: readonly Customer[],
): SampleTable<Record<string, Cell>> {
  const table = new SampleTable<Record<string, Cell>>('public.wishlist_item');
  for (const customer of customers) {
    if (customer.segment === 'business') continue;
    const wished = new Set<number>();
    const count = dice.geometric(customer.segment === 'vip' ? 0.75 : 0.58);
    for (let i = 0; i < count; i++) {
      const addedAt = customer.createdAt + Math.floor(dice.uniform() * (customer.endsAt - customer.createdAt));
      const product = drawProduct(dice, catalog, customer, addedAt);
      if (product === null || wished.has(product.id)) continue;
      wished.add(product.id);
      table.add({ customer_id: customer.id, product_id: product.id, added_at: timestampText(addedAt) });
    }
  }
  return table;
}

function drawProduct(dice: Dice, catalog: ShopCatalog, customer: Customer | null, at: number): Product | null {
  const month = new Date(at).getUTCMonth();
  const leaf = dice.weighted(
    LEAVES.map((item) => [item, leafWeight(item, customer?.segment ?? 'consumer', month)] as const),
  );
  const products = catalog.productsByLeaf.get(leaf) ?? [];
  const place = catalog.popularity.get(leaf)?.draw(dice) ?? 0;
  const product = products[place];
  return product !== undefined && product.createdAt <= at && at <= product.endsAt ? product : null;
}

interface Step {
  readonly kind: 'landing' | 'search' | 'product_view' | 'add_to_cart' | 'checkout';
  readonly productId: number | null;
}

function makeSessions(
  dice: Dice,
  catalog: ShopCatalog,
  customers: readonly Customer[],
  orders: readonly Order[],
): readonly SampleTable<Record<string, Cell>>[] {
  const sessions = new SampleTable<Record<string, Cell>>('web.session');
  const events = new SampleTable<Record<string, Cell>>('web.event');
  const add = (customer: Customer | null, steps: readonly Step[], endsAt: number, device: Device): void => {
    const id = uuid(dice);
    const pauses = steps.map(() => Math.ceil(dice.exponential(device === 'mobile' ? 25_000 : 55_000)) + 500);
    const startedAt = endsAt - pauses.slice(1).reduce((total, pause) => total + pause, 0);
    let at = startedAt;
    steps.forEach(({ kind, productId }, i) => {
      if (i > 0) at += pauses[i];
      events.add({ session_id: id, seq: i + 1, kind, product_id: productId, occurred_at: timestampText(at) });
    });
    const campaign = dice.chance(device === 'mobile' ? 0.35 : 0.15)
      ? JSON.stringify({ source: dice.pick(['newsletter', 'search', 'social']), medium: dice.pick(['cpc', 'email']) })
      : null;
    sessions.add({
      id,
      customer_id: customer?.id ?? null,
      device,
      ip: `203.0.${dice.between(0, 255)}.${dice.between(1, 254)}`,
      landing_path:
        campaign === null
          ? dice.weighted([
              ['/', 6],
              ['/search', 2],
              ['/sale', 1],
            ])
          : dice.weighted([
              ['/sale', 5],
              ['/new', 4],
              ['/', 1],
            ]),
      campaign,
      event_count: steps.length,
      started_at: timestampText(startedAt),
      ended_at: timestampText(endsAt + dice.between(0, 60_000)),
    });
  };
  for (const order of orders) {
    if (!order.isOnline || !dice.chance(0.35)) continue;
    const steps: Step[] = [{ kind: 'landing', productId: null }];
    for (const { product } of order.lines) {
      if (dice.chance(0.3)) steps.push({ kind: 'search', productId: null });
      steps.push({ kind: 'product_view', productId: product.id }, { kind: 'add_to_cart', productId: product.id });
    }
    add(
      order.customer,
      [...steps, { kind: 'checkout', productId: null }],
      order.placedAt,
      drawDevice(dice, order.customer),
    );
  }
  for (let i = 0; i < customers.length * 1.6; i++) {
    const customer = dice.chance(0.35) ? dice.pick(customers) : null;
    const from = customer?.createdAt ?? SHOP_OPENED;
    const endsAt = from + Math.floor(dice.uniform() * ((customer?.endsAt ?? SHOP_NOW) - from - 120_000)) + 60_000;
    const steps: Step[] = [{ kind: 'landing', productId: null }];
    for (let more = dice.geometric(0.6); more > 0; more--) {
      const product = drawProduct(dice, catalog, customer, endsAt);
      if (product === null || dice.chance(0.25)) steps.push({ kind: 'search', productId: null });
      else steps.push({ kind: 'product_view', productId: product.id });
    }
    add(customer, steps, endsAt, drawDevice(dice, customer));
  }
  return [sessions, events];
}

function drawDevice(dice: Dice, customer: Customer | null): Device {
  if (customer?.segment === 'business')
    return dice.weighted([
      ['desktop', 88],
      ['mobile', 9],
      ['tablet', 3],
    ]);
  return dice.weighted([
    ['mobile', 58],
    ['desktop', 32],
    ['tablet', 10],
  ]);
}

function makeInventory(dice: Dice, catalog: ShopCatalog): SampleTable<Record<string, Cell>> {
  const table = new SampleTable<Record<string, Cell>>('public.inventory');
  COUNTRIES.forEach((_, store) => {
    for (const product of catalog.products) {
      if (product.endsAt < SHOP_NOW || !dice.chance(product.priceCents > 15_000 ? 0.2 : 0.45)) continue;
      const onHand = dice.chance(0.06) ? 0 : Math.round(dice.around(product.priceCents > 15_000 ? 4 : 25, 0.7));
      table.add({
        store_id: store + 1,
        product_id: product.id,
        on_hand: onHand,
        reserved: Math.min(onHand, dice.geometric(0.4)),
        counted_on: dateText(SHOP_NOW - dice.between(0, 90) * DAY_MS),
      });
    }
  });
  return table;
}
