/** One awkward shape each: learned from a small sample, made anew, and looked at. */
import { describe, expect, it } from 'vitest';
import type { ColumnVector } from '../../../../src/kernel/rows.ts';
import { RandomCursor, streamKey } from '../../../../src/numeric/random.ts';
import { generationFindings } from '../../../../src/stages/generate/index.ts';
import type { Classification } from '../../../../src/stages/mask/artifact.ts';
import { learned, made, type MadeRows, type SketchDatabase, type SketchRow } from '../../../support/sketch-database.ts';

const rowsOf = (count: number, make: (id: number) => SketchRow): SketchRow[] =>
  Array.from({ length: count }, (_, i) => ({ id: i + 1, ...make(i + 1) }));
const diceOf = (name: string): RandomCursor => new RandomCursor(streamKey(0, 'corner', name)).seek(0);
const byId = (rows: MadeRows[string]): Map<string | null, MadeRows[string][number]> =>
  new Map(rows.map((row) => [row.id, row]));
const text = (millis: number): string => new Date(millis).toISOString().replace('T', ' ').slice(0, 19);

async function makersOf(database: SketchDatabase): Promise<Record<string, string>> {
  const model = await learned(database, SYNTHESIZE(database));
  return Object.fromEntries(
    model.tables.flatMap(({ id, foreignKeys }) =>
      foreignKeys.map((key) => [`${id.slice(7)}.${key.columns}`, key.maker.by]),
    ),
  );
}

/** No table is small enough to be copied. */
const SYNTHESIZE = (database: SketchDatabase): { overrides: Map<string, { strategy: 'synthesize' }> } => ({
  overrides: new Map(Object.keys(database.sketch).map((name) => [`public.${name}`, { strategy: 'synthesize' }])),
});

const remake = async (database: SketchDatabase, options: Parameters<typeof made>[1] = {}): Promise<MadeRows> =>
  made(await learned(database, SYNTHESIZE(database)), options);

describe('CHECKs that cannot be held', () => {
  const table = (expression: string): SketchDatabase => ({
    sketch: { part: { columns: 'id n', primaryKey: ['id'], rows: 400 } },
    rows: { part: rowsOf(400, (id) => ({ n: id % 9 })) },
    subjects: [],
    amend: (catalog) => ({
      ...catalog,
      tables: catalog.tables.map((one) => ({
        ...one,
        checks: [{ name: 'part_check', expression, columns: ['n'], validated: true }],
      })),
    }),
  });

  it('are told by name where their expression is not understood', async () => {
    const database = table('of_another_world(n)');
    const told = async (of: SketchDatabase, accepted: readonly string[]): Promise<unknown[]> =>
      (await generationFindings(await learned(of, SYNTHESIZE(of)), new Set(accepted))).map(
        ({ severity, code, object }) => [severity, code, object],
      );
    const named = ['GENERATE_CONSTRAINT_UNKNOWN', 'public.part.part_check'];
    expect(await told(database, [])).toEqual([['error', ...named]]);
    expect(await told(database, ['public.part'])).toEqual([['warning', ...named]]);
    expect(await told(table('(n < 100)'), [])).toEqual([]);
  });

  it('end the run by name where no row satisfies them', async () => {
    await expect(remake(table('((n < 50) AND (n > 100))'))).rejects.toMatchObject({
      code: 'GENERATE_UNSATISFIABLE',
      exitCode: 65,
      data: { table: 'public.part', constraint: 'part_check' },
    });
  });
});

