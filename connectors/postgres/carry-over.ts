/**
 * What a new database or schema takes over from the one it replaces, so that every role finds the rights that it had:
 * owners, grants and default privileges by name, and what belongs to a database as a whole.
 */
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { queryRows } from './client.ts';
import type { PostgresClient } from './client.ts';
import { isConnectionLoss, translateDriverError } from './driver-errors.ts';
import { grantee, option, planDefaults, planGrants, planOwners, readGrants } from './grants.ts';
import type { Grant, GrantFacts, OwnedObject } from './grants.ts';
import { quoteIdent, quoteLiteral } from './sql-text.ts';

/** Something that could not be carried over, told without stopping: the new database works, for fewer. */
export type Warn = (message: string) => void;

// ---------------------------------------------------------------------------------------------- inside a database

/**
 * Gives the objects of the session's database the owners, grants and default privileges of `previous`.
 * Runs inside the caller's transaction, in which the objects have their final names.
 */
export async function carryOverGrants(client: PostgresClient, previous: GrantFacts, warn: Warn): Promise<void> {
  // Schemas first, with their grants: who is to own an object must be able to create in its schema.
  await carryOverOwners(client, previous, (object) => object.kind === 'SCHEMA', warn);
  await runEach(client, planGrants(ofSchemas(previous), ofSchemas(await readGrants(client))));
  await carryOverOwners(client, previous, (object) => object.kind !== 'SCHEMA', warn);

  // Read again: a change of owner rewrites the grants.
  const fresh = await readGrants(client);
  const grants = planGrants(previous, fresh);
  const lost = await runEach(client, grants);
  if (lost.length > 0)
    warn(
      `${lost.length} of ${grants.length} grants of the previous target could not be given again: ${grants[lost[0]]}`,
    );

  const schemas = new Set(fresh.objects.filter((object) => object.kind === 'SCHEMA').map((object) => object.schema));
  for (const { role, statements } of planDefaults(previous, schemas)) {
    const failed = await runEach(client, statements);
    if (failed.length > 0)
      warn(
        `The default privileges of the role ${role} could not be carried over: this run's role is not a member of it.`,
      );
  }
}

async function carryOverOwners(
  client: PostgresClient,
  previous: GrantFacts,
  which: (object: OwnedObject) => boolean,
  warn: Warn,
): Promise<void> {
  const changes = planOwners(previous, await readGrants(client)).filter(({ object }) => which(object));
  const refused = await runEach(
    client,
    changes.map(({ sql }) => sql),
  );
  const counts = new Map<string, number>();
  for (const i of refused) counts.set(changes[i].owner, (counts.get(changes[i].owner) ?? 0) + 1);
  for (const [owner, count] of counts) {
    warn(
      `${count} objects that belonged to the role ${owner} belong to the role of this run now; ${owner} keeps its rights on them as grants.`,
    );
  }
}

function ofSchemas(facts: GrantFacts): GrantFacts {
  return { ...facts, objects: facts.objects.filter(({ kind }) => kind === 'SCHEMA') };
}

/**
 * Runs statements that the server may refuse one by one; returns the positions of the refused.
 * All go in one round trip when none is refused. Throws `CONNECT_LOST`.
 */
export async function runEach(client: PostgresClient, statements: readonly string[]): Promise<readonly number[]> {
  if (statements.length === 0 || (await runInSavepoint(client, statements.join(';\n')))) return [];
  if (statements.length === 1) return [0];
  const middle = statements.length >> 1;
  const left = await runEach(client, statements.slice(0, middle));
  const right = await runEach(client, statements.slice(middle));
  return [...left, ...right.map((i) => i + middle)];
}

async function runInSavepoint(client: PostgresClient, sql: string): Promise<boolean> {
  await queryRows(client, 'SAVEPOINT understudy_try');
  try {
    await client.query(sql);
    await queryRows(client, 'RELEASE SAVEPOINT understudy_try');
    return true;
  } catch (error) {
    if (isConnectionLoss(error)) throw translateDriverError(error, { doing: 'carrying over rights' });
    await queryRows(client, 'ROLLBACK TO SAVEPOINT understudy_try; RELEASE SAVEPOINT understudy_try');
    return false;
  }
}

// ---------------------------------------------------------------------------------------------- the database itself

export interface DatabaseSetting {
  /** Null: for every role. */
  readonly role: string | null;
  readonly name: string;
  readonly value: string;
}

export interface DatabaseFacts {
  readonly owner: string;
  readonly grants: readonly Grant[];
  readonly connectionLimit: number;
  readonly isTemplate: boolean;
  readonly tablespace: string;
  readonly settings: readonly DatabaseSetting[];
}

