import { describe, expect, test } from 'vitest';
import { anyOf, Dice, mine, partOf, rowsOf, sayings, timestamp } from './planted-sample.ts';
import type { PlantedRow } from './planted-sample.ts';

const ONE = (columns: string, rows: readonly PlantedRow[]) => ({
  sketch: { thing: { columns: `id ${columns}`, primaryKey: ['id'] } },
  rows: { thing: rows },
});

/** Customers, and children of theirs with `childColumns`. */
function family(
  childColumns: string,
  children: readonly PlantedRow[],
  parentColumns = '',
  parents = rowsOf(300, () => ({})),
) {
  return {
    sketch: {
      person: { columns: `id ${parentColumns}`.trim(), primaryKey: ['id'] },
      item: {
        columns: `id person_id ${childColumns}`,
        primaryKey: ['id'],
        keys: [{ columns: 'person_id', to: 'person' }],
      },
    },
    rows: { person: parents, item: children },
  };
}

test('nothing is found in columns that have nothing to do with each other', () => {
  const dice = new Dice('nothing');
  const people = rowsOf(800, () => ({
    born: timestamp(dice.moment(9000)).slice(0, 10),
    seen: dice.chance(0.3) ? null : timestamp(dice.moment(9000)),
    height: dice.between(150, 200),
    weight: dice.between(40, 120),
    town: dice.of(['Bonn', 'Köln', 'Ulm', 'Trier']),
    state: dice.chance(0.2) ? null : dice.of(['new', 'old']),
  }));
  const items = rowsOf(2000, () => ({
    person_id: dice.between(1, 800),
    price: (dice.between(1, 9999) / 100).toFixed(2),
    made: timestamp(dice.moment(9000)),
    town: dice.of(['Bonn', 'Köln', 'Ulm', 'Trier']),
    count: dice.between(1, 3),
  }));
  const planted = family(
    'price:decimal made:timestamp town:text count',
    items,
    'born:date seen:timestamp? height weight town:text state:text?',
    people,
  );
  expect(sayings(planted)).toEqual([]);
});

describe('orders', () => {
  const ordered = (rule: (id: number, row: { from: number; to: number }) => number, count = 600): PlantedRow[] => {
    const dice = new Dice('order');
    return rowsOf(count, (id) => {
      const from = dice.moment(300);
      const to = dice.moment(200, from + 1000);
      return { made: timestamp(from), done: dice.chance(0.3) ? null : timestamp(rule(id, { from, to })) };
    });
  };
  const columns = 'made:timestamp done:timestamp?';

  test('are found within a row, with what they rest on', () => {
    const rows = ordered((_, { to }) => to);
    const [rule, ...more] = mine(ONE(columns, rows));
    expect(more).toEqual([]);
    expect(rule).toMatchObject({
      kind: 'order',
      table: 'public.thing',
      low: { column: 'made', foreignKey: null },
      high: { column: 'done', foreignKey: null },
      strict: true,
    });
    const cases = rows.filter((row) => row['done'] !== null && partOf('thing', Number(row['id'])) === 'fit').length;
    expect(rule.support.caseCount).toBe(cases);
    expect(rule.support.unitCount).toBe(cases);
  });

  test.each(['fit', 'tune'] as const)('are no rule once a row of a %s subject breaks them', (part) => {
    const rows = ordered((_, { to }) => to);
    const id = anyOf('thing', part);
    rows[id - 1] = { ...rows[id - 1], done: timestamp(Date.UTC(1999, 0, 1)) };
    expect(sayings(ONE(columns, rows))).toEqual([]);
  });

  test('are not judged by test subjects', () => {
    const rows = ordered((_, { to }) => to);
    const id = anyOf('thing', 'test');
    rows[id - 1] = { ...rows[id - 1], done: timestamp(Date.UTC(1999, 0, 1)) };
    expect(sayings(ONE(columns, rows))).toEqual(['thing: made < done']);
  });

  test('of too few cases are none', () => {
    expect(
      sayings(
        ONE(
          columns,
          ordered((_, { to }) => to, 60),
        ),
      ),
    ).toEqual([]);
  });

  test('of numbers that lie apart anyway are none', () => {
    const dice = new Dice('apart');
    const rows = rowsOf(600, () => ({ small: dice.between(1, 9), large: dice.between(9, 500) }));
    expect(sayings(ONE('small large', rows))).toEqual([]);
  });

  test('that follow from others are left out, unless the one between may be NULL', () => {
    const dice = new Dice('chain');
    const rows = (gap: boolean): PlantedRow[] =>
      rowsOf(800, () => {
        const [a, b, c] = [dice.moment(100), dice.between(1, 9e8), dice.between(1, 9e8)];
        return { a: timestamp(a), b: gap && dice.chance(0.4) ? null : timestamp(a + b), c: timestamp(a + b + c) };
      });
    const columns = 'a:timestamp b:timestamp? c:timestamp';
    expect(sayings(ONE(columns, rows(false)))).toEqual(['thing: a < b', 'thing: b < c']);
    expect(sayings(ONE(columns, rows(true)))).toEqual(['thing: a < b', 'thing: a < c', 'thing: b < c']);
  });

  test('of a row and its parent are found, a date and a timestamp by their days', () => {
    const dice = new Dice('parent order');
    const joined = Array.from({ length: 300 }, () => dice.moment(900));
    const people = rowsOf(300, (id) => ({ joined: timestamp(joined[id - 1]).slice(0, 10) }));
    const items = rowsOf(900, () => {
      const person = dice.between(1, 300);
      return { person_id: person, made: timestamp(dice.moment(20, Math.floor(joined[person - 1] / 864e5) * 864e5)) };
    });
    expect(sayings(family('made:timestamp', items, 'joined:date', people))).toEqual([
      'item: joined behind item_person_id_fkey ≤ made',
    ]);
  });
});

