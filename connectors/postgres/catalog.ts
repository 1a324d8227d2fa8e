/** The whole catalog: one transaction, two round trips, then pure functions. */
import { tableId } from '../connector.ts';
import type { Catalog, CatalogOptions } from '../connector.ts';
import { UnderstudyError } from '../../src/kernel/errors.ts';
import { finding } from '../../src/kernel/findings.ts';
import type { Finding } from '../../src/kernel/findings.ts';
import { readMajor, readRawCatalog } from './catalog-queries.ts';
import type { RawCatalog, RawRelation } from './catalog-queries.ts';
import type { PostgresClient } from './client.ts';
import { translateDriverError } from './driver-errors.ts';
import { schemaScript } from './schema-script.ts';
import { quoteIdent, quoteName } from './sql-text.ts';
import { CatalogIndex, nameOf, sequenceFacts, tableFacts } from './table-facts.ts';

const OLDEST_MAJOR = 13;
const NEWEST_MAJOR = 18;

/**
 * Everything of `connector.ts`'s `Catalog`, as of one moment.
 * Throws `INTROSPECT_VERSION_UNSUPPORTED`, `CONNECT_*`.
 */
export async function readCatalog(client: PostgresClient, options: CatalogOptions = {}): Promise<Catalog> {
  return catalogFrom(await readConsistently(client, options.schemas ?? null));
}

/** All rows of the catalogs as of one moment. Throws as `readCatalog` does. */
export async function readConsistently(client: PostgresClient, schemas: readonly string[] | null): Promise<RawCatalog> {
  const major = await readMajor(client);
  if (major < OLDEST_MAJOR) {
    throw new UnderstudyError(
      'INTROSPECT_VERSION_UNSUPPORTED',
      `The server is PostgreSQL ${major}; its catalogs lack what Understudy reads.`,
      {
        hint: `Use a server of PostgreSQL ${OLDEST_MAJOR} to ${NEWEST_MAJOR}.`,
      },
    );
  }
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await readRawCatalog(client, major, schemas);
  } catch (error) {
    throw translateDriverError(error, { doing: 'reading the catalog' });
  } finally {
    await client.query('ROLLBACK').catch(() => {}); // a lost connection has been reported already
  }
}

/** The neutral facts, from what the server said. Pure. */
export function catalogFrom(raw: RawCatalog): Catalog {
  const index = new CatalogIndex(raw);
  const { script, roles, findings } = schemaScript(index);
  return {
    engine: 'postgresql',
    serverVersion: raw.server.version.split(' ')[0],
    serverMajor: raw.capabilities.major,
    database: raw.server.database,
    locale: {
      encoding: raw.server.encoding,
      collate: raw.server.collate,
      ctype: raw.server.ctype,
      provider: raw.server.provider,
      icuLocale: raw.server.icuLocale,
    },
    schemas: raw.schemas.map((schema) => schema.name),
    tables: tableFacts(index),
    sequences: sequenceFacts(index),
    extensions: raw.extensions.map(({ name, schema, version, relocatable }) => ({
      name,
      schema,
      version,
      relocatable,
    })),
    views: raw.relations
      .filter((relation) => relation.kind === 'v' || relation.kind === 'm')
      .map((view) => ({
        name: nameOf(view),
        kind: view.kind === 'm' ? 'materialized' : 'view',
        populated: view.populated,
      })),
    roles,
    script,
    findings: [...versionFindings(raw), ...readingFindings(raw), ...findings],
  };
}

function versionFindings(raw: RawCatalog): readonly Finding[] {
  const { major } = raw.capabilities;
  if (major <= NEWEST_MAJOR) return [];
  return [
    finding(
      'warning',
      'INTROSPECT_VERSION_UNSUPPORTED',
      '',
      `The server is PostgreSQL ${major}, newer than what Understudy was made for (${NEWEST_MAJOR}); kinds of objects that are new in it are not seen.`,
    ),
  ];
}

/** Tables whose rows this role cannot read, or not all of them. */
function readingFindings(raw: RawCatalog): readonly Finding[] {
  const tables = raw.relations.filter(
    (relation) => (relation.kind === 'r' || relation.kind === 'p') && !relation.isPartition,
  );
  return tables.flatMap((table) => {
    const object = tableId(nameOf(table));
    if (!table.selectable || !table.schemaUsable) {
      return [
        finding(
          'error',
          'INTROSPECT_NO_SELECT',
          object,
          `The role ${raw.server.role} may not read ${object}; its rows cannot be learned.`,
          missingGrants(table, raw.server.role),
        ),
      ];
    }
    if (!table.rowSecurityActive) return [];
    return [
      finding(
        'error',
        'INTROSPECT_ROW_SECURITY',
        object,
        `Row security of ${object} applies to the role ${raw.server.role}: it would hide rows, so that what is learned would be wrong.`,
        `Connect as a role with BYPASSRLS: ALTER ROLE ${quoteIdent(raw.server.role)} BYPASSRLS;`,
      ),
    ];
  });
}

function missingGrants(table: RawRelation, role: string): string {
  const grantee = quoteIdent(role);
  const usage = table.schemaUsable ? '' : `GRANT USAGE ON SCHEMA ${quoteIdent(table.schema)} TO ${grantee}; `;
  const select = table.selectable ? '' : `GRANT SELECT ON ${quoteName(nameOf(table))} TO ${grantee};`;
  return `Run as the owner: ${usage}${select}`.trimEnd();
}
