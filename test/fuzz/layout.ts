/** What a drawn schema comes to: its tables with concrete columns and keys, and the DDL. */
import type { CheckSpec, ColumnSpec, SchemaSpec, TableSpec, TypeName, UniqueSpec } from './schema-spec.ts';

export interface Column {
  readonly name: string;
  readonly type: TypeName;
  readonly nullPercent: number;
  readonly values: number;
  readonly role: 'key' | 'reference' | 'plain';
  readonly identity?: 'ALWAYS' | 'BY DEFAULT';
}

export interface Reference {
  readonly name: string;
  readonly columns: readonly string[];
  readonly to: number;
  readonly toColumns: readonly string[];
  readonly nullPercent: number;
  readonly full: boolean;
  readonly deferrable: boolean;
}

export interface Constraint {
  readonly name: string;
  readonly sql: string;
}

export interface Table {
  readonly name: string;
  readonly spec: TableSpec;
  readonly columns: readonly Column[];
  readonly references: readonly Reference[];
  readonly constraints: readonly Constraint[];
}

export interface Layout {
  readonly tables: readonly Table[];
  /** Types and tables, without constraints but NOT NULL. */
  readonly bare: string;
  readonly foreignKeys: readonly Constraint[];
}

export const TYPES_SQL = `
CREATE TYPE mood AS ENUM ('calm', 'loud', 'sad', 'odd');
CREATE DOMAIN small_positive AS int CHECK (VALUE BETWEEN 1 AND 500);`;

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const list = (names: readonly string[]): string => names.map(quoted).join(', ');

export function layOut(spec: SchemaSpec): Layout {
  const tables: Table[] = [];
  const keys = keysOf(spec);
  spec.tables.forEach((table, i) => tables.push(tableOf(spec, table, i, keys)));
  const bare = [TYPES_SQL, ...tables.map(createTable)].join('\n');
  const foreignKeys = tables.flatMap((table) => table.references.map((key) => foreignKeyOf(table, key, tables)));
  return { tables, bare, foreignKeys };
}

function nameOf(spec: TableSpec, i: number): string {
  return spec.odd ? `T ${i} "odd"` : `t${i}`;
}

/** Columns that can be referenced, by table; a key made of references is known only to the tables after it. */
function keysOf(spec: SchemaSpec): readonly (readonly Column[])[][] {
  const keys: (readonly Column[])[][] = [];
  spec.tables.forEach((table, i) => {
    const own = ownKey(table);
    keys.push(own.length > 0 ? [own] : []);
    const plain = plainColumns(table);
    for (const { columns, kind } of table.uniques) {
      if (kind !== 'constraint' || plain.length === 0) continue;
      keys[i].push([...new Set(columns.map((at) => plain[at % plain.length]))].filter(isComparable));
    }
    keys[i] = keys[i].filter((key) => key.length > 0);
  });
  return keys;
}

function ownKey(table: TableSpec): readonly Column[] {
  const key = (name: string, type: TypeName, identity?: Column['identity']): Column => ({
    name,
    type,
    nullPercent: 0,
    values: 1000,
    role: 'key',
    identity,
  });
  switch (table.key) {
    case 'number':
      return [key('id', 'integer')];
    case 'identity':
      return [key('id', 'integer', 'BY DEFAULT')];
    case 'always':
      return [key('id', 'bigint', 'ALWAYS')];
    case 'text':
      return [key('code', 'text')];
    case 'uuid':
      return [key('id', 'uuid')];
    case 'pair':
      return [
        { ...key('k2', 'integer'), values: 6 },
        { ...key('k1', 'integer'), values: 12 },
      ];
    default:
      return [];
  }
}

function plainColumns(table: TableSpec): readonly Column[] {
  return table.columns.map((column: ColumnSpec, i) => ({ name: `c${i}`, role: 'plain', ...column }));
}

function isComparable({ type }: Column): boolean {
  return type !== 'jsonb' && type !== 'inet';
}

