/**
 * Integrity, asked of the server about the rows themselves. Orphans are looked for by an anti-join for every foreign
 * key, NULLs, CHECKs and domains by one scan a table, whether or not the constraints exist. Uniqueness alone is taken
 * from a valid unique index of the same definition, since every such index of a build was made over all of its rows;
 * where it is missing or differs (or with `recount`) the duplicates are counted. Exclusion constraints and partition
 * bounds cannot exist without holding: their presence is compared.
 */
import { finding } from '../../src/kernel/findings.ts';
import type { Finding } from '../../src/kernel/findings.ts';
import { tableId } from '../connector.ts';
import type {
  Catalog,
  ForeignKeyFacts,
  IntegrityReport,
  QualifiedName,
  TableFacts,
  UniqueKeyFacts,
} from '../connector.ts';
import { catalogFrom } from './catalog.ts';
import { readMajor, readRawCatalog } from './catalog-queries.ts';
import { queryRows } from './client.ts';
import type { PostgresClient } from './client.ts';
import { schemaDifferences } from './constraint-differences.ts';
import type { ErrorContext } from './driver-errors.ts';
import { readExtremes } from './sequences.ts';
import { withAllRowsVisible } from './row-visibility.ts';
import { identifierOf, sqlTokens } from './sql-tokens.ts';
import { quoteIdent, quoteLiteral, quoteName } from './sql-text.ts';

export interface VerifyOptions {
  /** Counts duplicates even where a valid unique index vouches for the key. */
  readonly recount?: boolean;
  /** The catalog of what is checked, where it was read already. */
  readonly present?: Catalog;
}

/** One kind of breach of one object. */
interface Breach {
  readonly code: string;
  readonly object: string;
  readonly count: number;
  /** What the rows do: `rows of public.rental without their parent in public.film`. */
  readonly what: string;
  /** False where the source itself does not promise it (NOT VALID): reported and not counted. */
  readonly promised: boolean;
}

/**
 * Every breach of what `catalog` promises, by count and object name. Works inside an open transaction too.
 * Throws `LOAD_FAILED` where the server cannot answer, `CONNECT_LOST`.
 */
export async function verifyIntegrity(
  client: PostgresClient,
  catalog: Catalog,
  options: VerifyOptions = {},
): Promise<IntegrityReport> {
  await queryRows(client, "SELECT set_config('work_mem', '64MB', false)", [], checking('the build'));
  const present = options.present ?? (await readBuilt(client, catalog.schemas));
  const presentTables = byId(present.tables);
  const differences = schemaDifferences(catalog, present);
  const tables = catalog.tables.filter(({ name, kind }) => kind !== 'foreign' && presentTables.has(tableId(name)));

  const orphans: Breach[] = [];
  const others: Breach[] = [];
  await withAllRowsVisible(client, catalog, async () => {
    const operators = await keyOperators(client);
    const wantedTables = byId(catalog.tables);
    others.push(...(await lateSequences(client, catalog)));
    for (const table of tables) {
      for (const key of table.foreignKeys)
        orphans.push(...(await countOrphans(client, table, key, wantedTables, operators)));
      others.push(...(await countRowBreaches(client, table)));
      const vouching = options.recount ? [] : keysOf(presentTables.get(tableId(table.name)));
      const vouched = new Set(vouching.map(keyMeaning));
      const unvouched = keysOf(table).filter((key) => !vouched.has(keyMeaning(key)));
      for (const key of unvouched) others.push(...(await countDuplicates(client, table, key)));
    }
  });
  const counted = (breaches: readonly Breach[]): number =>
    breaches.reduce((sum, { count, promised }) => sum + (promised ? count : 0), 0);
  return {
    foreignKeyCount: tables.reduce((sum, { foreignKeys }) => sum + foreignKeys.length, 0),
    orphanCount: counted(orphans),
    violationCount: counted(others) + differences.length,
    findings: [...differences, ...[...orphans, ...others].map(breachFinding)],
  };
}

/** The catalog of these schemas as the session sees them, inside an open transaction too. */
export async function readBuilt(client: PostgresClient, schemas: readonly string[]): Promise<Catalog> {
  return catalogFrom(await readRawCatalog(client, await readMajor(client), schemas));
}

function breachFinding({ code, object, count, what, promised }: Breach): Finding {
  const message = promised
    ? `${count} ${what}.`
    : `${count} ${what}; the source has the constraint as NOT VALID and may have such rows too.`;
  return finding(
    promised ? 'error' : 'warning',
    code,
    object,
    message,
    promised ? 'Report this: loaded rows should always satisfy the schema.' : undefined,
  );
}

function checking(object: string): ErrorContext {
  return { doing: `checking ${object}`, otherwise: 'LOAD_FAILED' };
}

function byId(tables: readonly TableFacts[]): ReadonlyMap<string, TableFacts> {
  return new Map(tables.map((table) => [tableId(table.name), table]));
}

/** Constraints of a plain table do not bind the tables that inherit from it; those of a partitioned one do. */
function relation(table: TableFacts | undefined, name: QualifiedName): string {
  return table?.kind === 'table' ? `ONLY ${quoteName(name)}` : quoteName(name);
}

