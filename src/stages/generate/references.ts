/** How the row that a foreign key references is chosen: one chooser per key, by what `learn` decided. */
import type { ForeignKeyModel, TableModel } from '../../model/table-model.ts';
import { streamKey, uniformAt, type RandomCursor } from '../../numeric/random.ts';
import { QuotaChooser, scaleQuotas } from './quota.ts';
import { countKey, type MadeTable } from './world.ts';

export interface Choice {
  readonly row: number;
  readonly place: { readonly parent: number };
  readonly registers: Uint16Array;
  readonly random: RandomCursor;
  /** Whether the key agrees with what is assigned already, and no unique key is hurt. */
  readonly accept: (parent: number) => boolean;
  /** Values of the key's one column that it must have, the better ones first; null: any. */
  readonly choices: readonly (readonly string[])[] | null;
  /** Another code of a register, among those that are admitted; −1: none. */
  readonly redraw: (register: number, admits: (code: number) => boolean) => number;
}

export interface ReferenceChooser {
  readonly key: ForeignKeyModel;
  readonly parent: MadeTable;
  /** Chosen before the row's own values are drawn. */
  readonly isEarly: boolean;
  /** Whether the key is chosen at all in this row, rather than following from another. */
  isChosen(registers: Uint16Array): boolean;
  /** Row of the referenced table, null for no reference, or `impossible`. */
  choose(choice: Choice): number | null | 'impossible';
  keyTexts(parent: number): readonly string[];
  /** Whether columns that other keys have set hold this parent's values. */
  agrees(parent: number, text: (column: string) => string | null): boolean;
  /** The row is being made again. */
  withdraw(): void;
  commit(row: number, made: MadeTable): void;
}

/** `shared`: positions in the key of columns that an earlier key has set. */
abstract class Chooser implements ReferenceChooser {
  readonly key: ForeignKeyModel;
  readonly parent: MadeTable;
  readonly shared: readonly number[];

  constructor(key: ForeignKeyModel, parent: MadeTable, shared: readonly number[]) {
    this.key = key;
    this.parent = parent;
    this.shared = shared;
  }

  get isEarly(): boolean {
    return this.key.maker.by === 'context' || (this.key.maker.by === 'quota' && this.key.maker.early);
  }

  isChosen(_registers: Uint16Array): boolean {
    return true;
  }

  abstract choose(choice: Choice): number | null | 'impossible';

  keyTexts(parent: number): readonly string[] {
    return this.key.referencedColumns.map((column) => this.parent.keys.get(column)!.textAt(parent));
  }

  agrees(parent: number, text: (column: string) => string | null): boolean {
    return this.shared.every(
      (i) => this.parent.keys.get(this.key.referencedColumns[i])!.textAt(parent) === text(this.key.columns[i]),
    );
  }

  withdraw(): void {}
  commit(_row: number, _made: MadeTable): void {}

  protected isReferable(parent: number): boolean {
    return this.key.referencedColumns.every((column) => !this.parent.keys.get(column)!.isNull(parent));
  }
}

class ContextChooser extends Chooser {
  choose(choice: Choice): number | null {
    return choice.place.parent < 0 ? null : choice.place.parent;
  }
}

class CategoryChooser extends Chooser {
  choose({ registers, random, accept, redraw }: Choice): number | null | 'impossible' {
    const maker = this.key.maker as Extract<ForeignKeyModel['maker'], { by: 'category' }>;
    const code = registers[maker.register];
    if (code >= maker.rows.length) {
      if (maker.hasNull) return null;
      return this.#anyRow(random, accept);
    }
    const row = maker.rows[code];
    const chosen = row >= 0 ? row : maker.pooled[random.nextInteger(maker.pooled.length)];
    if (accept(chosen)) return chosen;
    const other = redraw(maker.register, (another) => (maker.rows[another] ?? -1) >= 0 && accept(maker.rows[another]));
    return other >= 0 ? maker.rows[other] : this.#anyRow(random, accept);
  }

