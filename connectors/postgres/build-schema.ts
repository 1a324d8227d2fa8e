/**
 * The source's schema, built statement by statement: `bare` before the rows, `keyed` after them, so that indexes are
 * built at once, foreign keys are validated at once and no trigger sees a row. Nothing here needs a superuser;
 * `session_replication_role` is never touched.
 */
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { checkpoint } from '../../src/kernel/checkpoint.ts';
import type { EventSink } from '../../src/kernel/events.ts';
import { silent } from '../../src/kernel/events.ts';
import type { BuildPlan, Catalog, SchemaStatement } from '../connector.ts';
import { queryRows } from './client.ts';
import type { PostgresClient } from './client.ts';
import { driverCode, translateDriverError } from './driver-errors.ts';
import { setSequences } from './sequences.ts';
import { identifierOf, sqlTokens } from './sql-tokens.ts';
import { quoteIdent, quoteName } from './sql-text.ts';

type Roles = BuildPlan['roles'];

const NO_ROLES: Roles = { map: {}, skip: [] };

/** All of these any role may set. Function bodies may name tables that come later. */
const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  check_function_bodies: 'off',
  maintenance_work_mem: '256MB',
  max_parallel_maintenance_workers: '4',
  synchronous_commit: 'off', // what is being built is worth nothing before it is published, and that commits in full
};

/**
 * Runs one step of the catalog's script in its order; `keyed` then sets the sequences and gathers statistics.
 * Statements that name a role of `roles.skip` are left out with a note; roles of `roles.map` are put in their place.
 * Throws `LOAD_FAILED`, `LOAD_CONSTRAINT_REJECTED` (the rows break a key), `TARGET_RIGHTS_MISSING`, `TARGET_TOO_SMALL`,
 * `CONNECT_LOST`; all name the object.
 */
export async function runScript(
  client: PostgresClient,
  catalog: Catalog,
  step: SchemaStatement['step'],
  roles: Roles = NO_ROLES,
  sink: EventSink = silent,
): Promise<void> {
  await applySettings(client);
  const statements = catalog.script.filter((statement) => statement.step === step);
  for (const [i, statement] of statements.entries()) {
    sink({
      type: 'progress',
      stage: 'load',
      label: `${statement.kind} ${statement.object}`,
      doneCount: i,
      totalCount: statements.length,
    });
    const skipped = statement.roles?.filter((role) => roles.skip.includes(role)) ?? [];
    if (skipped.length === 0) await runStatement(client, statement, roles);
    else
      sink({
        type: 'note',
        level: 'info',
        message: `${statement.kind} ${statement.object} is left out, since it names the role ${skipped.join(', ')} (target.roles.skip).`,
      });
  }
  checkpoint(`script:${step}`);
  if (step === 'bare') return;
  await setSequences(client, catalog);
  checkpoint('script:sequences');
  await analyzeTables(client, catalog);
  checkpoint('script:analyze');
}

/** Statistics, so that the first query on the new database is planned well. */
export async function analyzeTables(client: PostgresClient, catalog: Catalog): Promise<void> {
  const views = catalog.views.filter(({ kind, populated }) => kind === 'materialized' && populated);
  const tables = catalog.tables.filter(({ kind }) => kind !== 'foreign');
  const names = [...tables, ...views].map(({ name }) => quoteName(name));
  if (names.length > 0)
    await queryRows(client, `ANALYZE ${names.join(', ')}`, [], {
      doing: 'gathering statistics',
      otherwise: 'LOAD_FAILED',
    });
}

async function applySettings(client: PostgresClient): Promise<void> {
  const calls = Object.entries(SESSION_SETTINGS).map(([name, value]) => `set_config('${name}', '${value}', false)`);
  await queryRows(client, `SELECT ${calls.join(', ')}`, [], {
    doing: 'preparing the session',
    otherwise: 'LOAD_FAILED',
  });
}

async function runStatement(client: PostgresClient, statement: SchemaStatement, roles: Roles): Promise<void> {
  const sql = statement.roles === undefined ? statement.sql : withRoles(statement.sql, statement.roles, roles.map);
  try {
    await client.query(sql);
  } catch (error) {
    // A container's small /dev/shm looks like a full disk to parallel workers: without them the build may go through.
    const retry = driverCode(error) === '53100' && client.getTransactionStatus() === 'I';
    if (!retry) throw statementError(error, statement);
    await queryRows(client, 'SET max_parallel_maintenance_workers = 0');
    await client.query(sql).catch((second: unknown) => {
      throw statementError(second, statement);
    });
  }
}

