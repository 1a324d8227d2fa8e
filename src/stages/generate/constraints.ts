/** The constraints of a table in the form that a row can be tested on while it is made. */
import {
  tableId,
  type ColumnType,
  type PartitionFacts,
  type SchemaStatement,
  type TableFacts,
  type UniqueKeyFacts,
} from '../../../connectors/connector.ts';
import { finding, type Finding } from '../../kernel/findings.ts';
import type { ColumnModel, TableModel } from '../../model/table-model.ts';
import { compileExpression, compilePredicate, sqlFunctions, type CompiledPredicate, type Names } from './expression.ts';
import type { SqlFunction } from './expression/compile.ts';
import { exclusionGuard, type ExclusionGuard } from './overlap.ts';
import { UniqueGuard, type KeyPart } from './unique.ts';

export interface RowCheck extends CompiledPredicate {
  readonly name: string;
}

export interface TableConstraints {
  readonly checks: readonly RowCheck[];
  /** Of assigned columns alone: tested while references are chosen. */
  readonly structural: readonly GuardedKey[];
  /** Of any others: tested on the whole row. */
  readonly general: readonly GuardedKey[];
  readonly exclusions: readonly ExclusionGuard[];
}

export interface GuardedKey {
  readonly guard: UniqueGuard;
  /** Contains the context reference: rows of different parents cannot clash. */
  readonly perParent: boolean;
}

/** What constraints may mean that their tables do not tell. */
export interface SchemaFacts {
  /** Those that are SQL expressions. */
  readonly functions: ReadonlyMap<string, SqlFunction>;
  /** Some collation takes different texts for equal: whose, is not known. */
  readonly foldsTexts: boolean;
}

