/** One column as small integer codes: what encoders make and what trees read. */
export interface CodedColumn {
  /** [N] uint16, each below `size`. */
  readonly codes: Uint16Array;
  /** Number of codes, NULL included. */
  readonly size: number;
  /** Whether neighbouring codes are neighbouring values. NULL is outside the order. */
  readonly ordered: boolean;
  /** Whether the last code is NULL. */
  readonly hasNull: boolean;
}

/** Fine code → coarse code. */
export interface Coarsening {
  /** [size of the column] */
  readonly map: Uint16Array;
  readonly size: number;
}

/** Unordered targets have at most this many classes for choosing splits; the rest of their values share one. */
const MAX_UNORDERED_CLASSES = 256;

/** Number of each code among the given rows. */
export function countCodes(column: CodedColumn, rows: Int32Array): Float64Array {
  const counts = new Float64Array(column.size);
  for (let i = 0; i < rows.length; i++) counts[column.codes[rows[i]]]++;
  return counts;
}

/**
 * Fewer, fuller codes for choosing splits. Codes that hold much of the mass stay alone (a spike that shares a bin
 * with its neighbours cannot be split off), the rest accumulate to even shares; NULL stays alone.
 *
 * **Domain** limit: the number of codes aimed at, exceeded slightly where spikes cut intervals short.
 * Unordered columns are left as they are.
 */
export function coarsen(column: CodedColumn, counts: Float64Array, limit: number): Coarsening {
  if (!column.ordered || column.size <= limit) return identity(column.size);
  const valueCount = column.size - (column.hasNull ? 1 : 0);
  let total = 0;
  for (let code = 0; code < valueCount; code++) total += counts[code];
  const spikeCount = total / (2 * limit);
  let spikes = 0;
  let rest = total;
  for (let code = 0; code < valueCount; code++) {
    if (counts[code] < spikeCount) continue;
    spikes++;
    rest -= counts[code];
  }
  const share = Math.max(rest / Math.max(limit - spikes, Math.max(4, Math.floor(limit / 4))), 1);
  const map = new Uint16Array(column.size);
  let current = -1;
  let accumulated = 0;
  let open = false;
  for (let code = 0; code < valueCount; code++) {
    if (counts[code] >= spikeCount) {
      current++;
      open = false;
    } else {
      if (!open || accumulated >= share) {
        current++;
        accumulated = 0;
        open = true;
      }
      accumulated += counts[code];
    }
    map[code] = current;
  }
  if (column.hasNull) map[valueCount] = ++current;
  return { map, size: current + 1 };
}

/** As `coarsen` for a target: very many unordered values are cut to the most frequent and one class for the rest. */
export function coarsenTarget(column: CodedColumn, counts: Float64Array, limit: number): Coarsening {
  if (column.ordered || column.size <= MAX_UNORDERED_CLASSES) return coarsen(column, counts, limit);
  const byCount = Array.from(counts.keys()).sort((x, y) => counts[y] - counts[x] || x - y);
  const map = new Uint16Array(column.size).fill(MAX_UNORDERED_CLASSES - 1);
  const kept = byCount.slice(0, MAX_UNORDERED_CLASSES - 1).sort((x, y) => x - y);
  kept.forEach((code, index) => {
    map[code] = index;
  });
  return { map, size: MAX_UNORDERED_CLASSES };
}

function identity(size: number): Coarsening {
  return { map: Uint16Array.from({ length: size }, (_, code) => code), size };
}

/** The codes of all rows through a coarsening. **Shapes** [N] → [N]. */
export function applyCoarsening(codes: Uint16Array, coarsening: Coarsening): Uint16Array {
  const { map } = coarsening;
  const out = new Uint16Array(codes.length);
  for (let row = 0; row < codes.length; row++) out[row] = map[codes[row]];
  return out;
}
