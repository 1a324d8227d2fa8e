/** A rule that the shop's application keeps although the schema does not say so. */
export interface PlantedRule {
  readonly name: string;
  /** Counts the violations: 0 where the rule holds. */
  readonly sql: string;
  /** Counts the cases that the rule is about. */
  readonly supportSql: string;
}

function rule(name: string, cases: string, violation: string, condition = 'true'): PlantedRule {
  const from = `FROM ${cases} WHERE ${condition}`;
  return {
    name,
    sql: `SELECT count(*)::int AS count ${from} AND (${violation})`,
    supportSql: `SELECT count(*)::int AS count ${from}`,
  };
}

/** What a good synthetic shop keeps too; a test runs each against the sample, and against shuffled columns to see it caught. */
export const PLANTED_RULES: readonly PlantedRule[] = [
  rule('an order’s total adds up', 'orders', 'total <> subtotal - discount + shipping_fee + tax'),
  rule('a line’s amount is quantity times unit price', 'order_line', 'amount <> quantity * unit_price'),
  rule(
    'an order’s subtotal is the sum of its lines',
    '(SELECT o.subtotal, sum(l.amount) AS lines FROM orders o LEFT JOIN order_line l ON l.order_id = o.id GROUP BY o.id, 1) s',
    'lines IS DISTINCT FROM subtotal',
  ),
  rule(
    'an order counts its items',
    '(SELECT o.item_count, sum(l.quantity) AS items FROM orders o LEFT JOIN order_line l ON l.order_id = o.id GROUP BY o.id, 1) s',
    'items IS DISTINCT FROM item_count',
  ),
  rule(
    'lines are numbered from 1 without a gap',
    '(SELECT max(line_no) AS last, count(*) AS lines FROM order_line GROUP BY order_id) s',
    'last <> lines',
  ),
  rule(
    'an order’s currency is that of the country it goes to',
    'orders o JOIN address a ON a.id = o.shipping_address_id JOIN country c ON c.code = a.country_code',
    'o.currency <> c.currency',
  ),
  rule(
    'tax follows the rate of the country it goes to',
    'orders o JOIN address a ON a.id = o.shipping_address_id JOIN country c ON c.code = a.country_code',
    'o.tax <> round((o.subtotal - o.discount) * c.vat_rate, 2)',
  ),
  rule(
    'an order goes to an address of the customer who placed it',
    'orders o JOIN address a ON a.id = o.shipping_address_id',
    'a.customer_id <> o.customer_id',
  ),
  rule(
    'a default address is the customer’s own',
    'customer c JOIN address a ON a.id = c.default_address_id',
    'a.customer_id <> c.id',
  ),
  rule(
    'an order is placed after its customer came',
    'orders o JOIN customer c ON c.id = o.customer_id',
    'o.placed_at < c.created_at',
  ),
  rule(
    'placing, paying, shipping and delivering come in this order',
    'orders',
    'paid_at < placed_at OR shipped_at < paid_at OR delivered_at < shipped_at OR cancelled_at < placed_at',
  ),
  rule(
    'an order’s status tells which of its times are known',
    'orders',
    `(status = 'delivered') <> (delivered_at IS NOT NULL) OR (status = 'cancelled') <> (cancelled_at IS NOT NULL)
     OR (status IN ('shipped', 'delivered')) <> (shipped_at IS NOT NULL)
     OR (status IN ('paid', 'shipped', 'delivered') AND paid_at IS NULL) OR (status = 'placed' AND paid_at IS NOT NULL)`,
  ),
  rule('shipping is free from 80.00 on', 'orders', 'shipping_fee <> 0', 'subtotal - discount >= 80'),
  rule(
    'captured payments of a paid order add up to its total',
    `(SELECT o.total, sum(p.amount) AS paid FROM orders o LEFT JOIN payment p ON p.order_id = o.id AND p.is_captured
      WHERE o.paid_at IS NOT NULL GROUP BY o.id, 1) s`,
    'paid IS DISTINCT FROM total',
  ),
  rule(
    'a shipment tells its order’s times',
    'shipment s JOIN orders o ON o.id = s.order_id',
    's.shipped_at <> o.shipped_at OR s.delivered_at IS DISTINCT FROM o.delivered_at',
  ),
  rule(
    'a carrier serves the country it delivers to',
    'shipment s JOIN orders o ON o.id = s.order_id JOIN address a ON a.id = o.shipping_address_id',
    'NOT EXISTS (SELECT FROM carrier_country r WHERE r.carrier_id = s.carrier_id AND r.country_code = a.country_code)',
  ),
  rule(
    'a coupon is used within its days and above its minimum',
    'orders o JOIN coupon c ON c.id = o.coupon_id',
    `(o.placed_at AT TIME ZONE 'UTC')::date NOT BETWEEN c.valid_from AND c.valid_to OR o.subtotal < c.minimum_subtotal`,
  ),
  rule('without a coupon there is no discount', 'orders', 'discount <> 0', 'coupon_id IS NULL'),
  rule(
    'a return comes within 30 days of the delivery, of no more than was bought',
    'line_return r JOIN order_line l USING (order_id, line_no) JOIN orders o ON o.id = r.order_id',
    `r.quantity > l.quantity OR o.delivered_at IS NULL OR r.requested_at NOT BETWEEN o.delivered_at AND o.delivered_at + interval '30 days'`,
  ),
  rule(
    'a refund is the unit price times what came back',
    'line_return r JOIN order_line l USING (order_id, line_no)',
    'r.refund <> r.quantity * l.unit_price',
  ),
  rule(
    'who reviews a product has received it before',
    'review r',
    `NOT EXISTS (SELECT FROM orders o JOIN order_line l ON l.order_id = o.id
      WHERE o.customer_id = r.customer_id AND l.product_id = r.product_id AND o.delivered_at < r.created_at)`,
  ),
  rule(
    'a session counts its events',
    '(SELECT s.event_count, count(e.seq) AS events FROM web.session s LEFT JOIN web.event e ON e.session_id = s.id GROUP BY s.id, 1) s',
    'events <> event_count',
  ),
  rule(
    'events happen during their session, in their order',
    `(SELECT e.occurred_at, s.started_at, s.ended_at, lag(e.occurred_at) OVER (PARTITION BY e.session_id ORDER BY e.seq) AS before
      FROM web.event e JOIN web.session s ON s.id = e.session_id) x`,
    'occurred_at NOT BETWEEN started_at AND ended_at OR occurred_at < before',
  ),
  rule(
    'product events, and only they, name a product',
    'web.event',
    `(kind IN ('product_view', 'add_to_cart')) <> (product_id IS NOT NULL)`,
  ),
  rule(
    'a manager works in the same store and was there before',
    'staff s JOIN staff m ON m.id = s.manager_id',
    'm.store_id <> s.store_id OR m.hired_on > s.hired_on',
  ),
  rule(
    'who refers a customer was there before',
    'customer c JOIN customer r ON r.id = c.referred_by',
    'r.created_at > c.created_at',
  ),
  rule(
    'a postal code tells its city',
    '(SELECT count(DISTINCT city) AS cities FROM address GROUP BY country_code, postal_code) s',
    'cities <> 1',
  ),
  rule(
    'a category lies one below its parent',
    'category c JOIN category p ON p.id = c.parent_id',
    'c.depth <> p.depth + 1',
  ),
  rule('business customers have no birth date', 'customer', 'birth_date IS NOT NULL', `segment = 'business'`),
];