async function countWhere(client: PostgresClient, sql: string, object: string): Promise<number> {
  const [row] = await queryRows<{ count: string }>(client, sql, [], checking(object));
  return Number(row.count);
}

// ---------------------------------------------------------------------------------------------- foreign keys

type Operators = ReadonlyMap<string, readonly string[]>;

/** How the server compares each foreign key's columns; types of extensions bring operators that no plain `=` finds. */
async function keyOperators(client: PostgresClient): Promise<Operators> {
  const rows = await queryRows<{ key: string; operators: string }>(
    client,
    `SELECT json_build_array(n.nspname, r.relname, c.conname) AS key,
            json_agg(format('OPERATOR(%I.%s)', s.nspname, o.oprname) ORDER BY k.position) AS operators
       FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
       CROSS JOIN unnest(c.conpfeqop) WITH ORDINALITY AS k(operator, position)
       JOIN pg_operator o ON o.oid = k.operator JOIN pg_namespace s ON s.oid = o.oprnamespace
      WHERE c.contype = 'f' GROUP BY c.oid, n.nspname, r.relname, c.conname`,
    [],
    checking('foreign keys'),
  );
  return new Map(
    rows.map(({ key, operators }) => [JSON.stringify(JSON.parse(key)), JSON.parse(operators) as string[]]),
  );
}

async function countOrphans(
  client: PostgresClient,
  table: TableFacts,
  key: ForeignKeyFacts,
  tables: ReadonlyMap<string, TableFacts>,
  operators: Operators,
): Promise<readonly Breach[]> {
  const id = tableId(table.name);
  const parent = relation(tables.get(tableId(key.referencedTable)), key.referencedTable);
  const children = key.declaredOn.length === 0 ? [relation(table, table.name)] : key.declaredOn.map(quoteName);
  const declaring = key.declaredOn[0] ?? table.name;
  const compare =
    operators.get(JSON.stringify([declaring.schema, declaring.name, key.name])) ?? key.columns.map(() => '=');
  const filled = key.columns.map((column) => `c.${quoteIdent(column)} IS NOT NULL`).join(' AND ');
  const equal = key.columns
    .map((column, i) => `p.${quoteIdent(key.referencedColumns[i])} ${compare[i]} c.${quoteIdent(column)}`)
    .join(' AND ');
  const breach = (count: number, code: string, what: string): Breach => ({
    code,
    object: `${id}.${key.name}`,
    count,
    what,
    promised: key.validated,
  });

  let orphanCount = 0;
  let partialCount = 0;
  for (const child of children) {
    orphanCount += await countWhere(
      client,
      `SELECT count(*) AS count FROM ${child} c WHERE ${filled} AND NOT EXISTS (SELECT FROM ${parent} p WHERE ${equal})`,
      id,
    );
    if (key.match !== 'full' || key.columns.length === 1) continue;
    const nulls = `num_nulls(${key.columns.map((column) => `c.${quoteIdent(column)}`).join(', ')})`;
    partialCount += await countWhere(
      client,
      `SELECT count(*) AS count FROM ${child} c WHERE ${nulls} BETWEEN 1 AND ${key.columns.length - 1}`,
      id,
    );
  }
  const found: Breach[] = [];
  if (orphanCount > 0)
    found.push(
      breach(
        orphanCount,
        'INTEGRITY_ORPHANS',
        `rows of ${id} without their parent in ${tableId(key.referencedTable)} (${key.name})`,
      ),
    );
  if (partialCount > 0)
    found.push(
      breach(
        partialCount,
        'INTEGRITY_PARTIAL_KEY',
        `rows of ${id} fill the key ${key.name} in part, which MATCH FULL forbids`,
      ),
    );
  return found;
}

// ---------------------------------------------------------------------------------------------- keys

function keysOf(table: TableFacts | undefined): readonly UniqueKeyFacts[] {
  if (table === undefined) return [];
  return table.primaryKey === null ? table.uniqueKeys : [table.primaryKey, ...table.uniqueKeys];
}

/** Two keys of one meaning forbid the same rows. */
function keyMeaning({ columns, expressions, predicate, nullsDistinct }: UniqueKeyFacts): string {
  return JSON.stringify([columns, expressions, predicate, nullsDistinct]);
}

async function countDuplicates(
  client: PostgresClient,
  table: TableFacts,
  key: UniqueKeyFacts,
): Promise<readonly Breach[]> {
  const id = tableId(table.name);
  const parts = key.columns.map((column, i) => (column === null ? `(${key.expressions[i]})` : quoteIdent(column)));
  const conditions = key.nullsDistinct ? parts.map((part) => `${part} IS DISTINCT FROM NULL`) : [];
  if (key.predicate !== null) conditions.push(`(${key.predicate})`);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const groups = `SELECT count(*) AS n FROM ${relation(table, table.name)} ${where} GROUP BY ${parts.join(', ')} HAVING count(*) > 1`;
  const count = await countWhere(client, `SELECT coalesce(sum(n - 1), 0) AS count FROM (${groups}) AS repeated`, id);
  return count === 0
    ? []
    : [
        {
          code: 'INTEGRITY_DUPLICATES',
          object: `${id}.${key.name}`,
          count,
          what: `rows of ${id} repeat the key ${key.name}`,
          promised: true,
        },
      ];
}

