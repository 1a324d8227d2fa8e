import { permuteIndex, type StreamKey } from '../../numeric/random.ts';

/** Beyond this share of the total, counts are another table's: then they are scaled, not shifted. */
const MAX_SHIFT = 0.25;
const MAX_ROUNDS = 8;

/**
 * Brings counts near a total without inventing any: rows in a keyed random order go one level up or down, among the
 * counts that occur. So orders of 1, 2 or 6 lines stay orders of 1, 2 or 6 lines. Where the total is far off, or one
 * level is too great a step, the counts stay as they are.
 *
 * Shapes: `counts [P]` → `[P]`.
 */
export function shiftCounts(counts: Uint32Array, total: number, key: StreamKey): Uint32Array {
  const shifted = Uint32Array.from(counts);
  let missing = total - counts.reduce((sum, count) => sum + count, 0);
  if (missing === 0 || Math.abs(missing) > MAX_SHIFT * total) return shifted;
  const levels = [...new Set(counts)].toSorted((a, b) => a - b);
  const levelOf = new Map(levels.map((count, level) => [count, level]));
  const direction = Math.sign(missing);
  for (let round = 0; round < MAX_ROUNDS && missing !== 0; round++) {
    const before = missing;
    for (let i = 0; i < shifted.length && missing !== 0; i++) {
      const row = permuteIndex(key, i, shifted.length);
      const next = levels[levelOf.get(shifted[row])! + direction];
      // Whether there are children at all is not for the total to say.
      if (next === undefined || next === 0 || shifted[row] === 0) continue;
      const step = next - shifted[row];
      if (Math.abs(step) > Math.abs(missing)) continue;
      shifted[row] = next;
      missing -= step;
    }
    if (missing === before) break;
  }
  return shifted;
}
