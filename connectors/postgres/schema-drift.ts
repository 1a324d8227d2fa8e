/**
 * How the schema that a target has by now differs from the one that is to be built, and which of its columns the build
 * takes over. Where migrations of the target's own ran ahead of production, a column that fills itself is kept; a change
 * that rows of the source cannot follow ends the run; all else is told. What Understudy built and nobody touched since
 * simply follows the source. Pure.
 */
import { createHash } from 'node:crypto';
import { finding } from '../../src/kernel/findings.ts';
import type { Finding } from '../../src/kernel/findings.ts';
import { tableId } from '../connector.ts';
import type { BuildPlan, Catalog, ColumnFacts, SchemaStatement, TableFacts } from '../connector.ts';
import { constraintParts } from './constraint-differences.ts';
import { ownColumns } from './own-columns.ts';
import type { OwnColumn } from './own-columns.ts';
import type { CatalogIndex } from './table-facts.ts';

/** What a build leaves in its mark, so that the next run can tell its own work from that of others. */
export interface PublishedSchema {
  readonly digest: string;
  /** Of the target, not of the source: `public.orders.channel`. */
  readonly ownColumns: readonly string[];
}

export interface SchemaDrift {
  readonly keptColumns: readonly OwnColumn[];
  readonly findings: readonly Finding[];
}

export interface DriftInput {
  readonly wanted: Catalog;
  /** The target's, both from one reading. */
  readonly present: Catalog;
  readonly index: CatalogIndex;
  /** Null where Understudy did not make the target; `schema` is absent where it left no digest. */
  readonly published: { readonly schema?: PublishedSchema | undefined } | null;
}

export const NO_DRIFT: SchemaDrift = { keptColumns: [], findings: [] };

/** Names tables, columns, keys, indexes and views with all that decides what may be in them. */
export function schemaDigest(catalog: Catalog): string {
  const lines = [
    ...catalog.tables.flatMap((table) => [
      ...table.columns.map(
        (column) => `${tableId(table.name)}.${column.name} ${column.type.sql} ${columnRest(column)}`,
      ),
      ...constraintParts(table, true).map(
        ({ kind, name, meaning }) => `${tableId(table.name)} ${kind} ${name} ${meaning}`,
      ),
    ]),
    ...[...objectsOf(catalog)].map(([object, sql]) => `${object} ${sql}`),
  ];
  return createHash('sha256').update(lines.toSorted().join('\n')).digest('hex').slice(0, 16);
}

export function schemaDrift({ wanted, present, index, published }: DriftInput): SchemaDrift {
  const there = new Map(present.tables.map((table) => [tableId(table.name), table]));
  const shared = wanted.tables.flatMap((table) => {
    const other = there.get(tableId(table.name));
    return other === undefined ? [] : [{ table, other }];
  });
  // Another database altogether, which the user permitted to be replaced.
  if (shared.length === 0) return NO_DRIFT;
  const known = published?.schema;
  const isUntouched = published !== null && (known === undefined || known.digest === schemaDigest(present));
  const own = shared
    .flatMap(({ table, other }) => ownColumns(table, other, index, wanted))
    .filter(({ object }) => !isUntouched || known?.ownColumns.includes(object));
  const columns = own.map(ownColumnFinding);
  const keptColumns = own.filter(({ obstacle }) => obstacle === null);
  if (isUntouched) return { keptColumns, findings: columns };
  const verbatim = wanted.serverMajor === present.serverMajor;
  // The script builds in full what the configuration cut from the facts: excluded tables, and keys to them.
  const built = new Set(wanted.script.map(({ object }) => object));
  return {
    keptColumns,
    findings: [
      ...columns,
      ...shared.flatMap(({ table, other }) => columnDifferences(table, other)),
      ...tableDifferences(wanted, present, built),
      ...shared.flatMap(({ table, other }) => constraintDifferences(table, other, verbatim, built)),
      ...objectDifferences(wanted, present, verbatim),
    ],
  };
}

/** The plan with the statements that give built tables the target's own columns. */
export function withKeptColumns(plan: BuildPlan, { keptColumns }: SchemaDrift): BuildPlan {
  const script = [...plan.catalog.script, ...keptColumns.flatMap(({ statements }) => statements)];
  return { ...plan, catalog: { ...plan.catalog, script } };
}

// ---------------------------------------------------------------------------------------------- columns

const UNDO = 'undo the change in the target, or run the same migration on the source';

function ownColumnFinding({ object, obstacle, filledBy }: OwnColumn): Finding {
  if (obstacle === null)
    return finding(
      'info',
      'PREFLIGHT_DRIFT_KEPT',
      object,
      `The column ${object} of the target is not in the source; it is kept, and every row has ${filledBy} in it.`,
    );
  return finding(
    'error',
    'PREFLIGHT_DRIFT_UNFILLABLE',
    object,
    `The column ${object} of the target is not in the source and ${obstacle}, so no row could be made for its table.`,
    `Give ${object} a plain default in the target, or ${UNDO}.`,
  );
}

function columnDifferences(table: TableFacts, other: TableFacts): Finding[] {
  const there = new Map(other.columns.map((column) => [column.name, column]));
  return table.columns.flatMap((column) => {
    const object = `${tableId(table.name)}.${column.name}`;
    const found = there.get(column.name);
    if (found === undefined) return [added('column', object)];
    if (found.type.sql !== column.type.sql)
      return [
        finding(
          'error',
          'PREFLIGHT_DRIFT_RETYPED',
          object,
          `The column ${object} is ${found.type.sql} in the target and ${column.type.sql} in the source: rows like those of the source do not suit what the target was changed for.`,
          `To have both alike, ${UNDO}; to have the source's schema, drop the target and run again.`,
        ),
      ];
    return columnRest(found) === columnRest(column) ? [] : [different('default of', object)];
  });
}

