import { expect, test } from 'vitest';
import { sketchCatalog } from '../../../support/catalog.ts';
import type { Classification, ColumnRule } from '../../../../src/stages/mask/artifact.ts';
import { classifyColumns, explainClassification, proposeSubjects, tryRule } from '../../../../src/stages/mask/index.ts';
import { sampleOf, withColumns } from './mask-fixture.ts';

const shop = sketchCatalog({
  customers: {
    columns: 'id first_name:text email:text city:text? misc1:text? password:text created:timestamp',
    primaryKey: ['id'],
    uniqueKeys: [['email']],
  },
  orders: {
    columns: 'id customer_id total:decimal delivery_notes:text?',
    primaryKey: ['id'],
    keys: [{ columns: 'customer_id', to: 'customers' }],
  },
  cities: { columns: 'id city:text', primaryKey: ['id'] },
});

const by = (classification: Classification, object: string) => {
  const found = classification.columns.find((entry) => `${entry.table}.${entry.column}` === `public.${object}`);
  if (found === undefined) throw new Error(`${object} is not classified`);
  return found;
};

const emails = Array.from({ length: 40 }, (_, i) => `CANARY${i}.person@canary-domain.org`);

test('every column of every table is classified once', () => {
  const { columns } = classifyColumns({ catalog: shop, graph: null, sample: null, rules: [] });
  expect(columns.map((entry) => `${entry.table}.${entry.column}`)).toEqual(
    shop.tables.flatMap((table) => table.columns.map((column) => `public.${table.name.name}.${column.name}`)),
  );
});

test('values tell what a misleading name hides, and numbers that only look alike stay', () => {
  const hidden = classifyColumns({
    catalog: shop,
    graph: null,
    sample: sampleOf({ customers: { misc1: emails } }),
    rules: [],
  });
  expect(by(hidden, 'customers.misc1')).toMatchObject({
    detector: 'person.email',
    sensitivity: 'direct',
    treatment: 'fake',
  });
  const plain = classifyColumns({
    catalog: shop,
    graph: null,
    sample: sampleOf({ customers: { misc1: emails.map((_, i) => `SKU-${1000 + i}`) } }),
    rules: [],
  });
  expect(by(plain, 'customers.misc1')).toMatchObject({ detector: null, sensitivity: 'none', treatment: 'synthesize' });
});

test('precedence: the first rule of the user, then the pack, then the default', () => {
  const rules: ColumnRule[] = [
    { table: 'public.customers', column: 'city', treatment: 'keep' },
    { table: '*', column: 'cit?', treatment: 'redact' },
    { table: 'orders', column: 'total', treatment: 'bucket', options: { width: 5 } },
  ];
  const result = classifyColumns({ catalog: shop, graph: null, sample: null, rules });
  expect(by(result, 'customers.city')).toMatchObject({ treatment: 'keep', decidedBy: 'config', sensitivity: 'quasi' });
  expect(by(result, 'cities.city')).toMatchObject({ treatment: 'redact', decidedBy: 'config' });
  expect(by(result, 'orders.total')).toMatchObject({ treatment: 'bucket', options: { width: 5 } });
  expect(by(result, 'customers.first_name')).toMatchObject({ treatment: 'fake', decidedBy: 'core-pii' });
  expect(by(result, 'customers.created')).toMatchObject({ treatment: 'synthesize', decidedBy: 'default' });
  expect(by(classifyColumns({ catalog: shop, graph: null, sample: null, rules: [] }), 'cities.city')).toMatchObject({
    sensitivity: 'none',
    treatment: 'synthesize',
  });
});

test('keys are structural; a personal natural key is made, and its references follow it', () => {
  const catalog = sketchCatalog({
    accounts: { columns: 'email:text name:text', primaryKey: ['email'] },
    logins: {
      columns: 'id account_email:text',
      primaryKey: ['id'],
      keys: [{ columns: 'account_email', to: 'accounts' }],
    },
  });
  const { columns } = classifyColumns({ catalog, graph: null, sample: null, rules: [] });
  const result = { version: 1, columns, findings: [] } as const;
  expect(by(result, 'accounts.email')).toMatchObject({ treatment: 'fake', referenced: true, style: { unique: true } });
  expect(by(result, 'logins.account_email')).toMatchObject({
    treatment: 'structural',
    detector: 'person.email',
    sensitivity: 'direct',
  });
  expect(by(result, 'logins.id')).toMatchObject({ treatment: 'structural', sensitivity: 'none' });
});

test('a personal column that nothing fits stops the run, with the line that settles it', () => {
  const catalog = sketchCatalog({ users: { columns: 'id profile:json? settings:json?', primaryKey: ['id'] } });
  const documents = emails.map((email) => JSON.stringify({ contact: { mail: email }, theme: 'dark' }));
  const settings = emails.map((_, i) => JSON.stringify({ theme: 'dark', email: i % 2 === 0, size: i }));
  const { findings, columns } = classifyColumns({
    catalog,
    graph: null,
    sample: sampleOf({ users: { profile: documents, settings } }),
    rules: [],
  });
  expect(findings.map(({ code, severity, object }) => ({ code, severity, object }))).toEqual([
    { code: 'MASK_UNTREATED_COLUMN', severity: 'error', object: 'public.users.profile' },
  ]);
  expect(findings[0].hint).toContain('{ table: public.users, column: profile, treatment: null }');
  expect(JSON.stringify({ findings, columns })).not.toContain('CANARY');
  const settled = classifyColumns({
    catalog,
    graph: null,
    sample: sampleOf({ users: { profile: documents, settings } }),
    rules: [{ table: 'users', column: 'profile', treatment: 'null' }],
  });
  expect(settled.findings).toEqual([]);
});