function tableOf(schema: SchemaSpec, spec: TableSpec, i: number, keys: readonly (readonly Column[])[][]): Table {
  const name = nameOf(spec, i);
  const columns: Column[] = [...ownKey(spec)];
  const references: Reference[] = [];
  const inKey = spec.key === 'junction' ? 2 : spec.key === 'shared' || spec.key === 'numbered' ? 1 : 0;
  for (const [r, reference] of spec.references.entries()) {
    const isKey = references.length < inKey;
    const to = reference.to % (isKey ? Math.max(1, i) : schema.tables.length);
    if (isKey && i === 0) continue;
    const target = keys[to][reference.key % Math.max(1, keys[to].length)];
    if (target === undefined) continue;
    const order = reference.turned ? target.toReversed() : target;
    const nullPercent = isKey ? 0 : reference.nullPercent;
    const before = references.find(
      (other) => !isKey && reference.shared && other.columns.length > 1 && order.length > 1,
    );
    const own = order.map((column, at) => {
      const shared = at === 0 ? columns.find((other) => other.name === before?.columns[0]) : undefined;
      if (shared !== undefined && shared.type === column.type) return shared.name;
      const made = {
        ...column,
        name: `f${r}_${column.name}`,
        role: 'reference' as const,
        nullPercent,
        identity: undefined,
      };
      columns.push(made);
      return made.name;
    });
    references.push({
      name: `t${i}_f${r}`,
      columns: own,
      to,
      toColumns: order.map((column) => column.name),
      nullPercent,
      full: reference.full && before === undefined,
      deferrable: reference.deferrable,
    });
  }
  const keyColumns = [
    ...ownKey(spec).map((column) => column.name),
    ...references.slice(0, inKey).flatMap((key) => key.columns),
  ];
  if (spec.key === 'numbered') {
    columns.push({ name: 'line', type: 'integer', nullPercent: 0, values: 5, role: 'key' });
    keyColumns.push('line');
  }
  columns.push(...plainColumns(spec));
  const constraints: Constraint[] = [];
  const isWhole = spec.key !== 'none' && (inKey === 0 || references.length >= inKey);
  if (isWhole && keyColumns.length > 0) {
    const ordered = spec.key === 'pair' ? keyColumns.toReversed() : keyColumns;
    constraints.push({
      name: `t${i}_pkey`,
      sql: `ALTER TABLE ${quoted(name)} ADD CONSTRAINT t${i}_pkey PRIMARY KEY (${list(ordered)})`,
    });
  }
  spec.uniques.forEach((unique, u) =>
    constraints.push(...uniqueOf(`t${i}_u${u}`, name, unique, columns, plainColumns(spec))),
  );
  spec.checks.forEach((check, c) => constraints.push(...checkOf(`t${i}_c${c}`, name, check, plainColumns(spec))));
  return { name, spec, columns, references, constraints };
}

function createTable({ name, columns, spec }: Table): string {
  const lines = columns.map(({ name: column, type, nullPercent, identity }) => {
    const generated = identity === undefined ? '' : ` GENERATED ${identity} AS IDENTITY`;
    return `${quoted(column)} ${type}${nullPercent === 0 ? ' NOT NULL' : ''}${generated}`;
  });
  const base = columns.find(({ type }) => type === 'integer' || type === 'smallint');
  if (spec.generated && base !== undefined) lines.push(`g int GENERATED ALWAYS AS (${quoted(base.name)} % 7) STORED`);
  return `CREATE TABLE ${quoted(name)} (${lines.join(', ')});`;
}

function foreignKeyOf({ name }: Table, key: Reference, tables: readonly Table[]): Constraint {
  const sql = `ALTER TABLE ${quoted(name)} ADD CONSTRAINT ${key.name} FOREIGN KEY (${list(key.columns)}) REFERENCES ${quoted(tables[key.to].name)} (${list(key.toColumns)})${key.full ? ' MATCH FULL' : ''}${key.deferrable ? ' DEFERRABLE INITIALLY DEFERRED' : ''}`;
  return { name: key.name, sql };
}