describe('a table that is made twice', () => {
  const dice = diceOf('twice');
  const depots = rowsOf(30, (id) => ({ opened: text(Date.UTC(2020, id % 24, 1)) }));
  const orders = rowsOf(900, () => {
    const depot = 1 + dice.nextInteger(30);
    const opened = Date.parse(`${String(depots[depot - 1].opened).replace(' ', 'T')}Z`);
    return { depot_id: depot, sold: text(opened + (1 + dice.nextInteger(400 * 86_400)) * 1000), total: 0 };
  });
  const lines: SketchRow[] = [];
  const sold = orders.map((order) => {
    let total = 0;
    for (let nr = 1; nr <= 1 + dice.nextInteger(4); nr++) {
      const amount = 1 + dice.nextInteger(500);
      total += amount;
      lines.push({ id: lines.length + 1, order_id: order.id, depot_id: order.depot_id, amount });
    }
    return { ...order, total };
  });
  /** An order may only go to a depot that was open: many a drawn depot does not fit, and lines look at the depot. */
  const database: SketchDatabase = {
    sketch: {
      depot: { columns: 'id opened:timestamp', primaryKey: ['id'], rows: 30 },
      sale: {
        columns: 'id depot_id sold:timestamp total',
        primaryKey: ['id'],
        keys: [{ columns: 'depot_id', to: 'depot' }],
        rows: sold.length,
      },
      line: {
        columns: 'id order_id depot_id amount',
        primaryKey: ['id'],
        keys: [
          { columns: 'order_id', to: 'sale' },
          { columns: 'depot_id', to: 'depot' },
        ],
        rows: lines.length,
      },
    },
    rows: { depot: depots, sale: sold, line: lines },
    subjects: ['sale'],
  };

  it('references the same rows both times, whatever did not fit in between', async () => {
    expect(await makersOf(database)).toMatchObject({ 'sale.depot_id': 'quota', 'line.depot_id': 'through' });
    const { depot, sale, line } = await remake(database);
    const [depots, sales] = [byId(depot), byId(sale)];
    expect(line.filter((row) => row.depot_id !== sales.get(row.order_id)!.depot_id).length).toBe(0);
    expect(sale.filter((row) => row.sold! <= depots.get(row.depot_id)!.opened!).length).toBe(0);
    const totals = new Map<string | null, number>();
    for (const row of line) totals.set(row.order_id, (totals.get(row.order_id) ?? 0) + Number(row.amount));
    expect(sale.filter((row) => Number(row.total) !== (totals.get(row.id) ?? 0)).length).toBe(0);
  });
});

describe('a table that is made twice and whose keys are scarce', () => {
  it('has the same keys both times, also where a row had to be mended', async () => {
    const dice = diceOf('scarce');
    const entries: SketchRow[] = [];
    const accounts = Array.from({ length: 400 }, (_, i) => {
      const code = `K${String((i * 7) % 500).padStart(3, '0')}`;
      let total = 0;
      for (let n = dice.nextInteger(5); n > 0; n--) {
        const amount = 1 + dice.nextInteger(99);
        total += amount;
        entries.push({ id: entries.length + 1, code, amount });
      }
      return { code, kind: ['a', 'b'][dice.nextInteger(2)], total };
    });
    const database: SketchDatabase = {
      sketch: {
        account: { columns: 'code:text kind:text total', primaryKey: ['code'], rows: 400 },
        entry: {
          columns: 'id code:text amount',
          primaryKey: ['id'],
          keys: [{ columns: 'code', to: 'account' }],
          rows: entries.length,
        },
      },
      rows: { account: accounts, entry: entries },
      subjects: ['account'],
    };
    // Made are two and a half times as many codes as there are of the pattern.
    for (const scale of [1, 2.5]) {
      const { account, entry } = await remake(database, { scale });
      const totals = new Map(account.map((row) => [row.code, 0]));
      expect(totals.size).toBe(400 * scale);
      expect(entry.filter((row) => !totals.has(row.code)).length).toBe(0);
      for (const row of entry) totals.set(row.code, totals.get(row.code)! + Number(row.amount));
      expect(account.filter((row) => Number(row.total) !== totals.get(row.code)).length).toBe(0);
    }
  });
});

