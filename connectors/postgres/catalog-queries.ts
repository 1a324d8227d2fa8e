/**
 * What is asked of PostgreSQL's catalogs, in one round trip, and the raw rows that come back: each row is one JSON
 * object, so that booleans, arrays and absent values arrive as such. Oids are text. The raw result is plain data:
 * everything after it is a pure function of it.
 */
import { quoteLiteral } from './sql-text.ts';
import type { PostgresClient } from './client.ts';
import { queryRows } from './client.ts';

/** What differs between PostgreSQL 13 and 18, each with its consequence for the queries and the schema script. */
export interface Capabilities {
  readonly major: number;
  /** 14: a column may have its own compression method. */
  readonly columnCompression: boolean;
  /** 14: range types bring a multirange type with a name of its own. */
  readonly multiranges: boolean;
  /** 15: unique keys may treat NULLs as equal. */
  readonly nullsNotDistinct: boolean;
  /** 15: databases and collations may have ICU as their provider, and `collprovider`/`datlocprovider` say so. */
  readonly localeProvider: boolean;
  /** 17: `datlocale` and `colllocale` instead of `daticulocale` and `colliculocale`. */
  readonly builtinLocale: boolean;
  /** 16: ICU collations may have custom rules. */
  readonly collationRules: boolean;
  /** 17: partitions take their identity columns from the partitioned table. */
  readonly inheritedIdentity: boolean;
  /** 18: NOT NULL is a constraint with a name. */
  readonly notNullConstraints: boolean;
}

export function capabilitiesOf(major: number): Capabilities {
  return {
    major,
    columnCompression: major >= 14,
    multiranges: major >= 14,
    nullsNotDistinct: major >= 15,
    localeProvider: major >= 15,
    builtinLocale: major >= 17,
    collationRules: major >= 16,
    inheritedIdentity: major >= 17,
    notNullConstraints: major >= 18,
  };
}

export interface RawServer {
  readonly version: string;
  readonly database: string;
  readonly role: string;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  readonly provider: string;
  readonly icuLocale: string | null;
  readonly largeObjectCount: number;
}
export interface RawSchema {
  readonly oid: string;
  readonly name: string;
  readonly ofExtension: boolean;
}
export interface RawExtension {
  readonly oid: string;
  readonly name: string;
  readonly schema: string;
  readonly version: string;
  readonly relocatable: boolean;
  readonly comment: string | null;
  readonly usualComment: string | null;
}

export interface RawRelation {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** r table, p partitioned, f foreign, v view, m materialized view, c composite type, S sequence. */
  readonly kind: 'r' | 'p' | 'f' | 'v' | 'm' | 'c' | 'S';
  readonly persistence: 'p' | 'u';
  readonly isPartition: boolean;
  readonly options: readonly string[] | null;
  readonly toastOptions: readonly string[] | null;
  readonly accessMethod: string | null;
  readonly ofType: string | null;
  readonly replicaIdentity: string;
  readonly rowSecurity: boolean;
  readonly forceRowSecurity: boolean;
  readonly rowSecurityActive: boolean;
  readonly rowCount: number;
  readonly pageCount: number;
  readonly liveCount: number;
  readonly bytes: number;
  readonly bound: string | null;
  readonly condition: string | null;
  readonly populated: boolean;
  readonly definition: string | null;
  readonly partitionKey: string | null;
  readonly partitionStrategy: 'r' | 'l' | 'h' | null;
  readonly partitionColumns: readonly number[] | null;
  readonly selectable: boolean;
  readonly schemaUsable: boolean;
  readonly comment: string | null;
}

export interface RawColumn {
  readonly relation: string;
  readonly number: number;
  readonly name: string;
  readonly type: string;
  readonly modifier: number;
  readonly typeSql: string;
  readonly notNull: boolean;
  readonly identity: '' | 'a' | 'd';
  readonly generated: '' | 's' | 'v';
  readonly defaultOid: string | null;
  readonly defaultSql: string | null;
  readonly isLocal: boolean;
  readonly collation: string | null;
  readonly storage: string | null;
  readonly compression: string;
  readonly statisticsTarget: number | null;
  readonly options: readonly string[] | null;
  readonly comment: string | null;
}

export interface RawType {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly type: 'b' | 'c' | 'd' | 'e' | 'p' | 'r' | 'm';
  readonly category: string;
  readonly isDefined: boolean;
  readonly element: string;
  readonly isArray: boolean;
  readonly arrayType: string;
  readonly base: string;
  readonly baseModifier: number;
  readonly notNull: boolean;
  readonly relation: string;
  readonly relationKind: string | null;
  readonly length: number;
  readonly sql: string;
  readonly baseTypeSql: string | null;
  readonly defaultSql: string | null;
  readonly collation: string | null;
  readonly subtype: string | null;
  readonly multirange: string | null;
  readonly rangeOptions: readonly string[] | null;
  readonly canonical: boolean;
  readonly isUser: boolean;
  readonly labels: readonly string[] | null;
}

