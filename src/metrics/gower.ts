/**
 * Gower distances between rows, and the exact nearest neighbours under them.
 *
 * Ordered values are replaced by their quantile in the reference column (0–1), so that a skewed column counts as
 * much as an even one, on a lattice of 1/32,767; categories are codes. The distance of two rows is the mean over columns of |Δ| for ordered
 * ones and 0/1 for categories; NULL against a value is 1, against NULL 0.
 */

/** Quantiles are integers from 0 to this, so that distances are integers: exact, alike on every machine, and fast. */
export const QUANTILE_UNIT = 32_767;

/** Stands for NULL: farther than the unit from every quantile, and a difference is capped at the unit. */
export const NULL_QUANTILE = -32_768;

/** Rows ready for distances, row-major. */
export interface EncodedRows {
  readonly rowCount: number;
  /** [rowCount × numericCount] quantiles in units of 1 / `QUANTILE_UNIT`, or `NULL_QUANTILE`. */
  readonly numeric: Int16Array;
  readonly numericCount: number;
  /** [rowCount × codeCount] */
  readonly codes: Int32Array;
  readonly codeCount: number;
}

/** Puts values where they stand among a column's reference values. */
export interface QuantileScale {
  /** Ascending, distinct. */
  readonly values: Float64Array;
  /** Mid-quantile of each. */
  readonly quantiles: Float64Array;
}

/** **Shapes** values [N], NaN = NULL, in any order. */
export function quantileScale(values: Float64Array): QuantileScale {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const distinct: number[] = [];
  const quantiles: number[] = [];
  for (let start = 0; start < sorted.length;) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    distinct.push(sorted[start]);
    quantiles.push((start + end) / 2 / sorted.length);
    start = end;
  }
  return { values: Float64Array.from(distinct), quantiles: Float64Array.from(quantiles) };
}

/** A value's quantile as `EncodedRows` holds it. */
export function encodedQuantile(scale: QuantileScale, value: number): number {
  return Number.isNaN(value) ? NULL_QUANTILE : Math.round(quantileOf(scale, value) * QUANTILE_UNIT);
}

/** Quantile (0–1) of a value, linear between the reference values. **Domain** not NaN. */
export function quantileOf(scale: QuantileScale, value: number): number {
  const { values, quantiles } = scale;
  if (values.length === 0) return 0.5;
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  if (low === values.length) return 1;
  if (values[low] === value) return quantiles[low];
  if (low === 0) return 0;
  const share = (value - values[low - 1]) / (values[low] - values[low - 1]);
  return quantiles[low - 1] + (Number.isNaN(share) ? 0.5 : share) * (quantiles[low] - quantiles[low - 1]);
}

/** The rows at these positions. */
export function selectRows(rows: EncodedRows, positions: ArrayLike<number>): EncodedRows {
  const { numericCount, codeCount } = rows;
  const numeric = new Int16Array(positions.length * numericCount);
  const codes = new Int32Array(positions.length * codeCount);
  for (let i = 0; i < positions.length; i++) {
    const from = positions[i];
    numeric.set(rows.numeric.subarray(from * numericCount, (from + 1) * numericCount), i * numericCount);
    codes.set(rows.codes.subarray(from * codeCount, (from + 1) * codeCount), i * codeCount);
  }
  return { rowCount: positions.length, numeric, numericCount, codes, codeCount };
}

/** The rows of both, the first ones first. **Domain** same columns. */
export function joinRows(a: EncodedRows, b: EncodedRows): EncodedRows {
  const numeric = new Int16Array(a.numeric.length + b.numeric.length);
  numeric.set(a.numeric);
  numeric.set(b.numeric, a.numeric.length);
  const codes = new Int32Array(a.codes.length + b.codes.length);
  codes.set(a.codes);
  codes.set(b.codes, a.codes.length);
  return { ...a, rowCount: a.rowCount + b.rowCount, numeric, codes };
}