/** Puts mapped roles in the place of those that the statement names; a role's name elsewhere in it stays. Exported for its test. */
export function withRoles(sql: string, named: readonly string[], map: Readonly<Record<string, string>>): string {
  let inRoleList = false;
  let depth = 0;
  const parts = sqlTokens(sql).map((token) => {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    const name = identifierOf(token);
    if (name === null) {
      // The list goes on after a comma or a space, and ends with any other sign.
      if (token.text !== ',' && token.text.trim() !== '') inRoleList = false;
      return token.text;
    }
    if (depth === 0 && token.kind === 'word' && /^(to|role|user|authorization)$/.test(name)) {
      inRoleList = true;
      return token.text;
    }
    if (!inRoleList) return token.text;
    const isRole = named.includes(name);
    if (!isRole && token.kind === 'word' && /^(using|with|as|for)$/.test(name)) inRoleList = false;
    return isRole && Object.hasOwn(map, name) ? quoteIdent(map[name]) : token.text;
  });
  return parts.join('');
}

interface Advice {
  readonly code: 'LOAD_FAILED' | 'LOAD_CONSTRAINT_REJECTED' | 'TARGET_RIGHTS_MISSING';
  readonly what: string;
  readonly hint: string;
}

const DEBUG = "Run again with UNDERSTUDY_DEBUG=1 to see the server's words.";

/** What to do about the failures that a user can do something about. */
const ADVICE: Readonly<Record<string, Advice>> = {
  '42501': {
    code: 'TARGET_RIGHTS_MISSING',
    what: 'the role lacks a right for it',
    hint: 'Run understudy doctor --target to see what is missing, or have an administrator create the object (an extension, say) beforehand.',
  },
  '42704': {
    code: 'LOAD_FAILED',
    what: 'it refers to something that the target server lacks',
    hint: 'Create the missing role, collation or extension on the target server, or map the role with target.roles.',
  },
  '58P01': {
    code: 'LOAD_FAILED',
    what: 'the server lacks a file that it needs',
    hint: "Install the extension's package on the target server.",
  },
  '0A000': {
    code: 'LOAD_FAILED',
    what: 'the target server does not support it',
    hint: "Use a target server of the source's major version with the same extensions installed.",
  },
  '42601': {
    code: 'LOAD_FAILED',
    what: 'the target server does not understand it',
    hint: "Use a target server of the source's major version or later.",
  },
  '54000': { code: 'LOAD_FAILED', what: 'a limit of the server is reached', hint: DEBUG },
};

function statementError(thrown: unknown, statement: SchemaStatement): UnderstudyError {
  const state = driverCode(thrown);
  const id = `${statement.kind} ${statement.object}`;
  const translated = translateDriverError(thrown, { doing: `creating ${id}`, otherwise: 'LOAD_FAILED' });
  if (['CONNECT_LOST', 'TARGET_TOO_SMALL', 'CONNECT_TIMEOUT'].includes(translated.code)) return translated;
  const advice = state?.startsWith('23') ? rejected(state) : ADVICE[state ?? ''];
  const { code, what, hint } = advice ?? { code: 'LOAD_FAILED', what: 'the server refused it', hint: DEBUG };
  return new UnderstudyError(
    code,
    `Creating ${id} failed (SQLSTATE ${state ?? 'unknown'}): ${what}; nothing was published.`,
    {
      hint,
      data: { ...translated.data, object: statement.object, kind: statement.kind, sqlState: state },
      cause: thrown,
    },
  );
}

function rejected(state: string): Advice {
  const breach = {
    '23503': 'rows lack their parent',
    '23505': 'rows repeat a key',
    '23502': 'rows lack a value',
    '23514': 'rows break a check',
    '23P01': 'rows exclude each other',
  }[state];
  return {
    code: 'LOAD_CONSTRAINT_REJECTED',
    what: `the loaded ${breach ?? 'rows break it'}`,
    hint: 'Report this: loaded rows should always satisfy the schema. Meanwhile give the table another strategy.',
  };
}
