import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TableFacts } from '../../../../connectors/connector.ts';
import { binaryCopyWriter } from '../../../../connectors/postgres/binary-copy.ts';
import { copyRows } from '../../../../connectors/postgres/bulk-load.ts';
import { readCatalog } from '../../../../connectors/postgres/catalog.ts';
import {
  closeClient,
  connectClient,
  postgresConfig,
  queryRows,
  withDatabase,
} from '../../../../connectors/postgres/client.ts';
import type { PostgresClient, PostgresConfig } from '../../../../connectors/postgres/client.ts';
import { openPostgresSnapshot } from '../../../../connectors/postgres/snapshot.ts';
import { UnderstudyError } from '../../../../src/kernel/errors.ts';
import type { ColumnVector } from '../../../../src/kernel/rows.ts';
import { startTestServer } from '../../../support/postgres.ts';
import type { TestServer } from '../../../support/postgres.ts';
import { epochs, madeBlocks, numbers, textBlocks, texts } from '../../../support/row-blocks.ts';

interface TypeCase {
  readonly type: string;
  /** SQL literals. */
  readonly edges: readonly string[];
  /** SQL that makes a value of row `i`; `random()` is seeded. */
  readonly random?: string;
  readonly format?: 'binary' | 'text';
}

const TIMES = "'00:00:00'::time + random() * interval '24 hours'";
const CASES: readonly TypeCase[] = [
  { type: 'smallint', edges: ['-32768', '32767', '0'], random: '(random() * 65535 - 32768)::int' },
  {
    type: 'integer',
    edges: ['-2147483648', '2147483647', '0', '-1'],
    random: '(random() * 4294967295 - 2147483648)::bigint::int',
  },
  {
    type: 'bigint',
    edges: [
      '-9223372036854775808',
      '9223372036854775807',
      '0',
      '-1',
      '9007199254740993',
      '-999999999999999',
      '4294967296',
    ],
    random: "('x' || md5(i::text))::bit(64)::bigint",
  },
  { type: 'oid', edges: ['0', '4294967295'] },
  {
    type: 'real',
    edges: ["'NaN'", "'Infinity'", "'-Infinity'", '0', "'-0'", '1e-45', '3.4028235e38', '0.1'],
    random: '(random() - 0.5) * 10 ^ (random() * 60 - 30)',
  },
  {
    type: 'double precision',
    edges: ["'NaN'", "'Infinity'", "'-Infinity'", '0', "'-0'", '5e-324', '1.7976931348623157e308', '0.1'],
    random: '(random() - 0.5) * 10 ^ (random() * 600 - 300)',
  },
  {
    type: 'numeric',
    edges: [
      "'NaN'",
      "'Infinity'",
      "'-Infinity'",
      '0',
      '0.0',
      '-0.00',
      '1',
      '-1',
      '10000',
      '9999',
      '99990000',
      '0.0001',
      '0.00001',
      '-0.000012340000',
      '1000000000000000000000000',
      '100.000',
      '12345.67890',
      '0.1',
      '123456789012345678901234567890.123456789012345678901234567890',
      '10000.0001',
      "('1' || repeat('0', 4000) || '.' || repeat('0', 4000) || '1')::numeric",
    ],
    random: '((random() - 0.5) * 10 ^ (random() * 24 - 8))::numeric * 7',
  },
  { type: 'numeric(12,2)', edges: ['9999999999.99', '-0.01', '0'], random: '(random() * 1e9)::numeric' },
  {
    type: 'money',
    edges: ["'92233720368547758.07'", "'-92233720368547758.08'", "'0'", "'-0.01'", "'1234.5'"],
    random: '(random() * 1e9)::numeric::money',
  },
  { type: 'boolean', edges: ['true', 'false'] },
  {
    type: 'text',
    edges: [
      "''",
      "'NULL'",
      "E'a\\\\b\\tc\\nd\\re\\\\N\\\\.'",
      "'Zoë 漢字 😀'",
      "repeat('é', 300000)",
      "'\"{}'",
      "repeat('x', 40)",
      "repeat('x', 41)",
    ],
    random: 'md5(i::text) || chr(200 + i)',
  },
  { type: 'character varying(40)', edges: ["''", "'ß'"], random: 'left(md5(i::text), i % 33)' },
  { type: 'character(10)', edges: ["''", "'ab'", "'abcdefghij'"] },
  { type: 'name', edges: ["'n'", "''"] },
  { type: '"char"', edges: ["'c'"], format: 'text' },
  { type: 'mood', edges: ["'happy'", '\'so so, "really"\''] },
  {
    type: 'uuid',
    edges: ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
    random: 'md5(i::text)::uuid',
  },
  {
    type: 'date',
    edges: [
      "'infinity'",
      "'-infinity'",
      "'4713-01-01 BC'",
      "'0001-12-31 BC'",
      "'0001-01-01'",
      "'2000-02-29'",
      "'1900-03-01'",
      "'5874897-12-31'",
      "'10000-01-01'",
    ],
    random: "date '1970-01-01' + ((random() - 0.5) * 2000000)::int",
  },
  {
    type: 'timestamp',
    edges: [
      "'infinity'",
      "'-infinity'",
      "'4713-01-01 00:00:00 BC'",
      "'294276-12-31 23:59:59.999999'",
      "'1999-12-31 23:59:59.999999'",
      "'2000-01-01'",
      "'0044-03-15 12:00:00.5 BC'",
    ],
    random: "timestamp '2000-01-01' + (random() - 0.5) * interval '7000 years'",
  },
  {
    type: 'timestamptz',
    edges: [
      "'infinity'",
      "'-infinity'",
      "'4713-01-01 00:00:00+00 BC'",
      "'294276-12-31 23:59:59.999999+00'",
      "'2022-03-27 02:30:00+01'",
    ],
    random: "timestamptz '2000-01-01 00:00Z' + (random() - 0.5) * interval '7000 years'",
  },
  { type: 'timestamptz(3)', edges: ["'2022-03-27 02:30:00.123456+01'"] },
  { type: 'time', edges: ["'00:00:00'", "'24:00:00'", "'23:59:59.999999'", "'12:00:00.5'"], random: TIMES },
  {
    type: 'timetz',
    edges: ["'00:00:00+15:59:59'", "'24:00:00-15:59'", "'12:00:00.000001+00'", "'12:00:00-03:30'"],
    random: `(${TIMES})::timetz`,
  },
  {
    type: 'interval',
    edges: [
      "'0'",
      "'1 year 2 mons -3 days +04:05:06.789'",
      "'-1 mons'",
      "'-00:00:00.000001'",
      "'178000000 years'",
      "'2562047788:00:54.775807'",
      "'-2562047788:00:54.775806'",
      "'1 day'",
      "'11 mons -1 days -00:00:01'",
    ],
    random:
      'make_interval(months => (random() * 100 - 50)::int, days => (random() * 100 - 50)::int, secs => (random() - 0.5) * 1e6)',
  },
  {
    type: 'json',
    edges: ['\'{"a": 1,  "b": [null]}\'', '\'"x"\''],
    random: "json_build_object('k', i, 't', md5(i::text))",
  },
  {
    type: 'jsonb',
    edges: ['\'{"b": 1, "a": {}}\'', "'null'", "'[]'"],
    random: "jsonb_build_object('k', i, 't', md5(i::text))",
  },
  { type: 'jsonpath', edges: ["'$.a[*] ? (@ > 1)'"] },
  { type: 'xml', edges: ["'<a>1</a>'"] },
  { type: 'bytea', edges: ["'\\x'", "'\\x00ff5c0a'"], random: "decode(repeat(md5(i::text), i % 9), 'hex')" },
  {
    type: 'inet',
    edges: [
      "'192.168.0.1'",
      "'10.0.0.0/8'",
      "'::1'",
      "'2001:db8::ff00:42:8329/64'",
      "'::ffff:1.2.3.4'",
      "'::'",
      "'1:2:3:4:5:6:7:8'",
      "'1::8'",
      "'0.0.0.0/0'",
    ],
    random: "'10.0.0.0'::inet + (random() * 4e9)::bigint % 16777216",
  },
  { type: 'cidr', edges: ["'192.168.0.0/24'", "'2001:db8::/32'", "'0.0.0.0/0'"] },
  { type: 'macaddr', edges: ["'08:00:2b:01:02:03'", "'00:00:00:00:00:00'"] },
  { type: 'macaddr8', edges: ["'08:00:2b:01:02:03:04:05'"] },
  { type: 'bit(10)', edges: ["B'1010101010'", "B'0000000001'"] },
  { type: 'bit varying', edges: ["B''", "B'1'", "B'111111111'"], random: 'substring(i::bit(32) from 1 + i % 32)' },
  {
    type: 'integer[]',
    edges: ["'{}'", "'{1,NULL,-3}'", "'{{1,2},{3,4}}'", "'[0:1]={7,8}'", "'[-1:0][2:3]={{1,2},{3,NULL}}'", "'{{{1}}}'"],
    random: 'ARRAY(SELECT (random() * 100)::int FROM generate_series(1, i % 7))',
  },
  {
    type: 'text[]',
    edges: [
      `ARRAY['a b', NULL, 'NULL', 'null', '', 'x"y', E'back\\\\slash', '{,}', E' \\t\\n']`,
      '\'{{a,"b,"},{c,NULL}}\'',
    ],
    random: "ARRAY[md5(i::text), chr(30 + i % 100) || 'z', NULL]",
  },
  { type: 'mood[]', edges: [`ARRAY['happy', 'so so, "really"', NULL]::mood[]`, "'{}'"] },
  { type: 'numeric(8,3)[]', edges: ["'{1.5,NULL,-0.001}'"] },
  { type: 'timestamptz[]', edges: ['\'{"2022-01-01 00:00:00+00",infinity}\''] },
  { type: 'jsonb[]', edges: ['ARRAY[\'{"a": "x,\\"y"}\'::jsonb, \'null\']'] },
  { type: 'int4range', edges: ["'empty'", "'[1,10)'", "'(,5)'", "'[7,)'", "'(,)'"], random: 'int4range(i, i + 5)' },
  { type: 'numrange', edges: ["'(1.5,2.5]'", "'[1,1]'"] },
  { type: 'tstzrange', edges: ['\'["2022-01-01 00:00:00+00",infinity)\'', "'[2022-01-01,)'"] },
  { type: 'textrange', edges: ["textrange('a,b', 'c\"d')", "textrange('', 'z)')", "textrange(NULL, '\\')"] },
  { type: 'int4multirange', edges: ["'{}'", "'{[1,3),[5,7)}'", "'{(,0),[9,)}'"] },
  { type: 'tstzmultirange', edges: ['\'{["2022-01-01 00:00:00+00","2022-02-01 00:00:00+00")}\''] },
  { type: 'positive', edges: ['1', '2147483647'] },
  { type: 'positives', edges: ["'{1,2}'", "'{}'"] },
  { type: 'positive[]', edges: ["'{3,NULL}'"] },
  { type: 'pair', edges: ["ROW(1, 'a,\"b')", 'ROW(NULL, NULL)'], format: 'text' },
  { type: 'tsvector', edges: ["'a:1,2 b:3A'"], format: 'text' },
  { type: 'point', edges: ["'(1.5,-2)'"], format: 'text' },
  { type: 'date_name', edges: ["'today'"] },
];

