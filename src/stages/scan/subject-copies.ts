import { poissonTail } from '../../metrics/intervals.ts';
import { informativeColumns } from './table-view.ts';
import type { ColumnView, TableView } from './table-view.ts';
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
/** A column that is the same in all rows of so many subjects is one of the subject. */
const SAME_SHARE = 0.9;
/** Coincidences that are less likely than this, in any of all pairs of a made and a real subject, are clones. */
const CHANCE = 0.001;

/** Rows and tuples of one side's subjects, over all tables. */
interface Side {
  /** Own unit and source unit → distinct rare tuples that both have. */
  readonly shared: Map<string, number>;
  /** Unit → rows. */
  readonly rowCounts: Map<number, number>;
}

/**
 * Clones of whole subjects: a subject of the target that shares, over all tables, more rows with one subject of the
 * source than real subjects share with one another. Counted are distinct tuples (all learned columns of a row, but for
 * those that say the same in all rows of a subject: of two people of a rare country each row would count) that at most
 * 4 source units hold. A pair is a clone at 3 tuples at least that are half of the made subject's rows, if no chance
 * makes so many in any of the pairs there are: neither that of the rows that the two have (Poisson, at the rate at
 * which rows of real subjects meet), nor that of subjects that resemble one another (a tail as long as the most that two
 * of them share tells, taken on to the number of pairs). Two of them are two real ones; or two made ones, in tuples that
 * no real one has: where one row follows from another, whoever meets a real subject once meets it all along, and
 * what is made from memory is no excuse.
 *
 * A row that is copied by chance is judged by `copies`; many that lead to the same subject are no chance.
 */
export function subjectCopyGates(views: readonly TableView[]): OpenGate[] {
  const source: Side = { shared: new Map(), rowCounts: new Map() };
  const target: Side = { shared: new Map(), rowCounts: new Map() };
  const peers: Side = { shared: new Map(), rowCounts: new Map() };
  let tableCount = 0;
  for (const view of views) {
    const informative = informativeColumns(view);
    if (view.strategy !== 'synthesize' || view.graph?.subjectPath === null || informative.length < MIN_COLUMNS)
      continue;
    const columns = informative.filter((column) => !isOfSubject(column, view));
    if (columns.length === 0) continue;
    tableCount++;
    const tuples = (side: 'source' | 'target'): string[] =>
      Array.from({ length: view[side].rowCount }, (_, row) =>
        columns.map((column) => column[side][row] ?? '\u0001').join('\0'),
      );
    const real = tuples('source');
    const holders = holdersOf(real, view.source.units);
    countShared(real, view.source.units, holders, true, source);
    const unreal = tuples('target');
    countShared(unreal, view.target.units, holders, false, target);
    const known = new Set(real);
    const own = holdersOf(unreal, view.target.units);
    for (const tuple of own.keys()) if (known.has(tuple)) own.delete(tuple);
    countShared(unreal, view.target.units, own, true, peers);
  }
  if (tableCount === 0)
    return [notApplicable(GATE, 'database', null, 'No table of a subject has learned columns that tell rows apart.')];
  const natural = largest(source.shared);
  const naturalPeers = largest(peers.shared);
  const found = largest(target.shared);
  const pairCount = Math.max(1, target.rowCounts.size * source.rowCounts.size);
  const limit = Math.max(
    MIN_SHARED,
    sharedByNature(natural, source.rowCounts.size, pairCount),
    sharedByNature(naturalPeers, target.rowCounts.size, pairCount),
  );
  const rate = Math.max(meetingRate(source), meetingRate(peers));
  const isClone = (pair: string, count: number): boolean => {
    const [made, real] = pair.split(' ').map(Number);
    const rows = target.rowCounts.get(made)!;
    if (count < limit || count < CLONE_SHARE * rows) return false;
    return poissonTail(count, rate * rows * source.rowCounts.get(real)!) * pairCount < CHANCE;
  };
  const clones = new Set(
    [...target.shared].filter(([pair, count]) => isClone(pair, count)).map(([pair]) => pair.split(' ')[0]),
  ).size;
  return [
    exactGate(GATE, 'database', null, {
      value: found,
      limit: limit - 1,
      passes: clones === 0,
      explanation:
        clones === 0
          ? `No made subject shares more rare rows with one subject of the source than chance makes (${found} at most); two real ones share up to ${natural}.`
          : `${clones} made subjects share up to ${found} rare rows with one subject of the source; two real ones never share more than ${natural}.`,
    }),
  ];
}

/** Whether a column says the same in all rows of a subject, for subjects that have several. */
function isOfSubject(column: ColumnView, view: TableView): boolean {
  const first = new Map<number, { readonly value: string | null; isSame: boolean; rows: number }>();
  column.source.forEach((value, row) => {
    const unit = view.source.units[row];
    const own = first.get(unit);
    if (own === undefined) first.set(unit, { value, isSame: true, rows: 1 });
    else {
      own.rows++;
      if (own.value !== value) own.isSame = false;
    }
  });
  const several = [...first.values()].filter(({ rows }) => rows > 1);
  return several.length > first.size / 2 && several.filter(({ isSame }) => isSame).length > SAME_SHARE * several.length;
}

/** How many rare tuples the likest two of so many pairs share by nature, if the likest of those compared share `natural`: the tail taken for geometric. */
function sharedByNature(natural: number, unitCount: number, pairCount: number): number {
  const comparedPairs = Math.max(2, (unitCount * (unitCount - 1)) / 2);
  return Math.ceil(((natural + 1) * Math.log(pairCount / CHANCE)) / Math.log(comparedPairs));
}

/** Rare tuples shared per pair of rows of two real subjects; one more than were seen, for none may be. */
function meetingRate({ shared, rowCounts }: Side): number {
  let [rows, squares, met] = [0, 0, 1];
  for (const count of rowCounts.values()) {
    rows += count;
    squares += count * count;
  }
  for (const count of shared.values()) met += count;
  return met / Math.max(1, rows * rows - squares);
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

/** Adds rows of each unit to `side`, and for each (own unit, source unit) the distinct rare tuples that both have. */
function countShared(
  tuples: readonly string[],
  units: Uint32Array,
  holders: ReadonlyMap<string, readonly number[]>,
  isSelf: boolean,
  { shared, rowCounts }: Side,
): void {
  const seen = new Set<string>();
  tuples.forEach((tuple, row) => {
    rowCounts.set(units[row], (rowCounts.get(units[row]) ?? 0) + 1);
    const own = holders.get(tuple);
    if (own === undefined || (isSelf && own.length === 1)) return;
    const key = `${units[row]} ${tuple}`;
    if (seen.has(key)) return;
    seen.add(key);
    for (const unit of own) {
      if (isSelf && unit === units[row]) continue;
      const pair = `${units[row]} ${unit}`;
      shared.set(pair, (shared.get(pair) ?? 0) + 1);
    }
  });
}

function largest(counts: ReadonlyMap<string, number>): number {
  let most = 0;
  for (const count of counts.values()) most = Math.max(most, count);
  return most;
}