export interface RawConstraint {
  readonly oid: string;
  readonly name: string;
  readonly kind: 'c' | 'f' | 'p' | 'u' | 'x' | 'n' | 't';
  readonly relation: string;
  readonly domain: string;
  readonly index: string;
  readonly parent: string;
  readonly referenced: string;
  readonly columns: readonly number[] | null;
  readonly referencedColumns: readonly number[] | null;
  readonly match: string;
  readonly onUpdate: string;
  readonly onDelete: string;
  readonly deferrable: boolean;
  readonly deferred: boolean;
  readonly validated: boolean;
  readonly isLocal: boolean;
  readonly inheritCount: number;
  readonly noInherit: boolean;
  readonly definition: string;
  readonly expression: string | null;
}

export interface RawIndex {
  readonly oid: string;
  readonly relation: string;
  readonly schema: string;
  readonly name: string;
  readonly isUnique: boolean;
  readonly isPrimary: boolean;
  readonly isValid: boolean;
  readonly immediate: boolean;
  readonly isClustered: boolean;
  readonly isReplicaIdentity: boolean;
  readonly isPartitioned: boolean;
  readonly nullsNotDistinct: boolean;
  readonly keyCount: number;
  readonly columns: readonly number[];
  readonly parts: readonly string[];
  readonly predicate: string | null;
  readonly definition: string;
  readonly options: readonly string[] | null;
  readonly statistics: readonly { readonly number: number; readonly target: number }[] | null;
  readonly constraint: string | null;
  readonly parent: string | null;
}

export interface RawInheritance {
  readonly child: string;
  readonly parent: string;
  readonly position: number;
  readonly ofIndex: boolean;
}
export interface RawStatistic {
  readonly relation: string;
  readonly column: string;
  readonly nullRate: number;
  readonly distinct: number;
  readonly width: number;
}
export interface RawTrigger {
  readonly oid: string;
  readonly relation: string;
  readonly name: string;
  readonly definition: string;
  readonly enabled: string;
  readonly parentEnabled: string | null;
}
export interface RawSequence {
  readonly oid: string;
  readonly type: string;
  readonly start: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly increment: string;
  readonly cache: string;
  readonly cycle: boolean;
  readonly lastValue: string | null;
}
export interface RawSequenceUse {
  readonly sequence: string;
  readonly relation: string;
  readonly number: number;
  readonly how: 'owned' | 'identity' | 'default';
}
export interface RawDependency {
  readonly class: string;
  readonly object: string;
  readonly subObject: number;
  readonly onClass: string;
  readonly onObject: string;
  readonly onSubObject: number;
  readonly how: string;
}

/** Of what the schema script alone needs. */
export interface RawRoutine {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly signature: string;
  readonly kind: 'f' | 'p' | 'w' | 'a';
  readonly definition: string | null;
  readonly needsSuperuser: boolean;
}
export interface RawAggregate {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly signature: string;
  readonly arguments: string;
  readonly settings: readonly string[];
}
export interface RawStatement {
  readonly class: string;
  readonly oid: string;
  readonly kind: string;
  readonly object: string;
  readonly sql: readonly string[];
}
export interface RawPolicy {
  readonly oid: string;
  readonly relation: string;
  readonly name: string;
  readonly command: string;
  readonly permissive: boolean;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}
export interface RawRule {
  readonly oid: string;
  readonly relation: string;
  readonly name: string;
  readonly isReturn: boolean;
  readonly definition: string | null;
  readonly enabled: string;
}
export interface RawComment {
  readonly class: string;
  readonly object: string;
  readonly kind: string;
  readonly identity: string;
  readonly text: string;
}
export interface RawUnsupported {
  readonly class: string;
  readonly oid: string;
  readonly kind: string;
  readonly identity: string;
  readonly never: boolean;
}
export interface RawExtensionMember {
  readonly class: string;
  readonly object: string;
  readonly extension: string;
}

export interface RawCatalog {
  readonly capabilities: Capabilities;
  /** Null: all of the user's. */
  readonly chosenSchemas: readonly string[] | null;
  readonly server: RawServer;
  readonly schemas: readonly RawSchema[];
  readonly extensions: readonly RawExtension[];
  readonly relations: readonly RawRelation[];
  readonly columns: readonly RawColumn[];
  readonly types: readonly RawType[];
  readonly constraints: readonly RawConstraint[];
  readonly indexes: readonly RawIndex[];
  readonly inheritances: readonly RawInheritance[];
  readonly statistics: readonly RawStatistic[];
  readonly triggers: readonly RawTrigger[];
  readonly sequences: readonly RawSequence[];
  readonly sequenceUses: readonly RawSequenceUse[];
  readonly dependencies: readonly RawDependency[];
  readonly routines: readonly RawRoutine[];
  readonly aggregates: readonly RawAggregate[];
  readonly statements: readonly RawStatement[];
  readonly policies: readonly RawPolicy[];
  readonly rules: readonly RawRule[];
  readonly comments: readonly RawComment[];
  readonly unsupported: readonly RawUnsupported[];
  readonly members: readonly RawExtensionMember[];
}

