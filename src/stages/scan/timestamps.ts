import { poissonTail } from '../../metrics/intervals.ts';
import type { ColumnView, TableView } from './table-view.ts';
import { exactGate } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

const GATE = 'timestamps';
const MOMENTS: ReadonlySet<string> = new Set(['timestamp', 'timestamptz', 'time', 'timetz']);
/** A moment that so many units share (an import, a batch) identifies none of them. */
const COMMON_UNITS = 5;
const CHANCE = 0.001;
/** Shared moments come in heaps: so much oftener than among real rows is tolerated. */
const NATURAL_EXCESS = 1.5;

/**
 * Moments with digits below the second are fingerprints: made ones have fresh digits, so one that equals a source
 * moment to the last digit was copied, but for the few that meet by chance, 10^−digits of those within one second,
 * and as many as real subjects share with one another.
 */
export function timestampGates(view: TableView): OpenGate[] {
  const columns = view.columns.filter(
    (column) => MOMENTS.has(column.typeClass) && !column.isKey && !column.isReplaced && column.varies,
  );
  const precise = columns
    .map((column) => ({ column, ...coincidences(column, view) }))
    .filter(({ digits }) => digits >= 3);
  if (precise.length === 0) return [];
  const leaked = precise.filter(({ hits, expected }) => poissonTail(hits, expected) < CHANCE);
  const hitCount = leaked.reduce((sum, { hits }) => sum + hits, 0);
  return [
    exactGate(GATE, view.id, view.id, {
      value: hitCount,
      limit: 0,
      passes: leaked.length === 0,
      explanation:
        leaked.length === 0
          ? `No moment of ${precise.length} columns repeats the digits below the second of a source row.`
          : `${hitCount} moments equal those of source rows to the last digit: ${leaked.map(({ column }) => column.name).join(', ')}.`,
    }),
  ];
}

function coincidences(column: ColumnView, view: TableView): { digits: number; hits: number; expected: number } {
  const holders = new Map<string, Set<number>>();
  const perSecond = new Map<string, number>();
  let digits = 0;
  column.source.forEach((text, row) => {
    const parts = text === null ? null : split(text);
    if (parts === null) return;
    digits = Math.max(digits, parts.fraction.length);
    const units = holders.get(text!) ?? new Set<number>();
    if (units.size === 0) perSecond.set(parts.second, (perSecond.get(parts.second) ?? 0) + 1);
    if (units.size < COMMON_UNITS) units.add(view.source.units[row]);
    holders.set(text!, units);
  });
  // What several subjects live through at one moment, unseen ones lived through too.
  const sharedRows = column.source.filter((text) => {
    const count = text === null ? 0 : (holders.get(text)?.size ?? 0);
    return count > 1 && count < COMMON_UNITS;
  }).length;
  let hits = 0;
  const sharedAtMost = sharedRows + 1 + 2 * Math.sqrt(sharedRows + 1); // no pair seen may still be three to come
  let expected = (NATURAL_EXCESS * sharedAtMost * column.target.length) / Math.max(1, column.source.length);
  for (const text of column.target) {
    const parts = text === null ? null : split(text);
    if (parts === null) continue;
    expected += (perSecond.get(parts.second) ?? 0) / 10 ** digits;
    const units = holders.get(text!);
    if (units !== undefined && units.size < COMMON_UNITS) hits++;
  }
  return { digits, hits, expected };
}

/** Null where there are no digits below the second. */
function split(text: string): { readonly second: string; readonly fraction: string } | null {
  const match = /^(.*\d\d:\d\d:\d\d)\.(\d+)/.exec(text);
  return match === null ? null : { second: match[1], fraction: match[2] };
}
