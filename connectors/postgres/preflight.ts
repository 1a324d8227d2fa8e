/** Everything that would stop or spoil a run, found before anything is written, each lack with its remedy. */
import type { BuildPlan } from '../connector.ts';
import { finding } from '../../src/kernel/findings.ts';
import type { Finding } from '../../src/kernel/findings.ts';
import { bytes } from '../../src/kernel/quantities.ts';
import { closeClient, connectClient, queryRows } from './client.ts';
import type { PostgresClient, PostgresConfig } from './client.ts';
import { databaseComment } from './database-mark.ts';
import { builtSchemas } from './built-schemas.ts';
import { localeProvider } from './swap.ts';
import { serverMajor, withClient } from './target-session.ts';

interface Role {
  readonly name: string;
  readonly isSuperuser: boolean;
  readonly canCreateDatabases: boolean;
}

export async function preflightTarget(
  config: PostgresConfig,
  maintenance: PostgresConfig,
  plan: BuildPlan,
): Promise<readonly Finding[]> {
  return withClient(maintenance, async (server) => {
    const role = await connectedRole(server);
    const exists = (await databaseComment(server, config.database)) !== undefined;
    const inDatabase = (check: (client: PostgresClient) => Promise<readonly Finding[]>): Promise<readonly Finding[]> =>
      exists ? withClient(config, check) : Promise.resolve([]);
    const common = [
      ...(await versionFindings(server, plan)),
      ...(await roleFindings(server, plan)),
      ...superuserFindings(plan, role),
      ...(await sessionFindings(server, config.database, role)),
      ...(await preparedFindings(server, config.database)),
      ...sizeFindings(plan),
      ...(await poolerFindings(config, exists ? config : maintenance)),
    ];
    const ofMode =
      plan.mode === 'swap'
        ? [
            ...(await swapFindings(server, config.database, role)),
            ...(await localeFindings(server, plan)),
            ...(await extensionFindings(server, plan, role, new Map())),
            ...(await inDatabase((client) => ownerFindings(client, role))),
          ]
        : exists
          ? await inDatabase((client) => inPlaceFindings(client, plan, role))
          : [absentInPlace(config.database)];
    return [...common, ...ofMode];
  });
}

async function connectedRole(client: PostgresClient): Promise<Role> {
  const [row] = await queryRows<{ name: string; super: string; createdb: string }>(
    client,
    'SELECT rolname AS name, rolsuper AS super, rolcreatedb AS createdb FROM pg_roles WHERE rolname = current_user',
  );
  return {
    name: row.name,
    isSuperuser: row.super === 't',
    canCreateDatabases: row.createdb === 't' || row.super === 't',
  };
}

// ---------------------------------------------------------------------------------------------- both modes

async function versionFindings(client: PostgresClient, { catalog }: BuildPlan): Promise<readonly Finding[]> {
  const major = await serverMajor(client);
  if (major >= catalog.serverMajor) return [];
  return [
    finding(
      'error',
      'PREFLIGHT_SERVER_OLDER',
      '',
      `The target's server is PostgreSQL ${major} and the source is ${catalog.serverMajor}: its schema may use what the older server does not know.`,
      `Use a target server of PostgreSQL ${catalog.serverMajor} or newer.`,
    ),
  ];
}

async function roleFindings(client: PostgresClient, { catalog, roles }: BuildPlan): Promise<readonly Finding[]> {
  const named = new Set([...catalog.roles, ...catalog.script.flatMap((statement) => statement.roles ?? [])]);
  const needed = [...named].filter((name) => !roles.skip.includes(name)).map((name) => roles.map[name] ?? name);
  const rows = await queryRows<{ name: string }>(
    client,
    'SELECT rolname AS name FROM pg_roles WHERE rolname = ANY($1)',
    [needed],
  );
  const there = new Set(rows.map((row) => row.name));
  return needed
    .filter(
      (name) =>
        !there.has(name) && !['public', 'current_user', 'session_user', 'current_role'].includes(name.toLowerCase()),
    )
    .map((name) =>
      finding(
        'error',
        'PREFLIGHT_ROLE_MISSING',
        name,
        `Policies of the source name the role ${name}, which the target's server does not have: they cannot be created.`,
        `Create the role, or name it in target.roles.map or target.roles.skip.`,
      ),
    );
}