/** Null if there is no such database. Read from any database of the server. */
export async function readDatabaseFacts(client: PostgresClient, database: string): Promise<DatabaseFacts | null> {
  const context = { doing: 'reading the settings of the target database' };
  const [row] = await queryRows<Record<string, string>>(
    client,
    `SELECT r.rolname AS owner, d.datconnlimit AS connection_limit, d.datistemplate AS is_template, t.spcname AS tablespace,
       (SELECT coalesce(json_agg(json_build_object('grantee', coalesce(g.rolname, ''), 'privilege', x.privilege_type, 'grantable', x.is_grantable)), '[]')
        FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x LEFT JOIN pg_roles g ON g.oid = x.grantee
        WHERE x.grantee = 0 OR g.oid IS NOT NULL) AS grants,
       (SELECT coalesce(json_agg(json_build_object('role', o.rolname, 'setting', c.setting) ORDER BY o.rolname, c.place), '[]')
        FROM pg_db_role_setting s LEFT JOIN pg_roles o ON o.oid = s.setrole, unnest(s.setconfig) WITH ORDINALITY AS c(setting, place)
        WHERE s.setdatabase = d.oid) AS settings
     FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = $1`,
    [database],
    context,
  );
  if (row === undefined) return null;
  const settings = JSON.parse(row['settings']) as { role: string | null; setting: string }[];
  return {
    owner: row['owner'],
    grants: JSON.parse(row['grants']) as Grant[],
    connectionLimit: Number(row['connection_limit']),
    isTemplate: row['is_template'] === 't',
    tablespace: row['tablespace'],
    settings: settings.map(({ role, setting }) => ({
      role,
      name: setting.slice(0, setting.indexOf('=')),
      value: setting.slice(setting.indexOf('=') + 1),
    })),
  };
}

/** Makes `database` like the one that `previous` describes, from the maintenance database. */
export async function carryOverDatabase(
  client: PostgresClient,
  database: string,
  previous: DatabaseFacts,
  warn: Warn,
): Promise<void> {
  const name = quoteIdent(database);
  await queryRows(client, 'BEGIN');
  try {
    let facts = await existing(client, database);
    if (facts.owner !== previous.owner) {
      const refused = await runEach(client, [`ALTER DATABASE ${name} OWNER TO ${quoteIdent(previous.owner)}`]);
      if (refused.length > 0)
        warn(`The database belonged to the role ${previous.owner} and belongs to the role of this run now.`);
      facts = await existing(client, database);
    }
    const statements = [
      ...grantDifference(name, facts, previous),
      ...(facts.connectionLimit === previous.connectionLimit
        ? []
        : [`ALTER DATABASE ${name} CONNECTION LIMIT ${previous.connectionLimit}`]),
      ...(facts.isTemplate === previous.isTemplate
        ? []
        : [`ALTER DATABASE ${name} IS_TEMPLATE ${previous.isTemplate}`]),
      ...previous.settings.map((setting) => settingStatement(name, setting)),
    ];
    const refused = await runEach(client, statements);
    if (refused.length > 0) {
      const what = refused.map((i) => statements[i].replace(/ (TO|SET) .*$/s, ''));
      warn(
        `${refused.length} settings or grants of the previous database could not be carried over: ${[...new Set(what)].join('; ')}.`,
      );
    }
    await queryRows(client, 'COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function existing(client: PostgresClient, database: string): Promise<DatabaseFacts> {
  const facts = await readDatabaseFacts(client, database);
  if (facts !== null) return facts;
  throw new UnderstudyError(
    'PUBLISH_FAILED',
    `The new database "${database}" is gone before it was published; the target is unchanged.`,
    {
      hint: 'Find out who dropped it, then run again.',
    },
  );
}

function grantDifference(name: string, from: DatabaseFacts, to: DatabaseFacts): readonly string[] {
  const key = (grant: Grant): string => `${grant.grantee}\0${grant.privilege}\0${grant.grantable}`;
  const wanted = new Set(to.grants.map(key));
  const present = new Set(from.grants.map(key));
  const others = (grant: Grant): boolean => grant.grantee !== from.owner;
  return [
    ...from.grants
      .filter((g) => others(g) && !wanted.has(key(g)))
      .map((g) => `REVOKE ${g.privilege} ON DATABASE ${name} FROM ${grantee(g)}`),
    ...to.grants
      .filter((g) => others(g) && !present.has(key(g)))
      .map((g) => `GRANT ${g.privilege} ON DATABASE ${name} TO ${grantee(g)}${option(g)}`),
  ];
}

/** Settings whose value is a list of names, which the server keeps quoted; pg_dump knows the same ones. */
const NAME_LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

export function settingStatement(quotedDatabase: string, setting: DatabaseSetting): string {
  const subject =
    setting.role === null
      ? `DATABASE ${quotedDatabase}`
      : `ROLE ${quoteIdent(setting.role)} IN DATABASE ${quotedDatabase}`;
  const name = setting.name.split('.').map(quoteIdent).join('.');
  return `ALTER ${subject} SET ${name} TO ${settingValue(setting)}`;
}

function settingValue(setting: DatabaseSetting): string {
  if (!NAME_LISTS.has(setting.name.toLowerCase())) return quoteLiteral(setting.value);
  const names = [...setting.value.matchAll(/"((?:[^"]|"")*)"|([^,\s]+)/g)].map((m) =>
    m[1] === undefined ? m[2] : m[1].replaceAll('""', '"'),
  );
  return names.length === 0 ? "''" : names.map(quoteLiteral).join(', ');
}
