/**
 * What lies behind the foreign keys of a table: the registers of the rows that its rows reference, and of those that
 * these reference in turn. A payment may depend on what the film costs that its rental's copy is of.
 */
import { tableId, type TableFacts } from '../../../connectors/connector.ts';
import type { RelationalSample } from '../profile/artifact.ts';
import type { FittedTable } from './context.ts';
import type { TablePlan } from './plan-table.ts';
import type { ReachedRegister } from './registers.ts';

/** Foreign keys followed one after the other. */
const MAX_STEPS = 3;

export interface ReachableTables {
  readonly facts: ReadonlyMap<string, TableFacts>;
  readonly plans: ReadonlyMap<string, TablePlan>;
  readonly sample: RelationalSample;
  /** Tables learned so far, in order: what they reference of one another is known when they are made. */
  readonly fitted: ReadonlyMap<string, FittedTable>;
}

interface End {
  readonly path: readonly string[];
  readonly table: string;
  /** [rows of the start] row of the end's sample; negative: none. */
  readonly rows: Int32Array;
}

/**
 * Registers at the ends of all paths that begin with one of `firstKeys`. Paths along the chain of contexts alone are
 * left out: what the context parent knows of its own is passed down by it.
 */
export function reachableRegisters(
  start: string,
  firstKeys: readonly string[],
  tables: ReachableTables,
): readonly ReachedRegister[] {
  const registers: ReachedRegister[] = [];
  let ends: readonly End[] = firstKeys.flatMap((key) =>
    stepFrom({ path: [], table: start, rows: IDENTITY }, key, tables),
  );
  for (let steps = 1; steps <= MAX_STEPS && ends.length > 0; steps++) {
    for (const end of ends) {
      if (!isAlongContexts(start, end.path, tables)) registers.push(...registersAt(end, tables.fitted.get(end.table)!));
    }
    ends = ends.flatMap((end) =>
      [...tables.plans.get(end.table)!.foreignKeys]
        .filter(([, plan]) => plan === 'context' || plan === 'quota')
        .flatMap(([key]) => stepFrom(end, key, tables)),
    );
  }
  return registers;
}

const IDENTITY = new Int32Array(0);

/** The end one key further, if its table is learned already and, as a row of the end is made, made already. */
function stepFrom({ path, table, rows }: End, key: string, tables: ReachableTables): End[] {
  const facts = tables.facts.get(table)!.foreignKeys.find(({ name }) => name === key)!;
  const to = tableId(facts.referencedTable);
  const links = tables.sample.tables.get(table)!.parents.get(key);
  const order = [...tables.fitted.keys()];
  const isMadeBefore = tables.fitted.has(to) && (path.length === 0 || order.indexOf(to) < order.indexOf(table));
  if (links === undefined || !isMadeBefore) return [];
  const further = rows === IDENTITY ? links : Int32Array.from(rows, (row) => (row < 0 ? -1 : links[row]));
  return [{ path: [...path, key], table: to, rows: further }];
}

function isAlongContexts(start: string, path: readonly string[], tables: ReachableTables): boolean {
  let table = start;
  for (const key of path) {
    if (tables.plans.get(table)!.foreignKeys.get(key) !== 'context') return false;
    table = tableId(tables.facts.get(table)!.foreignKeys.find(({ name }) => name === key)!.referencedTable);
  }
  return true;
}

function registersAt({ path, rows }: End, table: FittedTable): ReachedRegister[] {
  return table.registers
    .filter(({ isOwn, size }) => isOwn && size > 1)
    .map(({ name, at, codes, size, ordered }) => ({
      name: `${path.join('>')}:${name}`,
      path,
      from: at,
      codes: Uint16Array.from(rows, (row) => (row < 0 ? size : codes[row])),
      size: size + 1,
      ordered,
      hasNull: true,
    }));
}
