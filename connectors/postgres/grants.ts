/** Who owns what and who may do what in one database: read as facts, compared by name, re-established by statements. */
import { queryRows } from './client.ts';
import type { PostgresClient } from './client.ts';
import { quoteIdent } from './sql-text.ts';

export type GrantedKind = 'SCHEMA' | 'TABLE' | 'COLUMN' | 'SEQUENCE' | 'ROUTINE' | 'TYPE';

/** `grantee` '' = PUBLIC. */
export interface Grant {
  readonly grantee: string;
  readonly privilege: string;
  readonly grantable: boolean;
}

export interface OwnedObject {
  readonly kind: GrantedKind;
  readonly schema: string;
  /** '' for a schema itself. */
  readonly name: string;
  /** Of a routine: its identity arguments. */
  readonly args: string;
  /** Of a column. */
  readonly column: string;
  readonly owner: string;
  readonly grants: readonly Grant[];
}

export interface DefaultPrivileges {
  readonly role: string;
  /** Null: in the whole database. */
  readonly schema: string | null;
  readonly kind: 'TABLE' | 'SEQUENCE' | 'ROUTINE' | 'TYPE' | 'SCHEMA';
  readonly grants: readonly Grant[];
}

export interface GrantFacts {
  readonly objects: readonly OwnedObject[];
  readonly defaults: readonly DefaultPrivileges[];
}

const USER_SCHEMA = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname !~ '^understudy(_|$)'";

const grantsOf = (acl: string): string => `(
  SELECT coalesce(json_agg(json_build_object('grantee', coalesce(g.rolname, ''), 'privilege', x.privilege_type,
    'grantable', x.is_grantable) ORDER BY g.rolname, x.privilege_type), '[]')
  FROM aclexplode(${acl}) x LEFT JOIN pg_roles g ON g.oid = x.grantee WHERE x.grantee = 0 OR g.oid IS NOT NULL)`;

const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;

const OBJECTS = `
  SELECT 'SCHEMA' AS kind, n.nspname AS schema, '' AS name, '' AS args, '' AS "column", n.nspowner AS owner,
         coalesce(n.nspacl, acldefault('n', n.nspowner)) AS acl
  FROM pg_namespace n WHERE ${USER_SCHEMA}
  UNION ALL
  SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname, '', '', c.relowner,
         coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${USER_SCHEMA} AND ${notOfExtension('pg_class', 'c.oid')}
  UNION ALL
  SELECT 'COLUMN', n.nspname, c.relname, '', a.attname, c.relowner, a.attacl
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attacl IS NOT NULL
    AND ${USER_SCHEMA} AND ${notOfExtension('pg_class', 'c.oid')}
  UNION ALL
  SELECT 'ROUTINE', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), '', p.proowner,
         coalesce(p.proacl, acldefault('f', p.proowner))
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE ${USER_SCHEMA} AND ${notOfExtension('pg_proc', 'p.oid')}
    AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')
  UNION ALL
  SELECT 'TYPE', n.nspname, t.typname, '', '', t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c') AND ${USER_SCHEMA} AND ${notOfExtension('pg_type', 't.oid')}`;

/** Everything in user schemas; members of extensions are left to their extension. The session's search_path is empty. */
export async function readGrants(client: PostgresClient): Promise<GrantFacts> {
  const context = { doing: 'reading owners and grants' };
  const objects = await queryRows<Record<keyof OwnedObject, string>>(
    client,
    `SELECT o.kind, o.schema, o.name, o.args, o."column", r.rolname AS owner, ${grantsOf('o.acl')} AS grants
     FROM (${OBJECTS}) o JOIN pg_roles r ON r.oid = o.owner ORDER BY o.kind = 'SEQUENCE', 1, 2, 3, 4, 5`,
    [],
    context,
  );
  const defaults = await queryRows<Record<keyof DefaultPrivileges, string>>(
    client,
    `SELECT r.rolname AS role, n.nspname AS schema, ${grantsOf('d.defaclacl')} AS grants, CASE d.defaclobjtype
       WHEN 'r' THEN 'TABLE' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'ROUTINE' WHEN 'T' THEN 'TYPE' WHEN 'n' THEN 'SCHEMA' END AS kind
     FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
     WHERE d.defaclobjtype IN ('r', 'S', 'f', 'T', 'n') AND (n.oid IS NULL OR ${USER_SCHEMA}) ORDER BY 1, 2, 4`,
    [],
    context,
  );
  return {
    objects: objects.map((row) => ({ ...row, grants: JSON.parse(row.grants) as Grant[] }) as unknown as OwnedObject),
    defaults: defaults.map(
      (row) => ({ ...row, grants: JSON.parse(row.grants) as Grant[] }) as unknown as DefaultPrivileges,
    ),
  };
}

export interface OwnerChange {
  readonly object: OwnedObject;
  readonly owner: string;
  readonly sql: string;
}

/**
 * What makes the objects of `fresh` belong to whom the objects of the same name in `previous` belonged to.
 * In the order of `readGrants`: sequences come last, since those that a table owns follow it and cannot be given alone.
 */
export function planOwners(previous: GrantFacts, fresh: GrantFacts): readonly OwnerChange[] {
  const before = byIdentity(previous.objects);
  const owners: OwnerChange[] = [];
  for (const object of fresh.objects) {
    const old = before.get(identity(object));
    if (old === undefined || object.kind === 'COLUMN' || old.owner === object.owner) continue;
    owners.push({
      object,
      owner: old.owner,
      sql: `ALTER ${object.kind} ${nameOf(object)} OWNER TO ${quoteIdent(old.owner)}`,
    });
  }
  return owners;
}

