/** Turns a model into rows: a stream per table, in an order in which every reference can be chosen. */
import { tableId, type TableFacts } from '../../../connectors/connector.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import type { Finding } from '../../kernel/findings.ts';
import { textAt, type ColumnVector, type RowBlock } from '../../kernel/rows.ts';
import type { ForeignKeyModel, TableModel } from '../../model/table-model.ts';
import { streamKey } from '../../numeric/random.ts';
import type { LearnedModel } from '../learn/artifact.ts';
import type { GenerateOptions, TableStream } from './artifact.ts';
import { BlockBuilder } from './block-builder.ts';
import { plannedRowCounts, requireCapacity } from './capacity.ts';
import { childLimits } from './child-limits.ts';
import { constraintFindings, schemaFacts, type SchemaFacts } from './constraints.ts';
import { loadExpressionParser } from './expression.ts';
import { StoredKey } from './key-column.ts';
import { shiftCounts } from './level-counts.ts';
import { scaleQuotas } from './quota.ts';
import { referenceChoosers } from './references.ts';
import { planPasses, type PassPlan } from './passes.ts';
import { RowMaker, type Pass, type Place } from './row-maker.ts';
import { countKey, needsOf, newMadeTable, usedRegisters, type MadeTable } from './world.ts';

/**
 * Streams of all tables in generation order. Drain each before the next.
 *
 * A row is a function of the model, the seed and its number; blocks only cut the stream.
 * Throws (while draining): `GENERATE_UNSATISFIABLE`, `GENERATE_CAPACITY`.
 * Memory: 4 bytes a row for each reference to a table, and the codes and keys that its children look at.
 */
export async function generate(model: LearnedModel, options: GenerateOptions): Promise<readonly TableStream[]> {
  await loadExpressionParser();
  const generation = new Generation(model, options);
  return generation.streams();
}

/** What of the model's schema cannot be held while rows are made, by name. `accepted`: tables, by `tableId`, that are to be tried. */
export async function generationFindings(
  model: LearnedModel,
  accepted: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  await loadExpressionParser();
  const schema = schemaFacts(model.catalog.script);
  const facts = new Map(model.catalog.tables.map((table) => [tableId(table.name), table]));
  return model.tables
    .filter((table) => table.strategy === 'synthesize')
    .flatMap((table) => constraintFindings(facts.get(table.id)!, table, schema, accepted));
}

/** One run over all tables. */
class Generation {
  readonly #model: LearnedModel;
  readonly #options: GenerateOptions;
  readonly #facts: ReadonlyMap<string, TableFacts>;
  readonly #needs: ReturnType<typeof needsOf>;
  readonly #made = new Map<string, MadeTable>();
  readonly #plan: PassPlan;
  readonly #schema: SchemaFacts;

  constructor(model: LearnedModel, options: GenerateOptions) {
    this.#model = model;
    this.#options = options;
    this.#facts = new Map(model.catalog.tables.map((table) => [tableId(table.name), table]));
    this.#schema = schemaFacts(model.catalog.script);
    this.#needs = needsOf(model.tables);
    this.#plan = planPasses(model.tables, this.#needs);
    const factor = (id: string): number => options.tableScales.get(id) ?? 1;
    const real = (id: string): number => options.realRows?.get(id)?.rowCount ?? 0;
    const planned = plannedRowCounts(model.tables, (id) => options.scale * factor(id), factor, real);
    for (const table of model.tables) requireCapacity(table, this.#facts.get(table.id)!, this.#schema, planned);
    // Tables on a cycle may be referenced before they are made: those whose size does not depend on others are known now.
    for (const table of model.tables) {
      if (!table.foreignKeys.some((key) => key.maker.by === 'context')) this.#add(table, rootRowCount(table, options));
    }
  }

  streams(): readonly TableStream[] {
    const tables = new Map(this.#model.tables.map((table) => [table.id, table]));
    return this.#plan.order.map((id): TableStream => {
      const table = tables.get(id)!;
      return {
        table: id,
        rowCount: () => this.#table(table).rowCount,
        blocks: () => this.#blocks(table),
      };
    });
  }

