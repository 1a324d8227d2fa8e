/** Generated and masked rows of a model, ready to be loaded or rehearsed. */
import { tableId, type TableFacts } from '../../connectors/connector.ts';
import type { ColumnVector } from '../kernel/rows.ts';
import type { GenerateOptions, Masker, TableStream } from '../stages/generate/artifact.ts';
import { generate } from '../stages/generate/index.ts';
import type { LearnedModel } from '../stages/learn/artifact.ts';
import { createMasker } from '../stages/mask/index.ts';
import { controlKey } from '../stages/scan/input.ts';

export type RowOptions = Omit<GenerateOptions, 'maskers'>;

/** Streams in generation order; drain each before the next. */
export async function makeRows(model: LearnedModel, options: RowOptions): Promise<readonly TableStream[]> {
  const tableScales = besideRealRows(model, options);
  return generate(model, { ...options, tableScales, maskers: maskersOf(model, options.seed) });
}

/** Rows that are made for real ones are as many for each of them as in the source, whatever the scale. */
function besideRealRows(model: LearnedModel, { tableScales, scale, realRows }: RowOptions): RowOptions['tableScales'] {
  if (realRows === undefined || realRows.size === 0) return tableScales;
  const sources = new Map(model.tables.map((table) => [table.id, table.sourceRowCount]));
  const scales = new Map(tableScales);
  for (const table of synthesisedModels(model)) {
    const shares = table.foreignKeys.flatMap((key) => {
      const real = realRows.get(key.referencedTable);
      const sourceCount = sources.get(key.referencedTable) ?? 0;
      return real === undefined || sourceCount === 0 ? [] : [real.rowCount / sourceCount];
    });
    if (shares.length > 0) scales.set(table.id, ((tableScales.get(table.id) ?? 1) * Math.min(...shares)) / scale);
  }
  return scales;
}

function synthesisedModels(model: LearnedModel): LearnedModel['tables'] {
  return model.tables.filter((table) => table.strategy === 'synthesize');
}

function maskersOf(model: LearnedModel, seed: number): Map<string, Masker> {
  return new Map(synthesised(model).map((table) => [tableId(table.name), maskerOf(table, model, seed)]));
}

function maskerOf(table: TableFacts, model: LearnedModel, seed: number): Masker {
  const masker = createMasker(table, model.classification, { seed });
  return (block) => masker.mask(block);
}

function synthesised(model: LearnedModel): readonly TableFacts[] {
  const ids = new Set(synthesisedModels(model).map((table) => table.id));
  return model.catalog.tables.filter((table) => ids.has(tableId(table.name)));
}

const CONTROL_ROWS = 5000;

/** What the fakes of each column look like under another seed: how often they meet a source value by nature. */
export function fakeControls(model: LearnedModel, seed: number): Map<string, readonly (string | null)[]> {
  const controls = new Map<string, readonly (string | null)[]>();
  for (const table of synthesised(model)) {
    const id = tableId(table.name);
    const masked = model.tables
      .find((candidate) => candidate.id === id)!
      .columns.filter((column) => column.maker.by === 'mask');
    if (masked.length === 0) continue;
    const open = (): ColumnVector => ({ form: 'masked', nulls: new Uint8Array(CONTROL_ROWS) });
    const block = {
      table: id,
      firstRow: 0,
      rowCount: CONTROL_ROWS,
      columns: new Map(masked.map((column) => [column.name, open()])),
    };
    maskerOf(table, model, seed + 1)(block);
    for (const [column, vector] of block.columns)
      if (vector.form === 'text') controls.set(controlKey(id, column), vector.values);
  }
  return controls;
}