/** Reads everything in one round trip; the caller has opened the transaction whose snapshot it is. */
export async function readRawCatalog(
  client: PostgresClient,
  major: number,
  schemas: readonly string[] | null,
): Promise<RawCatalog> {
  const capabilities = capabilitiesOf(major);
  const queries = { ...factQueries(capabilities, schemas), ...scriptQueries(capabilities, schemas) };
  const names = Object.keys(queries) as (keyof typeof queries)[];
  // All rows of all queries in one result: [number of the query, row as JSON].
  const sql = names.map(
    (name, i) => `SELECT ${i} AS query, pg_catalog.row_to_json(r)::text AS row FROM (${queries[name]}) r`,
  );
  const results = (await client.query(sql.join(';\n'))) as unknown as readonly {
    readonly rows: readonly { readonly row: string }[];
  }[];
  const raw: Record<string, unknown> = { capabilities, chosenSchemas: schemas };
  names.forEach((name, i) => {
    const rows = results[i].rows.map(({ row }) => JSON.parse(row) as unknown);
    raw[name] = name === 'server' ? rows[0] : rows;
  });
  return raw as unknown as RawCatalog;
}

/** The major version, before anything else is asked. */
export async function readMajor(client: PostgresClient): Promise<number> {
  const [row] = await queryRows<{ version: string }>(client, `SELECT current_setting('server_version_num') AS version`);
  return Math.floor(Number(row.version) / 10_000);
}

// ------------------------------------------------------------------------------------------------ conditions

/** Schemas of the user that are ours to read. */
function userSchemas(schemas: readonly string[] | null): string {
  const chosen = schemas === null ? '' : ` AND n.nspname IN (${['', ...schemas].map(quoteLiteral).join(', ')})`;
  return `(n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname !~ '^understudy'${chosen})`;
}

/** Not brought by an extension: `CREATE EXTENSION` makes those. */
function ownObject(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
}

const QUALIFIED_COLLATION = (oid: string): string =>
  `(SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = ${oid})`;

// ------------------------------------------------------------------------------------------------ facts

