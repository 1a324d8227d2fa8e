import { Dice, ZipfSampler } from './dice.ts';
import { arrayText, DAY_MS, dateText, money, SampleTable, timestampText } from './sample-table.ts';
import type { Cell } from './sample-table.ts';
import { BRANDS, CARRIERS, COUNTRIES, LEAVES } from './shop-world.ts';
import type { Leaf } from './shop-world.ts';

/** The sample shop opened then; its data end at `SHOP_NOW`. */
export const SHOP_OPENED = Date.UTC(2021, 8, 1);
export const SHOP_NOW = Date.UTC(2026, 5, 30);

const PRODUCT_COUNT = 600;

/** What orders need to know about a product. */
export interface Product {
  readonly id: number;
  readonly leaf: Leaf;
  readonly priceCents: number;
  readonly weight: number;
  readonly createdAt: number;
  readonly endsAt: number;
  /** How good it really is: mean of its ratings around 0. */
  readonly quality: number;
}

export interface Coupon {
  readonly id: number;
  readonly percent: number;
  readonly minimumCents: number;
  readonly from: number;
  /** End of the last day. */
  readonly to: number;
}

export interface ShopCatalog {
  readonly tables: readonly SampleTable<Record<string, Cell>>[];
  readonly products: readonly Product[];
  /** Products by leaf, the most sought first. */
  readonly productsByLeaf: ReadonlyMap<Leaf, readonly Product[]>;
  readonly popularity: ReadonlyMap<Leaf, ZipfSampler>;
  readonly coupons: readonly Coupon[];
}

/** Countries, carriers, categories, products, coupons: what exists before any customer. */
export function makeCatalog(seed: number): ShopCatalog {
  const countries = new SampleTable<Record<string, Cell>>('public.country');
  for (const { code, name, currency, vatMilli, prefix } of COUNTRIES) {
    countries.add({ code, name, currency, vat_rate: (vatMilli / 1000).toFixed(3), phone_prefix: prefix });
  }
  const carriers = new SampleTable<Record<string, Cell>>('public.carrier');
  for (const [id, name, isExpress] of CARRIERS) carriers.add({ id, name, is_express: isExpress });
  const routes = new SampleTable<Record<string, Cell>>('public.carrier_country');
  for (const country of COUNTRIES) {
    for (const [carrier, days] of country.carriers) {
      routes.add({ carrier_id: carrier, country_code: country.code, transit_days: days });
    }
  }
  const { table: categories, leafIds } = makeCategories();
  const { table: productTable, products } = makeProducts(seed, leafIds);
  const { table: couponTable, coupons } = makeCoupons(seed);
  const productsByLeaf = new Map(LEAVES.map((leaf) => [leaf, products.filter((product) => product.leaf === leaf)]));
  return {
    tables: [countries, carriers, routes, categories, productTable, couponTable],
    products,
    productsByLeaf,
    popularity: new Map([...productsByLeaf].map(([leaf, list]) => [leaf, new ZipfSampler(list.length, 0.9)])),
    coupons,
  };
}

function makeCategories(): { table: SampleTable<Record<string, Cell>>; leafIds: ReadonlyMap<Leaf, number> } {
  const table = new SampleTable<Record<string, Cell>>('public.category');
  const ids = new Map<string, number>();
  const leafIds = new Map<Leaf, number>();
  for (const leaf of LEAVES) {
    leaf.path.forEach((name, level) => {
      const slug = leaf.path
        .slice(0, level + 1)
        .join('-')
        .toLowerCase();
      if (ids.has(slug)) return;
      const parentSlug = leaf.path.slice(0, level).join('-').toLowerCase();
      ids.set(slug, ids.size + 1);
      table.add({ id: ids.size, parent_id: ids.get(parentSlug) ?? null, name, slug, depth: level });
    });
    leafIds.set(leaf, ids.get(leaf.path.join('-').toLowerCase()) as number);
  }
  return { table, leafIds };
}

