/** What a uniform number in [0, 1) chooses. */

/** An element of a list. */
export function pick<T>(list: readonly T[], uniform: number): T {
  return list[Math.floor(uniform * list.length)];
}

/** The value at a uniform number between quantiles, linear, rounded. */
export function between(quantiles: readonly number[], uniform: number): number {
  const place = uniform * (quantiles.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, quantiles.length - 1);
  return Math.round(quantiles[low] + (quantiles[high] - quantiles[low]) * (place - low));
}