/** The rows with these numeric and code columns alone. */
export function selectColumns(rows: EncodedRows, numeric: readonly number[], codes: readonly number[]): EncodedRows {
  const chosenNumeric = new Int16Array(rows.rowCount * numeric.length);
  const chosenCodes = new Int32Array(rows.rowCount * codes.length);
  for (let i = 0; i < rows.rowCount; i++) {
    numeric.forEach(
      (from, to) => (chosenNumeric[i * numeric.length + to] = rows.numeric[i * rows.numericCount + from]),
    );
    codes.forEach((from, to) => (chosenCodes[i * codes.length + to] = rows.codes[i * rows.codeCount + from]));
  }
  return {
    rowCount: rows.rowCount,
    numeric: chosenNumeric,
    numericCount: numeric.length,
    codes: chosenCodes,
    codeCount: codes.length,
  };
}

/** Positions of the first of each set of equal rows, ascending. */
export function distinctRows(rows: EncodedRows): Uint32Array {
  const { numericCount, codeCount } = rows;
  const seen = new Set<string>();
  const first: number[] = [];
  const numericBytes = new Uint8Array(rows.numeric.buffer, rows.numeric.byteOffset, rows.numeric.byteLength);
  const codeBytes = new Uint8Array(rows.codes.buffer, rows.codes.byteOffset, rows.codes.byteLength);
  const key = Buffer.allocUnsafe(2 * numericCount + 4 * codeCount);
  for (let i = 0; i < rows.rowCount; i++) {
    key.set(numericBytes.subarray(2 * i * numericCount, 2 * (i + 1) * numericCount), 0);
    key.set(codeBytes.subarray(4 * i * codeCount, 4 * (i + 1) * codeCount), 2 * numericCount);
    const text = key.toString('latin1');
    if (seen.has(text)) continue;
    seen.add(text);
    first.push(i);
  }
  return Uint32Array.from(first);
}

/** Gower distance of row `i` of `a` to row `j` of `b`. */
export function gowerDistance(a: EncodedRows, i: number, b: EncodedRows, j: number): number {
  let total = 0;
  for (let c = 0; c < a.codeCount; c++) {
    if (a.codes[i * a.codeCount + c] !== b.codes[j * b.codeCount + c]) total += QUANTILE_UNIT;
  }
  for (let c = 0; c < a.numericCount; c++) {
    total += Math.min(QUANTILE_UNIT, Math.abs(a.numeric[i * a.numericCount + c] - b.numeric[j * b.numericCount + c]));
  }
  return total / QUANTILE_UNIT / (a.codeCount + a.numericCount);
}

export interface Neighbours {
  /** [queries] distance to the nearest reference row; Infinity where there is none. */
  readonly first: Float64Array;
  /** [queries] to the second nearest. */
  readonly second: Float64Array;
  /** [queries] row number of the nearest; −1 where there is none. */
  readonly nearest: Int32Array;
}

/**
 * The two nearest reference rows of every query row, exactly.
 *
 * The references are cut into leaves of similar rows with bounding boxes; a query visits leaves in the order of
 * their lower bounds, stops where a bound passes the second distance found, and gives a row up in the middle of its
 * columns by the same rule. Of equally near rows any may be `nearest`.
 *
 * **Shapes** queries [Q], references [R], same columns. **Memory** about R·(4·columns + 16) + 28·Q bytes.
 * **Oracle** all Q × R distances.
 */
export function nearestTwo(queries: EncodedRows, references: EncodedRows): Neighbours {
  const first = new Float64Array(queries.rowCount).fill(Infinity);
  const second = new Float64Array(queries.rowCount).fill(Infinity);
  const nearest = new Int32Array(queries.rowCount).fill(-1);
  if (references.rowCount === 0) return { first, second, nearest };
  const columnCount = queries.codeCount + queries.numericCount;
  const order = columnOrder(references);
  queries = columnsInFours(queries, order);
  const tree = leavesOf(columnsInFours(references, order));
  const bounds = new Float64Array(tree.leafCount);
  const best: BestTwo = { first: NONE, second: NONE, nearest: -1 };
  const unit = QUANTILE_UNIT * columnCount;
  for (let query = 0; query < queries.rowCount; query++) {
    best.first = NONE;
    best.second = NONE;
    best.nearest = -1;
    lowerBounds(queries, query, tree, bounds);
    bounds.sort(); // each holds its leaf's number in the low bits
    for (let k = 0; k < bounds.length; k++) {
      const bound = Math.floor(bounds[k] / LEAF_RADIX);
      if (bound >= best.second) break;
      scanLeaf(queries, query, tree, bounds[k] - bound * LEAF_RADIX, best);
    }
    first[query] = best.first === NONE ? Infinity : best.first / unit;
    second[query] = best.second === NONE ? Infinity : best.second / unit;
    nearest[query] = best.nearest < 0 ? -1 : tree.positions[best.nearest];
  }
  return { first, second, nearest };
}