const RANDOM_ROWS = 500;
let server: TestServer;
let config: PostgresConfig;
let client: PostgresClient;
let tables: ReadonlyMap<string, TableFacts>;
const database = `f1_binary_${process.pid}`;
const nameOf = (i: number): string => `t${i}`;

beforeAll(async () => {
  server = await startTestServer();
  config = await postgresConfig(server.url());
  const admin = await connectClient(config, 'target');
  await admin.query(`CREATE DATABASE ${database} TEMPLATE template0`);
  await closeClient(admin);
  config = withDatabase(config, database);
  client = await connectClient(config, 'target', { search_path: 'public' });
  await client.query(`
    CREATE TYPE mood AS ENUM ('happy', 'so so, "really"');
    CREATE TYPE date_name AS ENUM ('today');
    CREATE TYPE textrange AS RANGE (subtype = text);
    CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
    CREATE DOMAIN positives AS integer[] CHECK (array_length(VALUE, 1) < 9);
    CREATE TYPE pair AS (a integer, b text);
    SELECT setseed(0.25)`);
  for (const [i, { type, edges, random }] of CASES.entries()) {
    await client.query(
      `CREATE TABLE ${nameOf(i)} (i serial, v ${type}); CREATE TABLE ${nameOf(i)}_copy (i integer, v ${type}, w text DEFAULT 'w')`,
    );
    for (const edge of [...edges, 'NULL']) await client.query(`INSERT INTO ${nameOf(i)} (v) VALUES (${edge})`);
    if (random !== undefined)
      await client.query(`INSERT INTO ${nameOf(i)} (v) SELECT ${random} FROM generate_series(1, ${RANDOM_ROWS}) AS i`);
  }
  await client.query(
    'CREATE TABLE forms (n2 numeric(20,2), n numeric, i8 bigint, f8 float8, b boolean, d date, ts timestamp, tz timestamptz, t text, m money, dts timestamp, tsd date)',
  );
  const catalog = await readCatalog(client);
  tables = new Map(catalog.tables.map((table) => [table.name.name, table]));
});

