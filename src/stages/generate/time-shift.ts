/**
 * `learn.time: shift-to-now`: the made rows take place as many whole weeks later as brings them up to `asOf`. One shift
 * for all moments that move, so weekdays, hours, gaps and the rules between moments stay what they are.
 *
 * It is applied to finished rows, behind everything that makes them: chain, references and repair know of no shift,
 * and neither do the gates, which read a shifted target back by as many days.
 */
import { shiftedText, shiftVector } from '../../kernel/day-shift.ts';
import { finding, type Finding } from '../../kernel/findings.ts';
import type { MinedRule, Operand } from '../../model/rules.ts';
import type { LearnedModel } from '../learn/artifact.ts';
import type { TableStream } from './artifact.ts';
import type { Value } from './expression.ts';
import { columnKey, measureTimes, type ColumnTimes, type TimeCheck, type TimeExtents } from './time-extents.ts';

const DAY_MICROS = 86_400_000_000;
const WEEK_MICROS = 7 * DAY_MICROS;
/** Of the rows with a time of day, this share may be older than the window of activity: old stock, wrong years. */
const BEFORE_WINDOW = 0.01;
/** How far from the window a moment may lie and still move with it, in lengths of the window. */
const NEAR_WINDOW = 0.5;

export interface TimeShift {
  /** ISO time that the rows are moved up to. */
  readonly asOf: string;
  /** A multiple of 7; negative where `asOf` lies before the end of the source. */
  readonly days: number;
  /** Names of the columns that move, by `tableId`. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  readonly findings: readonly Finding[];
}

/**
 * Looks at all rows that the run will make, and settles what moves and how far. Drains `streams`, which `generate`
 * must make anew for the run itself.
 */
export async function planTimeShift(
  model: LearnedModel,
  streams: readonly TableStream[],
  asOf: Date,
): Promise<TimeShift> {
  const extents = await measureTimes(model, streams);
  const findings: Finding[] = [];
  const moving = movable(model, extents, findings);
  const links = momentLinks(model);
  let days = daysUntil(asOf, moving, extents);
  for (let broken = findBroken(links, moving, extents, days); broken !== null;) {
    moving.delete(broken.moved);
    findings.push(kept(broken.moved, `${broken.by} ties it to ${shown(broken.still)}, which does not move`));
    days = daysUntil(asOf, moving, extents);
    broken = findBroken(links, moving, extents, days);
  }
  const fitting = fitChecks(days, moving, extents.checks, findings);
  const columns = new Map<string, Set<string>>();
  for (const key of moving) {
    const { table, column } = extents.columns.get(key)!;
    columns.set(table, (columns.get(table) ?? new Set()).add(column));
  }
  return { asOf: asOf.toISOString(), days: fitting, columns, findings };
}

/** The rows as they are to be loaded. */
export function shiftStreams(streams: readonly TableStream[], { days, columns }: TimeShift): readonly TableStream[] {
  if (days === 0) return streams;
  return streams.map((stream) => {
    const moved = columns.get(stream.table);
    if (moved === undefined) return stream;
    async function* blocks(): ReturnType<TableStream['blocks']> {
      for await (const block of stream.blocks()) {
        for (const name of moved!) {
          const vector = block.columns.get(name);
          if (vector !== undefined) shiftVector(vector, days);
        }
        yield block;
      }
    }
    return { table: stream.table, rowCount: () => stream.rowCount(), blocks };
  });
}

/**
 * Moments of synthesized tables that are nobody's own (a birth date belongs to a person, not to the calendar of the
 * application) and that lie in the window of activity. The window is where the rows with a time of day lie, since those
 * are written down as they happen; of dates where there are none. What lies mostly further from it than half its length
 * is not of the same story: history before (a release year, a founding day), a horizon behind (the end of all time).
 * What lies nearer is: customers sign up before the first order that is still there, bills are due after the last.
 */
function movable(model: LearnedModel, { columns }: TimeExtents, findings: Finding[]): Set<string> {
  const synthesized = new Map(
    model.tables.filter((table) => table.strategy === 'synthesize').map((table) => [table.id, table]),
  );
  const classes = new Map(model.classification.columns.map((entry) => [columnKey(entry.table, entry.column), entry]));
  const candidates = [...columns].filter(([key, { table, column, days }]) => {
    const maker = synthesized.get(table)?.columns.find(({ name }) => name === column)?.maker;
    const entry = classes.get(key);
    const isPersonal = entry !== undefined && (entry.sensitivity !== 'none' || entry.detector !== null);
    return maker !== undefined && maker.by !== 'mask' && !isPersonal && days.size > 0;
  });
  const events = candidates.filter(([, { isEvent }]) => isEvent);
  const pooled = new Map<number, number>();
  for (const [, { days }] of events.length > 0 ? events : candidates)
    for (const [day, count] of days) pooled.set(day, (pooled.get(day) ?? 0) + count);
  const first = quantile(pooled, BEFORE_WINDOW);
  const last = quantile(pooled, 1 - BEFORE_WINDOW);
  const reach = NEAR_WINDOW * (last - first + 1);
  const moving = new Set<string>();
  for (const [key, { days }] of candidates) {
    const middle = quantile(days, 0.5);
    if (middle >= first - reach && middle <= last + reach) moving.add(key);
    else findings.push(kept(key, `they lie mostly long ${middle < first ? 'before' : 'after'} what the tables record`));
  }
  return moving;
}

function quantile(days: ReadonlyMap<number, number>, rate: number): number {
  const sorted = [...days].sort((a, b) => a[0] - b[0]);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  let below = 0;
  for (const [day, count] of sorted) {
    below += count;
    if (below > rate * total || below === total) return day;
  }
  return NaN;
}

/**
 * As many whole weeks as keep the newest moving moment from passing `asOf`: over all moving columns, since any one of
 * them that passed it would be an event of tomorrow. A moment that was still to come when the source was read (an
 * appointment, an expiry) may be to come again, and does not count.
 */
function daysUntil(asOf: Date, moving: ReadonlySet<string>, { columns }: TimeExtents): number {
  const newest = [...moving].reduce((most, key) => Math.max(most, columns.get(key)!.newestPast), -Infinity);
  return newest === -Infinity ? 0 : 7 * Math.floor((asOf.getTime() * 1000 - newest) / WEEK_MICROS);
}

/** Two moments that a rule or a key ties. `low` is never after `high` where they are ordered; else they go together. */
interface MomentLink {
  readonly low: string;
  readonly high: string;
  readonly isOrder: boolean;
  readonly by: string;
}

function momentLinks({ tables }: LearnedModel): readonly MomentLink[] {
  const models = new Map(tables.map((table) => [table.id, table]));
  const behind = (table: string, foreignKey: string): string =>
    models.get(table)?.foreignKeys.find(({ name }) => name === foreignKey)?.referencedTable ?? '';
  const keyOf = (table: string, { column, foreignKey, then }: Operand): string => {
    const first = foreignKey === null ? table : behind(table, foreignKey);
    return columnKey(then === undefined ? first : behind(first, then), column);
  };
  const together = (by: string, keys: readonly string[]): MomentLink[] =>
    keys.slice(1).map((key) => ({ low: keys[0], high: key, isOrder: false, by }));
  const ofRule = (rule: MinedRule): readonly MomentLink[] => {
    const { table } = rule;
    const own = (column: string): string => columnKey(table, column);
    switch (rule.kind) {
      case 'order': {
        const [low, high] = [keyOf(table, rule.low), keyOf(table, rule.high)];
        return [{ low, high, isOrder: rule.within === undefined, by: 'an order between them' }];
      }
      case 'equal':
        return together('their being equal', [own(rule.column), own(rule.to)]);
      case 'copy':
        return together('its being copied', [
          own(rule.column),
          columnKey(behind(table, rule.foreignKey), rule.parentColumn),
        ]);
      case 'copy-through': {
        const last = behind(behind(table, rule.path[0]), rule.path[1]);
        return together('its being copied', [own(rule.column), columnKey(last, rule.parentColumn)]);
      }
      case 'arithmetic': {
        const keys = [own(rule.target), ...rule.operands.map((operand) => keyOf(table, operand))];
        return together('a computation', keys);
      }
      case 'aggregate':
        if (rule.function !== 'min' && rule.function !== 'max') return [];
        return together(`the ${rule.function} over its children`, [
          own(rule.column),
          ...rule.of.map((column) => columnKey(rule.childTable, column)),
        ]);
      case 'found-in':
        if (rule.after === undefined) return [];
        return together('an order between them', [own(rule.after.column), keyOf(rule.inTable, rule.after.than)]);
      default:
        return [];
    }
  };
  const ofKeys = tables.flatMap((table) =>
    table.foreignKeys.flatMap((key) =>
      key.columns.map((column, i): MomentLink => {
        const [low, high] = [columnKey(table.id, column), columnKey(key.referencedTable, key.referencedColumns[i])];
        return { low, high, isOrder: false, by: `the foreign key ${key.name}` };
      }),
    ),
  );
  return [...ofKeys, ...tables.flatMap((table) => table.rules.flatMap(ofRule))];
}

interface Broken {
  readonly moved: string;
  readonly still: string;
  readonly by: string;
}

/**
 * A tie between a column that moves and one that does not, which the shift would break: the first then stays, too. An
 * order holds where the later moment moves on (orders follow the birth of who ordered), or where there is room between.
 */
function findBroken(
  links: readonly MomentLink[],
  moving: ReadonlySet<string>,
  { columns }: TimeExtents,
  days: number,
): Broken | null {
  for (const { low, high, isOrder, by } of links) {
    // Numbers and texts beside a moment are no moments.
    const [first, second] = [columns.get(low), columns.get(high)];
    if (first === undefined || second === undefined || moving.has(low) === moving.has(high)) continue;
    if (isOrder && staysOrdered(first, moving.has(low) ? days : 0, second, moving.has(high) ? days : 0)) continue;
    return moving.has(low) ? { moved: low, still: high, by } : { moved: high, still: low, by };
  }
  return null;
}

function staysOrdered(low: ColumnTimes, lowDays: number, high: ColumnTimes, highDays: number): boolean {
  return lowDays <= highDays || low.newest + lowDays * DAY_MICROS < high.oldest + highDays * DAY_MICROS;
}

/** Less than `days` where a CHECK or the bounds of the partitions leave less room. */
function fitChecks(
  days: number,
  moving: ReadonlySet<string>,
  checks: readonly TimeCheck[],
  findings: Finding[],
): number {
  const broken = (at: number): TimeCheck | undefined => checks.find((check) => breaks(check, moving, at));
  const first = broken(days);
  if (first === undefined) return days;
  const towardsZero = days > 0 ? -7 : 7;
  let fitting = days + towardsZero;
  while (fitting !== 0 && broken(fitting) !== undefined) fitting += towardsZero;
  findings.push(
    finding(
      'warning',
      'GENERATE_TIME_BOUND',
      `${first.table}.${first.check.name}`,
      `${capital(first.check.name)} of ${first.table} leaves no room for moments ${weeks(days)}: all are moved by ${weeks(fitting)} instead.`,
      'Widen the constraint or add partitions in the source, or set learn.time to keep.',
    ),
  );
  return fitting;
}

function breaks({ table, check, rows, types }: TimeCheck, moving: ReadonlySet<string>, days: number): boolean {
  const moved = check.columns.filter((column) => moving.has(columnKey(table, column)));
  if (moved.length === 0) return false;
  const movedOn = (value: Value, column: string): Value => {
    if (typeof value === 'number') return value + days * DAY_MICROS;
    return typeof value === 'string' && types.get(column) !== undefined ? shiftedText(value, days) : value;
  };
  return rows.some((row) => {
    const read = (column: string): Value => {
      const value = row.get(column) ?? null;
      return moved.includes(column) ? movedOn(value, column) : value;
    };
    return check.test(read) === false;
  });
}

function kept(key: string, why: string): Finding {
  return finding('info', 'GENERATE_TIME_KEPT', shown(key), `Its moments are not moved: ${why}.`);
}

function shown(key: string): string {
  return key.replace('\0', '.');
}

function capital(name: string): string {
  return name === 'partition bounds' ? 'The set of partitions' : `The constraint ${name}`;
}

function weeks(days: number): string {
  const count = Math.abs(days / 7);
  return `${count} week${count === 1 ? '' : 's'} ${days < 0 ? 'earlier' : 'later'}`;
}
