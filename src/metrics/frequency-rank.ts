/**
 * Share of rows whose real value is told by frequency alone: whoever knows how often each value occurs puts both
 * lists, of values and of their stand-ins, in order of frequency and reads across. Values of equal frequency are
 * guessed, and of a set in random order one is right in the mean, however many they are.
 *
 * Domain: any values; null is no value. 0 where there are none. Exact for the given rows.
 * Source: Naveed, Kamara, Wright 2015, "Inference attacks on property-preserving encrypted databases", frequency
 * analysis. Oracle: a simulated attack in the test.
 */
export function frequencyRankRate(values: readonly (string | null)[]): number {
  const counts = new Map<string, number>();
  let rows = 0;
  for (const value of values) {
    if (value === null) continue;
    counts.set(value, (counts.get(value) ?? 0) + 1);
    rows++;
  }
  const told = [...new Set(counts.values())].reduce((sum, frequency) => sum + frequency, 0);
  return rows === 0 ? 0 : told / rows;
}
