/** A small made-up production database with one of everything that a leak can be planted of. */
import pg from 'pg';

export const CUSTOMER = 'public.customer';
export const ORDER = 'public.orders';

/** Held by one customer alone, each: the third of them is a combination of values that are common by themselves. */
export const SOLE = {
  category: 'cryptozoology',
  jsonKey: 'witnessProtection',
  combination: { department: 'legal', shift: 'night', site: 'Harbour' },
  maximumSalary: '912345.67',
} as const;

/** Fills an empty database; another salt gives other people from the same distribution. */
export async function makeLeakSource(url: string, salt: number, customerCount = 1200): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sourceSql(salt, customerCount));
  } finally {
    await client.end();
  }
}

const sourceSql = (salt: number, customerCount: number): string => `
  CREATE FUNCTION dice(name text, i bigint, sides bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    'SELECT (hashint8extended(i, hashtext(name || ''${salt}'')) & 9223372036854775807) % sides';
  CREATE TABLE customer (id int PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL, email text NOT NULL UNIQUE,
    department text NOT NULL, shift text NOT NULL, site text NOT NULL, hobby text NOT NULL, grade int NOT NULL,
    salary numeric(10,2) NOT NULL, score numeric(6,3) NOT NULL, weight numeric(6,2) NOT NULL, joined timestamptz NOT NULL, profile jsonb NOT NULL);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, placed timestamptz NOT NULL,
    amount numeric(10,2) NOT NULL, parcel numeric(8,3) NOT NULL, channel text NOT NULL, quantity int NOT NULL);
  INSERT INTO customer
    SELECT i, (ARRAY['Ada','Ben','Cleo','Dan','Eve','Finn','Gina','Hugo','Ines','Jan'])[1 + dice('first', i, 10)],
      initcap(substr(md5('${salt} ' || i), 1, 7)), 'p' || substr(md5('mail ${salt} ' || i), 1, 10) || '@corp' || dice('corp', i, 30) || '.test',
      d.name, CASE WHEN d.name = 'legal' THEN 'day' ELSE (ARRAY['day','late','night'])[1 + dice('shift', i, 3)] END,
      CASE WHEN d.name = 'legal' THEN (ARRAY['Centre','North'])[1 + dice('site', i, 2)] ELSE (ARRAY['Centre','North','South','Harbour'])[1 + dice('site', i, 4)] END,
      (ARRAY['chess','tennis','cooking','reading','sailing','gardening'])[1 + least(dice('hobby', i, 6), dice('hobby2', i, 6))],
      g.grade, round((20000 + g.grade * 6000 + dice('salary', i, 1500000) / 100.0 * (1 + g.grade / 4.0))::numeric, 2),
      round((g.grade * 20 + dice('score', i, 400000) / 1000.0 + dice('noise', i, 1000) / 1000.0)::numeric, 3),
      round((40 + dice('weight', i, 3000) / 100.0 + dice('weight2', i, 4000) / 100.0)::numeric, 2),
      '2020-01-01'::timestamptz + dice('joined', i, 120000000) * interval '1 second' + dice('micros', i, 1000000) * interval '1 microsecond',
      CASE WHEN dice('json', i, 3) = 0 THEN jsonb_build_object('theme', 'dark', 'visits', dice('visits', i, 90))
           ELSE jsonb_build_object('theme', 'light', 'visits', dice('visits', i, 90), 'beta', dice('beta', i, 2) = 0) END
    FROM generate_series(1, ${customerCount}) i
    CROSS JOIN LATERAL (SELECT (ARRAY['sales','support','research','legal','finance'])[1 + dice('department', i, 5)] AS name) d
    CROSS JOIN LATERAL (SELECT 1 + least(dice('grade', i, 9), dice('grade2', i, 9)) AS grade) g;
  INSERT INTO orders
    SELECT row_number() OVER (), c.id, c.joined + (1 + dice('placed', c.id * 64 + k, 40000000)) * interval '1 second' + dice('m', c.id * 64 + k, 1000000) * interval '1 microsecond',
      round((5 + c.grade * 8 + dice('amount', c.id * 64 + k, 20000) / 100.0)::numeric, 2), round((dice('parcel', c.id * 64 + k, 30000) / 1000.0)::numeric, 3),
      CASE WHEN dice('channel', c.id * 64 + k, 10) < c.grade THEN 'web' ELSE 'shop' END, 1 + least(dice('q', c.id * 64 + k, 6), dice('q2', c.id * 64 + k, 6))
    FROM customer c CROSS JOIN LATERAL generate_series(1, CASE WHEN dice('degree', c.id, 40) = 0 THEN 20 ELSE dice('degree2', c.id, 8) END::int) k;
  UPDATE customer SET hobby = '${SOLE.category}' WHERE id = 17;
  UPDATE customer SET profile = profile || '{"${SOLE.jsonKey}": true}' WHERE id = 18;
  UPDATE customer SET department = '${SOLE.combination.department}', shift = '${SOLE.combination.shift}', site = '${SOLE.combination.site}' WHERE id = 19;
  UPDATE customer SET salary = ${SOLE.maximumSalary} WHERE id = 20;
  CREATE INDEX ON orders (customer_id);
  DROP FUNCTION dice;
  ANALYZE;`;
