/**
 * The single-table yardstick: learn Adult's training rows, generate as many, and print one JSON object with fidelity,
 * privacy and times (`npm run bench:adult [-- seed…]`). Fails if the mean over the seeds misses a target.
 *
 * Definitions: accuracy of a set of columns = 1 − ½ L1 between frequency tables on 10 quantile bins or the top 10
 * categories and the rest, bins from the real rows, mean over all columns, pairs, and 150 seeded triples.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { rocAuc } from '../../src/numeric/auc.ts';
import { type Chain, type ChainOptions, fitChain, type NamedColumn } from '../../src/model/chain.ts';
import { TABLE_DEFAULTS } from '../../src/model/conditional.ts';
import { type CategoryEncoder, fitCategoryEncoder, RARE } from '../../src/model/encoders/category.ts';
import { fitNumberEncoder, type NumberEncoder } from '../../src/model/encoders/number.ts';
import { twoSampleTest } from '../../src/metrics/two-sample.ts';
import { permuteIndex, RandomCursor, streamKey } from '../../src/numeric/random.ts';

const TARGETS = {
  univariate: 0.994,
  bivariate: 0.982,
  trivariate: 0.955,
  twoSampleAuc: 0.53,
  membershipAuc: 0.54,
  dcrShare: 0.52,
};
/** Where a smaller figure is the better one. */
const LIMITS = new Set<string>(['twoSampleAuc', 'membershipAuc', 'dcrShare']);
const NUMERIC = new Set(['age', 'fnlwgt', 'education.num', 'capital.gain', 'capital.loss', 'hours.per.week']);
const TRIPLE_COUNT = 150;
const DCR_ROWS = 3000;

/** A column of text cells, and its numbers if it is numeric. */
interface RawColumn {
  readonly name: string;
  readonly cells: readonly string[];
  readonly numbers: Float64Array | null;
}

type Encoder = NumberEncoder | CategoryEncoder;

function main(): void {
  const shared = process.env['UNDERSTUDY_SHARED'] ?? join(process.cwd(), '..', 'shared');
  const trainPath = join(shared, 'datasets', 'adult-train.csv.gz');
  if (!existsSync(trainPath)) {
    console.log(JSON.stringify({ bench: 'adult', skipped: 'the data set is not there: set UNDERSTUDY_SHARED' }));
    return;
  }
  const train = readTable(trainPath);
  const holdout = readTable(join(shared, 'datasets', 'adult-holdout.csv.gz'));
  const flags = process.argv.slice(2);
  const seeds = flags.filter((flag) => /^\d+$/.test(flag)).map(Number);
  const options = optionsFrom(flags);
  const runs = (seeds.length === 0 ? [1] : seeds).map((seed) => runOnce(train, holdout, seed, options, flags));
  const mean = (name: keyof (typeof runs)[number]): number =>
    runs.reduce((total, run) => total + run[name], 0) / runs.length;
  const figures = {
    univariate: mean('univariate'),
    bivariate: mean('bivariate'),
    trivariate: mean('trivariate'),
    twoSampleAuc: mean('twoSampleAuc'),
    membershipAuc: mean('membershipAuc'),
    dcrShare: mean('dcrShare'),
  };
  const misses = Object.entries(TARGETS)
    .filter(([name, limit]) => {
      const value = figures[name as keyof typeof TARGETS];
      return LIMITS.has(name) ? value > limit : value < limit;
    })
    .map(([name]) => name);
  const ceiling = { ...fidelity(train, holdout), twoSampleAuc: tellApart(train, holdout) };
  console.log(
    JSON.stringify(
      {
        bench: 'adult',
        rows: train[0].cells.length,
        runs,
        mean: figures,
        targets: TARGETS,
        ceiling,
        misses,
      },
      null,
      1,
    ),
  );
  if (misses.length > 0) process.exitCode = 1;
}