// ---------------------------------------------------------------------------------------------- rows by themselves

interface RowTest extends Omit<Breach, 'count'> {
  /** True for a row that breaks it. */
  readonly condition: string;
}

/** All of a table's NOT NULLs, CHECKs and domains in one scan. */
async function countRowBreaches(client: PostgresClient, table: TableFacts): Promise<readonly Breach[]> {
  const tests = rowTests(table);
  const found: Breach[] = [];
  // A SELECT list holds 1,664 columns at most.
  for (let from = 0; from < tests.length; from += 1000) {
    const part = tests.slice(from, from + 1000);
    const counts = part.map(({ condition }, i) => `count(*) FILTER (WHERE ${condition}) AS n${i}`).join(', ');
    const [row] = await queryRows(
      client,
      `SELECT ${counts} FROM ${relation(table, table.name)}`,
      [],
      checking(tableId(table.name)),
    );
    for (const [i, { condition: _, ...test }] of part.entries()) {
      const count = Number(row[`n${i}`]);
      if (count > 0) found.push({ ...test, count });
    }
  }
  return found;
}

function rowTests(table: TableFacts): readonly RowTest[] {
  const id = tableId(table.name);
  const nulls = table.columns
    .filter(({ nullable }) => !nullable)
    .map(({ name }): RowTest => ({
      code: 'INTEGRITY_NULLS',
      object: `${id}.${name}`,
      what: `rows of ${id} have no ${name}`,
      promised: true,
      // Not IS NULL, which is also true for a composite value whose fields are all null.
      condition: `${quoteIdent(name)} IS NOT DISTINCT FROM NULL`,
    }));
  const checks = table.checks.map(({ name, expression, validated }): RowTest => ({
    code: 'INTEGRITY_CHECK',
    object: `${id}.${name}`,
    what: `rows of ${id} break the check ${name}`,
    promised: validated,
    condition: `NOT (${expression})`,
  }));
  return [...nulls, ...checks, ...domainTests(table)];
}

/** CHECKs of domains, of arrays' elements too. */
function domainTests(table: TableFacts): readonly RowTest[] {
  const id = tableId(table.name);
  const test = (column: string, domain: QualifiedName, check: string, condition: string): RowTest => ({
    code: 'INTEGRITY_DOMAIN',
    object: `${id}.${column}`,
    what: `rows of ${id} break the check ${check} of the domain ${tableId(domain)} in ${column}`,
    promised: true,
    condition,
  });
  return table.columns.flatMap(({ name, type }) => {
    const own =
      type.domain?.checks.map((check) =>
        test(name, type.domain!.name, check.name, `NOT (${ofValue(check.expression, quoteIdent(name))})`),
      ) ?? [];
    const inner = type.class === 'array' ? type.element?.domain : null;
    const ofElements =
      inner?.checks.map((check) =>
        test(
          name,
          inner.name,
          check.name,
          `EXISTS (SELECT FROM unnest(${quoteIdent(name)}) AS e(v) WHERE NOT (${ofValue(check.expression, 'e.v')}))`,
        ),
      ) ?? [];
    return [...own, ...ofElements];
  });
}

/** A domain's CHECK says VALUE where a column's says its name. */
function ofValue(expression: string, operand: string): string {
  return sqlTokens(expression)
    .map((token) => (token.kind === 'word' && identifierOf(token) === 'value' ? operand : token.text))
    .join('');
}

// ---------------------------------------------------------------------------------------------- sequences

/** Sequences whose next value is in their columns' range already. */
async function lateSequences(client: PostgresClient, catalog: Catalog): Promise<Breach[]> {
  const extremes = await readExtremes(client, catalog);
  const used = catalog.sequences.filter(({ name }) => extremes.has(tableId(name)));
  if (used.length === 0) return [];
  const parts = used.map(
    ({ name }) => `SELECT ${quoteLiteral(tableId(name))} AS name, last_value, is_called FROM ${quoteName(name)}`,
  );
  const rows = await queryRows<{ name: string; last_value: string; is_called: string }>(
    client,
    parts.join(' UNION ALL '),
    [],
    checking('sequences'),
  );
  const positions = new Map(rows.map((row) => [row.name, row]));
  return used.flatMap((sequence): Breach[] => {
    const id = tableId(sequence.name);
    const [step, low, high] = [sequence.increment, sequence.minimum, sequence.maximum].map(BigInt);
    const { last_value: last, is_called: isCalled } = positions.get(id)!;
    const next = BigInt(last) + (isCalled === 't' ? step : 0n);
    const extreme = extremes.get(id)!;
    const isBehind = next >= low && next <= high && (step > 0n ? next <= extreme : next >= extreme);
    return isBehind
      ? [
          {
            code: 'INTEGRITY_SEQUENCE_BEHIND',
            object: id,
            count: 1,
            what: `sequence stands behind the values of its columns`,
            promised: true,
          },
        ]
      : [];
  });
}
