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
  /** Registers of the distance, or of the moment itself. */
  readonly parts: number;
  readonly gap: RelativeMoment | null;
  readonly gapRegister: number;
  /** Microseconds; which of them it is says `batchRegister`. */
  readonly batches: readonly number[];
  readonly batchRegister: number;
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
      const made = this.#ofBatch(moment, registers, place, random) ?? this.#make(moment, registers, place, random);
      // What it is told from is missing, in a column that must be there: like the rows before it.
      const last = this.#last[moment.column];
      const micros = made ?? (moment.nullable ? null : Number.isNaN(last) ? 0 : last);
      this.#values[moment.column] = micros ?? NaN;
      cells[moment.column] = micros === null ? null : moment.isDate ? Math.floor(micros / DAY_MICROS) : micros;
    }
  }

  /** As `RelativeMoment.paceOf`, of the row that is made next. */
  paceOf({ parent, index, count }: Place): number {
    const moment = this.#moments.find(({ gap }) => gap !== null);
    const before = moment === undefined || parent < 0 || index === 0 ? NaN : this.#previous[moment.column];
    return moment?.gap?.paceOf(before, count - index) ?? 0;
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

  /** The batch that the row belongs to, of those that what it is told from leaves; null: none. */
  #ofBatch(moment: Moment, registers: Uint16Array, place: Place, random: Uniforms): number | null {
    const { batches, batchRegister } = moment;
    const none = batches.length;
    if (none === 0 || registers[batchRegister] === none) return null;
    const after = this.#boundOf(moment, place);
    const fits = (code: number): boolean => code === none || Number.isNaN(after) || batches[code] > after;
    this.#redraw(registers, batchRegister, fits, random);
    return batches[registers[batchRegister]] ?? null;
  }

  /** What comes before the moment: the sibling before, or what is never after it; NaN: nothing that is known. */
  #boundOf({ base, column, distance }: Moment, place: Place): number {
    if (base === null || base.from === 'nothing') return NaN;
    if (base.from === 'sibling' && place.parent >= 0 && place.index > 0) return this.#previous[column];
    const told = base.from === 'sibling' ? base.first : base;
    if (told.from === 'nothing' || !distance!.isOrdered) return NaN;
    return told.from === 'column' ? this.#values[this.#at.get(told.column)!] : this.#ofParent(told.column, place);
  }

  #make(moment: Moment, registers: Uint16Array, place: Place, random: Uniforms): number | null {
    const { base } = moment;
    // What batches leave out has a code of its own, which is out of place where the row is of none.
    if (moment.batches.length > 0 && !moment.nullable && base!.from !== 'sibling')
      this.#ensurePresent(registers, moment.register, moment.parts, random);
    if (base === null || base.from === 'nothing') return this.#absolute(moment, registers, random);
    if (base.from === 'column') {
      const reference = this.#values[this.#at.get(base.column)!];
      return this.#relative(moment.distance!, moment.register, reference, 1, registers, random);
    }
    if (base.from === 'parent') return this.#fromParent(moment, base.column, registers, place, random);
    if (place.parent >= 0 && place.index > 0) {
      this.#ensurePresent(registers, moment.gapRegister, moment.gap!.parts.length, random);
      const left = place.count - place.index;
      return this.#relative(moment.gap!, moment.gapRegister, this.#previous[moment.column], left, registers, random);
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
    const left = place.count - place.index;
    return this.#relative(moment.distance!, moment.register, this.#ofParent(column, place), left, registers, random);
  }

  #ofParent(column: string, { parent }: Place): number {
    return parent < 0 ? NaN : (this.#parent?.moments.get(column)?.[parent] ?? NaN);
  }

  /** By a distance that leads no further than what was observed, as likely as the model says among those. */
  #relative(
    distance: RelativeMoment,
    register: number,
    reference: number,
    left: number,
    registers: Uint16Array,
    random: Uniforms,
  ): number | null {
    const isKnown = registers[register] < distance.knownCount;
    this.#redraw(
      registers,
      register,
      (code) => (!isKnown || code < distance.knownCount) && distance.fits(code, reference),
      random,
    );
    return microsOf(distance.decode(registers, register, reference, left, random), false);
  }

  /** Draws a register again where its code is none of those admitted; where none of these is likely it stays. */
  #redraw(registers: Uint16Array, register: number, admits: (code: number) => boolean, random: Uniforms): void {
    if (admits(registers[register])) return;
    const chain = this.#chain!;
    const drawn = chain.conditionals[register - chain.contextCount].drawWhere(registers, random.next(), admits);
    if (drawn >= 0) registers[register] = drawn;
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
  const batches = maker.by === 'moment' ? maker.batches : [];
  const batchRegister = (maker as { register: number }).register;
  const register = batchRegister + (batches.length > 0 ? 1 : 0);
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
    parts: encoder?.parts.length ?? 0,
    batches,
    batchRegister,
  };
  if (base === null) return plain;
  if (base.from === 'nothing') {
    const absolute = reviveEncoder(base.kind, base.parameters);
    return { ...plain, absolute, parts: absolute.parts.length };
  }
  if (base.from !== 'sibling') {
    const distance = new RelativeMoment(base.distance);
    return { ...plain, distance, parts: distance.parts.length };
  }
  const gap = new RelativeMoment(base.gap);
  if (base.first.from === 'parent') {
    const distance = new RelativeMoment(base.first.distance);
    return { ...plain, distance, gap, gapRegister: register + distance.parts.length };
  }
  const absolute = reviveEncoder(base.first.kind, base.first.parameters);
  return { ...plain, absolute, gap, gapRegister: register + absolute.parts.length };
}