interface ColumnOrder {
  readonly numeric: readonly number[];
  readonly codes: readonly number[];
}

/** Columns by the mean distance of two rows in them, largest first: so rows are given up early. */
function columnOrder(rows: EncodedRows): ColumnOrder {
  const spreads = (
    count: number,
    at: (row: number, c: number) => number,
    distance: (a: number, b: number) => number,
  ): number[] => {
    const half = Math.max(1, rows.rowCount >>> 1);
    const spread = Array.from({ length: count }, (_, c) => {
      let total = 0;
      for (let i = 0; i + half < rows.rowCount; i += 1 + (half >>> 9)) total += distance(at(i, c), at(i + half, c));
      return total;
    });
    return spread.map((_, c) => c).sort((a, b) => spread[b] - spread[a] || a - b);
  };
  return {
    numeric: spreads(
      rows.numericCount,
      (i, c) => rows.numeric[i * rows.numericCount + c],
      (a, b) => Math.min(QUANTILE_UNIT, Math.abs(a - b)),
    ),
    codes: spreads(
      rows.codeCount,
      (i, c) => rows.codes[i * rows.codeCount + c],
      (a, b) => (a === b ? 0 : QUANTILE_UNIT),
    ),
  };
}

/** The columns in this order, filled up with constant ones to a multiple of four; these add nothing to a distance. */
function columnsInFours(rows: EncodedRows, order: ColumnOrder): EncodedRows {
  const numericCount = Math.ceil(rows.numericCount / 4) * 4;
  const codeCount = Math.ceil(rows.codeCount / 4) * 4;
  const numeric = new Int16Array(rows.rowCount * numericCount);
  const codes = new Int32Array(rows.rowCount * codeCount);
  for (let i = 0; i < rows.rowCount; i++) {
    order.numeric.forEach((from, to) => (numeric[i * numericCount + to] = rows.numeric[i * rows.numericCount + from]));
    order.codes.forEach((from, to) => (codes[i * codeCount + to] = rows.codes[i * rows.codeCount + from]));
  }
  return { rowCount: rows.rowCount, numeric, numericCount, codes, codeCount };
}

/** Larger than any sum of distances, and a small integer to the engine. */
const NONE = 0x3fffffff;

/** Bound and leaf share a float64: bound · LEAF_RADIX + leaf < 2³⁰ · 2²². */
const LEAF_RADIX = 2 ** 22;

interface BestTwo {
  first: number;
  second: number;
  nearest: number;
}

/** Reference rows in leaf order, with a box around each leaf. */
interface Leaves {
  readonly rows: EncodedRows;
  /** [R] row number in the references of each row here. */
  readonly positions: Uint32Array;
  readonly leafCount: number;
  /** [leafCount + 1] */
  readonly starts: Uint32Array;
  /** [leafCount × numericCount] */
  readonly lows: Int16Array;
  readonly highs: Int16Array;
  /** [leafCount × codeCount] the only code in the leaf, or `MIXED`. */
  readonly onlyCode: Int32Array;
}

const LEAF_ROWS = 48;
/** Rows of a node that its split is chosen by. */
const SPLIT_SAMPLE = 256;
/** Above every row number; 16 bits of value beside it stay exact in a float64. */
const ROW_RADIX = 2 ** 32;
const MIXED = -0x80000000;

