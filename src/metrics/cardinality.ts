/** Parents by their number of children: [n, parents][] with n ascending, n = 0 included. */
export type DegreeHistogram = readonly (readonly [childCount: number, parentCount: number])[];

/** Of the children's references. **Shapes** parentOf [children]: parent's row, negative = none. */
export function degreeHistogram(parentOf: Int32Array, parentCount: number): DegreeHistogram {
  const degrees = new Uint32Array(parentCount);
  for (const parent of parentOf) if (parent >= 0) degrees[parent]++;
  const counts = new Map<number, number>();
  for (const degree of degrees) counts.set(degree, (counts.get(degree) ?? 0) + 1);
  return [...counts].sort((a, b) => a[0] - b[0]);
}

/**
 * Cardinality score: Kolmogorov–Smirnov complement of children per parent, parents without children included.
 *
 * `ratio`: the synthetic degrees are expected to be so many times the real ones (a copied parent table under a scale).
 * **Domain** a side without parents gives 0, both 1. **Oracle** `ksComplement` on the expanded degrees.
 */
export function cardinalityScore(real: DegreeHistogram, synthetic: DegreeHistogram, ratio = 1): number {
  const totalReal = parents(real);
  const totalSynthetic = parents(synthetic);
  if (totalReal === 0 || totalSynthetic === 0) return totalReal === totalSynthetic ? 1 : 0;
  const steps = new Map<number, [number, number]>();
  const add = (degree: number, side: 0 | 1, share: number): void => {
    const step = steps.get(degree) ?? [0, 0];
    step[side] += share;
    steps.set(degree, step);
  };
  for (const [degree, count] of real) add(Math.round(degree * ratio), 0, count / totalReal);
  for (const [degree, count] of synthetic) add(degree, 1, count / totalSynthetic);
  let a = 0;
  let b = 0;
  let largest = 0;
  for (const [, step] of [...steps].sort((x, y) => x[0] - y[0])) {
    a += step[0];
    b += step[1];
    largest = Math.max(largest, Math.abs(a - b));
  }
  return 1 - largest;
}

export function parents(histogram: DegreeHistogram): number {
  return histogram.reduce((total, [, count]) => total + count, 0);
}

export function children(histogram: DegreeHistogram): number {
  return histogram.reduce((total, [degree, count]) => total + degree * count, 0);
}