export function schemaFacts(script: readonly SchemaStatement[]): SchemaFacts {
  const foldsTexts = script.some(({ kind, sql }) => kind === 'collation' && /deterministic\s*=\s*'?false/i.test(sql));
  return { functions: sqlFunctions(script), foldsTexts };
}

export function tableConstraints(table: TableFacts, model: TableModel, schema: SchemaFacts): TableConstraints {
  const { functions } = schema;
  const makers = new Map(model.columns.map((column) => [column.name, column.maker]));
  const readable = (columns: readonly string[]): boolean =>
    columns.every((name) => makers.has(name) && makers.get(name)!.by !== 'mask');
  const names: Names = { types: new Map(table.columns.map((column) => [column.name, column.type])), functions };
  const context = model.foreignKeys.find((key) => key.maker.by === 'context');
  const structural: GuardedKey[] = [];
  const general: GuardedKey[] = [];
  for (const key of [table.primaryKey, ...table.uniqueKeys]) {
    if (key === null || isUniqueByConstruction(key, model.columns, context?.columns)) continue;
    const guarded = guardOf(key, context?.columns, readable, names, schema.foldsTexts);
    if (guarded === null) continue;
    const assigned =
      !guarded.guard.isPartial && guarded.guard.columns.every((name) => isAssigned(makers.get(name)!.by));
    (assigned ? structural : general).push(guarded);
  }
  const exclusions = table.exclusions.flatMap(({ name, definition }) => {
    const guard = exclusionGuard(name, definition, names);
    return guard === null || !readable(guard.columns) ? [] : [guard];
  });
  // Without anything that overlaps, rows that are equal exclude each other: a unique key by another name.
  for (const { asKey, name, columns } of exclusions) {
    if (asKey === null) continue;
    const parts = asKey.map((value): KeyPart => ({ column: null, value }));
    const guard = new UniqueGuard(name, parts, columns, { nullsDistinct: true, predicate: null });
    general.push({ guard, perParent: false });
  }
  return {
    // Of a masked value it is known whether it is NULL, and nothing else.
    checks: rowChecks(table, names).filter(
      ({ columns, valueColumns }) => columns.every((name) => makers.has(name)) && readable(valueColumns),
    ),
    structural,
    general,
    exclusions: exclusions.filter(({ asKey }) => asKey === null),
  };
}

/**
 * Constraints that generating cannot hold, because their expressions are not understood (a CHECK that calls a function
 * in PL/pgSQL) or because they hold for some partitions only. What was learned may satisfy them or not, and only the
 * server can say: after hours of loading. So each is an error that is told before anything is written, unless the
 * table is in `accepted`: then it is tried, the server checks it like everything, and nothing is published if it fails.
 * Needs `loadExpressionParser`.
 */
export function constraintFindings(
  table: TableFacts,
  model: TableModel,
  schema: SchemaFacts,
  accepted: ReadonlySet<string>,
): readonly Finding[] {
  const id = tableId(table.name);
  const types = new Map(table.columns.map((column) => [column.name, column.type]));
  const names: Names = { types, functions: schema.functions };
  const domains = table.columns.flatMap(({ name, type, generated }) =>
    generated === null ? (type.domain?.checks ?? []).map((check) => ({ ...check, columns: [name], value: name })) : [],
  );
  const checks = [
    ...table.checks.filter((check) => check.validated).map((check) => ({ ...check, value: undefined })),
    ...domains,
  ].filter(
    ({ expression, value, columns }) =>
      compilePredicate(expression, value === undefined ? names : { ...names, value }) === null &&
      !keepsSourceValues(columns, model),
  );
  const exclusions = table.exclusions.filter(
    ({ name, definition }) => exclusionGuard(name, definition, names) === null,
  );
  const keys = table.uniqueKeys.filter(
    (key) =>
      (key.predicate !== null && compilePredicate(key.predicate, names) === null) ||
      key.expressions.some((expression) => expression !== null && compileExpression(expression, names) === null),
  );
  // Which rows a partition's own key holds for is told by the bounds of the partition.
  const known = (partition: PartitionFacts | undefined): boolean =>
    partition?.condition != null && compilePredicate(partition.condition, names) !== null;
  const partial = table.foreignKeys.filter(
    ({ declaredOn }) =>
      !declaredOn.every((name) => known(table.partitions.find((other) => tableId(other.name) === tableId(name)))),
  );
  const report = (name: string, why: string): Finding =>
    finding(
      accepted.has(id) ? 'warning' : 'error',
      'GENERATE_CONSTRAINT_UNKNOWN',
      `${id}.${name}`,
      `The constraint ${name} of ${id} ${why}, which is more than this version can hold while rows are made.`,
      `Set tables.${id}.strategy to copy or empty; or to synthesize, to have it tried: if the server rejects the rows, nothing is published.`,
    );
  return [
    ...[...checks, ...exclusions, ...keys].map(({ name }) => report(name, 'has an expression that is not understood')),
    ...partial.map(({ name }) => report(name, 'is declared on single partitions')),
  ];
}

/** A CHECK of one column whose values are all the source's own was satisfied there; one of none does not look at rows. */
function keepsSourceValues(columns: readonly string[], model: TableModel): boolean {
  if (columns.length === 0) return true;
  const maker = model.columns.find(({ name }) => name === columns[0])?.maker;
  return columns.length === 1 && maker?.by === 'encoder' && maker.kind === 'category';
}

/** What every row must satisfy by itself, as far as it is understood: CHECKs, domains, partition bounds. */
export function rowChecks(table: TableFacts, names: Names): readonly RowCheck[] {
  const checks: RowCheck[] = [];
  const add = (name: string, expression: string, value?: string): void => {
    const compiled = compilePredicate(expression, value === undefined ? names : { ...names, value });
    if (compiled !== null) checks.push({ name, ...compiled });
  };
  // What the source itself does not keep everywhere is learned like anything else.
  for (const check of table.checks) if (check.validated) add(check.name, check.expression);
  for (const column of table.columns) {
    if (column.generated !== null) continue;
    for (const check of column.type.domain?.checks ?? [])
      add(`${column.name}:${check.name}`, check.expression, column.name);
  }
  const bounds = table.partitions.map((partition) => partition.condition);
  if (bounds.length > 0 && bounds.every((bound) => bound !== null))
    add('partition bounds', bounds.map((bound) => `(${bound})`).join(' OR '));
  return checks;
}

function isAssigned(by: ColumnModel['maker']['by']): boolean {
  return by === 'foreign-key' || by === 'position' || by === 'serial';
}

function isUniqueByConstruction(
  key: UniqueKeyFacts,
  columns: readonly ColumnModel[],
  context: readonly string[] | undefined,
): boolean {
  const models = key.columns.map((name) => columns.find((column) => column.name === name));
  const makers = models.map((column) => column?.maker);
  if (makers.some((maker) => maker?.by === 'serial')) return true;
  // Two rows may both be NULL where they have nothing else to differ in.
  if (!key.nullsDistinct && models.some((column) => column?.nullable !== false)) return false;
  if (
    makers.some(
      (maker) =>
        maker?.by === 'encoder' && maker.kind === 'random' && (maker.parameters as { of: string }).of === 'uuid',
    )
  )
    return true;
  // A masked value that stands alone in a unique key is injective in the row number.
  if (makers.length === 1 && makers[0]?.by === 'mask') return true;
  const inContext = context !== undefined && context.every((name) => key.columns.includes(name));
  return inContext && makers.some((maker) => maker?.by === 'position');
}

function guardOf(
  key: UniqueKeyFacts,
  context: readonly string[] | undefined,
  readable: (columns: readonly string[]) => boolean,
  names: Names,
  foldsTexts: boolean,
): GuardedKey | null {
  const parts: KeyPart[] = [];
  const read = new Set<string>();
  for (let i = 0; i < key.columns.length; i++) {
    const column = key.columns[i];
    if (column !== null) {
      parts.push({ column, canonical: canonicalText(names.types.get(column), foldsTexts) });
      read.add(column);
      continue;
    }
    const compiled = compileExpression(key.expressions[i] ?? '', names);
    // An expression that is not understood is left to the server.
    if (compiled === null) return null;
    parts.push({ column: null, value: compiled.value });
    for (const name of compiled.columns) read.add(name);
  }
  const predicate = key.predicate === null ? null : compilePredicate(key.predicate, names);
  if (!readable([...read]) || (key.predicate !== null && (predicate === null || !readable(predicate.columns))))
    return null;
  const guard = new UniqueGuard(key.name, parts, [...read], {
    nullsDistinct: key.nullsDistinct,
    predicate: predicate?.test ?? null,
  });
  const plain = new Set(key.columns);
  return { guard, perParent: context !== undefined && context.every((name) => plain.has(name)) };
}

/** Texts that the server takes for equal have one form. */
function canonicalText(type: ColumnType | undefined, foldsTexts: boolean): (text: string) => string {
  if (type?.baseName === 'citext' || (foldsTexts && type?.class === 'text')) return (text) => text.toLowerCase();
  if (type?.baseName === 'bpchar') return (text) => text.trimEnd();
  return (text) => text;
}