  /** The table, its size settled and everything before it known. */
  #table(table: TableModel): MadeTable {
    for (const earlier of this.#model.tables) {
      if (earlier.id === table.id) break;
      this.#firstPass(earlier);
    }
    return (
      this.#made.get(table.id) ??
      this.#add(table, childRowCount(table, this.#facts.get(table.id)!, this.#made, this.#options))
    );
  }

  #add(table: TableModel, rowCount: number): MadeTable {
    const made = newMadeTable(table, rowCount, this.#needs.get(table.id)!, this.#plan.twice.has(table.id));
    this.#made.set(table.id, made);
    return made;
  }

  /** Makes a table that is made twice for the first time: its rows are thrown away, what others need of them is kept. */
  #firstPass(table: TableModel): void {
    if (!this.#plan.twice.has(table.id) || this.#made.get(table.id)?.complete === true) return;
    const own = this.#table(table);
    for (const _ of this.#synthesized(table, own, 'first'));
    own.complete = true;
  }

  async *#blocks(table: TableModel): AsyncIterable<RowBlock> {
    const own = this.#table(table);
    this.#firstPass(table);
    if (table.strategy === 'synthesize')
      yield* this.#synthesized(table, own, this.#plan.twice.has(table.id) ? 'second' : 'only');
    else if (table.rows !== null) yield* copiedBlocks(table, own, this.#options);
    else if (table.strategy === 'mask') yield* this.#real(table, own);
    own.complete = true;
  }

  async *#real(table: TableModel, own: MadeTable): AsyncIterable<RowBlock> {
    for await (const block of this.#options.realRows?.get(table.id)?.blocks() ?? []) {
      captureKeys(block, own, () => true);
      yield block;
    }
  }

  *#synthesized(table: TableModel, own: MadeTable, pass: Pass): Iterable<RowBlock> {
    const options = this.#options;
    checkKeysKnown(table, this.#made, pass === 'first' ? this.#plan.later(table.id) : new Set());
    const contextKey = table.foreignKeys.find((key) => key.maker.by === 'context');
    const parent = contextKey === undefined ? null : this.#made.get(contextKey.referencedTable)!;
    let maker: RowMaker | null = null;
    const choosers = referenceChoosers(
      table,
      own,
      this.#made,
      own.rowCount,
      options.seed,
      (column) => maker!.text(column),
      {
        later: this.#plan.later(table.id),
        withLater: pass !== 'first',
      },
    );
    const { seed } = options;
    maker = new RowMaker({
      table: this.#facts.get(table.id)!,
      schema: this.#schema,
      model: table,
      made: own,
      parent,
      choosers,
      tables: this.#made,
      used: usedRegisters(table, this.#needs.get(table.id)!),
      seed,
      pass,
      late: this.#plan.late(table.id),
      steering: options.steering?.get(table.id) ?? null,
    });
    const builder = new BlockBuilder(table.id, maker.columns, options.blockRows);
    const mask = options.maskers.get(table.id);
    const masked = new Set(table.columns.filter((column) => column.maker.by === 'mask').map((column) => column.name));
    const copied = table.columns.flatMap(({ name, maker }) => (maker.by === 'copy' ? [name] : []));
    const finish = (block: RowBlock): RowBlock => {
      // A copy of what the masker makes elsewhere stays one, whatever it would make of it here.
      const copies = copied.map((name) => [name, block.columns.get(name)!] as const);
      mask?.(block);
      for (const [name, vector] of copies) block.columns.set(name, vector);
      if (pass !== 'second') captureKeys(block, own, (column) => masked.has(column));
      return block;
    };
    let row = 0;
    for (const place of places(table, parent, own.rowCount)) {
      maker.make(row++, place);
      builder.push(maker.cells);
      if (builder.isFull) yield finish(builder.take()!);
    }
    const last = builder.take();
    if (last !== null) yield finish(last);
    maker.finish();
    for (const [rule, rowCount] of maker.gaveUp) options.onGivenUp?.(rule, rowCount);
  }
}

function rootRowCount(table: TableModel, options: GenerateOptions): number {
  if (table.strategy === 'empty') return 0;
  if (table.strategy === 'mask') return options.realRows?.get(table.id)?.rowCount ?? 0;
  if (table.rows !== null) return [...table.rows.values()][0]?.length ?? 0;
  const scaled = table.sourceRowCount * options.scale * (options.tableScales.get(table.id) ?? 1);
  return table.sourceRowCount === 0 ? 0 : Math.max(1, Math.round(scaled));
}

/** Children of all parents, and the rows that have none. Settles how many children each parent has. */
function childRowCount(
  table: TableModel,
  facts: TableFacts,
  made: ReadonlyMap<string, MadeTable>,
  options: GenerateOptions,
): number {
  const key = table.foreignKeys.find((candidate) => candidate.maker.by === 'context')!;
  const parent = made.get(key.referencedTable)!;
  const total = Math.round(table.sourceRowCount * options.scale * tableScale(table, made, options));
  const children = Math.round(total * (1 - key.nullRate));
  const counts = parent.counts.get(countKey(table.id, key.name))!;
  counts.set(shiftCounts(counts, children, streamKey(options.seed, 'counts', table.id, key.name)));
  const cap = childrenPerParent(table, key, facts, made);
  const limits = childLimits(table, key, parent, made, cap < Number.MAX_SAFE_INTEGER);
  counts.set(scaleQuotas(counts, children, cap, limits));
  return counts.reduce((sum, count) => sum + count, 0) + total - children;
}

