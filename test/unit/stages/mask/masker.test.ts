import { describe, expect, test } from 'vitest';
import { sketchCatalog } from '../../../support/catalog.ts';
import type { Catalog } from '../../../../connectors/connector.ts';
import type { RowBlock } from '../../../../src/kernel/rows.ts';
import type { ColumnRule } from '../../../../src/stages/mask/artifact.ts';
import { classifyColumns, createMasker } from '../../../../src/stages/mask/index.ts';
import { maskKeyOf } from '../../../../src/stages/mask/mask-key.ts';
import { isCardNumber, isEmail, isIban, isPhone } from '../../../../src/stages/mask/value-checks.ts';
import { maskedRows, sampleOf, tableOf, withColumns } from './mask-fixture.ts';

const catalog = sketchCatalog({
  customers: {
    columns:
      'id first_name:text last_name:text full_name:text email:text phone:text user_name:text street:text city:text state:text postal_code:text country:text gender:text iban:text card_number:text ip_address:text notes:text? born:date api_token:text',
    primaryKey: ['id'],
    uniqueKeys: [['email'], ['user_name'], ['phone'], ['iban'], ['card_number'], ['ip_address'], ['api_token']],
  },
});

function classified(from: Catalog = catalog, rules: ColumnRule[] = [], sample = sampleOf({})) {
  return classifyColumns({ catalog: from, graph: null, sample, rules });
}

const customers = tableOf(catalog, 'customers');

test('unique columns never repeat, by construction, over 200,000 rows', () => {
  const rows = maskedRows(customers, classified(), { rowCount: 200_000, blockSize: 50_000 });
  for (const column of ['email', 'user_name', 'phone', 'iban', 'card_number', 'ip_address', 'api_token']) {
    expect([column, new Set(rows.get(column)!.map((value) => value!.toLowerCase())).size]).toEqual([column, 200_000]);
  }
  expect(new Set(rows.get('first_name')).size).toBeLessThan(200_000); // the control: what need not be unique is not
});

test('a row is the same in any block size and another under another seed', () => {
  const classification = classified();
  const whole = maskedRows(customers, classification, { rowCount: 999 });
  for (const blockSize of [1, 7, 250])
    expect(maskedRows(customers, classification, { rowCount: 999, blockSize })).toEqual(whole);
  const tail = maskedRows(customers, classification, { firstRow: 900, rowCount: 99 });
  for (const [column, values] of tail) expect(values).toEqual(whole.get(column)!.slice(900));
  const other = maskedRows(customers, classification, { rowCount: 999, seed: 1 });
  for (const [column, values] of other)
    if (column !== 'country') expect([column, values]).not.toEqual([column, whole.get(column)]);
});

test('the columns of a row are one person at one address', () => {
  const country = ['Germany', 'France', 'USA', 'Brazil', null];
  const gender = ['F', 'm', 'female', 'male', null];
  const rowCount = 500;
  const given = {
    country: Array.from({ length: rowCount }, (_, i) => country[i % 5]),
    gender: Array.from({ length: rowCount }, (_, i) => gender[i % 5]),
  };
  const rows = maskedRows(customers, classified(), { rowCount, given });
  const at = (column: string, i: number): string => rows.get(column)![i]!;
  const fold = (text: string): string =>
    text
      .normalize('NFD')
      .replace(/[^a-z]/gi, '')
      .toLowerCase();
  for (let i = 0; i < rowCount; i++) {
    expect(at('full_name', i)).toBe(`${at('first_name', i)} ${at('last_name', i)}`);
    expect(isEmail(at('email', i))).toBe(true);
    expect(at('email', i)).toMatch(/@example\.(com|org|net)$/);
    if (i % 5 === 2) expect(at('email', i).split('.')[0]).toBe(fold(at('first_name', i)));
    expect(isCardNumber(at('card_number', i))).toBe(true);
    expect(isIban(at('iban', i))).toBe(true);
    if (i % 5 === 0) expect(at('postal_code', i)).toMatch(/^\d{5}$/);
    if (i % 5 === 3) expect(at('postal_code', i)).toMatch(/^\d{5}-\d{3}$/);
    expect(at('born', i)).toMatch(/^(19|20)\d\d-\d\d-\d\d$/);
  }
  const statesOf = (remainder: number): Set<string> =>
    new Set(Array.from({ length: 100 }, (_, i) => at('state', i * 5 + remainder)));
  expect(statesOf(0)).toContain('Bayern');
  expect([...statesOf(0)].filter((state) => statesOf(2).has(state))).toEqual([]);
  const namesOf = (remainder: number): Set<string> =>
    new Set(Array.from({ length: 100 }, (_, i) => at('first_name', i * 5 + remainder)));
  expect(namesOf(0).has('Hans') || namesOf(0).has('Peter')).toBe(false); // those rows say that they are female
});

