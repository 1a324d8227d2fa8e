/** Collects cells into the vectors of a block. */
import type { Cell, CellForm } from '../../model/encoders/encoder.ts';
import type { ColumnVector, RowBlock } from '../../kernel/rows.ts';

export type BuilderForm = CellForm | 'masked';

export class BlockBuilder {
  readonly #table: string;
  readonly #columns: readonly {
    readonly name: string;
    readonly form: BuilderForm;
    readonly decimals: number | undefined;
  }[];
  readonly #capacity: number;
  #firstRow = 0;
  #rowCount = 0;
  #vectors: ColumnVector[] = [];

  constructor(
    table: string,
    columns: readonly { readonly name: string; readonly form: BuilderForm; readonly decimals: number | undefined }[],
    capacity: number,
  ) {
    this.#table = table;
    this.#columns = columns;
    this.#capacity = capacity;
    this.#renew();
  }

  get isFull(): boolean {
    return this.#rowCount === this.#capacity;
  }

  /** `cells` in column order; a masked column's cell says only whether it is NULL. */
  push(cells: readonly Cell[]): void {
    const row = this.#rowCount++;
    for (let c = 0; c < cells.length; c++) {
      const vector = this.#vectors[c];
      const cell = cells[c];
      if (vector.form === 'text') vector.values.push(cell === null ? null : String(cell));
      else if (cell === null) vector.nulls[row] = 1;
      else if (vector.form !== 'masked') vector.values[row] = cell as number;
    }
  }

  /** The rows collected, or null if there are none; the builder is empty again. */
  take(): RowBlock | null {
    if (this.#rowCount === 0) return null;
    const rowCount = this.#rowCount;
    const columns = new Map(this.#columns.map(({ name }, c) => [name, trim(this.#vectors[c], rowCount)]));
    const block: RowBlock = { table: this.#table, firstRow: this.#firstRow, rowCount, columns };
    this.#firstRow += rowCount;
    this.#rowCount = 0;
    this.#renew();
    return block;
  }

  #renew(): void {
    const size = this.#capacity;
    this.#vectors = this.#columns.map(({ form, decimals }): ColumnVector => {
      if (form === 'text') return { form, values: [] };
      if (form === 'masked') return { form, nulls: new Uint8Array(size) };
      return {
        form,
        values: new Float64Array(size),
        nulls: new Uint8Array(size),
        ...(form === 'number' && decimals !== undefined ? { decimals } : {}),
      } as ColumnVector;
    });
  }
}

function trim(vector: ColumnVector, rowCount: number): ColumnVector {
  if (vector.form === 'text') return vector;
  const nulls = vector.nulls.subarray(0, rowCount);
  return vector.form === 'masked'
    ? { form: 'masked', nulls }
    : { ...vector, values: vector.values.subarray(0, rowCount), nulls };
}
