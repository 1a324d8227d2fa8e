/** Decodes the moments of a row from what each is told from: an earlier column, the parent's, the sibling's before. */
import type { Chain } from '../../model/chain.ts';
import type { Cell, ColumnEncoder, Uniforms } from '../../model/encoders/encoder.ts';
import { reviveEncoder } from '../../model/encoders/index.ts';
import { RelativeMoment } from '../../model/encoders/relative-moment.ts';
import type { MomentBase, TableModel } from '../../model/table-model.ts';
import type { CellColumn } from './cells.ts';
import type { MadeTable } from './world.ts';

const DAY_MICROS = 86_400_000_000;

interface Place {
  readonly parent: number;
  readonly index: number;
  readonly count: number;
}

/** One moment with its decoders alive. */
interface Moment {
  readonly column: number;
  readonly name: string;
  readonly register: number;
  readonly isDate: boolean;
  readonly nullable: boolean;
  readonly base: MomentBase | null;
  readonly absolute: ColumnEncoder | null;
  readonly distance: RelativeMoment | null;
  readonly gap: RelativeMoment | null;
  readonly gapRegister: number;
}

export class MomentMaker {
  readonly #moments: readonly Moment[];
  readonly #columns: ReadonlySet<number>;
  readonly #at: ReadonlyMap<string, number>;
  readonly #parent: MadeTable | null;
  readonly #kept: readonly (readonly [number, boolean, Float64Array])[];
  /** Microseconds of the row's moments, by column number; NaN for NULL. */
  readonly #values: Float64Array;
  readonly #previous: Float64Array;
  /** Newest known value of each moment, whoever's. */
  readonly #last: Float64Array;
  readonly #chain: Chain | null;

