import { rocAuc } from '../../numeric/auc.ts';
import { permuteIndex } from '../../numeric/random.ts';
import { BOOST_DEFAULTS, fitBoostedTrees, type CodedFeature } from '../../metrics/boosted-trees.ts';
import { tableId } from '../../../connectors/connector.ts';
import type { PredictionFidelity } from './artifact.ts';
import { treeCodes, type CodedColumn } from './fidelity-codes.ts';
import { rowsOfUnits, shuffledRows, type FidelityTable } from './fidelity-table.ts';
import type { ColumnView } from './table-view.ts';

const MAX_TRAINING_ROWS = 3000;
const MIN_TEST_ROWS = 50;
const MIN_TRAINING_ROWS = 200;
/** Columns that are tried; of those that real rows can predict, the best predicted ones are kept. */
const MAX_TRIED = 4;
const MAX_KEPT = 3;
/** What real rows must reach for a column to be predictable at all. */
const MIN_AUC = 0.6;
const MIN_R2 = 0.1;

/** What a model learns of a column on one set of rows and shows on the real rows that were kept aside. */
interface Task {
  readonly column: ColumnView;
  readonly metric: 'auc' | 'r2';
  /** [rows] NaN = no label. */
  readonly source: Float64Array;
  readonly target: Float64Array;
}

/**
 * TSTR beside TRTR: trees are trained on target rows, on as many source rows, and on the source rows with the label
 * shuffled; all three are tested on source rows of other units. The columns are chosen by a fixed draw.
 */
export function predictions(table: FidelityTable, parents: readonly FidelityTable[]): PredictionFidelity[] {
  const { view, reference, kept, target, key } = table;
  const trainingCount = Math.min(MAX_TRAINING_ROWS, reference.length, target.length);
  if (trainingCount < MIN_TRAINING_ROWS || kept.length < MIN_TEST_ROWS) return [];
  const own = table.columns.flatMap((column) => treeCodes(column).map((codes) => ({ of: column.name, codes })));
  const features = [...own, ...parentFeatures(table, parents).map((codes) => ({ of: null, codes }))];
  const choose = (rows: Int32Array, side: 'source' | 'target'): Int32Array =>
    rowsOfUnits(rows, view[side].units, trainingCount, key('tstr', side)).slice(0, trainingCount);
  const [real, made] = [choose(reference, 'source'), choose(target, 'target')];
  const tasks = table.columns.flatMap((column) => taskOf(column, table));
  const tried = tasks.map((task, i) => [permuteIndex(key('tstr', 'order'), i, tasks.length), task] as const);
  return tried
    .sort((a, b) => a[0] - b[0])
    .slice(0, MAX_TRIED)
    .flatMap(([, task]) => {
      const known = features.filter(({ of }) => of !== task.column.name);
      if (known.length === 0) return [];
      const side = (name: 'source' | 'target'): CodedFeature[] =>
        known.map(({ codes }) => ({ codes: codes[name], size: codes.size, ordered: codes.ordered }));
      const shuffled = task.source.slice();
      shuffledRows(real, key('tstr', task.column.name)).forEach((from, i) => (shuffled[real[i]] = task.source[from]));
      const test = kept.filter((row) => !Number.isNaN(task.source[row])).slice(0, MAX_TRAINING_ROWS);
      const score = (labels: Float64Array, rows: Int32Array, name: 'source' | 'target'): number =>
        scoreOf(task, side(name), labels, rows, side('source'), test);
      const onReal = score(task.source, real, 'source');
      if (test.length < MIN_TEST_ROWS || !(onReal >= (task.metric === 'auc' ? MIN_AUC : MIN_R2))) return [];
      return [
        {
          column: task.column.name,
          metric: task.metric,
          value: score(task.target, made, 'target'),
          ceiling: onReal,
          floor: score(shuffled, real, 'source'),
        },
      ];
    })
    .sort((a, b) => b.ceiling - a.ceiling)
    .slice(0, MAX_KEPT);
}