/**
 * What gives the objects of `fresh` the grants that the objects of the same name in `previous` have; objects that are
 * new get those that the previous database's default privileges give to what their owner creates.
 */
export function planGrants(
  previous: GrantFacts,
  fresh: GrantFacts,
  fallback: 'defaults' | 'none' = 'defaults',
): readonly string[] {
  const before = byIdentity(previous.objects);
  const now = byIdentity(fresh.objects);
  const statements: string[] = [];
  for (const object of fresh.objects) {
    const old = before.get(identity(object));
    if (old !== undefined) statements.push(...difference(object, object.grants, old.grants));
    else if (fallback === 'defaults' && object.kind !== 'COLUMN') {
      const wanted = defaultGrants(previous.defaults, object);
      if (wanted !== null) statements.push(...difference(object, object.grants, wanted));
    }
  }
  // Columns have an entry only where something is granted: those without one in the new database start from nothing.
  for (const old of previous.objects) {
    if (old.kind !== 'COLUMN' || now.has(identity(old)) || !now.has(identity({ ...old, kind: 'TABLE', column: '' })))
      continue;
    statements.push(...difference(old, [], old.grants));
  }
  return statements;
}

/** What gives `fresh` the default privileges of `previous`, one list a role. */
export function planDefaults(
  previous: GrantFacts,
  schemas: ReadonlySet<string>,
): readonly { role: string; statements: readonly string[] }[] {
  const byRole = new Map<string, string[]>();
  for (const entry of previous.defaults) {
    if (entry.schema !== null && !schemas.has(entry.schema)) continue;
    const statements = byRole.get(entry.role) ?? [];
    byRole.set(entry.role, statements);
    const where = entry.schema === null ? '' : ` IN SCHEMA ${quoteIdent(entry.schema)}`;
    const prefix = `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdent(entry.role)}${where}`;
    // An entry for the whole database replaces what the server gives by itself, to PUBLIC above all.
    if (
      entry.schema === null &&
      (entry.kind === 'ROUTINE' || entry.kind === 'TYPE') &&
      !entry.grants.some((g) => g.grantee === '')
    ) {
      statements.push(`${prefix} REVOKE ALL ON ${entry.kind}S FROM PUBLIC`);
    }
    for (const grant of entry.grants)
      statements.push(`${prefix} GRANT ${grant.privilege} ON ${entry.kind}S TO ${grantee(grant)}${option(grant)}`);
  }
  return [...byRole].map(([role, statements]) => ({ role, statements }));
}

/** GRANT and REVOKE statements that lead from one list of grants to another; the owner's own rights stay. */
export function difference(object: OwnedObject, from: readonly Grant[], to: readonly Grant[]): readonly string[] {
  const key = (grant: Grant): string => `${grant.grantee}\0${grant.privilege}\0${grant.grantable}`;
  const wanted = new Set(to.map(key));
  const present = new Set(from.map(key));
  const statements: string[] = [];
  for (const grant of from) {
    if (grant.grantee !== object.owner && !wanted.has(key(grant)))
      statements.push(`REVOKE ${privilegeOn(object, grant)} FROM ${grantee(grant)}`);
  }
  for (const grant of to) {
    if (grant.grantee !== object.owner && !present.has(key(grant)))
      statements.push(`GRANT ${privilegeOn(object, grant)} TO ${grantee(grant)}${option(grant)}`);
  }
  return statements;
}

/** Null: the server's own defaults, which the object already has. */
function defaultGrants(defaults: readonly DefaultPrivileges[], object: OwnedObject): readonly Grant[] | null {
  const entries = defaults.filter((entry) => entry.role === object.owner && entry.kind === object.kind);
  const whole = entries.find((entry) => entry.schema === null)?.grants ?? null;
  const inSchema = entries.find((entry) => entry.schema === object.schema)?.grants ?? null;
  if (whole === null && inSchema === null) return null;
  return [...(whole ?? object.grants), ...(inSchema ?? [])];
}

function identity(object: OwnedObject): string {
  return [object.kind, object.schema, object.name, object.args, object.column].join('\0');
}

function byIdentity(objects: readonly OwnedObject[]): ReadonlyMap<string, OwnedObject> {
  return new Map(objects.map((object) => [identity(object), object]));
}

function nameOf(object: OwnedObject): string {
  if (object.kind === 'SCHEMA') return quoteIdent(object.schema);
  const name = `${quoteIdent(object.schema)}.${quoteIdent(object.name)}`;
  return object.kind === 'ROUTINE' ? `${name}(${object.args})` : name;
}

function privilegeOn(object: OwnedObject, grant: Grant): string {
  return object.kind === 'COLUMN'
    ? `${grant.privilege} (${quoteIdent(object.column)}) ON TABLE ${nameOf(object)}`
    : `${grant.privilege} ON ${object.kind} ${nameOf(object)}`;
}

export function grantee(grant: Grant): string {
  return grant.grantee === '' ? 'PUBLIC' : quoteIdent(grant.grantee);
}

export function option(grant: Grant): string {
  return grant.grantable ? ' WITH GRANT OPTION' : '';
}
