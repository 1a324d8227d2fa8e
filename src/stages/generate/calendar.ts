/** Fills the registers that follow from the moments of a row: the day, coarsely, the weekday, what was in force then. */
import type { Cell } from '../../model/encoders/encoder.ts';
import { NumberEncoder } from '../../model/encoders/number.ts';
import type { Eras, TableModel } from '../../model/table-model.ts';
import type { CellColumn } from './cells.ts';

const DAY_MICROS = 86_400_000_000;

export class Calendar {
  readonly #entries: readonly {
    readonly register: number;
    readonly column: number;
    readonly isDate: boolean;
    readonly encoder: NumberEncoder | null;
    readonly eras: Eras | null;
    /** Code of NULL. */
    readonly absent: number;
  }[];

  constructor(model: TableModel, columns: readonly CellColumn[]) {
    this.#entries = model.calendar.map(({ register, column, encoder, eras }) => {
      const at = columns.findIndex((candidate) => candidate.name === column);
      return {
        register,
        column: at,
        isDate: columns[at].form === 'epoch-days',
        encoder: encoder === null ? null : NumberEncoder.fromJson(encoder),
        eras: eras ?? null,
        absent: model.registers[register].size - 1,
      };
    });
  }

  fill(registers: Uint16Array, cells: readonly Cell[]): void {
    for (const { register, column, isDate, encoder, eras, absent } of this.#entries) {
      const cell = cells[column];
      if (typeof cell !== 'number') registers[register] = absent;
      else if (eras !== null) registers[register] = eraOf(eras, isDate ? cell * DAY_MICROS : cell);
      else {
        const day = isDate ? cell : Math.floor(cell / DAY_MICROS);
        registers[register] = encoder === null ? ((day % 7) + 7) % 7 : encoder.encode(day);
      }
    }
  }
}

/** The code of the era that a moment lies in. */
function eraOf({ cuts, codes }: Eras, micros: number): number {
  let era = 0;
  while (era < cuts.length && micros >= cuts[era]) era++;
  return codes[era];
}
