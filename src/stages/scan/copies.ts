import { poissonTail } from '../../metrics/intervals.ts';
import type { ScanLimits } from './input.ts';
import { informativeColumns } from './table-view.ts';
import type { ColumnView, TableView } from './table-view.ts';
import { clusteredRate, excessPValue, percent } from './twins.ts';
import type { Rate } from './twins.ts';
import { exactGate, notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

/** Fewer columns cannot be told from coincidence. */
const MIN_COLUMNS = 2;
/** Where more than this share of the units have a column's commonest value, it tells hardly any rows apart. */
const NEARLY_CONSTANT = 0.95;
/** From here on, a copied row is no coincidence where real rows never come near one another. */
const MANY_COLUMNS = 8;
/** Less likely coincidences are none. */
const CHANCE = 0.001;
/** What so many units have identifies none of them. */
const COMMON_UNITS = 5;

export interface CopyOutcome {
  readonly gates: readonly OpenGate[];
  readonly copyRate: number | null;
  readonly holdoutCopyRate: number | null;
}

/**
 * Copies: target rows whose tuple over the informative columns belongs to exactly one unit of the source.
 *
 * The hold-out's rate is that of the source itself with each unit held out in turn: the share of rows whose tuple is
 * that of exactly one *other* unit. What a generator copies by nature is about that, since it draws from the same
 * distribution; more is memory. **Source** the leave-one-out (Good–Turing) estimate of meeting a singleton.
 */
export function copyGates(view: TableView, limits: ScanLimits): CopyOutcome {
  const columns = informativeColumns(view);
  const telling = columns.filter((column) => !isNearlyConstant(column, view)).length;
  if (telling < MIN_COLUMNS) {
    const reason = `Copies were not looked for: ${telling} of its columns were learned and tell rows apart, and ${MIN_COLUMNS} are needed.`;
    return { gates: [notApplicable('copies', view.id, view.id, reason)], copyRate: null, holdoutCopyRate: null };
  }
  const holders = tupleHolders(columns, view);
  const target = targetCopies(columns, view, holders);
  const holdout = sourceTwins(columns, view, holders);
  const gates: OpenGate[] = [outrightGate(view, columns, target)];
  const tolerated = limits.copyExcess + limits.copyExcessRelative * holdout.rate;
  const excess = target.rate - holdout.rate;
  const standardError = Math.sqrt(target.variance + holdout.variance);
  gates.push({
    kind: 'statistical',
    gate: 'copies',
    scope: view.id,
    table: view.id,
    value: excess,
    standardError,
    limit: tolerated,
    pValue: excessPValue(target, holdout, tolerated, view.sourceUnitCount),
    unitCount: Math.min(view.sourceUnitCount, view.targetUnitCount),
    range: [-1, 1],
    powered: () => true, // an excess is a rate over all rows: from `minUnits` units on there is nothing that would hide it
    explanation:
      `${percent(target.rate)} of the target's rows equal, in all ${columns.length} learned columns, rows of exactly one unit of the source; ` +
      `among real rows it is ${percent(holdout.rate)}. More than ${percent(tolerated)} in excess would be copying.`,
  });
  return { gates, copyRate: target.rate, holdoutCopyRate: holdout.rate };
}

/** Whether all units but a few have the same value: a tuple over one other column and such ones is that one's value. */
function isNearlyConstant(column: ColumnView, view: TableView): boolean {
  const counts = valueCounts(column.source.map((value) => value ?? '\u0001'));
  let commonest = '';
  for (const [value, count] of counts) if (count > (counts.get(commonest) ?? 0)) commonest = value;
  const deviating = new Set(view.source.units.filter((_, row) => (column.source[row] ?? '\u0001') !== commonest));
  return deviating.size < Math.max(COMMON_UNITS, (1 - NEARLY_CONSTANT) * view.sourceUnitCount);
}

interface TargetCopies extends Rate {
  /** Copied rows in which a personal value that fewer than 5 units hold was copied too. */
  readonly personalCount: number;
  /** How many of these the fakes' own frequencies explain. */
  readonly expectedPersonalCount: number;
}

/** Tuple → the unit that holds it alone and its row there; `many` where two units or more do. */
type Holders = ReadonlyMap<
  string,
  { readonly unit: number; readonly row: number; readonly unitCount: number; readonly otherUnit: number }
>;

function tupleHolders(columns: readonly ColumnView[], view: TableView): Holders {
  const holders = new Map<string, { unit: number; row: number; unitCount: number; otherUnit: number }>();
  for (let row = 0; row < view.source.rowCount; row++) {
    const key = tupleOf(columns, 'source', row);
    const unit = view.source.units[row];
    const holder = holders.get(key);
    if (holder === undefined) holders.set(key, { unit, row, unitCount: 1, otherUnit: -1 });
    else if (holder.unit !== unit && holder.otherUnit !== unit) {
      holder.unitCount++;
      holder.otherUnit = unit;
    }
  }
  return holders;
}

function tupleOf(columns: readonly ColumnView[], side: 'source' | 'target', row: number, without = -1): string {
  let key = '';
  for (let c = 0; c < columns.length; c++) if (c !== without) key += `${columns[c][side][row] ?? '\u0001'}\u0000`;
  return key;
}

function targetCopies(columns: readonly ColumnView[], view: TableView, holders: Holders): TargetCopies {
  const personal = view.columns
    .filter((column) => column.isReplaced && !column.isKey)
    .map((column) => ({ column, rare: rareValues(column, view), frequency: valueCounts(column.target) }));
  const flags = new Uint8Array(view.target.rowCount);
  let personalCount = 0;
  let expectedPersonalCount = 0;
  for (let row = 0; row < view.target.rowCount; row++) {
    const holder = holders.get(tupleOf(columns, 'target', row));
    if (holder === undefined || holder.unitCount !== 1) continue;
    flags[row] = 1;
    let leaks = false;
    for (const { column, rare, frequency } of personal) {
      const real = column.source[holder.row];
      if (real === null || !rare.has(real)) continue;
      const isEqual = column.target[row] === real;
      expectedPersonalCount += ((frequency.get(real) ?? 0) - (isEqual ? 1 : 0)) / view.target.rowCount;
      if (isEqual) leaks = true;
    }
    if (leaks) personalCount++;
  }
  return { ...clusteredRate(flags, view.target.units), personalCount, expectedPersonalCount };
}

function valueCounts(values: readonly (string | null)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Values that identify: held by fewer than 5 units. A domain of a few values identifies nobody. */
function rareValues(column: ColumnView, view: TableView): Set<string> {
  const units = new Map<string, Set<number>>();
  column.source.forEach((value, row) => {
    if (value === null || value === '') return;
    const holders = units.get(value) ?? new Set<number>();
    if (holders.size < COMMON_UNITS) holders.add(view.source.units[row]);
    units.set(value, holders);
  });
  const rare = [...units].filter(([, holders]) => holders.size < COMMON_UNITS).map(([value]) => value);
  return new Set(units.size < COMMON_UNITS ? [] : rare);
}

function sourceTwins(columns: readonly ColumnView[], view: TableView, holders: Holders): Rate {
  const flags = new Uint8Array(view.source.rowCount);
  for (let row = 0; row < view.source.rowCount; row++) {
    if (holders.get(tupleOf(columns, 'source', row))?.unitCount === 2) flags[row] = 1;
  }
  const rate = clusteredRate(flags, view.source.units);
  return { ...rate, variance: rate.variance * 2, designEffect: rate.designEffect * 2 }; // twins come in pairs
}

/** What needs no statistics: a copy with a personal value, or of many columns where real rows never come near. */
function outrightGate(view: TableView, columns: readonly ColumnView[], target: TargetCopies): OpenGate {
  if (poissonTail(target.personalCount, target.expectedPersonalCount) < CHANCE) {
    return exactGate('copies-outright', view.id, view.id, {
      value: target.personalCount,
      limit: 0,
      passes: false,
      explanation: `${target.personalCount} rows of the target equal a source row in all ${columns.length} learned columns and in a personal value.`,
    });
  }
  const improbable = columns.length >= MANY_COLUMNS && target.count > 0 && !hasNearTwins(columns, view);
  return exactGate('copies-outright', view.id, view.id, {
    value: improbable ? target.count : 0,
    limit: 0,
    passes: !improbable,
    explanation: improbable
      ? `${target.count} rows of the target equal a source row in all ${columns.length} learned columns, though no two real units are alike in even all but one of them.`
      : 'No copied row carries a personal value, and none is a copy that chance could not explain.',
  });
}

/** Whether any two units of the source agree in all informative columns but one: then a coincidence in all is thinkable. */
function hasNearTwins(columns: readonly ColumnView[], view: TableView): boolean {
  for (let without = 0; without < columns.length; without++) {
    const holder = new Map<string, number>();
    for (let row = 0; row < view.source.rowCount; row++) {
      const key = tupleOf(columns, 'source', row, without);
      const unit = holder.get(key);
      if (unit === undefined) holder.set(key, view.source.units[row]);
      else if (unit !== view.source.units[row]) return true;
    }
  }
  return false;
}
