/**
 * Mends a drawn row that breaks a constraint, where drawing again would hardly help: by solving equations, by trying
 * values of one or two columns, by the next free value of a unique key, by the next free place of an exclusion.
 * What is changed is written back into the registers, so that the rest of the row's world sees what was made.
 */
import type { TableFacts } from '../../../connectors/connector.ts';
import { textAt } from '../../kernel/rows.ts';
import type { Cell } from '../../model/encoders/encoder.ts';
import type { TableModel } from '../../model/table-model.ts';
import { permuteIndex, type RandomCursor, type StreamKey } from '../../numeric/random.ts';
import type { CellColumn } from './cells.ts';
import type { GuardedKey, RowCheck, TableConstraints } from './constraints.ts';
import type { Datum, Value } from './expression.ts';
import { digest } from './unique.ts';
import type { ExclusionGuard } from './overlap.ts';
import { supportOf, type Support } from './support.ts';

const ROUNDS = 6;
/** Values of one column, and of a pair of columns, that are tried for a CHECK. */
const TRIES = 60;
const PAIR_TRIES = 120;
/** Free combinations of a unique key that are looked at for one row. */
const KEY_TRIES = 2000;
const KEY_REFUSALS = 60;

/** The row being made, as its maker holds it. */
export interface RowState {
  readonly cells: Cell[];
  readonly registers: Uint16Array;
  readonly columns: readonly CellColumn[];
}

interface FreeColumn {
  readonly at: number;
  readonly name: string;
  readonly nullable: boolean;
  /** NULL was learned. */
  readonly isSometimesNull: boolean;
  readonly support: Support | null;
  /** Values that constraints mention. */
  readonly mentioned: readonly Cell[];
}

export class RowRepair {
  readonly #row: RowState;
  readonly #constraints: TableConstraints;
  readonly #free: ReadonlyMap<string, FreeColumn>;
  readonly #at: ReadonlyMap<string, number>;
  readonly #keys: readonly GuardedKey[];
  readonly #enumerations = new Map<string, KeyEnumeration>();
  readonly #key: StreamKey;
  /** Columns that a unique key has moved while this row is mended: CHECKs leave them alone. */
  readonly #settled = new Set<string>();
  /** Combinations given to keys of the row at hand: free for another one, unless it is kept. */
  #given: { readonly group: KeyGroup; readonly cells: readonly Cell[] }[] = [];

  /** `key`: of the table's rows. */
  constructor(table: TableFacts, model: TableModel, constraints: TableConstraints, row: RowState, key: StreamKey) {
    this.#row = row;
    this.#constraints = constraints;
    this.#key = key;
    this.#keys = [...constraints.structural, ...constraints.general];
    this.#at = new Map(row.columns.map((column, i) => [column.name, i]));
    const referencing = new Set(model.foreignKeys.flatMap((foreignKey) => foreignKey.columns));
    const free = new Map<string, FreeColumn>();
    row.columns.forEach((column, at) => {
      // What a reference was chosen to agree with stays.
      if (column.maker.by !== 'encoder' || referencing.has(column.name)) return;
      const facts = table.columns.find((candidate) => candidate.name === column.name)!;
      const patterns = constraints.checks.flatMap((check) =>
        check.patterns.filter((found) => found.column === column.name),
      );
      const support = supportOf(
        column.encoder!,
        facts.type,
        patterns.map(({ pattern }) => pattern),
      );
      const constants = constraints.checks.flatMap((check) => check.constants.get(column.name) ?? []);
      const mentioned = constants.flatMap((constant) => mentionedCells(constant, column));
      const { nullable } = facts;
      const isSometimesNull = nullable && column.encoder!.parts.some((part) => part.hasNull);
      free.set(column.name, { at, name: column.name, nullable, isSometimesNull, support, mentioned });
    });
    this.#free = free;
  }

