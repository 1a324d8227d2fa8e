/** Statements for schemas, extensions, types, routines and what else stands beside tables. Pure. */
import type { RawCatalog, RawExtension, RawRelation, RawRoutine, RawType } from './catalog-queries.ts';
import type { SchemaObject } from './schema-object.ts';
import { quoteIdent, quoteLiteral, quoteName } from './sql-text.ts';
import type { CatalogIndex } from './table-facts.ts';

/** Of every new database. */
const USUAL_PUBLIC_COMMENT = 'standard public schema';

export function schemaObjects(raw: RawCatalog): readonly SchemaObject[] {
  const own = raw.schemas.filter((schema) => !schema.ofExtension && schema.name !== 'public');
  const objects = own.map((schema): SchemaObject => ({
    key: `pg_namespace:${schema.oid}`,
    kind: 'schema',
    label: schema.name,
    step: 'bare',
    statements: [`CREATE SCHEMA ${quoteIdent(schema.name)}`],
  }));
  return [...objects, ...publicSchema(raw)];
}

/** `public` is there in every new database, with a comment: what the source did to it is done again. */
function publicSchema(raw: RawCatalog): readonly SchemaObject[] {
  if (raw.chosenSchemas !== null) return [];
  const base = { kind: 'schema', label: 'public', step: 'bare' } as const;
  if (!raw.schemas.some((schema) => schema.name === 'public')) {
    return [{ ...base, key: 'public:dropped', statements: ['DROP SCHEMA IF EXISTS public'] }];
  }
  const comment = raw.comments.find((row) => row.class === 'pg_namespace' && row.identity === 'public')?.text ?? null;
  if (comment === USUAL_PUBLIC_COMMENT) return [];
  return [
    {
      ...base,
      key: 'public:comment',
      kind: 'comment',
      step: 'keyed',
      statements: [`COMMENT ON SCHEMA public IS ${literalOrNull(comment)}`],
    },
  ];
}

/** Without a version: a newer server may have only newer ones, and preflight compares them. */
export function extensionObjects(raw: RawCatalog): readonly SchemaObject[] {
  const own = raw.extensions.filter((extension) => extension.name !== 'plpgsql');
  return own.map((extension) => ({
    key: `pg_extension:${extension.oid}`,
    kind: 'extension',
    label: extension.name,
    step: 'bare',
    statements: [
      `CREATE EXTENSION IF NOT EXISTS ${quoteIdent(extension.name)} WITH SCHEMA ${quoteIdent(extension.schema)}`,
      ...extensionComment(extension),
    ],
  }));
}

function extensionComment(extension: RawExtension): readonly string[] {
  if (extension.comment === extension.usualComment) return [];
  return [`COMMENT ON EXTENSION ${quoteIdent(extension.name)} IS ${literalOrNull(extension.comment)}`];
}

// ------------------------------------------------------------------------------------------------ types

export function typeObjects(index: CatalogIndex): readonly SchemaObject[] {
  const composites = index.raw.relations.filter((relation) => relation.kind === 'c');
  const domains = new Set(index.raw.types.filter((type) => type.isUser && type.type === 'd').map((type) => type.oid));
  const checks = index.raw.constraints.filter(
    (constraint) => constraint.kind === 'c' && domains.has(constraint.domain),
  );
  const typeOf = new Map(index.raw.types.map((type) => [type.oid, type]));
  return [
    ...composites.map((relation) => compositeType(index, relation)),
    ...index.raw.types
      .filter((type) => type.isUser)
      .map((type) => typeObject(index, type))
      .filter((object) => object !== null),
    ...checks.map((check): SchemaObject => {
      const domain = typeOf.get(check.domain)!;
      return {
        key: `pg_constraint:${check.oid}`,
        kind: 'domain-constraint',
        label: `${domain.schema}.${domain.name}.${check.name}`,
        step: 'bare',
        statements: [`ALTER DOMAIN ${quoteName(domain)} ADD CONSTRAINT ${quoteIdent(check.name)} ${check.definition}`],
      };
    }),
  ];
}

