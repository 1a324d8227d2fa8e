/** How far the cardinality of a query is off. */

/**
 * q-error: by which factor an estimate misses, whichever way; one row is added to both, so that none is infinite.
 * **Source** Moerkotte, Neumann, Steidl: "Preventing bad plans by bounding the impact of cardinality estimation errors" (2009).
 */
export function qError(estimate: number, truth: number): number {
  return Math.max((estimate + 1) / (truth + 1), (truth + 1) / (estimate + 1));
}

export interface ErrorSummary {
  readonly median: number;
  readonly p90: number;
  readonly p95: number;
  readonly max: number;
}

/** Quantiles by linear interpolation. **Domain** at least one error. */
export function summarizeErrors(errors: readonly number[]): ErrorSummary {
  const sorted = Float64Array.from(errors).sort();
  const quantile = (p: number): number => {
    const at = p * (sorted.length - 1);
    const low = Math.floor(at);
    return sorted[low] + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
  };
  return { median: quantile(0.5), p90: quantile(0.9), p95: quantile(0.95), max: quantile(1) };
}