function superuserFindings({ catalog }: BuildPlan, role: Role): readonly Finding[] {
  if (role.isSuperuser) return [];
  return catalog.script
    .filter((statement) => statement.superuser === true)
    .map(({ kind, object }) =>
      finding(
        'error',
        'PREFLIGHT_SUPERUSER',
        object,
        `Only a superuser may create the ${kind} ${object} of the source, and ${role.name} is none.`,
        `Provision as a superuser, or drop ${object} from the source's schema.`,
      ),
    );
}

/** Sessions that publishing must end and this role may not. */
async function sessionFindings(client: PostgresClient, database: string, role: Role): Promise<readonly Finding[]> {
  if (role.isSuperuser) return [];
  const rows = await queryRows<{ role: string }>(
    client,
    `SELECT DISTINCT a.usename AS role FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
     WHERE a.datname = $1 AND (r.rolsuper OR NOT (pg_has_role(a.usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))) ORDER BY 1`,
    [database],
  );
  return rows.map((row) =>
    finding(
      'warning',
      'PREFLIGHT_SESSIONS',
      row.role,
      `The role ${row.role} is connected to the target and ${role.name} may not end its sessions: publishing waits for them, and gives up after a minute.`,
      `GRANT pg_signal_backend TO ${role.name}, or disconnect that role before publishing.`,
    ),
  );
}

async function preparedFindings(client: PostgresClient, database: string): Promise<readonly Finding[]> {
  const [row] = await queryRows<{ count: string }>(
    client,
    'SELECT count(*) AS count FROM pg_prepared_xacts WHERE database = $1',
    [database],
  );
  if (row.count === '0') return [];
  return [
    finding(
      'error',
      'PREFLIGHT_PREPARED_TRANSACTIONS',
      database,
      `${row.count} prepared transactions are pending in the target: no rename succeeds while they are.`,
      'COMMIT PREPARED or ROLLBACK PREPARED each of pg_prepared_xacts.',
    ),
  ];
}

/** A server says nothing about its disk in SQL: what is known is the estimate and the limit that the user sets. */
function sizeFindings({ estimatedBytes, maxBytes }: BuildPlan): readonly Finding[] {
  const needed = Math.ceil(estimatedBytes * 1.3);
  if (maxBytes !== null && needed > maxBytes) {
    return [
      finding(
        'error',
        'PREFLIGHT_SIZE',
        '',
        `The run needs about ${bytes(needed)} (1.3 times the data), and target.maxBytes allows ${bytes(maxBytes)}.`,
        'Lower --scale, or raise target.maxBytes.',
      ),
    ];
  }
  return [
    finding(
      'info',
      'PREFLIGHT_DISK',
      '',
      `The run needs about ${bytes(needed)} on the target's server, beside what is there; how much is free cannot be asked in SQL.`,
    ),
  ];
}

/**
 * Behind a transaction pooler, two statements of one session may run in two server processes: then neither locks nor
 * settings hold. It shows in two idle sessions that share a server process, in one that changes it, or in a lost setting.
 */
async function poolerFindings(config: PostgresConfig, reachable: PostgresConfig): Promise<readonly Finding[]> {
  const clients: PostgresClient[] = [];
  try {
    for (let i = 0; i < 2; i++) clients.push(await connectClient(reachable, 'target'));
    const pids: string[] = [];
    for (const client of [...clients, ...clients]) {
      const [row] = await queryRows<{ pid: string; path: string }>(
        client,
        "SELECT pg_backend_pid() AS pid, current_setting('search_path') AS path",
      );
      pids.push(row.pid);
      if (row.path !== '') return [pooler(config)];
    }
    const shared = pids[0] === pids[1];
    const moved = pids[0] !== pids[2] || pids[1] !== pids[3];
    return shared || moved ? [pooler(config)] : [];
  } finally {
    for (const client of clients) await closeClient(client);
  }
}

