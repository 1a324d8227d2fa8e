/** What the rows made so far leave behind for the tables that reference them: counts, codes, keys. */
import type { TableModel } from '../../model/table-model.ts';
import type { Cell } from '../../model/encoders/encoder.ts';
import type { MinedRule, Operand } from '../../model/rules.ts';
import { reviveEncoder } from '../../model/encoders/index.ts';
import { serialKey, StoredKey, type KeyColumn } from './key-column.ts';
import { tablesAlong } from './reached-codes.ts';
import { totalsOf, type Totals } from './tally.ts';

const DAY_MICROS = 86_400_000_000;

export interface MadeTable {
  readonly model: TableModel;
  rowCount: number;
  /** All rows are made. */
  complete: boolean;
  /** Values of the columns that others reference or follow. */
  readonly keys: Map<string, KeyColumn>;
  /** By `referencing table\0foreign key`: references that each row shall get. */
  readonly counts: ReadonlyMap<string, Uint32Array>;
  /** By register: codes that children look at. */
  readonly codes: ReadonlyMap<number, Uint16Array>;
  /** By foreign key that is followed from elsewhere: row of the referenced table, −1 for none. */
  readonly links: ReadonlyMap<string, Int32Array>;
  /** By column: microseconds of the moments that children are told from; NaN for NULL. */
  readonly moments: ReadonlyMap<string, Float64Array>;
  /** Aggregates over children, where the table is made twice. */
  readonly totals: readonly Totals[];
  /** Which draw each row came from, where the table is made twice; else empty. */
  readonly attempts: Uint8Array;
  /** By foreign key: the rows that were chosen the first time, −1 for none; empty where the table is made once. */
  readonly chosen: Map<string, Int32Array>;
  /** A cell of a column from a number. */
  cellOf(column: string, value: number | null): Cell;
}

export function countKey(table: string, foreignKey: string): string {
  return `${table}\0${foreignKey}`;
}

/** Name under which a table keeps a column of the row behind one of its own foreign keys, for rows two steps away. */
export function hopKey(foreignKey: string, column: string): string {
  return `${foreignKey}\0${column}`;
}

/** The foreign key and column of a `hopKey`; null for the name of a plain column. */
export function hopOf(name: string): { readonly foreignKey: string; readonly column: string } | null {
  const at = name.indexOf('\0');
  return at < 0 ? null : { foreignKey: name.slice(0, at), column: name.slice(at + 1) };
}

/** What must be kept of each table, found once from the models of those that reference it. */
export interface Needs {
  readonly keyColumns: ReadonlySet<string>;
  readonly registers: ReadonlySet<number>;
  readonly moments: ReadonlySet<string>;
  /** Foreign keys whose rows others follow. */
  readonly links: ReadonlySet<string>;
}

export function needsOf(models: readonly TableModel[]): Map<string, Needs> {
  const byId = new Map(models.map((model) => [model.id, model]));
  const needs = new Map(
    models.map((model) => [
      model.id,
      {
        keyColumns: new Set<string>(),
        registers: new Set<number>(),
        moments: new Set<string>(),
        links: new Set<string>(),
      },
    ]),
  );
  for (const model of models) {
    const behind = (foreignKey: string): { keyColumns: Set<string> } | undefined =>
      needs.get(model.foreignKeys.find((key) => key.name === foreignKey)?.referencedTable ?? '');
    for (const key of model.foreignKeys) {
      const referenced = needs.get(key.referencedTable);
      if (referenced === undefined) continue;
      if (key.maker.by === 'through') {
        for (const column of key.maker.parentColumns) behind(key.maker.through)?.keyColumns.add(column);
        if (key.maker.register >= 0) for (const column of key.referencedColumns) referenced.keyColumns.add(column);
      } else if (key.onlyWhere !== undefined || (key.maker.by !== 'implied' && key.maker.by !== 'null'))
        for (const column of key.referencedColumns) referenced.keyColumns.add(column);
      if (key.maker.by !== 'context') continue;
      for (const column of parentMoments(model)) referenced.moments.add(column);
    }
    const follow = (foreignKey: string, name: string): void => {
      const to = model.foreignKeys.find((key) => key.name === foreignKey)?.referencedTable;
      needs.get(to ?? '')?.keyColumns.add(name);
      const hop = hopOf(name);
      const further = models
        .find((other) => other.id === to)
        ?.foreignKeys.find((key) => key.name === hop?.foreignKey)?.referencedTable;
      if (hop !== null) needs.get(further ?? '')?.keyColumns.add(hop.column);
    };
    for (const { maker } of model.columns) if (maker.by === 'copy') follow(maker.foreignKey, maker.parentColumn);
    for (const rule of model.rules) {
      if (rule.kind === 'copy') follow(rule.foreignKey, rule.parentColumn);
      if (rule.kind === 'copy-through') follow(rule.path[0], hopKey(rule.path[1], rule.parentColumn));
      if (rule.kind === 'same-parent') {
        const parent = model.foreignKeys.find((key) => key.name === rule.through)?.referencedTable;
        const further = models
          .find((other) => other.id === parent)
          ?.foreignKeys.find((key) => key.name === rule.parentForeignKey);
        for (const column of further?.columns ?? []) follow(rule.through, column);
      }
      // What children are counted by, and what they share.
      const own = needs.get(model.id)!.keyColumns;
      if (rule.kind === 'has-child') own.add(rule.given);
      if (rule.kind === 'aggregate' && rule.shared === true)
        for (const column of [rule.column, rule.given]) if (column !== undefined) own.add(column);
      if (rule.kind === 'found-in') keepPairs(rule, models, needs);
      for (const { foreignKey, then, column } of operandsOf(rule)) {
        if (foreignKey !== null) follow(foreignKey, then === undefined ? column : hopKey(then, column));
      }
    }
  }
  // Children come after their parents: what they look at of their grandparents their parents must look at too.
  for (const model of models.toReversed()) {
    const context = model.foreignKeys.find((key) => key.maker.by === 'context');
    for (const i of usedRegisters(model, needs.get(model.id)!)) {
      const { origin, from, path } = model.registers[i];
      if (origin === 'parent') needs.get(context?.referencedTable ?? '')?.registers.add(from);
      if (origin !== 'reached') continue;
      const along = tablesAlong(model, path!, (id) => byId.get(id)!);
      needs.get(along.at(-1)!.id)!.registers.add(from);
      path!.slice(1).forEach((key, step) => needs.get(along[step].id)!.links.add(key));
    }
  }
  return needs;
}

