/** The SQL of reading: `RowQuery` and its relatives, as text. Pure. */
import type { ForeignKeyFacts, QualifiedName, RowQuery } from '../connector.ts';
import { quoteIdent, quoteLiteral, quoteName } from './sql-text.ts';

/** What the SQL of a table depends on. */
export interface TableShape {
  /** Other tables inherit from it: without ONLY their rows would come along. */
  readonly hasChildren: boolean;
  readonly primaryKey: readonly string[];
  readonly columns: readonly string[];
  /** By column, as the server prints it. */
  readonly types: Readonly<Record<string, string>>;
}

export type ShapeOf = (table: QualifiedName) => TableShape;

export function selectRows(query: RowQuery, shapeOf: ShapeOf): string {
  const list = query.columns.map(quoteIdent).join(', ');
  const order =
    query.orderBy === undefined || query.orderBy.length === 0
      ? ''
      : ` ORDER BY ${query.orderBy.map(quoteIdent).join(', ')}`;
  const limit = query.limit === undefined ? '' : ` LIMIT ${Math.max(0, Math.trunc(query.limit))}`;
  return `SELECT ${list} FROM ${fromTable(query.table, shapeOf)}${where(query, shapeOf)}${order}${limit}`;
}

export function countRows(table: QualifiedName, shapeOf: ShapeOf): string {
  return `SELECT count(*) AS count FROM ${fromTable(table, shapeOf)}`;
}

/** Rows `children`, `parents`. One grouped scan of the child; of the parent only what the server cannot vouch for. */
export function degrees(table: QualifiedName, key: ForeignKeyFacts, shapeOf: ShapeOf): string {
  const columns = key.columns.map((column) => `c.${quoteIdent(column)}`);
  const grouped = `SELECT ${columns.map((column, i) => `${column} AS k${i}`).join(', ')}, count(*) AS n FROM ${fromTable(table, shapeOf)} c
    WHERE ${columns.map((column) => `${column} IS NOT NULL`).join(' AND ')} GROUP BY ${columns.join(', ')}`;
  const parent = fromTable(key.referencedTable, shapeOf);
  if (key.validated && !key.virtual && key.declaredOn.length === 0) {
    // Every group has its parent, so the parents without children are the rest.
    return `WITH d AS MATERIALIZED (${grouped})
      SELECT n AS children, count(*) AS parents FROM d GROUP BY n
      UNION ALL SELECT 0, (SELECT count(*) FROM ${parent}) - (SELECT count(*) FROM d)`;
  }
  const joined = key.referencedColumns.map((column, i) => `p.${quoteIdent(column)} = d.k${i}`).join(' AND ');
  return `SELECT coalesce(d.n, 0) AS children, count(*) AS parents FROM ${parent} p LEFT JOIN (${grouped}) d ON ${joined} GROUP BY 1`;
}

/** All rows in an order that depends on their values only. */
export function orderedRows(table: QualifiedName, shapeOf: ShapeOf): string {
  const { primaryKey, columns } = shapeOf(table);
  const order =
    primaryKey.length > 0
      ? primaryKey.map(quoteIdent)
      : columns.map((column) => `${quoteIdent(column)}::pg_catalog.text COLLATE pg_catalog."C"`);
  return `SELECT * FROM ${fromTable(table, shapeOf)}${order.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`}`;
}

function fromTable(table: QualifiedName, shapeOf: ShapeOf): string {
  return `${shapeOf(table).hasChildren ? 'ONLY ' : ''}${quoteName(table)}`;
}

function where(query: RowQuery, shapeOf: ShapeOf): string {
  const conditions: string[] = [];
  const { hashSample, semiJoin, among } = query;
  if (hashSample !== undefined && hashSample.rate < 1)
    conditions.push(hashCondition(hashSample.columns, hashSample.rate));
  if (semiJoin !== undefined) {
    const row = `(${semiJoin.columns.map(quoteIdent).join(', ')})`;
    conditions.push(`${row} IN (${selectRows({ ...semiJoin.other, columns: semiJoin.otherColumns }, shapeOf)})`);
  }
  if (among !== undefined) conditions.push(amongCondition(query.table, among, shapeOf));
  if (query.where !== undefined) conditions.push(`(${query.where}\n)`);
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

/** One array a column: the server knows their length and can look them up by hash or by index. */
function amongCondition(table: QualifiedName, among: NonNullable<RowQuery['among']>, shapeOf: ShapeOf): string {
  const { types } = shapeOf(table);
  const arrays = among.columns.map((_, c) => `pg_catalog.unnest(${textArray(among.rows.map((row) => row[c]))})`);
  const typed = among.columns.map((column, c) => `v.k${c}::${types[column]}`);
  const names = among.columns.map((_, c) => `k${c}`);
  return `(${among.columns.map(quoteIdent).join(', ')}) IN (SELECT ${typed.join(', ')} FROM ROWS FROM (${arrays.join(', ')}) AS v(${names.join(', ')}))`;
}

function textArray(values: readonly string[]): string {
  const elements = values.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`);
  return `${quoteLiteral(`{${elements.join(',')}}`)}::pg_catalog.text[]`;
}

/**
 * Rows whose key hashes below `rate`. The hash is of the key's text, so that a key has one hash in every table that
 * holds it, whatever integer or string type it has there. A key with a NULL identifies nothing and is left out.
 */
function hashCondition(columns: readonly string[], rate: number): string {
  const texts = columns.map((column) => `${quoteIdent(column)}::pg_catalog.text`);
  const key = `pg_catalog.concat_ws(${quoteLiteral('\u001f')}, ${texts.join(', ')}) COLLATE pg_catalog."C"`;
  const threshold = BigInt(Math.round(Math.max(0, rate) * 2 ** 53)) << 10n;
  const present = columns.map((column) => `${quoteIdent(column)} IS NOT NULL`);
  // The hash's lower 63 bits are a non-negative bigint, uniform on [0, 2⁶³).
  return [...present, `(pg_catalog.hashtextextended(${key}, 0) & 9223372036854775807) < ${threshold}`].join(' AND ');
}