/** Whether a column can be a label, and its labels: the commonest level or not; numbers within their 1st and 99th percentile. */
function taskOf(column: ColumnView, { view }: FidelityTable): Task[] {
  const total = view.source.rowCount;
  if (column.kind === 'categorical') {
    const counts = new Map<string, number>();
    for (const value of column.source) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
    const top = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0];
    if (counts.size < 2 || counts.size > 12 || top[1] > 0.95 * total) return [];
    const labels = (values: readonly (string | null)[]): Float64Array =>
      Float64Array.from(values, (value) => (value === null ? NaN : value === top[0] ? 1 : 0));
    return [{ column, metric: 'auc', source: labels(column.source), target: labels(column.target) }];
  }
  if (column.kind !== 'ordered') return [];
  const present = column.sourceNumbers.filter((value) => !Number.isNaN(value)).sort();
  if (present.length < total / 2 || present[0] === present[present.length - 1]) return [];
  const [low, high] = [0.01, 0.99].map((p) => present[Math.floor(p * (present.length - 1))]);
  // Around their middle, in units of their spread: moments are large numbers that differ little.
  const scale = high === low ? 1 : high - low;
  const labels = (values: Float64Array): Float64Array =>
    values.map((value) => (Math.min(high, Math.max(low, value)) - low) / scale - 0.5);
  return [{ column, metric: 'r2', source: labels(column.sourceNumbers), target: labels(column.targetNumbers) }];
}

function scoreOf(
  task: Task,
  training: readonly CodedFeature[],
  labels: Float64Array,
  rows: Int32Array,
  testing: readonly CodedFeature[],
  test: Int32Array,
): number {
  const labelled = rows.filter((row) => !Number.isNaN(labels[row]));
  const none = task.metric === 'auc' ? 0.5 : 0;
  if (labelled.length < MIN_TRAINING_ROWS / 4) return none;
  const loss = task.metric === 'auc' ? 'logistic' : 'squared';
  const scores = fitBoostedTrees(training, labels, labelled, { ...BOOST_DEFAULTS, loss }).scores(testing, test);
  const truth = Float64Array.from(test, (row) => task.source[row]);
  if (task.metric === 'r2') return rSquared(truth, scores);
  const { auc } = rocAuc(
    scores.filter((_, i) => truth[i] === 1),
    scores.filter((_, i) => truth[i] === 0),
  );
  return Number.isNaN(auc) ? none : auc;
}

/** Share of the variance that the estimates explain; negative where a constant does better. */
function rSquared(truth: Float64Array, estimates: Float64Array): number {
  const mean = truth.reduce((sum, value) => sum + value, 0) / Math.max(1, truth.length);
  let [rest, total] = [0, 0];
  truth.forEach((value, i) => {
    rest += (value - estimates[i]) ** 2;
    total += (value - mean) ** 2;
  });
  return total === 0 ? 0 : 1 - rest / total;
}

/** Columns of the rows that this table's foreign keys lead to, by row of this table. */
function parentFeatures(table: FidelityTable, parents: readonly FidelityTable[]): CodedColumn[] {
  const { view } = table;
  return view.facts.foreignKeys.flatMap((key) => {
    const parent = parents.find((candidate) => candidate.view.id === tableId(key.referencedTable));
    const [source, target] = [view.source.parents.get(key.name), view.target.parents.get(key.name)];
    if (parent === undefined || parent.view.id === view.id || source === undefined || target === undefined) return [];
    const follow = (codes: Uint8Array, links: Int32Array): Uint8Array =>
      Uint8Array.from(links, (parentRow) => (parentRow < 0 ? 0 : codes[parentRow]));
    return parent.columns
      .filter((column) => column.kind !== 'text')
      .flatMap((column) => treeCodes(column))
      .map((codes) => ({ ...codes, source: follow(codes.source, source), target: follow(codes.target, target) }));
  });
}
