/** Gives every sampled row its unit: the subject that its path leads to, or the row itself. */
import type { TableFacts } from '../../../connectors/connector.ts';
import { splitOf, type Split } from '../../kernel/split.ts';
import type { GraphTable, RelationGraph, SubjectStep } from '../graph/artifact.ts';
import { keyText } from './links.ts';

interface RawTable {
  readonly columns: ReadonlyMap<string, readonly (string | null)[]>;
  readonly rowCount: number;
}

export interface Units {
  readonly byTable: ReadonlyMap<string, Uint32Array>;
  readonly keys: readonly string[];
  readonly splits: readonly Split[];
  readonly subjectCount: number;
}

/**
 * Of fewer subjects none are set apart: no test with them could find anything (`scan` calls it underpowered), and what
 * five of them share would be lost for want of one.
 */
const MIN_SPLIT_SUBJECTS = 100;

export function assignUnits(
  graph: RelationGraph,
  facts: ReadonlyMap<string, TableFacts>,
  raw: ReadonlyMap<string, RawTable>,
  links: ReadonlyMap<string, ReadonlyMap<string, Int32Array>>,
): Units {
  const keys: string[] = [];
  const splits: Split[] = [];
  const byTable = new Map<string, Uint32Array>();
  const tables = graph.tables.filter((table) => raw.has(table.id));

  for (const table of tables.filter((candidate) => candidate.subjectPath?.length === 0)) {
    const lists = rowKeyLists(facts.get(table.id)!, raw.get(table.id)!);
    const units = new Uint32Array(raw.get(table.id)!.rowCount);
    for (let i = 0; i < units.length; i++) {
      units[i] = keys.length;
      const key = `${table.id}\0${keyText(lists, i) ?? i}`;
      keys.push(key);
      splits.push(units.length < MIN_SPLIT_SUBJECTS ? 'fit' : splitOf(key));
    }
    byTable.set(table.id, units);
  }
  const subjectCount = keys.length;

  for (const table of tables.filter((candidate) => candidate.subjectPath?.length !== 0)) {
    const { rowCount } = raw.get(table.id)!;
    const lists = rowKeyLists(facts.get(table.id)!, raw.get(table.id)!);
    const reached = table.subjectPath === null ? null : followPath(table, rowCount, raw, links);
    const subjectUnits = table.subjectPath === null ? undefined : byTable.get(table.subjectPath.at(-1)!.to);
    const units = new Uint32Array(rowCount);
    for (let i = 0; i < rowCount; i++) {
      if (reached !== null && subjectUnits !== undefined && reached[i] >= 0) {
        units[i] = subjectUnits[reached[i]];
        continue;
      }
      units[i] = keys.length;
      splits.push(splitOf(`${table.id}\0${keyText(lists, i) ?? i}`));
      keys.push('');
    }
    byTable.set(table.id, units);
  }
  return { byTable, keys, splits, subjectCount };
}

/** Row number of the subject that each row leads to; negative where the path breaks off. */
function followPath(
  table: GraphTable,
  rowCount: number,
  raw: ReadonlyMap<string, RawTable>,
  links: ReadonlyMap<string, ReadonlyMap<string, Int32Array>>,
): Int32Array {
  const reached = Int32Array.from({ length: rowCount }, (_, i) => i);
  let here = table.id;
  for (const step of table.subjectPath!) {
    const next = stepLinks(step, raw.get(here)!.rowCount, links);
    for (let i = 0; i < rowCount; i++) if (reached[i] >= 0) reached[i] = next === undefined ? -2 : next[reached[i]];
    here = step.to;
  }
  return reached;
}

function stepLinks(
  step: SubjectStep,
  rowCount: number,
  links: ReadonlyMap<string, ReadonlyMap<string, Int32Array>>,
): Int32Array | undefined {
  const forward = links.get(step.table)?.get(step.foreignKey);
  if (step.direction === 'up' || forward === undefined) return forward;
  // Down: the first row that references each row here.
  const backward = new Int32Array(rowCount).fill(-1);
  for (let i = forward.length - 1; i >= 0; i--) if (forward[i] >= 0) backward[forward[i]] = i;
  return backward;
}

function rowKeyLists(table: TableFacts, raw: RawTable): readonly (readonly (string | null)[])[] {
  const key = table.primaryKey?.columns.filter((column) => column !== null) ?? [];
  const names = key.length > 0 ? key : [...raw.columns.keys()];
  return names.map((name) => raw.columns.get(name)!);
}