function pooler(config: PostgresConfig): Finding {
  return finding(
    'error',
    'PREFLIGHT_POOLER',
    `${config.host}:${config.port}`,
    'The connection goes through a pooler that changes server processes between statements: locks and transactions over several statements are not safe there.',
    'Use the direct address of the server in the target URL.',
  );
}

// ---------------------------------------------------------------------------------------------- swap

async function swapFindings(client: PostgresClient, database: string, role: Role): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  if (!role.canCreateDatabases) {
    found.push(
      finding(
        'error',
        'PREFLIGHT_CREATEDB',
        role.name,
        `The role ${role.name} may not create databases, which mode swap needs.`,
        `ALTER ROLE ${role.name} CREATEDB, or use --mode in-place.`,
      ),
    );
  }
  const [owner] = await queryRows<{ owner: string; member: string }>(
    client,
    "SELECT r.rolname AS owner, pg_has_role(d.datdba, 'USAGE') AS member FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = $1",
    [database],
  );
  if (owner !== undefined && owner.member !== 't') {
    found.push(
      finding(
        'error',
        'PREFLIGHT_OWNER',
        database,
        `The target database belongs to the role ${owner.owner}, and ${role.name} is not a member of it: it cannot be renamed.`,
        `GRANT ${owner.owner} TO ${role.name}, or ALTER DATABASE ${database} OWNER TO ${role.name}.`,
      ),
    );
  }
  return found;
}

async function localeFindings(client: PostgresClient, { catalog: { locale } }: BuildPlan): Promise<readonly Finding[]> {
  if (localeProvider(locale.provider) !== 'libc' && (await serverMajor(client)) < 15) {
    return [
      finding(
        'error',
        'PREFLIGHT_LOCALE',
        locale.icuLocale ?? '',
        "The source sorts by ICU, which databases of the target's server version cannot.",
        'Use a target server of PostgreSQL 15 or newer.',
      ),
    ];
  }
  const wanted = [...new Set([locale.collate, locale.ctype])].filter((name) => !['C', 'POSIX'].includes(name));
  const rows = await queryRows<{ name: string }>(
    client,
    `SELECT w.name FROM unnest($1::text[]) AS w(name) WHERE NOT EXISTS (
       SELECT FROM pg_collation c WHERE c.collprovider IN ('c', 'd') AND lower(replace(c.collcollate, '-', '')) = lower(replace(w.name, '-', '')))
     AND NOT EXISTS (SELECT FROM pg_database d WHERE d.datcollate = w.name)`,
    [wanted],
  );
  return rows.map((row) =>
    finding(
      'error',
      'PREFLIGHT_LOCALE',
      row.name,
      `The source uses the locale ${row.name}, which the target's operating system does not seem to have: text would sort otherwise, and unique keys with it.`,
      `Install the locale ${row.name} on the target's server.`,
    ),
  );
}

/** Owners of what is replaced that this role cannot give objects to. */
async function ownerFindings(client: PostgresClient, role: Role): Promise<readonly Finding[]> {
  if (role.isSuperuser) return [];
  const rows = await queryRows<{ owner: string; count: string }>(
    client,
    `SELECT r.rolname AS owner, count(*) AS count FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^(pg_|information_schema$|understudy(_|$))'
       AND NOT pg_has_role(c.relowner, 'MEMBER') GROUP BY 1 ORDER BY 1`,
  );
  return rows.map((row) =>
    finding(
      'warning',
      'PREFLIGHT_OBJECT_OWNER',
      row.owner,
      `${row.count} objects of the target belong to the role ${row.owner}, of which ${role.name} is no member: the new ones will belong to ${role.name}, and ${row.owner} gets rights on them as grants.`,
      `GRANT ${row.owner} TO ${role.name}.`,
    ),
  );
}