describe('NULLs', () => {
  const statuses = (rule: (status: string) => boolean | null): PlantedRow[] => {
    const dice = new Dice('null');
    return rowsOf(900, () => {
      const status = dice.of(['open', 'open', 'paid', 'sent', 'lost']);
      const isNull = rule(status) ?? dice.chance(0.5);
      return { status, paid: isNull ? null : timestamp(dice.moment(300)) };
    });
  };

  test('that a status tells are found, where it tells them', () => {
    const rows = statuses((status) => (status === 'open' ? true : status === 'lost' ? null : false));
    const [rule, ...more] = mine(ONE('status:text paid:timestamp?', rows));
    expect(more).toEqual([]);
    expect(rule).toMatchObject({ kind: 'null-given', column: 'paid', given: 'status', nullFor: ['open'] });
    expect([...(rule as unknown as { presentFor: string[] }).presentFor].sort()).toEqual(['paid', 'sent']);
  });

  test('name no value of fewer than 5 units', () => {
    const rows = statuses((status) => status === 'open').map((row, i) =>
      i < 4 ? { ...row, status: 'rare', paid: null } : row,
    );
    const [rule] = mine(ONE('status:text paid:timestamp?', rows));
    expect(JSON.stringify(rule)).toContain('open');
    expect(JSON.stringify(rule)).not.toContain('rare');
  });

  test('of one personal column are told by no value of it', () => {
    const rows = statuses((status) => status === 'open');
    const unnamedColumns = new Map([['public.thing', new Set(['status'])]]);
    expect(sayings(ONE('status:text paid:timestamp?', rows), { unnamedColumns })).toEqual([]);
  });

  test('of several columns at once are found, and of one less if it differs once', () => {
    const dice = new Dice('together');
    const rows = rowsOf(700, () => {
      const none = dice.chance(0.4);
      return { a: none ? null : dice.between(1, 9), b: none ? null : dice.between(1, 9), c: none ? null : 'x' };
    });
    expect(sayings(ONE('a? b? c:text?', rows))).toEqual(['thing: a, b and c are NULL together']);
    const id = anyOf('thing', 'fit');
    rows[id - 1] = { ...rows[id - 1], c: rows[id - 1]['c'] === null ? 'x' : null };
    expect(sayings(ONE('a? b? c:text?', rows))).toContain('thing: a and b are NULL together');
    expect(sayings(ONE('a? b? c:text?', rows)).join()).not.toContain('b and c');
  });

  test('give another column its value', () => {
    const dice = new Dice('value');
    const rows = rowsOf(900, () => {
      const coupon = dice.chance(0.5) ? dice.between(1, 900) : null;
      return { coupon, discount: coupon === null ? 0 : dice.between(0, 20) };
    });
    expect(sayings(ONE('coupon? discount', rows))).toEqual(['thing: discount is "0" where coupon is NULL']);
  });
});

