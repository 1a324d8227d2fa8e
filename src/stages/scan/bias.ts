import { detectableEffect } from '../../metrics/closest-record.ts';
import { normalTail } from '../../metrics/intervals.ts';
import type { ScanInput, Subgroups } from './input.ts';
import type { ColumnView, TableView } from './table-view.ts';
import { clusteredRate, percent } from './twins.ts';
import type { Rate } from './twins.ts';
import { notApplicable } from './verdicts.ts';
import type { OpenGate, StatisticalGate } from './verdicts.ts';

/** A group or an outcome of fewer units is nobody's to compare. */
const MIN_UNITS = 20;
/** More groups or outcomes are no subgroups. */
const MAX_LEVELS = 20;

type SideName = 'source' | 'target';
/** Of each row its level; null for one that is rare, or NULL. */
type Levels = Readonly<Record<SideName, readonly (string | null)[]>>;

/** A change from source to target with its error. */
interface Change {
  readonly size: number;
  readonly standardError: number;
}

/**
 * Whether made rows treat subgroups otherwise than the real ones do. `bias-shares`: the change of a group's share of the
 * rows. `bias-amplification`: by how much the gap between two groups' rates of an outcome has grown. Each is the largest
 * over groups and outcomes, tested at as many as there are (Bonferroni), with intervals clustered by unit.
 *
 * Numbers are parted at the source's median.
 */
export function biasGates(view: TableView, input: ScanInput): OpenGate[] {
  return (input.subgroups ?? [])
    .filter(({ table }) => table === view.id)
    .flatMap((entry) => gatesOf(entry, view, input));
}

function gatesOf({ group, outcome, limit }: Subgroups, view: TableView, input: ScanInput): OpenGate[] {
  const scope = `${view.id} (${outcome} by ${group})`;
  const [groups, outcomes] = [group, outcome].map((name) => levelsOf(name, view));
  if (groups === null || outcomes === null)
    return [
      notApplicable(
        'bias-shares',
        scope,
        view.id,
        `Its groups or outcomes are no 2 to ${MAX_LEVELS} levels that ${MIN_UNITS} units have, or their values are replaced.`,
      ),
    ];
  const names = distinct(groups.source);
  const rate = (side: SideName, of: (row: number) => boolean, rows: readonly number[]): Rate =>
    clusteredRate(
      Uint8Array.from(rows, (row) => (of(row) ? 1 : 0)),
      rows.map((row) => view[side].units[row]),
    );
  const rowsOf = (side: SideName, name: string | null): number[] =>
    [...groups[side].keys()].filter((row) => name === null || groups[side][row] === name);
  const shareChanges = names.map((name) => {
    const [real, made] = (['source', 'target'] as const).map((side) =>
      rate(side, (row) => groups[side][row] === name, rowsOf(side, null)),
    );
    return { size: Math.abs(made.rate - real.rate), standardError: Math.sqrt(made.variance + real.variance) };
  });
  let [realImpact, madeImpact] = [1, 1];
  const gapChanges = distinct(outcomes.source).flatMap((result) => {
    const rates = names.map((name) => ({
      real: rate('source', (row) => outcomes.source[row] === result, rowsOf('source', name)),
      made: rate('target', (row) => outcomes.target[row] === result, rowsOf('target', name)),
    }));
    realImpact = Math.min(realImpact, impact(rates.map(({ real }) => real.rate)));
    madeImpact = Math.min(madeImpact, impact(rates.map(({ made }) => made.rate)));
    return rates.flatMap((a, i) => rates.slice(i + 1).map((b) => gapChange(a, b)));
  });
  const gate = (
    name: string,
    changes: readonly Change[],
    explanation: (largest: number) => string,
  ): StatisticalGate => {
    const largest = changes.reduce((a, b) => (zOf(b, limit) > zOf(a, limit) ? b : a));
    return {
      kind: 'statistical',
      gate: name,
      scope,
      table: view.id,
      value: largest.size,
      standardError: largest.standardError,
      limit,
      pValue: Math.min(1, normalTail(zOf(largest, limit)) * changes.length),
      unitCount: Math.min(view.sourceUnitCount, view.targetUnitCount),
      range: [-1, 1],
      powered: (alpha) => detectableEffect(largest.standardError, alpha) <= input.limits.detectable,
      explanation: explanation(largest.size),
    };
  };
  return [
    gate(
      'bias-shares',
      shareChanges,
      (size) => `Of ${names.length} groups, the share of one changes by ${percent(size)} of the rows.`,
    ),
    gate(
      'bias-amplification',
      gapChanges,
      (size) =>
        `The gap between two groups' rates of an outcome grows by ${percent(size)}. ` +
        `The smallest ratio of two groups' rates (disparate impact) is ${madeImpact.toFixed(2)}, in the source ${realImpact.toFixed(2)}.`,
    ),
  ];
}

interface RatePair {
  readonly real: Rate;
  readonly made: Rate;
}

/** By how much the groups' rates are farther apart than in the source, whichever is the higher. */
function gapChange(a: RatePair, b: RatePair): Change {
  const real = a.real.rate - b.real.rate;
  const made = a.made.rate - b.made.rate;
  return {
    size: Math.abs(made) - Math.abs(real),
    standardError: Math.sqrt(a.real.variance + b.real.variance + a.made.variance + b.made.variance),
  };
}

function zOf({ size, standardError }: Change, limit: number): number {
  return (size - limit) / Math.max(standardError, 1e-9);
}

/** The lowest rate by the highest. */
function impact(rates: readonly number[]): number {
  const highest = Math.max(...rates);
  return highest === 0 ? 1 : Math.min(...rates) / highest;
}

function levelsOf(name: string, view: TableView): Levels | null {
  const column = view.columns.find((entry) => entry.name === name);
  if (column === undefined || column.isReplaced) return null;
  const all = column.kind === 'ordered' ? halves(column) : { source: column.source, target: column.target };
  const units = new Map<string, Set<number>>();
  all.source.forEach((level, row) => {
    if (level !== null) units.set(level, (units.get(level) ?? new Set<number>()).add(view.source.units[row]));
  });
  const isKept = (level: string | null): boolean => level !== null && (units.get(level)?.size ?? 0) >= MIN_UNITS;
  const count = [...units.keys()].filter(isKept).length;
  if (count < 2 || count > MAX_LEVELS) return null;
  const kept = (levels: readonly (string | null)[]): (string | null)[] =>
    levels.map((level) => (isKept(level) ? level : null));
  return { source: kept(all.source), target: kept(all.target) };
}

function halves(column: ColumnView): Levels {
  const sorted = column.sourceNumbers.filter((value) => !Number.isNaN(value)).sort();
  const median = sorted[sorted.length >>> 1] ?? 0;
  const half = (values: Float64Array): (string | null)[] =>
    Array.from(values, (value) => (Number.isNaN(value) ? null : value >= median ? 'high' : 'low'));
  return { source: half(column.sourceNumbers), target: half(column.targetNumbers) };
}

function distinct(levels: readonly (string | null)[]): string[] {
  return [...new Set(levels.filter((level) => level !== null))];
}