  constructor(model: TableModel, columns: readonly CellColumn[], made: MadeTable, parent: MadeTable | null) {
    this.#at = new Map(columns.map((column, i) => [column.name, i]));
    this.#parent = parent;
    this.#values = new Float64Array(columns.length).fill(NaN);
    this.#previous = new Float64Array(columns.length).fill(NaN);
    this.#last = new Float64Array(columns.length).fill(NaN);
    this.#chain = model.rowModel?.moments ?? null;
    const first = model.ownFrom;
    const end = first + (model.rowModel?.momentCount ?? 0);
    // In the order of their registers: a moment comes after the one that it is told from.
    this.#moments = columns
      .flatMap((column, i) => {
        const { maker } = column;
        const isMoment =
          maker.by === 'moment' || (maker.by === 'encoder' && maker.register >= first && maker.register < end);
        return isMoment ? [revive(column, i, model.columns[i].nullable)] : [];
      })
      .sort((a, b) => a.register - b.register);
    this.#columns = new Set(this.#moments.map((moment) => moment.column));
    this.#kept = [...made.moments].map(([name, into]) => {
      const at = this.#at.get(name)!;
      return [at, columns[at].form === 'epoch-days', into] as const;
    });
  }

  /** Whether this file makes the column. */
  makes(column: number): boolean {
    return this.#columns.has(column);
  }

  decode(registers: Uint16Array, place: Place, cells: Cell[], random: Uniforms): void {
    for (const moment of this.#moments) {
      const made = this.#make(moment, registers, place, random);
      // What it is told from is missing, in a column that must be there: like the rows before it.
      const last = this.#last[moment.column];
      const micros = made ?? (moment.nullable ? null : Number.isNaN(last) ? 0 : last);
      this.#values[moment.column] = micros ?? NaN;
      cells[moment.column] = micros === null ? null : moment.isDate ? Math.floor(micros / DAY_MICROS) : micros;
    }
  }

  /** Keeps what children are told from. */
  keep(row: number, cells: readonly Cell[]): void {
    for (const [at, isDate, into] of this.#kept) {
      const cell = cells[at];
      into[row] = typeof cell !== 'number' ? NaN : isDate ? cell * DAY_MICROS : cell;
    }
  }

  /** The row's moments are what they are now, in so far as the first pass knows: some may have been moved. */
  settle(cells: readonly Cell[]): void {
    for (const { column, isDate } of this.#moments) this.#values[column] = microsOf(cells[column], isDate) ?? NaN;
  }

  /** The row becomes the sibling before. */
  remember(): void {
    this.#previous.set(this.#values);
    this.#values.forEach((value, i) => {
      if (!Number.isNaN(value)) this.#last[i] = value;
    });
  }

  #make(moment: Moment, registers: Uint16Array, place: Place, random: Uniforms): number | null {
    const { base } = moment;
    if (base === null) return this.#absolute(moment, registers, random);
    if (base.from === 'column') {
      return microsOf(
        moment.distance!.decode(registers, moment.register, this.#values[this.#at.get(base.column)!], 1, random),
        false,
      );
    }
    if (base.from === 'parent') return this.#fromParent(moment, base.column, registers, place, random);
    if (place.parent >= 0 && place.index > 0) {
      this.#ensurePresent(registers, moment.gapRegister, moment.gap!.parts.length, random);
      return microsOf(
        moment.gap!.decode(
          registers,
          moment.gapRegister,
          this.#previous[moment.column],
          place.count - place.index,
          random,
        ),
        false,
      );
    }
    this.#ensurePresent(registers, moment.register, moment.gapRegister - moment.register, random);
    if (base.first.from === 'parent') return this.#fromParent(moment, base.first.column, registers, place, random);
    return this.#absolute(moment, registers, random);
  }

  #absolute(moment: Moment, registers: Uint16Array, random: Uniforms): number | null {
    const { absolute, register } = moment;
    return microsOf(absolute!.decode(registers, register, random), absolute!.form === 'epoch-days');
  }

  #fromParent(moment: Moment, column: string, registers: Uint16Array, place: Place, random: Uniforms): number | null {
    const known = place.parent < 0 ? NaN : (this.#parent?.moments.get(column)?.[place.parent] ?? NaN);
    return microsOf(
      moment.distance!.decode(registers, moment.register, known, place.count - place.index, random),
      false,
    );
  }

  /**
   * Among siblings the order column is always there, but each of its two ways of being told has a code for when the
   * other one applies; where the chain drew that code out of place it is drawn again among the others.
   */
  #ensurePresent(registers: Uint16Array, from: number, count: number, random: Uniforms): void {
    const chain = this.#chain!;
    for (let register = from; register < from + count; register++) {
      const conditional = chain.conditionals[register - chain.contextCount];
      const absent = conditional.size - 1;
      if (registers[register] !== absent || absent === 0) continue;
      const drawn = conditional.drawWhere(registers, random.next(), (code) => code !== absent);
      registers[register] = drawn < 0 ? 0 : drawn;
    }
  }
}

function microsOf(cell: Cell, isDate: boolean): number | null {
  return typeof cell !== 'number' ? null : isDate ? cell * DAY_MICROS : cell;
}

function revive({ name, maker, encoder }: CellColumn, column: number, nullable: boolean): Moment {
  const isEncoder = maker.by === 'encoder';
  const base = maker.by === 'moment' ? maker.base : null;
  const register = (maker as { register: number }).register;
  const isDate = isEncoder ? encoder!.form === 'epoch-days' : (maker as { isDate: boolean }).isDate;
  const plain = {
    column,
    name,
    register,
    isDate,
    nullable,
    base,
    absolute: encoder,
    distance: null,
    gap: null,
    gapRegister: -1,
  };
  if (base === null) return plain;
  if (base.from !== 'sibling') return { ...plain, distance: new RelativeMoment(base.distance) };
  const gap = new RelativeMoment(base.gap);
  if (base.first.from === 'parent') {
    const distance = new RelativeMoment(base.first.distance);
    return { ...plain, distance, gap, gapRegister: register + distance.parts.length };
  }
  const absolute = reviveEncoder(base.first.kind, base.first.parameters);
  return { ...plain, absolute, gap, gapRegister: register + absolute.parts.length };
}