function leavesOf(references: EncodedRows): Leaves {
  const positions = Uint32Array.from({ length: references.rowCount }, (_, i) => i);
  const starts: number[] = [];
  const pending: [start: number, end: number][] = [[0, references.rowCount]];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const [start, end] = node;
    const middle = end - start <= LEAF_ROWS ? null : splitNode(references, positions, start, end);
    if (middle === null) starts.push(start);
    else pending.push([middle, end], [start, middle]); // the left part is next, so that leaves come out in order
  }
  const rows = selectRows(references, positions);
  const { numericCount, codeCount } = rows;
  const leafCount = starts.length;
  const bounds = Uint32Array.from([...starts, references.rowCount]);
  const lows = new Int16Array(leafCount * numericCount).fill(32_767);
  const highs = new Int16Array(leafCount * numericCount).fill(-32_768);
  const onlyCode = new Int32Array(leafCount * codeCount);
  for (let leaf = 0; leaf < leafCount; leaf++) {
    for (let row = bounds[leaf]; row < bounds[leaf + 1]; row++) {
      for (let c = 0; c < numericCount; c++) {
        const value = rows.numeric[row * numericCount + c];
        const at = leaf * numericCount + c;
        if (value < lows[at]) lows[at] = value;
        if (value > highs[at]) highs[at] = value;
      }
      for (let c = 0; c < codeCount; c++) {
        const code = rows.codes[row * codeCount + c];
        const at = leaf * codeCount + c;
        if (row === bounds[leaf]) onlyCode[at] = code;
        else if (onlyCode[at] !== code) onlyCode[at] = MIXED;
      }
    }
  }
  return { rows, positions, leafCount, starts: bounds, lows, highs, onlyCode };
}

/** Cuts positions[start, end) in two by the column that differs most inside it; null where all rows are equal. */
function splitNode(
  rows: EncodedRows,
  positions: Uint32Array,
  start: number,
  end: number,
  isSampled = true,
): number | null {
  const { numericCount, codeCount } = rows;
  // A few hundred rows tell which column differs most; where they are all equal, all rows are asked.
  const step = isSampled ? Math.max(1, Math.floor((end - start) / SPLIT_SAMPLE)) : 1;
  const count = Math.ceil((end - start) / step);
  let bestSpread = 0;
  let bestColumn = -1;
  let bestCode = 0;
  for (let c = 0; c < codeCount; c++) {
    const counts = new Map<number, number>();
    for (let k = start; k < end; k += step) {
      const code = rows.codes[positions[k] * codeCount + c];
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    let same = 0;
    let common = 0;
    let commonCode = 0;
    for (const [code, n] of counts) {
      same += (n / count) ** 2;
      if (n > common) {
        common = n;
        commonCode = code;
      }
    }
    if (1 - same > bestSpread) {
      bestSpread = 1 - same; // the chance that two rows differ = their mean distance in this column
      bestColumn = numericCount + c;
      bestCode = commonCode;
    }
  }
  for (let c = 0; c < numericCount; c++) {
    let sum = 0;
    let squares = 0;
    for (let k = start; k < end; k += step) {
      const value = rows.numeric[positions[k] * numericCount + c];
      sum += value;
      squares += value * value;
    }
    const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)) / QUANTILE_UNIT;
    const spread = deviation * 1.15; // ≈ the mean distance of two rows
    if (spread > bestSpread + 1e-6) {
      bestSpread = spread;
      bestColumn = c;
    }
  }
  if (bestColumn < 0) return step > 1 ? splitNode(rows, positions, start, end, false) : null;
  const part = positions.subarray(start, end);
  if (bestColumn >= numericCount) {
    const c = bestColumn - numericCount;
    const inside = part.filter((row) => rows.codes[row * codeCount + c] === bestCode);
    const outside = part.filter((row) => rows.codes[row * codeCount + c] !== bestCode);
    part.set(inside, 0);
    part.set(outside, inside.length);
    return start + inside.length;
  }
  const value = (row: number): number => rows.numeric[row * numericCount + bestColumn];
  sortByValue(part, value);
  return cutBetweenValues(part, value, start);
}

/** Sorts row numbers by their values, by native order of numbers that hold both. */
function sortByValue(part: Uint32Array, value: (row: number) => number): void {
  const keys = Float64Array.from(part, (row) => (value(row) + 0x8000) * ROW_RADIX + row).sort();
  keys.forEach((key, k) => (part[k] = key % ROW_RADIX));
}

/** The cut nearest to the middle that does not separate equal values. */
function cutBetweenValues(part: Uint32Array, value: (row: number) => number, start: number): number | null {
  const middle = part.length >>> 1;
  for (let offset = 0; offset < part.length; offset++) {
    for (const at of [middle - offset, middle + offset]) {
      if (at > 0 && at < part.length && value(part[at - 1]) !== value(part[at])) return start + at;
    }
  }
  return null;
}

