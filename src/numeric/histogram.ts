/**
 * Counting kernels of the tree engine, on the CPU. They give integers, so any device that counts gives the same
 * trees to the bit; gains are always computed on the host in float64 (see tree.ts).
 */

/**
 * Two-way counts of one input column against the target classes, over the rows of one node.
 *
 * **Shapes** codes [N] uint16; rows [≥ end] row numbers; classes [≥ end − start], class of `rows[start + i]`;
 * counts [B, K] and totals [B] int32, overwritten; B = codeCount, K = classCount.
 */
export function countHistogram(
  codes: Uint16Array,
  codeCount: number,
  rows: Int32Array,
  start: number,
  end: number,
  classes: Uint16Array,
  classCount: number,
  counts: Int32Array,
  totals: Int32Array,
): void {
  counts.fill(0, 0, codeCount * classCount);
  totals.fill(0, 0, codeCount);
  for (let i = start, j = 0; i < end; i++, j++) {
    const code = codes[rows[i]];
    counts[code * classCount + classes[j]]++;
    totals[code]++;
  }
}

let entropyTerms = new Float64Array(1);

/**
 * x · ln x for x = 0 … n. Shared and grown on demand: a pure function of its index.
 * **Memory** 8 · (n + 1) bytes, kept for the life of the process.
 */
export function entropyTable(n: number): Float64Array {
  if (entropyTerms.length <= n) {
    const grown = new Float64Array(n + 1);
    grown.set(entropyTerms);
    for (let x = Math.max(entropyTerms.length, 1); x <= n; x++) grown[x] = x * Math.log(x);
    entropyTerms = grown;
  }
  return entropyTerms;
}
