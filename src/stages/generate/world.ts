/** What the rows made so far leave behind for the tables that reference them: counts, codes, keys. */
import type { TableModel } from '../../model/table-model.ts';
import { serialKey, StoredKey, type KeyColumn } from './key-column.ts';

export interface MadeTable {
  readonly model: TableModel;
  rowCount: number;
  /** All rows are made. */
  complete: boolean;
  /** Values of the columns that others reference. */
  readonly keys: ReadonlyMap<string, KeyColumn>;
  /** By `referencing table\0foreign key`: references that each row shall get. */
  readonly counts: ReadonlyMap<string, Uint32Array>;
  /** By register: codes that children look at. */
  readonly codes: ReadonlyMap<number, Uint16Array>;
}

export function countKey(table: string, foreignKey: string): string {
  return `${table}\0${foreignKey}`;
}

/** What must be kept of each table, found once from the models of those that reference it. */
export interface Needs {
  readonly keyColumns: ReadonlySet<string>;
  readonly registers: ReadonlySet<number>;
}

export function needsOf(models: readonly TableModel[]): Map<string, Needs> {
  const needs = new Map(
    models.map((model) => [model.id, { keyColumns: new Set<string>(), registers: new Set<number>() }]),
  );
  for (const model of models) {
    for (const key of model.foreignKeys) {
      const referenced = needs.get(key.referencedTable);
      if (referenced === undefined) continue;
      if (key.maker.by !== 'implied' && key.maker.by !== 'null')
        for (const column of key.referencedColumns) referenced.keyColumns.add(column);
      if (key.maker.by !== 'context') continue;
      for (const i of usedContext(model)) referenced.registers.add(model.registers[i].from);
    }
  }
  return needs;
}

/** Registers of the parent's origin that some split of the table's chain reads. */
export function usedContext(model: TableModel): readonly number[] {
  const used = new Set<number>();
  if (model.chain === null) return [];
  // Inputs of a conditional are numbered context first, so those below the context's length are registers.
  for (const conditional of model.chain.conditionals)
    for (const input of conditional.inputIndices) if (input < model.ownFrom) used.add(input);
  return [...used].filter((i) => model.registers[i].origin === 'parent').sort((a, b) => a - b);
}

export function newMadeTable(model: TableModel, rowCount: number, needs: Needs): MadeTable {
  const keys = new Map<string, KeyColumn>();
  for (const column of needs.keyColumns) {
    const maker = model.columns.find((candidate) => candidate.name === column)?.maker;
    keys.set(column, maker?.by === 'serial' ? serialKey(maker.start, maker.step) : new StoredKey());
  }
  return {
    model,
    rowCount,
    complete: false,
    keys,
    counts: new Map(
      model.incoming.map((count) => [countKey(count.table, count.foreignKey), new Uint32Array(rowCount)]),
    ),
    codes: new Map([...needs.registers].map((register) => [register, new Uint16Array(rowCount)])),
  };
}
