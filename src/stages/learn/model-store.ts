/** A learned model as a file, and back. Raw rows are only those of copied tables; everything else is parameters. */
import { UnderstudyError } from '../../kernel/errors.ts';
import { Chain, type ChainHeader } from '../../model/chain.ts';
import type { NumberArray } from '../../model/conditional.ts';
import { readModelFile, writeModelFile, type ModelContent, type TypedArray } from '../../model/model-file.ts';
import { groupBounds, RowModel, type RegisterGroups } from '../../model/row-model.ts';
import type { TableModel } from '../../model/table-model.ts';
import type { LearnedModel } from './artifact.ts';

/** What of a table stands in the JSON header; its chain's tensors stand beside it. */
interface TableHeader extends Omit<TableModel, 'rowModel' | 'rows'> {
  readonly rowModel: {
    readonly moments: ChainHeader | null;
    readonly keys: ChainHeader | null;
    readonly rest: ChainHeader | null;
    readonly groups: RegisterGroups;
  } | null;
  readonly rows: readonly (readonly [string, readonly (string | null)[]])[] | null;
}

/** When and from what a model was learned and how it was judged: two that differ in this alone are one model. */
type Making = Pick<LearnedModel, 'provenance' | 'gates'>;

interface ModelHeader extends Omit<LearnedModel, 'tables' | keyof Making> {
  readonly tables: readonly TableHeader[];
}

/** A model as a file holds it. */
export function modelContent({ provenance, gates, ...model }: LearnedModel): ModelContent {
  const tensors = new Map<string, TypedArray>();
  const tables = model.tables.map((table, i): TableHeader => {
    const { rowModel } = table;
    for (const [part, chain] of Object.entries({ m: rowModel?.moments, k: rowModel?.keys, r: rowModel?.rest })) {
      for (const [name, tensor] of chain?.toTensors(`${i}.${part}.`) ?? []) tensors.set(name, tensor);
    }
    return {
      ...table,
      rowModel:
        rowModel === null
          ? null
          : {
              moments: rowModel.moments?.header ?? null,
              keys: rowModel.keys?.header ?? null,
              rest: rowModel.rest?.header ?? null,
              groups: rowModel.groups,
            },
      rows: table.rows === null ? null : [...table.rows],
    };
  });
  const header: ModelHeader = { ...model, tables };
  const making: Making = { provenance, gates };
  return { header, making, tensors };
}

/** Writes the file; gives the model's hash. Throws `WORKSPACE_FULL`, `WORKSPACE_IO`. */
export async function saveModel(path: string, model: LearnedModel): Promise<string> {
  return writeModelFile(path, modelContent(model));
}

/** Throws `MODEL_FILE_INVALID`, `MODEL_FILE_VERSION`, `WORKSPACE_IO`. */
export async function loadModel(path: string): Promise<{ readonly model: LearnedModel; readonly hash: string }> {
  const { header, making, tensors, hash } = await readModelFile(path);
  const content = header as ModelHeader | null;
  if (content?.version !== 1 || !Array.isArray(content.tables) || making === null) {
    throw new UnderstudyError(
      'MODEL_FILE_INVALID',
      `${path} is a model file, but its content is not one that this version reads; nothing was written.`,
      {
        hint: 'Learn the model again with this version.',
      },
    );
  }
  try {
    const tables = content.tables.map((table, i): TableModel => ({
      ...table,
      rowModel: reviveRowModel(table, tensors as ReadonlyMap<string, NumberArray>, i),
      rows: table.rows === null ? null : new Map(table.rows),
    }));
    return { model: { ...content, ...(making as Making), tables }, hash };
  } catch (cause) {
    throw new UnderstudyError(
      'MODEL_FILE_INVALID',
      `${path} lacks a part that its header names, or has one that does not fit; nothing was written.`,
      {
        hint: 'Learn the model again.',
        cause,
      },
    );
  }
}

function reviveRowModel(
  { rowModel: header, registers, ownFrom }: TableHeader,
  tensors: ReadonlyMap<string, NumberArray>,
  table: number,
): RowModel | null {
  if (header === null) return null;
  const { keysFrom, restFrom } = groupBounds(header.groups);
  const chain = (part: string, of: ChainHeader | null, contextCount: number): Chain | null => {
    const sizes = registers.slice(0, contextCount).map(({ size }) => size);
    return of === null ? null : Chain.fromTensors(of, tensors, `${table}.${part}.`, sizes);
  };
  const moments = chain('m', header.moments, ownFrom);
  const keys = chain('k', header.keys, ownFrom + keysFrom);
  const rest = chain('r', header.rest, ownFrom + restFrom);
  return new RowModel({ moments, keys, rest }, header.groups);
}
