/**
 * Tail probabilities, confidence intervals and the correction for many tests, from two special functions: the
 * regularised incomplete gamma and beta functions.
 */

/** ln Γ(x) for x > 0, to about 1e-14. Source: Lanczos (1964), coefficients g = 7, n = 9. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  let sum = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i] / (shifted + i);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/**
 * Q(a, x), the upper regularised incomplete gamma function.
 *
 * **Domain** a > 0, x ≥ 0. **Source** series and continued fraction of Abramowitz & Stegun 6.5.29, 6.5.31 (the
 * latter by Lentz's method). **Oracle** closed forms: Q(1, x) = e⁻ˣ.
 */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 10_000 && Math.abs(term) > Math.abs(sum) * 1e-16; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - sum * scale);
  }
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 10_000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (Math.abs(d) < tiny) d = tiny;
    c = b + an / c;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return h * scale;
}

/**
 * I_x(a, b), the regularised incomplete beta function.
 *
 * **Domain** a, b > 0, 0 ≤ x ≤ 1. **Source** continued fraction of Abramowitz & Stegun 26.5.8 by Lentz's method.
 * **Oracle** sums of binomial probabilities.
 */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 - ((a + b) * x) / (a + 1);
  if (Math.abs(d) < tiny) d = tiny;
  d = 1 / d;
  let h = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    if (Math.abs(d) < tiny) d = tiny;
    c = 1 + even / c;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    if (Math.abs(d) < tiny) d = tiny;
    c = 1 + odd / c;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return front * h;
}

/** P(Z > z) of the standard normal; exact in the far tail too. */
export function normalTail(z: number): number {
  const tail = 0.5 * upperGamma(0.5, (z * z) / 2);
  return z >= 0 ? tail : 1 - tail;
}

/** The z with P(Z > z) = p. **Domain** 0 < p < 1. Bisection: its cost is nothing beside what it decides. */
export function normalTailQuantile(p: number): number {
  let low = -40;
  let high = 40;
  for (let i = 0; i < 200 && high - low > 1e-13; i++) {
    const middle = (low + high) / 2;
    if (normalTail(middle) > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(X ≥ k) for X ~ Binomial(n, p). Counts may be fractional (effective counts of clustered data). */
export function binomialTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return incompleteBeta(k, n - k + 1, p);
}

/** P(X ≥ k) for X ~ Poisson(mean). */
export function poissonTail(k: number, mean: number): number {
  if (k <= 0) return 1;
  if (mean <= 0) return 0;
  return 1 - upperGamma(k, mean);
}

export type Interval = readonly [low: number, high: number];

/**
 * Wilson's score interval of a rate.
 *
 * **Domain** 0 ≤ k ≤ n; n = 0 gives [0, 1]. `alpha` is two-sided. **Source** Wilson (1927).
 */
export function wilsonInterval(k: number, n: number, alpha: number): Interval {
  if (n <= 0) return [0, 1];
  const z = normalTailQuantile(alpha / 2);
  const p = k / n;
  const denominator = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / denominator;
  const half = (z / denominator) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** The exact interval of a rate. `alpha` is two-sided. **Source** Clopper and Pearson (1934), by the beta function. */
export function clopperPearsonInterval(k: number, n: number, alpha: number): Interval {
  if (n <= 0) return [0, 1];
  const low = k <= 0 ? 0 : bisect((p) => binomialTail(k, n, p) - alpha / 2);
  const high = k >= n ? 1 : bisect((p) => alpha / 2 - (1 - binomialTail(k + 1, n, p)));
  return [low, high];
}

/** Root in [0, 1] of an increasing function. */
function bisect(increasing: (p: number) => number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 100 && high - low > 1e-14; i++) {
    const middle = (low + high) / 2;
    if (increasing(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Holm's step-down correction: p-values that may each be compared with the family-wise α.
 *
 * **Shapes** pValues [T] → adjusted [T], in the same order. **Source** Holm (1979).
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b]);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  order.forEach((test, rank) => {
    largest = Math.max(largest, Math.min(1, pValues[test] * (pValues.length - rank)));
    adjusted[test] = largest;
  });
  return adjusted;
}
