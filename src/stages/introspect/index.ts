/**
 * Reads what the source is like: the catalog, cut to the tables that take part, checked for what would silently make
 * the result wrong.
 */
import { tableId } from '../../../connectors/connector.ts';
import type { Catalog, ForeignKeyFacts, Source, TableFacts } from '../../../connectors/connector.ts';
import { ERROR_CODES, UnderstudyError } from '../../kernel/errors.ts';
import type { ErrorCode } from '../../kernel/errors.ts';
import { finding } from '../../kernel/findings.ts';
import type { Finding } from '../../kernel/findings.ts';
import { tableGlob } from '../../kernel/glob.ts';
import { nearest } from '../../kernel/nearest.ts';
import type { IntrospectArtifact, VirtualForeignKey } from './artifact.ts';

export interface IntrospectOptions {
  /** Only these schemas; all user schemas where absent. */
  readonly schemas?: readonly string[];
  /** Patterns over `schema.table`, or over the table name alone where they hold no dot; `*` and `?` are wild. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** Tables that take part and get no rows, of the whole catalog. */
  readonly emptied?: (catalog: Catalog) => ReadonlySet<string>;
  /** Asked with the whole catalog, before any table is left out; the place to check configured names, so it may throw. */
  readonly virtualForeignKeys?: (catalog: Catalog) => readonly VirtualForeignKey[];
}

/**
 * The artifact of a source that can be learned from.
 * Throws: what `inspectSource` and `requireUsable` throw.
 */
export async function introspect(source: Source, options: IntrospectOptions = {}): Promise<IntrospectArtifact> {
  return requireUsable(await inspectSource(source, options));
}

/**
 * The artifact whatever its findings, for those who show them (`introspect`, `doctor`).
 * Throws: `CONFIG_UNKNOWN_NAME` for a schema that is not there, `INTROSPECT_NO_TABLES` if nothing is left to read, and
 * what `Source.readCatalog` throws.
 */
export async function inspectSource(source: Source, options: IntrospectOptions = {}): Promise<IntrospectArtifact> {
  const { schemas } = options;
  const catalog = await source.readCatalog(schemas === undefined ? {} : { schemas });
  const unknown = schemas?.find((schema) => !catalog.schemas.includes(schema));
  if (unknown !== undefined) throw unknownSchema(unknown, await source.readCatalog());
  return selectTables(catalog, options);
}

function unknownSchema(schema: string, { database, schemas }: Catalog): UnderstudyError {
  const meant = nearest(schema, schemas);
  return new UnderstudyError(
    'CONFIG_UNKNOWN_NAME',
    `source.schemas: There is no schema \`${schema}\` in database ${database}.${meant === null ? '' : ` Did you mean \`${meant}\`?`}`,
    { hint: meant === null ? `Name one of ${schemas.join(', ')}.` : `Write \`${meant}\` instead.` },
  );
}

/**
 * The same artifact, if nothing in it would make the result wrong.
 * Throws, with all such findings in `data.findings`: `INTROSPECT_NO_SELECT` for tables that the role may not read,
 * otherwise the code of the first finding of severity `error` (`INTROSPECT_ROW_SECURITY` where policies would hide rows),
 * or `INTROSPECT_UNSUPPORTED`.
 */
export function requireUsable(artifact: IntrospectArtifact): IntrospectArtifact {
  const errors = artifact.findings.filter((found) => found.severity === 'error');
  if (errors.length === 0) return artifact;
  const first = errors.find((found) => found.code === 'INTROSPECT_NO_SELECT') ?? errors[0];
  const code: ErrorCode = first.code in ERROR_CODES ? (first.code as ErrorCode) : 'INTROSPECT_UNSUPPORTED';
  const more = errors.length > 1 ? ` (${errors.length - 1} more such finding${errors.length > 2 ? 's' : ''})` : '';
  throw new UnderstudyError(code, `${first.message}${more}`, {
    hint: first.hint ?? 'Correct it, or leave the object out under `source.exclude`.',
    data: { findings: artifact.findings },
  });
}