afterAll(async () => {
  await closeClient(client);
  const admin = await connectClient(withDatabase(config, 'postgres'), 'target');
  await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  await closeClient(admin);
  await server.close();
});

describe('values that the server wrote come back as the same text', () => {
  test.each(CASES.map((one, i) => [one.type, one.format ?? 'binary', i] as const))(
    '%s (%s)',
    async (_type, format, i) => {
      const copy = tables.get(`${nameOf(i)}_copy`)!;
      const columns = copy.columns.filter(({ name }) => name !== 'w');
      const writer = binaryCopyWriter(columns, new Map([['v', 1]]));
      expect(writer === null ? 'text' : 'binary').toBe(format);

      const snapshot = await openPostgresSnapshot(config);
      const { name } = tables.get(nameOf(i))!;
      const [{ count }] = await queryRows<{ count: string }>(client, `SELECT count(*) AS count FROM ${nameOf(i)}`);
      expect(await copyRows(client, copy, textBlocks(snapshot, name, ['i', 'v']))).toBe(Number(count));
      await snapshot.close();

      const different = await queryRows(
        client,
        `
      SELECT a.i FROM ${nameOf(i)} a FULL JOIN ${nameOf(i)}_copy b USING (i)
      WHERE a.v::text IS DISTINCT FROM b.v::text OR b.w IS DISTINCT FROM 'w'`,
      );
      expect(different).toEqual([]);
    },
  );
});

