/** Makes the rows of one table, one after the other: draws, decodes, chooses references, and tries again on a clash. */
import type { TableFacts } from '../../../connectors/connector.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import type { Cell } from '../../model/encoders/encoder.ts';
import { NumberEncoder } from '../../model/encoders/number.ts';
import type { ForeignKeyModel, Register, TableModel } from '../../model/table-model.ts';
import { RandomCursor, streamKey, type StreamKey } from '../../numeric/random.ts';
import { cellColumns, type CellColumn } from './cells.ts';
import { tableConstraints, type GuardedKey, type TableConstraints } from './constraints.ts';
import { StoredKey } from './key-column.ts';
import type { ReferenceChooser } from './references.ts';
import { countKey, type MadeTable } from './world.ts';

/** Draws of a row before the table is given up. */
const MAX_TRIES = 200;
const PLACE_CAP = 40;

/** Where a row stands: its parent (−1: none), its index and the number of its siblings. */
export interface Place {
  readonly parent: number;
  readonly index: number;
  readonly count: number;
}

export class RowMaker {
  readonly columns: readonly CellColumn[];
  readonly cells: Cell[];
  readonly #table: TableFacts;
  readonly #model: TableModel;
  readonly #made: MadeTable;
  readonly #parent: MadeTable | null;
  readonly #choosers: readonly ReferenceChooser[];
  readonly #constraints: TableConstraints;
  readonly #key: StreamKey;
  readonly #cursors: RandomCursor[] = [];
  readonly #registers: Uint16Array;
  readonly #previous: Uint16Array;
  readonly #columnAt: ReadonlyMap<string, number>;
  readonly #counts: readonly {
    readonly register: number;
    readonly encoder: NumberEncoder;
    readonly into: Uint32Array;
    readonly name: string;
  }[];
  readonly #kept: readonly (readonly [number, Uint16Array])[];
  /** Registers that the chain's splits read, from the context. */
  readonly #context: readonly { readonly at: number; readonly register: Register }[];
  /** Keys that others, or later rows, reference; those that `mask` makes are kept when it has. */
  readonly #storedKeys: readonly (readonly [string, StoredKey])[];
  #digests: (number | null)[] = [];

  constructor(
    table: TableFacts,
    model: TableModel,
    made: MadeTable,
    parent: MadeTable | null,
    choosers: readonly ReferenceChooser[],
    seed: number,
  ) {
    this.#table = table;
    this.#model = model;
    this.#made = made;
    this.#parent = parent;
    this.#choosers = choosers;
    this.#constraints = tableConstraints(table, model);
    this.#key = streamKey(seed, 'rows', model.id);
    this.columns = cellColumns(table, model);
    this.cells = new Array<Cell>(this.columns.length).fill(null);
    this.#registers = new Uint16Array(model.registers.length);
    this.#previous = new Uint16Array(model.registers.length);
    this.#columnAt = new Map(this.columns.map((column, i) => [column.name, i]));
    this.#counts = model.incoming.map((count) => ({
      register: count.register,
      encoder: NumberEncoder.fromJson(count.encoder),
      into: made.counts.get(countKey(count.table, count.foreignKey))!,
      name: countKey(count.table, count.foreignKey),
    }));
    this.#kept = [...made.codes];
    this.#storedKeys = this.columns.flatMap(({ name, maker }) => {
      const key = made.keys.get(name);
      return key instanceof StoredKey && maker.by !== 'mask' ? [[name, key] as const] : [];
    });
    this.#context = model.registers.flatMap((register, at) => (register.origin === 'own' ? [] : [{ at, register }]));
  }

  /** Makes row `row`; its cells are then in `cells`. Throws `GENERATE_UNSATISFIABLE`. */
  make(row: number, place: Place): void {
    if (place.index === 0) for (const { guard, perParent } of this.#guards()) if (perParent) guard.forget();
    this.#readContext(place);
    let broken = '';
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const random = this.#cursor(attempt).seek(row);
      this.#model.chain?.drawRow(this.#registers, random);
      this.#decode(row, place, random);
      const failed = this.#assign(row, place, random) ?? this.#violated();
      if (failed === null) {
        this.#commit(row);
        return;
      }
      broken = failed;
      for (const chooser of this.#choosers) chooser.withdraw();
    }
    throw new UnderstudyError(
      'GENERATE_UNSATISFIABLE',
      `No row of ${this.#model.id} could be made that satisfies ${broken}: ${MAX_TRIES} draws failed; nothing was published.`,
      {
        hint: `Set tables.${this.#model.id}.strategy to empty, lower its scale, or give the columns of ${broken} a treatment.`,
        data: { table: this.#model.id, constraint: broken },
      },
    );
  }

  /** Row `i`'s text of a column, while it is the current one. */
  text(column: string): string | null {
    const at = this.#columnAt.get(column);
    return at === undefined ? null : this.columns[at].text(this.cells[at]);
  }

  #guards(): readonly GuardedKey[] {
    return [...this.#constraints.structural, ...this.#constraints.general];
  }

  #cursor(attempt: number): RandomCursor {
    return (this.#cursors[attempt] ??= new RandomCursor(this.#key, attempt));
  }

  #readContext(place: Place): void {
    for (const { at, register } of this.#context) {
      switch (register.origin) {
        case 'parent': {
          // A register that no split reads is not kept; its code then does not matter.
          const codes = this.#parent?.codes.get(register.from);
          this.#registers[at] = place.parent < 0 || codes === undefined ? register.size - 1 : codes[place.parent];
          break;
        }
        case 'place':
          this.#registers[at] = Math.min(
            PLACE_CAP,
            register.from === 0 ? place.index : register.from === 1 ? place.count : place.count - 1 - place.index,
          );
          break;
        default:
          this.#registers[at] =
            place.index === 0 || place.parent < 0 ? register.size - 1 : this.#previous[register.from];
      }
    }
  }

  #decode(row: number, place: Place, random: RandomCursor): void {
    for (let c = 0; c < this.columns.length; c++) {
      const { maker, encoder } = this.columns[c];
      switch (maker.by) {
        case 'encoder':
          this.cells[c] = encoder!.decode(this.#registers, maker.register, random);
          break;
        case 'mask':
          this.cells[c] = maker.register >= 0 && this.#registers[maker.register] === 1 ? null : 0;
          break;
        case 'serial':
          this.cells[c] = maker.start + maker.step * row;
          break;
        case 'position':
          this.cells[c] = maker.start + place.index;
          break;
        default:
          this.cells[c] = null;
      }
    }
  }

  /** Chooses every reference; gives the name of what could not be satisfied, or null. */
  #assign(row: number, place: Place, random: RandomCursor): string | null {
    for (let i = 0; i < this.#choosers.length; i++) {
      const chooser = this.#choosers[i];
      const rest = i === this.#choosers.length - 1;
      const accept = (parent: number): boolean => {
        if (!chooser.agrees(parent, this.#textOf)) return false;
        this.#write(chooser.key, chooser.keyTexts(parent));
        // The last reference completes the structural keys; earlier ones are tested with it.
        return (
          !rest ||
          this.#constraints.structural.every(({ guard }) => !guard.isTaken(guard.digestOf(this.#textOf, this.#read)))
        );
      };
      const parent = chooser.choose({ row, place, registers: this.#registers, random, accept });
      if (parent === 'impossible') return chooser.key.name;
      if (parent === null) this.#write(chooser.key, null);
      else if (!accept(parent)) return this.#constraints.structural[0]?.guard.name ?? chooser.key.name;
    }
    return null;
  }

  readonly #textOf = (column: string): string | null => this.text(column);
  readonly #read = (column: string): ReturnType<CellColumn['read']> => {
    const at = this.#columnAt.get(column);
    return at === undefined ? null : this.columns[at].read(this.cells[at]);
  };

  #write(key: ForeignKeyModel, texts: readonly (string | null)[] | null): void {
    for (let i = 0; i < key.columns.length; i++) {
      const at = this.#columnAt.get(key.columns[i])!;
      const { maker } = this.columns[at];
      // A column that an earlier key owns keeps its value.
      if (maker.by !== 'foreign-key' || maker.foreignKey !== key.name) continue;
      this.cells[at] = texts === null ? null : texts[i];
    }
  }

  #violated(): string | null {
    for (const check of this.#constraints.checks) if (check.test(this.#read) === false) return check.name;
    const guards = this.#guards();
    this.#digests = guards.map(({ guard }) => guard.digestOf(this.#textOf, this.#read));
    for (let i = 0; i < guards.length; i++) if (guards[i].guard.isTaken(this.#digests[i])) return guards[i].guard.name;
    return null;
  }

  #commit(row: number): void {
    this.#guards().forEach(({ guard }, i) => guard.take(this.#digests[i]));
    for (const [register, codes] of this.#kept) codes[row] = this.#registers[register];
    for (const count of this.#counts) {
      const value =
        count.encoder.decode(this.#registers[count.register], this.#cursor(MAX_TRIES).seek(row).next()) ?? 0;
      count.into[row] = Math.max(0, Math.round(value));
    }
    for (const [column, key] of this.#storedKeys) key.push(this.text(column));
    for (const chooser of this.#choosers) chooser.commit(row, this.#made);
    this.#previous.set(this.#registers);
  }

  get table(): TableFacts {
    return this.#table;
  }
}