function optionsFrom(flags: readonly string[]): ChainOptions {
  const number = (name: string, fallback: number): number => {
    const flag = flags.find((text) => text.startsWith(`--${name}=`));
    return flag === undefined ? fallback : Number(flag.slice(name.length + 3));
  };
  const bagCount = number('bags', 0);
  return {
    ...TABLE_DEFAULTS,
    gate: number('gate', TABLE_DEFAULTS.gate),
    minRows: number('rows', TABLE_DEFAULTS.minRows),
    ...(bagCount === 0 ? {} : { bags: { count: bagCount, rate: 0.7, key: streamKey(0, 'bags') } }),
  };
}

function runOnce(
  train: readonly RawColumn[],
  holdout: readonly RawColumn[],
  seed: number,
  options: ChainOptions,
  flags: readonly string[],
) {
  const rowCount = train[0].cells.length;
  const units = Uint32Array.from({ length: rowCount }, (_, row) => row);
  const encodeStart = performance.now();
  const encoders = train.map((column): Encoder =>
    column.numbers === null
      ? fitCategoryEncoder(column.cells, units)
      : fitNumberEncoder({ values: column.numbers, nulls: new Uint8Array(rowCount) }, units),
  );
  const columns = encodeTable(train, encoders);
  const fitStart = performance.now();
  const chain = fitChain(columns, [], units, options);
  const sampleStart = performance.now();
  const codes = chain.sample(streamKey(seed, 'adult'), 0, rowCount);
  const decodeStart = performance.now();
  const synthetic = decodeTable(train, encoders, codes, seed);
  const decodeEnd = performance.now();
  const out = flags.find((flag) => flag.startsWith('--out='));
  if (out !== undefined) writeCsv(out.slice(6), synthetic);
  const unique = uniqueRows(train, holdout);
  return {
    seed,
    ...fidelity(train, synthetic),
    twoSampleAuc: tellApart(train, synthetic),
    membershipAuc: membership(chain, columns, encodeTable(holdout, encoders), unique).auc,
    dcrShare: dcrShare(train, holdout, synthetic, unique, seed),
    leaves: chain.leafCount,
    encodeMs: Math.round(fitStart - encodeStart),
    fitMs: Math.round(sampleStart - fitStart),
    sampleMs: Math.round(decodeStart - sampleStart),
    decodeMs: Math.round(decodeEnd - decodeStart),
    sampledRowsPerSecond: Math.round(rowCount / ((decodeStart - sampleStart) / 1000)),
  };
}

function readTable(path: string): RawColumn[] {
  const [header, ...lines] = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  const rows = lines.map((line) => line.split(','));
  return header.split(',').map((name, index) => {
    const cells = rows.map((row) => row[index]);
    return { name, cells, numbers: NUMERIC.has(name) ? Float64Array.from(cells, Number) : null };
  });
}

function writeCsv(path: string, table: readonly RawColumn[]): void {
  const lines = table[0].cells.map((_, row) => table.map((column) => column.cells[row]).join(','));
  writeFileSync(path, [table.map(({ name }) => name).join(','), ...lines, ''].join('\n'));
}

function encodeTable(table: readonly RawColumn[], encoders: readonly Encoder[]): NamedColumn[] {
  return table.map(({ name, cells, numbers }, index) => {
    const encoder = encoders[index];
    const codes = encoder.ordered
      ? encoder.encodeAll({ values: numbers!, nulls: new Uint8Array(cells.length) })
      : encoder.encodeAll(cells);
    return { name, column: { codes, size: encoder.size, ordered: encoder.ordered, hasNull: encoder.hasNull } };
  });
}

function decodeTable(
  like: readonly RawColumn[],
  encoders: readonly Encoder[],
  codes: readonly Uint16Array[],
  seed: number,
): RawColumn[] {
  const key = streamKey(seed, 'adult', 'decode');
  return like.map(({ name }, index) => {
    const encoder = encoders[index];
    const cursor = new RandomCursor(key, index);
    if (encoder.ordered) {
      const numbers = Float64Array.from(
        codes[index],
        (code, row) => encoder.decode(code, cursor.seek(row).next()) ?? NaN,
      );
      return { name, cells: Array.from(numbers, String), numbers };
    }
    const cells = Array.from(codes[index], (code) => {
      const value = encoder.decode(code);
      return value === RARE || value === null ? '(rare)' : value;
    });
    return { name, cells, numbers: null };
  });
}

