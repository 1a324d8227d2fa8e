/** In-place mode's mark: the comment on the schema `understudy`, which changes in the same transaction as the renames. */
import { queryRows } from './client.ts';
import type { PostgresClient } from './client.ts';
import { parseMark } from './database-mark.ts';
import { LEDGER_SCHEMA } from './reserved-names.ts';
import type { PublishedSchema } from './schema-drift.ts';
import { quoteIdent, quoteLiteral } from './sql-text.ts';

/** A set of schemas that was published together. */
export interface SchemaGeneration {
  readonly runId: string;
  /** False for what Understudy replaced but did not make. */
  readonly own: boolean;
  /** Their names when they are published. */
  readonly schemas: readonly string[];
  /** What was built, to tell later whether somebody changed it. */
  readonly schema?: PublishedSchema | undefined;
}

export interface SchemaMark {
  readonly current: SchemaGeneration;
  /** Kept under the names `understudy_prev_…`; null if nothing is kept. */
  readonly previous: SchemaGeneration | null;
}

/** Null where nothing was published in place. */
export async function readSchemaMark(client: PostgresClient): Promise<SchemaMark | null> {
  const rows = await queryRows<{ comment: string | null }>(
    client,
    "SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = $1",
    [LEDGER_SCHEMA],
    { doing: 'reading the mark of the target' },
  );
  return parseSchemaMark(rows[0]?.comment ?? null);
}

export function parseSchemaMark(comment: string | null): SchemaMark | null {
  if (comment === null || !comment.startsWith('{')) return null;
  try {
    const { understudy: mark } = JSON.parse(comment) as { understudy?: SchemaMark };
    return mark !== undefined && Array.isArray(mark.current?.schemas) ? mark : null;
  } catch {
    return null;
  }
}

export function schemaMarkStatements(mark: SchemaMark): readonly string[] {
  const name = quoteIdent(LEDGER_SCHEMA);
  return [
    `CREATE SCHEMA IF NOT EXISTS ${name}`,
    `COMMENT ON SCHEMA ${name} IS ${quoteLiteral(JSON.stringify({ understudy: mark }))}`,
  ];
}

/** The run that is published in the session's database, in whichever mode. */
export async function publishedRun(client: PostgresClient): Promise<SchemaGeneration | null> {
  const inPlace = await readSchemaMark(client);
  if (inPlace !== null) return inPlace.current;
  const [row] = await queryRows<{ comment: string | null }>(
    client,
    "SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = current_database()",
  );
  const mark = parseMark(row.comment);
  return mark === null || mark.state !== 'published'
    ? null
    : { runId: mark.runId, own: mark.own, schemas: [], schema: mark.schema };
}