function operandsOf(rule: MinedRule): readonly Operand[] {
  switch (rule.kind) {
    case 'order':
      return [rule.low, rule.high];
    case 'arithmetic':
      return rule.operands;
    case 'present':
      return [rule.of];
    case 'found-in':
      return [rule.left, rule.right];
    default:
      return [];
  }
}

/** Of the table in which pairs are found: both sides, and the moment that comes before. */
function keepPairs(
  rule: Extract<MinedRule, { kind: 'found-in' }>,
  models: readonly TableModel[],
  needs: ReadonlyMap<string, { readonly keyColumns: Set<string> }>,
): void {
  const operands = [rule.inLeft, rule.inRight, ...(rule.after === undefined ? [] : [rule.after.than])];
  for (const { column, foreignKey } of operands) {
    needs.get(rule.inTable)?.keyColumns.add(foreignKey === null ? column : hopKey(foreignKey, column));
    const behind = models
      .find((model) => model.id === rule.inTable)
      ?.foreignKeys.find((key) => key.name === foreignKey)?.referencedTable;
    needs.get(behind ?? '')?.keyColumns.add(column);
  }
}

/** Registers of a row that are looked at: by some split of the table itself, as the sibling before, or by others. */
export function usedRegisters(model: TableModel, needs: Needs): ReadonlySet<number> {
  const own = model.rowModel?.usedContext() ?? [];
  const ofSibling = own.map((i) => model.registers[i]).filter(({ origin }) => origin === 'sibling');
  return new Set([...own, ...ofSibling.map(({ from }) => from), ...needs.registers]);
}

/** Moments of the parent that moments of the table are told from. */
function parentMoments(model: TableModel): readonly string[] {
  return model.columns.flatMap(({ maker }) => {
    if (maker.by !== 'moment') return [];
    const base = maker.base.from === 'sibling' ? maker.base.first : maker.base;
    return base.from === 'parent' ? [base.column] : [];
  });
}

export function newMadeTable(model: TableModel, rowCount: number, needs: Needs, isMadeTwice: boolean): MadeTable {
  const keys = new Map<string, KeyColumn>();
  for (const column of needs.keyColumns) {
    const maker = model.columns.find((candidate) => candidate.name === column)?.maker;
    keys.set(column, maker?.by === 'serial' ? serialKey(maker.start, maker.step) : new StoredKey());
  }
  const forms = new Map(
    model.columns.map(({ name, maker }) => {
      if (maker.by === 'moment') return [name, maker.isDate ? 'epoch-days' : 'epoch-micros'];
      return [name, maker.by === 'encoder' ? reviveEncoder(maker.kind, maker.parameters).form : 'text'];
    }),
  );
  return {
    model,
    rowCount,
    complete: false,
    keys,
    counts: new Map(
      model.incoming.map((count) => [countKey(count.table, count.foreignKey), new Uint32Array(rowCount)]),
    ),
    codes: new Map([...needs.registers].map((register) => [register, new Uint16Array(rowCount)])),
    links: new Map([...needs.links].map((key) => [key, new Int32Array(rowCount).fill(-1)])),
    moments: new Map([...needs.moments].map((column) => [column, new Float64Array(rowCount).fill(NaN)])),
    totals: isMadeTwice ? totalsOf(model, rowCount) : [],
    attempts: new Uint8Array(isMadeTwice ? rowCount : 0),
    chosen: new Map(),
    cellOf: (column, value) => {
      const form = forms.get(column);
      if (value === null || form === 'number' || form === 'epoch-micros') return value;
      // Aggregated moments are microseconds, whatever their column holds.
      return form === 'epoch-days' ? Math.floor(value / DAY_MICROS) : String(value);
    },
  };
}