test('numbers and epochs go in without becoming text, to the same values', async () => {
  const table = tables.get('forms')!;
  const amounts = [
    0,
    -0,
    0.01,
    -0.01,
    0.1 + 0.2,
    1.005,
    2.675,
    1e15 + 0.5,
    12_345_678.9,
    9_999.99,
    10_000,
    99_999_999.99,
    -1e-9,
    4_503_599_627_370_495.5,
  ];
  const values = [
    ...amounts,
    ...Array.from({ length: 2000 }, (_, i) => ((i * 7919) % 100_003) * 1.37 * 10 ** ((i % 13) - 3)),
  ];
  const count = values.length;
  const micros = values.map((_, i) => (i % 9 === 0 ? null : (i - 1000) * 1_234_567_891_234 + 7));
  const days = values.map((_, i) => (i % 7 === 0 ? null : i * 37 - 40_000));
  const vectors: Record<string, ColumnVector> = {
    n2: numbers(count, (i) => values[i], 2),
    n: numbers(count, (i) => values[i]),
    i8: numbers(count, (i) => (i % 5 === 0 ? null : Math.round(values[i]))),
    f8: numbers(count, (i) => values[i]),
    b: numbers(count, (i) => i % 2),
    d: epochs('epoch-days', days),
    ts: epochs('epoch-micros', micros),
    tz: epochs('epoch-micros', micros),
    t: numbers(count, (i) => i, 1),
    m: numbers(count, (i) => i / 4, 2),
    dts: epochs('epoch-days', days),
    tsd: epochs('epoch-micros', micros),
  };
  await copyRows(
    client,
    table,
    madeBlocks(table.name, count, count, () => vectors),
  );

  const rows = await queryRows(
    client,
    `SELECT n2::text, n::text, i8::text, f8::text, b::int::text AS b, (d - date '1970-01-01')::text AS d,
      (extract(epoch FROM ts) * 1000000)::bigint::text AS ts, (extract(epoch FROM tz) * 1000000)::bigint::text AS tz, t, m::numeric::text AS m,
      (dts::date - date '1970-01-01')::text AS dts, (tsd - date '1970-01-01')::text AS tsd
    FROM forms ORDER BY ctid`,
  );
  const zeroed = (text: string): string => (Number(text) === 0 ? text.replace('-', '') : text); // numeric has one zero
  expect(rows.map((row) => row['n2'])).toEqual(values.map((value) => zeroed(value.toFixed(2))));
  expect(rows.map((row) => Number(row['n']))).toEqual(values.map((value) => value + 0));
  expect(rows.map((row) => Number(row['f8']))).toEqual(values);
  expect(rows.map((row) => row['i8'])).toEqual(
    values.map((value, i) => (i % 5 === 0 ? null : String(Math.round(value) + 0))),
  );
  expect(rows.map((row) => row['b'])).toEqual(values.map((_, i) => String(i % 2)));
  expect(rows.map((row) => row['d'])).toEqual(days.map((day) => (day === null ? null : String(day))));
  expect(rows.map((row) => row['dts'])).toEqual(days.map((day) => (day === null ? null : String(day))));
  expect(rows.map((row) => row['ts'])).toEqual(micros.map((value) => (value === null ? null : String(value))));
  expect(rows.map((row) => row['tz'])).toEqual(micros.map((value) => (value === null ? null : String(value))));
  expect(rows.map((row) => row['tsd'])).toEqual(
    micros.map((value) => (value === null ? null : String(Math.floor(value / 86_400e6)))),
  );
  expect(rows.map((row) => row['t'])).toEqual(values.map((_, i) => i.toFixed(1)));
  expect(rows.map((row) => Number(row['m']))).toEqual(values.map((_, i) => Number((i / 4).toFixed(2))));
});

