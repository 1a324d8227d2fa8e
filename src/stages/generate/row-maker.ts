/** Makes the rows of one table, one after the other: draws, decodes, chooses references, and tries again on a clash. */
import type { TableFacts } from '../../../connectors/connector.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import type { Cell } from '../../model/encoders/encoder.ts';
import { NumberEncoder } from '../../model/encoders/number.ts';
import type { ForeignKeyModel, Register, TableModel } from '../../model/table-model.ts';
import { RandomCursor, streamKey, type StreamKey } from '../../numeric/random.ts';
import { Calendar } from './calendar.ts';
import { cellColumns, type CellColumn } from './cells.ts';
import { tableConstraints, type GuardedKey, type SchemaFacts, type TableConstraints } from './constraints.ts';
import { StoredKey } from './key-column.ts';
import { MomentMaker } from './moment-maker.ts';
import type { ReferenceChooser } from './references.ts';
import { PartitionKeys } from './partition-keys.ts';
import { RowRepair } from './repair.ts';
import type { MinedRule } from '../../model/rules.ts';
import { RowRules } from './row-rules.ts';
import type { RowView } from './rules/row-view.ts';
import { RowSteering, type SteeredColumn } from './steering.ts';
import { ReachedCodes } from './reached-codes.ts';
import { Tally } from './tally.ts';
import { countKey, hopOf, type MadeTable } from './world.ts';

/** Draws of a row before the table is given up. */
const MAX_TRIES = 200;
/** Draws after which a hidden rule, which the schema does not ask for, no longer holds a row up. */
const RULE_TRIES = 100;
/** Draws after which any row will do for a reference; what then lies out of bounds is moved. */
const ADMIT_TRIES = 20;
/** Draws after which a value out of bounds is moved rather than the row drawn again. */
const MOVE_AFTER = 4;
/** Draws after which a row that breaks a constraint is mended rather than drawn again. */
const MEND_AFTER = 8;
const PLACE_CAP = 40;
const STEERED = 'what its `steer` fixes';

/** Where a row stands: its parent (−1: none), its index and the number of its siblings. */
export interface Place {
  readonly parent: number;
  readonly index: number;
  readonly count: number;
}

/**
 * `only`: rows are made once. `first`: made to be known, and thrown away; `second`: made again, the same but for what
 * could not be known the first time (references to tables made since, sums over children).
 */
export type Pass = 'only' | 'first' | 'second';

export interface RowMakerOptions {
  readonly table: TableFacts;
  readonly schema: SchemaFacts;
  readonly model: TableModel;
  readonly made: MadeTable;
  readonly parent: MadeTable | null;
  readonly choosers: readonly ReferenceChooser[];
  readonly tables: ReadonlyMap<string, MadeTable>;
  /** Registers that something looks at. */
  readonly used: ReadonlySet<number>;
  readonly seed: number;
  readonly pass: Pass;
  /** Columns that only the second pass knows. */
  readonly late: ReadonlySet<string>;
  readonly steering: readonly SteeredColumn[] | null;
}