  #anyRow(random: RandomCursor, accept: (parent: number) => boolean): number | 'impossible' {
    for (let tries = 0; tries < 100; tries++) {
      const row = random.nextInteger(this.parent.rowCount);
      if (accept(row)) return row;
    }
    return 'impossible';
  }
}

class QuotaReferenceChooser extends Chooser {
  readonly #quota: QuotaChooser;
  /** With shared columns: rows of the parent by the values that they must agree in. */
  readonly #groups: ReadonlyMap<string, number[]> | null;
  readonly #ownText: (column: string) => string | null;
  #held: number | null = null;
  #rowOf: ReadonlyMap<string, number> | null = null;

  constructor(
    key: ForeignKeyModel,
    parent: MadeTable,
    shared: readonly number[],
    quota: QuotaChooser,
    text: (column: string) => string | null,
  ) {
    super(key, parent, shared);
    this.#quota = quota;
    this.#ownText = text;
    this.#groups = shared.length === 0 ? null : this.#group();
  }

  choose(choice: Choice): number | null | 'impossible' {
    const { register } = this.key.maker as { register: number };
    return register >= 0 && choice.registers[register] === 1 ? null : this.chooseRow(choice);
  }

  protected chooseRow({ random, accept, choices }: Choice): number | null | 'impossible' {
    const referable = (parent: number): boolean => this.isReferable(parent) && accept(parent);
    if (choices !== null) return this.#among(choices, random, referable);
    if (this.#groups !== null) return this.#fromGroup(random, referable);
    const chosen = this.#quota.choose(referable, random);
    if (chosen < 0) return this.#orNothing();
    this.#held = chosen;
    return chosen;
  }

  /** One of the given values: how often each is offered is what it is chosen by. */
  #among(
    choices: readonly (readonly string[])[],
    random: RandomCursor,
    accept: (parent: number) => boolean,
  ): number | null | 'impossible' {
    this.#rowOf ??= this.#rowsByKey();
    for (const texts of choices) {
      const start = random.nextInteger(Math.max(1, texts.length));
      for (let i = 0; i < texts.length; i++) {
        const row = this.#rowOf.get(texts[(start + i) % texts.length]);
        if (row !== undefined && accept(row)) return row;
      }
    }
    return this.#orNothing();
  }

  #rowsByKey(): Map<string, number> {
    const rows = new Map<string, number>();
    const key = this.parent.keys.get(this.key.referencedColumns[0])!;
    for (let row = 0; row < this.parent.rowCount; row++) if (!key.isNull(row)) rows.set(key.textAt(row), row);
    return rows;
  }

  override withdraw(): void {
    if (this.#held !== null) this.#quota.giveBack(this.#held);
    this.#held = null;
  }

  override commit(): void {
    this.#held = null;
  }

  #group(): Map<string, number[]> {
    const groups = new Map<string, number[]>();
    for (let row = 0; row < this.parent.rowCount; row++) {
      const key = JSON.stringify(
        this.shared.map((i) => this.parent.keys.get(this.key.referencedColumns[i])!.textAt(row)),
      );
      const list = groups.get(key);
      if (list === undefined) groups.set(key, [row]);
      else list.push(row);
    }
    return groups;
  }

  #fromGroup(random: RandomCursor, accept: (parent: number) => boolean): number | null | 'impossible' {
    const rows = this.#groups!.get(JSON.stringify(this.shared.map((i) => this.#ownText(this.key.columns[i])))) ?? [];
    for (let tries = 0; tries < 50 && rows.length > 0; tries++) {
      const row = rows[random.nextInteger(rows.length)];
      if (accept(row)) return row;
    }
    return rows.find((row) => accept(row)) ?? this.#orNothing();
  }

  /** No row fits: then no reference, where that is allowed. */
  #orNothing(): null | 'impossible' {
    return (this.key.maker as { register: number }).register >= 0 ? null : 'impossible';
  }
}

/** A key that follows another path but for exceptions: these are chosen. */
class ExceptionChooser extends QuotaReferenceChooser {
  override isChosen(registers: Uint16Array): boolean {
    return registers[(this.key.maker as { register: number }).register] !== AGREES;
  }

