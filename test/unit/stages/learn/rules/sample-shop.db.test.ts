import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadSample } from '../../../../../connectors/embedded/load-sample.ts';
import type { Catalog } from '../../../../../connectors/connector.ts';
import { openSource } from '../../../../../connectors/open.ts';
import { makeSampleShop } from '../../../../../src/pipeline/demo/sample-shop.ts';
import type { MinedRule } from '../../../../../src/model/rules.ts';
import type { RelationGraph } from '../../../../../src/stages/graph/artifact.ts';
import { buildGraph } from '../../../../../src/stages/graph/index.ts';
import { countBreaches } from '../../../../../src/stages/learn/rules/check.ts';
import { describeRule } from '../../../../../src/stages/learn/rules/describe.ts';
import { mineRules } from '../../../../../src/stages/learn/rules/index.ts';
import type { RelationalSample } from '../../../../../src/stages/profile/artifact.ts';
import { DEFAULT_LIMITS, profile } from '../../../../../src/stages/profile/index.ts';
import { startTestServer } from '../../../../support/postgres.ts';
import type { TestServer } from '../../../../support/postgres.ts';

const DATABASE = 'rules_of_the_shop';

let server: TestServer;
let rules: readonly MinedRule[];
let found: { readonly catalog: Catalog; readonly graph: RelationGraph; readonly sample: RelationalSample };
let sayings: readonly string[];

beforeAll(async () => {
  server = await startTestServer();
  await administer(`DROP DATABASE IF EXISTS ${DATABASE}`, `CREATE DATABASE ${DATABASE}`);
  await loadSample(server.url(DATABASE), await makeSampleShop());
  rules = await minedRules();
  sayings = rules.map(describeRule);
});

afterAll(async () => {
  await administer(`DROP DATABASE IF EXISTS ${DATABASE}`);
  await server?.close();
});