/** Row numbers that occur once on their own side and not on the other, equally many of each. */
interface UniqueRows {
  readonly train: Int32Array;
  readonly holdout: Int32Array;
}

function uniqueRows(train: readonly RawColumn[], holdout: readonly RawColumn[]): UniqueRows {
  const keysOf = (table: readonly RawColumn[]): string[] =>
    table[0].cells.map((_, row) => table.map((column) => column.cells[row]).join('\0'));
  const keys = [keysOf(train), keysOf(holdout)];
  const sets = keys.map((side) => new Set(side));
  const [left, right] = keys.map((side, index) => {
    const seen = new Set<string>();
    return side.flatMap((key, row) => {
      if (sets[1 - index].has(key) || seen.has(key)) return [];
      seen.add(key);
      return [row];
    });
  });
  const count = Math.min(left.length, right.length);
  return { train: Int32Array.from(left.slice(0, count)), holdout: Int32Array.from(right.slice(0, count)) };
}

function membership(chain: Chain, train: readonly NamedColumn[], holdout: readonly NamedColumn[], unique: UniqueRows) {
  const own = chain.logLikelihoods(
    train.map(({ column }) => column),
    [],
    unique.train,
  );
  const other = chain.logLikelihoods(
    holdout.map(({ column }) => column),
    [],
    unique.holdout,
  );
  return rocAuc(own, other);
}

/** 1 − ½ L1 of frequency tables, for single columns, pairs and triples. */
function fidelity(real: readonly RawColumn[], synthetic: readonly RawColumn[]) {
  const binned = real.map((column, index) => binTogether(column, synthetic[index]));
  const accuracy = (indices: readonly number[]): number => {
    const cellCount = indices.reduce((product, index) => product * binned[index].size, 1);
    const difference = new Float64Array(cellCount);
    for (const side of ['real', 'synthetic'] as const) {
      const rowCount = binned[indices[0]][side].length;
      const weight = (side === 'real' ? 1 : -1) / rowCount;
      for (let row = 0; row < rowCount; row++) {
        let cell = 0;
        for (const index of indices) cell = cell * binned[index].size + binned[index][side][row];
        difference[cell] += weight;
      }
    }
    return 1 - difference.reduce((total, value) => total + Math.abs(value), 0) / 2;
  };
  const average = (sets: readonly (readonly number[])[]): number =>
    sets.reduce((total, set) => total + accuracy(set), 0) / sets.length;
  const all = real.map((_, index) => index);
  const pairs = all.flatMap((a) => all.slice(a + 1).map((b) => [a, b]));
  const triples = pairs.flatMap(([a, b]) => all.slice(b + 1).map((c) => [a, b, c]));
  const key = streamKey(0, 'triples');
  const chosen = Array.from({ length: TRIPLE_COUNT }, (_, i) => triples[permuteIndex(key, i, triples.length)]);
  return { univariate: average(all.map((a) => [a])), bivariate: average(pairs), trivariate: average(chosen) };
}