function factQueries(can: Capabilities, schemas: readonly string[] | null) {
  const user = userSchemas(schemas);
  const relation = `${user} AND ${ownObject('pg_class', 'c.oid')}`;
  return {
    server: `
      SELECT current_setting('server_version') AS version, d.datname AS database, current_user AS role,
             pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS "collate", d.datctype AS ctype,
             ${can.localeProvider ? `CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END` : `'libc'`} AS provider,
             ${can.builtinLocale ? 'd.datlocale' : can.localeProvider ? 'd.daticulocale' : 'NULL'} AS "icuLocale",
             (SELECT count(*)::int FROM (SELECT FROM pg_largeobject_metadata LIMIT 1000) l) AS "largeObjectCount"
        FROM pg_database d WHERE d.datname = current_database()`,

    schemas: `
      SELECT n.oid, n.nspname AS name, NOT ${ownObject('pg_namespace', 'n.oid')} AS "ofExtension"
        FROM pg_namespace n WHERE ${user} ORDER BY n.nspname`,

    extensions: `
      SELECT x.oid, x.extname AS name, n.nspname AS schema, x.extversion AS version, x.extrelocatable AS relocatable,
             obj_description(x.oid, 'pg_extension') AS comment, a.comment AS "usualComment"
        FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace LEFT JOIN pg_available_extensions a ON a.name = x.extname
       ORDER BY x.extname`,

    relations: `
      SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence, c.relispartition AS "isPartition",
             c.reloptions AS options, t.reloptions AS "toastOptions", am.amname AS "accessMethod",
             CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype::text END AS "ofType", c.relreplident AS "replicaIdentity",
             c.relrowsecurity AS "rowSecurity", c.relforcerowsecurity AS "forceRowSecurity",
             c.relrowsecurity AND row_security_active(c.oid) AS "rowSecurityActive",
             c.reltuples AS "rowCount", c.relpages AS "pageCount", coalesce(pg_stat_get_live_tuples(c.oid), 0) AS "liveCount",
             CASE WHEN c.relkind NOT IN ('r', 'm') THEN 0 WHEN c.relpages = 0 THEN pg_relation_size(c.oid)
                  ELSE (c.relpages::int8 + coalesce(t.relpages, 0)) * current_setting('block_size')::int8 END AS bytes,
             pg_get_expr(c.relpartbound, c.oid) AS bound,
             CASE WHEN c.relispartition AND c.relkind IN ('r', 'p', 'f') THEN pg_get_partition_constraintdef(c.oid) END AS condition,
             c.relispopulated AS populated, CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
             CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS "partitionKey",
             p.partstrat AS "partitionStrategy", p.partattrs::int2[] AS "partitionColumns",
             has_table_privilege(c.oid, 'SELECT') OR coalesce((SELECT bool_and(has_column_privilege(c.oid, a.attnum, 'SELECT'))
               FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), false) AS selectable,
             has_schema_privilege(n.oid, 'USAGE') AS "schemaUsable", obj_description(c.oid, 'pg_class') AS comment
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
        LEFT JOIN pg_am am ON am.oid = c.relam LEFT JOIN pg_partitioned_table p ON p.partrelid = c.oid
       WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c', 'S') AND ${relation} ORDER BY n.nspname, c.relname`,

    columns: `
      SELECT a.attrelid AS relation, a.attnum AS number, a.attname AS name, a.atttypid AS type, a.atttypmod AS modifier,
             format_type(a.atttypid, a.atttypmod) AS "typeSql", a.attnotnull AS "notNull", a.attidentity AS identity, a.attgenerated AS generated,
             d.oid AS "defaultOid", pg_get_expr(d.adbin, d.adrelid) AS "defaultSql", a.attislocal AS "isLocal",
             CASE WHEN a.attcollation <> ty.typcollation AND a.attcollation <> 0 THEN ${QUALIFIED_COLLATION('a.attcollation')} END AS collation,
             CASE WHEN a.attstorage <> ty.typstorage THEN a.attstorage END AS storage,
             ${can.columnCompression ? 'a.attcompression' : `''`} AS compression,
             CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END AS "statisticsTarget", a.attoptions AS options,
             col_description(a.attrelid, a.attnum) AS comment
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_type ty ON ty.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped AND ${user}
       ORDER BY a.attrelid, a.attnum`,

    types: `
      SELECT t.oid, n.nspname AS schema, t.typname AS name, t.typtype AS type, t.typcategory AS category, t.typisdefined AS "isDefined",
             t.typelem AS element, t.typelem <> 0 AND t.typlen = -1 AND t.typcategory = 'A' AS "isArray", t.typarray AS "arrayType",
             t.typbasetype AS base, t.typtypmod AS "baseModifier", t.typnotnull AS "notNull", t.typrelid AS relation, c.relkind AS "relationKind",
             t.typlen AS length, format_type(t.oid, NULL) AS sql,
             CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS "baseTypeSql",
             CASE WHEN t.typtype = 'd' THEN coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)) END AS "defaultSql",
             CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN ${QUALIFIED_COLLATION('t.typcollation')} END AS collation,
             r.rngsubtype AS subtype, ${can.multiranges ? 'r.rngmultitypid' : 'NULL'} AS multirange, coalesce(r.rngcanonical <> 0, false) AS canonical,
             CASE WHEN t.typtype = 'r' THEN array_remove(ARRAY[
               'SUBTYPE = ' || format_type(r.rngsubtype, NULL),
               (SELECT CASE WHEN NOT oc.opcdefault THEN 'SUBTYPE_OPCLASS = ' || quote_ident(ocn.nspname) || '.' || quote_ident(oc.opcname) END
                  FROM pg_opclass oc JOIN pg_namespace ocn ON ocn.oid = oc.opcnamespace WHERE oc.oid = r.rngsubopc),
               CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> st.typcollation THEN 'COLLATION = ' || ${QUALIFIED_COLLATION('r.rngcollation')} END,
               CASE WHEN r.rngcanonical <> 0 THEN 'CANONICAL = ' || r.rngcanonical::regproc::text END,
               CASE WHEN r.rngsubdiff <> 0 THEN 'SUBTYPE_DIFF = ' || r.rngsubdiff::regproc::text END,
               ${can.multiranges ? `(SELECT 'MULTIRANGE_TYPE_NAME = ' || quote_ident(mn.nspname) || '.' || quote_ident(m.typname) FROM pg_type m JOIN pg_namespace mn ON mn.oid = m.typnamespace WHERE m.oid = r.rngmultitypid)` : 'NULL'}
             ], NULL) END AS "rangeOptions",
             ${user} AND ${ownObject('pg_type', 't.oid')} AS "isUser",
             (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
        LEFT JOIN pg_type b ON b.oid = t.typbasetype
        LEFT JOIN pg_range r ON r.rngtypid = t.oid${can.multiranges ? ' OR r.rngmultitypid = t.oid' : ''} LEFT JOIN pg_type st ON st.oid = r.rngsubtype
       WHERE NOT (n.nspname IN ('pg_toast', 'information_schema'))
         AND NOT (n.nspname = 'pg_catalog' AND (t.typtype = 'c' OR EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typtype = 'c')))
       ORDER BY n.nspname, t.typname`,

    constraints: `
      SELECT k.oid, k.conname AS name, k.contype AS kind, k.conrelid AS relation, k.contypid AS domain, k.conindid AS index,
             k.conparentid AS parent, k.confrelid AS referenced, k.conkey AS columns, k.confkey AS "referencedColumns",
             k.confmatchtype AS match, k.confupdtype AS "onUpdate", k.confdeltype AS "onDelete", k.condeferrable AS deferrable,
             k.condeferred AS deferred, k.convalidated AS validated, k.conislocal AS "isLocal", k.coninhcount AS "inheritCount",
             k.connoinherit AS "noInherit", pg_get_constraintdef(k.oid) AS definition,
             CASE WHEN k.conrelid = 0 THEN regexp_replace(pg_get_constraintdef(k.oid), '^CHECK \\((.*)\\)( NOT VALID)?$', '\\1')
                  ELSE pg_get_expr(k.conbin, k.conrelid) END AS expression
        FROM pg_constraint k
        LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type ty ON ty.oid = k.contypid
        JOIN pg_namespace n ON n.oid = coalesce(c.relnamespace, ty.typnamespace)
       WHERE k.contype IN ('c', 'f', 'p', 'u', 'x', 'n') AND (n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname !~ '^understudy')
       ORDER BY k.conrelid, k.contypid, k.conname`,

    indexes: `
      SELECT i.indexrelid AS oid, i.indrelid AS relation, n.nspname AS schema, x.relname AS name, i.indisunique AS "isUnique", i.indisprimary AS "isPrimary",
             i.indisvalid AND i.indisready AS "isValid", i.indimmediate AS immediate, i.indisclustered AS "isClustered",
             i.indisreplident AS "isReplicaIdentity", x.relkind = 'I' AS "isPartitioned",
             ${can.nullsNotDistinct ? 'i.indnullsnotdistinct' : 'false'} AS "nullsNotDistinct",
             i.indnkeyatts AS "keyCount", i.indkey::int2[] AS columns,
             (SELECT array_agg(pg_get_indexdef(i.indexrelid, s.k, false) ORDER BY s.k) FROM generate_series(1, i.indnkeyatts) AS s(k)) AS parts,
             pg_get_expr(i.indpred, i.indrelid) AS predicate, pg_get_indexdef(i.indexrelid) AS definition, x.reloptions AS options,
             (SELECT json_agg(json_build_object('number', a.attnum, 'target', a.attstattarget) ORDER BY a.attnum)
                FROM pg_attribute a WHERE a.attrelid = x.oid AND a.attstattarget >= 0) AS statistics,
             (SELECT k.oid FROM pg_constraint k WHERE k.conindid = x.oid AND k.contype IN ('p', 'u', 'x') LIMIT 1) AS "constraint",
             (SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = x.oid) AS parent
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'm', 'f') AND ${relation} ORDER BY n.nspname, x.relname`,

    inheritances: `
      SELECT h.inhrelid AS child, h.inhparent AS parent, h.inhseqno AS position, c.relkind IN ('i', 'I') AS "ofIndex"
        FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE ${user} ORDER BY h.inhrelid, h.inhseqno`,

    statistics: `
      SELECT c.oid AS relation, s.attname AS column, s.null_frac AS "nullRate", s.n_distinct AS distinct, s.avg_width AS width
        FROM pg_stats s JOIN pg_namespace n ON n.nspname = s.schemaname JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
       WHERE ${user} AND s.inherited = (c.relkind = 'p') AND c.relkind IN ('r', 'p')`,

    triggers: `
      SELECT g.oid, g.tgrelid AS relation, g.tgname AS name, pg_get_triggerdef(g.oid) AS definition, g.tgenabled AS enabled, pg.tgenabled AS "parentEnabled"
        FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_trigger pg ON pg.oid = g.tgparentid
       WHERE NOT g.tgisinternal AND ${relation} ORDER BY n.nspname, c.relname, g.tgname`,

    sequences: `
      SELECT s.seqrelid AS oid, format_type(s.seqtypid, NULL) AS type, s.seqstart::text AS start, s.seqmin::text AS minimum, s.seqmax::text AS maximum,
             s.seqincrement::text AS increment, s.seqcache::text AS cache, s.seqcycle AS cycle,
             CASE WHEN has_sequence_privilege(c.oid, 'USAGE,SELECT') AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
                  THEN pg_sequence_last_value(c.oid)::text END AS "lastValue"
        FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE ${relation}`,

    sequenceUses: `
      SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS number, CASE d.deptype WHEN 'i' THEN 'identity' ELSE 'owned' END AS how
        FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
       WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
      UNION ALL
      SELECT d.refobjid, f.adrelid, f.adnum, 'default'
        FROM pg_depend d JOIN pg_attrdef f ON f.oid = d.objid JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
       WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass`,
  };
}

