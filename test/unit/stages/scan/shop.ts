/** A small made-up shop, as both sides of a scan: subjects with personal columns, and their purchases. */
import type { Catalog, ColumnFacts, ForeignKeyFacts, TableFacts, TypeClass } from '../../../../connectors/connector.ts';
import { RandomCursor, streamKey } from '../../../../src/numeric/random.ts';
import { splitOf } from '../../../../src/kernel/split.ts';
import type { ColumnClassification, Treatment } from '../../../../src/stages/mask/artifact.ts';
import type { RelationGraph } from '../../../../src/stages/graph/artifact.ts';
import type { RelationalSample, TableSample } from '../../../../src/stages/profile/artifact.ts';
import { DEFAULT_LIMITS } from '../../../../src/stages/scan/index.ts';
import type { ScanInput } from '../../../../src/stages/scan/index.ts';

export const CUSTOMER = 'public.customer';
export const PURCHASE = 'public.purchase';

export type Columns = Record<string, (string | null)[]>;

export interface Shop {
  readonly customer: Columns;
  readonly purchase: Columns;
}

const FIRST = Array.from({ length: 120 }, (_, i) => `First${i}`);
const LAST = Array.from({ length: 200 }, (_, i) => `Last${i}`);
const CITIES = Array.from({ length: 25 }, (_, i) => `City${i}`);

/** `customerCount` fresh customers with 0–9 purchases each, drawn from the one distribution under a name of its own. */
export function makeShop(name: string, customerCount: number): Shop {
  const random = new RandomCursor(streamKey(1, 'scan shop', name)).seek(0);
  const pick = <T>(items: readonly T[]): T => items[random.nextInteger(items.length)];
  const digits = (count: number): string => Array.from({ length: count }, () => random.nextInteger(10)).join('');
  const day = (first: number, span: number): string =>
    new Date((first + Math.floor(random.next() * span)) * 86_400_000).toISOString().slice(0, 10);
  const customer: Columns = {
    id: [],
    first_name: [],
    last_name: [],
    email: [],
    phone: [],
    birth_date: [],
    city: [],
    plan: [],
    age_group: [],
    income: [],
    score: [],
    joined: [],
    note: [],
  };
  const purchase: Columns = {
    id: [],
    customer_id: [],
    amount: [],
    channel: [],
    quantity: [],
    weight: [],
    bought_at: [],
  };
  for (let i = 0; i < customerCount; i++) {
    const wealth = random.next();
    const put = (column: string, value: string | null): void => void customer[column].push(value);
    put('id', String(i + 1));
    put('first_name', pick(FIRST));
    put('last_name', pick(LAST));
    put('email', `${name}.${digits(9)}@example.org`);
    put('phone', `+1 ${digits(3)} ${digits(9)}`);
    put('birth_date', day(-8000, 20_000));
    put('city', pick(CITIES));
    put('plan', wealth > 0.8 ? 'gold' : wealth > 0.3 ? 'silver' : 'free');
    put('age_group', String(20 + 10 * random.nextInteger(5)));
    put('income', (1000 * Math.exp(3 * wealth + random.next())).toFixed(2));
    put('score', random.next() < 0.1 ? null : (10 * wealth + 5 * random.next()).toFixed(3));
    put('joined', day(18_000, 1500));
    put('note', random.next() < 0.05 ? `written by ${digits(6)}` : null);
    const count = Math.floor(10 * random.next() * wealth);
    for (let k = 0; k < count; k++) {
      const add = (column: string, value: string): void => void purchase[column].push(value);
      add('id', String(purchase['id'].length + 1));
      add('customer_id', String(i + 1));
      add('amount', (20 + 400 * wealth * random.next()).toFixed(2));
      add('channel', wealth + random.next() > 1 ? 'web' : 'store');
      add('quantity', String(1 + random.nextInteger(5)));
      add('weight', (random.next() * (1 + wealth)).toFixed(4));
      add(
        'bought_at',
        `${day(19_500, 700)} ${String(8 + random.nextInteger(12)).padStart(2, '0')}:${digits(1)}0:00+00`,
      );
    }
  }
  return { customer, purchase };
}