function makeProducts(seed: number, leafIds: ReadonlyMap<Leaf, number>) {
  const dice = new Dice(seed, 'products');
  const table = new SampleTable<Record<string, Cell>>('public.product');
  const products: Product[] = [];
  const brandOrder = new ZipfSampler(BRANDS.length, 0.6);
  for (let id = 1; id <= PRODUCT_COUNT; id++) {
    const leaf = dice.weighted(LEAVES.map((item) => [item, item.share] as const));
    const brand = brandOrder.draw(dice);
    // Dearer brands come first; prices end in .90 or .50, as shops write them.
    const raw = dice.around(leaf.price * (1.25 - brand / 50), 0.35);
    const priceCents = Math.max(
      200,
      Math.round(raw / 100) * 100 -
        dice.weighted([
          [10, 7],
          [50, 2],
          [1, 1],
        ]),
    );
    const costCents = Math.max(50, Math.round(priceCents * Math.min(0.9, Math.max(0.3, 0.58 + 0.07 * dice.normal()))));
    const createdAt =
      SHOP_OPENED +
      (dice.chance(0.4) ? 0 : Math.floor(dice.uniform() * 1500)) * DAY_MS +
      dice.between(6, 17) * 3_600_000;
    const isDiscontinued = dice.chance(0.12);
    const isDraft = !isDiscontinued && dice.chance(0.03);
    const endsAt = isDiscontinued
      ? createdAt + Math.floor((0.2 + 0.8 * dice.uniform()) * (SHOP_NOW - createdAt - DAY_MS)) + DAY_MS / 2
      : SHOP_NOW;
    const attributes = Object.fromEntries(
      Object.entries(leaf.attributes).map(([key, values]) => [key, dice.pick(values)]),
    );
    const weight = Math.max(20, Math.round(dice.around(leaf.weight, 0.3) / 10) * 10);
    const tags = ['new', 'eco', 'gift', 'sale', 'handmade'].filter((tag) =>
      dice.chance(tag === 'gift' && leaf.bestMonth === 11 ? 0.5 : 0.15),
    );
    table.add({
      id,
      sku: `${leaf.path[0].slice(0, 3).toUpperCase()}-${String(id * 37).padStart(5, '0')}`,
      name: `${BRANDS[brand]} ${dice.pick(leaf.nouns)} ${dice.between(1, 99)}`,
      category_id: leafIds.get(leaf) as number,
      brand: BRANDS[brand],
      price: money(priceCents),
      cost: money(costCents),
      weight_g: weight,
      status: isDiscontinued ? 'discontinued' : isDraft ? 'draft' : 'active',
      tags: arrayText(tags),
      attributes: JSON.stringify(attributes),
      created_at: timestampText(createdAt),
      discontinued_at: isDiscontinued ? timestampText(endsAt) : null,
    });
    const quality = 0.5 * dice.normal();
    if (!isDraft) products.push({ id, leaf, priceCents, weight, createdAt, endsAt, quality });
  }
  return { table, products };
}

function makeCoupons(seed: number) {
  const dice = new Dice(seed, 'coupons');
  const table = new SampleTable<Record<string, Cell>>('public.coupon');
  const coupons: Coupon[] = [];
  for (let id = 1, day = SHOP_OPENED; id <= 80 && day < SHOP_NOW - 40 * DAY_MS; id++) {
    const name = dice.pick(['SPRING', 'HELLO', 'THANKS', 'WINTER', 'SAVE']);
    const percent = dice.weighted([
      [5, 4],
      [10, 5],
      [15, 2],
      [20, 1],
    ]);
    const minimumCents = percent >= 15 ? 10_000 : dice.pick([0, 2_500, 5_000]);
    const days = dice.between(10, 45);
    table.add({
      id,
      code: `${name}${new Date(day).getUTCFullYear() % 100}-${id}`,
      percent,
      minimum_subtotal: money(minimumCents),
      valid_from: dateText(day),
      valid_to: dateText(day + (days - 1) * DAY_MS),
    });
    coupons.push({ id, percent, minimumCents, from: day, to: day + days * DAY_MS });
    day += dice.between(8, 35) * DAY_MS;
  }
  return { table, coupons };
}
