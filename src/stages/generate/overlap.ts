/** Keeps the rows of one table apart by an exclusion constraint: equal in some parts, they must not overlap in another. */
import { parseSync } from 'libpg-query';
import type { ColumnReader, Names, Predicate } from './expression.ts';
import { compileNode } from './expression.ts';
import type { Node } from './expression/compile.ts';
import { NotUnderstood, RangeDatum, type Datum } from './expression/datum.ts';
import { datumText } from './expression/operators.ts';
import { digest } from './unique.ts';

interface Element {
  readonly value: (read: ColumnReader) => Datum;
  readonly columns: readonly string[];
  readonly node: Node;
}

/** Where the moving part of a row stands: one range column, or two columns that a range function joins. */
export type Placement =
  | { readonly by: 'range'; readonly column: string }
  | { readonly by: 'bounds'; readonly lower: string; readonly upper: string };

interface Interval {
  readonly lower: number;
  readonly upper: number;
  /** Neither bound is left out of it. */
  readonly closed: boolean;
}

/** What the constraint sees of a row; null where it does not apply. */
export interface Claim {
  readonly group: number;
  readonly interval: Interval | null;
}

/**
 * Remembers what is taken, by group: the intervals of a group do not overlap, so only the neighbours of a new one count.
 * Memory: about 60 bytes a row.
 */
export class ExclusionGuard {
  readonly name: string;
  readonly columns: readonly string[];
  readonly placement: Placement | null;
  /** Where nothing overlaps and nothing is left out: the values that must not all be equal. */
  readonly asKey: readonly Element['value'][] | null;
  readonly #equal: readonly Element[];
  readonly #overlap: Element | null;
  readonly #predicate: Predicate | null;
  readonly #taken = new Map<number, Interval[]>();

  constructor(
    name: string,
    parts: {
      equal: readonly Element[];
      overlap: Element | null;
      predicate: (Predicate & { columns?: readonly string[] }) | null;
      predicateColumns: readonly string[];
    },
  ) {
    this.name = name;
    this.#equal = parts.equal;
    this.#overlap = parts.overlap;
    this.#predicate = parts.predicate;
    this.asKey = parts.overlap === null && parts.predicate === null ? parts.equal.map(({ value }) => value) : null;
    this.placement = parts.overlap === null ? null : placementOf(parts.overlap.node);
    const elements = parts.overlap === null ? parts.equal : [...parts.equal, parts.overlap];
    this.columns = [...new Set([...elements.flatMap((element) => element.columns), ...parts.predicateColumns])];
  }