/** `installed`: extensions that the new schema finds already there, with their schema. */
async function extensionFindings(
  client: PostgresClient,
  { catalog }: BuildPlan,
  role: Role,
  installed: ReadonlyMap<string, string>,
): Promise<readonly Finding[]> {
  const wanted = catalog.extensions.filter(
    (extension) => !installed.has(extension.name) && extension.name !== 'plpgsql',
  );
  const rows = await queryRows<{ name: string; version: string; trusted: string; superuser: string }>(
    client,
    'SELECT name, version, trusted, superuser FROM pg_available_extension_versions WHERE name = ANY($1)',
    [wanted.map((extension) => extension.name)],
  );
  const found: Finding[] = [];
  for (const { name, version } of wanted) {
    const offers = rows.filter((row) => row.name === name);
    if (offers.length === 0) {
      found.push(
        finding(
          'error',
          'PREFLIGHT_EXTENSION_MISSING',
          name,
          `The source uses the extension ${name}, which the target's server does not offer.`,
          `Install the package of ${name} on the target's server.`,
        ),
      );
      continue;
    }
    if (!role.isSuperuser && !offers.some((offer) => offer.trusted === 't' || offer.superuser !== 't')) {
      found.push(
        finding(
          'error',
          'PREFLIGHT_EXTENSION_FORBIDDEN',
          name,
          `Only a superuser may install the extension ${name}, and ${role.name} is none.`,
          `Have ${name} installed in the target database and use --mode in-place, or provision as a superuser.`,
        ),
      );
    }
    if (!offers.some((offer) => offer.version === version)) {
      found.push(
        finding(
          'warning',
          'PREFLIGHT_EXTENSION_VERSION',
          name,
          `The source has ${name} ${version}, which the target's server does not offer; its default version is used.`,
          `Install ${name} ${version} on the target's server.`,
        ),
      );
    }
  }
  return found;
}

// ---------------------------------------------------------------------------------------------- in place

function absentInPlace(database: string): Finding {
  return finding(
    'error',
    'PREFLIGHT_TARGET_ABSENT',
    database,
    `The target database "${database}" does not exist, and mode in-place makes none.`,
    `CREATE DATABASE ${database}, or use --mode swap.`,
  );
}

async function inPlaceFindings(client: PostgresClient, plan: BuildPlan, role: Role): Promise<readonly Finding[]> {
  const schemas = builtSchemas(plan.catalog);
  const installed = await queryRows<{ name: string; schema: string; relocatable: string; mine: string }>(
    client,
    `SELECT e.extname AS name, n.nspname AS schema, e.extrelocatable AS relocatable,
       pg_has_role(e.extowner, 'USAGE') AND NOT EXISTS (
         SELECT FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass
           AND d.refobjid = e.oid AND d.deptype = 'e' AND NOT pg_has_role(p.proowner, 'USAGE')) AS mine
     FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace`,
  );
  return [
    ...(await ownershipFindings(client, schemas, role)),
    ...(await outsideFindings(client, schemas)),
    ...(await encodingFindings(client, plan)),
    ...(await extensionFindings(client, plan, role, new Map(installed.map((row) => [row.name, row.schema])))),
    ...installed
      .filter((row) => schemas.includes(row.schema) && (row.relocatable !== 't' || row.mine !== 't'))
      .map((row) =>
        finding(
          'error',
          'PREFLIGHT_EXTENSION_FIXED',
          row.name,
          `The extension ${row.name} lies in the schema ${row.schema}, which is to be rebuilt, and ${row.relocatable === 't' ? `${role.name} does not own all of it` : 'it cannot be moved'}: it would stay behind in the old schema.`,
          'Use --mode swap, or have a superuser provision, or keep extensions in a schema of their own in source and target.',
        ),
      ),
  ];
}

