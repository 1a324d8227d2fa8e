/** A small set of dependencies from which all the others follow. */

export interface Dependency {
  readonly from: readonly string[];
  readonly to: string;
}

/**
 * Drops candidates that follow from the others and from what is known; the higher the rank, the sooner, and never one
 * of negative rank for the sake of others. `bridges(a, b, through)`: whether the members of `through` are there
 * wherever those of `a` are, on the way to `b`; else nothing follows by way of them.
 */
export function withoutImplied(
  candidates: readonly (Dependency & { readonly rank: number })[],
  known: readonly Dependency[],
  bridges: (a: readonly string[], b: string, through: readonly string[]) => boolean,
): readonly { readonly index: number }[] {
  const order = candidates.map((_, index) => index).sort((i, j) => candidates[j].rank - candidates[i].rank);
  const kept = new Set(candidates.keys());
  for (const index of order) {
    const { from, to, rank } = candidates[index];
    const others = [...kept].filter((other) => other !== index && (rank >= 0 || candidates[other].rank < 0));
    const rules = [...known, ...others.map((other) => candidates[other])];
    if (follows(from, to, rules, bridges)) kept.delete(index);
  }
  return [...kept].map((index) => ({ index }));
}

/** Whether `to` is in the closure of `from` (Beeri and Bernstein, 1979). */
function follows(
  from: readonly string[],
  to: string,
  rules: readonly Dependency[],
  bridges: (a: readonly string[], b: string, through: readonly string[]) => boolean,
): boolean {
  const closure = new Set(from);
  for (let grown = true; grown;) {
    grown = false;
    for (const rule of rules) {
      if (closure.has(rule.to) || !rule.from.every((name) => closure.has(name))) continue;
      const through = rule.from.filter((name) => !from.includes(name));
      if (through.length > 0 && !bridges(from, rule.to, through)) continue;
      if (rule.to === to) return true;
      closure.add(rule.to);
      grown = true;
    }
  }
  return false;
}
