/**
 * Numbers as at most 256 ordered codes: values that many rows share keep a code of their own (spikes), the rest fall
 * into intervals of about equal mass. Inside an interval values are drawn evenly on the column's own grid, so
 * heaped and rounded columns stay so.
 *
 * What is kept of the data: values that at least `minRows` rows and `minUnits` units share, and interval ends that
 * lie between values. The outermost ends are the sixth unit's most extreme values.
 */

export interface NumberEncoderOptions {
  /** Most codes, NULL apart. */
  readonly maxBins: number;
  /** Fewest rows behind a bin. */
  readonly minRows: number;
  /** Fewest distinct units behind a bin. */
  readonly minUnits: number;
  /** Most, and least with a minus, that the column's type holds; absent: no bound. */
  readonly largest?: number;
}

export const NUMBER_DEFAULTS: NumberEncoderOptions = { maxBins: 256, minRows: 10, minUnits: 5 };

/** Extremes are clipped to the value of the unit of this rank. */
const EXTREME_UNIT_RANK = 6;
const MAX_DECIMALS = 9;
const SPIKE_OUTWEIGHS = 3;
/** A column of so few values is a set of values, not a range: they stay apart however few bins are asked for. */
const DISCRETE_VALUES = 64;

/** Numbers in columnar form; where `nulls` is 1 the value is meaningless. */
export interface NumberValues {
  readonly values: Float64Array;
  readonly nulls: Uint8Array;
}

/** The JSON form; all arrays have one entry per bin but `cuts`, which has one less. */
export interface NumberEncoderJson {
  readonly cuts: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly hasNull: boolean;
  readonly decimals: number | null;
  readonly step: number;
}

export class NumberEncoder {
  readonly ordered = true;
  readonly hasNull: boolean;
  /** Digits after the point of every value; undefined: not on a decimal grid. */
  readonly decimals: number | undefined;
  /** Distance of neighbouring values of the grid, in units of the last decimal. */
  readonly step: number;
  /** A value up to `#cuts[i]` and above the cut before belongs to bin i. */
  readonly #cuts: Float64Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;

  constructor(json: NumberEncoderJson) {
    this.#cuts = Float64Array.from(json.cuts);
    this.#low = Float64Array.from(json.low);
    this.#high = Float64Array.from(json.high);
    this.hasNull = json.hasNull;
    this.decimals = json.decimals ?? undefined;
    this.step = json.step;
  }

  /** Number of codes; NULL is the last one where there is one. */
  get size(): number {
    return this.#low.length + (this.hasNull ? 1 : 0);
  }

  get binCount(): number {
    return this.#low.length;
  }