export class RowMaker implements RowView {
  readonly columns: readonly CellColumn[];
  readonly cells: Cell[];
  readonly #model: TableModel;
  readonly #made: MadeTable;
  readonly #parent: MadeTable | null;
  readonly #contextKey: string | null;
  readonly #choosers: readonly ReferenceChooser[];
  readonly #constraints: TableConstraints;
  readonly #repair: RowRepair;
  /** By chooser: keys of assigned columns that are complete once it has chosen. */
  readonly #completedBy: readonly (readonly GuardedKey[])[];
  readonly #guards: readonly GuardedKey[];
  readonly #steering: RowSteering | null;
  /** What a value of each column must be, where it is fixed. */
  readonly #wanted: readonly SteeredColumn[];
  readonly #moments: MomentMaker;
  readonly #calendar: Calendar;
  readonly #rules: RowRules;
  readonly #late: ReadonlySet<string>;
  readonly #later: ReadonlySet<ReferenceChooser>;
  readonly #tally: Tally;
  readonly #partitionKeys: PartitionKeys;
  readonly #pass: Pass;
  readonly #key: StreamKey;
  readonly #cursors: RandomCursor[] = [];
  readonly #registers: Uint16Array;
  readonly #previous: Uint16Array;
  readonly #columnAt: ReadonlyMap<string, number>;
  readonly #counts: readonly {
    readonly register: number;
    readonly encoder: NumberEncoder;
    readonly into: Uint32Array;
  }[];
  readonly #kept: readonly (readonly [number, Uint16Array])[];
  readonly #context: readonly { readonly at: number; readonly register: Register }[];
  readonly #reached: ReachedCodes;
  /** Own columns that keys set. */
  readonly #keyColumns: readonly number[];
  /** What a reference is compared with before it is drawn: not what the row before had. */
  readonly #comparedColumns: readonly number[];
  /** Keys that others, or later rows, reference, in so far as this pass settles them; those that `mask` makes are kept when it has. */
  readonly #storedKeys: readonly (readonly [string, StoredKey])[];
  /** Row behind each foreign key of the row at hand; absent: none. */
  readonly #chosen = new Map<string, { readonly table: MadeTable; readonly row: number }>();
  /** Hidden rules that no draw could keep, and in how many rows. */
  readonly gaveUp = new Map<MinedRule, number>();
  #digests: (number | null)[] = [];

  constructor({
    table,
    schema,
    model,
    made,
    parent,
    choosers,
    tables,
    used,
    seed,
    pass,
    late,
    steering,
  }: RowMakerOptions) {
    this.#model = model;
    this.#contextKey = model.foreignKeys.find((key) => key.maker.by === 'context')?.name ?? null;
    this.#made = made;
    this.#parent = parent;
    this.#choosers = choosers;
    this.#late = late;
    this.#later = new Set(pass === 'second' ? choosers.filter(({ key }) => !made.chosen.has(key.name)) : []);
    this.#pass = pass;
    this.#constraints = tableConstraints(table, model, schema);
    this.#completedBy = choosers.map((_, i) =>
      this.#constraints.structural.filter(({ guard }) => lastChooserOf(guard.columns, choosers, model) === i),
    );
    this.#guards = [...this.#constraints.structural, ...this.#constraints.general];
    this.#key = streamKey(seed, 'rows', model.id);
    this.columns = cellColumns(table, model);
    this.cells = new Array<Cell>(this.columns.length).fill(null);
    this.#registers = new Uint16Array(model.registers.length);
    this.#repair = new RowRepair(
      table,
      model,
      this.#constraints,
      { cells: this.cells, registers: this.#registers, columns: this.columns },
      this.#key,
    );
    this.#previous = new Uint16Array(model.registers.length);
    this.#columnAt = new Map(this.columns.map((column, i) => [column.name, i]));
    this.#steering = steering === null ? null : new RowSteering(model, steering);
    this.#wanted = (steering ?? []).filter(({ kind }) => kind === 'where');
    this.#moments = new MomentMaker(model, this.columns, made, parent);
    this.#calendar = new Calendar(model, this.columns);
    this.#rules = new RowRules(model, this.columns, tables);
    const isKey = new Set(model.foreignKeys.flatMap((key) => key.columns));
    this.#comparedColumns = this.#rules.comparedColumns.flatMap((name) =>
      isKey.has(name) ? [] : [this.#columnAt.get(name)!],
    );
    this.#tally = new Tally(model, tables);
    this.#partitionKeys = new PartitionKeys(table, model, tables);
    this.#counts = model.incoming.map((count) => ({
      register: count.register,
      encoder: NumberEncoder.fromJson(count.encoder),
      into: made.counts.get(countKey(count.table, count.foreignKey))!,
    }));
    this.#kept = [...made.codes];
    const masked = new Set(this.columns.filter(({ maker }) => maker.by === 'mask').map(({ name }) => name));
    this.#storedKeys = [...made.keys].flatMap(([name, key]) =>
      key instanceof StoredKey && !masked.has(name) && (pass !== 'second' || late.has(name))
        ? [[name, pass === 'second' ? new StoredKey() : key] as const]
        : [],
    );
    if (pass === 'first') {
      for (const { key } of choosers) made.chosen.set(key.name, new Int32Array(made.rowCount).fill(-1));
    }
    this.#context = model.registers.flatMap((register, at) =>
      register.origin === 'own' || register.origin === 'reached' ? [] : [{ at, register }],
    );
    this.#reached = new ReachedCodes(model, tables, used);
    this.#keyColumns = this.columns.flatMap(({ maker }, c) => (maker.by === 'foreign-key' ? [c] : []));
  }

  /** Makes row `row`; its cells are then in `cells`. Throws `GENERATE_UNSATISFIABLE`. */
  make(row: number, place: Place): void {
    if (place.index === 0) {
      for (const { guard, perParent } of this.#guards) if (perParent) guard.forget();
      this.#repair.nextParent();
    }
    this.#readContext(place);
    if (this.#pass === 'second') {
      const attempt = this.#made.attempts[row];
      this.#try(row, place, attempt);
      this.#mended(row, place, attempt);
      this.#moments.settle(this.cells);
      this.#tally.fillIn(
        row,
        this.#made,
        (column) => this.text(column) === null,
        (column, cell) => this.set(column, cell),
      );
      this.#assign(row, place, this.#cursor(2 * MAX_TRIES + 11).seek(row), attempt, 'last');
      this.#rules.apply(this, place);
      if (this.#rules.mendLate(this, place, this.#cursor(2 * MAX_TRIES + 12).seek(row), this.#late))
        this.#rules.apply(this, place);
      // What the schema asks for precedes what was found: sums over children may break a CHECK.
      if (this.#violated(RULE_TRIES) !== null) this.#repair.mend(this.#cursor(MAX_TRIES + 2).seek(row));
      for (const { guard } of this.#guards) guard.take(guard.digestOf(this.text, this.read));
      this.#repair.take();
      this.#keepKeys();
      this.#tally.add('others', this.#chosen, this.read, this.text);
      this.#steering?.settle();
      this.#remember(row);
      return;
    }
    let broken = '';
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const failed = this.#try(row, place, attempt) ?? this.#mended(row, place, attempt) ?? this.#unwanted();
      if (failed === null) {
        this.#steering?.settle();
        this.#commit(row, attempt);
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

  /** All rows are made: what only the second pass knew is what others see from now on. */
  finish(): void {
    if (this.#pass === 'second') for (const [name, key] of this.#storedKeys) this.#made.keys.set(name, key);
  }

  readonly text = (column: string): string | null => {
    const at = this.#columnAt.get(column);
    return at === undefined ? null : this.columns[at].text(this.cells[at]);
  };

  readonly read = (column: string): ReturnType<CellColumn['read']> => {
    const at = this.#columnAt.get(column);
    return at === undefined ? null : this.columns[at].read(this.cells[at]);
  };

  /** Text of a column of the row behind a foreign key; null where there is none. */
  parentText(foreignKey: string, column: string): string | null {
    const chosen = this.#chosen.get(foreignKey);
    const key = chosen?.table.keys.get(column);
    return chosen === undefined || key === undefined || key.isNull(chosen.row) ? null : key.textAt(chosen.row);
  }

  set(column: string, cell: Cell): void {
    this.cells[this.#columnAt.get(column)!] = cell;
  }

  /** One draw of the whole row; gives the name of what could not be satisfied, or null. */
  #try(row: number, place: Place, attempt: number): string | null {
    const random = this.#cursor(attempt).seek(row);
    const { rowModel } = this.#model;
    this.#chosen.clear();
    for (const c of this.#keyColumns) this.cells[c] = null;
    for (const c of this.#comparedColumns) this.cells[c] = null;
    this.#reached.fill(this.#registers, (key) => (key === this.#contextKey ? place.parent : -1));
    const steering = this.#steering;
    const fitting = steering?.choose(this.#registers, this.cells, random, () => {
      this.#drawBefore(place, random);
      return steering.drawRest(this.#registers, random);
    });
    if (fitting === undefined) this.#drawBefore(place, random);
    else this.#moments.settle(this.cells);
    // Of other numbers than the row's own: chosen rows are not chosen again in the second pass.
    const early = this.#cursor(MAX_TRIES + 3 + attempt).seek(row);
    const failed = this.#assign(row, place, early, attempt, 'early');
    if (failed !== null) return failed;
    this.#reached.fill(this.#registers, (key) => this.#chosen.get(key)?.row ?? -1);
    if (steering === null) rowModel?.rest?.drawRow(this.#registers, random);
    else if (!this.#steerRest(steering, random, fitting === true)) return STEERED;
    this.#decode(row, place, random);
    const left = this.#assign(row, place, random, attempt, 'late');
    if (left !== null) return left;
    const isChosen = (key: string): boolean => this.#chosen.has(key);
    this.#partitionKeys.fill(this.read, isChosen, this.#cursor(2 * MAX_TRIES + 3).seek(row), (key, table, to) => {
      this.#chosen.set(key.name, { table, row: to });
      key.columns.forEach((column, i) => this.set(column, table.keys.get(key.referencedColumns[i])!.textAt(to)));
    });
    return this.#follow(place);
  }

  /** The moments, and what the references are like. */
  #drawBefore(place: Place, random: RandomCursor): void {
    const { rowModel } = this.#model;
    rowModel?.moments?.drawRow(this.#registers, random);
    this.#moments.decode(this.#registers, place, this.cells, random);
    this.#calendar.fill(this.#registers, this.cells);
    rowModel?.keys?.drawRow(this.#registers, random);
  }

  /** Once more, now that the rows behind the references are known, where anything is told from them. */
  #steerRest(steering: RowSteering, random: RandomCursor, isDrawn: boolean): boolean {
    const isTold = ({ origin, path }: Register): boolean => origin === 'reached' && path?.[0] !== this.#contextKey;
    if (!this.#model.registers.some(isTold)) return isDrawn;
    return steering.choose(this.#registers, this.cells, random, () => steering.drawRest(this.#registers, random));
  }

  /** A rule may have given a column another value than it is fixed to. */
  #unwanted(): string | null {
    return this.#wanted.every(({ column, values }) => values.has(this.text(column))) ? null : STEERED;
  }

  /** Name of what the row still breaks, after mending it where drawing again has not helped; or null. */
  #mended(row: number, place: Place, attempt: number): string | null {
    let broken = this.#violated(attempt);
    if (broken === null || attempt < MOVE_AFTER) return broken;
    if (this.#rules.mend(this, place, this.#cursor(2 * MAX_TRIES + 10).seek(row))) {
      this.#rules.apply(this, place);
      broken = this.#violated(attempt);
    }
    if (broken === null || attempt < MEND_AFTER) return broken;
    const random = this.#cursor(MAX_TRIES + 1).seek(row);
    if (this.#repair.mend(random) !== null) return this.#violated(attempt);
    // What follows by a hidden rule follows from what was mended; unless that breaks a constraint again.
    this.#rules.apply(this, place);
    if (this.#violated(RULE_TRIES) !== null) this.#repair.mend(random);
    return this.#violated(attempt);
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
          this.#registers[at] = this.#placeOf(register.from, place);
          break;
        default:
          this.#registers[at] =
            place.index === 0 || place.parent < 0 ? register.size - 1 : this.#previous[register.from];
      }
    }
  }

  /** Index, number of siblings, how many are still to come, and how much time they have. */
  #placeOf(what: number, place: Place): number {
    if (what === 3) return this.#moments.paceOf(place);
    const { index, count } = place;
    return Math.min(PLACE_CAP, what === 0 ? index : what === 1 ? count : count - 1 - index);
  }

  #decode(row: number, place: Place, random: RandomCursor): void {
    for (let c = 0; c < this.columns.length; c++) {
      const { maker, encoder } = this.columns[c];
      switch (maker.by) {
        case 'encoder':
          if (!this.#moments.makes(c)) this.cells[c] = encoder!.decode(this.#registers, maker.register, random);
          break;
        case 'moment':
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
        case 'foreign-key':
          break;
        default:
          this.cells[c] = null;
      }
    }
  }

  /** Chooses the references that come before the row's values, those that come after, or those that waited for all rows. */
  #assign(
    row: number,
    place: Place,
    random: RandomCursor,
    attempt: number,
    when: 'early' | 'late' | 'last',
  ): string | null {
    for (let i = 0; i < this.#choosers.length; i++) {
      const chooser = this.#choosers[i];
      const turn = this.#later.has(chooser) ? 'last' : chooser.isEarly ? 'early' : 'late';
      if (turn !== when || !chooser.isChosen(this.#registers)) continue;
      // Of a given parent the row is moved to where it fits.
      const isGiven = chooser.key.maker.by === 'context';
      const accept = (parent: number): boolean => {
        if (!chooser.agrees(parent, this.text)) return false;
        this.#refer(chooser, parent);
        if (!isGiven && attempt < ADMIT_TRIES && !this.#rules.admits(chooser.key.name, this)) return false;
        return this.#completedBy[i].every(({ guard }) => !guard.isTaken(guard.digestOf(this.text, this.read)));
      };
      const before = this.#pass === 'second' ? this.#made.chosen.get(chooser.key.name) : undefined;
      if (before !== undefined) {
        // What was chosen then is what others were told.
        this.#refer(chooser, before[row] < 0 ? null : before[row]);
        continue;
      }
      const choices = attempt < RULE_TRIES ? this.#rules.choicesFor(chooser.key, this) : null;
      const redraw = (register: number, admits: (code: number) => boolean): number =>
        this.#redraw(register, admits, random);
      const parent = chooser.choose({ row, place, registers: this.#registers, random, accept, choices, redraw });
      if (parent === 'impossible') return chooser.key.name;
      if (parent === null) this.#refer(chooser, null);
      else if (!accept(parent)) return this.#constraints.structural[0]?.guard.name ?? chooser.key.name;
    }
    return null;
  }

  /** A code of the rest of the row among those that are admitted, as likely as the model says; −1: none. */
  #redraw(register: number, admits: (code: number) => boolean, random: RandomCursor): number {
    const chain = this.#model.rowModel?.rest;
    const conditional = chain?.conditionals[register - chain.contextCount];
    const code = conditional?.drawWhere(this.#registers, random.next(), admits) ?? -1;
    if (code >= 0) this.#registers[register] = code;
    return code;
  }

  #refer(chooser: ReferenceChooser, parent: number | null): void {
    this.#write(chooser.key, parent === null ? null : chooser.keyTexts(parent));
    if (parent === null) this.#chosen.delete(chooser.key.name);
    else this.#chosen.set(chooser.key.name, { table: chooser.parent, row: parent });
  }

  /** What follows from the references: keys along a second path, copies, and hidden rules. */
  #follow(place: Place): string | null {
    for (const key of this.#model.foreignKeys) {
      const { maker } = key;
      if (maker.by !== 'through' || (maker.register >= 0 && this.#registers[maker.register] > 0)) continue;
      const texts = maker.parentColumns.map((column) => this.parentText(maker.through, column));
      this.#write(key, texts.includes(null) ? null : texts);
    }
    for (let c = 0; c < this.columns.length; c++) {
      const { maker, parse } = this.columns[c];
      if (maker.by === 'copy') this.cells[c] = parse(this.parentText(maker.foreignKey, maker.parentColumn));
    }
    this.#rules.apply(this, place);
    return null;
  }

  #write(key: ForeignKeyModel, texts: readonly (string | null)[] | null): void {
    for (let i = 0; i < key.columns.length; i++) {
      const at = this.#columnAt.get(key.columns[i])!;
      const { maker } = this.columns[at];
      // A column that an earlier key owns keeps its value.
      if (maker.by !== 'foreign-key' || maker.foreignKey !== key.name) continue;
      this.cells[at] = texts === null ? null : texts[i];
    }
  }

  #violated(attempt: number): string | null {
    for (const check of this.#constraints.checks) if (check.test(this.read) === false) return check.name;
    this.#digests = this.#guards.map(({ guard }) => guard.digestOf(this.text, this.read));
    for (let i = 0; i < this.#guards.length; i++) {
      if (this.#guards[i].guard.isTaken(this.#digests[i])) return this.#guards[i].guard.name;
    }
    for (const guard of this.#constraints.exclusions) if (guard.conflicts(guard.claimOf(this.read))) return guard.name;
    const broken = attempt < RULE_TRIES ? this.#rules.broken(this) : null;
    return broken === null ? null : `the rule ${broken.kind}`;
  }

  #commit(row: number, attempt: number): void {
    this.#moments.settle(this.cells);
    this.#guards.forEach(({ guard }, i) => guard.take(this.#digests[i]));
    this.#repair.take();
    const broken = attempt < RULE_TRIES ? null : this.#rules.broken(this);
    if (broken !== null) this.gaveUp.set(broken, (this.gaveUp.get(broken) ?? 0) + 1);
    if (this.#pass === 'first') {
      this.#made.attempts[row] = attempt;
      for (const [name, rows] of this.#made.chosen) rows[row] = this.#chosen.get(name)?.row ?? -1;
    }
    for (const [register, codes] of this.#kept) codes[row] = this.#registers[register];
    for (const [key, rows] of this.#made.links) rows[row] = this.#chosen.get(key)?.row ?? -1;
    for (const count of this.#counts) {
      const value =
        count.encoder.decode(this.#registers[count.register], this.#cursor(MAX_TRIES).seek(row).next()) ?? 0;
      count.into[row] = Math.max(0, Math.round(value));
    }
    this.#keepKeys();
    this.#moments.keep(row, this.cells);
    this.#tally.add(this.#pass === 'first' ? 'own' : 'others', this.#chosen, this.read, this.text);
    this.#remember(row);
  }

  #keepKeys(): void {
    for (const [column, key] of this.#storedKeys) {
      const hop = hopOf(column);
      key.push(hop === null ? this.text(column) : this.parentText(hop.foreignKey, hop.column));
    }
  }

  /** What the next row may look back on. */
  #remember(row: number): void {
    for (const chooser of this.#choosers) chooser.commit(row, this.#made);
    this.#previous.set(this.#registers);
    this.#moments.remember();
    this.#rules.remember(this.cells, this);
  }
}

/** The last chooser that sets one of the columns; the very last where none does, or where the row's values matter too. */
function lastChooserOf(columns: readonly string[], choosers: readonly ReferenceChooser[], model: TableModel): number {
  const isDrawn = (name: string): boolean =>
    model.columns.find((column) => column.name === name)?.maker.by === 'encoder';
  if (columns.some(isDrawn)) return choosers.length - 1;
  const setting = choosers.flatMap(({ key }, i) => (key.columns.some((column) => columns.includes(column)) ? [i] : []));
  return setting.at(-1) ?? choosers.length - 1;
}