test('a US region and its postal code agree', () => {
  const rowCount = 400;
  const rows = maskedRows(customers, classified(), {
    rowCount,
    given: { country: Array.from({ length: rowCount }, () => 'US') },
  });
  const texas = rows.get('postal_code')!.filter((_, i) => rows.get('state')![i] === 'Texas');
  expect(texas.length).toBeGreaterThan(2);
  for (const code of texas) expect(Number(code)).toSatisfy((n: number) => n >= 73_301 && n <= 88_595);
});

test('numbers are fictional, and other ones where production has fictional ones itself', () => {
  const plain = sketchCatalog({ customers: { columns: 'id phone:text email:text', primaryKey: ['id'] } });
  const make = (phones: string[], emails: string[]) =>
    maskedRows(
      tableOf(plain, 'customers'),
      classified(plain, [], sampleOf({ customers: { phone: phones, email: emails } })),
      { rowCount: 300 },
    );
  const many = (text: (i: number) => string): string[] => Array.from({ length: 60 }, (_, i) => text(10 + i));
  const normal = make(
    many((i) => `(206) 421-98${i}`),
    many((i) => `p${i}@corp.com`),
  );
  for (const phone of normal.get('phone')!) expect(phone).toMatch(/^\([2-9]\d\d\) 555-01\d\d$/);
  const taken = make(
    many((i) => `(206) 555-01${i}`),
    many((i) => `p${i}@example.com`),
  );
  for (const phone of taken.get('phone')!) expect(phone).toMatch(/^\(999\) \d{3}-\d{4}$/);
  for (const email of taken.get('email')!) expect(email).toMatch(/@[a-z]+\.invalid$/);
});

