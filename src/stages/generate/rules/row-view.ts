/** The row at hand, as hidden rules read and write it. */
import type { Cell } from '../../../model/encoders/encoder.ts';
import type { Operand } from '../../../model/rules.ts';
import type { CellColumn } from '../cells.ts';
import type { Value } from '../expression.ts';
import { hopKey } from '../world.ts';
import { measured, type Measured } from './rule-numbers.ts';

export interface RowView {
  readonly text: (column: string) => string | null;
  readonly read: (column: string) => Value;
  parentText(foreignKey: string, column: string): string | null;
  set(column: string, cell: Cell): void;
}

/** Where the row stands among its siblings. */
export interface RowPlace {
  /** −1: none. */
  readonly parent: number;
  readonly index: number;
  readonly count?: number;
}

export type Columns = ReadonlyMap<string, { readonly column: CellColumn; readonly at: number }>;

/** Server text of an operand, in the row or behind its keys. */
export function operandText({ column, foreignKey, then }: Operand, row: RowView): string | null {
  if (foreignKey === null) return row.text(column);
  return row.parentText(foreignKey, then === undefined ? column : hopKey(then, column));
}

export function operandNumber(operand: Operand, row: RowView, columns: Columns): Measured | null {
  if (operand.foreignKey !== null) return measured(operandText(operand, row));
  const value = row.read(operand.column);
  if (typeof value === 'number') return { value, isDate: columns.get(operand.column)!.column.form === 'epoch-days' };
  return typeof value === 'string' ? measured(value) : null;
}
