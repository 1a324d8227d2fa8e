import { Dice } from './dice.ts';
import { DAY_MS, HOUR_MS, money, SampleTable, timestampText } from './sample-table.ts';
import type { Cell } from './sample-table.ts';
import { SHOP_NOW } from './shop-catalog.ts';
import type { Coupon, Product, ShopCatalog } from './shop-catalog.ts';
import type { Address, Customer, Segment } from './shop-people.ts';
import { CARRIERS, COUNTRIES, LEAVES, TASTES } from './shop-world.ts';
import type { Country, Leaf } from './shop-world.ts';

export interface Line {
  readonly product: Product;
  readonly quantity: number;
  readonly unitCents: number;
}

/** What reviews and visits need to know about an order. */
export interface Order {
  readonly id: number;
  readonly customer: Customer;
  readonly lines: readonly Line[];
  readonly isOnline: boolean;
  readonly placedAt: number;
  readonly deliveredAt: number | null;
  /** How much later than promised, in days. */
  readonly lateDays: number;
}

export interface ShopOrders {
  readonly tables: readonly SampleTable<Record<string, Cell>>[];
  readonly orders: readonly Order[];
}

/** Mean number of orders a year; some customers order far more often than others of their segment. */
const YEARLY_ORDERS: Readonly<Record<Segment, number>> = { consumer: 1.3, business: 2.9, vip: 4.8 };
const MORE_LINES: Readonly<Record<Segment, number>> = { consumer: 0.45, business: 0.68, vip: 0.62 };
const FREE_SHIPPING_CENTS = 8_000;
const SHIPPING_CENTS: Readonly<Record<string, number>> = {
  DE: 490,
  US: 1290,
  GB: 690,
  FR: 590,
  NL: 390,
  SE: 5900,
  PL: 1900,
};
const WEEKDAY_WEIGHTS: Readonly<Record<Segment, readonly number[]>> = {
  consumer: [1, 0.7, 0.65, 0.65, 0.7, 0.75, 0.95],
  business: [0.05, 1, 0.95, 0.9, 0.85, 0.6, 0.05],
  vip: [0.9, 0.7, 0.7, 0.7, 0.75, 0.9, 1],
};

/** Orders with their lines, payments, shipments and returns. */
export function makeOrders(seed: number, catalog: ShopCatalog, customers: readonly Customer[]): ShopOrders {
  return new OrderBook(seed, catalog).fill(customers);
}

interface Draft {
  readonly customer: Customer;
  readonly placedAt: number;
}

class OrderBook {
  readonly #dice: Dice;
  readonly #catalog: ShopCatalog;
  readonly #orders = new SampleTable<Record<string, Cell>>('public.orders');
  readonly #lines = new SampleTable<Record<string, Cell>>('public.order_line');
  readonly #payments = new SampleTable<Record<string, Cell>>('public.payment');
  readonly #shipments = new SampleTable<Record<string, Cell>>('public.shipment');
  readonly #returns = new SampleTable<Record<string, Cell>>('public.line_return');

  constructor(seed: number, catalog: ShopCatalog) {
    this.#dice = new Dice(seed, 'orders');
    this.#catalog = catalog;
  }