  /** Smallest and largest value that `decode` can give. */
  get range(): readonly [number, number] {
    return [this.#low[0], this.#high[this.#high.length - 1]];
  }

  /** Lower and upper end of a bin's values. */
  boundsOf(code: number): readonly [number, number] {
    return [this.#low[code], this.#high[code]];
  }

  /**
   * **Domain** a NULL that the fit never saw, and NaN, get the code of the middle bin; a value outside the fitted
   * range gets the outermost bin.
   */
  encode(value: number | null): number {
    if (value === null) return this.hasNull ? this.#low.length : this.#low.length >>> 1;
    let low = 0;
    let high = this.#cuts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= this.#cuts[middle]) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The codes of a whole column. */
  encodeAll(values: readonly (number | null)[] | NumberValues): Uint16Array {
    const input = toNumberValues(values);
    const codes = new Uint16Array(input.values.length);
    for (let row = 0; row < codes.length; row++)
      codes[row] = this.encode(input.nulls[row] === 1 ? null : input.values[row]);
    return codes;
  }

  /** A value of the bin, even on its grid. **Domain** u in [0, 1). */
  decode(code: number, u: number): number | null {
    if (code >= this.#low.length) return null;
    const low = this.#low[code];
    const high = this.#high[code];
    if (low === high) return low;
    if (this.decimals === undefined) return low + u * (high - low);
    const scale = 10 ** this.decimals;
    const first = Math.round(low * scale);
    const pointCount = Math.round((Math.round(high * scale) - first) / this.step) + 1;
    return (first + Math.floor(u * pointCount) * this.step) / scale;
  }

  toJson(): NumberEncoderJson {
    return {
      cuts: [...this.#cuts],
      low: [...this.#low],
      high: [...this.#high],
      hasNull: this.hasNull,
      decimals: this.decimals ?? null,
      step: this.step,
    };
  }

  /** **Domain** what `toJson` gave; a model file's hash vouches for it. */
  static fromJson(json: unknown): NumberEncoder {
    return new NumberEncoder(json as NumberEncoderJson);
  }
}

/**
 * Learns the bins of a column.
 *
 * **Shapes** values [N], units [N]: who each row belongs to.
 * **Domain** finite numbers, null, or NaN (read as null).
 * A column with fewer than `minUnits` units keeps its order of magnitude only.
 */
export function fitNumberEncoder(
  values: readonly (number | null)[] | NumberValues,
  units: Uint32Array,
  options: NumberEncoderOptions = NUMBER_DEFAULTS,
): NumberEncoder {
  const column = sortColumn(toNumberValues(values), units);
  const bins = mergeSmallBins(column, cutIntoBins(column, options), options);
  const { hasNull } = column;
  if (bins.length === 0 || !bins[0].isCovered) {
    const grid = { decimals: decimalsOf(column.distinct), step: 1 };
    const [low, high] = magnitudeOf(column.distinct, grid, options.largest ?? Infinity);
    return new NumberEncoder({ cuts: [], low: [low], high: [high], hasNull, ...grid });
  }
  const grid = gridOf(column.distinct);
  const bounds = bins.map((bin, index) => boundsOf(column, bin, index === 0, index === bins.length - 1, grid, options));
  const cuts = bins
    .slice(1)
    .map((bin, index) => between(column.distinct[bins[index].last], column.distinct[bin.first]));
  return new NumberEncoder({
    cuts,
    low: bounds.map((bound) => bound[0]),
    high: bounds.map((bound) => bound[1]),
    hasNull,
    ...grid,
  });
}

function toNumberValues(values: readonly (number | null)[] | NumberValues): NumberValues {
  if ('nulls' in values) return values;
  const out = { values: new Float64Array(values.length), nulls: new Uint8Array(values.length) };
  values.forEach((value, row) => {
    if (value === null || Number.isNaN(value)) out.nulls[row] = 1;
    else out.values[row] = value;
  });
  return out;
}

/** A column by distinct value. */
interface SortedColumn {
  readonly rowCount: number;
  readonly hasNull: boolean;
  /** [D] ascending */
  readonly distinct: Float64Array;
  /** [D + 1] where the rows of each distinct value begin in `units`. */
  readonly starts: Int32Array;
  /** [rows] unit of each row, in order of value. */
  readonly units: Uint32Array;
  /** Whether any unit has two rows: else rows count units. */
  readonly hasRepeatedUnits: boolean;
}

/** Consecutive distinct values [first, last]. */
interface Bin {
  readonly first: number;
  readonly last: number;
  readonly isSpike: boolean;
  readonly rowCount: number;
  /** Whether enough rows and units are behind it. */
  readonly isCovered: boolean;
  /** The value of a spike; rarer values beside it may share its bin, and are then drawn as it. */
  readonly spike?: number;
}

function sortColumn({ values, nulls }: NumberValues, units: Uint32Array): SortedColumn {
  let rowCount = 0;
  const sorted = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++) {
    if (nulls[row] === 0 && !Number.isNaN(values[row])) sorted[rowCount++] = values[row] + 0; // −0 becomes 0
  }
  const present = sorted.subarray(0, rowCount).sort();
  let distinctCount = 0;
  const distinct = new Float64Array(rowCount);
  const starts = new Int32Array(rowCount + 1);
  for (let i = 0; i < rowCount; i++) {
    if (i > 0 && present[i] === present[i - 1]) continue;
    starts[distinctCount] = i;
    distinct[distinctCount++] = present[i];
  }
  starts[distinctCount] = rowCount;
  const trimmed = distinct.slice(0, distinctCount);
  const next = starts.slice(0, distinctCount);
  const sortedUnits = new Uint32Array(rowCount);
  for (let row = 0; row < values.length; row++) {
    if (nulls[row] === 0 && !Number.isNaN(values[row])) sortedUnits[next[indexOf(trimmed, values[row])]++] = units[row];
  }
  return {
    rowCount,
    hasNull: rowCount < values.length,
    distinct: trimmed,
    starts: starts.slice(0, distinctCount + 1),
    units: sortedUnits,
    hasRepeatedUnits: new Set(sortedUnits).size < rowCount,
  };
}

/** Place of a value that is there in an ascending array. */
function indexOf(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rowCountOf(column: SortedColumn, first: number, last: number): number {
  return column.starts[last + 1] - column.starts[first];
}

/** Whether a range of distinct values has at least `wanted` units behind it. */
function hasUnits(column: SortedColumn, first: number, last: number, wanted: number): boolean {
  const start = column.starts[first];
  const end = column.starts[last + 1];
  if (!column.hasRepeatedUnits) return end - start >= wanted;
  const seen = new Set<number>();
  for (let i = start; i < end && seen.size < wanted; i++) seen.add(column.units[i]);
  return seen.size >= wanted;
}

function makeBin(
  column: SortedColumn,
  first: number,
  last: number,
  isSpike: boolean,
  options: NumberEncoderOptions,
): Bin {
  const rowCount = rowCountOf(column, first, last);
  const isCovered =
    rowCount >= Math.min(options.minRows, column.rowCount) && hasUnits(column, first, last, options.minUnits);
  return { first, last, isSpike, rowCount, isCovered };
}

/** Spikes alone, the rest greedily into intervals of about equal mass; bins may still be too small. */
function cutIntoBins(column: SortedColumn, options: NumberEncoderOptions): Bin[] {
  const { distinct, rowCount } = column;
  const share = Math.max(options.minRows, rowCount / options.maxBins);
  const spikeCount =
    distinct.length > Math.max(options.maxBins, DISCRETE_VALUES)
      ? Math.max(options.minRows, share / 2)
      : options.minRows;
  const bins: Bin[] = [];
  let open: { first: number; rows: number } | undefined;
  const close = (last: number): void => {
    if (open !== undefined) bins.push(makeBin(column, open.first, last, false, options));
    open = undefined;
  };
  for (let index = 0; index < distinct.length; index++) {
    const count = rowCountOf(column, index, index);
    if (count >= spikeCount && hasUnits(column, index, index, options.minUnits)) {
      close(index - 1);
      bins.push(makeBin(column, index, index, true, options));
      continue;
    }
    if (open !== undefined && open.rows >= share) close(index - 1);
    open ??= { first: index, rows: 0 };
    open.rows += count;
  }
  close(distinct.length - 1);
  return bins;
}

/**
 * Joins every bin with too few rows or units to its smaller neighbour, preferably not a spike, the smallest first.
 * A spike that takes in a neighbour is an interval from then on, unless it far outweighs it.
 */
function mergeSmallBins(column: SortedColumn, bins: Bin[], options: NumberEncoderOptions): Bin[] {
  while (bins.length > 1) {
    let smallest = -1;
    for (let i = 0; i < bins.length; i++) {
      if (!bins[i].isCovered && (smallest < 0 || bins[i].rowCount < bins[smallest].rowCount)) smallest = i;
    }
    if (smallest < 0) break;
    const left = isJoinedToTheLeft(bins[smallest - 1], bins[smallest + 1]) ? smallest - 1 : smallest;
    const other = left === smallest ? bins[left + 1] : bins[left];
    // Spread evenly, a few rows would take half of what a frequent value beside them has.
    const outweighs = other.isSpike && other.rowCount >= SPIKE_OUTWEIGHS * bins[smallest].rowCount;
    const spike = outweighs ? (other.spike ?? other.first) : undefined;
    const joined = makeBin(column, bins[left].first, bins[left + 1].last, outweighs, options);
    bins.splice(left, 2, spike === undefined ? joined : { ...joined, spike });
  }
  return bins;
}

function isJoinedToTheLeft(before: Bin | undefined, after: Bin | undefined): boolean {
  if (before === undefined || after === undefined) return after === undefined;
  return before.isSpike === after.isSpike ? before.rowCount <= after.rowCount : after.isSpike;
}

/** The grid that all values lie on: decimals, and their common step. */
interface Grid {
  readonly decimals: number | null;
  readonly step: number;
}

function gridOf(distinct: Float64Array): Grid {
  const decimals = decimalsOf(distinct);
  if (decimals === null) return { decimals, step: 1 };
  const scale = 10 ** decimals;
  let step = 0;
  for (let i = 1; i < distinct.length && step !== 1; i++) {
    step = greatestCommonDivisor(step, Math.round(distinct[i] * scale) - Math.round(distinct[i - 1] * scale));
  }
  return { decimals, step: Math.max(1, step) };
}

function decimalsOf(distinct: Float64Array): number | null {
  let decimals = 0;
  for (const value of distinct) {
    while (decimals <= MAX_DECIMALS && !isOnGrid(value, decimals)) decimals++;
    if (decimals > MAX_DECIMALS) return null;
  }
  return decimals;
}

function isOnGrid(value: number, decimals: number): boolean {
  const scaled = Math.round(value * 10 ** decimals);
  return Math.abs(scaled) <= Number.MAX_SAFE_INTEGER
    ? scaled / 10 ** decimals === value
    : decimals === 0 && Number.isInteger(value);
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** A number between two values, neither of them where that is possible; always ≥ the first and below the second. */
function between(low: number, high: number): number {
  const middle = low + (high - low) / 2;
  return middle < high ? middle : low;
}

/**
 * The ends of a bin's values. An end that too few units share moves inwards, half way to the next value and onto the
 * grid, so that it is nobody's; an outer end first moves in to the sixth unit.
 */
function boundsOf(
  column: SortedColumn,
  bin: Bin,
  isFirst: boolean,
  isLast: boolean,
  grid: Grid,
  options: NumberEncoderOptions,
): readonly [number, number] {
  const { distinct } = column;
  if (bin.spike !== undefined) return [distinct[bin.spike], distinct[bin.spike]];
  const first = isFirst ? innerEnd(column, bin.first, bin.last) : bin.first;
  const last = isLast ? innerEnd(column, bin.last, bin.first) : bin.last;
  if (first >= last) {
    const inner = isFirst && isLast ? (bin.first + bin.last) >>> 1 : isFirst ? bin.last : bin.first;
    const value = ownOrNear(column, inner, grid, options);
    return [value, value];
  }
  const isOwnFirst = hasUnits(column, first, first, options.minUnits);
  const isOwnLast = hasUnits(column, last, last, options.minUnits);
  const low = isOwnFirst
    ? distinct[first]
    : snap(between(distinct[first], distinct[first + 1]), distinct[first], grid, Math.ceil);
  const high = isOwnLast
    ? distinct[last]
    : snap(between(distinct[last - 1], distinct[last]), distinct[first], grid, Math.floor);
  return low <= high ? [low, high] : [high, high];
}

/** Going from `end` towards `stop`: the place where the sixth unit is met. */
function innerEnd(column: SortedColumn, end: number, stop: number): number {
  const direction = end <= stop ? 1 : -1;
  for (let index = end; index !== stop; index += direction) {
    const [first, last] = direction === 1 ? [end, index] : [index, end];
    if (hasUnits(column, first, last, EXTREME_UNIT_RANK)) return index;
  }
  return stop;
}

/** A value if enough units share it, else a neighbour of it on the grid. */
function ownOrNear(column: SortedColumn, index: number, grid: Grid, options: NumberEncoderOptions): number {
  const value = column.distinct[index];
  if (hasUnits(column, index, index, options.minUnits)) return value;
  const other = column.distinct[index > 0 ? index - 1 : Math.min(index + 1, column.distinct.length - 1)];
  return snap((value + other) / 2, column.distinct[0], grid, Math.round);
}

/** A number moved onto the grid that `origin` lies on. */
function snap(value: number, origin: number, grid: Grid, round: (x: number) => number): number {
  if (grid.decimals === null) return value;
  const scale = 10 ** grid.decimals;
  const start = Math.round(origin * scale);
  // The quotient is a multiple of ½ at most a rounding error off: put it right before rounding up or down.
  const steps = Math.round(((value * scale - start) / grid.step) * 1024) / 1024;
  return (start + round(steps) * grid.step) / scale;
}

/** The decade around the median: all that may be kept of a column with too few units. */
function magnitudeOf(distinct: Float64Array, grid: Grid, largest: number): readonly [number, number] {
  if (distinct.length === 0) return [0, 0];
  const median = distinct[distinct.length >>> 1];
  if (median === 0) return [0, 0];
  const decade = 10 ** Math.floor(Math.log10(Math.abs(median)));
  const unit = grid.decimals === null ? 0 : grid.step / 10 ** grid.decimals;
  const low = snap(decade, 0, grid, Math.ceil);
  const high = Math.max(low, snap(Math.min(largest, decade * 10 - unit), 0, grid, Math.floor));
  return median < 0 ? [-high, -low] : [low, high];
}