/** Of a table itself, of the parent that its rows hang on, and so on: twice the customers have twice the order lines. */
function tableScale(table: TableModel, made: ReadonlyMap<string, MadeTable>, options: GenerateOptions): number {
  const key = table.foreignKeys.find((candidate) => candidate.maker.by === 'context');
  const own = options.tableScales.get(table.id) ?? 1;
  return key === undefined ? own : own * tableScale(made.get(key.referencedTable)!.model, made, options);
}

/**
 * Most children that one parent can have: where a unique key joins the context reference with one other reference (a
 * junction), as many as there are rows to pair it with.
 */
function childrenPerParent(
  table: TableModel,
  key: ForeignKeyModel,
  facts: TableFacts,
  made: ReadonlyMap<string, MadeTable>,
): number {
  if (key.unique) return 1;
  let most = Number.MAX_SAFE_INTEGER;
  for (const unique of [facts.primaryKey, ...facts.uniqueKeys]) {
    if (unique === null || unique.predicate !== null || !key.columns.every((column) => unique.columns.includes(column)))
      continue;
    const rest = unique.columns.filter((column) => column === null || !key.columns.includes(column));
    const partner = table.foreignKeys.find(
      (other) =>
        other.name !== key.name &&
        rest.length > 0 &&
        rest.every((column) => column !== null && other.columns.includes(column)),
    );
    const rows = partner === undefined ? undefined : made.get(partner.referencedTable)?.rowCount;
    if (rows !== undefined) most = Math.min(most, rows);
  }
  return most;
}

function* copiedBlocks(table: TableModel, own: MadeTable, options: GenerateOptions): Iterable<RowBlock> {
  const columns = [...table.rows!];
  const rowCount = columns[0]?.[1].length ?? 0;
  for (let firstRow = 0; firstRow < rowCount; firstRow += options.blockRows) {
    const end = Math.min(rowCount, firstRow + options.blockRows);
    const vectors = columns.map(([name, values]): [string, ColumnVector] => [
      name,
      { form: 'text', values: values.slice(firstRow, end) },
    ]);
    const block: RowBlock = { table: table.id, firstRow, rowCount: end - firstRow, columns: new Map(vectors) };
    captureKeys(block, own, () => true);
    yield block;
  }
}

/** Where each row stands, in order: the children of parent 0, of parent 1, …, then the rows without a parent. */
function* places(table: TableModel, parent: MadeTable | null, rowCount: number): Iterable<Place> {
  let row = 0;
  if (parent !== null) {
    const key = table.foreignKeys.find((candidate) => candidate.maker.by === 'context')!;
    const counts = parent.counts.get(countKey(table.id, key.name))!;
    for (let p = 0; p < counts.length; p++) {
      for (let index = 0; index < counts[p]; index++, row++) yield { parent: p, index, count: counts[p] };
    }
  }
  for (; row < rowCount; row++) yield { parent: -1, index: 0, count: 1 };
}

/** Keeps the values of referenced columns as they will be loaded: references must meet them. */
function captureKeys(block: RowBlock, own: MadeTable, wanted: (column: string) => boolean): void {
  for (const [column, key] of own.keys) {
    if (!(key instanceof StoredKey) || !wanted(column)) continue;
    const vector = block.columns.get(column);
    for (let i = 0; i < block.rowCount; i++) key.push(vector === undefined ? null : textAt(vector, i));
  }
}

/** A reference to a table that is made later can only be chosen if its keys follow from row numbers. */
function checkKeysKnown(table: TableModel, made: ReadonlyMap<string, MadeTable>, later: ReadonlySet<string>): void {
  for (const key of table.foreignKeys) {
    if ((key.maker.by !== 'quota' && key.maker.by !== 'forest') || later.has(key.name)) continue;
    const parent = made.get(key.referencedTable);
    const isMadeLater = (column: string): boolean =>
      parent!.keys.get(column) instanceof StoredKey &&
      (key.maker.by === 'quota' || table.columns.find((candidate) => candidate.name === column)?.maker.by === 'mask');
    const unknown = parent === undefined || (!parent.complete && key.referencedColumns.some(isMadeLater));
    if (!unknown) continue;
    throw new UnderstudyError(
      'GENERATE_CAPACITY',
      `${table.id} references ${key.referencedTable} by ${key.name}, which lies on a cycle and whose key is no running number: its values are not known when ${table.id} is made.`,
      {
        hint: `Set tables.${key.referencedTable}.strategy or tables.${table.id}.strategy to copy or empty.`,
        data: { table: table.id, foreignKey: key.name },
      },
    );
  }
}
