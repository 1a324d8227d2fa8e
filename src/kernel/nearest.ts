import { distance } from 'fastest-levenshtein';

/** The candidate that was probably meant, or null if none is near: a third of the letters may differ, or a swap of two. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Infinity;
  for (const candidate of candidates) {
    const steps = distance(word.toLowerCase(), candidate.toLowerCase());
    if (steps < least) {
      least = steps;
      best = candidate;
    }
  }
  if (best === null) return null;
  const length = Math.max(word.length, best.length);
  return least <= Math.max(length < 4 ? 1 : 2, Math.floor(length / 3)) ? best : null;
}