/** Fills `bounds` with each leaf's lower bound (a sum, not a mean) and number: bound · LEAF_RADIX + leaf. */
function lowerBounds(queries: EncodedRows, query: number, tree: Leaves, bounds: Float64Array): void {
  const { numericCount, codeCount } = queries;
  const { lows, highs, onlyCode, leafCount } = tree;
  const numeric = queries.numeric;
  const codes = queries.codes;
  const numericFrom = query * numericCount;
  const codesFrom = query * codeCount;
  for (let leaf = 0; leaf < leafCount; leaf++) {
    let bound = 0;
    for (let c = 0, at = leaf * codeCount; c < codeCount; c++, at++) {
      const code = onlyCode[at];
      if (code !== MIXED && code !== codes[codesFrom + c]) bound += QUANTILE_UNIT;
    }
    for (let c = 0, at = leaf * numericCount; c < numericCount; c++, at++) {
      const value = numeric[numericFrom + c];
      const gap = value < lows[at] ? lows[at] - value : value > highs[at] ? value - highs[at] : 0;
      bound += gap > QUANTILE_UNIT ? QUANTILE_UNIT : gap;
    }
    bounds[leaf] = bound * LEAF_RADIX + leaf;
  }
}

/**
 * The innermost loop of the scan, with shifts for branches that a processor would mispredict (|x|, x ≠ 0): all state in locals, columns in fours (`columnsInFours` padded the rows), so that
 * the compiler keeps it in registers and a row is given up after as few columns as possible.
 */
function scanLeaf(queries: EncodedRows, query: number, tree: Leaves, leaf: number, best: BestTwo): void {
  const { numericCount, codeCount } = queries;
  const { numeric, codes } = tree.rows;
  const queryNumeric = queries.numeric;
  const queryCodes = queries.codes;
  const numericFrom = query * numericCount;
  const codesFrom = query * codeCount;
  let first = best.first;
  let second = best.second;
  let nearest = best.nearest;
  const end = tree.starts[leaf + 1];
  for (let row = tree.starts[leaf]; row < end; row++) {
    let total = 0;
    let x = 0;
    let at = row * codeCount;
    for (let c = codesFrom, last = codesFrom + codeCount; c < last; c += 4, at += 4) {
      x = codes[at] ^ queryCodes[c];
      total = (total + (((x | (0 - x)) >> 31) & QUANTILE_UNIT)) | 0;
      x = codes[at + 1] ^ queryCodes[c + 1];
      total = (total + (((x | (0 - x)) >> 31) & QUANTILE_UNIT)) | 0;
      x = codes[at + 2] ^ queryCodes[c + 2];
      total = (total + (((x | (0 - x)) >> 31) & QUANTILE_UNIT)) | 0;
      x = codes[at + 3] ^ queryCodes[c + 3];
      total = (total + (((x | (0 - x)) >> 31) & QUANTILE_UNIT)) | 0;
      if (total >= second) break;
    }
    if (total >= second) continue;
    at = row * numericCount;
    for (let c = numericFrom, last = numericFrom + numericCount; c < last; c += 4, at += 4) {
      x = (numeric[at] - queryNumeric[c]) | 0;
      x = (x ^ (x >> 31)) - (x >> 31);
      total = (total + (x > QUANTILE_UNIT ? QUANTILE_UNIT : x)) | 0;
      x = (numeric[at + 1] - queryNumeric[c + 1]) | 0;
      x = (x ^ (x >> 31)) - (x >> 31);
      total = (total + (x > QUANTILE_UNIT ? QUANTILE_UNIT : x)) | 0;
      x = (numeric[at + 2] - queryNumeric[c + 2]) | 0;
      x = (x ^ (x >> 31)) - (x >> 31);
      total = (total + (x > QUANTILE_UNIT ? QUANTILE_UNIT : x)) | 0;
      x = (numeric[at + 3] - queryNumeric[c + 3]) | 0;
      x = (x ^ (x >> 31)) - (x >> 31);
      total = (total + (x > QUANTILE_UNIT ? QUANTILE_UNIT : x)) | 0;
      if (total >= second) break;
    }
    if (total >= second) continue;
    if (total < first) {
      second = first;
      first = total;
      nearest = row;
    } else {
      second = total;
    }
  }
  best.first = first;
  best.second = second;
  best.nearest = nearest;
}