async function administer(...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

async function minedRules(): Promise<readonly MinedRule[]> {
  const limits = { maxConnections: 2, maxSnapshotMinutes: 5, statementTimeoutMs: 60_000 };
  const source = await openSource(server.url(DATABASE), limits);
  try {
    const catalog = await source.readCatalog();
    const graph = buildGraph(catalog, { subjects: ['public.customer'], proposedSubjects: [] });
    const snapshot = await source.openSnapshot();
    const sample = await profile(snapshot, catalog, graph, DEFAULT_LIMITS, () => {});
    await snapshot.close();
    found = { catalog, graph, sample };
    return mineRules(catalog, graph, sample);
  } finally {
    await source.close();
  }
}

// By the names of `PLANTED_RULES`. Left out are those that no kind of rule can say (a threshold, a sum over some of
// the children, what must exist) and those that the sample is too small to prove, or that chance would hold, too.
test.each([
  ['an order’s total adds up', 'orders: total = subtotal − discount + shipping_fee + tax'],
  ['a line’s amount is quantity times unit price', 'order_line: amount = quantity · unit_price'],
  [
    'an order’s subtotal is the sum of its lines',
    'orders: subtotal = sum of amount of order_line by order_line_order_id_fkey',
  ],
  ['an order counts its items', 'orders: item_count = sum of quantity of order_line by order_line_order_id_fkey'],
  ['lines are numbered from 1', 'order_line: line_no counts the rows of order_line_order_id_fkey from 1'],
  [
    'an order’s currency is that of the country it goes to',
    'orders: currency = currency behind orders_shipping_address_id_fkey → address_country_code_fkey',
  ],
  [
    'tax follows the rate of the country it goes to',
    'orders: tax = (subtotal − discount) · vat_rate behind orders_shipping_address_id_fkey → address_country_code_fkey',
  ],
  [
    'an order goes to an address of the customer who placed it',
    'orders: orders_customer_id_fkey leads where orders_shipping_address_id_fkey → address_customer_id_fkey leads',
  ],
  [
    'a default address is the customer’s own',
    'customer: what customer_default_address_id_fkey leads to belongs to the row itself (address_customer_id_fkey)',
  ],
  ['an order is placed after its customer came', 'orders: created_at behind orders_customer_id_fkey < placed_at'],
  ['paying comes after placing', 'orders: placed_at < paid_at'],
  ['shipping comes after paying', 'orders: paid_at < shipped_at'],
  ['delivering comes after shipping', 'orders: shipped_at < delivered_at'],
  ['cancelling comes after placing', 'orders: placed_at < cancelled_at'],
  ['a shipment tells when it was sent', 'shipment: shipped_at = shipped_at behind shipment_order_id_fkey'],
  ['a shipment tells when it arrived', 'shipment: delivered_at = delivered_at behind shipment_order_id_fkey'],
  ['a coupon is not used before its days', 'orders: valid_from behind orders_coupon_id_fkey ≤ placed_at'],
  ['a coupon is not used after its days', 'orders: placed_at ≤ valid_to behind orders_coupon_id_fkey'],
  ['without a coupon there is no discount', 'orders: discount is "0.00" where coupon_id is NULL'],
  ['no more comes back than was bought', 'line_return: quantity ≤ quantity behind line_return_order_id_line_no_fkey'],
  [
    'a refund is the unit price times what came back',
    'line_return: refund = quantity · unit_price behind line_return_order_id_line_no_fkey',
  ],
  ['a session counts its events', 'web.session: event_count = count of rows of web.event by event_session_id_fkey'],
  [
    'events happen in their order',
    'web.event: occurred_at does not decrease with seq among the rows of event_session_id_fkey',
  ],
  [
    'a session starts with its first event',
    'web.session: started_at = min of occurred_at of web.event by event_session_id_fkey',
  ],
  ['events happen before their session ends', 'web.event: occurred_at < ended_at behind event_session_id_fkey'],
  ['shipping is free from 80 on', 'orders: shipping_fee is "0.00" where subtotal − discount ≥ 80'],
  [
    'captured payments of a paid order add up to its total',
    'orders: total = sum of amount of payment by payment_order_id_fkey where is_captured is "t", none where paid_at is NULL',
  ],
  [
    'a carrier serves the country it delivers to',
    'shipment: country_code behind shipment_order_id_fkey → orders_shipping_address_id_fkey and carrier_id are country_code and carrier_id of some row of carrier_country',
  ],
  [
    'who reviews a product has received it before',
    'review: customer_id and product_id are customer_id behind order_line_order_id_fkey and product_id of some row of order_line, whose delivered_at behind order_line_order_id_fkey < created_at',
  ],
  [
    'only what was delivered comes back',
    'line_return: delivered_at behind line_return_order_id_line_no_fkey → order_line_order_id_fkey is never NULL',
  ],
  ['a coupon asks for a least subtotal', 'orders: minimum_subtotal behind orders_coupon_id_fkey < subtotal'],
  [
    'a manager works in the same store',
    'staff: staff_store_id_fkey leads where staff_manager_id_fkey → staff_store_id_fkey leads',
  ],
  ['a manager was there before', 'staff: hired_on behind staff_manager_id_fkey < hired_on'],
  ['who refers a customer was there before', 'customer: created_at behind customer_referred_by_fkey < created_at'],
  ['business customers have no birth date', 'customer: birth_date is NULL where segment is "business"'],
])('of the planted rules, %s', (_, saying) => {
  // How far apart they may be at most is another question.
  expect(sayings.map((one) => one.replace(/, within .*$/, ''))).toContain(saying);
});

test('what comes back comes within 30 days', () => {
  expect(sayings).toContain(
    'line_return: delivered_at behind line_return_order_id_line_no_fkey → order_line_order_id_fkey < requested_at, within 30 days',
  );
});

test.each([
  ['orders', 'delivered_at', 'status', ['cancelled', 'paid', 'shipped'], ['delivered']],
  ['orders', 'shipped_at', 'status', ['cancelled', 'paid'], ['delivered', 'shipped']],
  ['orders', 'paid_at', 'status', [], ['delivered', 'paid', 'shipped']],
  ['orders', 'cancelled_at', 'status', ['delivered', 'paid', 'shipped'], ['cancelled']],
])('of %s, whether %s is known follows from the %s', (table, column, given, nullFor, presentFor) => {
  const rule = rules.find(
    (one) =>
      one.kind === 'null-given' && one.table === `public.${table}` && one.column === column && one.given === given,
  );
  const sorted = (values: readonly (string | null)[]): unknown => [...values].sort();
  expect(rule?.kind === 'null-given' && [sorted(rule.nullFor), sorted(rule.presentFor)]).toEqual([nullFor, presentFor]);
});

test('product events, and only they, name a product', () => {
  const rule = rules.find((one) => one.kind === 'null-given' && one.table === 'web.event');
  expect(rule).toMatchObject({ column: 'product_id', given: 'kind' });
  expect(rule?.kind === 'null-given' && [...rule.presentFor].sort()).toEqual(['add_to_cart', 'product_view']);
});

test('the rows that the rules were found in keep them, each of them; rows whose columns are bent do not', () => {
  const counts = countBreaches(rules, found.catalog, found.graph, found.sample);
  expect(counts.filter(({ caseCount, breachCount }) => caseCount === 0 || breachCount > 0)).toEqual([]);
  const bent = new Map(
    [...found.sample.tables].map(([id, table]) => {
      // Each column and each key by a step of its own.
      const turned = [...table.columns].map(([name, values], i) => {
        const by = (7 * i + 1) % values.length;
        return [name, [...values.slice(by), ...values.slice(0, by)]] as const;
      });
      const parents = [...table.parents].map(([name, links], i) => {
        const by = (11 * i + 5) % links.length;
        return [name, Int32Array.from(links, (_, row) => links[(row + by) % links.length])] as const;
      });
      return [id, { ...table, columns: new Map(turned), parents: new Map(parents) }];
    }),
  );
  const broken = countBreaches(rules, found.catalog, found.graph, { ...found.sample, tables: bent });
  const kept = broken.filter(({ breachCount }) => breachCount === 0);
  expect(kept.map(({ rule }) => describeRule(rule))).toEqual([]);
});

test('every rule has what it takes to be one', () => {
  expect(rules.length).toBeLessThan(100);
  for (const { support } of rules) {
    expect(support.caseCount).toBeGreaterThanOrEqual(50);
    expect(support.unitCount).toBeGreaterThanOrEqual(20);
  }
});