  fill(customers: readonly Customer[]): ShopOrders {
    const drafts = customers.flatMap((customer) =>
      this.#orderTimes(customer).map((placedAt) => ({ customer, placedAt })),
    );
    drafts.sort((a, b) => a.placedAt - b.placedAt || a.customer.id - b.customer.id);
    const orders: Order[] = [];
    for (const draft of drafts) {
      const order = this.#addOrder(draft, orders.length + 1);
      if (order !== null) orders.push(order);
    }
    return { tables: [this.#orders, this.#lines, this.#payments, this.#shipments, this.#returns], orders };
  }

  #orderTimes({ segment, createdAt, endsAt, addresses }: Customer): number[] {
    const dice = this.#dice;
    if (addresses.length === 0) return [];
    const years = (endsAt - createdAt) / (365 * DAY_MS);
    const mean = YEARLY_ORDERS[segment] * years * dice.around(0.75, 0.8);
    const count = dice.chance(0.12) ? 0 : dice.geometric(mean / (1 + mean)) + (dice.chance(0.6) ? 1 : 0);
    return Array.from({ length: count }, () => this.#orderTime(segment, createdAt, endsAt));
  }

  /** Weekdays and Christmas by rejection; the hour by segment. */
  #orderTime(segment: Segment, from: number, to: number): number {
    const dice = this.#dice;
    for (let attempt = 0; ; attempt++) {
      const time = from + dice.uniform() * (to - from);
      const date = new Date(time);
      const month = date.getUTCMonth();
      const season = segment === 'business' ? (month === 7 ? 0.6 : 0.9) : month >= 10 ? 1 : 0.6;
      if (attempt < 50 && !dice.chance(WEEKDAY_WEIGHTS[segment][date.getUTCDay()] * season)) continue;
      const hour =
        segment === 'business' ? 8 + 9 * dice.uniform() : Math.min(23.9, Math.max(0, 17.5 + 4 * dice.normal()));
      const placedAt = Math.floor(time / DAY_MS) * DAY_MS + Math.floor(hour * HOUR_MS);
      return placedAt > from && placedAt < to ? placedAt : Math.floor(time);
    }
  }

  #addOrder({ customer, placedAt }: Draft, id: number): Order | null {
    const dice = this.#dice;
    const address = this.#addressFor(customer, placedAt);
    const lines = this.#makeLines(customer, placedAt);
    if (lines.length === 0) return null;
    const { country } = address;
    const subtotal = sum(lines.map(({ quantity, unitCents }) => quantity * unitCents));
    const coupon = this.#couponFor(customer, placedAt, subtotal);
    const discount = coupon === null ? 0 : Math.round((subtotal * coupon.percent) / 100);
    const isFree = customer.segment === 'vip' || subtotal - discount >= FREE_SHIPPING_CENTS;
    const fee = isFree ? 0 : SHIPPING_CENTS[country.code];
    const tax = Math.round(((subtotal - discount) * country.vatMilli) / 1000);
    const total = subtotal - discount + fee + tax;
    const isOnline = !dice.chance(customer.segment === 'vip' ? 0.2 : 0.1);
    const method = isOnline ? dice.weighted(country.payments) : 'card';
    const times = this.#times(placedAt, method, country, customer.segment);
    this.#orders.add({
      id,
      customer_id: customer.id,
      shipping_address_id: address.id,
      store_id: isOnline ? null : COUNTRIES.indexOf(country) + 1,
      coupon_id: coupon?.id ?? null,
      status: times.status,
      currency: country.currency,
      item_count: sum(lines.map(({ quantity }) => quantity)),
      subtotal: money(subtotal),
      discount: money(discount),
      shipping_fee: money(fee),
      tax: money(tax),
      total: money(total),
      note: this.#note(customer),
      placed_at: timestampText(placedAt),
      paid_at: optionalTime(times.paidAt),
      shipped_at: optionalTime(times.shippedAt),
      delivered_at: optionalTime(times.deliveredAt),
      cancelled_at: optionalTime(times.cancelledAt),
    });
    lines.forEach(({ product, quantity, unitCents }, i) => {
      this.#lines.add({
        order_id: id,
        line_no: i + 1,
        product_id: product.id,
        quantity,
        unit_price: money(unitCents),
        amount: money(quantity * unitCents),
      });
    });
    this.#addPayments(id, method, total, placedAt, times.paidAt, customer.segment);
    if (times.shippedAt !== null) this.#addShipment(id, lines, times.carrier, times.shippedAt, times.deliveredAt);
    if (times.deliveredAt !== null) this.#addReturns(id, lines, times.deliveredAt);
    return { id, customer, lines, isOnline, placedAt, deliveredAt: times.deliveredAt, lateDays: times.lateDays };
  }

  #addressFor(customer: Customer, placedAt: number): Address {
    const known = customer.addresses.filter((address) => address.createdAt <= placedAt);
    const { defaultAddress } = customer;
    if (defaultAddress !== null && defaultAddress.createdAt <= placedAt && this.#dice.chance(0.8))
      return defaultAddress;
    return this.#dice.pick(known);
  }

  #makeLines({ segment }: Customer, placedAt: number): Line[] {
    const dice = this.#dice;
    const month = new Date(placedAt).getUTCMonth();
    const leaves = LEAVES.map((leaf) => [leaf, leafWeight(leaf, segment, month)] as const);
    const count = Math.min(1 + dice.geometric(MORE_LINES[segment]), 12);
    const lines = new Map<number, Line>();
    let leaf = dice.weighted(leaves);
    for (let attempt = 0; lines.size < count && attempt < count * 4; attempt++) {
      // Baskets stay in one corner of the shop.
      if (lines.size > 0 && dice.chance(0.45)) leaf = dice.weighted(leaves);
      const sampler = this.#catalog.popularity.get(leaf);
      const products = this.#catalog.productsByLeaf.get(leaf);
      if (sampler === undefined || products === undefined || products.length === 0) continue;
      const product = products[sampler.draw(dice)];
      if (product.createdAt > placedAt || product.endsAt < placedAt || lines.has(product.id)) continue;
      const quantity =
        segment === 'business'
          ? businessQuantity(dice, product)
          : 1 + dice.geometric(product.priceCents < 3000 ? 0.3 : 0.08);
      const unitCents = segment === 'business' ? Math.round(product.priceCents * 0.9) : product.priceCents;
      lines.set(product.id, { product, quantity, unitCents });
    }
    return [...lines.values()];
  }

  #couponFor({ segment }: Customer, placedAt: number, subtotal: number): Coupon | null {
    if (segment === 'business' || !this.#dice.chance(0.22)) return null;
    const valid = this.#catalog.coupons.filter(
      ({ from, to, minimumCents }) => from <= placedAt && placedAt < to && minimumCents <= subtotal,
    );
    return valid.length === 0 ? null : this.#dice.pick(valid);
  }

  #times(placedAt: number, method: string, country: Country, segment: Segment) {
    const dice = this.#dice;
    const carrier = dice.weighted(country.carriers.map((route) => [route, route[2]] as const));
    const payDelay =
      method === 'bank_transfer'
        ? (1 + 2 * dice.uniform()) * DAY_MS
        : method === 'invoice'
          ? dice.exponential(2) * HOUR_MS
          : dice.exponential(2) * 60_000;
    const paid = placedAt + Math.floor(payDelay);
    if (dice.chance(method === 'bank_transfer' ? 0.09 : 0.03)) {
      const cancelledAt = placedAt + Math.floor((0.2 + dice.exponential(12)) * HOUR_MS);
      if (cancelledAt <= SHOP_NOW)
        return {
          status: 'cancelled',
          carrier: carrier[0],
          paidAt: paid < cancelledAt && method === 'card' ? paid : null,
          shippedAt: null,
          deliveredAt: null,
          cancelledAt,
          lateDays: 0,
        };
    }
    const shipped = nextWorkingHour(
      paid + Math.floor((segment === 'vip' ? 4 : 8) * HOUR_MS * (0.5 + dice.exponential(1.5))),
    );
    const lateDays = dice.chance(0.12) ? 1 + dice.geometric(0.5) : 0;
    const delivered = shipped + Math.floor((carrier[1] - 0.6 + 0.5 * dice.uniform() + lateDays) * DAY_MS);
    const known = (time: number): number | null => (time <= SHOP_NOW ? time : null);
    const [paidAt, shippedAt, deliveredAt] = [known(paid), known(shipped), known(delivered)];
    const status =
      deliveredAt !== null ? 'delivered' : shippedAt !== null ? 'shipped' : paidAt !== null ? 'paid' : 'placed';
    return { status, carrier: carrier[0], paidAt, shippedAt, deliveredAt, cancelledAt: null, lateDays };
  }

  #note({ firstName, phone }: Customer): string | null {
    const dice = this.#dice;
    if (!dice.chance(0.04)) return null;
    const notes = [
      'Please leave it with the neighbours.',
      'Please ring twice.',
      'It is a present, no invoice in the parcel please.',
      `Ask for ${firstName} at the desk.`,
    ];
    return phone !== null && dice.chance(0.2) ? `Call me before delivery: ${phone}` : dice.pick(notes);
  }

  #addPayments(
    orderId: number,
    method: string,
    total: number,
    placedAt: number,
    paidAt: number | null,
    segment: Segment,
  ): void {
    const dice = this.#dice;
    const card = method === 'card' ? String(dice.between(0, 9999)).padStart(4, '0') : null;
    const add = (isCaptured: boolean, cents: number, at: number): void => {
      this.#payments.add({
        id: uuid(dice),
        order_id: orderId,
        method,
        is_captured: isCaptured,
        amount: money(cents),
        card_last4: card,
        attempted_at: timestampText(at),
      });
    };
    const failures = dice.geometric(method === 'card' ? 0.08 : 0.02);
    const lastTry = paidAt ?? Math.min(placedAt + HOUR_MS, SHOP_NOW);
    for (let i = 0; i < failures; i++)
      add(false, total, placedAt + Math.floor(((lastTry - placedAt) * (i + 1)) / (failures + 1)));
    if (paidAt === null) return;
    const isSplit = segment === 'business' && method === 'invoice' && total > 40_000 && dice.chance(0.3);
    const first = isSplit ? Math.round(total / 2) : total;
    add(true, first, paidAt);
    if (isSplit) add(true, total - first, Math.min(paidAt + 30 * DAY_MS, SHOP_NOW));
  }

  #addShipment(
    orderId: number,
    lines: readonly Line[],
    carrierId: number,
    shippedAt: number,
    deliveredAt: number | null,
  ): void {
    const id = this.#shipments.rows.length + 1;
    const [, name] = CARRIERS[carrierId - 1];
    this.#shipments.add({
      id,
      order_id: orderId,
      carrier_id: carrierId,
      tracking_number: `${name.slice(0, 2).toUpperCase()}${String(this.#dice.between(0, 99_999)).padStart(5, '0')}${String(id).padStart(7, '0')}`,
      weight_g: sum(lines.map(({ quantity, product }) => quantity * product.weight)),
      shipped_at: timestampText(shippedAt),
      delivered_at: optionalTime(deliveredAt),
    });
  }

  #addReturns(orderId: number, lines: readonly Line[], deliveredAt: number): void {
    const dice = this.#dice;
    lines.forEach(({ product, quantity, unitCents }, i) => {
      const requestedAt = deliveredAt + Math.floor(Math.min(29.9, 0.2 + dice.exponential(6)) * DAY_MS);
      if (!dice.chance(product.leaf.returnRate * (product.quality < -0.4 ? 1.6 : 1)) || requestedAt > SHOP_NOW) return;
      const returned = dice.between(1, quantity);
      const isWorn = product.leaf.path[0] === 'Clothing';
      this.#returns.add({
        id: this.#returns.rows.length + 1,
        order_id: orderId,
        line_no: i + 1,
        quantity: returned,
        reason: dice.weighted(isWorn ? WORN_REASONS : OTHER_REASONS),
        refund: money(returned * unitCents),
        requested_at: timestampText(requestedAt),
      });
    });
  }
}

