/** Statements for sequences, tables with their partitions and columns, constraints, indexes, triggers, views. Pure. */
import type { RawColumn, RawConstraint, RawIndex, RawRelation, RawSequence } from './catalog-queries.ts';
import { groupBy } from './group-by.ts';
import type { SchemaObject } from './schema-object.ts';
import { quoteIdent, quoteLiteral, quoteName } from './sql-text.ts';
import type { CatalogIndex } from './table-facts.ts';

const STORAGE: Readonly<Record<string, string>> = { p: 'PLAIN', e: 'EXTERNAL', m: 'MAIN', x: 'EXTENDED' };
const COMPRESSION: Readonly<Record<string, string>> = { p: 'pglz', l: 'lz4' };
const ENABLING: Readonly<Record<string, string>> = {
  O: 'ENABLE',
  D: 'DISABLE',
  R: 'ENABLE REPLICA',
  A: 'ENABLE ALWAYS',
};

// ------------------------------------------------------------------------------------------------ sequences

/** Free ones and owned ones; an identity column makes its own. */
export function sequenceObjects(index: CatalogIndex): readonly SchemaObject[] {
  const settings = new Map(index.raw.sequences.map((sequence) => [sequence.oid, sequence]));
  const ofIdentity = new Set(index.raw.sequenceUses.filter((use) => use.how === 'identity').map((use) => use.sequence));
  const free = index.raw.relations.filter(
    (relation) => relation.kind === 'S' && !ofIdentity.has(relation.oid) && settings.has(relation.oid),
  );
  return free.map((relation) => {
    const sequence = settings.get(relation.oid)!;
    const unlogged = relation.persistence === 'u' ? 'UNLOGGED ' : '';
    return {
      key: `pg_class:${relation.oid}`,
      kind: 'sequence',
      label: label(relation),
      step: 'bare',
      statements: [
        `CREATE ${unlogged}SEQUENCE ${quoteName(relation)} AS ${sequence.type} ${sequenceOptions(sequence)}`,
      ],
    };
  });
}

export function sequenceOptions(sequence: RawSequence): string {
  const { start, increment, minimum, maximum, cache, cycle } = sequence;
  return `START WITH ${start} INCREMENT BY ${increment} MINVALUE ${minimum} MAXVALUE ${maximum} CACHE ${cache}${cycle ? ' CYCLE' : ''}`;
}

/** Ownership comes last: the sequence is there before the table whose default draws from it. */
export function sequenceOwners(index: CatalogIndex): readonly SchemaObject[] {
  return index.raw.sequenceUses
    .filter((use) => use.how === 'owned')
    .flatMap((use): readonly SchemaObject[] => {
      const sequence = index.relations.get(use.sequence);
      const table = index.relations.get(use.relation);
      const [column] = index.columnNames(use.relation, [use.number]);
      if (sequence === undefined || table === undefined || column === undefined) return [];
      return [
        {
          key: ownerKey(use.sequence),
          kind: 'sequence-owner',
          label: label(sequence),
          step: 'bare',
          statements: [`ALTER SEQUENCE ${quoteName(sequence)} OWNED BY ${quoteName(table)}.${quoteIdent(column)}`],
        },
      ];
    });
}

export function ownerKey(sequence: string): string {
  return `sequence-owner:${sequence}`;
}

// ------------------------------------------------------------------------------------------------ tables

export function tableObjects(index: CatalogIndex): readonly SchemaObject[] {
  const identities = identitySequences(index);
  const tables = index.raw.relations.filter((relation) => relation.kind === 'r' || relation.kind === 'p');
  return tables.map((table) => {
    const columns = index.columnsOf.get(table.oid) ?? [];
    return {
      key: `pg_class:${table.oid}`,
      kind: 'table',
      label: label(table),
      step: 'bare',
      statements: [
        createTable(index, table, columns, identities),
        ...columns.flatMap((column) => columnSettings(index, table, column)),
        ...attachment(index, table),
        ...(table.replicaIdentity === 'f' ? [`ALTER TABLE ONLY ${quoteName(table)} REPLICA IDENTITY FULL`] : []),
        ...(table.replicaIdentity === 'n' ? [`ALTER TABLE ONLY ${quoteName(table)} REPLICA IDENTITY NOTHING`] : []),
      ],
    };
  });
}

