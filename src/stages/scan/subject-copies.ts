import { informativeColumns } from './table-view.ts';
import type { TableView } from './table-view.ts';
import { exactGate, notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

const GATE = 'subject-copies';
/** A tuple that more units hold points at none of them. */
const MAX_HOLDERS = 4;
/** Fewer shared tuples are coincidences. */
const MIN_SHARED = 3;
const MIN_COLUMNS = 2;
/** Of the rows of a made subject: who shares fewer with a real one is a busy subject that meets many. */
const CLONE_SHARE = 0.5;

/**
 * Clones of whole subjects: a subject of the target that shares, over all tables, more rows with one subject of the
 * source than real subjects share with one another. Counted are distinct tuples (all learned columns of a row) that at
 * most 4 source units hold; it fails at half of the made subject's rows, if that is
 * more than twice what any two real subjects share, and 3 at least.
 *
 * A row that is copied by chance is judged by `copies`; many that lead to the same subject are no chance.
 */
export function subjectCopyGates(views: readonly TableView[]): OpenGate[] {
  const shared = { source: new Map<string, number>(), target: new Map<string, number>() };
  const rowCounts = new Map<number, number>();
  let tableCount = 0;
  for (const view of views) {
    const columns = informativeColumns(view);
    if (view.strategy !== 'synthesize' || view.graph?.subjectPath === null || columns.length < MIN_COLUMNS) continue;
    tableCount++;
    const tuples = (side: 'source' | 'target'): string[] =>
      Array.from({ length: view[side].rowCount }, (_, row) =>
        columns.map((column) => column[side][row] ?? '\u0001').join('\0'),
      );
    const source = tuples('source');
    const holders = holdersOf(source, view.source.units);
    countShared(source, view.source.units, holders, true, shared.source);
    countShared(tuples('target'), view.target.units, holders, false, shared.target);
    for (const unit of view.target.units) rowCounts.set(unit, (rowCounts.get(unit) ?? 0) + 1);
  }
  if (tableCount === 0)
    return [notApplicable(GATE, 'database', null, 'No table of a subject has learned columns that tell rows apart.')];
  const natural = largest(shared.source);
  const found = largest(shared.target);
  const limit = Math.max(MIN_SHARED, 2 * natural + 1);
  const isClone = (pair: string, count: number): boolean =>
    count >= limit && count >= CLONE_SHARE * rowCounts.get(Number(pair.split(' ')[0]))!;
  const clones = new Set(
    [...shared.target].filter(([pair, count]) => isClone(pair, count)).map(([pair]) => pair.split(' ')[0]),
  ).size;
  return [
    exactGate(GATE, 'database', null, {
      value: found,
      limit: limit - 1,
      passes: clones === 0,
      explanation:
        clones === 0
          ? `No made subject shares more than ${found} rare rows with one subject of the source; two real ones share up to ${natural}.`
          : `${clones} made subjects share up to ${found} rare rows with one subject of the source; two real ones never share more than ${natural}.`,
    }),
  ];
}

/** Tuple → its units, at most `MAX_HOLDERS`; tuples of more are left out. */
function holdersOf(tuples: readonly string[], units: Uint32Array): Map<string, number[]> {
  const holders = new Map<string, number[]>();
  tuples.forEach((tuple, row) => {
    const own = holders.get(tuple);
    if (own === undefined) holders.set(tuple, [units[row]]);
    else if (own.length <= MAX_HOLDERS && !own.includes(units[row])) own.push(units[row]);
  });
  for (const [tuple, own] of holders) if (own.length > MAX_HOLDERS) holders.delete(tuple);
  return holders;
}

/** Adds to `pairs` (own unit, source unit) the distinct rare tuples that both have. */
function countShared(
  tuples: readonly string[],
  units: Uint32Array,
  holders: ReadonlyMap<string, readonly number[]>,
  isSource: boolean,
  pairs: Map<string, number>,
): void {
  const seen = new Set<string>();
  tuples.forEach((tuple, row) => {
    const own = holders.get(tuple);
    if (own === undefined || (isSource && own.length === 1)) return;
    const key = `${units[row]} ${tuple}`;
    if (seen.has(key)) return;
    seen.add(key);
    for (const unit of own) {
      if (isSource && unit === units[row]) continue;
      const pair = `${units[row]} ${unit}`;
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
  });
}

function largest(counts: ReadonlyMap<string, number>): number {
  let most = 0;
  for (const count of counts.values()) most = Math.max(most, count);
  return most;
}
