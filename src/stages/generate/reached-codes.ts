/** Reads the registers that stand in other tables: behind the foreign keys of the row, step by step. */
import type { Register, TableModel } from '../../model/table-model.ts';
import type { MadeTable } from './world.ts';

interface Reading {
  readonly at: number;
  /** Code for when the path leads nowhere. */
  readonly absent: number;
  readonly firstKey: string;
  /** Row of each table on the way → row of the next. */
  readonly steps: readonly Int32Array[];
  readonly codes: Uint16Array;
}

export class ReachedCodes {
  readonly #readings: readonly Reading[];

  /** `wanted`: of the model's registers those that something looks at. */
  constructor(model: TableModel, tables: ReadonlyMap<string, MadeTable>, wanted: ReadonlySet<number>) {
    this.#readings = model.registers.flatMap((register, at) =>
      register.origin === 'reached' && wanted.has(at) ? [readingOf(register, at, model, tables)] : [],
    );
  }

  /** Fills the registers; `rowBehind` gives the row chosen for a key of the row at hand, −1 for none. */
  fill(registers: Uint16Array, rowBehind: (foreignKey: string) => number): void {
    for (const { at, absent, firstKey, steps, codes } of this.#readings) {
      let row = rowBehind(firstKey);
      for (let i = 0; i < steps.length && row >= 0; i++) row = steps[i][row];
      registers[at] = row < 0 ? absent : codes[row];
    }
  }
}

function readingOf(
  { path, from, size }: Register,
  at: number,
  model: TableModel,
  tables: ReadonlyMap<string, MadeTable>,
): Reading {
  const ends = tablesAlong(model, path!, (id) => tables.get(id)!.model);
  const steps = path!.slice(1).map((key, i) => tables.get(ends[i].id)!.links.get(key)!);
  const end = tables.get(ends.at(-1)!.id)!;
  return { at, absent: size - 1, firstKey: path![0], steps, codes: end.codes.get(from)! };
}

/** Models of the tables that a path of foreign keys leads to, one a step. */
export function tablesAlong(
  model: TableModel,
  path: readonly string[],
  modelOf: (id: string) => TableModel,
): readonly TableModel[] {
  const along: TableModel[] = [];
  let at = model;
  for (const key of path) {
    at = modelOf(at.foreignKeys.find(({ name }) => name === key)!.referencedTable);
    along.push(at);
  }
  return along;
}
