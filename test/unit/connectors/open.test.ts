import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hasPassword, openSource, resolveUrl, showUrl } from '../../../connectors/open.ts';
import { postgresConfig, shownUrl } from '../../../connectors/postgres/url.ts';
import { translateDriverError } from '../../../connectors/postgres/driver-errors.ts';
import { UnderstudyError } from '../../../src/kernel/errors.ts';

const LIMITS = { maxConnections: 1, maxSnapshotMinutes: 1, statementTimeoutMs: 1000 };

test('no form of a URL shows its password', () => {
  const shown = {
    'postgres://me:s3cret@host:5432/db': 'postgres://me:***@host:5432/db',
    'postgres://me:s3@cret@host/db?password=s3cret&x=1': 'postgres://me:***@host/db?password=***&x=1',
    "host=db password='s3cret s3cret' user=me": 'host=db password=*** user=me',
    'service=shop': 'service=shop',
    'env:SHOP_URL': 'env:SHOP_URL',
  };
  for (const [url, text] of Object.entries(shown)) {
    expect(showUrl(url)).toBe(text);
    expect(hasPassword(url)).toBe(url !== text);
  }
});

test('env:NAME is followed, and its absence is a usage error', () => {
  expect(resolveUrl('env:SHOP', { SHOP: 'postgres://h/d' })).toBe('postgres://h/d');
  expect(() => resolveUrl('env:SHOP', {})).toThrowError(
    expect.objectContaining({ code: 'CONFIG_MISSING_ENV', exitCode: 64 }),
  );
});

test('an engine that is not there yet is told apart from a typing error', async () => {
  await expect(openSource('mysql://h/d', LIMITS)).rejects.toMatchObject({
    code: 'CONNECT_ENGINE_UNSUPPORTED',
    exitCode: 65,
  });
  await expect(openSource('postgers://h/d', LIMITS)).rejects.toMatchObject({
    code: 'CONNECT_URL_INVALID',
    exitCode: 64,
  });
  await expect(openSource('postgres://u:p4ss@127.0.0.1:1/d', LIMITS)).rejects.toMatchObject({
    code: 'CONNECT_UNREACHABLE',
    exitCode: 69,
  });
});

test('the URL wins over its service, the service over the environment', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'understudy-url-'));
  try {
    writeFileSync(
      path.join(home, '.pg_service.conf'),
      '# comment\n[other]\nhost=wrong\n[shop]\nhost=db.example\nport=6000\nuser=reader\ndbname=shop\n',
    );
    const env = { HOME: home, PGPORT: '7000', PGPASSWORD: 'from env', PGHOST: 'env.example' };
    expect(await postgresConfig('service=shop port=6001', env)).toMatchObject({
      host: 'db.example',
      port: 6001,
      user: 'reader',
      database: 'shop',
      password: 'from env',
    });
    expect(await postgresConfig('postgres:///d', env)).toMatchObject({
      host: 'env.example',
      port: 7000,
      database: 'd',
    });
    const config = await postgresConfig("host='a\\'b' user='two words' dbname=d password=p", {});
    expect(config).toMatchObject({ host: "a'b", user: 'two words', password: 'p', sslMode: 'prefer' });
    expect(shownUrl(config)).not.toContain(':p@');
    await expect(postgresConfig('service=none', env)).rejects.toMatchObject({ code: 'CONNECT_URL_INVALID' });
  } finally {
    rmSync(home, { recursive: true });
  }
});

test('what the driver says about values stays out of the message', () => {
  const thrown = Object.assign(new Error('duplicate key'), {
    code: '23505',
    detail: 'Key (email)=(jane@example.org) already exists.',
    table: 't',
    schema: 's',
    constraint: 'k',
  });
  const error = translateDriverError(thrown, { doing: 'loading s.t', rejected: 'LOAD_CONSTRAINT_REJECTED' });
  expect(error).toBeInstanceOf(UnderstudyError);
  expect(error.code).toBe('LOAD_CONSTRAINT_REJECTED');
  expect(error.message).toContain('constraint k');
  expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain('jane');
  expect(error.cause).toBe(thrown);
});

test('each failure of a connection has its code', () => {
  const codes = {
    ECONNREFUSED: 'CONNECT_UNREACHABLE',
    ENOTFOUND: 'CONNECT_UNREACHABLE',
    '28P01': 'CONNECT_AUTH_FAILED',
    '28000': 'CONNECT_AUTH_FAILED',
    '3D000': 'CONNECT_DATABASE_MISSING',
    '57P01': 'CONNECT_LOST',
    '08006': 'CONNECT_LOST',
    ECONNRESET: 'CONNECT_LOST',
    '57014': 'CONNECT_TIMEOUT',
    '55P03': 'CONNECT_TIMEOUT',
    '53100': 'TARGET_TOO_SMALL',
    XX000: 'CONNECT_QUERY_FAILED',
  };
  for (const [code, expected] of Object.entries(codes)) {
    expect(translateDriverError(Object.assign(new Error('text'), { code }), { doing: 'working' }).code, code).toBe(
      expected,
    );
  }
  expect(translateDriverError(new Error('Connection terminated unexpectedly'), { doing: 'working' }).code).toBe(
    'CONNECT_LOST',
  );
});