describe('values fit their columns', () => {
  test.each([1, 2, 3, 5, 8, 12, 20, 40])('text of at most %i characters, also where unique', (maxLength) => {
    const names = [
      'first_name',
      'last_name',
      'full_name',
      'user_name',
      'phone',
      'street',
      'city',
      'state',
      'postal_code',
      'iban',
      'card_number',
      'notes',
      'api_token',
    ];
    const narrow = withColumns(
      catalog,
      Object.fromEntries(names.map((name) => [`customers.${name}`, { type: { maxLength } }])),
    );
    const table = {
      ...tableOf(narrow, 'customers'),
      uniqueKeys:
        maxLength < 3 ? [] : tableOf(narrow, 'customers').uniqueKeys.filter((key) => key.columns[0] === 'user_name'),
    };
    const rows = maskedRows(table, classified({ ...narrow, tables: [table] }), { rowCount: 300 });
    for (const name of names) {
      for (const value of rows.get(name)!) {
        expect(value!.length, `${name} "${value}"`).toBeLessThanOrEqual(maxLength);
        expect(value).not.toBe('');
      }
    }
    if (maxLength >= 3) expect(new Set(rows.get('user_name')).size).toBe(300);
  });

  test('numbers, arrays, UUIDs, bytes and network types', () => {
    const odd = withColumns(
      sketchCatalog({
        users: {
          columns: 'id phone:integer zip:integer session_id:uuid salt:bytes last_ip:network emails:array ssn:decimal',
          primaryKey: ['id'],
        },
      }),
      {
        'users.phone': { type: { class: 'integer', byteSize: 8 } },
        'users.emails': { type: { class: 'array', element: { ...customers.columns[1].type } } },
        'users.ssn': { type: { precision: 9, scale: 0 } },
      },
    );
    const classification = classified(odd);
    expect(classification.findings).toEqual([]);
    const rows = maskedRows(tableOf(odd, 'users'), classification, { rowCount: 200 });
    const all = (column: string, form: RegExp): void =>
      rows.get(column)!.forEach((value) => expect(value).toMatch(form));
    all('phone', /^[1-9]\d{8,17}$/);
    all('zip', /^\d{1,9}$/);
    all('session_id', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    all('salt', /^\\x[0-9a-f]{64}$/);
    all('last_ip', /^198\.(18|19)\.\d{1,3}\.\d{1,3}$/);
    for (const blockSize of [1, 60])
      expect(maskedRows(tableOf(odd, 'users'), classification, { rowCount: 200, blockSize })).toEqual(rows);
    all('emails', /^\{"[^"]+@example\.\w+"\}$/);
    all('ssn', /^\d{1,9}$/);
  });

  test('letter case, blanks, markup and length follow the sample', () => {
    const small = sketchCatalog({
      users: { columns: 'id first_name:text address2:text about_me:text', primaryKey: ['id'] },
    });
    const n = 100;
    const sample = sampleOf({
      users: {
        first_name: Array.from({ length: n }, (_, i) => `NAME${String.fromCharCode(65 + (i % 26))}`),
        address2: Array.from({ length: n }, (_, i) => (i % 4 === 0 ? `Apt. ${i}` : '')),
        about_me: Array.from({ length: n }, (_, i) => `<p>${'word '.repeat(20 + (i % 10))}</p>`),
      },
    });
    const rows = maskedRows(tableOf(small, 'users'), classified(small, [], sample), { rowCount: 2000 });
    for (const name of rows.get('first_name')!) expect(name).toBe(name!.toUpperCase());
    expect(rows.get('address2')!.filter((value) => value === '').length / 2000).toBeCloseTo(0.75, 1);
    const lengths = rows.get('about_me')!.map((value) => value!.length);
    expect(rows.get('about_me')!.every((value) => /^<p>.*<\/p>$/s.test(value!))).toBe(true);
    expect(lengths.reduce((sum, length) => sum + length, 0) / 2000).toBeGreaterThan(105);
    expect(Math.max(...lengths)).toBeLessThan(160);
  });
});

test('nulls stay where they are, and only there', () => {
  const classification = classified();
  const block: RowBlock = {
    table: 'public.customers',
    firstRow: 0,
    rowCount: 4,
    columns: new Map([['notes', { form: 'masked', nulls: Uint8Array.of(0, 1, 0, 1) }]]),
  };
  createMasker(customers, classification, { seed: 0 }).mask(block);
  const vector = block.columns.get('notes')!;
  expect(vector.form === 'text' && vector.values.map((value) => value === null)).toEqual([false, true, false, true]);
});

test('what is left to be made and has no treatment stops the run', () => {
  const block: RowBlock = {
    table: 'public.customers',
    firstRow: 0,
    rowCount: 1,
    columns: new Map([['gender', { form: 'masked', nulls: new Uint8Array(1) }]]),
  };
  expect(() => createMasker(customers, classified(), { seed: 0 }).mask(block)).toThrow(
    expect.objectContaining({ code: 'MASK_UNTREATED_COLUMN' }),
  );
});

test('a made key can be asked for by row number, for the keys that reference it', () => {
  const accounts = sketchCatalog({
    accounts: { columns: 'email:text country:text', primaryKey: ['email'] },
    logins: { columns: 'id email:text', primaryKey: ['id'], keys: [{ columns: 'email', to: 'accounts' }] },
  });
  const classification = classified(accounts);
  const table = tableOf(accounts, 'accounts');
  const whole = maskedRows(table, classification, {
    rowCount: 50,
    given: { country: Array.from({ length: 50 }, () => 'Germany') },
  }).get('email')!;
  expect(createMasker(table, classification, { seed: 0 }).keyValues('email', [3, 3, 49, 0])).toEqual([
    whole[3],
    whole[3],
    whole[49],
    whole[0],
  ]);
});

test('a unique form that runs out of values says so', () => {
  const narrow = withColumns(
    sketchCatalog({ users: { columns: 'id ssn:text', primaryKey: ['id'], uniqueKeys: [['ssn']] } }),
    { 'users.ssn': { type: { maxLength: 2 } } },
  );
  expect(() => maskedRows(tableOf(narrow, 'users'), classified(narrow), { rowCount: 101 })).toThrow(
    expect.objectContaining({ code: 'GENERATE_CAPACITY' }),
  );
  expect(new Set(maskedRows(tableOf(narrow, 'users'), classified(narrow), { rowCount: 100 }).get('ssn')).size).toBe(
    100,
  );
});

describe('treatments of values that are there', () => {
  const table = sketchCatalog({
    users: { columns: 'id code:text seen:timestamp? born:date? age:integer secret_note:text?', primaryKey: ['id'] },
  });
  const treat = (
    rule: Partial<ColumnRule> & Pick<ColumnRule, 'column' | 'treatment'>,
    values: (string | null)[],
    firstRow = 0,
    key = 'k',
  ): (string | null)[] => {
    const classification = classified(table, [{ table: 'users', ...rule }]);
    const block: RowBlock = {
      table: 'public.users',
      firstRow,
      rowCount: values.length,
      columns: new Map([[rule.column, { form: 'text', values }]]),
    };
    createMasker(tableOf(table, 'users'), classification, { seed: 0, key: maskKeyOf(key) }).mask(block);
    const vector = block.columns.get(rule.column)!;
    return vector.form === 'text' ? vector.values : [];
  };

  test('hash keeps equality, depends on the key, and needs one', () => {
    const [a, b, c, none] = treat({ column: 'code', treatment: 'hash' }, ['x', 'x', 'y', null]);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    expect(none).toBeNull();
    expect(treat({ column: 'code', treatment: 'hash' }, ['x'], 0, 'other')[0]).not.toBe(a);
    const keyless = (): unknown => {
      const classification = classified(table, [{ table: 'users', column: 'code', treatment: 'hash' }]);
      const block: RowBlock = {
        table: 'public.users',
        firstRow: 0,
        rowCount: 1,
        columns: new Map([['code', { form: 'text', values: ['x'] }]]),
      };
      return createMasker(tableOf(table, 'users'), classification, { seed: 0 }).mask(block);
    };
    expect(keyless).toThrow(expect.objectContaining({ code: 'MASK_KEY_MISSING' }));
  });

  test('shift moves every row within its bound, never by nothing, and keeps the time of day', () => {
    const shifted = treat(
      { column: 'seen', treatment: 'shift', options: { days: 5 } },
      Array.from({ length: 500 }, () => '2024-02-29 12:34:56.789'),
    );
    const days = shifted.map(
      (text) => (Date.parse(`${text!.slice(0, 10)}T00:00:00Z`) - Date.UTC(2024, 1, 29)) / 86_400_000,
    );
    expect(new Set(days)).toEqual(new Set([-5, -4, -3, -2, -1, 1, 2, 3, 4, 5]));
    expect(shifted.every((text) => text!.endsWith(' 12:34:56.789'))).toBe(true);
  });

  test('bucket, redact, null', () => {
    expect(treat({ column: 'age', treatment: 'bucket', options: { width: 5 } }, ['17', '20', '-1', null])).toEqual([
      '15',
      '20',
      '-5',
      null,
    ]);
    expect(treat({ column: 'born', treatment: 'bucket' }, ['1984-05-17'])).toEqual(['1984-05-01']);
    expect(treat({ column: 'secret_note', treatment: 'redact' }, ['something', null])).toEqual(['REDACTED', null]);
    expect(treat({ column: 'secret_note', treatment: 'null' }, ['something', null])).toEqual([null, null]);
  });
});

test('a phone that somebody could have is recognised as one, in the forms that are made', () => {
  const rows = maskedRows(customers, classified(), { rowCount: 200 });
  expect(rows.get('phone')!.every((phone) => isPhone(phone!))).toBe(true);
});