/** The shop with each column of its tables put in a random order of its own (keys stay). */
export function shuffleColumns(shop: Shop, name: string): Shop {
  const random = new RandomCursor(streamKey(2, 'shuffle', name)).seek(0);
  const shuffle = (columns: Columns): Columns =>
    Object.fromEntries(
      Object.entries(columns).map(([column, values]) => {
        if (column === 'id' || column === 'customer_id') return [column, values];
        const copy = [...values];
        for (let i = copy.length - 1; i > 0; i--) {
          const j = random.nextInteger(i + 1);
          [copy[i], copy[j]] = [copy[j], copy[i]];
        }
        return [column, copy];
      }),
    );
  return { customer: shuffle(shop.customer), purchase: shuffle(shop.purchase) };
}

/** Puts these rows of `from` over those of `into`, from the first on, in the given columns of customer. */
export function overwrite(into: Shop, from: Shop, rowCount: number, columns: readonly string[]): Shop {
  const customer = Object.fromEntries(
    Object.entries(into.customer).map(([column, values]) => [
      column,
      columns.includes(column) ? [...from.customer[column].slice(0, rowCount), ...values.slice(rowCount)] : values,
    ]),
  );
  return { ...into, customer };
}

function sampleOf(shop: Shop): RelationalSample {
  const ids = new Map(shop.customer['id'].map((id, row) => [id, row]));
  const unitKeys = shop.customer['id'].map((id) => `${CUSTOMER}\0${id}`);
  const links = Int32Array.from(shop.purchase['customer_id'], (id) => ids.get(id) ?? -1);
  const table = (
    id: string,
    columns: Columns,
    units: Uint32Array,
    parents: ReadonlyMap<string, Int32Array>,
  ): TableSample => ({
    table: id,
    rowCount: units.length,
    totalRowCount: units.length,
    columns: new Map(Object.entries(columns)),
    units,
    parents,
  });
  return {
    tables: new Map([
      [
        CUSTOMER,
        table(
          CUSTOMER,
          shop.customer,
          Uint32Array.from(unitKeys, (_, i) => i),
          new Map(),
        ),
      ],
      [
        PURCHASE,
        table(PURCHASE, shop.purchase, Uint32Array.from(links), new Map([['purchase_customer_id_fkey', links]])),
      ],
    ]),
    unitKeys,
    unitSplits: unitKeys.map(splitOf),
    subjectCount: unitKeys.length,
    subjectRate: 1,
  };
}

function column(name: string, typeClass: TypeClass): ColumnFacts {
  const type = {
    sql: typeClass,
    baseSql: typeClass,
    baseName: typeClass,
    class: typeClass,
    domain: null,
    enumLabels: null,
    element: null,
    fields: null,
    maxLength: null,
    precision: null,
    scale: null,
    byteSize: null,
  };
  return {
    name,
    type,
    nullable: true,
    defaultExpression: null,
    generated: null,
    identity: null,
    sequence: null,
    comment: null,
    statistics: null,
  };
}

const key: ForeignKeyFacts = {
  name: 'purchase_customer_id_fkey',
  columns: ['customer_id'],
  referencedTable: { schema: 'public', name: 'customer' },
  referencedColumns: ['id'],
  match: 'simple',
  onDelete: 'no action',
  onUpdate: 'no action',
  deferrable: false,
  initiallyDeferred: false,
  validated: true,
  virtual: false,
  declaredOn: [],
};

function table(name: string, columns: readonly ColumnFacts[], foreignKeys: readonly ForeignKeyFacts[]): TableFacts {
  return {
    name: { schema: 'public', name },
    kind: 'table',
    columns,
    primaryKey: {
      name: `${name}_pkey`,
      kind: 'primary',
      columns: ['id'],
      expressions: [null],
      predicate: null,
      nullsDistinct: true,
      deferrable: false,
    },
    uniqueKeys: [],
    foreignKeys,
    checks: [],
    exclusions: [],
    partitioning: null,
    partitions: [],
    inheritsFrom: [],
    rowSecurity: 'off',
    triggers: [],
    comment: null,
    estimatedRowCount: -1,
    estimatedBytes: 0,
    selectable: true,
  };
}

