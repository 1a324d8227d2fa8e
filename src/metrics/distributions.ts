/** How alike two samples of a column, or of two columns, are: 1 = the same distribution. NULL is a level of its own. */

/** Counts of the values that are not NULL, and of NULLs. Values are in any order; NaN stands for NULL. */
export interface OrderedSample {
  /** Ascending, without NaN. */
  readonly sorted: Float64Array;
  readonly nullCount: number;
}

/** **Shapes** values [N], NaN = NULL. */
export function orderedSample(values: Float64Array): OrderedSample {
  const present = values.filter((value) => !Number.isNaN(value)).sort();
  return { sorted: present, nullCount: values.length - present.length };
}

/**
 * Kolmogorov–Smirnov complement, 1 − sup|F₁ − F₂|, NULL counted as a level below all values, so that a difference
 * in the rate of NULLs counts.
 *
 * **Domain** a sample without rows gives 0, two give 1. **Oracle** the supremum taken over all values by brute force.
 */
export function ksComplement(a: OrderedSample, b: OrderedSample): number {
  const totalA = a.sorted.length + a.nullCount;
  const totalB = b.sorted.length + b.nullCount;
  if (totalA === 0 || totalB === 0) return totalA === totalB ? 1 : 0;
  let i = 0;
  let j = 0;
  let largest = Math.abs(a.nullCount / totalA - b.nullCount / totalB);
  while (i < a.sorted.length || j < b.sorted.length) {
    const value =
      j >= b.sorted.length || (i < a.sorted.length && a.sorted[i] <= b.sorted[j]) ? a.sorted[i] : b.sorted[j];
    while (i < a.sorted.length && a.sorted[i] === value) i++;
    while (j < b.sorted.length && b.sorted[j] === value) j++;
    largest = Math.max(largest, Math.abs((a.nullCount + i) / totalA - (b.nullCount + j) / totalB));
  }
  return 1 - largest;
}

/**
 * Total-variation complement, 1 − ½·Σ|p − q|, over the levels of both sides.
 *
 * **Domain** counts by level (NULL under a key of its own). An empty side gives 0, two give 1.
 */
export function tvComplement(a: ReadonlyMap<unknown, number>, b: ReadonlyMap<unknown, number>): number {
  const totalA = sum(a.values());
  const totalB = sum(b.values());
  if (totalA === 0 || totalB === 0) return totalA === totalB ? 1 : 0;
  let distance = 0;
  for (const [level, count] of a) distance += Math.abs(count / totalA - (b.get(level) ?? 0) / totalB);
  for (const [level, count] of b) if (!a.has(level)) distance += count / totalB;
  return 1 - distance / 2;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Two columns' codes, row by row. **Shapes** x, y [N]. */
export interface CodedPair {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/**
 * Pair trend of two columns: 1 − ½·L1 between the two-way frequency tables.
 *
 * **Shapes** x, y: codes [N] of the bins of each column, one pair of arrays a side; the bins are the same on both.
 */
export function pairTrend(real: CodedPair, synthetic: CodedPair): number {
  return frequencyLikeness(twoWayFrequencies(real), twoWayFrequencies(synthetic));
}

/** Shares of rows by cell, `x · 256 + y`. **Domain** codes below 256. */
export function twoWayFrequencies({ x, y }: CodedPair): Float64Array {
  let top = 0;
  for (let i = 0; i < x.length; i++) if (x[i] > top) top = x[i];
  const shares = new Float64Array(256 * (top + 1));
  const share = 1 / Math.max(1, x.length);
  for (let i = 0; i < x.length; i++) shares[x[i] * 256 + y[i]] += share;
  return shares;
}

/** 1 − ½·L1 of two frequency tables; the shorter is taken to go on with zeros. A side without rows gives ½ or less. */
export function frequencyLikeness(a: Float64Array, b: Float64Array): number {
  let distance = 0;
  for (let i = 0; i < Math.max(a.length, b.length); i++) distance += Math.abs((a[i] ?? 0) - (b[i] ?? 0));
  return 1 - distance / 2;
}

/** How two columns depend on each other. */
export interface Association {
  /** Cramér's V, corrected for what chance adds in small samples; 0 to 1. */
  readonly strength: number;
  /** Share of rows that would have to change to make the columns independent, less what chance alone makes of it. */
  readonly rowShare: number;
}

/**
 * **Domain** shares as `twoWayFrequencies` gives them, of so many rows; a constant column gives 0.
 * **Source** of the strength: Bergsma: "A bias-correction for Cramér's V and Tschuprow's T" (2013); of chance in the row
 * share: the mean absolute deviation of a binomial share, √(2/π · p(1 − p)/n), summed over cells.
 */
export function association(shares: Float64Array, rowCount: number): Association {
  const rows = new Float64Array(Math.ceil(shares.length / 256));
  const columns = new Float64Array(256);
  shares.forEach((share, cell) => {
    rows[cell >> 8] += share;
    columns[cell & 255] += share;
  });
  let [phiSquared, distance, chance] = [0, 0, 0];
  for (let x = 0; x < rows.length; x++) {
    if (rows[x] === 0) continue;
    for (let y = 0; y < 256; y++) {
      const expected = rows[x] * columns[y];
      if (expected === 0) continue;
      const excess = shares[x * 256 + y] - expected;
      phiSquared += excess ** 2 / expected;
      distance += Math.abs(excess) / 2;
      chance += Math.sqrt(((2 / Math.PI) * expected * (1 - expected)) / rowCount) / 2;
    }
  }
  const occupied = (totals: Float64Array): number => totals.filter((total) => total > 0).length;
  const [r, k] = [occupied(rows), occupied(columns)];
  const rowShare = Math.max(0, distance - chance);
  if (Math.min(r, k) < 2 || rowCount < 2) return { strength: 0, rowShare };
  const corrected = Math.max(0, phiSquared - ((r - 1) * (k - 1)) / (rowCount - 1));
  const levels = (count: number): number => count - (count - 1) ** 2 / (rowCount - 1);
  const fewest = Math.min(levels(r), levels(k)) - 1;
  return { strength: fewest <= 0 ? 0 : Math.min(1, Math.sqrt(corrected / fewest)), rowShare };
}

/**
 * Spearman's rank correlation, ties at their mean rank; rows with a NaN are left out.
 *
 * **Domain** fewer than 2 rows, or a constant column, gives 0.
 */
export function rankCorrelation(x: Float64Array, y: Float64Array): number {
  const rows: number[] = [];
  for (let i = 0; i < x.length; i++) if (!Number.isNaN(x[i]) && !Number.isNaN(y[i])) rows.push(i);
  if (rows.length < 2) return 0;
  const a = meanRanks(Float64Array.from(rows, (i) => x[i]));
  const b = meanRanks(Float64Array.from(rows, (i) => y[i]));
  const mean = (rows.length + 1) / 2;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < a.length; i++) {
    xx += (a[i] - mean) ** 2;
    yy += (b[i] - mean) ** 2;
    xy += (a[i] - mean) * (b[i] - mean);
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

/** Ranks from 1, ties at their mean. */
export function meanRanks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let k = start; k < end; k++) ranks[order[k]] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}
