/** Fills the source: candidates of every row, of which the server keeps those that break nothing. */
import { RandomCursor, streamKey } from '../../src/numeric/random.ts';
import { quoted, type Column, type Layout, type Reference, type Table } from './layout.ts';
import type { SchemaSpec, TypeName } from './schema-spec.ts';

type Row = Map<string, string | null>;

/** One script: rows one by one, then what references nothing is taken out until all references hold. */
export function sourceRows(spec: SchemaSpec, { tables }: Layout): string {
  const rows = tables.map((table, i) =>
    ownValues(table, new RandomCursor(streamKey(spec.salt, 'values', String(i)), 0)),
  );
  tables.forEach((table, i) => {
    const random = new RandomCursor(streamKey(spec.salt, 'references', String(i)), 0).seek(0);
    for (const row of rows[i]) for (const key of table.references) refer(row, key, rows[key.to], random);
  });
  const inserts = tables.flatMap((table, i) => rows[i].map((row) => insertOf(table, row)));
  const orphans = tables.flatMap((table) => table.references.map((key) => deleteOrphans(table, key, tables)));
  const keep = inserts.map(
    (insert) => `  BEGIN ${insert} EXCEPTION WHEN integrity_constraint_violation THEN NULL; END;`,
  );
  const prune = orphans.map(
    (statement) => `  ${statement}; GET DIAGNOSTICS gone = ROW_COUNT; more := more OR gone > 0;`,
  );
  return `DO $rows$ DECLARE more boolean := true; gone int; BEGIN
${keep.join('\n')}
  WHILE more LOOP more := false;
${prune.join('\n')}
  END LOOP;
END $rows$`;
}

function ownValues({ columns, spec }: Table, random: RandomCursor): Row[] {
  return Array.from({ length: spec.rowCount }, (_, row) => {
    random.seek(row);
    return new Map(
      columns.map((column) => [column.name, column.role === 'reference' ? null : valueOf(column, row, random)]),
    );
  });
}

function valueOf(column: Column, row: number, random: RandomCursor): string | null {
  const { type, nullPercent, values, role } = column;
  if (random.nextInteger(100) < nullPercent) return null;
  // A key of one column has a value of its own in each row.
  const index = role === 'key' && values === 1000 ? row + 1 : random.nextInteger(values);
  return textOf(type, index);
}

function textOf(type: TypeName, index: number): string {
  const day = (): string => new Date(Date.UTC(2024, 0, 1 + (index % 900))).toISOString().slice(0, 10);
  const clock = (): string => `${String(index % 24).padStart(2, '0')}:${String((index * 7) % 60).padStart(2, '0')}:00`;
  const moods = ['calm', 'loud', 'sad', 'odd'];
  switch (type) {
    case 'integer':
    case 'smallint':
    case 'bigint':
      return String(index);
    case 'small_positive':
      return String(1 + (index % 500));
    case 'numeric(8,2)':
      return (index * 1.25).toFixed(2);
    case 'double precision':
      return String(index / 3);
    case 'boolean':
      return index % 2 === 0 ? 't' : 'f';
    case 'text':
    case 'varchar(8)':
      return `v${index}`;
    case 'char(3)':
      return String.fromCharCode(65 + (index % 26), 65 + (Math.floor(index / 26) % 26));
    case 'date':
      return day();
    case 'timestamp':
    case 'timestamptz':
      return `${day()} ${clock()}`;
    case 'time':
      return clock();
    case 'interval':
      return `${index} hours`;
    case 'uuid':
      return `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
    case 'jsonb':
      return JSON.stringify({ size: index % 7, name: `n${index % 5}` });
    case 'bytea':
      return `\\x${(index % 65536).toString(16).padStart(4, '0')}`;
    case 'inet':
      return `10.0.${Math.floor(index / 250)}.${1 + (index % 250)}`;
    case 'mood':
      return moods[index % 4];
    case 'integer[]':
      return `{${Array.from({ length: index % 4 }, (_, i) => index + i).join(',')}}`;
    case 'mood[]':
      return `{${moods.slice(0, index % 4).join(',')}}`;
    case 'int4range':
      return `[${index},${index + 3})`;
  }
}

function refer(row: Row, key: Reference, targets: readonly Row[], random: RandomCursor): void {
  const isNull = random.nextInteger(100) < key.nullPercent;
  if (isNull) {
    // What another reference has set stays: then this one is only partly filled.
    if (key.full || random.nextInteger(2) === 0) return;
    const target = targets[random.nextInteger(Math.max(1, targets.length))];
    if (target !== undefined && key.columns.length > 1 && row.get(key.columns[0]) === null)
      row.set(key.columns[0], target.get(key.toColumns[0])!);
    return;
  }
  const agreeing = targets.filter((target) =>
    key.columns.every((column, i) => row.get(column) === null || row.get(column) === target.get(key.toColumns[i])),
  );
  if (agreeing.length === 0) return;
  // A few are referenced often.
  const target = agreeing[Math.floor(agreeing.length * (random.nextInteger(1000) / 1000) ** 2)];
  key.columns.forEach((column, i) => row.set(column, target.get(key.toColumns[i]) ?? null));
}

function literal(value: string | null): string {
  return value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
}

export function insertOf({ name }: Pick<Table, 'name'>, row: ReadonlyMap<string, string | null>): string {
  if (row.size === 0) return `INSERT INTO ${quoted(name)} DEFAULT VALUES;`;
  const columns = [...row.keys()].map(quoted).join(', ');
  return `INSERT INTO ${quoted(name)} (${columns}) OVERRIDING SYSTEM VALUE VALUES (${[...row.values()].map(literal).join(', ')});`;
}

function deleteOrphans({ name }: Table, key: Reference, tables: readonly Table[]): string {
  const set = key.columns.map((column) => `o.${quoted(column)} IS NOT NULL`).join(' AND ');
  const met = key.columns.map((column, i) => `p.${quoted(key.toColumns[i])} = o.${quoted(column)}`).join(' AND ');
  const partly = key.columns.map((column) => `o.${quoted(column)}`).join(', ');
  const broken = `${set} AND NOT EXISTS (SELECT FROM ${quoted(tables[key.to].name)} p WHERE ${met})`;
  const full = key.full ? ` OR num_nulls(${partly}) NOT IN (0, ${key.columns.length})` : '';
  return `DELETE FROM ${quoted(name)} o WHERE (${broken})${full}`;
}