// ------------------------------------------------------------------------------------------------ the schema script

function scriptQueries(can: Capabilities, schemas: readonly string[] | null) {
  const user = userSchemas(schemas);
  return {
    dependencies: `
      SELECT d.classid::regclass AS class, d.objid AS object, d.objsubid AS "subObject",
             d.refclassid::regclass AS "onClass", d.refobjid AS "onObject", d.refobjsubid AS "onSubObject", d.deptype AS how
        FROM pg_depend d WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a', 'i', 'P', 'S')`,

    members: `
      SELECT d.classid::regclass AS class, d.objid AS object, d.refobjid AS extension
        FROM pg_depend d WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND d.refobjid >= 16384`,

    routines: `
      SELECT p.oid, n.nspname AS schema, p.proname AS name, p.oid::regprocedure AS signature, p.prokind AS kind,
             CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END AS definition,
             p.proleakproof OR NOT l.lanpltrusted OR p.prosupport <> 0 AS "needsSuperuser"
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
       WHERE p.prokind <> 'a' AND ${user} AND ${ownObject('pg_proc', 'p.oid')}
         AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')
       ORDER BY 2, 3, 4`,

    aggregates: `
      SELECT p.oid, n.nspname AS schema, p.proname AS name, p.oid::regprocedure AS signature, pg_get_function_arguments(p.oid) AS arguments,
             array_remove(ARRAY[
               'SFUNC = ' || a.aggtransfn::regproc, 'STYPE = ' || format_type(a.aggtranstype, NULL),
               CASE WHEN a.aggtransspace > 0 THEN 'SSPACE = ' || a.aggtransspace END,
               CASE WHEN a.aggfinalfn <> 0 THEN 'FINALFUNC = ' || a.aggfinalfn::regproc END,
               CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
               CASE WHEN a.aggfinalfn <> 0 THEN 'FINALFUNC_MODIFY = ' || CASE a.aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
               CASE WHEN a.aggcombinefn <> 0 THEN 'COMBINEFUNC = ' || a.aggcombinefn::regproc END,
               CASE WHEN a.aggserialfn <> 0 THEN 'SERIALFUNC = ' || a.aggserialfn::regproc END,
               CASE WHEN a.aggdeserialfn <> 0 THEN 'DESERIALFUNC = ' || a.aggdeserialfn::regproc END,
               'INITCOND = ' || quote_literal(a.agginitval),
               CASE WHEN a.aggmtransfn <> 0 THEN 'MSFUNC = ' || a.aggmtransfn::regproc END,
               CASE WHEN a.aggminvtransfn <> 0 THEN 'MINVFUNC = ' || a.aggminvtransfn::regproc END,
               CASE WHEN a.aggmtranstype <> 0 THEN 'MSTYPE = ' || format_type(a.aggmtranstype, NULL) END,
               CASE WHEN a.aggmtransspace > 0 THEN 'MSSPACE = ' || a.aggmtransspace END,
               CASE WHEN a.aggmfinalfn <> 0 THEN 'MFINALFUNC = ' || a.aggmfinalfn::regproc END,
               CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
               CASE WHEN a.aggmfinalfn <> 0 THEN 'MFINALFUNC_MODIFY = ' || CASE a.aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
               'MINITCOND = ' || quote_literal(a.aggminitval),
               CASE WHEN a.aggsortop <> 0 THEN (SELECT 'SORTOP = OPERATOR(' || quote_ident(sn.nspname) || '.' || so.oprname || ')' FROM pg_operator so JOIN pg_namespace sn ON sn.oid = so.oprnamespace WHERE so.oid = a.aggsortop) END,
               CASE WHEN p.proparallel <> 'u' THEN 'PARALLEL = ' || CASE p.proparallel WHEN 's' THEN 'SAFE' ELSE 'RESTRICTED' END END,
               CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END
             ], NULL) AS settings
        FROM pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE ${user} AND ${ownObject('pg_proc', 'p.oid')} ORDER BY 2, 3, 4`,

    policies: `
      SELECT p.oid, p.polrelid AS relation, p.polname AS name, p.polpermissive AS permissive,
             CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS command,
             ARRAY(SELECT r.rolname FROM pg_roles r WHERE r.oid = ANY (p.polroles) ORDER BY 1) AS roles,
             pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE ${user} AND ${ownObject('pg_class', 'c.oid')} ORDER BY n.nspname, c.relname, p.polname`,

    rules: `
      SELECT r.oid, r.ev_class AS relation, r.rulename AS name, r.rulename = '_RETURN' AS "isReturn", r.ev_enabled AS enabled,
             CASE WHEN r.rulename <> '_RETURN' THEN pg_get_ruledef(r.oid) END AS definition
        FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE ${user} AND ${ownObject('pg_class', 'c.oid')} ORDER BY n.nspname, c.relname, r.rulename`,

    comments: `
      SELECT d.classoid::regclass AS class, d.objoid AS object, i.type AS kind, i.identity, d.description AS text
        FROM pg_description d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
       WHERE (d.objoid >= 16384 OR d.objoid = 'public'::regnamespace) AND d.classoid <> 'pg_extension'::regclass
       ORDER BY i.type, i.identity`,

    statements: statementQueries(can, user),
    unsupported: unsupportedQuery(user),
  };
}

