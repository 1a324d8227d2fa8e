/** Whether a build has every constraint of the source, enforced and in the server's own words. Pure. */
import { finding } from '../../src/kernel/findings.ts';
import type { Finding } from '../../src/kernel/findings.ts';
import { tableId } from '../connector.ts';
import type { Catalog, ForeignKeyFacts, TableFacts } from '../connector.ts';

/** Constraints, NOT NULLs, partitions and tables of `wanted` that `present` lacks or has otherwise; one finding each. */
export function schemaDifferences(wanted: Catalog, present: Catalog): readonly Finding[] {
  // Majors print the same expression differently; names and columns have to do there.
  const verbatim = wanted.serverMajor === present.serverMajor;
  const there = new Map(present.tables.map((table) => [tableId(table.name), table]));
  return wanted.tables.flatMap((table) => {
    const other = there.get(tableId(table.name));
    if (other === undefined) return table.kind === 'foreign' ? [] : [missing(tableId(table.name), 'table')];
    return tableDifferences(table, other, verbatim);
  });
}

export interface ConstraintPart {
  readonly kind: string;
  readonly name: string;
  /** Equal texts mean equal constraints. */
  readonly meaning: string;
}

function tableDifferences(table: TableFacts, other: TableFacts, verbatim: boolean): readonly Finding[] {
  const id = tableId(table.name);
  const present = new Map(constraintParts(other, verbatim).map((part) => [`${part.kind} ${part.name}`, part.meaning]));
  return constraintParts(table, verbatim).flatMap(({ kind, name, meaning }) => {
    const found = present.get(`${kind} ${name}`);
    if (found === meaning) return [];
    return [found === undefined ? missing(`${id}.${name}`, kind) : different(`${id}.${name}`, kind)];
  });
}

/** `verbatim` false: without expressions, which other majors print in other words. */
export function constraintParts(table: TableFacts, verbatim: boolean): readonly ConstraintPart[] {
  const words = (text: string | null): string | null => (verbatim || text === null ? text : '…');
  const keys = table.primaryKey === null ? table.uniqueKeys : [table.primaryKey, ...table.uniqueKeys];
  return [
    ...table.columns.filter(({ nullable }) => !nullable).map(({ name }) => ({ kind: 'NOT NULL', name, meaning: '' })),
    ...keys.map(({ name, kind, columns, expressions, predicate, nullsDistinct, deferrable }) => ({
      kind: 'unique key',
      name,
      meaning: JSON.stringify([kind, columns, expressions.map(words), words(predicate), nullsDistinct, deferrable]),
    })),
    ...table.foreignKeys
      .filter(({ virtual }) => !virtual)
      .map((key) => ({ kind: 'foreign key', name: key.name, meaning: foreignKeyMeaning(key) })),
    ...table.checks.map(({ name, expression, validated }) => ({
      kind: 'check',
      name,
      meaning: JSON.stringify([words(expression), validated]),
    })),
    ...table.exclusions.map(({ name, definition }) => ({
      kind: 'exclusion constraint',
      name,
      meaning: words(definition) ?? '',
    })),
    ...table.partitions.map(({ name, bound }) => ({
      kind: 'partition',
      name: tableId(name),
      meaning: words(bound) ?? '',
    })),
  ];
}

function foreignKeyMeaning(key: ForeignKeyFacts): string {
  const {
    columns,
    referencedTable,
    referencedColumns,
    match,
    onDelete,
    onUpdate,
    deferrable,
    initiallyDeferred,
    validated,
    declaredOn,
  } = key;
  return JSON.stringify([
    columns,
    tableId(referencedTable),
    referencedColumns,
    match,
    onDelete,
    onUpdate,
    deferrable,
    initiallyDeferred,
    validated,
    declaredOn.map(tableId).sort(),
  ]);
}

function missing(object: string, kind: string): Finding {
  return finding(
    'error',
    'INTEGRITY_CONSTRAINT_MISSING',
    object,
    `The ${kind} ${object} of the source is missing in the build.`,
    'Report this: the schema should always be complete.',
  );
}

function different(object: string, kind: string): Finding {
  return finding(
    'error',
    'INTEGRITY_CONSTRAINT_DIFFERS',
    object,
    `The ${kind} ${object} is not as in the source, or is not enforced.`,
    'Report this: the schema should always be the same.',
  );
}
