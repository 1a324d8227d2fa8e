/** When the made rows take place: what of each moment's values decides whether and how far it may be moved. */
import { tableId, type ColumnType, type TableFacts } from '../../../connectors/connector.ts';
import { isNullAt, textAt, type ColumnVector, type RowBlock } from '../../kernel/rows.ts';
import { parseTimestamp } from '../../model/encoders/scalar.ts';
import type { LearnedModel } from '../learn/artifact.ts';
import type { TableStream } from './artifact.ts';
import { valueReader } from './cells.ts';
import { rowChecks, schemaFacts, type RowCheck } from './constraints.ts';
import type { Value } from './expression.ts';

const DAY_MICROS = 86_400_000_000;
/** Rows that are remembered of a CHECK; of one column, a day needs one. */
const MOST_WITNESSES = 20_000;
const DATES = /\d{4,}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d+)?)?(?:[+-]\d\d(?::\d\d)?|Z)?(?: BC)?/g;

/** Times are microseconds since 1970. */
export interface ColumnTimes {
  /** `tableId`. */
  readonly table: string;
  readonly column: string;
  /** It has a time of day, as what is recorded when it happens has. */
  readonly isEvent: boolean;
  /** Rows by day since 1970. */
  readonly days: Map<number, number>;
  oldest: number;
  newest: number;
  /** Of those that were not yet to come when the source was read; −Infinity for none. */
  newestPast: number;
}

/** A CHECK or the bounds of the partitions, and rows that keep it as they are. */
export interface TimeCheck {
  readonly table: string;
  readonly check: RowCheck;
  readonly types: ReadonlyMap<string, ColumnType>;
  readonly rows: ReadonlyMap<string, Value>[];
}

export interface TimeExtents {
  /** By `columnKey`. */
  readonly columns: ReadonlyMap<string, ColumnTimes>;
  readonly checks: readonly TimeCheck[];
}

export function columnKey(table: string, column: string): string {
  return `${table}\0${column}`;
}

/** Dates, timestamps, and what is made of them: ranges, arrays. */
export function isTemporal(type: ColumnType): boolean {
  if (type.class === 'date' || isClock(type)) return true;
  return type.element != null && isTemporal(type.element);
}

function isClock(type: ColumnType): boolean {
  return type.class === 'timestamp' || type.class === 'timestamptz';
}

/** Drains the streams. Memory: a number for each day of each column, and 20,000 rows for each CHECK on moments. */
export async function measureTimes(model: LearnedModel, streams: readonly TableStream[]): Promise<TimeExtents> {
  const columns = new Map<string, ColumnTimes>();
  const checks: TimeCheck[] = [];
  const schema = schemaFacts(model.catalog.script);
  const facts = new Map(model.catalog.tables.map((table) => [tableId(table.name), table]));
  const learnedAt = Date.parse(model.provenance.learnedAt) * 1000;
  for (const stream of streams) {
    const table = facts.get(stream.table)!;
    const own = timesOf(table);
    for (const times of own) columns.set(columnKey(times.table, times.column), times);
    const temporal = new Set(own.map((times) => times.column));
    const types = new Map(table.columns.map((column) => [column.name, column.type]));
    const watched = rowChecks(table, { types, functions: schema.functions })
      .filter((check) => check.valueColumns.some((column) => temporal.has(column)))
      .map((check) => new Witnesses({ table: stream.table, check, types, rows: [] }, temporal));
    for await (const block of stream.blocks()) {
      for (const times of own) measure(block.columns.get(times.column), block.rowCount, times, learnedAt);
      for (const witnesses of watched) witnesses.add(block);
    }
    checks.push(...watched.map((witnesses) => witnesses.seen));
  }
  return { columns, checks };
}

function timesOf(table: TableFacts): ColumnTimes[] {
  return table.columns
    .filter((column) => column.generated === null && isTemporal(column.type))
    .map(({ name, type }) => ({
      table: tableId(table.name),
      column: name,
      isEvent: isClock(type),
      days: new Map(),
      oldest: Infinity,
      newest: -Infinity,
      newestPast: -Infinity,
    }));
}

function measure(vector: ColumnVector | undefined, rowCount: number, times: ColumnTimes, learnedAt: number): void {
  if (vector === undefined) return;
  for (let i = 0; i < rowCount; i++) {
    if (isNullAt(vector, i)) continue;
    for (const micros of momentsAt(vector, i)) {
      const day = Math.floor(micros / DAY_MICROS);
      times.days.set(day, (times.days.get(day) ?? 0) + 1);
      times.oldest = Math.min(times.oldest, micros);
      times.newest = Math.max(times.newest, micros);
      if (micros <= learnedAt) times.newestPast = Math.max(times.newestPast, micros);
    }
  }
}

function momentsAt(vector: ColumnVector, i: number): readonly number[] {
  if (vector.form === 'epoch-days') return [vector.values[i] * DAY_MICROS];
  if (vector.form === 'epoch-micros') return [vector.values[i]];
  return (textAt(vector, i)?.match(DATES) ?? []).flatMap((date) => parseTimestamp(date) ?? []);
}

/** Keeps one row for each combination of days that a check has seen, as long as they are not too many. */
class Witnesses {
  readonly seen: TimeCheck;
  readonly #temporal: readonly string[];
  readonly #readers: ReadonlyMap<string, ReturnType<typeof valueReader>>;
  readonly #days = new Set<string>();

  constructor(seen: TimeCheck, temporal: ReadonlySet<string>) {
    this.seen = seen;
    this.#temporal = seen.check.columns.filter((column) => temporal.has(column));
    this.#readers = new Map(seen.check.columns.map((name) => [name, valueReader(seen.types.get(name)?.class ?? '')]));
  }

  add(block: RowBlock): void {
    const { rows, check } = this.seen;
    for (let i = 0; i < block.rowCount && rows.length < MOST_WITNESSES; i++) {
      const row = new Map([...this.#readers].map(([name, read]) => [name, read(cellAt(block.columns.get(name), i))]));
      const days = this.#temporal.map((name) => dayOf(row.get(name) ?? null)).join(' ');
      if (this.#days.has(days)) continue;
      // What the source itself does not keep everywhere is no bound.
      if (check.test((name) => row.get(name) ?? null) === false) continue;
      this.#days.add(days);
      rows.push(row);
    }
  }
}

function dayOf(value: Value): string {
  return typeof value === 'number' ? String(Math.floor(value / DAY_MICROS)) : String(value);
}

function cellAt(vector: ColumnVector | undefined, i: number): number | string | null {
  if (vector === undefined || isNullAt(vector, i) || vector.form === 'masked') return null;
  return vector.values[i];
}