/** Kinds of objects that one or two statements of fixed form rebuild. */
function statementQueries(can: Capabilities, user: string): string {
  const row = (catalog: string, kind: string, object: string, sql: string): string =>
    `SELECT '${catalog}' AS class, o.oid, '${kind}' AS kind, ${object} AS object, array_remove(ARRAY[${sql}], NULL) AS sql`;
  const qualified = (name: string): string => `quote_ident(n.nspname) || '.' || quote_ident(${name})`;
  const operator = (oid: string): string =>
    `(SELECT 'OPERATOR(' || quote_ident(xn.nspname) || '.' || x.oprname || ')' FROM pg_operator x JOIN pg_namespace xn ON xn.oid = x.oprnamespace WHERE x.oid = ${oid})`;
  const locale = can.builtinLocale ? 'o.colllocale' : can.localeProvider ? 'o.colliculocale' : 'NULL::text';
  return [
    `${row(
      'pg_collation',
      'collation',
      qualified('o.collname'),
      `
       'CREATE COLLATION ' || ${qualified('o.collname')} || ' (provider = ' || CASE o.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END
       || CASE WHEN o.collisdeterministic THEN '' ELSE ', deterministic = false' END
       || CASE WHEN coalesce(${locale}, o.collcollate) IS NOT DISTINCT FROM coalesce(${locale}, o.collctype)
               THEN ', locale = ' || quote_literal(coalesce(${locale}, o.collcollate))
               ELSE ', lc_collate = ' || quote_literal(o.collcollate) || ', lc_ctype = ' || quote_literal(o.collctype) END
       || ${can.collationRules ? `coalesce(', rules = ' || quote_literal(o.collicurules), '')` : `''`} || ')'`,
    )}
       FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE ${user} AND ${ownObject('pg_collation', 'o.oid')}`,

    `${row(
      'pg_operator',
      'operator',
      `quote_ident(n.nspname) || '.' || o.oprname`,
      `
       'CREATE OPERATOR ' || quote_ident(n.nspname) || '.' || o.oprname || ' (FUNCTION = ' || o.oprcode::regproc
       || CASE WHEN o.oprleft <> 0 THEN ', LEFTARG = ' || format_type(o.oprleft, NULL) ELSE '' END
       || CASE WHEN o.oprright <> 0 THEN ', RIGHTARG = ' || format_type(o.oprright, NULL) ELSE '' END
       || coalesce(', COMMUTATOR = ' || ${operator('o.oprcom')}, '') || coalesce(', NEGATOR = ' || ${operator('o.oprnegate')}, '')
       || CASE WHEN o.oprrest <> 0 THEN ', RESTRICT = ' || o.oprrest::regproc ELSE '' END
       || CASE WHEN o.oprjoin <> 0 THEN ', JOIN = ' || o.oprjoin::regproc ELSE '' END
       || CASE WHEN o.oprcanhash THEN ', HASHES' ELSE '' END || CASE WHEN o.oprcanmerge THEN ', MERGES' ELSE '' END || ')'`,
    )}
       FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oprcode <> 0 AND ${user} AND ${ownObject('pg_operator', 'o.oid')}`,

    `${row(
      'pg_cast',
      'cast',
      `format_type(o.castsource, NULL) || ' AS ' || format_type(o.casttarget, NULL)`,
      `
       'CREATE CAST (' || format_type(o.castsource, NULL) || ' AS ' || format_type(o.casttarget, NULL) || ') '
       || CASE o.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || o.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END
       || CASE o.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END`,
    )}
       FROM pg_cast o WHERE o.oid >= 16384 AND ${ownObject('pg_cast', 'o.oid')}
        AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_cast'::regclass AND i.objid = o.oid AND i.deptype = 'i')
        AND EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid IN (o.castsource, o.casttarget) AND ${user})`,

    `${row(
      'pg_ts_dict',
      'text-search-dictionary',
      qualified('o.dictname'),
      `
       'CREATE TEXT SEARCH DICTIONARY ' || ${qualified('o.dictname')} || ' (TEMPLATE = '
       || (SELECT quote_ident(tn.nspname) || '.' || quote_ident(t.tmplname) FROM pg_ts_template t JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE t.oid = o.dicttemplate)
       || coalesce(', ' || o.dictinitoption, '') || ')'`,
    )}
       FROM pg_ts_dict o JOIN pg_namespace n ON n.oid = o.dictnamespace WHERE ${user} AND ${ownObject('pg_ts_dict', 'o.oid')}`,

    `SELECT 'pg_ts_config', o.oid, 'text-search-configuration', ${qualified('o.cfgname')},
       ARRAY['CREATE TEXT SEARCH CONFIGURATION ' || ${qualified('o.cfgname')} || ' (PARSER = '
       || (SELECT quote_ident(pn.nspname) || '.' || quote_ident(p.prsname) FROM pg_ts_parser p JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE p.oid = o.cfgparser) || ')']
       || ARRAY(SELECT 'ALTER TEXT SEARCH CONFIGURATION ' || ${qualified('o.cfgname')} || ' ADD MAPPING FOR ' || quote_ident(tt.alias) || ' WITH '
            || string_agg(quote_ident(dn.nspname) || '.' || quote_ident(d.dictname), ', ' ORDER BY m.mapseqno)
          FROM pg_ts_config_map m JOIN ts_token_type(o.cfgparser) tt ON tt.tokid = m.maptokentype
          JOIN pg_ts_dict d ON d.oid = m.mapdict JOIN pg_namespace dn ON dn.oid = d.dictnamespace
         WHERE m.mapcfg = o.oid GROUP BY tt.tokid, tt.alias ORDER BY tt.tokid)
       FROM pg_ts_config o JOIN pg_namespace n ON n.oid = o.cfgnamespace WHERE ${user} AND ${ownObject('pg_ts_config', 'o.oid')}`,

    `${row(
      'pg_statistic_ext',
      'statistics',
      qualified('o.stxname'),
      `
       pg_get_statisticsobjdef(o.oid),
       CASE WHEN o.stxstattarget >= 0 THEN 'ALTER STATISTICS ' || ${qualified('o.stxname')} || ' SET STATISTICS ' || o.stxstattarget END`,
    )}
       FROM pg_statistic_ext o JOIN pg_namespace n ON n.oid = o.stxnamespace WHERE ${user} AND ${ownObject('pg_statistic_ext', 'o.oid')}`,

    `${row(
      'pg_event_trigger',
      'event-trigger',
      'quote_ident(o.evtname)',
      `
       'CREATE EVENT TRIGGER ' || quote_ident(o.evtname) || ' ON ' || o.evtevent
       || coalesce(' WHEN TAG IN (' || (SELECT string_agg(quote_literal(x), ', ') FROM unnest(o.evttags) x) || ')', '')
       || ' EXECUTE FUNCTION ' || o.evtfoid::regproc || '()',
       CASE o.evtenabled WHEN 'D' THEN 'ALTER EVENT TRIGGER ' || quote_ident(o.evtname) || ' DISABLE'
         WHEN 'A' THEN 'ALTER EVENT TRIGGER ' || quote_ident(o.evtname) || ' ENABLE ALWAYS'
         WHEN 'R' THEN 'ALTER EVENT TRIGGER ' || quote_ident(o.evtname) || ' ENABLE REPLICA' END`,
    )}
       FROM pg_event_trigger o WHERE ${ownObject('pg_event_trigger', 'o.oid')}`,
  ].join('\nUNION ALL\n');
}

