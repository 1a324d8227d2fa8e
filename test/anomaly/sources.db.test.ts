/** A source that cannot be read, or must not be: told by name, and nothing is written anywhere. */
import { afterAll, beforeAll, test } from 'vitest';
import { asUser, createShop, expectFailure, expectUnchanged } from '../support/bad-input.ts';
import { startPrivateServer } from '../support/postgres.ts';
import type { PrivateServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';

let server: PrivateServer;
beforeAll(async () => {
  server = await startPrivateServer();
  await createShop(server, 'shop');
  await sql(
    server.url('shop'),
    `CREATE ROLE reader LOGIN PASSWORD 'reader-secret'; GRANT USAGE ON SCHEMA public TO reader;
     GRANT SELECT ON customer, product, orders TO reader;
     CREATE ROLE walled LOGIN PASSWORD 'walled-secret'; GRANT USAGE ON SCHEMA public TO walled;`,
  );
  await createShop(
    server,
    'walled_shop',
    `ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON orders USING (id < 100);
     GRANT USAGE ON SCHEMA public TO walled; GRANT SELECT ON ALL TABLES IN SCHEMA public TO walled`,
  );
});
afterAll(() => server.close());

interface Case {
  readonly name: string;
  readonly source: () => string;
  readonly code: string;
  readonly exitCode: number;
  readonly told: RegExp;
  readonly hint: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: 'an unreachable host',
    source: () => 'postgres://reader@127.0.0.1:1/shop',
    code: 'CONNECT_UNREACHABLE',
    exitCode: 69,
    told: /^Opening the source failed, and nothing was changed: .* cannot be reached .*127\.0\.0\.1:1/,
    hint: /^Check host, port and firewall/,
  },
  {
    name: 'a host that no name server knows',
    source: () => 'postgres://reader@no-such-host.invalid/shop',
    code: 'CONNECT_UNREACHABLE',
    exitCode: 69,
    told: /no-such-host\.invalid:5432/,
    hint: /^Check host/,
  },
  {
    name: 'a wrong password',
    source: () => asUser(server.url('shop'), 'reader', 'wrong'),
    code: 'CONNECT_AUTH_FAILED',
    exitCode: 77,
    told: /refused the log-in/,
    hint: /^Check user, password/,
  },
  {
    name: 'a missing password',
    source: () => asUser(server.url('shop'), 'reader', ''),
    code: 'CONNECT_AUTH_FAILED',
    exitCode: 77,
    told: /password/,
    hint: /^Check user, password/,
  },
  {
    name: 'a missing database',
    source: () => server.url('no_such_shop'),
    code: 'CONNECT_DATABASE_MISSING',
    exitCode: 69,
    told: /^Opening the source failed, and nothing was changed: .* "no_such_shop"/,
    hint: /^Check the name of the database/,
  },
  {
    name: 'no SELECT right on one table',
    source: () => asUser(server.url('shop'), 'reader', 'reader-secret'),
    code: 'INTROSPECT_NO_SELECT',
    exitCode: 77,
    told: /public\.order_line/,
    hint: /GRANT SELECT ON .*order_line.* TO .*reader/,
  },
  {
    name: 'row security that would filter',
    source: () => asUser(server.url('walled_shop'), 'walled', 'walled-secret'),
    code: 'INTROSPECT_ROW_SECURITY',
    exitCode: 77,
    told: /public\.orders/,
    hint: /BYPASSRLS/,
  },
];

test.for(CASES)('$name ends provision and learn alike', async ({ source, ...expected }) => {
  const env = { SOURCE: source(), TARGET: server.url('staging') };
  await expectUnchanged(server, async () => {
    await expectFailure(['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET'], expected, { env });
    await expectFailure(['learn', '--source', 'env:SOURCE', '--model', 'shop.model'], expected, { env });
  });
});

test('a target server that cannot be reached, or refuses the log-in', async () => {
  const failures = [
    ['postgres://nobody@127.0.0.1:1/staging', 'CONNECT_UNREACHABLE', 69],
    [asUser(server.url('staging'), 'reader', 'wrong'), 'CONNECT_AUTH_FAILED', 77],
  ] as const;
  const told = /^Opening the target failed, and nothing was changed/;
  for (const [target, code, exitCode] of failures) {
    const env = { SOURCE: server.url('shop'), TARGET: target };
    const expected = { code, exitCode, told, hint: /^Check/ };
    await expectUnchanged(server, () =>
      expectFailure(['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET'], expected, { env }),
    );
  }
});
