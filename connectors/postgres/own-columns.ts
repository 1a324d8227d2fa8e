/** Columns that a target's table has and the source's has not: whether they fill themselves, and what makes them. Pure. */
import { tableId } from '../connector.ts';
import type { Catalog, ColumnFacts, SchemaStatement, TableFacts } from '../connector.ts';
import type { RawColumn, RawRelation } from './catalog-queries.ts';
import { addColumn, sequenceOptions } from './script-tables.ts';
import { quoteIdent, quoteLiteral, quoteName } from './sql-text.ts';
import type { CatalogIndex } from './table-facts.ts';

export interface OwnColumn {
  /** `public.orders.channel`. */
  readonly object: string;
  /** Why it cannot be filled or made: `is NOT NULL without a default`; null where it can. */
  readonly obstacle: string | null;
  /** For messages: `its default`, `NULL`. */
  readonly filledBy: string;
  readonly statements: readonly SchemaStatement[];
}

/** `table`: as the source has it, `other`: as the target has it, of which `index` is. Inherited columns come with their parent. */
export function ownColumns(
  table: TableFacts,
  other: TableFacts,
  index: CatalogIndex,
  wanted: Catalog,
): readonly OwnColumn[] {
  const relation = index.raw.relations.find(
    ({ schema, name, kind }) =>
      schema === other.name.schema && name === other.name.name && (kind === 'r' || kind === 'p'),
  );
  if (relation === undefined) return [];
  return other.columns
    .filter(({ name }) => !table.columns.some((column) => column.name === name))
    .flatMap((column) => {
      const raw = index.columnsOf.get(relation.oid)?.find(({ name }) => name === column.name);
      if (raw === undefined || !raw.isLocal) return [];
      const sequence = ownSequence(index, relation, raw);
      const obstacle = fills(column) ? lackOf(index, relation, raw, sequence, wanted) : 'is NOT NULL without a default';
      return [
        {
          object: `${tableId(other.name)}.${column.name}`,
          obstacle,
          filledBy: isMade(column) ? 'its default' : 'NULL',
          statements: obstacle === null ? statementsFor(index, relation, raw, sequence) : [],
        },
      ];
    });
}

function fills(column: ColumnFacts): boolean {
  return column.nullable || isMade(column);
}

function isMade({ defaultExpression, identity, generated }: ColumnFacts): boolean {
  return defaultExpression !== null || identity !== null || generated !== null;
}

/** Of a `serial` column. */
function ownSequence(index: CatalogIndex, relation: RawRelation, column: RawColumn): RawRelation | null {
  const use = index.raw.sequenceUses.find(
    (one) => one.how === 'owned' && one.relation === relation.oid && one.number === column.number,
  );
  return (use === undefined ? undefined : index.relations.get(use.sequence)) ?? null;
}

/** A type, function or sequence that the column needs and the source has not. */
function lackOf(
  index: CatalogIndex,
  relation: RawRelation,
  column: RawColumn,
  sequence: RawRelation | null,
  wanted: Catalog,
): string | null {
  const built = new Set(wanted.script.map(({ kind, object }) => `${kind} ${object}`));
  for (const need of index.raw.dependencies) {
    const isOfColumn = need.class === 'pg_class' && need.object === relation.oid && need.subObject === column.number;
    const isOfDefault = need.class === 'pg_attrdef' && need.object === column.defaultOid;
    if ((!isOfColumn && !isOfDefault) || need.onObject === relation.oid || need.onObject === sequence?.oid) continue;
    const needed = describe(index, need.onClass, need.onObject);
    if (needed !== null && !needed.keys.some((key) => built.has(key)))
      return `needs the ${needed.name}, which the source does not have`;
  }
  return null;
}

/** How the script would list the object, under any of the names; null for what no column needs. */
function describe(
  index: CatalogIndex,
  catalog: string,
  oid: string,
): { readonly name: string; readonly keys: readonly string[] } | null {
  const { raw } = index;
  const member = raw.members.find((one) => one.class === catalog && one.object === oid);
  const extension = raw.extensions.find((one) => one.oid === member?.extension);
  if (extension !== undefined) return { name: `extension ${extension.name}`, keys: [`extension ${extension.name}`] };
  if (catalog === 'pg_proc') {
    const routine = raw.routines.find((one) => one.oid === oid);
    return routine === undefined
      ? null
      : { name: `function ${routine.signature}`, keys: [`function ${routine.signature}`] };
  }
  if (catalog === 'pg_type') {
    const found = raw.types.find((one) => one.oid === oid);
    const type = found?.isArray ? raw.types.find((one) => one.oid === found.element) : found;
    if (type === undefined) return null;
    const id = `${type.schema}.${type.name}`;
    return { name: `type ${id}`, keys: [`type ${id}`, `table ${id}`] };
  }
  const relation = catalog === 'pg_class' ? index.relations.get(oid) : undefined;
  if (relation?.kind !== 'S') return null;
  const id = `${relation.schema}.${relation.name}`;
  return { name: `sequence ${id}`, keys: [`sequence ${id}`] };
}

function statementsFor(
  index: CatalogIndex,
  relation: RawRelation,
  column: RawColumn,
  sequence: RawRelation | null,
): readonly SchemaStatement[] {
  const object = `${relation.schema}.${relation.name}.${column.name}`;
  const bare = (kind: string, sql: string): SchemaStatement => ({ step: 'bare', kind, object, sql });
  const place = `${quoteName(relation)}.${quoteIdent(column.name)}`;
  const name = sequence === null ? '' : quoteName(sequence);
  return [
    ...(sequence === null ? [] : [bare('sequence', createSequence(index, sequence))]),
    bare('column', addColumn(index, relation, column)),
    ...(sequence === null ? [] : [bare('sequence-owner', `ALTER SEQUENCE ${name} OWNED BY ${place}`)]),
    ...(column.comment === null
      ? []
      : [bare('comment', `COMMENT ON COLUMN ${place} IS ${quoteLiteral(column.comment)}`)]),
  ];
}

function createSequence(index: CatalogIndex, sequence: RawRelation): string {
  const settings = index.raw.sequences.find(({ oid }) => oid === sequence.oid);
  return `CREATE SEQUENCE ${quoteName(sequence)}${settings === undefined ? '' : ` AS ${settings.type} ${sequenceOptions(settings)}`}`;
}
