/** A learned model as a file, and back. Raw rows are only those of copied tables; everything else is parameters. */
import { UnderstudyError } from '../../kernel/errors.ts';
import { Chain, type ChainHeader } from '../../model/chain.ts';
import type { NumberArray } from '../../model/conditional.ts';
import { readModelFile, writeModelFile, type TypedArray } from '../../model/model-file.ts';
import type { TableModel } from '../../model/table-model.ts';
import type { LearnedModel } from './artifact.ts';

/** What of a table stands in the JSON header; its chain's tensors stand beside it. */
interface TableHeader extends Omit<TableModel, 'chain' | 'rows'> {
  readonly chain: ChainHeader | null;
  readonly rows: readonly (readonly [string, readonly (string | null)[]])[] | null;
}

interface ModelHeader extends Omit<LearnedModel, 'tables'> {
  readonly tables: readonly TableHeader[];
}

/** Header and tensors of a model. */
export function modelContent(model: LearnedModel): {
  readonly header: unknown;
  readonly tensors: ReadonlyMap<string, TypedArray>;
} {
  const tensors = new Map<string, TypedArray>();
  const tables = model.tables.map((table, i): TableHeader => {
    for (const [name, tensor] of table.chain?.toTensors(`${i}.`) ?? []) tensors.set(name, tensor);
    return { ...table, chain: table.chain?.header ?? null, rows: table.rows === null ? null : [...table.rows] };
  });
  return { header: { ...model, tables } satisfies ModelHeader, tensors };
}

/** Writes the file; gives the model's hash. Throws `WORKSPACE_FULL`, `WORKSPACE_IO`. */
export async function saveModel(path: string, model: LearnedModel): Promise<string> {
  return writeModelFile(path, modelContent(model));
}

/** Throws `MODEL_FILE_INVALID`, `MODEL_FILE_VERSION`, `WORKSPACE_IO`. */
export async function loadModel(path: string): Promise<{ readonly model: LearnedModel; readonly hash: string }> {
  const { header, tensors, hash } = await readModelFile(path);
  const content = header as ModelHeader;
  if (content.version !== 1 || !Array.isArray(content.tables)) {
    throw new UnderstudyError(
      'MODEL_FILE_INVALID',
      `${path} is a model file, but its content is not one that this version reads; nothing was written.`,
      {
        hint: 'Learn the model again with this version.',
      },
    );
  }
  const tables = content.tables.map((table, i): TableModel => ({
    ...table,
    chain:
      table.chain === null
        ? null
        : Chain.fromTensors(table.chain, tensors as ReadonlyMap<string, NumberArray>, `${i}.`),
    rows: table.rows === null ? null : new Map(table.rows),
  }));
  return { model: { ...content, tables }, hash };
}
