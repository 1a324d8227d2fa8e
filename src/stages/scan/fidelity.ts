import { ksComplement, orderedSample, tvComplement } from '../../metrics/distributions.ts';
import type { ColumnFidelity } from './artifact.ts';
import { columnBins, commonLevels } from './bins.ts';
import type { ScanLimits } from './input.ts';
import type { ColumnView, TableView } from './table-view.ts';
import { exactGate, notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

/** Fewer units on a side are too few to compare distributions by. */
const MIN_UNITS = 30;

export interface FidelityOutcome {
  readonly columns: readonly ColumnFidelity[];
  readonly gates: readonly OpenGate[];
}

/** Marginal scores of a table's columns, and the gate over those that were learned. */
export function fidelityGates(view: TableView, limits: ScanLimits): FidelityOutcome {
  const shown = view.columns.filter((column) => !column.isKey);
  const columns = shown.map((column) => ({
    table: view.id,
    column: column.name,
    kind: column.kind,
    marginalScore: marginalScore(column, view, sourceRows(view), column.isReplaced ? 'nulls' : 'values'),
    bins: columnBins(column, view),
  }));
  const gated = shown.filter((column) => !column.isReplaced);
  const units = Math.min(view.sourceUnitCount, view.targetUnitCount);
  if (view.strategy !== 'synthesize') {
    return {
      columns,
      gates: [
        notApplicable('marginals', view.id, view.id, `Its rows are not synthesized (strategy ${view.strategy}).`),
      ],
    };
  }
  if (gated.length === 0 || units < MIN_UNITS) {
    const reason =
      gated.length === 0
        ? 'No column of it was learned.'
        : `Only ${units} units are on the smaller side; ${MIN_UNITS} are needed to compare distributions.`;
    return { columns, gates: [notApplicable('marginals', view.id, view.id, reason)] };
  }
  return { columns, gates: [marginalGate(view, gated, limits)] };
}

function marginalGate(view: TableView, gated: readonly ColumnView[], limits: ScanLimits): OpenGate {
  const all = sourceRows(view);
  const fit = all.filter((row) => view.sourceSplits[row] !== 'test');
  const test = all.filter((row) => view.sourceSplits[row] === 'test');
  const scored = gated.map((column) => {
    const score = marginalScore(column, view, all, 'values');
    return { column, score, noise: samplingNoise(column, view) };
  });
  const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const value = average(scored.map(({ score }) => score));
  const limit = Math.max(0, limits.marginals - average(scored.map(({ noise }) => noise)));
  const low = scored.filter(({ score, noise }) => score < limits.columnMarginal - noise);
  const worst = scored.reduce((a, b) => (b.score < a.score ? b : a));
  const ceiling =
    test.length < MIN_UNITS ? null : average(gated.map((column) => scoreBetween(column, fit, column, test, 'source')));
  const floor = average(gated.map((column) => uniformScore(column)));
  return exactGate('marginals', view.id, view.id, {
    value,
    limit,
    passes: value >= limit && low.length === 0,
    explanation:
      `Mean likeness of ${gated.length} learned columns; lowest: ${worst.column.name} with ${worst.score.toFixed(3)}. ` +
      (ceiling === null ? '' : `Real rows that were held out reach ${ceiling.toFixed(3)}; `) +
      `evenly spread values would reach ${floor.toFixed(3)}.` +
      (low.length === 0 ? '' : ` Far too low: ${low.map(({ column }) => column.name).join(', ')}.`),
  });
}

function sourceRows(view: TableView): number[] {
  return Array.from({ length: view.source.rowCount }, (_, row) => row);
}

/** Score of the target against all source rows; of replaced columns only where they are NULL is compared. */
function marginalScore(column: ColumnView, view: TableView, rows: readonly number[], of: 'values' | 'nulls'): number {
  if (of === 'nulls') {
    const marks = (values: readonly (string | null)[]): Map<unknown, number> =>
      counts(values.map((value) => (value === null ? 'null' : 'value')));
    return tvComplement(marks(column.source), marks(column.target));
  }
  return scoreBetween(
    column,
    rows,
    column,
    Array.from({ length: view.target.rowCount }, (_, row) => row),
    'target',
    view.source.units,
  );
}

/** Likeness of some source rows and rows of either side. */
function scoreBetween(
  a: ColumnView,
  aRows: readonly number[],
  b: ColumnView,
  bRows: readonly number[],
  bSide: 'source' | 'target',
  units?: ArrayLike<number>,
): number {
  switch (a.kind) {
    case 'ordered': {
      const numbers = bSide === 'source' ? b.sourceNumbers : b.targetNumbers;
      return ksComplement(
        orderedSample(Float64Array.from(aRows, (row) => a.sourceNumbers[row])),
        orderedSample(Float64Array.from(bRows, (row) => numbers[row])),
      );
    }
    case 'categorical': {
      const common = units === undefined ? null : commonLevels(a.source, units);
      const pooled = (value: string | null): unknown => (common === null || common.has(value) ? value : POOLED);
      return tvComplement(
        counts(aRows.map((row) => pooled(a.source[row]))),
        counts(bRows.map((row) => pooled(b[bSide][row]))),
      );
    }
    case 'text': {
      const lengths = (values: readonly (string | null)[], rows: readonly number[]): Float64Array =>
        Float64Array.from(rows, (row) => values[row]?.length ?? NaN);
      return ksComplement(orderedSample(lengths(a.source, aRows)), orderedSample(lengths(b[bSide], bRows)));
    }
  }
}

const POOLED = Symbol('rare levels');

function counts(values: readonly unknown[]): Map<unknown, number> {
  const result = new Map<unknown, number>();
  for (const value of values) result.set(value, (result.get(value) ?? 0) + 1);
  return result;
}

/** The floor: likeness of the source to values spread evenly over its range or levels. */
function uniformScore(column: ColumnView): number {
  if (column.kind === 'categorical') {
    const real = counts(column.source);
    return tvComplement(real, new Map([...real.keys()].map((level) => [level, 1])));
  }
  const values =
    column.kind === 'ordered'
      ? column.sourceNumbers
      : Float64Array.from(column.source, (value) => value?.length ?? NaN);
  const real = orderedSample(values);
  if (real.sorted.length === 0) return 1;
  const low = real.sorted[0];
  const high = real.sorted[real.sorted.length - 1];
  const even = Float64Array.from({ length: 1000 }, (_, i) => low + ((high - low) * (i + 0.5)) / 1000);
  return ksComplement(real, { sorted: even, nullCount: 0 });
}

/**
 * What two samples of one distribution differ by, about, with as many independent rows as there are units:
 * Kolmogorov's mean for ordered columns (×1.4), the mean absolute binomial deviations for categories (×1.5).
 */
function samplingNoise(column: ColumnView, view: TableView): number {
  const inverse = 1 / view.sourceUnitCount + 1 / view.targetUnitCount;
  if (column.kind !== 'categorical') return Math.min(0.5, 1.4 * 0.869 * Math.sqrt(inverse));
  const total = column.source.length;
  let deviation = 0;
  for (const count of counts(column.source).values()) {
    const share = count / total;
    deviation += Math.sqrt((2 / Math.PI) * share * (1 - share) * inverse);
  }
  return Math.min(0.5, (1.5 * deviation) / 2);
}