async function ownershipFindings(
  client: PostgresClient,
  schemas: readonly string[],
  role: Role,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const [database] = await queryRows<{ name: string; create: string }>(
    client,
    "SELECT current_database() AS name, has_database_privilege(current_database(), 'CREATE') AS create",
  );
  if (database.create !== 't') {
    found.push(
      finding(
        'error',
        'PREFLIGHT_CREATE',
        database.name,
        `The role ${role.name} may not create schemas in the target database.`,
        `GRANT CREATE ON DATABASE ${database.name} TO ${role.name}.`,
      ),
    );
  }
  const foreign = await queryRows<{ schema: string; owner: string }>(
    client,
    `SELECT n.nspname AS schema, r.rolname AS owner FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
     WHERE n.nspname = ANY($1) AND NOT pg_has_role(n.nspowner, 'USAGE') ORDER BY 1`,
    [schemas],
  );
  for (const { schema, owner } of foreign) {
    found.push(
      finding(
        'error',
        'PREFLIGHT_SCHEMA_OWNER',
        schema,
        `The schema ${schema} of the target belongs to the role ${owner}, and ${role.name} is not a member of it: it cannot be renamed.`,
        `ALTER SCHEMA ${schema} OWNER TO ${role.name}, or GRANT ${owner} TO ${role.name}.`,
      ),
    );
  }
  return found;
}

/** Objects of other schemas that hold on to what is replaced: they would go on showing the old rows. */
async function outsideFindings(client: PostgresClient, schemas: readonly string[]): Promise<readonly Finding[]> {
  const rows = await queryRows<{ object: string; schema: string }>(
    client,
    `WITH replaced AS (
       SELECT 'pg_class'::regclass AS class, c.oid, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       UNION ALL SELECT 'pg_proc'::regclass, p.oid, n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       UNION ALL SELECT 'pg_type'::regclass, t.oid, n.nspname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     ), holders AS (
       SELECT coalesce(w.ev_class, k.conrelid, f.adrelid, t.tgrelid, CASE d.classid WHEN 'pg_class'::regclass THEN d.objid END) AS relation,
              CASE d.classid WHEN 'pg_proc'::regclass THEN d.objid END AS routine, r.nspname AS used
       FROM pg_depend d JOIN replaced r ON r.class = d.refclassid AND r.oid = d.refobjid
       LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
       LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
       LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
       LEFT JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid
       WHERE r.nspname = ANY($1) AND NOT EXISTS (
         SELECT FROM pg_depend e WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e')
     )
     SELECT DISTINCT n.nspname || '.' || coalesce(c.relname, p.proname) AS object, h.used AS schema
     FROM holders h LEFT JOIN pg_class c ON c.oid = h.relation LEFT JOIN pg_proc p ON p.oid = h.routine
     JOIN pg_namespace n ON n.oid = coalesce(c.relnamespace, p.pronamespace)
     WHERE n.nspname <> ALL($1) AND n.nspname !~ '^(pg_|information_schema$|understudy(_|$))' ORDER BY 1, 2`,
    [schemas],
    { doing: 'looking for objects that depend on what is replaced' },
  );
  return rows.map((row) =>
    finding(
      'error',
      'PREFLIGHT_OUTSIDE_DEPENDENT',
      row.object,
      `${row.object} uses objects of the schema ${row.schema}, which is to be replaced, and is not part of the source: it would go on using the old ones.`,
      `Drop ${row.object} before the run and create it again after it, or use --mode swap.`,
    ),
  );
}

async function encodingFindings(
  client: PostgresClient,
  { catalog: { locale } }: BuildPlan,
): Promise<readonly Finding[]> {
  const [row] = await queryRows<{ encoding: string; collate: string }>(
    client,
    'SELECT pg_encoding_to_char(encoding) AS encoding, datcollate AS collate FROM pg_database WHERE datname = current_database()',
  );
  const found: Finding[] = [];
  if (row.encoding !== locale.encoding) {
    found.push(
      finding(
        'error',
        'PREFLIGHT_ENCODING',
        '',
        `The source is encoded in ${locale.encoding} and the target database in ${row.encoding}: not every text fits.`,
        'Use --mode swap, or make the target database with the encoding of the source.',
      ),
    );
  }
  if (row.collate !== locale.collate) {
    found.push(
      finding(
        'warning',
        'PREFLIGHT_COLLATION',
        '',
        `The source sorts text by ${locale.collate} and the target database by ${row.collate}: the order of text differs.`,
        'Use --mode swap, or make the target database with the locale of the source.',
      ),
    );
  }
  return found;
}