const catalog: Catalog = {
  engine: 'postgresql',
  serverVersion: '17.0',
  serverMajor: 17,
  database: 'shop',
  locale: { encoding: 'UTF8', collate: 'C', ctype: 'C', provider: 'libc', icuLocale: null },
  schemas: ['public'],
  tables: [
    table(
      'customer',
      [
        column('id', 'integer'),
        column('first_name', 'text'),
        column('last_name', 'text'),
        column('email', 'text'),
        column('phone', 'text'),
        column('birth_date', 'date'),
        column('city', 'text'),
        column('plan', 'text'),
        column('age_group', 'integer'),
        column('income', 'decimal'),
        column('score', 'decimal'),
        column('joined', 'date'),
        column('note', 'text'),
      ],
      [],
    ),
    table(
      'purchase',
      [
        column('id', 'integer'),
        column('customer_id', 'integer'),
        column('amount', 'decimal'),
        column('channel', 'text'),
        column('quantity', 'integer'),
        column('weight', 'decimal'),
        column('bought_at', 'timestamptz'),
      ],
      [key],
    ),
  ],
  sequences: [],
  extensions: [],
  views: [],
  roles: [],
  script: [],
  findings: [],
};

const graph: RelationGraph = {
  version: 1,
  tables: [
    {
      id: CUSTOMER,
      role: 'entity',
      reasons: ['holds e-mail addresses'],
      isSubject: true,
      contextForeignKey: null,
      component: 0,
      subjectPath: [],
    },
    {
      id: PURCHASE,
      role: 'child',
      reasons: ['belongs to customer'],
      isSubject: false,
      contextForeignKey: key.name,
      component: 1,
      subjectPath: [{ direction: 'up', table: PURCHASE, foreignKey: key.name, to: CUSTOMER }],
    },
  ],
  edges: [
    {
      from: PURCHASE,
      to: CUSTOMER,
      foreignKey: key.name,
      required: true,
      deferrable: false,
      virtual: false,
      broken: null,
    },
  ],
  cycles: [],
  subjects: [CUSTOMER],
  findings: [],
};

const DETECTORS: Record<string, readonly [detector: string, sensitivity: ColumnClassification['sensitivity']]> = {
  first_name: ['person.first-name', 'direct'],
  last_name: ['person.last-name', 'direct'],
  email: ['person.email', 'direct'],
  phone: ['person.phone', 'direct'],
  birth_date: ['person.birth-date', 'quasi'],
  city: ['location.city', 'quasi'],
};

function classify(tableName: string, columnName: string): ColumnClassification {
  const [detector, sensitivity] = DETECTORS[columnName] ?? [null, 'none'];
  const structural = columnName === 'id' || columnName === 'customer_id';
  const treatment: Treatment = structural ? 'structural' : detector === null ? 'synthesize' : 'fake';
  return {
    table: tableName,
    column: columnName,
    sensitivity,
    detector,
    treatment,
    decidedBy: 'test',
    reason: 'given',
    style: null,
  };
}

export function scanInput(source: Shop, target: Shop, changes: Partial<ScanInput> = {}): ScanInput {
  return {
    catalog,
    graph,
    classification: {
      version: 1,
      columns: catalog.tables.flatMap((facts) =>
        facts.columns.map((entry) => classify(`public.${facts.name.name}`, entry.name)),
      ),
      findings: [],
    },
    source: { sample: sampleOf(source), snapshot: null },
    target: { sample: sampleOf(target), snapshot: null },
    // What takes a learner is asked of what was loaded: one test of it is enough.
    basis: 'rehearsal',
    strategies: new Map([
      [CUSTOMER, 'synthesize'],
      [PURCHASE, 'synthesize'],
    ]),
    acceptedCopies: new Map(),
    smallData: new Set(),
    selfTests: [],
    holdout: 'unseen',
    integrity: { foreignKeyCount: 1, orphanCount: 0, violationCount: 0, findings: [] },
    limits: DEFAULT_LIMITS,
    seed: 3,
    ...changes,
  };
}