  /** The row is kept: what it takes of exclusion constraints is taken. */
  take(): void {
    this.#given = [];
    for (const guard of this.#constraints.exclusions) guard.take(guard.claimOf(this.#read));
  }

  /** Keys that hold the context reference begin anew. */
  nextParent(): void {
    for (const { guard, perParent } of this.#keys) if (perParent) this.#enumerations.get(guard.name)?.forget();
  }

  /** Null where the row satisfies everything now, else the name of what it does not. */
  mend(random: RandomCursor): string | null {
    let broken: string | null = null;
    this.#settled.clear();
    // What was mended last was not kept.
    for (const { group, cells } of this.#given) group.returned.push(cells);
    this.#given = [];
    for (let round = 0; round < ROUNDS; round++) {
      broken = this.#brokenCheck()?.name ?? null;
      if (broken !== null && !this.#mendChecks(random)) return this.#brokenCheck()?.name ?? null;
      const key = this.#keys.find(({ guard }) => this.#isTaken(guard));
      if (key !== undefined) {
        broken = key.guard.name;
        if (!this.#nextFree(key)) return broken;
        continue;
      }
      const clash = this.#constraints.exclusions.find((guard) => guard.conflicts(guard.claimOf(this.#read)));
      if (clash !== undefined) {
        broken = clash.name;
        if (!this.#place(clash)) return broken;
        continue;
      }
      if (this.#brokenCheck() === null) return null;
    }
    return broken;
  }

  // -------------------------------------------------------------------------------------------- reading and writing

  readonly #read = (column: string): Value => {
    const at = this.#at.get(column);
    return at === undefined ? null : this.#row.columns[at].read(this.#row.cells[at]);
  };

  readonly #text = (column: string): string | null => {
    const at = this.#at.get(column);
    return at === undefined ? null : this.#row.columns[at].text(this.#row.cells[at]);
  };

  #write(at: number, cell: Cell): void {
    const { maker, encoder, text } = this.#row.columns[at];
    this.#row.cells[at] = cell;
    if (maker.by === 'encoder') encoder!.encode(text(cell), this.#row.registers, maker.register);
  }

  #isTaken(guard: GuardedKey['guard']): boolean {
    return guard.isTaken(guard.digestOf(this.#text, this.#read));
  }

  #brokenCheck(): RowCheck | null {
    return this.#constraints.checks.find((check) => check.test(this.#read) === false) ?? null;
  }

  #brokenCount(): number {
    return this.#constraints.checks.reduce((count, check) => count + (check.test(this.#read) === false ? 1 : 0), 0);
  }

  // -------------------------------------------------------------------------------------------- checks

  /** Whether no CHECK is broken afterwards. */
  #mendChecks(random: RandomCursor): boolean {
    for (let round = 0; round < ROUNDS; round++) {
      const check = this.#brokenCheck();
      if (check === null) return true;
      if (!this.#solve(check) && !this.#tryOne(check, random) && !this.#tryTwo(check, random)) return false;
    }
    return this.#brokenCheck() === null;
  }

  #solve(check: RowCheck): boolean {
    const before = this.#brokenCount();
    for (const equation of check.equations) {
      const free = this.#free.get(equation.column);
      if (free === undefined) continue;
      const old = this.#row.cells[free.at];
      const cell = cellOf(equation.value(this.#read), this.#row.columns[free.at]);
      if (cell === undefined) continue;
      this.#write(free.at, cell);
      if (check.test(this.#read) !== false && this.#brokenCount() < before) return true;
      this.#write(free.at, old);
    }
    return false;
  }

  #tryOne(check: RowCheck, random: RandomCursor): boolean {
    const before = this.#brokenCount();
    for (const column of this.#open(check.columns)) {
      const old = this.#row.cells[column.at];
      for (let attempt = 0; attempt < TRIES + column.mentioned.length + 1; attempt++) {
        const cell = this.#candidate(column, attempt, random);
        if (cell === undefined) break;
        this.#write(column.at, cell);
        if (this.#brokenCount() < before) return true;
      }
      this.#write(column.at, old);
    }
    return false;
  }

  #tryTwo(check: RowCheck, random: RandomCursor): boolean {
    const before = this.#brokenCount();
    const columns = this.#open(check.columns);
    for (let i = 0; i < columns.length; i++) {
      for (let j = i + 1; j < columns.length; j++) {
        const [a, b] = [columns[i], columns[j]];
        const old = [this.#row.cells[a.at], this.#row.cells[b.at]];
        for (let attempt = 0; attempt < PAIR_TRIES; attempt++) {
          const first = this.#candidate(a, random.nextInteger(TRIES), random);
          const second = this.#candidate(b, random.nextInteger(TRIES), random);
          if (first === undefined || second === undefined) break;
          this.#write(a.at, first);
          this.#write(b.at, second);
          if (this.#brokenCount() < before) return true;
        }
        this.#write(a.at, old[0]);
        this.#write(b.at, old[1]);
      }
    }
    return false;
  }

  #open(columns: readonly string[]): readonly FreeColumn[] {
    const free = this.#freeOf(columns);
    const open = free.filter(({ name }) => !this.#settled.has(name));
    return open.length > 0 ? open : free;
  }

  #freeOf(columns: readonly string[]): readonly FreeColumn[] {
    return columns.flatMap((name) => this.#free.get(name) ?? []);
  }

  /** What constraints mention first, then NULL, then what was learned at random; undefined: nothing can be tried. */
  #candidate(column: FreeColumn, attempt: number, random: RandomCursor): Cell | undefined {
    if (attempt < column.mentioned.length) return column.mentioned[attempt];
    if (attempt === column.mentioned.length && column.nullable) return null;
    const { support } = column;
    if (support !== null) {
      // Now and then a value that was not learned: the constraint may allow nothing else.
      const learned = attempt % 4 < 3 || support.learnedCount === support.size;
      const at = learned
        ? random.nextInteger(support.learnedCount)
        : support.learnedCount + random.nextInteger(Math.min(1000, support.size - support.learnedCount));
      return support.at(at);
    }
    const { encoder } = this.#row.columns[column.at];
    if (encoder === null) return undefined;
    const codes = Uint16Array.from(encoder.parts, (part) => random.nextInteger(part.size));
    return encoder.decode(codes, 0, random);
  }

  // -------------------------------------------------------------------------------------------- unique keys

  /** Moves the row to the next combination of the key's free columns that is free. */
  #nextFree({ guard }: GuardedKey): boolean {
    const enumeration = this.#enumerationOf(guard);
    if (enumeration === null) return false;
    const { columns } = enumeration;
    const old = columns.map(({ at }) => this.#row.cells[at]);
    const fixed = guard.columns.filter((name) => !columns.some((column) => column.name === name));
    const group = enumeration.groupOf(digest(fixed.map((name) => this.#text(name) ?? '').join('\u0000')));
    const broken = this.#brokenCount();
    const write = (cells: readonly Cell[]): void => columns.forEach(({ at }, i) => this.#write(at, cells[i]));
    const settle = (cells: readonly Cell[]): boolean => {
      for (const column of columns) this.#settled.add(column.name);
      this.#given.push({ group, cells });
      return true;
    };
    // What a CHECK refused to an earlier row may suit this one.
    for (let i = 0; i < group.refused.length; i++) {
      write(group.refused[i]);
      if (this.#isTaken(guard) || this.#brokenCount() > broken) continue;
      const [cells] = group.refused.splice(i, 1);
      return settle(cells);
    }
    let free: readonly Cell[] | null = null;
    const sources = [
      () => enumeration.nextLearned(group),
      () => group.returned.shift() ?? null,
      () => enumeration.nextBeyond(group),
    ];
    for (const take of sources) {
      let refusals = 0;
      for (let attempt = 0; attempt < KEY_TRIES && refusals < KEY_REFUSALS; attempt++) {
        const cells = take();
        if (cells === null) break;
        write(cells);
        if (this.#isTaken(guard)) continue;
        if (this.#brokenCount() <= broken) return settle(cells);
        refusals++;
        free ??= cells;
        if (group.refused.length < KEY_REFUSALS) group.refused.push(cells);
      }
    }
    // Where CHECKs refuse whatever is free, the columns beside it must give way.
    write(free ?? old);
    return free !== null && settle(free);
  }

  #enumerationOf(guard: GuardedKey['guard']): KeyEnumeration | null {
    const known = this.#enumerations.get(guard.name);
    if (known !== undefined) return known;
    // What an earlier key is made of stays as that key has it, unless this one has nothing else.
    const earlier = new Set(
      this.#keys
        .slice(
          0,
          this.#keys.findIndex((key) => key.guard === guard),
        )
        .flatMap((key) => key.guard.columns),
    );
    const all = this.#freeOf(guard.columns).filter((column) => column.support !== null);
    const own = all.filter((column) => !earlier.has(column.name));
    const columns = own.length > 0 ? own : all;
    if (columns.length === 0) return null;
    const enumeration = new KeyEnumeration(columns, !guard.nullsDistinct, {
      lo: this.#key.lo ^ digest(guard.name),
      hi: this.#key.hi,
    });
    this.#enumerations.set(guard.name, enumeration);
    return enumeration;
  }

  // -------------------------------------------------------------------------------------------- exclusions

  #place(guard: ExclusionGuard): boolean {
    const claim = guard.claimOf(this.#read);
    const { placement } = guard;
    if (claim?.interval == null || placement === null) return false;
    const names = placement.by === 'range' ? [placement.column] : [placement.lower, placement.upper];
    const columns = this.#freeOf(names);
    if (columns.length < names.length) return false;
    const { lower, upper } = claim.interval;
    const length = Number.isFinite(upper - lower) ? upper - lower : fallbackLength(lower, upper);
    const start = guard.freePlace(claim, length);
    if (start === null) return false;
    const bounds = placement.by === 'range' ? null : [start, start + length];
    columns.forEach((column, i) => {
      const own = this.#row.columns[column.at];
      const cell = bounds === null ? rangeText(start, start + length, own.rangeOf) : cellOf(bounds[i], own);
      if (cell !== undefined) this.#write(column.at, cell);
    });
    return !guard.conflicts(guard.claimOf(this.#read));
  }
}

/** An unbounded range is cut to a day or a unit: there is room for one such only. */
function fallbackLength(lower: number, upper: number): number {
  const known = Number.isFinite(lower) ? lower : upper;
  return Math.abs(known) > 1e12 ? 86_400e6 : 1;
}

/** `[lower,upper)` of numbers, days or moments. */
function rangeText(lower: number, upper: number, of: CellColumn['rangeOf']): Cell | undefined {
  if (of === null) return undefined;
  const bound = (value: number): string => {
    if (of === 'number') return String(value);
    const form = of === 'date' ? 'epoch-days' : 'epoch-micros';
    const scaled = of === 'date' ? Math.round(value / 86_400e6) : value;
    return `"${textAt({ form, values: Float64Array.of(scaled), nulls: Uint8Array.of(0) }, 0)}"`;
  };
  return `[${bound(lower)},${bound(upper)})`;
}

/** Where the enumeration stands for the rows that agree in the key's other columns. */
interface KeyGroup {
  readonly id: number;
  learned: number;
  beyond: number;
  /** Combinations that were free when a CHECK refused them. */
  readonly refused: (readonly Cell[])[];
  /** Combinations of rows that were made anew after all: they come once the learned ones are used up. */
  readonly returned: (readonly Cell[])[];
}

/** All combinations of some columns' values, in an order of their own for each group of rows. */
class KeyEnumeration {
  readonly columns: readonly FreeColumn[];
  readonly #values: readonly Support[];
  readonly #learned: number;
  /** Combinations of learned values with one of the widest column that is only valid. */
  readonly #further: number;
  readonly #all: number;
  readonly #widest: number;
  readonly #key: StreamKey;
  readonly #groups = new Map<number, KeyGroup>();

  /** `withNull`: NULL is a value of the key like any other. */
  constructor(columns: readonly FreeColumn[], withNull: boolean, key: StreamKey) {
    this.columns = columns;
    this.#key = key;
    this.#values = columns.map(({ support, isSometimesNull }) =>
      withNull && isSometimesNull ? orNull(support!) : support!,
    );
    this.#learned = product(this.#values.map(({ learnedCount }) => learnedCount));
    const beyond = this.#values.map(({ size, learnedCount }) => size - learnedCount);
    this.#widest = beyond.indexOf(Math.max(...beyond));
    this.#further = product(this.#values.map(({ learnedCount }, i) => (i === this.#widest ? beyond[i] : learnedCount)));
    this.#all = product(this.#values.map(({ size }) => size));
  }

  forget(): void {
    this.#groups.clear();
  }

  groupOf(id: number): KeyGroup {
    let group = this.#groups.get(id);
    if (group === undefined) this.#groups.set(id, (group = { id, learned: 0, beyond: 0, refused: [], returned: [] }));
    return group;
  }

  /** The group's next combination of learned values, in a scrambled order; null when all have been given. */
  nextLearned(group: KeyGroup): readonly Cell[] | null {
    // Twice, since a combination that was given need not have been kept.
    if (group.learned >= 2 * this.#learned) return null;
    const key = { lo: this.#key.lo ^ group.id, hi: this.#key.hi };
    const place = permuteIndex(key, group.learned++ % this.#learned, this.#learned);
    return this.#combination(place, ({ learnedCount }) => learnedCount, 0);
  }

  /** The next one beyond them: the widest column runs on into what is only valid, then every column does. */
  nextBeyond(group: KeyGroup): readonly Cell[] | null {
    const at = group.beyond++;
    if (at < this.#further)
      return this.#combination(at, ({ learnedCount }) => learnedCount, this.#values[this.#widest].learnedCount);
    return at < this.#further + this.#all ? this.#combination(at - this.#further, ({ size }) => size, 0) : null;
  }

  #combination(place: number, sizeOf: (support: Support) => number, widestFrom: number): readonly Cell[] {
    const cells: Cell[] = [];
    let rest = place;
    this.#values.forEach((support, i) => {
      if (i === this.#widest) return;
      cells[i] = support.at(rest % sizeOf(support));
      rest = Math.floor(rest / sizeOf(support));
    });
    const widest = this.#values[this.#widest];
    const count = widestFrom > 0 ? widest.size - widestFrom : sizeOf(widest);
    cells[this.#widest] = widest.at(widestFrom + (rest % count));
    return cells;
  }
}

function orNull(support: Support): Support {
  const { size, learnedCount } = support;
  return {
    size: size + 1,
    learnedCount: learnedCount + 1,
    at: (index) => (index === 0 ? null : support.at(index - 1)),
  };
}

function product(factors: readonly number[]): number {
  return factors.reduce((all, factor) => Math.min(2 ** 50, all * factor), 1);
}

// ---------------------------------------------------------------------------------------------- data as cells

/** A datum in the form of the column's cells; undefined where it has none. */
function cellOf(value: Datum, column: CellColumn): Cell | undefined {
  if (value === null) return null;
  switch (column.form) {
    case 'number': {
      const number = typeof value === 'string' ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
      return column.decimals === undefined ? number : Number(number.toFixed(column.decimals));
    }
    case 'epoch-micros':
      return typeof value === 'number' && Number.isFinite(value) ? Math.round(value) : undefined;
    case 'epoch-days':
      return typeof value === 'number' && Number.isFinite(value) ? Math.floor(value / 86_400e6) : undefined;
    default:
      if (typeof value === 'boolean') return value ? 't' : 'f';
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  }
}

/** A constant of a CHECK, and its neighbours where it is a number: bounds are often excluded. */
function mentionedCells(constant: Value, column: CellColumn): readonly Cell[] {
  const read =
    column.form === 'epoch-days' || column.form === 'epoch-micros' ? column.read(constant as Cell) : constant;
  const cell = cellOf(read, column);
  if (cell === undefined || cell === null) return [];
  if (typeof cell !== 'number') return [cell];
  const step =
    column.form === 'epoch-micros'
      ? 86_400e6
      : column.decimals === undefined
        ? Math.max(1e-6, Math.abs(cell) * 1e-3)
        : 10 ** -column.decimals;
  return [cell, cell + step, cell - step].map((near) =>
    column.decimals === undefined ? near : Number(near.toFixed(column.decimals)),
  );
}