  override choose(choice: Choice): number | null | 'impossible' {
    const { register } = this.key.maker as { register: number };
    return choice.registers[register] === ANOTHER ? this.chooseRow(choice) : null;
  }
}

/** Codes of a key that nearly always follows another path. */
const AGREES = 0;
const ANOTHER = 1;

/** A forest: every row but a root hangs on a row made before it that still wants children. */
class ForestChooser extends Chooser {
  /** Rows that want children, once for each; by the values that a child must share with its parent. */
  readonly #wanting = new Map<string, number[]>();
  readonly #self: string;
  readonly #ownText: (column: string) => string | null;
  #row = -1;
  #held: { readonly list: number[]; readonly at: number } | null = null;

  constructor(
    key: ForeignKeyModel,
    own: MadeTable,
    shared: readonly number[],
    self: string,
    text: (column: string) => string | null,
  ) {
    super(key, own, shared);
    this.#self = self;
    this.#ownText = text;
  }

  choose({ row, registers, random, accept }: Choice): number | null | 'impossible' {
    const { register } = this.key.maker as { register: number };
    const isRoot = register >= 0 && registers[register] === 1;
    this.#row = row;
    this.#held = null;
    const list = this.#wanting.get(this.#group());
    if (!isRoot && list !== undefined) {
      for (let tries = 0; tries < 30 && list.length > 0; tries++) {
        const at = random.nextInteger(list.length);
        if (!accept(list[at])) continue;
        this.#held = { list, at };
        return list[at];
      }
      const at = list.findIndex((parent) => accept(parent));
      if (at >= 0) {
        this.#held = { list, at };
        return list[at];
      }
    }
    // Where no row wants a child, because so few had any, an earlier one gets it.
    for (let tries = 0; tries < 30 && row > 0 && register >= 0 && !isRoot; tries++) {
      const earlier = random.nextInteger(row);
      if (this.isReferable(earlier) && accept(earlier)) return earlier;
    }
    // A root references nothing, or itself where the key may not be NULL.
    if (this.key.nullRate > 0) return null;
    // A referenced unique key may be NULL, and then cannot be referenced, by the row itself either.
    return this.key.referencedColumns.some((column) => this.#ownText(column) === null) ? 'impossible' : row;
  }

  /** The row itself is not kept yet: its key is what it holds. */
  override keyTexts(parent: number): readonly string[] {
    if (parent !== this.#row) return super.keyTexts(parent);
    return this.key.referencedColumns.map((column) => this.#ownText(column)!);
  }

  override agrees(parent: number, text: (column: string) => string | null): boolean {
    return parent === this.#row || super.agrees(parent, text);
  }

  override withdraw(): void {
    this.#held = null;
  }

  override commit(row: number, made: MadeTable): void {
    if (this.#held !== null) {
      const { list, at } = this.#held;
      list[at] = list[list.length - 1];
      list.pop();
    }
    const wanted = made.counts.get(countKey(this.#self, this.key.name))?.[row] ?? 0;
    if (wanted > 0) {
      const group = this.#group();
      let list = this.#wanting.get(group);
      if (list === undefined) this.#wanting.set(group, (list = []));
      for (let i = 0; i < wanted; i++) list.push(row);
    }
    this.#held = null;
  }

  #group(): string {
    return JSON.stringify(this.shared.map((i) => this.#ownText(this.key.columns[i])));
  }
}

/** One of the row's own children, which lie together in the order in which they are made. */
class OwnChildChooser extends Chooser {
  readonly #starts: Float64Array;

  constructor(key: ForeignKeyModel, children: MadeTable, shared: readonly number[], counts: Uint32Array) {
    super(key, children, shared);
    this.#starts = new Float64Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) this.#starts[i + 1] = this.#starts[i] + counts[i];
  }

  choose({ row, registers, random, accept }: Choice): number | null | 'impossible' {
    const { register } = this.key.maker as { register: number };
    if (register >= 0 && registers[register] === 1) return null;
    const count = this.#starts[row + 1] - this.#starts[row];
    for (let tries = 0; tries < 4 * count; tries++) {
      const child = this.#starts[row] + random.nextInteger(count);
      if (this.isReferable(child) && accept(child)) return child;
    }
    return register >= 0 || this.key.nullRate > 0 ? null : 'impossible';
  }
}

/** Columns of keys that no key sets: they are made like others, and the references must agree with them. */
function givenColumns(model: TableModel): readonly string[] {
  return model.columns.flatMap(({ name, maker }) =>
    maker.by !== 'foreign-key' && maker.by !== 'mask' && maker.by !== 'null' && maker.by !== 'copy' ? [name] : [],
  );
}

/** Choosers of a table's keys in the order of assignment. `text` reads the row being made. */
export function referenceChoosers(
  model: TableModel,
  own: MadeTable,
  tables: ReadonlyMap<string, MadeTable>,
  rowCount: number,
  seed: number,
  text: (column: string) => string | null,
  cycle: { readonly later: ReadonlySet<string>; readonly withLater: boolean },
): readonly ReferenceChooser[] {
  const choosers: ReferenceChooser[] = [];
  const assigned = new Set<string>(givenColumns(model));
  // Keys that wait for the second pass come last, so that they leave the draws of the others as they were.
  const rank = (key: ForeignKeyModel): number => {
    if (cycle.later.has(key.name)) return 1000;
    if (key.maker.by === 'context') return -1000;
    // Whose row it may be depends on what the others lead to.
    if (key.maker.by === 'forest') return 500;
    return key.maker.by === 'quota' && key.maker.early ? -500 : -key.columns.length;
  };
  for (const key of [...model.foreignKeys].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))) {
    if (key.maker.by === 'implied' || key.maker.by === 'null') continue;
    if (key.maker.by === 'through' && key.maker.register < 0) continue;
    if (cycle.later.has(key.name) && !cycle.withLater) continue;
    const parent = tables.get(key.referencedTable)!;
    const shared = key.columns.flatMap((column, i) => (assigned.has(column) ? [i] : []));
    for (const column of key.columns) assigned.add(column);
    switch (key.maker.by) {
      case 'context':
        choosers.push(new ContextChooser(key, parent, shared));
        break;
      case 'category':
        choosers.push(new CategoryChooser(key, parent, shared));
        break;
      case 'forest':
        choosers.push(new ForestChooser(key, own, shared, model.id, text));
        break;
      case 'own-child':
        choosers.push(
          new OwnChildChooser(
            key,
            parent,
            shared,
            own.counts.get(countKey(parent.model.id, key.maker.childForeignKey))!,
          ),
        );
        break;
      case 'through':
      case 'quota': {
        const rate = key.maker.by === 'through' ? key.maker.exceptionRate : 1 - key.nullRate;
        const Kind = key.maker.by === 'through' ? ExceptionChooser : QuotaReferenceChooser;
        const cap = key.unique ? 1 : Number.MAX_SAFE_INTEGER;
        const wanted = Math.round(rowCount * rate);
        const quotas = scaleQuotas(degreesOf(model.id, key, parent, seed), wanted, cap);
        choosers.push(new Kind(key, parent, shared, new QuotaChooser(quotas, seed, `${model.id}\0${key.name}`), text));
        break;
      }
    }
  }
  return choosers;
}

/** References that each parent row shall get: drawn with the parent, or by the learned distribution alone. */
function degreesOf(table: string, key: ForeignKeyModel, parent: MadeTable, seed: number): Uint32Array {
  const drawn = parent.complete ? parent.counts.get(countKey(table, key.name)) : undefined;
  if (drawn !== undefined) return drawn;
  const stream = streamKey(seed, 'degrees', table, key.name);
  const total = key.degrees.reduce((sum, [, parents]) => sum + parents, 0);
  return Uint32Array.from({ length: parent.rowCount }, (_, row) => {
    let rest = uniformAt(stream, 0, row, 0) * total;
    for (const [children, parents] of key.degrees) if ((rest -= parents) < 0) return children;
    return 0;
  });
}