const WORN_REASONS = [
  ['too small', 4],
  ['too large', 3],
  ['not as described', 1],
  ['changed mind', 2],
] as const;
const OTHER_REASONS = [
  ['damaged', 4],
  ['not as described', 3],
  ['changed mind', 2],
] as const;

export function leafWeight(leaf: Leaf, segment: Segment, month: number): number {
  const distance = Math.cos(((month - leaf.bestMonth) * Math.PI) / 6);
  return leaf.share * TASTES[segment][leaf.path[0]] * Math.exp(leaf.seasonality * distance);
}

function businessQuantity(dice: Dice, product: Product): number {
  return product.priceCents < 4000 ? dice.pick([5, 10, 10, 20, 25, 50]) : 1 + dice.geometric(0.6);
}

/** Parcels leave from Monday to Saturday, between 7 and 19 o'clock. */
function nextWorkingHour(time: number): number {
  const hour = new Date(time).getUTCHours();
  const morning = Math.floor(time / DAY_MS) * DAY_MS + 7 * HOUR_MS + (time % HOUR_MS);
  let shifted = hour < 7 ? morning : hour >= 19 ? morning + DAY_MS : time;
  if (new Date(shifted).getUTCDay() === 0) shifted += DAY_MS;
  return shifted;
}

export function uuid(dice: Dice): string {
  const hex = Array.from({ length: 4 }, () => dice.between(0, 0xffffffff).toString(16).padStart(8, '0')).join('');
  const variant = '89ab'[parseInt(hex[16], 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function optionalTime(time: number | null): string | null {
  return time === null ? null : timestampText(time);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