function uniqueOf(
  name: string,
  table: string,
  { columns, kind }: UniqueSpec,
  all: readonly Column[],
  plain: readonly Column[],
): readonly Constraint[] {
  // A constraint may be referenced, so it is of the columns that `keysOf` gave out.
  const from = kind === 'constraint' ? plain : all;
  const chosen = [...new Set(columns.map((at) => from[at % Math.max(1, from.length)]))].filter(
    (column) => column !== undefined && isComparable(column),
  );
  if (chosen.length === 0) return [];
  const names = chosen.map((column) => column.name);
  const index = (definition: string): readonly Constraint[] => [
    { name, sql: `CREATE UNIQUE INDEX ${name} ON ${quoted(table)} ${definition}` },
  ];
  switch (kind) {
    case 'constraint':
      return [{ name, sql: `ALTER TABLE ${quoted(table)} ADD CONSTRAINT ${name} UNIQUE (${list(names)})` }];
    case 'nulls-not-distinct':
      return index(`(${list(names)}) NULLS NOT DISTINCT`);
    case 'partial': {
      const by = all.find((column) => column.type === 'boolean' || column.nullPercent > 0) ?? chosen[0];
      const condition = by.type === 'boolean' ? quoted(by.name) : `${quoted(by.name)} IS NOT NULL`;
      return index(`(${list(names)}) WHERE ${condition}`);
    }
    case 'lower': {
      const parts = chosen.map(({ name: column, type }) =>
        type === 'text' || type === 'varchar(8)' ? `lower(${quoted(column)})` : quoted(column),
      );
      return index(`(${parts.join(', ')})`);
    }
    case 'include': {
      const more = all.find((column) => !names.includes(column.name));
      return index(`(${list(names)})${more === undefined ? '' : ` INCLUDE (${quoted(more.name)})`}`);
    }
    default:
      return index(`(${list(names)})`);
  }
}

const NUMBERS = new Set<TypeName>([
  'integer',
  'smallint',
  'bigint',
  'numeric(8,2)',
  'double precision',
  'small_positive',
]);
const TEXTS = new Set<TypeName>(['text', 'varchar(8)']);
const ORDERED = new Set<TypeName>([...NUMBERS, 'date', 'timestamp', 'timestamptz', 'time']);

function checkOf(
  name: string,
  table: string,
  { kind, column, other }: CheckSpec,
  plain: readonly Column[],
): readonly Constraint[] {
  const of = (types: ReadonlySet<TypeName>, at: number): Column | undefined => {
    const fitting = plain.filter(({ type }) => types.has(type));
    return fitting[at % Math.max(1, fitting.length)];
  };
  const check = (condition: string): readonly Constraint[] => [
    { name, sql: `ALTER TABLE ${quoted(table)} ADD CONSTRAINT ${name} CHECK (${condition})` },
  ];
  const number = of(NUMBERS, column);
  const text = of(TEXTS, column);
  switch (kind) {
    case 'bounds':
      return number === undefined ? [] : check(`${quoted(number.name)} BETWEEN 2 AND 300`);
    case 'list':
      return text === undefined ? [] : check(`${quoted(text.name)} IN ('v1', 'v2', 'v3', 'v7', 'v11')`);
    case 'length':
      return text === undefined ? [] : check(`length(${quoted(text.name)}) <= 3`);
    case 'pattern':
      return text === undefined ? [] : check(`${quoted(text.name)} ~ '^v[0-9]+$'`);
    case 'ordered': {
      const low = of(ORDERED, column);
      const high = plain.find((candidate) => candidate.name !== low?.name && candidate.type === low?.type);
      return low === undefined || high === undefined ? [] : check(`${quoted(low.name)} <= ${quoted(high.name)}`);
    }
    case 'implies': {
      const flag = of(new Set<TypeName>(['boolean', 'mood']), other);
      if (flag === undefined || number === undefined) return [];
      const condition = flag.type === 'boolean' ? quoted(flag.name) : `${quoted(flag.name)} = 'calm'`;
      return check(`NOT (${condition}) OR ${quoted(number.name)} > 5`);
    }
    case 'one-is-set': {
      const nullable = plain.filter((candidate) => candidate.nullPercent > 0);
      return nullable.length < 2
        ? []
        : check(`num_nonnulls(${list(nullable.slice(0, 2).map((one) => one.name))}) >= 1`);
    }
  }
}