describe('dependencies', () => {
  const TOWNS = Array.from({ length: 40 }, (_, i) => ({ town: `town ${i}`, land: `land ${i % 7}` }));

  test('are found with the values that 5 units share', () => {
    const dice = new Dice('towns');
    const rows = rowsOf(900, (id) => ({ ...(id <= 3 ? { town: 'hamlet', land: 'land 1' } : dice.of(TOWNS)) }));
    const [rule, ...more] = mine(ONE('town:text land:text', rows));
    expect(more).toEqual([]);
    expect(rule).toMatchObject({ kind: 'dependency', from: ['town'], to: 'land' });
    const { map } = rule as unknown as { map: (string | null)[][] };
    expect(new Map(map as [string, string][]).get('town 8')).toBe('land 1');
    expect(map).toHaveLength(40);
    expect(JSON.stringify(map)).not.toContain('hamlet');
  });

  test('are none once one row breaks them, nor of nearly distinct values', () => {
    const dice = new Dice('broken towns');
    const rows = rowsOf(900, () => ({ ...dice.of(TOWNS) }));
    const id = anyOf('thing', 'tune');
    rows[id - 1] = { ...rows[id - 1], land: 'land 99' };
    expect(sayings(ONE('town:text land:text', rows))).toEqual([]);
    const distinct = rowsOf(900, (i) => ({ town: `town ${i % 880}`, land: `land ${(i % 880) % 3}` }));
    expect(sayings(ONE('town:text land:text', distinct))).toEqual([]);
  });

  test('on two columns are found where neither is enough', () => {
    const dice = new Dice('pairs');
    const rows = rowsOf(1500, () => {
      const [size, kind] = [dice.of(['S', 'M', 'L', 'XL']), dice.between(1, 15)];
      return { size, kind: `kind ${kind}`, price: (kind * 7 + size.length * size.charCodeAt(0)) % 83 };
    });
    expect(sayings(ONE('size:text kind:text price', rows))).toEqual([
      'thing: size and kind determine price (60 values known)',
    ]);
  });

  test('of one outlier are none', () => {
    const dice = new Dice('outlier');
    const rows = rowsOf(900, () => ({ ...dice.of(TOWNS), kind: dice.of(['a', 'b', 'c']) }));
    const id = anyOf('thing', 'fit');
    rows[id - 1] = { ...rows[id - 1], land: 'land 99', kind: 'd' };
    expect(sayings(ONE('town:text land:text kind:text', rows))).toEqual([]);
  });

  test('on a parent are told without its keys, and with them where its rows are copied', () => {
    const dice = new Dice('constant');
    const items = rowsOf(1200, () => {
      const kind = dice.between(1, 20);
      return { kind_id: kind, price: (kind * 37) % 11 };
    });
    const planted = {
      sketch: {
        kind: { columns: 'id', primaryKey: ['id'] },
        item: { columns: 'id kind_id price', primaryKey: ['id'], keys: [{ columns: 'kind_id', to: 'kind' }] },
      },
      rows: { kind: rowsOf(20, () => ({})), item: items },
      subjects: ['item'],
    };
    expect(sayings(planted)).toEqual(['item: price is the same in all rows of one item_kind_id_fkey']);
    expect(sayings(planted, { copiedTables: new Set(['public.kind']) })).toEqual([
      'item: kind_id determines price (20 values known)',
    ]);
  });
});