test('rules that cannot be followed are said before any row moves', () => {
  const catalog = withColumns(shop, { 'customers.email': { nullable: false } });
  const refused = (rule: Omit<ColumnRule, 'table'> & { table?: string }, masked = new Set<string>()): string[] =>
    classifyColumns({ catalog, graph: null, sample: null, rules: [{ table: 'customers', ...rule }], masked })
      .findings.filter((found) => found.severity === 'error')
      .map((found) => found.code);
  expect(refused({ column: 'email', treatment: 'null' })).toEqual(['MASK_RULE_INVALID']);
  expect(refused({ column: 'email', treatment: 'redact' })).toEqual(['MASK_RULE_INVALID']); // unique
  const real = new Set(['public.customers']);
  expect(refused({ column: 'email', treatment: 'pseudonym', detector: 'person.email' }, real)).toContain(
    'MASK_RULE_INVALID',
  );
  expect(refused({ column: 'first_name', treatment: 'pseudonym' }, real)).toContain('MASK_RULE_INVALID'); // it repeats
  expect(refused({ column: 'first_name', treatment: 'shift' })).toEqual(['MASK_RULE_INVALID']);
  expect(refused({ column: 'first_name', treatment: 'fake', detector: 'person.shoe-size' })).toEqual([
    'MASK_RULE_INVALID',
  ]);
  expect(refused({ table: 'orders', column: 'customer_id', treatment: 'fake' })).toEqual(['MASK_RULE_INVALID']);
  expect(refused({ column: 'created', treatment: 'shift' })).toEqual([]);
  const unused = classifyColumns({
    catalog,
    graph: null,
    sample: null,
    rules: [{ table: 'custmers', column: 'email', treatment: 'fake' }],
  });
  expect(unused.findings.map((found) => found.code)).toEqual(['MASK_RULE_UNUSED']);
  expect(() => classifyColumns({ catalog, graph: null, sample: null, rules: [], packs: ['no-such-pack'] })).toThrow(
    expect.objectContaining({ code: 'MASK_RULE_INVALID' }),
  );
});

test('nothing of the sample appears in reasons, styles or findings', () => {
  const canary = (i: number): string => `CANARY${i}`;
  const rows = Array.from({ length: 300 }, (_, i) => i);
  const sample = sampleOf({
    customers: {
      first_name: rows.map(canary),
      email: emails.concat(emails),
      city: rows.map(canary),
      misc1: emails,
      password: rows.map((i) => `CANARY-${i}-pass`),
      created: rows.map(() => '2020-01-01 00:00:00'),
    },
    orders: { delivery_notes: rows.map((i) => `Leave it with CANARY${i} at the door of number ${i}, please.`) },
  });
  const result = classifyColumns({ catalog: shop, graph: null, sample, rules: [] });
  expect(
    JSON.stringify([
      result,
      explainClassification(result, { all: true }),
      proposeSubjects(shop, sample),
      tryRule('core-pii', 'CANARY@canary.org'),
    ]),
  ).not.toMatch(/CANARY|canary/);
});

test('forms and quantiles are kept only where five subjects share them', () => {
  const phones = [
    ...Array.from({ length: 30 }, (_, i) => `(206) 555-${1000 + i}`),
    ...Array.from({ length: 4 }, (_, i) => `+49 30 1234 56${i}`),
  ];
  const catalog = sketchCatalog({ customers: { columns: 'id phone:text born:date', primaryKey: ['id'] } });
  const born = phones.map((_, i) => (i === 0 ? '1901-01-01' : `19${60 + i}-05-05`));
  const { columns } = classifyColumns({
    catalog,
    graph: null,
    sample: sampleOf({ customers: { phone: phones, born } }),
    rules: [],
  });
  const result = { version: 1, columns, findings: [] } as const;
  expect(by(result, 'customers.phone').style?.shapes).toEqual([{ pattern: '(999) 999-9999', weight: 1 }]);
  const days = by(result, 'customers.born').style!.days!;
  expect(Math.min(...days)).toBeGreaterThan(Date.UTC(1960, 0, 1) / 86_400_000); // not the oldest one's
});

test('subjects are tables of persons, not tables about them', () => {
  const catalog = sketchCatalog({
    users: { columns: 'id display_name:text', primaryKey: ['id'] },
    posts: {
      columns: 'id owner_id owner_display_name:text body:text',
      primaryKey: ['id'],
      keys: [{ columns: 'owner_id', to: 'users' }],
    },
    suppliers: { columns: 'id company_name:text contact_name:text', primaryKey: ['id'] },
    payments: {
      columns: 'id user_id cardholder_name:text',
      primaryKey: ['id'],
      keys: [{ columns: 'user_id', to: 'users' }],
    },
    addresses: { columns: 'id street:text phone:text', primaryKey: ['id'] },
    products: { columns: 'id name:text', primaryKey: ['id'] },
  });
  expect(proposeSubjects(catalog).map(({ table }) => table)).toEqual(['public.users', 'public.suppliers']);
  const hidden = sketchCatalog({ box: { columns: 'id misc1:text', primaryKey: ['id'] } });
  expect(proposeSubjects(hidden)).toEqual([]);
  expect(proposeSubjects(hidden, sampleOf({ box: { misc1: emails } })).map(({ table }) => table)).toEqual([
    'public.box',
  ]);
});
