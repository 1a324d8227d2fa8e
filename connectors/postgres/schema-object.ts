/**
 * The schema as a graph of objects: what each needs, and the statements that make it. Order is found from the
 * dependencies that the server recorded; between independent objects, from their kind and name. Pure.
 */
import { alg, Graph } from '@dagrejs/graphlib';

/** `catalog:oid`, as in pg_depend; `…:extra` for what we split off an object. */
export type ObjectKey = string;

export interface SchemaObject {
  readonly key: ObjectKey;
  readonly kind: string;
  /** For messages: `public.rental`. */
  readonly label: string;
  /**
   * bare: needed before rows are loaded. keyed: made after them. either: bare if nothing that it needs is keyed.
   * What a bare object needs becomes bare with it.
   */
  readonly step: 'bare' | 'keyed' | 'either';
  readonly statements: readonly string[];
  /** Where the object can exist in outline before it is complete: breaks cycles (a view, and a function over it). */
  readonly outline?: readonly string[];
  readonly roles?: readonly string[];
  readonly superuser?: boolean;
}

/** Kinds in the order in which independent objects are made. */
const KIND_ORDER: readonly string[] = [
  'setting',
  'schema',
  'extension',
  'collation',
  'type',
  'domain-constraint',
  'sequence',
  'function',
  'operator',
  'aggregate',
  'cast',
  'text-search-dictionary',
  'text-search-configuration',
  'table',
  'default',
  'sequence-owner',
  'check',
  'not-null',
  'index',
  'constraint',
  'exclusion',
  'index-attachment',
  'index-setting',
  'replica-identity',
  'foreign-key',
  'statistics',
  'view',
  'materialized-view',
  'rule',
  'trigger',
  'policy',
  'row-security',
  'event-trigger',
  'comment',
  'refresh',
];

export class SchemaGraph {
  private readonly objects = new Map<ObjectKey, SchemaObject>();
  private readonly needs = new Map<ObjectKey, Set<ObjectKey>>();

  add(object: SchemaObject): void {
    this.objects.set(object.key, object);
  }

  has(key: ObjectKey): boolean {
    return this.objects.has(key);
  }

  get(key: ObjectKey): SchemaObject | undefined {
    return this.objects.get(key);
  }

  remove(key: ObjectKey): void {
    this.objects.delete(key);
    this.needs.delete(key);
  }

  /** `key` must come after `needed`. Unknown objects and an object itself are ignored when the order is made. */
  need(key: ObjectKey, needed: ObjectKey): void {
    if (key === needed) return;
    const all = this.needs.get(key);
    if (all === undefined) this.needs.set(key, new Set([needed]));
    else all.add(needed);
  }

  needsOf(key: ObjectKey): readonly ObjectKey[] {
    return [...(this.needs.get(key) ?? [])].filter((needed) => this.objects.has(needed));
  }

  /** What needs any of the given, directly or not; without the given. */
  dependentsOf(keys: Iterable<ObjectKey>): ReadonlySet<ObjectKey> {
    const given = new Set(keys);
    const found = new Set<ObjectKey>();
    for (let grown = true; grown;) {
      grown = false;
      for (const [key, needed] of this.needs) {
        if (given.has(key) || found.has(key) || !this.objects.has(key)) continue;
        if ([...needed].some((one) => given.has(one) || found.has(one))) {
          found.add(key);
          grown = true;
        }
      }
    }
    return found;
  }

  /** All objects in an order that works, bare ones first; and the objects of cycles that no outline breaks. */
  ordered(): { readonly objects: readonly SchemaObject[]; readonly unbroken: readonly SchemaObject[] } {
    this.breakCycles();
    const steps = this.steps();
    const sorted = [...this.objects.values()].sort(
      (a, b) =>
        rankOf(steps.get(a.key)!) - rankOf(steps.get(b.key)!) ||
        kindRank(a) - kindRank(b) ||
        compare(a.label, b.label) ||
        compare(a.key, b.key),
    );
    const state = new Map<ObjectKey, 'open' | 'done'>();
    const objects: SchemaObject[] = [];
    const unbroken: SchemaObject[] = [];
    const visit = (object: SchemaObject): void => {
      if (state.has(object.key)) {
        if (state.get(object.key) === 'open') unbroken.push(object);
        return;
      }
      state.set(object.key, 'open');
      const needed = this.needsOf(object.key).map((key) => this.objects.get(key)!);
      needed.sort((a, b) => kindRank(a) - kindRank(b) || compare(a.label, b.label)).forEach(visit);
      state.set(object.key, 'done');
      objects.push({ ...object, step: steps.get(object.key)! });
    };
    sorted.forEach(visit);
    return { objects, unbroken };
  }

  private steps(): ReadonlyMap<ObjectKey, 'bare' | 'keyed'> {
    const bare = new Set<ObjectKey>();
    const markBare = (key: ObjectKey): void => {
      if (bare.has(key)) return;
      bare.add(key);
      this.needsOf(key).forEach(markBare);
    };
    for (const object of this.objects.values()) if (object.step === 'bare') markBare(object.key);
    const keyed = [...this.objects.values()]
      .filter((object) => object.step === 'keyed' && !bare.has(object.key))
      .map((object) => object.key);
    const late = new Set([...keyed, ...this.dependentsOf(keyed)]);
    return new Map([...this.objects.keys()].map((key) => [key, late.has(key) && !bare.has(key) ? 'keyed' : 'bare']));
  }

  /** In every cycle, the others need only the outline of the members that have one. */
  private breakCycles(): void {
    for (const component of this.components()) {
      const members = new Set(component);
      for (const key of component) {
        const object = this.objects.get(key)!;
        if (object.outline === undefined) continue;
        const outlineKey = `${key}:outline`;
        const { outline, ...complete } = object;
        this.add({ ...complete, key: outlineKey, statements: outline });
        this.add(complete);
        for (const member of members) {
          const needed = this.needs.get(member);
          if (needed?.delete(key)) needed.add(outlineKey);
        }
        for (const needed of this.needsOf(key)) if (!members.has(needed)) this.need(outlineKey, needed);
        this.need(key, outlineKey);
      }
    }
  }

  /** Strongly connected components of more than one object. */
  private components(): readonly (readonly ObjectKey[])[] {
    const graph = new Graph({ directed: true });
    for (const key of this.objects.keys()) {
      graph.setNode(key);
      for (const needed of this.needsOf(key)) graph.setEdge(key, needed);
    }
    return alg.tarjan(graph).filter((component) => component.length > 1);
  }
}

function rankOf(step: 'bare' | 'keyed'): number {
  return step === 'bare' ? 0 : 1;
}

function kindRank(object: SchemaObject): number {
  const rank = KIND_ORDER.indexOf(object.kind);
  return rank < 0 ? KIND_ORDER.length : rank;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