function createTable(
  index: CatalogIndex,
  table: RawRelation,
  columns: readonly RawColumn[],
  identities: ReadonlyMap<string, string>,
): string {
  const own = columns.filter((column) => isWritten(table, column));
  const definitions = [
    ...own.map((column) => columnDefinition(index, table, column, identities)),
    ...columns
      .filter((column) => !isWritten(table, column))
      .flatMap((column) => inheritedNotNull(index, table, column)),
  ];
  const parents = table.isPartition
    ? []
    : (index.parentsOf.get(table.oid) ?? [])
        .map((oid) => index.relations.get(oid))
        .filter((parent) => parent !== undefined);
  const body =
    table.ofType === null ? ` (${definitions.join(', ')})` : ` OF ${table.ofType}${typedOptions(definitions)}`;
  return [
    `CREATE ${table.persistence === 'u' ? 'UNLOGGED ' : ''}TABLE ${quoteName(table)}${body}`,
    parents.length === 0 ? '' : `INHERITS (${parents.map(quoteName).join(', ')})`,
    table.partitionKey === null ? '' : `PARTITION BY ${table.partitionKey}`,
    table.accessMethod === null || table.accessMethod === 'heap' ? '' : `USING ${quoteIdent(table.accessMethod)}`,
    storageParameters(table),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** Inherited columns come with INHERITS; a partition writes all of its own, so that it keeps their order. */
function isWritten(table: RawRelation, column: RawColumn): boolean {
  return column.isLocal || table.isPartition || table.ofType !== null;
}

function typedOptions(definitions: readonly string[]): string {
  const some = definitions.filter((definition) => definition !== '');
  return some.length === 0 ? '' : ` (${some.join(', ')})`;
}

function columnDefinition(
  index: CatalogIndex,
  table: RawRelation,
  column: RawColumn,
  identities: ReadonlyMap<string, string>,
): string {
  const typed = table.ofType !== null;
  const parts = [
    ...(typed ? [] : [column.typeSql]),
    column.compression === '' ? '' : `COMPRESSION ${COMPRESSION[column.compression]}`,
    column.collation === null || typed ? '' : `COLLATE ${column.collation}`,
    column.generated === ''
      ? ''
      : `GENERATED ALWAYS AS (${column.defaultSql}) ${column.generated === 's' ? 'STORED' : 'VIRTUAL'}`,
    identityClause(index, table, column, identities),
    notNullClause(index, table, column),
  ].filter((part) => part !== '');
  if (typed) return parts.length === 0 ? '' : `${quoteIdent(column.name)} WITH OPTIONS ${parts.join(' ')}`;
  return [quoteIdent(column.name), ...parts].join(' ');
}

/** For a table that is there without it. Defaults are statements of their own elsewhere; here they fill the rows. */
export function addColumn(index: CatalogIndex, table: RawRelation, column: RawColumn): string {
  const definition = columnDefinition(index, table, column, identitySequences(index));
  const isPlainDefault = column.defaultSql !== null && column.generated === '';
  return `ALTER TABLE ${quoteName(table)} ADD COLUMN ${definition}${isPlainDefault ? ` DEFAULT ${column.defaultSql}` : ''}`;
}

function identityClause(
  index: CatalogIndex,
  table: RawRelation,
  column: RawColumn,
  identities: ReadonlyMap<string, string>,
): string {
  if (column.identity === '' || (table.isPartition && index.raw.capabilities.inheritedIdentity)) return '';
  const options = identities.get(`${table.oid} ${column.number}`);
  return `GENERATED ${column.identity === 'a' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY${options === undefined ? '' : ` (${options})`}`;
}

/** By `table number`: the options of the sequence behind the identity column, its name first. */
function identitySequences(index: CatalogIndex): ReadonlyMap<string, string> {
  const settings = new Map(index.raw.sequences.map((sequence) => [sequence.oid, sequence]));
  const found = new Map<string, string>();
  for (const use of index.raw.sequenceUses.filter((candidate) => candidate.how === 'identity')) {
    const relation = index.relations.get(use.sequence);
    const sequence = settings.get(use.sequence);
    if (relation === undefined || sequence === undefined) continue;
    found.set(`${use.relation} ${use.number}`, `SEQUENCE NAME ${quoteName(relation)} ${sequenceOptions(sequence)}`);
  }
  return found;
}

/** Since PostgreSQL 18 NOT NULL is a constraint with a name; one that is not valid yet is added on its own. */
function notNullClause(index: CatalogIndex, table: RawRelation, column: RawColumn): string {
  if (!column.notNull) return '';
  const constraint = notNullConstraint(index, table, column);
  if (constraint === undefined) return index.raw.capabilities.notNullConstraints ? '' : 'NOT NULL';
  if (!constraint.validated) return '';
  return `CONSTRAINT ${quoteIdent(constraint.name)} NOT NULL${constraint.noInherit ? ' NO INHERIT' : ''}`;
}

/** A name of its own for what the parent's column has too can be given only together with INHERITS. */
function inheritedNotNull(index: CatalogIndex, table: RawRelation, column: RawColumn): readonly string[] {
  const constraint = notNullConstraint(index, table, column);
  if (constraint === undefined || !constraint.isLocal || !constraint.validated) return [];
  return [`CONSTRAINT ${quoteIdent(constraint.name)} ${constraint.definition}`];
}

function notNullConstraint(index: CatalogIndex, table: RawRelation, column: RawColumn): RawConstraint | undefined {
  return (index.constraintsOf.get(table.oid) ?? []).find(
    (constraint) => constraint.kind === 'n' && constraint.columns?.[0] === column.number,
  );
}

/** What CREATE TABLE has no words for, or has them in newer versions only. */
function columnSettings(index: CatalogIndex, table: RawRelation, column: RawColumn): readonly string[] {
  const alter = `ALTER TABLE ONLY ${quoteName(table)} ALTER COLUMN ${quoteIdent(column.name)}`;
  const options = (column.options ?? []).filter(isOfUser);
  const isOwnNotNull = column.notNull && !isWritten(table, column) && !index.raw.capabilities.notNullConstraints;
  return [
    ...(isOwnNotNull ? [`${alter} SET NOT NULL`] : []),
    ...(column.storage === null ? [] : [`${alter} SET STORAGE ${STORAGE[column.storage]}`]),
    ...(column.statisticsTarget === null ? [] : [`${alter} SET STATISTICS ${column.statisticsTarget}`]),
    ...(options.length === 0 ? [] : [`${alter} SET (${parameterList(options)})`]),
  ];
}

/** Minor versions of late 2026 keep a stamp of their own among a column's options; pg_dump passes over it too. */
function isOfUser(option: string): boolean {
  return !option.startsWith('pg_attver=');
}

function attachment(index: CatalogIndex, table: RawRelation): readonly string[] {
  const parent = table.isPartition ? index.relations.get(index.parentsOf.get(table.oid)?.[0] ?? '') : undefined;
  return parent === undefined
    ? []
    : [`ALTER TABLE ONLY ${quoteName(parent)} ATTACH PARTITION ${quoteName(table)} ${table.bound}`];
}

function storageParameters(relation: RawRelation): string {
  const all = [...(relation.options ?? []), ...(relation.toastOptions ?? []).map((option) => `toast.${option}`)];
  return all.length === 0 ? '' : `WITH (${parameterList(all)})`;
}

/** `name=value` as the catalog holds it, its value quoted. */
function parameterList(options: readonly string[]): string {
  return options
    .map((option) => {
      const equals = option.indexOf('=');
      return `${option.slice(0, equals)}=${quoteLiteral(option.slice(equals + 1))}`;
    })
    .join(', ');
}

export function defaultObjects(index: CatalogIndex): readonly SchemaObject[] {
  return index.raw.columns
    .filter((column) => column.defaultOid !== null && column.generated === '')
    .flatMap((column): readonly SchemaObject[] => {
      const relation = index.relations.get(column.relation);
      if (relation === undefined || relation.kind === 'f') return [];
      return [
        {
          key: `pg_attrdef:${column.defaultOid}`,
          kind: 'default',
          label: `${label(relation)}.${column.name}`,
          step: relation.kind === 'v' ? 'either' : 'bare',
          statements: [
            `ALTER TABLE ONLY ${quoteName(relation)} ALTER COLUMN ${quoteIdent(column.name)} SET DEFAULT ${column.defaultSql}`,
          ],
        },
      ];
    });
}

// ------------------------------------------------------------------------------------------------ constraints

const CONSTRAINT_KINDS: Readonly<Record<string, string>> = {
  c: 'check',
  n: 'not-null',
  f: 'foreign-key',
  p: 'constraint',
  u: 'constraint',
  x: 'exclusion',
};

export function constraintObjects(index: CatalogIndex): readonly SchemaObject[] {
  return index.raw.constraints.flatMap((constraint): readonly SchemaObject[] => {
    const table = index.relations.get(constraint.relation);
    if (table === undefined || table.kind === 'f' || !isDeclared(index, table, constraint)) return [];
    const only = recurses(table, constraint) ? '' : 'ONLY ';
    return [
      {
        key: `pg_constraint:${constraint.oid}`,
        kind: CONSTRAINT_KINDS[constraint.kind],
        label: `${label(table)}.${constraint.name}`,
        step: 'keyed',
        statements: [
          `ALTER TABLE ${only}${quoteName(table)} ADD CONSTRAINT ${quoteIdent(constraint.name)} ${constraint.definition}`,
        ],
      },
    ];
  });
}

/** What the server does not derive by itself from a constraint of the parent. */
function isDeclared(index: CatalogIndex, table: RawRelation, constraint: RawConstraint): boolean {
  switch (constraint.kind) {
    case 'c':
      return constraint.isLocal && !(table.isPartition && constraint.inheritCount > 0);
    case 'f':
      return constraint.parent === '0' && index.relations.has(constraint.referenced);
    case 'n':
      return !constraint.validated && constraint.isLocal; // valid ones stand in CREATE TABLE
    default:
      return true; // an index of its own, attached to the parent's afterwards
  }
}

/** Keys are made one by one and attached; everything else goes down to the children at once. */
function recurses(table: RawRelation, constraint: RawConstraint): boolean {
  if (constraint.kind === 'f') return table.kind === 'p';
  return (constraint.kind === 'c' || constraint.kind === 'n') && !constraint.noInherit;
}

// ------------------------------------------------------------------------------------------------ indexes

export function indexObjects(index: CatalogIndex): readonly SchemaObject[] {
  const usable = index.raw.indexes.filter((one) => one.isValid || one.isPartitioned);
  const names = new Map(usable.map((one) => [one.oid, one]));
  return usable.flatMap((one) => [
    ...(one.constraint === null ? [plainIndex(one)] : []),
    ...indexSettings(index, one),
    ...(one.parent !== null && names.has(one.parent) ? [indexAttachment(names.get(one.parent)!, one)] : []),
  ]);
}

function plainIndex(one: RawIndex): SchemaObject {
  return { key: `pg_class:${one.oid}`, kind: 'index', label: label(one), step: 'keyed', statements: [one.definition] };
}

export function attachmentKey(child: string): string {
  return `index-attachment:${child}`;
}

function indexAttachment(parent: RawIndex, child: RawIndex): SchemaObject {
  return {
    key: attachmentKey(child.oid),
    kind: 'index-attachment',
    label: label(child),
    step: 'keyed',
    statements: [`ALTER INDEX ${quoteName(parent)} ATTACH PARTITION ${quoteName(child)}`],
  };
}

export function settingKey(index: string): string {
  return `index-setting:${index}`;
}

function indexSettings(index: CatalogIndex, one: RawIndex): readonly SchemaObject[] {
  const table = quoteName(index.relations.get(one.relation)!);
  const name = quoteName(one);
  const statements = [
    // A plain index says its parameters itself; what a constraint's definition prints leaves them out.
    ...(one.constraint !== null && one.options !== null
      ? [`ALTER INDEX ${name} SET (${parameterList(one.options)})`]
      : []),
    ...(one.statistics ?? []).map(
      ({ number, target }) => `ALTER INDEX ${name} ALTER COLUMN ${number} SET STATISTICS ${target}`,
    ),
    ...(one.isClustered ? [`ALTER TABLE ${table} CLUSTER ON ${quoteIdent(one.name)}`] : []),
    ...(one.isReplicaIdentity
      ? [`ALTER TABLE ONLY ${table} REPLICA IDENTITY USING INDEX ${quoteIdent(one.name)}`]
      : []),
  ];
  return statements.length === 0
    ? []
    : [{ key: settingKey(one.oid), kind: 'index-setting', label: label(one), step: 'keyed', statements }];
}

// ------------------------------------------------------------------------------------------------ triggers, rules, policies

export function triggerObjects(index: CatalogIndex): readonly SchemaObject[] {
  return index.raw.triggers.flatMap((trigger): readonly SchemaObject[] => {
    const table = index.relations.get(trigger.relation);
    if (table === undefined || table.kind === 'f') return [];
    const derived = trigger.parentEnabled !== null;
    const usual = trigger.parentEnabled ?? 'O';
    const statements = [
      ...(derived ? [] : [trigger.definition]),
      ...(trigger.enabled === usual
        ? []
        : [`ALTER TABLE ${quoteName(table)} ${ENABLING[trigger.enabled]} TRIGGER ${quoteIdent(trigger.name)}`]),
    ];
    return statements.length === 0
      ? []
      : [
          {
            key: `pg_trigger:${trigger.oid}`,
            kind: 'trigger',
            label: `${label(table)}.${trigger.name}`,
            step: 'keyed',
            statements,
          },
        ];
  });
}

export function ruleObjects(index: CatalogIndex): readonly SchemaObject[] {
  return index.raw.rules
    .filter((rule) => !rule.isReturn && index.relations.has(rule.relation))
    .map((rule) => {
      const table = index.relations.get(rule.relation)!;
      return {
        key: `pg_rewrite:${rule.oid}`,
        kind: 'rule',
        label: `${label(table)}.${rule.name}`,
        step: 'keyed',
        statements: [
          (rule.definition ?? '').replace(/;\s*$/, ''),
          ...(rule.enabled === 'O'
            ? []
            : [`ALTER TABLE ${quoteName(table)} ${ENABLING[rule.enabled]} RULE ${quoteIdent(rule.name)}`]),
        ],
      };
    });
}

export function securityObjects(index: CatalogIndex): readonly SchemaObject[] {
  const secured = index.raw.relations.filter((relation) => relation.rowSecurity || relation.forceRowSecurity);
  return [
    ...secured.map((table): SchemaObject => ({
      key: `row-security:${table.oid}`,
      kind: 'row-security',
      label: label(table),
      step: 'keyed',
      statements: [
        ...(table.rowSecurity ? [`ALTER TABLE ${quoteName(table)} ENABLE ROW LEVEL SECURITY`] : []),
        ...(table.forceRowSecurity ? [`ALTER TABLE ONLY ${quoteName(table)} FORCE ROW LEVEL SECURITY`] : []),
      ],
    })),
    ...index.raw.policies
      .filter((policy) => index.relations.has(policy.relation))
      .map((policy): SchemaObject => {
        const table = index.relations.get(policy.relation)!;
        return {
          key: `pg_policy:${policy.oid}`,
          kind: 'policy',
          label: `${label(table)}.${policy.name}`,
          step: 'keyed',
          roles: policy.roles,
          statements: [
            [
              `CREATE POLICY ${quoteIdent(policy.name)} ON ${quoteName(table)}`,
              `AS ${policy.permissive ? 'PERMISSIVE' : 'RESTRICTIVE'} FOR ${policy.command}`,
              `TO ${policy.roles.length === 0 ? 'PUBLIC' : policy.roles.map(quoteIdent).join(', ')}`,
              ...(policy.using === null ? [] : [`USING (${policy.using})`]),
              ...(policy.check === null ? [] : [`WITH CHECK (${policy.check})`]),
            ].join(' '),
          ],
        };
      }),
  ];
}

// ------------------------------------------------------------------------------------------------ views

export function viewObjects(index: CatalogIndex): readonly SchemaObject[] {
  return index.raw.relations.flatMap((relation) => {
    if (relation.kind === 'v') return [viewObject(index, relation)];
    return relation.kind === 'm' ? materializedView(index, relation) : [];
  });
}

function viewObject(index: CatalogIndex, view: RawRelation): SchemaObject {
  const columns = index.columnsOf.get(view.oid) ?? [];
  const empty = columns.map(
    (column) =>
      `NULL::${column.typeSql}${column.collation === null ? '' : ` COLLATE ${column.collation}`} AS ${quoteIdent(column.name)}`,
  );
  return {
    key: `pg_class:${view.oid}`,
    kind: 'view',
    label: label(view),
    step: 'keyed',
    statements: [`CREATE OR REPLACE VIEW ${quoteName(view)} ${storageParameters(view)} AS\n${query(view)}`],
    outline: [`CREATE VIEW ${quoteName(view)} AS SELECT ${empty.join(', ')}`],
  };
}

/** Empty first: its indexes are built on it, then it is filled, where the source's is. */
function materializedView(index: CatalogIndex, view: RawRelation): readonly SchemaObject[] {
  const using =
    view.accessMethod === null || view.accessMethod === 'heap' ? '' : ` USING ${quoteIdent(view.accessMethod)}`;
  const settings = (index.columnsOf.get(view.oid) ?? []).flatMap((column) =>
    columnSettings(index, view, { ...column, notNull: false }),
  );
  return [
    {
      key: `pg_class:${view.oid}`,
      kind: 'materialized-view',
      label: label(view),
      step: 'keyed',
      statements: [
        `CREATE MATERIALIZED VIEW ${quoteName(view)}${using} ${storageParameters(view)} AS\n${query(view)}\nWITH NO DATA`,
        ...settings.map((statement) => statement.replace('ALTER TABLE ONLY', 'ALTER MATERIALIZED VIEW')),
      ],
    },
    ...(view.populated
      ? [
          {
            key: refreshKey(view.oid),
            kind: 'refresh',
            label: label(view),
            step: 'keyed',
            statements: [`REFRESH MATERIALIZED VIEW ${quoteName(view)}`],
          } as const,
        ]
      : []),
  ];
}

export function refreshKey(view: string): string {
  return `refresh:${view}`;
}

function query(view: RawRelation): string {
  return (view.definition ?? '').trimEnd().replace(/;$/, '');
}

/** Indexes of each parent index, for what needs the whole tree. */
export function childIndexes(index: CatalogIndex): ReadonlyMap<string, readonly RawIndex[]> {
  return groupBy(
    index.raw.indexes.filter((one) => one.parent !== null),
    (one) => one.parent!,
  );
}

function label(object: { readonly schema: string; readonly name: string }): string {
  return `${object.schema}.${object.name}`;
}
