/**
 * Leaks, planted into made rows between generating and loading: each with the gates that it is meant for. A plant keeps
 * keys, so that the target stays intact and only the gates can tell.
 */
import type { RowBlock } from '../../src/kernel/rows.ts';
import { textAt } from '../../src/kernel/rows.ts';
import { RandomCursor, streamKey } from '../../src/numeric/random.ts';
import type { RelationalSample } from '../../src/stages/profile/artifact.ts';
import { CUSTOMER, ORDER, SOLE } from './leak-source.ts';

/** Made rows as text, by table and column. */
export type Made = Map<string, Map<string, (string | null)[]>>;

export interface Leak {
  readonly name: string;
  /** Any of these must fail; no other database makes the row that fails them. */
  readonly gates: readonly string[];
  readonly plant: (made: Made, source: RelationalSample, random: RandomCursor) => void;
}

const KEYS: ReadonlySet<string> = new Set(['id', 'customer_id']);
const PERSONAL: ReadonlySet<string> = new Set(['first_name', 'last_name', 'email']);
const CATEGORIES: ReadonlySet<string> = new Set(['department', 'shift', 'site', 'hobby', 'channel']);

export const LEAKS: readonly Leak[] = [
  {
    name: '1 % of rows copied from the source',
    gates: ['copies', 'copies-outright'],
    plant: (made, source, random) => {
      for (const table of [CUSTOMER, ORDER]) {
        const columns = made.get(table)!;
        const learned = [...columns.keys()].filter((name) => !KEYS.has(name) && !PERSONAL.has(name));
        const count = rowCount(columns);
        const from = source.tables.get(table)!;
        for (const row of distinct(random, count, Math.round(count / 100))) {
          const real = random.nextInteger(from.rowCount);
          for (const name of learned) columns.get(name)![row] = from.columns.get(name)![real];
        }
      }
    },
  },
  {
    name: '20 % of rows copied with noise, from those learned from',
    gates: [
      'near-copies',
      'dcr-share',
      'membership-distance',
      'membership-density',
      'membership-low-rate',
      'neighbour-ratio',
    ],
    plant: noisyCopies(true),
  },
  { name: '20 % of rows copied with noise, from anybody', gates: ['near-copies'], plant: noisyCopies(false) },
  {
    name: 'one subject cloned with its 20 child rows',
    gates: ['subject-copies'],
    plant: (made, source, random) => {
      const orders = source.tables.get(ORDER)!;
      const customers = source.tables.get(CUSTOMER)!;
      const byCustomer = groupRows(orders.columns.get('customer_id')!);
      const owners = [...byCustomer].filter(([, rows]) => rows.length === 20);
      const [victim, rows] = owners[random.nextInteger(owners.length)];
      const real = customers.columns.get('id')!.indexOf(victim);
      const own = made.get(CUSTOMER)!;
      const clone = random.nextInteger(rowCount(own));
      for (const [name, values] of own)
        if (!KEYS.has(name) && !PERSONAL.has(name)) values[clone] = customers.columns.get(name)![real];
      const madeOrders = made.get(ORDER)!;
      const targets = distinct(random, rowCount(madeOrders), rows.length);
      targets.forEach((row, k) => {
        for (const [name, values] of madeOrders)
          if (name !== 'id' && name !== 'customer_id') values[row] = orders.columns.get(name)![rows[k]];
        madeOrders.get('customer_id')![row] = own.get('id')![clone];
      });
    },
  },
  {
    name: 'a category of one subject',
    gates: ['rare-values'],
    plant: (made, _source, random) => put(made, 'hobby', SOLE.category, random),
  },
  {
    name: 'a JSON key of one subject',
    gates: ['rare-values'],
    plant: (made, _source, random) =>
      put(made, 'profile', `{"theme": "dark", "visits": 3, "${SOLE.jsonKey}": false}`, random),
  },
  {
    name: 'a combination of one subject, in 3 % of rows',
    gates: ['repeated-combination'],
    plant: (made, _source, random) => {
      const columns = made.get(CUSTOMER)!;
      const count = rowCount(columns);
      for (const row of distinct(random, count, Math.round(0.03 * count)))
        for (const [name, value] of Object.entries(SOLE.combination)) columns.get(name)![row] = value;
    },
  },
  {
    name: 'the true maximum salary',
    gates: ['extremes'],
    plant: (made, _source, random) => put(made, 'salary', SOLE.maximumSalary, random),
  },
];

