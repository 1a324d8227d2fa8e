/** The constraints of a table in the form that a row can be tested on while it is made. */
import type { TableFacts, UniqueKeyFacts } from '../../../connectors/connector.ts';
import type { ColumnModel, TableModel } from '../../model/table-model.ts';
import { compilePredicate, type Predicate } from './expression.ts';
import { UniqueGuard } from './unique.ts';

export interface RowCheck {
  readonly name: string;
  readonly test: Predicate;
}

export interface TableConstraints {
  readonly checks: readonly RowCheck[];
  /** Of assigned columns alone: tested while references are chosen. */
  readonly structural: readonly GuardedKey[];
  /** Of any others: tested on the whole row. */
  readonly general: readonly GuardedKey[];
}

export interface GuardedKey {
  readonly guard: UniqueGuard;
  /** Contains the context reference: rows of different parents cannot clash. */
  readonly perParent: boolean;
}

export function tableConstraints(table: TableFacts, model: TableModel): TableConstraints {
  const makers = new Map(model.columns.map((column) => [column.name, column.maker]));
  const readable = (columns: readonly string[]): boolean =>
    columns.every((name) => makers.has(name) && makers.get(name)!.by !== 'mask');
  const checks: RowCheck[] = [];
  const add = (name: string, expression: string): void => {
    const compiled = compilePredicate(expression);
    if (compiled !== null && readable(compiled.columns)) checks.push({ name, test: compiled.test });
  };
  for (const check of table.checks) add(check.name, check.expression);
  for (const column of table.columns) {
    if (column.generated !== null) continue;
    for (const check of column.type.domain?.checks ?? [])
      add(`${column.name}:${check.name}`, domainCheck(check.expression, column.name));
  }
  const bounds = table.partitions.map((partition) => partition.condition);
  if (bounds.length > 0 && bounds.every((bound) => bound !== null))
    add('partition bounds', bounds.map((bound) => `(${bound})`).join(' OR '));

  const context = model.foreignKeys.find((key) => key.maker.by === 'context');
  const structural: GuardedKey[] = [];
  const general: GuardedKey[] = [];
  for (const key of [table.primaryKey, ...table.uniqueKeys]) {
    if (key === null || isUniqueByConstruction(key, model.columns, context?.columns)) continue;
    const guarded = guardOf(key, context?.columns, readable);
    if (guarded === null) continue;
    const assigned = key.predicate === null && guarded.guard.columns.every((name) => isAssigned(makers.get(name)!.by));
    (assigned ? structural : general).push(guarded);
  }
  return { checks, structural, general };
}

function isAssigned(by: ColumnModel['maker']['by']): boolean {
  return by === 'foreign-key' || by === 'position' || by === 'serial';
}

/** A domain's CHECK speaks of `VALUE`. */
function domainCheck(expression: string, column: string): string {
  return expression.replace(/\bVALUE\b/g, `"${column.replaceAll('"', '""')}"`);
}

function isUniqueByConstruction(
  key: UniqueKeyFacts,
  columns: readonly ColumnModel[],
  context: readonly string[] | undefined,
): boolean {
  const makers = key.columns.map((name) => columns.find((column) => column.name === name)?.maker);
  if (makers.some((maker) => maker?.by === 'serial')) return true;
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
): GuardedKey | null {
  const columns: string[] = [];
  let folded = false;
  for (let i = 0; i < key.columns.length; i++) {
    const column = key.columns[i] ?? foldedColumn(key.expressions[i]);
    // An expression that is not understood is left to the server.
    if (column === null) return null;
    if (key.columns[i] === null) folded = true;
    columns.push(column);
  }
  const predicate = key.predicate === null ? null : compilePredicate(key.predicate);
  if (!readable(columns) || (key.predicate !== null && (predicate === null || !readable(predicate.columns))))
    return null;
  const guard = new UniqueGuard(key.name, columns, {
    folded,
    nullsDistinct: key.nullsDistinct,
    predicate: predicate?.test ?? null,
  });
  return { guard, perParent: context !== undefined && context.every((name) => columns.includes(name)) };
}

/** The column of `lower(column)` or `upper(column)`, else null. */
function foldedColumn(expression: string | null): string | null {
  const match = /^(?:lower|upper)\(\(?(?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_]*))\)?(?:::text\)?)?\)$/i.exec(
    expression ?? '',
  );
  if (match === null) return null;
  return match[1]?.replaceAll('""', '"') ?? match[2];
}
