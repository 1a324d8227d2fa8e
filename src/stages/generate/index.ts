/** Turns a model into rows: a stream per table, in an order in which every reference can be chosen. */
import { tableId, type TableFacts } from '../../../connectors/connector.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import { textAt, type ColumnVector, type RowBlock } from '../../kernel/rows.ts';
import type { ForeignKeyModel, TableModel } from '../../model/table-model.ts';
import type { LearnedModel } from '../learn/artifact.ts';
import type { GenerateOptions, TableStream } from './artifact.ts';
import { BlockBuilder } from './block-builder.ts';
import { loadExpressionParser } from './expression.ts';
import { StoredKey } from './key-column.ts';
import { scaleQuotas } from './quota.ts';
import { referenceChoosers } from './references.ts';
import { RowMaker, type Place } from './row-maker.ts';
import { countKey, needsOf, newMadeTable, type MadeTable } from './world.ts';

/**
 * Streams of all tables in generation order. Drain each before the next.
 *
 * A row is a function of the model, the seed and its number; blocks only cut the stream.
 * Throws (while draining): `GENERATE_UNSATISFIABLE`, `GENERATE_CAPACITY`.
 * Memory: 4 bytes a row for each reference to a table, and the codes and keys that its children look at.
 */
export async function generate(model: LearnedModel, options: GenerateOptions): Promise<readonly TableStream[]> {
  await loadExpressionParser();
  const facts = new Map(model.catalog.tables.map((table) => [tableId(table.name), table]));
  const needs = needsOf(model.tables);
  const made = new Map<string, MadeTable>();
  // Tables on a cycle may be referenced before they are made: those whose size does not depend on others are known now.
  for (const table of model.tables) {
    if (table.foreignKeys.some((key) => key.maker.by === 'context')) continue;
    made.set(table.id, newMadeTable(table, rootRowCount(table, options), needs.get(table.id)!));
  }
  return model.tables.map((table): TableStream => {
    const start = (): MadeTable => {
      let own = made.get(table.id);
      if (own === undefined) {
        own = newMadeTable(table, childRowCount(table, facts.get(table.id)!, made, options), needs.get(table.id)!);
        made.set(table.id, own);
      }
      return own;
    };
    return {
      table: table.id,
      rowCount: () => start().rowCount,
      blocks: () => blocksOf(table, facts.get(table.id)!, start(), made, options),
    };
  });
}

function rootRowCount(table: TableModel, options: GenerateOptions): number {
  if (table.strategy === 'empty') return 0;
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
  const scale =
    options.scale * (options.tableScales.get(table.id) ?? 1) * (options.tableScales.get(key.referencedTable) ?? 1);
  const total = Math.round(table.sourceRowCount * scale);
  const children = Math.round(total * (1 - key.nullRate));
  const counts = parent.counts.get(countKey(table.id, key.name))!;
  counts.set(scaleQuotas(counts, children, childrenPerParent(table, key, facts, made)));
  return counts.reduce((sum, count) => sum + count, 0) + total - children;
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
    if (unique === null || unique.predicate !== null || !key.columns.every((column) => unique.columns.includes(column))) continue;
    const rest = unique.columns.filter((column) => column === null || !key.columns.includes(column));
    const partner = table.foreignKeys.find((other) => other.name !== key.name && rest.length > 0 && rest.every((column) => column !== null && other.columns.includes(column)));
    const rows = partner === undefined ? undefined : made.get(partner.referencedTable)?.rowCount;
    if (rows !== undefined) most = Math.min(most, rows);
  }
  return most;
}

async function* blocksOf(
  table: TableModel,
  facts: TableFacts,
  own: MadeTable,
  made: ReadonlyMap<string, MadeTable>,
  options: GenerateOptions,
): AsyncIterable<RowBlock> {
  if (table.strategy === 'synthesize') yield* synthesizedBlocks(table, facts, own, made, options);
  else if (table.rows !== null) yield* copiedBlocks(table, own, options);
  own.complete = true;
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

async function* synthesizedBlocks(
  table: TableModel,
  facts: TableFacts,
  own: MadeTable,
  made: ReadonlyMap<string, MadeTable>,
  options: GenerateOptions,
): AsyncIterable<RowBlock> {
  checkKeysKnown(table, made);
  const contextKey = table.foreignKeys.find((key) => key.maker.by === 'context');
  const parent = contextKey === undefined ? null : made.get(contextKey.referencedTable)!;
  let maker: RowMaker | null = null;
  const choosers = referenceChoosers(table, own, made, own.rowCount, options.seed, (column) => maker!.text(column));
  maker = new RowMaker(facts, table, own, parent, choosers, options.seed);
  const builder = new BlockBuilder(table.id, maker.columns, options.blockRows);
  const mask = options.maskers.get(table.id);
  const masked = new Set(table.columns.filter((column) => column.maker.by === 'mask').map((column) => column.name));
  const finish = (block: RowBlock): RowBlock => {
    mask?.(block);
    captureKeys(block, own, (column) => masked.has(column));
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
function checkKeysKnown(table: TableModel, made: ReadonlyMap<string, MadeTable>): void {
  for (const key of table.foreignKeys) {
    if (key.maker.by !== 'quota' && key.maker.by !== 'forest') continue;
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