describe('along foreign keys', () => {
  test('copies are found, NULLs included, and make other rules superfluous', () => {
    const dice = new Dice('copy');
    const people = rowsOf(300, () => ({ town: dice.chance(0.2) ? null : `town ${dice.between(1, 90)}` }));
    const items = rowsOf(1200, () => {
      const person = dice.between(1, 300);
      return { person_id: person, bill_town: people[person - 1]['town'] };
    });
    const planted = family('bill_town:text?', items, 'town:text?', people);
    expect(sayings(planted)).toEqual(['item: bill_town = town behind item_person_id_fkey']);
    const id = items.findIndex((row) => partOf('person', Number(row['person_id'])) === 'tune') + 1;
    items[id - 1] = { ...items[id - 1], bill_town: 'elsewhere' };
    expect(sayings(planted)).toEqual([]);
  });

  const shop = (): Parameters<typeof mine>[0] => {
    const dice = new Dice('shop');
    const address = rowsOf(700, () => ({ person_id: dice.between(1, 300), land_id: dice.between(1, 12) }));
    const own = (person: number): number[] =>
      address.flatMap((row, i) => (Number(row['person_id']) === person ? [i + 1] : []));
    const person = rowsOf(300, (id) => ({ home_id: dice.chance(0.1) ? null : (own(id)[0] ?? null) }));
    const land = rowsOf(12, (id) => ({ currency: ['EUR', 'USD', 'SEK'][id % 3] }));
    const orders = rowsOf(1500, () => {
      const to = dice.between(1, 700);
      const currency = land[Number(address[to - 1]['land_id']) - 1]['currency'];
      return { person_id: address[to - 1]['person_id'], address_id: to, currency };
    });
    return {
      sketch: {
        person: { columns: 'id home_id?', primaryKey: ['id'], keys: [{ columns: 'home_id', to: 'address' }] },
        land: { columns: 'id currency:text', primaryKey: ['id'] },
        address: {
          columns: 'id person_id land_id',
          primaryKey: ['id'],
          keys: [
            { columns: 'person_id', to: 'person' },
            { columns: 'land_id', to: 'land' },
          ],
        },
        orders: {
          columns: 'id person_id address_id currency:text',
          primaryKey: ['id'],
          keys: [
            { columns: 'person_id', to: 'person' },
            { columns: 'address_id', to: 'address' },
          ],
        },
      },
      rows: { person, land, address, orders },
    };
  };

  test('paths that agree are found, and what is copied two steps up', () => {
    expect(sayings(shop())).toEqual([
      'orders: currency = currency behind orders_address_id_fkey → address_land_id_fkey',
      'orders: orders_person_id_fkey leads where orders_address_id_fkey → address_person_id_fkey leads',
      'person: what person_home_id_fkey leads to belongs to the row itself (address_person_id_fkey)',
    ]);
  });

  test('numbers from 1 without a gap are found, and what grows with them', () => {
    const dice = new Dice('sequence');
    const lines = (skip: number | null): PlantedRow[] =>
      Array.from({ length: 300 }, (_, p) => {
        let at = dice.moment(900);
        return Array.from({ length: dice.between(1, 5) }, (_, i) => {
          at = dice.moment(3, at);
          return { person_id: p + 1, line: i + 1 + (p + 1 === skip ? 1 : 0), made: timestamp(at) };
        });
      }).flat();
    const planted = (skip: number | null) => ({
      sketch: {
        person: { columns: 'id', primaryKey: ['id'] },
        item: {
          columns: 'person_id line made:timestamp',
          primaryKey: ['person_id', 'line'],
          keys: [{ columns: 'person_id', to: 'person' }],
        },
      },
      rows: { person: rowsOf(300, () => ({})), item: lines(skip) },
    });
    expect(sayings(planted(null))).toEqual([
      'item: line counts the rows of item_person_id_fkey from 1',
      'item: made does not decrease with line among the rows of item_person_id_fkey',
    ]);
    expect(sayings(planted(7))).toEqual([]);
  });
});