describe('a column copied from one that is a sum', () => {
  it('is the sum, not what was drawn before it was known', async () => {
    const dice = diceOf('copied sum');
    const lines: SketchRow[] = [];
    const bills = rowsOf(700, (id) => {
      let total = 0;
      for (let i = 0; i <= dice.nextInteger(3); i++) {
        const amount = 1 + dice.nextInteger(300);
        total += amount;
        lines.push({ id: lines.length + 1, bill_id: id, amount });
      }
      return { total };
    });
    const reminders = rowsOf(600, () => {
      const bill = 1 + dice.nextInteger(700);
      return { bill_id: bill, due: bills[bill - 1].total };
    });
    const database: SketchDatabase = {
      sketch: {
        bill: { columns: 'id total', primaryKey: ['id'], rows: 700 },
        line: {
          columns: 'id bill_id amount',
          primaryKey: ['id'],
          keys: [{ columns: 'bill_id', to: 'bill' }],
          rows: lines.length,
        },
        reminder: {
          columns: 'id bill_id due',
          primaryKey: ['id'],
          keys: [{ columns: 'bill_id', to: 'bill' }],
          rows: 600,
        },
      },
      rows: { bill: bills, line: lines, reminder: reminders },
      subjects: ['bill'],
    };
    const { bill, reminder } = await remake(database);
    const all = byId(bill);
    expect(reminder.filter((row) => row.due !== all.get(row.bill_id)!.total).length).toBe(0);
  });
});

