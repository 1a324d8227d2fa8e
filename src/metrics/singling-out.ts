import type { RandomCursor } from '../numeric/random.ts';
import { NULL_QUANTILE } from './gower.ts';
import type { EncodedRows } from './gower.ts';

export interface SinglingOutOutcome {
  readonly predicates: number;
  readonly victimHits: number;
  readonly controlHits: number;
}

/** Columns that one predicate speaks of. */
const COLUMNS = 3;
/** Draws of a predicate before one that fits a single released row is given up. */
const TRIES = 20;

/** One condition: a code, or a side of a released row's value. */
interface Condition {
  readonly isCode: boolean;
  readonly column: number;
  readonly value: number;
  /** Of a number: −1 at most, 0 equal (NULL), 1 at least. */
  readonly side: number;
}

/**
 * Singling out: predicates that exactly one released row satisfies, and how many of them exactly one real row
 * satisfies, among victims and among as many others.
 *
 * Half of the predicates are univariate (the sole row beyond a value, the sole holder of a category), as far as there
 * are any; the others join conditions on three columns, taken from one released row: equal codes, numbers on the
 * row's side of the median.
 *
 * **Shapes** released [N], victims and control [M] each, same columns. **Random** `random`.
 * **Source** Giomi et al. (2023), section 4.1; Anonymeter. **Oracle** the definition by brute force over predicates.
 */
export function singlingOutHits(
  released: EncodedRows,
  victims: EncodedRows,
  control: EncodedRows,
  predicates: number,
  random: RandomCursor,
): SinglingOutOutcome {
  const sole = univariate(released).slice(0, predicates / 2);
  const tried: (readonly Condition[])[] = sole.map((condition) => [condition]);
  const medians = columnMedians(released);
  for (let draw = 0; draw < predicates * TRIES && tried.length < predicates; draw++) {
    const conditions = multivariate(released, medians, random);
    if (countMatches(released, conditions) === 1) tried.push(conditions);
  }
  const hits = (rows: EncodedRows): number =>
    tried.reduce((count, conditions) => count + (countMatches(rows, conditions) === 1 ? 1 : 0), 0);
  return { predicates: tried.length, victimHits: hits(victims), controlHits: hits(control) };
}

/** Conditions on one column that a single released row satisfies. */
function univariate(rows: EncodedRows): Condition[] {
  const conditions: Condition[] = [];
  for (let column = 0; column < rows.numericCount; column++) {
    const values = columnOf(rows.numeric, rows.numericCount, column, rows.rowCount).filter((v) => v !== NULL_QUANTILE);
    values.sort((a, b) => a - b);
    const last = values.length - 1;
    if (last < 1) continue;
    if (values[0] < values[1]) conditions.push({ isCode: false, column, value: values[0], side: -1 });
    if (values[last] > values[last - 1]) conditions.push({ isCode: false, column, value: values[last], side: 1 });
  }
  for (let column = 0; column < rows.codeCount; column++) {
    const counts = new Map<number, number>();
    for (const code of columnOf(rows.codes, rows.codeCount, column, rows.rowCount))
      counts.set(code, (counts.get(code) ?? 0) + 1);
    for (const [value, count] of counts) if (count === 1) conditions.push({ isCode: true, column, value, side: 0 });
  }
  return conditions;
}

function multivariate(rows: EncodedRows, medians: readonly number[], random: RandomCursor): Condition[] {
  const row = random.nextInteger(rows.rowCount);
  const total = rows.numericCount + rows.codeCount;
  const chosen = new Set<number>();
  while (chosen.size < Math.min(COLUMNS, total)) chosen.add(random.nextInteger(total));
  return [...chosen].map((c): Condition => {
    if (c >= rows.numericCount) {
      const column = c - rows.numericCount;
      return { isCode: true, column, value: rows.codes[row * rows.codeCount + column], side: 0 };
    }
    const value = rows.numeric[row * rows.numericCount + c];
    const side = value === NULL_QUANTILE ? 0 : value >= medians[c] ? 1 : -1;
    return { isCode: false, column: c, value, side };
  });
}

function columnMedians(rows: EncodedRows): number[] {
  return Array.from({ length: rows.numericCount }, (_, column) => {
    const values = columnOf(rows.numeric, rows.numericCount, column, rows.rowCount).filter((v) => v !== NULL_QUANTILE);
    values.sort((a, b) => a - b);
    return values[values.length >>> 1] ?? 0;
  });
}

function columnOf(values: Int16Array | Int32Array, width: number, column: number, rowCount: number): number[] {
  return Array.from({ length: rowCount }, (_, row) => values[row * width + column]);
}

/** 0, 1, or 2 for more. */
function countMatches(rows: EncodedRows, conditions: readonly Condition[]): number {
  let count = 0;
  for (let row = 0; row < rows.rowCount; row++) {
    let fits = true;
    for (const { isCode, column, value, side } of conditions) {
      const own = isCode ? rows.codes[row * rows.codeCount + column] : rows.numeric[row * rows.numericCount + column];
      fits = side === 0 ? own === value : own !== NULL_QUANTILE && (side > 0 ? own >= value : own <= value);
      if (!fits) break;
    }
    if (fits && ++count > 1) return 2;
  }
  return count;
}