describe('arithmetic', () => {
  const money = (cents: number): string => (cents / 100).toFixed(2);

  test.each([
    ['c = a · b', (a: number, b: number) => a * b],
    ['c = a + b', (a: number, b: number) => a + b * 100],
    ['c = a − b', (a: number, b: number) => a - b * 100],
  ])('%s is found, and not once it is wrong', (saying, compute) => {
    const dice = new Dice(saying);
    const rows = rowsOf(600, () => {
      const [a, b] = [dice.between(1000, 99_999), dice.between(1, 9)];
      return { a: money(a), b, c: money(compute(a, b)) };
    });
    expect(sayings(ONE('a:decimal b c:decimal', rows))).toEqual([`thing: ${saying}`]);
    const id = anyOf('thing', 'fit');
    rows[id - 1] = { ...rows[id - 1], c: money(1) };
    expect(sayings(ONE('a:decimal b c:decimal', rows))).not.toContain(`thing: ${saying}`);
  });

  test('is found with rounding, a rate in percent, and an operand that seldom matters', () => {
    const dice = new Dice('invoice');
    const rows = rowsOf(900, () => {
      const [net, count, percent] = [dice.between(100, 99_999), dice.between(1, 9), dice.of([0, 5, 10, 12])];
      const reduced = Math.round(net * count * (1 - percent / 100));
      const [fee, bonus] = [dice.between(0, 900), dice.chance(0.05) ? dice.between(1, 90) : 0];
      return {
        net: money(net),
        count,
        percent,
        fee: money(fee),
        bonus: money(bonus),
        reduced: money(reduced),
        total: money(reduced + fee - bonus),
      };
    });
    const columns = 'net:decimal count percent fee:decimal bonus:decimal reduced:decimal total:decimal';
    expect(sayings(ONE(columns, rows))).toEqual([
      'thing: reduced = net · count · (1 − percent / 100)',
      'thing: total = fee − bonus + reduced',
    ]);
  });

  test('takes operands from a parent', () => {
    const dice = new Dice('parent price');
    const products = rowsOf(200, () => ({ price: money(dice.between(100, 9999)) }));
    const lines = rowsOf(1500, () => {
      const [product, count] = [dice.between(1, 200), dice.between(1, 6)];
      const price = Math.round(Number(products[product - 1]['price']) * 100);
      return { product_id: product, count, amount: money(count * price) };
    });
    const planted = {
      sketch: {
        product: { columns: 'id price:decimal', primaryKey: ['id'] },
        line: {
          columns: 'id product_id count amount:decimal',
          primaryKey: ['id'],
          keys: [{ columns: 'product_id', to: 'product' }],
        },
      },
      rows: { product: products, line: lines },
      subjects: ['line'],
    };
    expect(sayings(planted)).toEqual(['line: amount = count · price behind line_product_id_fkey']);
  });
});

describe('aggregates', () => {
  const planted = (spoil: (person: number) => boolean) => {
    const dice = new Dice('aggregate');
    const items = rowsOf(1500, () => ({
      person_id: dice.between(1, 400),
      price: (dice.between(100, 9999) / 100).toFixed(2),
      made: timestamp(dice.moment(900)),
    }));
    const people = rowsOf(420, (id) => {
      const own = items.filter((item) => Number(item['person_id']) === id);
      const cents = own.reduce((sum, item) => sum + Math.round(Number(item['price']) * 100), 0);
      const first = own.map((item) => String(item['made'])).sort()[0] ?? null;
      return { spent: ((cents + (spoil(id) ? 1 : 0)) / 100).toFixed(2), items: own.length, first };
    });
    return family('price:decimal made:timestamp', items, 'spent:decimal items first:timestamp?', people);
  };

  test('sum, count and least of the children are found', () => {
    const rules = mine(planted(() => false));
    expect(rules).toMatchObject([
      { kind: 'aggregate', column: 'spent', function: 'sum', of: ['price'], whenNone: '0', decimals: 2 },
      { kind: 'aggregate', column: 'items', function: 'count', of: [], whenNone: '0' },
      { kind: 'aggregate', column: 'first', function: 'min', of: ['made'], whenNone: null },
    ]);
  });

  test('that are a cent off for one fitting parent, or for one without children, are none', () => {
    const spent = (id: number): readonly string[] =>
      sayings(planted((person) => person === id)).filter((saying) => saying.startsWith('person: spent'));
    expect(spent(anyOf('person', 'test'))).toHaveLength(1);
    expect(spent(anyOf('person', 'fit'))).toEqual([]);
    const childless = Array.from({ length: 20 }, (_, i) => 401 + i).find((id) => partOf('person', id) === 'fit')!;
    expect(spent(childless)).toEqual([]);
  });
});

test('excluded columns take no part', () => {
  const dice = new Dice('excluded');
  const rows = rowsOf(600, () => {
    const made = dice.moment(300);
    return { made: timestamp(made), done: timestamp(dice.moment(200, made + 1000)) };
  });
  const excludedColumns = new Map([['public.thing', new Set(['done'])]]);
  expect(sayings(ONE('made:timestamp done:timestamp', rows), { excludedColumns })).toEqual([]);
});
