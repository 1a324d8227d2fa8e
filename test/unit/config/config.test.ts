import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';
import { checkNames, requireNames } from '../../../src/config/names.ts';
import { carriesPassword, redactConfig, redactUrl } from '../../../src/config/redact.ts';
import { configJsonSchema } from '../../../src/config/schema.ts';
import { UnderstudyError } from '../../../src/kernel/errors.ts';
import { sketchCatalog } from '../../support/catalog.ts';

function failure(text: string, env: Record<string, string> = {}): UnderstudyError {
  try {
    parseConfig(text, 'understudy.yaml', env);
  } catch (error) {
    expect(error).toBeInstanceOf(UnderstudyError);
    return error as UnderstudyError;
  }
  throw new Error('The configuration was accepted.');
}

test('an empty file and no file give the documented defaults', () => {
  for (const config of [loadConfig(null, {}), parseConfig('# nothing\n', 'x.yaml', {})]) {
    expect(config).toMatchObject({
      version: 1,
      source: { maxConnections: 2, maxSnapshotMinutes: 30, include: [], exclude: [] },
      target: { mode: 'swap', maxBytes: null },
      scale: 1,
      seed: 0,
      output: { keepPrevious: 1 },
    });
  }
});

test('an unknown key is an error with its line, column, path and the nearest right name', () => {
  const error = failure('version: 1\nsource:\n  maxConections: 2\n');
  expect(error).toMatchObject({ code: 'CONFIG_UNKNOWN_KEY', exitCode: 64, hint: 'Write `maxConnections` instead.' });
  expect(error.message).toBe(
    'understudy.yaml:3:3: `source.maxConections` is not a known key. Did you mean `maxConnections`?',
  );
});

test('unknown keys deep inside tables and columns are found too, all of them in one go', () => {
  const error = failure(
    'tables:\n  public.a:\n    stratgy: empty\n    columns:\n      name: { treatmnt: fake }\nsead: 1\n',
  );
  expect(error.message.split('\n')).toEqual([
    'understudy.yaml:3:5: `tables.public.a.stratgy` is not a known key. Did you mean `strategy`?',
    'understudy.yaml:5:15: `tables.public.a.columns.name.treatmnt` is not a known key. Did you mean `treatment`?',
    'understudy.yaml:6:1: `sead` is not a known key. Did you mean `seed`?',
  ]);
});

test('wrong types and words are errors in their place', () => {
  expect(failure('scale: big').message).toBe('understudy.yaml:1:1: `scale` must be a number, not a text.');
  expect(failure('tables:\n  a:\n    strategy: synthesise').message).toBe(
    'understudy.yaml:3:5: `tables.a.strategy` must be one of synthesize, copy, mask, empty, not `synthesise`. Did you mean `synthesize`?',
  );
  expect(failure('tables: { a: { strategy: copy } }').message).toContain('accept:');
  expect(failure('rules: [{ column: x }]').message).toContain('`rules.0.treatment` is missing.');
  expect(failure('seed: -1').code).toBe('CONFIG_INVALID');
  expect(failure('seed: 1.5').code).toBe('CONFIG_INVALID');
  expect(failure('subjects: customer').message).toBe('understudy.yaml:1:1: `subjects` must be a list, not a text.');
  expect(failure('hooks: { beforePublish: { sqll: x } }').message).toContain('understudy.yaml:1:');
});

test('broken YAML, duplicate keys and a missing file are unreadable', () => {
  expect(failure('source: [1').code).toBe('CONFIG_UNREADABLE');
  expect(failure('seed: 1\nseed: 2').message).toContain('understudy.yaml:2:1');
  expect(() => loadConfig('/nowhere/understudy.yaml', {})).toThrow(
    expect.objectContaining({ code: 'CONFIG_UNREADABLE', exitCode: 64 }),
  );
});

test('the environment is expanded, with defaults and typed where a value is one reference alone', () => {
  const text =
    'source: { url: "postgres://u:${PW}@h/db" }\nscale: ${SCALE}\nseed: ${SEED:-7}\noutput: { directory: "$${HOME}" }\n';
  const config = parseConfig(text, null, { PW: 'x y', SCALE: '0.5' });
  expect(config.source.url).toBe('postgres://u:x y@h/db');
  expect(config.scale).toBe(0.5);
  expect(config.seed).toBe(7);
  expect(config.output.directory).toBe('${HOME}');
  const error = failure(text, { PW: 'x' });
  expect(error.code).toBe('CONFIG_MISSING_ENV');
  expect(error.message).toBe('understudy.yaml:2:8: the environment variable SCALE is not set.');
});

test('secrets never appear where the configuration is printed, nor in its errors', () => {
  expect(redactUrl('postgres://u:p@ss:w@h:5/db?password=k&x=1')).toBe('postgres://u:***@h:5/db?password=***&x=1');
  expect(redactUrl("host=h password='a b' user=u")).toBe('host=h password=*** user=u');
  expect(redactUrl('postgres://u@h/db')).toBe('postgres://u@h/db');
  expect([carriesPassword('env:DB'), carriesPassword('postgres://a:b@c/d')]).toEqual([false, true]);
  const config = parseConfig(
    'target: { url: "postgres://u:hunter2@h/db" }\npinned: [{ table: a, rows: [{ id: hunter2 }] }]\nhooks: { onFailure: { command: "x hunter2" } }',
    null,
    {},
  );
  expect(JSON.stringify(redactConfig(config))).not.toContain('hunter2');
  expect(failure('source: { url: "postgres://u:hunter2@h/db", mode: hunter2-and-more }').message).not.toContain(
    'hunter2',
  );
  expect(failure('target: { mode: "postgres://u:hunter2@h/db" }').message).not.toContain('hunter2');
});

test('names that the schema does not have are errors with place and nearest name', () => {
  const catalog = sketchCatalog({
    customer: { columns: 'id email:text', primaryKey: ['id'] },
    orders: { columns: 'id customer_id' },
  });
  const config = parseConfig(
    [
      'subjects: [costumer]',
      'tables:',
      '  public.order: { strategy: empty }',
      '  customer: { columns: { emial: { treatment: fake } } }',
      'virtualForeignKeys:',
      '  - { table: orders, columns: [customer_id], references: { table: customer, columns: [ident] } }',
    ].join('\n'),
    'understudy.yaml',
    {},
  );
  expect(checkNames(config, catalog).map((finding) => finding.message)).toEqual([
    'understudy.yaml:1:12: There is no table `costumer` in database sketch. Did you mean `customer`?',
    'understudy.yaml:3:3: There is no table `public.order` in database sketch. Did you mean `public.orders`?',
    'understudy.yaml:4:26: Table public.customer has no column `emial`. Did you mean `email`?',
    'understudy.yaml:6:87: Table public.customer has no column `ident`.',
  ]);
  expect(() => requireNames(config, catalog)).toThrow(
    expect.objectContaining({ code: 'CONFIG_UNKNOWN_NAME', exitCode: 64 }),
  );
  expect(checkNames(parseConfig('subjects: [customer]\ntables: { public.orders: {} }', null, {}), catalog)).toEqual([]);
});

test('the JSON Schema for editors is current', () => {
  const committed: unknown = JSON.parse(
    readFileSync(new URL('../../../src/config/understudy.schema.json', import.meta.url), 'utf8'),
  );
  expect(committed).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});