  claimOf(read: ColumnReader): Claim | null {
    if (this.#predicate !== null && this.#predicate(read) !== true) return null;
    let key = '';
    for (const element of this.#equal) {
      const value = element.value(read);
      if (value === null) return null;
      const text = datumText(value);
      key += `${text.length}:${text}`;
    }
    const group = digest(key);
    if (this.#overlap === null) return { group, interval: null };
    const range = this.#overlap.value(read);
    if (range === null) return null;
    if (!(range instanceof RangeDatum)) throw new NotUnderstood();
    return range.isEmpty ? null : { group, interval: intervalOf(range) };
  }

  conflicts(claim: Claim | null): boolean {
    if (claim === null) return false;
    const taken = this.#taken.get(claim.group);
    if (taken === undefined) return false;
    if (claim.interval === null) return true;
    const at = placeIn(taken, claim.interval.lower);
    const near = [taken[at - 1], taken[at], taken[at + 1]];
    return near.some((other) => other !== undefined && overlap(other, claim.interval!));
  }

  take(claim: Claim | null): void {
    if (claim === null) return;
    let taken = this.#taken.get(claim.group);
    if (taken === undefined) this.#taken.set(claim.group, (taken = []));
    if (claim.interval === null) return;
    taken.splice(placeIn(taken, claim.interval.lower), 0, claim.interval);
  }

  /** A free lower bound for something so long, in the first gap that is wide enough; null where there is none. */
  freePlace(claim: Claim, length: number): number | null {
    const taken = this.#taken.get(claim.group) ?? [];
    const wished = claim.interval!.lower;
    if (!Number.isFinite(length)) return null;
    let from = Math.max(0, placeIn(taken, wished) - 1);
    for (; from < taken.length; from++) {
      const end = taken[from].upper;
      if (!Number.isFinite(end)) break;
      // One past the end: then it does not matter which bounds are included.
      const start = end + stepAfter(taken[from], claim.interval!);
      const next = taken[from + 1];
      if (next === undefined || start + length < next.lower) return start;
    }
    const first = taken[0];
    if (first === undefined) return wished;
    return Number.isFinite(first.lower) ? first.lower - length - stepAfter(first, claim.interval!) : null;
  }
}

/** Touching intervals are apart unless both hold the point that they touch in. */
function stepAfter(a: Interval, b: Interval): number {
  if (!a.closed && !b.closed) return 0;
  const days = [a.lower, a.upper, b.lower].every((bound) => !Number.isFinite(bound) || bound % 86_400e6 === 0);
  return days && Math.abs(b.lower) >= 86_400e6 ? 86_400e6 : 1;
}

function overlap(a: Interval, b: Interval): boolean {
  if (a.closed || b.closed) return a.lower <= b.upper && b.lower <= a.upper;
  return a.lower < b.upper && b.lower < a.upper;
}

function intervalOf(range: RangeDatum): Interval {
  const bound = (value: number | string | null, missing: number): number => {
    if (value === null) return missing;
    if (typeof value !== 'number') throw new NotUnderstood();
    return value;
  };
  return {
    lower: bound(range.lower, -Infinity),
    upper: bound(range.upper, Infinity),
    closed: range.upperIncluded,
  };
}

/** Index of the first interval that does not begin before `lower`. */
function placeIn(taken: readonly Interval[], lower: number): number {
  let low = 0;
  let high = taken.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (taken[middle].lower < lower) low = middle + 1;
    else high = middle;
  }
  return low;
}

function placementOf(node: Node): Placement | null {
  const column = columnOf(node);
  if (column !== null) return { by: 'range', column };
  const call = node['FuncCall'] as { args?: Node[] } | undefined;
  const [lower, upper] = (call?.args ?? []).map(columnOf);
  return lower === null || lower === undefined || upper === null || upper === undefined
    ? null
    : { by: 'bounds', lower, upper };
}

function columnOf(node: Node): string | null {
  if ('TypeCast' in node) return columnOf((node['TypeCast'] as { arg: Node }).arg);
  const fields = (node['ColumnRef'] as { fields: { String?: { sval: string } }[] } | undefined)?.fields;
  return fields?.at(-1)?.String?.sval ?? null;
}

interface ParsedExclusion {
  readonly exclusions: readonly {
    List: {
      items: [{ IndexElem: { name?: string; expr?: Node } }, { List: { items: { String: { sval: string } }[] } }];
    };
  }[];
  readonly where_clause?: Node;
}

/**
 * The guard of a constraint as the server prints it; null where it is not understood.
 * Understood: any number of `=`, and at most one `&&` of ranges.
 */
export function exclusionGuard(name: string, definition: string, names: Names): ExclusionGuard | null {
  try {
    const parsed = parseSync(`ALTER TABLE t ADD ${definition}`) as unknown as {
      stmts: { stmt: { AlterTableStmt: { cmds: { AlterTableCmd: { def: { Constraint: ParsedExclusion } } }[] } } }[];
    };
    const constraint = parsed.stmts[0].stmt.AlterTableStmt.cmds[0].AlterTableCmd.def.Constraint;
    const elements = constraint.exclusions.map(({ List: { items } }) => {
      const { name: column, expr } = items[0].IndexElem;
      const node: Node = expr ?? { ColumnRef: { fields: [{ String: { sval: column } }] } };
      const compiled = compileNode(node, names);
      return { element: { ...compiled, node }, operator: items[1].List.items.at(-1)!.String.sval };
    });
    const equal = elements.filter(({ operator }) => operator === '=').map(({ element }) => element);
    const overlaps = elements.filter(({ operator }) => operator === '&&').map(({ element }) => element);
    if (overlaps.length > 1 || equal.length + overlaps.length < elements.length) return null;
    const condition = constraint.where_clause === undefined ? null : compileNode(constraint.where_clause, names);
    return new ExclusionGuard(name, {
      equal,
      overlap: overlaps[0] ?? null,
      predicate: condition === null ? null : (read) => condition.value(read) as boolean | null,
      predicateColumns: condition?.columns ?? [],
    });
  } catch {
    return null;
  }
}