function binTogether(real: RawColumn, synthetic: RawColumn) {
  if (real.numbers !== null && synthetic.numbers !== null) {
    const sorted = real.numbers.slice().sort();
    const edges = [
      ...new Set(Array.from({ length: 9 }, (_, i) => sorted[Math.floor(((i + 1) / 10) * (sorted.length - 1))])),
    ];
    const bin = (value: number): number => edges.filter((edge) => value > edge).length;
    return {
      size: edges.length + 1,
      real: Uint16Array.from(real.numbers, bin),
      synthetic: Uint16Array.from(synthetic.numbers, bin),
    };
  }
  const counts = new Map<string, number>();
  for (const cell of real.cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const top = [...counts]
    .sort((x, y) => y[1] - x[1])
    .slice(0, 10)
    .map(([value]) => value);
  const bin = (cell: string): number => (top.includes(cell) ? top.indexOf(cell) : top.length);
  return {
    size: top.length + 1,
    real: Uint16Array.from(real.cells, bin),
    synthetic: Uint16Array.from(synthetic.cells, bin),
  };
}

/** C2ST: held-out AUC of boosted trees that tell the second rows from the first. */
function tellApart(real: readonly RawColumn[], other: readonly RawColumn[]): number {
  const counts = [real, other].map(([{ cells }]) => cells.length);
  const features = real.map((column, index) => {
    const [a, b] = [column, other[index]];
    if (a.numbers === null || b.numbers === null) {
      const places = new Map([...new Set([...a.cells, ...b.cells])].map((cell, place) => [cell, place]));
      return {
        codes: Uint8Array.from([...a.cells, ...b.cells], (cell) => places.get(cell)!),
        size: places.size,
        ordered: false,
      };
    }
    const all = [...a.numbers, ...b.numbers];
    const sorted = Float64Array.from(all).sort();
    const edges = [
      ...new Set(Array.from({ length: 199 }, (_, i) => sorted[Math.floor(((i + 1) / 200) * (sorted.length - 1))])),
    ];
    const bin = (value: number): number => {
      const at = edges.findIndex((edge) => value <= edge);
      return at < 0 ? edges.length : at;
    };
    return { codes: Uint8Array.from(all, bin), size: edges.length + 1, ordered: true };
  });
  const rows = Uint32Array.from({ length: counts[0] + counts[1] }, (_, row) => row);
  const order = Int32Array.from(rows);
  return twoSampleTest(features, order.slice(0, counts[0]), order.slice(counts[0]), rows, streamKey(0, 'apart')).auc;
}

/** P(nearest training row is nearer than the nearest hold-out row) + ½ P(equal), Gower distance. */
function dcrShare(
  train: readonly RawColumn[],
  holdout: readonly RawColumn[],
  synthetic: readonly RawColumn[],
  unique: UniqueRows,
  seed: number,
): number {
  const scales = train.map(({ numbers }) => {
    if (numbers === null) return 1;
    const sorted = numbers.slice().sort();
    return sorted[sorted.length - 1] - sorted[0] || 1;
  });
  const codes = train.map((column, index) => numbered(column, holdout[index], synthetic[index], scales[index]));
  const key = streamKey(seed, 'dcr');
  let score = 0;
  for (let i = 0; i < DCR_ROWS; i++) {
    const row = permuteIndex(key, i, synthetic[0].cells.length);
    const toTrain = nearest(codes, 0, unique.train, row);
    const toHoldout = nearest(codes, 1, unique.holdout, row);
    score += toTrain < toHoldout ? 1 : toTrain === toHoldout ? 0.5 : 0;
  }
  return score / DCR_ROWS;
}

interface DistanceColumn {
  readonly isNumber: boolean;
  /** train, hold-out, synthetic */
  readonly sides: readonly Float32Array[];
}

function numbered(train: RawColumn, holdout: RawColumn, synthetic: RawColumn, scale: number): DistanceColumn {
  const all = [train, holdout, synthetic];
  if (train.numbers !== null)
    return { isNumber: true, sides: all.map(({ numbers }) => Float32Array.from(numbers!, (x) => x / scale)) };
  const places = new Map<string, number>();
  const place = (cell: string): number => {
    if (!places.has(cell)) places.set(cell, places.size);
    return places.get(cell)!;
  };
  return { isNumber: false, sides: all.map(({ cells }) => Float32Array.from(cells, place)) };
}

function nearest(columns: readonly DistanceColumn[], side: number, rows: Int32Array, synthetic: number): number {
  let best = Infinity;
  for (const row of rows) {
    let distance = 0;
    for (let c = 0; c < columns.length && distance < best; c++) {
      const { isNumber, sides } = columns[c];
      const difference = Math.abs(sides[side][row] - sides[2][synthetic]);
      distance += isNumber ? Math.min(1, difference) : difference === 0 ? 0 : 1;
    }
    if (distance < best) best = distance;
  }
  return best;
}

main();