/** One real address; asked of 100,000 rows. */
export const EMAIL_LEAK: Leak = {
  name: 'one real e-mail address among 100,000 rows',
  gates: ['direct-identifiers'],
  plant: (made, source, random) => {
    const real = source.tables.get(CUSTOMER)!.columns.get('email')!;
    put(made, 'email', real[random.nextInteger(real.length)]!, random);
  },
};

/** A leaf of one row behind no gate: what the model is fitted with. */
export const MEMORISING = { gate: 0, minRows: 1, minUnits: 1, alpha: 0.01, fineAlpha: 0.01 } as const;
export const MEMORISING_GATES: readonly string[] = ['membership-white-box'];

/** Copies of made rows, planted with a leak. */
export function planted(made: Made, leak: Leak, source: RelationalSample, seed: number): Made {
  const copy: Made = new Map(
    [...made].map(([table, columns]) => [table, new Map([...columns].map(([name, values]) => [name, [...values]]))]),
  );
  leak.plant(copy, source, new RandomCursor(streamKey(seed, 'leak', leak.name)).seek(0));
  return copy;
}

/** Appends a block's rows. */
export function addBlock(made: Made, block: RowBlock): void {
  let columns = made.get(block.table);
  if (columns === undefined) made.set(block.table, (columns = new Map()));
  for (const [name, vector] of block.columns) {
    let values = columns.get(name);
    if (values === undefined) columns.set(name, (values = []));
    for (let row = 0; row < block.rowCount; row++) values.push(textAt(vector, row));
  }
}

/** All rows of a table as one block. */
export function blockOf(made: Made, table: string): RowBlock {
  const columns = made.get(table)!;
  return {
    table,
    firstRow: 0,
    rowCount: rowCount(columns),
    columns: new Map([...columns].map(([name, values]) => [name, { form: 'text', values }])),
  };
}

function noisyCopies(onlyLearned: boolean): Leak['plant'] {
  return (made, source, random) => {
    const columns = made.get(CUSTOMER)!;
    const from = source.tables.get(CUSTOMER)!;
    const real = Array.from({ length: from.rowCount }, (_, row) => row).filter(
      (row) => !onlyLearned || source.unitSplits[from.units[row]] === 'fit',
    );
    const numbers = ['grade', 'salary', 'score', 'weight'];
    const ranges = new Map(
      numbers.map((name) => {
        const values = from.columns
          .get(name)!
          .map(Number)
          .sort((a, b) => a - b);
        // The range of nearly all: one fortune would make the noise larger than everybody's pay.
        return [name, values[Math.floor(0.999 * values.length)] - values[0]];
      }),
    );
    const count = rowCount(columns);
    for (const row of distinct(random, count, Math.round(count / 5))) {
      const victim = real[random.nextInteger(real.length)];
      for (const name of CATEGORIES) {
        if (!columns.has(name)) continue;
        const values = from.columns.get(name)!;
        columns.get(name)![row] = values[random.next() < 0.05 ? random.nextInteger(values.length) : victim];
      }
      for (const name of numbers) {
        const text = from.columns.get(name)![victim]!;
        const decimals = text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
        columns.get(name)![row] = (Number(text) + 0.02 * ranges.get(name)! * gaussian(random)).toFixed(decimals);
      }
      const joined = Date.parse(from.columns.get('joined')![victim]!.replace(' ', 'T').replace(/\+00$/, 'Z'));
      const shifted = new Date(joined + 0.02 * 120_000_000_000 * gaussian(random)).toISOString();
      columns.get('joined')![row] = shifted.replace('T', ' ').replace('Z', '417+00');
    }
  };
}

function gaussian(random: RandomCursor): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

function put(made: Made, column: string, value: string, random: RandomCursor): void {
  const values = made.get(CUSTOMER)!.get(column)!;
  values[random.nextInteger(values.length)] = value;
}

function rowCount(columns: ReadonlyMap<string, readonly (string | null)[]>): number {
  for (const values of columns.values()) return values.length;
  return 0;
}

function groupRows(keys: readonly (string | null)[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  keys.forEach((key, row) => {
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), row]);
  });
  return groups;
}

/** So many different row numbers. */
function distinct(random: RandomCursor, from: number, count: number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, from)) chosen.add(random.nextInteger(from));
  return [...chosen];
}
