import { textAt, type ColumnVector } from '../../kernel/rows.ts';
import type { Cell, CellForm } from './encoder.ts';

/** A cell as the server would print it; null for NULL. `decimals`: of a `number`. */
export function cellText(cell: Cell, form: CellForm, decimals?: number): string | null {
  if (cell === null || typeof cell === 'string') return cell;
  if (form === 'text' || (form === 'number' && decimals === undefined)) return String(cell);
  const vector = { form, values: Float64Array.of(cell), nulls: Uint8Array.of(0), decimals };
  return textAt(vector as ColumnVector, 0);
}
