/**
 * The mark on a database (its comment) that says what it is: under construction, published, or kept for rollback.
 * The server's catalog is the only place that decides this; the ledger merely tells the story.
 */
import { queryRows } from './client.ts';
import type { PostgresClient } from './client.ts';
import type { PublishedSchema } from './schema-drift.ts';
import { quoteIdent, quoteLiteral } from './sql-text.ts';

export interface DatabaseMark {
  readonly runId: string;
  readonly state: 'building' | 'published' | 'previous';
  /** The target's name: what the database is, will be, or was called. */
  readonly target: string;
  /** False for a database that Understudy replaced but did not make. */
  readonly own: boolean;
  /** When it got this state, ISO 8601. */
  readonly since: string;
  /** The comment that somebody else had given the database. */
  readonly comment: string | null;
  /** What was built, to tell later whether somebody changed it. */
  readonly schema?: PublishedSchema | undefined;
}

export interface MarkedDatabase {
  readonly name: string;
  readonly mark: DatabaseMark;
}

/** The mark in a comment; null if there is none. */
export function parseMark(comment: string | null): DatabaseMark | null {
  if (comment === null || !comment.startsWith('{')) return null;
  try {
    const { understudy: mark } = JSON.parse(comment) as { understudy?: Partial<DatabaseMark> };
    if (mark === undefined || typeof mark.runId !== 'string' || typeof mark.target !== 'string') return null;
    if (!['building', 'published', 'previous'].includes(mark.state ?? '')) return null;
    return { own: true, since: '', comment: null, ...mark } as DatabaseMark;
  } catch {
    return null; // somebody's own JSON
  }
}

export function commentOnDatabase(database: string, comment: string | null): string {
  return `COMMENT ON DATABASE ${quoteIdent(database)} IS ${comment === null ? 'NULL' : quoteLiteral(comment)}`;
}

export function markStatement(database: string, mark: DatabaseMark): string {
  return commentOnDatabase(database, JSON.stringify({ understudy: mark }));
}

/** The comment of a database; undefined if there is no such database. */
export async function databaseComment(client: PostgresClient, database: string): Promise<string | null | undefined> {
  const rows = await queryRows<{ comment: string | null }>(
    client,
    "SELECT pg_catalog.shobj_description(oid, 'pg_database') AS comment FROM pg_catalog.pg_database WHERE datname = $1",
    [database],
    { doing: 'looking for the target database' },
  );
  return rows.length === 0 ? undefined : rows[0].comment;
}

/** All databases marked for this target, newest state first. */
export async function markedDatabases(client: PostgresClient, target: string): Promise<readonly MarkedDatabase[]> {
  const rows = await queryRows<{ name: string; comment: string }>(
    client,
    `SELECT datname AS name, pg_catalog.shobj_description(oid, 'pg_database') AS comment FROM pg_catalog.pg_database
     WHERE pg_catalog.shobj_description(oid, 'pg_database') LIKE '{%' ORDER BY datname`,
    [],
    { doing: 'listing the databases of the server' },
  );
  const found: MarkedDatabase[] = [];
  for (const { name, comment } of rows) {
    const mark = parseMark(comment);
    if (mark !== null && mark.target === target) found.push({ name, mark });
  }
  return found.sort((a, b) => (a.mark.since < b.mark.since ? 1 : a.mark.since > b.mark.since ? -1 : 0));
}