describe('references of other kinds', () => {
  it('may be missing: as many rows as before have no parent', async () => {
    const dice = diceOf('optional');
    const database: SketchDatabase = {
      sketch: {
        club: { columns: 'id size', primaryKey: ['id'], rows: 100 },
        member: {
          columns: 'id club_id? age',
          primaryKey: ['id'],
          keys: [{ columns: 'club_id', to: 'club' }],
          rows: 2000,
        },
      },
      rows: {
        club: rowsOf(100, () => ({ size: dice.nextInteger(9) })),
        member: rowsOf(2000, (id) => ({
          club_id: id % 4 === 0 ? null : 1 + dice.nextInteger(100),
          age: dice.nextInteger(90),
        })),
      },
      subjects: ['member'],
    };
    for (const scale of [1, 3]) {
      const { member } = await remake(database, { scale });
      expect(member.length).toBe(2000 * scale);
      // √(2000 · ¼ · ¾) = 19 rows more or less.
      expect(Math.abs(member.filter((row) => row.club_id === null).length / scale - 500)).toBeLessThan(80);
    }
  });

  it('are used once where they may only once, up to all rows there are', async () => {
    const dice = diceOf('one to one');
    const cards = rowsOf(400, () => ({ color: ['red', 'blue'][dice.nextInteger(2)] }));
    const database: SketchDatabase = {
      sketch: {
        card: { columns: 'id color:text', primaryKey: ['id'], rows: 400 },
        holder: {
          columns: 'id card_id age',
          primaryKey: ['id'],
          uniqueKeys: [['card_id']],
          keys: [{ columns: 'card_id', to: 'card' }],
          rows: 400,
        },
      },
      rows: { card: cards, holder: rowsOf(400, (id) => ({ card_id: 401 - id, age: dice.nextInteger(90) })) },
      subjects: ['holder'],
    };
    const { holder } = await remake(database);
    expect(new Set(holder.map((row) => row.card_id)).size).toBe(400);
  });

  it('lead roots to themselves where they may not be missing', async () => {
    const dice = diceOf('required forest');
    const database: SketchDatabase = {
      sketch: {
        folder: {
          columns: 'id parent_id depth',
          primaryKey: ['id'],
          keys: [{ columns: 'parent_id', to: 'folder' }],
          rows: 600,
        },
      },
      rows: { folder: rowsOf(600, (id) => ({ parent_id: id < 20 ? id : 1 + dice.nextInteger(id - 1), depth: 0 })) },
      subjects: [],
    };
    const { folder } = await remake(database);
    const parents = new Map(folder.map((row) => [row.id!, row.parent_id!]));
    const roots = folder.filter((row) => row.parent_id === row.id).length;
    expect(roots).toBeGreaterThan(5);
    expect(roots).toBeLessThan(60);
    for (const { id } of folder) {
      let at = id!;
      for (let steps = 0; parents.get(at) !== at; at = parents.get(at)!) expect(++steps).toBeLessThan(600);
    }
  });

  it('run along keys that the masker makes, in blocks of any size', async () => {
    const dice = diceOf('masked key');
    const people = rowsOf(300, () => ({ age: dice.nextInteger(90) })).map(({ age }, i) => ({
      email: `p${i}@x.example`,
      age,
    }));
    const database: SketchDatabase = {
      sketch: {
        person: { columns: 'email:text age', primaryKey: ['email'], rows: 300 },
        visit: { columns: 'id email:text?', primaryKey: ['id'], keys: [{ columns: 'email', to: 'person' }], rows: 900 },
      },
      rows: {
        person: people,
        visit: rowsOf(900, (id) => ({ email: id % 9 === 0 ? null : people[dice.nextInteger(300)].email })),
      },
      subjects: ['person'],
    };
    const classification: Classification = {
      version: 1,
      findings: [],
      columns: [
        {
          table: 'public.person',
          column: 'email',
          sensitivity: 'direct',
          detector: 'person.email',
          treatment: 'fake',
          decidedBy: 'default',
          reason: '',
          style: null,
        },
      ],
    };
    const model = await learned(database, { ...SYNTHESIZE(database), classification });
    const masker = (block: { firstRow: number; rowCount: number; columns: Map<string, ColumnVector> }): void => {
      const values = Array.from({ length: block.rowCount }, (_, i) => `made${block.firstRow + i}@y.example`);
      block.columns.set('email', { form: 'text', values });
    };
    const maskers = new Map([['public.person', masker]]);
    const rows = await made(model, { maskers });
    const emails = new Set(rows.person.map((row) => row.email));
    expect(rows.visit.filter((row) => row.email !== null && !emails.has(row.email)).length).toBe(0);
    expect(rows.visit.filter((row) => row.email === null).length).toBeGreaterThan(50);
    for (const blockRows of [1, 7]) expect(await made(model, { maskers, blockRows })).toEqual(rows);
  });

  it('agree in the columns that two keys share', async () => {
    const dice = diceOf('shared column');
    const tenants = rowsOf(30, () => ({ plan: ['a', 'b'][dice.nextInteger(2)] }));
    const users = rowsOf(300, (id) => ({ tenant_id: 1 + (id % 30) })).map(({ id, tenant_id }) => ({ tenant_id, id }));
    const database: SketchDatabase = {
      sketch: {
        tenant: { columns: 'id plan:text', primaryKey: ['id'], rows: 30 },
        user: {
          columns: 'tenant_id id',
          primaryKey: ['tenant_id', 'id'],
          keys: [{ columns: 'tenant_id', to: 'tenant', onDelete: 'cascade' }],
          rows: 300,
        },
        task: {
          columns: 'id tenant_id author_id reader_id hours',
          primaryKey: ['id'],
          keys: [
            { columns: ['tenant_id', 'author_id'], to: 'user', name: 'author' },
            { columns: ['tenant_id', 'reader_id'], to: 'user', name: 'reader' },
          ],
          rows: 1500,
        },
      },
      rows: {
        tenant: tenants,
        user: users,
        task: rowsOf(1500, () => {
          const tenant = 1 + dice.nextInteger(30);
          const any = (): number => [...Array(10).keys()].map((k) => (tenant - 1 || 30) + 30 * k)[dice.nextInteger(10)];
          return { tenant_id: tenant, author_id: any(), reader_id: any(), hours: dice.nextInteger(8) };
        }),
      },
      subjects: ['tenant'],
    };
    const { user, task } = await remake(database, { scale: 2 });
    const keys = new Set(user.map((row) => `${row.tenant_id} ${row.id}`));
    expect(keys.size).toBe(user.length);
    for (const key of ['author_id', 'reader_id'])
      expect(task.filter((row) => !keys.has(`${row.tenant_id} ${row[key]}`)).length).toBe(0);
  });
});

