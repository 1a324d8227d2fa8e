/** Round numbers: a limit that people set is written with few digits, and tells no row's value. */

/** The number with the fewest significant digits in (above, upTo]; `upTo` where the interval is empty. */
export function roundestIn(above: number, upTo: number): number {
  if (!(above < upTo)) return upTo;
  const highest = Math.ceil(Math.log10(Math.max(Math.abs(above), Math.abs(upTo), 1e-9))) + 1;
  for (let exponent = highest; exponent >= -9; exponent--) {
    for (const factor of [5, 2, 1]) {
      const step = factor * 10 ** exponent;
      const candidate = Math.floor(upTo / step + 1e-9) * step;
      if (candidate > above) return Number(candidate.toPrecision(12));
    }
  }
  return upTo;
}
