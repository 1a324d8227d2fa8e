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
import type { IntrospectArtifact, VirtualForeignKey } from './artifact.ts';

export interface IntrospectOptions {
  /** Only these schemas; all user schemas where absent. */
  readonly schemas?: readonly string[];
  /** Patterns over `schema.table`, or over the table name alone where they hold no dot; `*` and `?` are wild. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
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
 * Throws: `INTROSPECT_NO_TABLES` if nothing is left to read, and what `Source.readCatalog` throws.
 */
export async function inspectSource(source: Source, options: IntrospectOptions = {}): Promise<IntrospectArtifact> {
  const catalog = await source.readCatalog(options.schemas === undefined ? {} : { schemas: options.schemas });
  return selectTables(catalog, options);
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
  const included = matcher(options.include ?? []);
  const excluded = matcher(options.exclude ?? []);
  const keeps = (table: TableFacts): boolean =>
    ((options.include ?? []).length === 0 || included(table)) && !excluded(table);
  const kept = new Set(catalog.tables.filter(keeps).map((table) => tableId(table.name)));
  if (kept.size === 0) throw noTables(catalog, ids.length);
  const findings: Finding[] = [...concerning(catalog.findings, ids, kept), ...deadPatterns(catalog, options)];
  const nulledColumns: { table: string; column: string }[] = [];
  const tables = catalog.tables
    .filter((table) => kept.has(tableId(table.name)))
    .map((table) => {
      for (const key of table.foreignKeys.filter((other) => leadsOut(other, kept, ids))) {
        const outcome = cutKey(table, key);
        if ('code' in outcome) findings.push(outcome);
        else nulledColumns.push(...outcome.columns.map((column) => ({ table: tableId(table.name), column })));
      }
      const foreignKeys = table.foreignKeys.filter((key) => !leadsOut(key, kept, ids));
      return { ...table, foreignKeys: [...foreignKeys, ...virtualKeys(table, catalog, kept, virtualForeignKeys)] };
    });
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

/** A matcher of any of the patterns. */
function matcher(patterns: readonly string[]): (table: TableFacts) => boolean {
  const compiled = patterns.map((pattern) => {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return { qualified: pattern.includes('.'), expression: new RegExp(`^${source}$`) };
  });
  return (table) =>
    compiled.some(({ qualified, expression }) =>
      qualified
        ? expression.test(tableId(table.name)) || expression.test(`${table.name.schema}.${table.name.name}`)
        : expression.test(table.name.name),
    );
}

function deadPatterns(catalog: Catalog, options: IntrospectOptions): Finding[] {
  return (['include', 'exclude'] as const).flatMap((list) =>
    (options[list] ?? [])
      .filter((pattern) => !catalog.tables.some(matcher([pattern])))
      .map((pattern) =>
        finding(
          'warning',
          'INTROSPECT_PATTERN_UNUSED',
          pattern,
          `The pattern ${pattern} under source.${list} matches no table.`,
          'Correct or remove it.',
        ),
      ),
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

/** What becomes of a key whose parents are left out: its nullable columns stay NULL, or it cannot be satisfied. */
function cutKey(table: TableFacts, key: ForeignKeyFacts): Finding | { readonly columns: readonly string[] } {
  const nullable = key.columns.filter((name) => table.columns.find((column) => column.name === name)?.nullable);
  // MATCH FULL takes a key that is NULL as a whole only.
  const enough = key.match === 'full' ? nullable.length === key.columns.length : nullable.length > 0;
  if (enough) return { columns: nullable };
  const id = tableId(table.name);
  const to = tableId(key.referencedTable);
  return finding(
    'error',
    'INTROSPECT_EXCLUDED_PARENT',
    `${id}(${key.columns.join(', ')})`,
    `${id} needs a row of ${to} (foreign key ${key.name} is NOT NULL), but ${to} is left out, so no row of ${id} could be made.`,
    `Include ${to}, or exclude ${id} too.`,
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