describe('moments', () => {
  const dice = diceOf('moments');
  const micros = (millis: number): string => `${text(millis)}.${String(dice.nextInteger(1_000_000)).padStart(6, '0')}`;
  const END = Date.UTC(2023, 11, 31);
  const accounts = rowsOf(500, () => ({
    opened: micros(Date.UTC(2021, 0, 1) + dice.nextInteger(365 * 86_400) * 1000),
  }));
  const visits: SketchRow[] = [];
  for (const account of accounts) {
    const opened = Date.parse(`${String(account.opened).slice(0, 19).replace(' ', 'T')}Z`);
    const starts = Array.from(
      { length: 1 + dice.nextInteger(8) },
      () => opened + 1000 + Math.floor(dice.next() * (END - opened)),
    );
    for (const start of starts.sort((a, b) => a - b)) {
      const made = micros(start);
      const day = text(start).slice(0, 10);
      visits.push({
        id: visits.length + 1,
        account_id: account.id,
        made,
        changed: made,
        day,
        due: text(start + 14 * 86_400e3).slice(0, 10),
      });
    }
  }
  const database: SketchDatabase = {
    sketch: {
      account: { columns: 'id opened:timestamp', primaryKey: ['id'], rows: 500 },
      visit: {
        columns: 'id account_id made:timestamp changed:timestamp day:date due:date',
        primaryKey: ['id'],
        keys: [{ columns: 'account_id', to: 'account' }],
        rows: visits.length,
      },
    },
    rows: { account: accounts, visit: visits },
    subjects: ['account'],
  };

  it('that are always equal are so to the last digit, and siblings follow one another to the end of time', async () => {
    const { account, visit } = await remake(database);
    const opened = new Map(account.map((row) => [row.id, row.opened!]));
    expect(visit.filter((row) => row.made !== row.changed).length).toBe(0);
    expect(visit.filter((row) => row.made! < opened.get(row.account_id)!).length).toBe(0);
    // To the microsecond, and no two of them alike.
    expect(new Set(visit.map((row) => row.made)).size).toBeGreaterThan(0.99 * visit.length);
    const late = visit.filter(
      (row, i) => i > 0 && row.account_id === visit[i - 1].account_id && row.made! < visit[i - 1].made!,
    );
    expect(late.length).toBe(0);
    expect(visit.filter((row) => row.made! >= '2024-01-01').length).toBe(0);
    expect(visit.filter((row) => row.day! > row.due! || !/^\d{4}-\d\d-\d\d$/.test(row.due!)).length).toBe(0);
    // The middle of all visits stays where it was: within a month of a period of three years.
    const middle = (list: readonly (string | number | null)[]): number =>
      Date.parse(`${String(list.toSorted()[list.length >> 1]).slice(0, 10)}T00:00Z`);
    expect(Math.abs(middle(visit.map((row) => row.made)) - middle(visits.map((row) => row.made)))).toBeLessThan(
      31 * 86_400e3,
    );
  });
});

describe('tables of little', () => {
  it.each([1, 2, 5])('are made with as many rows as they had: %d', async (count) => {
    const database: SketchDatabase = {
      sketch: {
        owner: { columns: 'id name:text born:date? notes:json tags:array', primaryKey: ['id'], rows: count },
        pet: {
          columns: 'id owner_id at:timestamp weight:decimal?',
          primaryKey: ['id'],
          keys: [{ columns: 'owner_id', to: 'owner' }],
          rows: 2 * count,
        },
        unused: { columns: 'id text:text', primaryKey: ['id'], rows: 0 },
      },
      rows: {
        owner: rowsOf(count, (id) => ({ name: `name ${id}`, born: null, notes: `{"a": [${id}]}`, tags: '{}' })),
        pet: rowsOf(2 * count, (id) => ({
          owner_id: Math.ceil(id / 2),
          at: text(Date.UTC(2024, 0, id)),
          weight: id % 2 ? null : '2.5',
        })),
        unused: [],
      },
      subjects: ['owner'],
    };
    const model = await learned(database);
    const rows = await made(model);
    expect([rows.owner.length, rows.pet.length, rows.unused.length]).toEqual([count, 2 * count, 0]);
    const owners = byId(rows.owner);
    expect(rows.pet.filter((row) => !owners.has(row.owner_id)).length).toBe(0);
    const missing = (['owner', 'pet'] as const).flatMap((name) =>
      model.catalog.tables
        .find((table) => table.name.name === name)!
        .columns.filter((column) => !column.nullable && rows[name].some((row) => row[column.name] === null))
        .map((column) => `${name}.${column.name}`),
    );
    expect(missing).toEqual([]);
    expect(JSON.stringify(rows.owner)).not.toMatch(/name \d/);
  });
});
