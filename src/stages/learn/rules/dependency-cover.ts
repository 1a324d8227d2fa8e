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
  const order = candidates.map((_, index) => index).sort((i, j) => candidates[i].rank - candidates[j].rank);
  // Best first, each by those before it: of a wide table's many equivalent columns a few rules stay, and quickly.
  const growing = new Closure(bridges, known);
  const negative = new Closure(bridges, known);
  const kept = order.filter((index) => {
    const { from, to, rank } = candidates[index];
    if ((rank < 0 ? negative : growing).reaches(from, to)) return false;
    for (const closure of rank < 0 ? [growing, negative] : [growing]) closure.add(candidates[index]);
    return true;
  });
  // Worst first, each by all others that are left: what later ones made superfluous.
  for (const index of kept.toReversed()) {
    const { from, to, rank } = candidates[index];
    const closure = rank < 0 ? negative : growing;
    closure.remove(candidates[index]);
    if (closure.reaches(from, to)) kept.splice(kept.indexOf(index), 1);
    else closure.add(candidates[index]);
  }
  return kept.toSorted((i, j) => i - j).map((index) => ({ index }));
}

/** Closures of sets of columns, over the rules that start at what is reached (Beeri and Bernstein, 1979). */
class Closure {
  readonly #bridges: (a: readonly string[], b: string, through: readonly string[]) => boolean;
  /** By column, the rules that it is a source of. */
  readonly #of = new Map<string, Dependency[]>();

  constructor(
    bridges: (a: readonly string[], b: string, through: readonly string[]) => boolean,
    rules: readonly Dependency[],
  ) {
    this.#bridges = bridges;
    for (const rule of rules) this.add(rule);
  }

  add(rule: Dependency): void {
    for (const name of new Set(rule.from)) {
      if (!this.#of.has(name)) this.#of.set(name, []);
      this.#of.get(name)!.push(rule);
    }
  }

  remove(rule: Dependency): void {
    for (const name of new Set(rule.from)) {
      const rules = this.#of.get(name)!;
      rules.splice(rules.indexOf(rule), 1);
    }
  }

  /** Whether `to` follows from `from`. */
  reaches(from: readonly string[], to: string): boolean {
    const closure = new Set(from);
    const open = [...from];
    for (let at = 0; at < open.length; at++) {
      for (const rule of this.#of.get(open[at]) ?? []) {
        if (closure.has(rule.to) || !rule.from.every((name) => closure.has(name))) continue;
        const through = rule.from.filter((name) => !from.includes(name));
        if (through.length > 0 && !this.#bridges(from, rule.to, through)) continue;
        if (rule.to === to) return true;
        closure.add(rule.to);
        open.push(rule.to);
      }
    }
    return false;
  }
}