/** Objects of kinds that are not rebuilt; `never`: by decision, since they would act on other systems. */
function unsupportedQuery(user: string): string {
  const kind = (
    catalog: string,
    label: string,
    namespace: string | null,
    condition = 'true',
    never = false,
  ): string => `
    SELECT '${catalog}' AS class, o.oid, '${label}' AS kind, (pg_identify_object('${catalog}'::regclass, o.oid, 0)).identity AS identity, ${never} AS never
      FROM ${catalog} o ${namespace === null ? '' : `JOIN pg_namespace n ON n.oid = o.${namespace}`}
     WHERE o.oid >= 16384 AND ${condition} AND ${ownObject(catalog, 'o.oid')}${namespace === null ? '' : ` AND ${user}`}`;
  return [
    kind('pg_class', 'foreign table', 'relnamespace', `o.relkind = 'f'`),
    kind('pg_foreign_data_wrapper', 'foreign-data wrapper', null),
    kind('pg_foreign_server', 'foreign server', null),
    kind('pg_opfamily', 'operator family', 'opfnamespace'),
    kind('pg_opclass', 'operator class', 'opcnamespace'),
    kind('pg_conversion', 'conversion', 'connamespace'),
    kind('pg_ts_parser', 'text search parser', 'prsnamespace'),
    kind('pg_ts_template', 'text search template', 'tmplnamespace'),
    kind('pg_language', 'procedural language', null),
    kind('pg_transform', 'transform', null),
    kind('pg_am', 'access method', null),
    kind('pg_type', 'base type', 'typnamespace', `o.typtype = 'b' AND o.typelem = 0 AND o.typisdefined`),
    kind('pg_publication', 'publication', null, 'true', true),
    // The connection string of a subscription may be read by superusers only; its name by everyone.
    `SELECT 'pg_subscription', o.oid, 'subscription', o.subname::text, true FROM (SELECT 0::oid AS oid, subname, subdbid FROM pg_subscription) o
      WHERE o.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    `SELECT 'pg_seclabel', l.objoid, 'security label', l.provider || ' on ' || (pg_identify_object(l.classoid, l.objoid, l.objsubid)).identity, true
       FROM pg_seclabel l WHERE l.objoid >= 16384`,
  ].join('\nUNION ALL\n');
}
