/**
 * Which tables are made twice. A row may need what is only known when its children are made: a sum over them, or, on
 * a cycle, the key of one of them; or it copies what another row only then knows. Such a table is first made to be
 * known, then its children are, then it is made again, every row from the same draw, and only then given out.
 */
import type { TableModel } from '../../model/table-model.ts';
import { lateColumns, type LateColumns } from './late-columns.ts';
import { aggregatesOf } from './tally.ts';
import type { Needs } from './world.ts';

export interface PassPlan {
  /** In which tables are given out. */
  readonly order: readonly string[];
  readonly twice: ReadonlySet<string>;
  /** Foreign keys of a table whose rows can only be chosen in the second pass. */
  later(table: string): ReadonlySet<string>;
  /** Columns of a table whose values are only known in the second pass. */
  late(table: string): ReadonlySet<string>;
}

export function planPasses(models: readonly TableModel[], needs: ReadonlyMap<string, Needs>): PassPlan {
  const place = new Map(models.map((model, i) => [model.id, i]));
  const later = new Map<string, ReadonlySet<string>>();
  const after = new Map<string, Set<string>>();
  const twice = new Set<string>();
  const late: LateColumns = new Map();
  for (const model of models) {
    const keys = model.foreignKeys.filter(
      (key) =>
        ((key.maker.by === 'quota' ||
          key.maker.by === 'own-child' ||
          (key.maker.by === 'through' && key.maker.register >= 0)) &&
          isMadeLater(model, key.referencedTable, key.referencedColumns, models, place)) ||
        (key.maker.by === 'quota' && fitsSums(model, key.name)),
    );
    later.set(model.id, new Set(keys.map((key) => key.name)));
    const children = aggregatesOf(model)
      .map((rule) => rule.childTable)
      .filter((id) => place.has(id));
    const waits = new Set([...keys.map((key) => key.referencedTable), ...children]);
    if (waits.size === 0) continue;
    twice.add(model.id);
    // Of its own rows all are known after the first pass.
    waits.delete(model.id);
    after.set(model.id, waits);
    late.set(
      model.id,
      new Set([...aggregatesOf(model).map((rule) => rule.column), ...keys.flatMap((key) => key.columns)]),
    );
  }
  for (const [id, sources] of lateColumns(models, needs, late, (id, source) => waitsFor(source, id, after))) {
    twice.add(id);
    after.set(id, new Set([...(after.get(id) ?? []), ...sources]));
  }
  for (const { id, rules } of models) {
    for (const rule of rules) {
      if (rule.kind !== 'found-in' || !place.has(rule.inTable) || waitsFor(rule.inTable, id, after)) continue;
      after.set(id, new Set([...(after.get(id) ?? []), rule.inTable]));
    }
  }
  const order: string[] = [];
  const left = new Set(models.map((model) => model.id));
  while (left.size > 0) {
    const next = [...left].find((id) => [...(after.get(id) ?? [])].every((other) => !left.has(other))) ?? [...left][0];
    order.push(next);
    left.delete(next);
  }
  return { order, twice, later: (table) => later.get(table) ?? NONE, late: (table) => late.get(table) ?? NONE };
}

const NONE: ReadonlySet<string> = new Set();

/** Whether a sum over children tells which row a key may lead to: a coupon asks for a least subtotal. */
function fitsSums(model: TableModel, foreignKey: string): boolean {
  const sums = new Set(aggregatesOf(model).map((rule) => rule.column));
  return model.rules.some((rule) => {
    if (rule.kind !== 'order') return false;
    const sides = [rule.low, rule.high];
    return (
      sides.some((side) => side.foreignKey === foreignKey) &&
      sides.some((side) => side.foreignKey === null && sums.has(side.column))
    );
  });
}

/** Whether a table is only made again after another one, directly or not. */
function waitsFor(id: string, other: string, after: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const seen = new Set<string>();
  const open = [id];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === other) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...(after.get(at) ?? []));
  }
  return false;
}

/** Whether a reference leads to a table that is made after this one and of which too little is known before. */
function isMadeLater(
  model: TableModel,
  referencedTable: string,
  referencedColumns: readonly string[],
  models: readonly TableModel[],
  place: ReadonlyMap<string, number>,
): boolean {
  const to = place.get(referencedTable);
  if (to === undefined || to <= place.get(model.id)!) return false;
  // How many rows hang on other tables is known when those are made.
  if (models[to].foreignKeys.some((key) => key.maker.by === 'context')) return true;
  const columns = new Map(models[to].columns.map((column) => [column.name, column.maker.by]));
  return referencedColumns.some((column) => columns.get(column) !== 'serial');
}