test.each([
  ['smallint', '40000'],
  ['integer', '12x'],
  ['integer', ''],
  ['bigint', '9223372036854775808'],
  ['boolean', 'SECRET'],
  ['date', '2022-02-'],
  ['timestamp', '2022-01-01 10:00:00.1234567'],
  ['interval', '3 SECRETs'],
  ['uuid', 'zzzzzzzz-0000-0000-0000-000000000000'],
  ['bytea', '\\xZZ'],
  ['integer[]', '{1,{2}}'],
  ['integer[]', '{1,2'],
  ['inet', '1.2.3.SECRET'],
  ['int4range', '[1;2)'],
  ['numeric', '1.2.3'],
  ['numeric', '-'],
])('a text that is no %s is refused by table and column, without the text', async (type, text) => {
  const copy = tables.get(`${nameOf(CASES.findIndex((one) => one.type === type))}_copy`)!;
  const blocks = madeBlocks(copy.name, 1, 1, () => ({ v: texts(1, () => text) }));
  const error = await copyRows(client, copy, blocks).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnderstudyError);
  const { code, message, hint, data } = error as UnderstudyError;
  expect(code).toBe('LOAD_FAILED');
  expect(message).toContain(`public.${copy.name.name}.v`);
  if (text !== '' && text !== '-') expect(JSON.stringify([message, hint, data])).not.toContain(text);
});

test('integers beyond their type and values that are not yet masked never reach the server', async () => {
  const copy = tables.get(`${nameOf(0)}_copy`)!;
  const load = (vector: ColumnVector): Promise<number> =>
    copyRows(
      client,
      copy,
      madeBlocks(copy.name, 1, 1, () => ({ v: vector })),
    );
  await expect(load(numbers(1, () => 32_768))).rejects.toMatchObject({ code: 'LOAD_FAILED' });
  await expect(load(numbers(1, () => 1.5))).rejects.toMatchObject({ code: 'LOAD_FAILED' });
  await expect(load(numbers(1, () => Number.NaN))).rejects.toMatchObject({ code: 'LOAD_FAILED' });
  await expect(load({ form: 'masked', nulls: Uint8Array.of(0) })).rejects.toMatchObject({ code: 'LOAD_FAILED' });
});