/** Cuts a catalog to the tables that take part. Pure. Throws: `INTROSPECT_NO_TABLES`. */
export function selectTables(catalog: Catalog, options: IntrospectOptions = {}): IntrospectArtifact {
  const virtualForeignKeys = options.virtualForeignKeys?.(catalog) ?? [];
  const ids = catalog.tables.map((table) => tableId(table.name));
  const [included, excluded] = [options.include ?? [], options.exclude ?? []].map((patterns) =>
    patterns.map(tableGlob),
  );
  const keeps = ({ name }: TableFacts): boolean =>
    (included.length === 0 || included.some((matches) => matches(name))) && !excluded.some((matches) => matches(name));
  const kept = new Set(catalog.tables.filter(keeps).map((table) => tableId(table.name)));
  if (kept.size === 0) throw noTables(catalog, ids.length);
  const findings: Finding[] = [...concerning(catalog.findings, ids, kept)];
  const nulledColumns: { table: string; column: string }[] = [];
  const tables = catalog.tables
    .filter((table) => kept.has(tableId(table.name)))
    .map((table) => {
      for (const key of table.foreignKeys.filter((other) => leadsOut(other, kept, ids))) {
        const { cut, columns } = cutKey(table, key, 'left out');
        findings.push(cut);
        nulledColumns.push(...columns.map((column) => ({ table: tableId(table.name), column })));
      }
      const foreignKeys = table.foreignKeys.filter((key) => !leadsOut(key, kept, ids));
      return { ...table, foreignKeys: [...foreignKeys, ...virtualKeys(table, catalog, kept, virtualForeignKeys)] };
    });
  findings.push(...emptiedParents(tables, options.emptied?.(catalog) ?? new Set()));
  findings.push(...unreadable(tables, findings), ...generatedKeys(tables));
  const left = ids.filter((id) => !kept.has(id));
  return { version: 1, catalog: { ...catalog, tables }, excluded: left, nulledColumns, findings };
}

function noTables(catalog: Catalog, tableCount: number): UnderstudyError {
  const found =
    tableCount === 0
      ? 'has no tables that this role can see'
      : `has ${tableCount} tables, of which the configuration leaves none`;
  return new UnderstudyError(
    'INTROSPECT_NO_TABLES',
    `Database ${catalog.database} ${found}; there is nothing to learn.`,
    {
      hint:
        tableCount === 0
          ? 'Check that the URL names the right database, and grant USAGE on its schemas.'
          : 'Widen `source.schemas`, `source.include` or `source.exclude`.',
    },
  );
}

/** Findings about tables that are left out do not matter. */
function concerning(findings: readonly Finding[], ids: readonly string[], kept: ReadonlySet<string>): Finding[] {
  const left = ids.filter((id) => !kept.has(id));
  return findings.filter((found) => !left.some((id) => found.object === id || found.object.startsWith(`${id}.`)));
}

function leadsOut(key: ForeignKeyFacts, kept: ReadonlySet<string>, ids: readonly string[]): boolean {
  const to = tableId(key.referencedTable);
  return ids.includes(to) && !kept.has(to);
}