function typeObject(index: CatalogIndex, type: RawType): SchemaObject | null {
  const base = {
    key: `pg_type:${type.oid}`,
    kind: 'type',
    label: `${type.schema}.${type.name}`,
    step: 'bare',
  } as const;
  const name = quoteName(type);
  switch (type.type) {
    case 'e':
      return {
        ...base,
        statements: [`CREATE TYPE ${name} AS ENUM (${(type.labels ?? []).map(quoteLiteral).join(', ')})`],
      };
    case 'd':
      return { ...base, statements: [domainStatement(index, type)] };
    case 'r': {
      const statements = [`CREATE TYPE ${name} AS RANGE (${(type.rangeOptions ?? []).join(', ')})`];
      // Its canonical function takes the type itself, which then exists in outline first.
      return { ...base, statements, ...(type.canonical ? { outline: [`CREATE TYPE ${name}`] } : {}) };
    }
    default:
      return null;
  }
}

function domainStatement(index: CatalogIndex, domain: RawType): string {
  const named = index.raw.constraints.find((constraint) => constraint.kind === 'n' && constraint.domain === domain.oid);
  return [
    `CREATE DOMAIN ${quoteName(domain)} AS ${domain.baseTypeSql}`,
    domain.collation === null ? '' : `COLLATE ${domain.collation}`,
    domain.defaultSql === null ? '' : `DEFAULT ${domain.defaultSql}`,
    !domain.notNull ? '' : named === undefined ? 'NOT NULL' : `CONSTRAINT ${quoteIdent(named.name)} NOT NULL`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function compositeType(index: CatalogIndex, relation: RawRelation): SchemaObject {
  const fields = (index.columnsOf.get(relation.oid) ?? []).map(
    (column) =>
      `${quoteIdent(column.name)} ${column.typeSql}${column.collation === null ? '' : ` COLLATE ${column.collation}`}`,
  );
  return {
    key: `pg_class:${relation.oid}`,
    kind: 'type',
    label: `${relation.schema}.${relation.name}`,
    step: 'bare',
    statements: [`CREATE TYPE ${quoteName(relation)} AS (${fields.join(', ')})`],
  };
}

// ------------------------------------------------------------------------------------------------ routines and others

export function routineObjects(raw: RawCatalog): readonly SchemaObject[] {
  return [
    ...raw.routines.map(routineObject),
    ...raw.aggregates.map((aggregate): SchemaObject => ({
      key: `pg_proc:${aggregate.oid}`,
      kind: 'aggregate',
      label: aggregate.signature,
      step: 'either',
      statements: [
        `CREATE AGGREGATE ${quoteName(aggregate)}(${aggregate.arguments === '' ? '*' : aggregate.arguments}) (${aggregate.settings.join(', ')})`,
      ],
    })),
  ];
}

function routineObject(routine: RawRoutine): SchemaObject {
  return {
    key: `pg_proc:${routine.oid}`,
    kind: 'function',
    label: routine.signature,
    step: 'either',
    statements: [(routine.definition ?? '').trimEnd()],
    ...(routine.needsSuperuser ? { superuser: true } : {}),
  };
}

/** Collations, operators, casts, text search, statistics, event triggers: made by the server's query already. */
export function plainObjects(raw: RawCatalog): readonly SchemaObject[] {
  return raw.statements.map((row) => ({
    key: `${row.class}:${row.oid}`,
    kind: row.kind,
    label: row.object,
    step: row.kind === 'statistics' || row.kind === 'event-trigger' ? 'keyed' : 'either',
    statements: row.sql,
    ...(row.kind === 'event-trigger' || (row.kind === 'cast' && row.sql[0].includes(') WITHOUT FUNCTION'))
      ? { superuser: true }
      : {}),
  }));
}

export function literalOrNull(text: string | null): string {
  return text === null ? 'NULL' : quoteLiteral(text);
}
