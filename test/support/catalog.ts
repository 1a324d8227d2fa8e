import type {
  Catalog,
  ColumnFacts,
  ForeignKeyFacts,
  TableFacts,
  TypeClass,
  UniqueKeyFacts,
} from '../../connectors/connector.ts';

export interface KeySketch {
  /** `film_id`, or several. */
  readonly columns: string | readonly string[];
  /** Table of the same schema. */
  readonly to: string;
  /** The referenced table's primary key where absent. */
  readonly referencedColumns?: readonly string[];
  readonly name?: string;
  readonly deferrable?: boolean;
  readonly onDelete?: ForeignKeyFacts['onDelete'];
}

export interface TableSketch {
  /** Words: `id`, `name:text`, `born:date?` (nullable). The default class is integer. */
  readonly columns: string;
  readonly primaryKey?: readonly string[];
  readonly uniqueKeys?: readonly (readonly string[])[];
  readonly keys?: readonly KeySketch[];
  readonly rows?: number;
  readonly selectable?: boolean;
}

/** A catalog as the connector would read it from the sketched tables, all in schema `public`. */
export function sketchCatalog(sketch: Readonly<Record<string, TableSketch>>): Catalog {
  const tables = Object.entries(sketch).map(([name, table]) => sketchTable(name, table, sketch));
  return {
    engine: 'postgresql',
    serverVersion: '15.18',
    serverMajor: 15,
    database: 'sketch',
    locale: { encoding: 'UTF8', collate: 'C', ctype: 'C', provider: 'libc', icuLocale: null },
    schemas: ['public'],
    tables,
    sequences: [],
    extensions: [],
    views: [],
    roles: [],
    script: [],
    findings: [],
  };
}

function sketchTable(name: string, table: TableSketch, all: Readonly<Record<string, TableSketch>>): TableFacts {
  return {
    name: { schema: 'public', name },
    kind: 'table',
    columns: table.columns.split(/\s+/).map(sketchColumn),
    primaryKey: table.primaryKey === undefined ? null : uniqueKey(`${name}_pkey`, 'primary', table.primaryKey),
    uniqueKeys: (table.uniqueKeys ?? []).map((columns, i) => uniqueKey(`${name}_key${i}`, 'constraint', columns)),
    foreignKeys: (table.keys ?? []).map((key) => foreignKey(name, key, all)),
    checks: [],
    exclusions: [],
    partitioning: null,
    partitions: [],
    inheritsFrom: [],
    rowSecurity: 'off',
    triggers: [],
    comment: null,
    estimatedRowCount: table.rows ?? -1,
    estimatedBytes: 8192,
    selectable: table.selectable ?? true,
  };
}

function sketchColumn(word: string): ColumnFacts {
  const nullable = word.endsWith('?');
  const [name, typeClass = 'integer'] = word.replace('?', '').split(':') as [string, TypeClass?];
  const type = {
    sql: typeClass,
    baseSql: typeClass,
    baseName: typeClass === 'integer' ? 'int4' : typeClass,
    class: typeClass,
    domain: null,
    enumLabels: null,
    element: null,
    fields: null,
    maxLength: null,
    precision: null,
    scale: null,
    byteSize: typeClass === 'integer' ? 4 : null,
  };
  return {
    name,
    type,
    nullable,
    defaultExpression: null,
    generated: null,
    identity: null,
    sequence: null,
    comment: null,
    statistics: null,
  };
}

function uniqueKey(name: string, kind: UniqueKeyFacts['kind'], columns: readonly string[]): UniqueKeyFacts {
  return {
    name,
    kind,
    columns,
    expressions: columns.map(() => null),
    predicate: null,
    nullsDistinct: true,
    deferrable: false,
  };
}

function foreignKey(table: string, key: KeySketch, all: Readonly<Record<string, TableSketch>>): ForeignKeyFacts {
  const columns = typeof key.columns === 'string' ? [key.columns] : key.columns;
  return {
    name: key.name ?? `${table}_${columns.join('_')}_fkey`,
    columns,
    referencedTable: { schema: 'public', name: key.to },
    referencedColumns: key.referencedColumns ?? all[key.to]?.primaryKey ?? ['id'],
    match: 'simple',
    onDelete: key.onDelete ?? 'no action',
    onUpdate: 'no action',
    deferrable: key.deferrable ?? false,
    initiallyDeferred: false,
    validated: true,
    virtual: false,
    declaredOn: [],
  };
}