function columnRest({ defaultExpression, generated, identity }: ColumnFacts): string {
  return JSON.stringify([defaultExpression, generated, identity]);
}

// ---------------------------------------------------------------------------------------------- everything else

function tableDifferences(wanted: Catalog, present: Catalog, built: ReadonlySet<string>): Finding[] {
  const there = new Set(present.tables.map(({ name }) => tableId(name)));
  return [
    ...present.tables
      .filter(({ name, kind }) => kind !== 'foreign' && !built.has(`${name.schema}.${name.name}`))
      .map(({ name }) => lost('table', tableId(name))),
    ...wanted.tables
      .filter(({ name, kind }) => kind !== 'foreign' && !there.has(tableId(name)))
      .map(({ name }) => added('table', tableId(name))),
  ];
}

function constraintDifferences(
  table: TableFacts,
  other: TableFacts,
  verbatim: boolean,
  built: ReadonlySet<string>,
): Finding[] {
  const id = tableId(table.name);
  const shared = new Set(
    table.columns.map(({ name }) => name).filter((name) => other.columns.some((c) => c.name === name)),
  );
  const parts = (facts: TableFacts): Map<string, { kind: string; object: string; meaning: string }> =>
    new Map(
      constraintParts(facts, verbatim)
        .filter(({ kind, name }) => kind !== 'NOT NULL' || shared.has(name))
        .map(({ kind, name, meaning }) => [`${kind} ${name}`, { kind, object: `${id}.${name}`, meaning }]),
    );
  const [ours, theirs] = [parts(table), parts(other)];
  for (const [key, { object }] of theirs) if (!ours.has(key) && built.has(object)) theirs.delete(key);
  return compare(ours, theirs);
}

/** Plain indexes of shared tables; views, functions, types, triggers, policies and rules of all. */
function objectDifferences(wanted: Catalog, present: Catalog, verbatim: boolean): Finding[] {
  const names = (catalog: Catalog): Set<string> =>
    new Set(catalog.tables.map(({ name: { schema, name } }) => `${schema}.${name}`));
  const [ours, theirs] = [names(wanted), names(present)];
  const isShared = ({ kind, sql }: SchemaStatement): boolean => {
    const of = kind === 'index' ? / ON (?:ONLY )?(.+?) USING /.exec(sql)?.[1] : undefined;
    if (of === undefined) return true;
    const table = of.replaceAll(/"((?:[^"]|"")*)"/g, (_, name: string) => name.replaceAll('""', '"'));
    return ours.has(table) && theirs.has(table);
  };
  const parts = (catalog: Catalog): Map<string, { kind: string; object: string; meaning: string }> =>
    new Map(
      [...objectsOf(catalog, isShared)].map(([key, sql]) => {
        const [kind, ...object] = key.split(' ');
        return [key, { kind: kind.replaceAll('-', ' '), object: object.join(' '), meaning: verbatim ? sql : '' }];
      }),
    );
  return compare(parts(wanted), parts(present));
}

const COMPARED: ReadonlySet<string> = new Set([
  'index',
  'view',
  'materialized-view',
  'function',
  'aggregate',
  'type',
  'domain-constraint',
  'trigger',
  'policy',
  'rule',
]);

/** `kind schema.name` → its statements. Unique indexes count among the keys of their table. */
function objectsOf(
  catalog: Catalog,
  admits: (statement: SchemaStatement) => boolean = () => true,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const statement of catalog.script) {
    const { kind, object, sql } = statement;
    if (!COMPARED.has(kind) || sql.startsWith('CREATE UNIQUE INDEX') || !admits(statement)) continue;
    const key = `${kind} ${object}`;
    found.set(key, `${found.get(key) ?? ''}${sql};`);
  }
  return found;
}

type Parts = ReadonlyMap<string, { readonly kind: string; readonly object: string; readonly meaning: string }>;

function compare(wanted: Parts, present: Parts): Finding[] {
  const findings: Finding[] = [];
  for (const [key, { kind, object, meaning }] of wanted) {
    const found = present.get(key);
    if (found === undefined) findings.push(added(kind, object));
    else if (found.meaning !== meaning) findings.push(different(kind, object));
  }
  for (const [key, { kind, object }] of present) if (!wanted.has(key)) findings.push(lost(kind, object));
  return findings;
}

function added(kind: string, object: string): Finding {
  return finding(
    'info',
    'PREFLIGHT_DRIFT_ADDED',
    object,
    `The ${kind} ${object} of the source is missing in the target; it is built.`,
  );
}

function different(kind: string, object: string): Finding {
  return finding(
    'warning',
    'PREFLIGHT_DRIFT_DIFFERENT',
    object,
    `The ${kind} ${object} is not the same in the target as in the source; it is built as in the source.`,
    `To have both alike, ${UNDO}.`,
  );
}

function lost(kind: string, object: string): Finding {
  return finding(
    'warning',
    'PREFLIGHT_DRIFT_LOST',
    object,
    `The ${kind} ${object} of the target is not in the source; it is not built again, and what is kept of the previous target has it.`,
    `Create it again after the run, or add it to the source.`,
  );
}