/** What becomes of a key whose parents are not made: its nullable columns stay NULL, or it cannot be satisfied. */
function cutKey(
  table: TableFacts,
  key: ForeignKeyFacts,
  why: 'left out' | 'left empty',
): { readonly cut: Finding; readonly columns: readonly string[] } {
  const nullable = key.columns.filter((name) => table.columns.find((column) => column.name === name)?.nullable);
  // MATCH FULL takes a key that is NULL as a whole only.
  const enough = key.match === 'full' ? nullable.length === key.columns.length : nullable.length > 0;
  const id = tableId(table.name);
  const to = tableId(key.referencedTable);
  const object = `${id}(${key.columns.join(', ')})`;
  if (enough) {
    const message = `${object} stays NULL in every row, since ${to}, which its foreign key ${key.name} leads to, is ${why}.`;
    return { cut: finding('info', 'INTROSPECT_EXCLUDED_PARENT', object, message), columns: nullable };
  }
  return {
    cut: finding(
      'error',
      'INTROSPECT_EXCLUDED_PARENT',
      object,
      `${id} needs a row of ${to} (foreign key ${key.name} is NOT NULL), but ${to} is ${why}, so no row of ${id} could be made.`,
      why === 'left out'
        ? `Include ${to}, or exclude ${id} too.`
        : `Give ${to} another strategy, or set tables.${id}.strategy to empty too.`,
    ),
    columns: [],
  };
}

/** Keys to tables that the configuration leaves empty; what has no rows itself needs no parents. */
function emptiedParents(tables: readonly TableFacts[], emptied: ReadonlySet<string>): Finding[] {
  return tables
    .filter(({ name }) => !emptied.has(tableId(name)))
    .flatMap((table) =>
      table.foreignKeys
        .filter((key) => emptied.has(tableId(key.referencedTable)))
        .map((key) => cutKey(table, key, 'left empty').cut),
    );
}

function virtualKeys(
  table: TableFacts,
  catalog: Catalog,
  kept: ReadonlySet<string>,
  declared: readonly VirtualForeignKey[],
): ForeignKeyFacts[] {
  const id = tableId(table.name);
  return declared
    .filter((key) => key.table === id && key.when === null && kept.has(key.referencedTable))
    .map((key) => ({
      name: key.name,
      columns: key.columns,
      referencedTable: catalog.tables.find((other) => tableId(other.name) === key.referencedTable)!.name,
      referencedColumns: key.referencedColumns,
      match: 'simple',
      onDelete: 'no action',
      onUpdate: 'no action',
      deferrable: false,
      initiallyDeferred: false,
      validated: false,
      virtual: true,
      declaredOn: [],
    }));
}

/** Foreign keys by generated columns: the server computes these only when the rows are there, too late to be referenced. */
function generatedKeys(tables: readonly TableFacts[]): Finding[] {
  const facts = new Map(tables.map((table) => [tableId(table.name), table]));
  const isGenerated = (table: string, name: string): boolean =>
    (facts.get(table)?.columns.find((column) => column.name === name)?.generated ?? null) !== null;
  return tables.flatMap((table) => {
    const id = tableId(table.name);
    return table.foreignKeys.flatMap((key) => {
      const to = tableId(key.referencedTable);
      const column =
        key.columns.filter((name) => isGenerated(id, name)).map((name) => `${id}.${name}`)[0] ??
        key.referencedColumns.filter((name) => isGenerated(to, name)).map((name) => `${to}.${name}`)[0];
      if (column === undefined) return [];
      return finding(
        'error',
        'INTROSPECT_UNSUPPORTED',
        `${id}.${key.name}`,
        `The foreign key ${key.name} of ${id} goes by ${column}, a generated column, whose values are not known while rows are made; no row of ${id} could reference anything.`,
        `Leave ${id} out under \`source.exclude\`.`,
      );
    });
  });
}

/** One finding a table that the role may not read, unless the connector reported it already. */
function unreadable(tables: readonly TableFacts[], known: readonly Finding[]): Finding[] {
  return tables
    .filter((table) => !table.selectable && table.kind !== 'foreign')
    .map((table) => tableId(table.name))
    .filter((id) => !known.some((found) => found.code === 'INTROSPECT_NO_SELECT' && found.object === id))
    .map((id) =>
      finding(
        'error',
        'INTROSPECT_NO_SELECT',
        id,
        `The role may not read every column of ${id}, so nothing can be learned from it.`,
        `GRANT SELECT ON ${id} to the role, or leave the table out under \`source.exclude\`.`,
      ),
    );
}
