/**
 * `Catalog.script`: the whole schema again, by the server's own words, in an order that works. Pure.
 * The proof is that pg_dump prints the same for the source and for a database made by the script.
 */
import type { SchemaStatement } from '../connector.ts';
import { finding } from '../../src/kernel/findings.ts';
import type { Finding } from '../../src/kernel/findings.ts';
import type { RawCatalog, RawComment } from './catalog-queries.ts';
import { SchemaGraph } from './schema-object.ts';
import type { ObjectKey, SchemaObject } from './schema-object.ts';
import {
  attachmentKey,
  childIndexes,
  constraintObjects,
  defaultObjects,
  indexObjects,
  ownerKey,
  refreshKey,
  ruleObjects,
  securityObjects,
  sequenceObjects,
  sequenceOwners,
  settingKey,
  tableObjects,
  triggerObjects,
  viewObjects,
} from './script-tables.ts';
import {
  extensionObjects,
  literalOrNull,
  plainObjects,
  routineObjects,
  schemaObjects,
  typeObjects,
} from './script-types.ts';
import type { CatalogIndex } from './table-facts.ts';

export interface SchemaScript {
  readonly script: readonly SchemaStatement[];
  /** That policies name. */
  readonly roles: readonly string[];
  readonly findings: readonly Finding[];
}

export function schemaScript(index: CatalogIndex): SchemaScript {
  const graph = new SchemaGraph();
  const resolver = new KeyResolver(index);
  for (const object of allObjects(index)) graph.add(object);
  addComments(graph, index.raw, resolver);
  addRecordedNeeds(graph, index.raw, resolver);
  addImpliedNeeds(graph, index, resolver);
  const findings = [...unsupportedFindings(index.raw), ...removeUnbuildable(graph, index.raw, resolver)];
  const { objects, unbroken } = graph.ordered();
  return {
    script: [...stepStatements('bare', objects), ...stepStatements('keyed', objects)],
    roles: [...new Set(index.raw.policies.flatMap((policy) => policy.roles))].sort(),
    findings: [
      ...findings,
      ...unbroken.map((object) =>
        finding(
          'warning',
          'INTROSPECT_UNSUPPORTED',
          object.label,
          `The ${object.kind} ${object.label} and what it needs need each other; the schema may not be rebuilt in full.`,
        ),
      ),
    ],
  };
}

function allObjects(index: CatalogIndex): readonly SchemaObject[] {
  return [
    ...schemaObjects(index.raw),
    ...extensionObjects(index.raw),
    ...typeObjects(index),
    ...routineObjects(index.raw),
    ...plainObjects(index.raw),
    ...sequenceObjects(index),
    ...tableObjects(index),
    ...defaultObjects(index),
    ...sequenceOwners(index),
    ...constraintObjects(index),
    ...indexObjects(index),
    ...viewObjects(index),
    ...ruleObjects(index),
    ...triggerObjects(index),
    ...securityObjects(index),
  ];
}

/** Routines are made before everything that their bodies name: the server must not look inside. */
function stepStatements(step: 'bare' | 'keyed', objects: readonly SchemaObject[]): readonly SchemaStatement[] {
  const setting: SchemaStatement = {
    step,
    kind: 'setting',
    object: 'check_function_bodies',
    sql: 'SET check_function_bodies = off',
  };
  const statements = objects
    .filter((object) => object.step === step)
    .flatMap((object) =>
      object.statements.map((sql): SchemaStatement => ({
        step,
        kind: object.kind,
        object: object.label,
        sql,
        ...(object.roles === undefined || object.roles.length === 0 ? {} : { roles: object.roles }),
        ...(object.superuser === true ? { superuser: true } : {}),
      })),
    );
  return [setting, ...statements];
}

// ------------------------------------------------------------------------------------------------ which object is meant

/** From the server's (catalog, oid) to the object of ours that makes it. */
class KeyResolver {
  private readonly aliases = new Map<ObjectKey, ObjectKey>();

  constructor(index: CatalogIndex) {
    const { raw } = index;
    for (const member of raw.members)
      this.aliases.set(`${member.class}:${member.object}`, `pg_extension:${member.extension}`);
    for (const type of raw.types) {
      const key = `pg_type:${type.oid}`;
      if (this.aliases.has(key)) continue;
      if (type.relation !== '0') this.aliases.set(key, `pg_class:${type.relation}`);
      else if (type.isArray) this.aliases.set(key, `pg_type:${type.element}`);
      else if (type.type === 'r' && type.multirange !== null) this.aliases.set(`pg_type:${type.multirange}`, key);
    }
    for (const one of raw.indexes)
      if (one.constraint !== null) this.aliases.set(`pg_class:${one.oid}`, `pg_constraint:${one.constraint}`);
    for (const use of raw.sequenceUses)
      if (use.how === 'identity') this.aliases.set(`pg_class:${use.sequence}`, `pg_class:${use.relation}`);
    for (const column of raw.columns) {
      if (column.generated !== '' && column.defaultOid !== null)
        this.aliases.set(`pg_attrdef:${column.defaultOid}`, `pg_class:${column.relation}`);
    }
    for (const rule of raw.rules)
      if (rule.isReturn) this.aliases.set(`pg_rewrite:${rule.oid}`, `pg_class:${rule.relation}`);
    this.aliasConstraints(index);
  }

  /** Those that stand in another object's statement. */
  private aliasConstraints(index: CatalogIndex): void {
    for (const constraint of index.raw.constraints) {
      const key = `pg_constraint:${constraint.oid}`;
      if (constraint.kind === 'n' && constraint.domain !== '0') this.aliases.set(key, `pg_type:${constraint.domain}`);
      else if (constraint.kind === 'n' && constraint.validated)
        this.aliases.set(key, `pg_class:${constraint.relation}`);
      else if (constraint.kind === 'f' && constraint.parent !== '0')
        this.aliases.set(key, `pg_constraint:${constraint.parent}`);
      else if (constraint.kind === 'c' && !constraint.isLocal)
        this.aliases.set(key, this.inheritedFrom(index, constraint.relation, constraint.name) ?? key);
    }
  }

  private inheritedFrom(index: CatalogIndex, relation: string, name: string): ObjectKey | null {
    for (const parent of index.parentsOf.get(relation) ?? []) {
      const found = (index.constraintsOf.get(parent) ?? []).find(
        (constraint) => constraint.kind === 'c' && constraint.name === name,
      );
      if (found !== undefined) return `pg_constraint:${found.oid}`;
    }
    return null;
  }

  resolve(catalog: string, oid: string): ObjectKey {
    let key = `${catalog}:${oid}`;
    for (let next = this.aliases.get(key); next !== undefined && next !== key; next = this.aliases.get(key)) key = next;
    return key;
  }
}

// ------------------------------------------------------------------------------------------------ what needs what

function addRecordedNeeds(graph: SchemaGraph, raw: RawCatalog, resolver: KeyResolver): void {
  const sequences = new Set(raw.sequences.map((sequence) => sequence.oid));
  for (const dependency of raw.dependencies) {
    // Ownership of a sequence is a statement of its own.
    if (dependency.class === 'pg_class' && dependency.how === 'a' && sequences.has(dependency.object)) continue;
    graph.need(
      resolver.resolve(dependency.class, dependency.object),
      resolver.resolve(dependency.onClass, dependency.onObject),
    );
  }
}

/** What the server does not record, because it follows from how we split objects. */
function addImpliedNeeds(graph: SchemaGraph, index: CatalogIndex, resolver: KeyResolver): void {
  const { raw } = index;
  for (const use of raw.sequenceUses.filter((one) => one.how === 'owned')) {
    graph.need(ownerKey(use.sequence), `pg_class:${use.sequence}`);
    graph.need(ownerKey(use.sequence), `pg_class:${use.relation}`);
  }
  for (const one of raw.indexes) {
    const key = resolver.resolve('pg_class', one.oid);
    graph.need(settingKey(one.oid), key);
    if (one.parent === null) continue;
    graph.need(attachmentKey(one.oid), key);
    graph.need(attachmentKey(one.oid), resolver.resolve('pg_class', one.parent));
    // An attached index may have settings of its own only afterwards.
    graph.need(settingKey(one.oid), attachmentKey(one.oid));
  }
  needWholeKeys(graph, index);
  for (const relation of raw.relations) {
    if (relation.rowSecurity || relation.forceRowSecurity)
      graph.need(`row-security:${relation.oid}`, `pg_class:${relation.oid}`);
    if (relation.kind === 'm') needToRefresh(graph, raw, resolver, relation.oid);
  }
  for (const constraint of raw.constraints) {
    if (constraint.kind !== 'c' || !constraint.isLocal) continue;
    // A check that a child has both from its parent and by itself is merged into the parent's.
    for (const parent of index.parentsOf.get(constraint.relation) ?? []) {
      const same = (index.constraintsOf.get(parent) ?? []).find(
        (other) => other.kind === 'c' && other.name === constraint.name,
      );
      if (same !== undefined)
        graph.need(`pg_constraint:${constraint.oid}`, resolver.resolve('pg_constraint', same.oid));
    }
  }
}

/** A foreign key may refer to a partitioned table's key only when that is complete: all partitions' keys attached. */
function needWholeKeys(graph: SchemaGraph, index: CatalogIndex): void {
  const children = childIndexes(index);
  const needAttachments = (key: ObjectKey, parent: string): void => {
    for (const child of children.get(parent) ?? []) {
      needAttachments(key, child.oid);
      graph.need(key, attachmentKey(child.oid));
    }
  };
  for (const constraint of index.raw.constraints) {
    if (constraint.kind === 'f') needAttachments(`pg_constraint:${constraint.oid}`, constraint.index);
  }
  // A partitioned index is attached to its own parent only when it is complete itself.
  for (const one of index.raw.indexes)
    if (one.isPartitioned) needAttachments(one.parent === null ? settingKey(one.oid) : attachmentKey(one.oid), one.oid);
}

/** A materialized view is filled after those that it reads, and after its indexes. */
function needToRefresh(graph: SchemaGraph, raw: RawCatalog, resolver: KeyResolver, view: string): void {
  const key = refreshKey(view);
  graph.need(key, `pg_class:${view}`);
  for (const one of raw.indexes) if (one.relation === view) graph.need(key, resolver.resolve('pg_class', one.oid));
  const seen = new Set<ObjectKey>();
  const follow = (from: ObjectKey): void => {
    for (const needed of graph.needsOf(from)) {
      if (seen.has(needed)) continue;
      seen.add(needed);
      if (graph.get(needed)?.kind === 'materialized-view')
        graph.need(key, refreshKey(needed.slice('pg_class:'.length)));
      follow(needed);
    }
  };
  follow(`pg_class:${view}`);
}

// ------------------------------------------------------------------------------------------------ comments

/** From the kinds of pg_identify_object to the words of COMMENT ON; what is absent has no comment of ours. */
const COMMENT_WORDS: Readonly<Record<string, string>> = {
  schema: 'SCHEMA',
  table: 'TABLE',
  index: 'INDEX',
  sequence: 'SEQUENCE',
  view: 'VIEW',
  'materialized view': 'MATERIALIZED VIEW',
  type: 'TYPE',
  'composite type': 'TYPE',
  domain: 'DOMAIN',
  function: 'FUNCTION',
  procedure: 'PROCEDURE',
  aggregate: 'AGGREGATE',
  operator: 'OPERATOR',
  collation: 'COLLATION',
  cast: 'CAST',
  trigger: 'TRIGGER',
  rule: 'RULE',
  policy: 'POLICY',
  'event trigger': 'EVENT TRIGGER',
  'statistics object': 'STATISTICS',
  'text search configuration': 'TEXT SEARCH CONFIGURATION',
  'text search dictionary': 'TEXT SEARCH DICTIONARY',
  'table constraint': 'CONSTRAINT',
  'domain constraint': 'CONSTRAINT',
  'table column': 'COLUMN',
  'view column': 'COLUMN',
  'materialized view column': 'COLUMN',
  'composite type column': 'COLUMN',
};

function addComments(graph: SchemaGraph, raw: RawCatalog, resolver: KeyResolver): void {
  for (const comment of raw.comments) {
    const target = resolver.resolve(comment.class, comment.object);
    const words = COMMENT_WORDS[comment.kind];
    // What belongs to an extension, to another schema, or is not built, is not commented on.
    if (words === undefined || !graph.has(target) || target.startsWith('pg_extension:')) continue;
    const key = `comment:${comment.kind}:${comment.identity}`;
    // An event trigger is the very last thing to be made, with its comment: it might act on all the others.
    const kind = comment.class === 'pg_event_trigger' ? 'event-trigger' : 'comment';
    graph.add({
      key,
      kind,
      label: comment.identity,
      step: 'keyed',
      statements: [`COMMENT ON ${words} ${commentTarget(comment)} IS ${literalOrNull(comment.text)}`],
    });
    graph.need(key, target);
  }
}

function commentTarget(comment: RawComment): string {
  if (comment.kind === 'domain constraint') return comment.identity.replace(/ on (?!.* on )/, ' ON DOMAIN ');
  if (comment.kind === 'aggregate') return comment.identity.replace(/\(\)$/, '(*)');
  return comment.identity;
}

// ------------------------------------------------------------------------------------------------ what is not built

function unsupportedFindings(raw: RawCatalog): readonly Finding[] {
  const objects = raw.unsupported.map((row) =>
    row.never
      ? finding(
          'info',
          'INTROSPECT_UNSUPPORTED',
          row.identity,
          `The ${row.kind} ${row.identity} is never created in a target, by design.`,
        )
      : finding(
          'warning',
          'INTROSPECT_UNSUPPORTED',
          row.identity,
          `The ${row.kind} ${row.identity} is not rebuilt; the target will lack it.`,
        ),
  );
  const invalid = raw.indexes
    .filter((one) => !one.isValid && !one.isPartitioned)
    .map((one) =>
      finding(
        'warning',
        'INTROSPECT_UNSUPPORTED',
        `${one.schema}.${one.name}`,
        `The index ${one.schema}.${one.name} is invalid in the source; it is not rebuilt.`,
        'Run REINDEX on it, or drop it.',
      ),
    );
  const { largeObjectCount } = raw.server;
  const large =
    largeObjectCount === 0
      ? []
      : [
          finding(
            'warning',
            'INTROSPECT_UNSUPPORTED',
            'large objects',
            `The database holds large objects (${largeObjectCount}${largeObjectCount >= 1000 ? ' or more' : ''}); they are not learned, and the target will have none.`,
          ),
        ];
  return [...objects, ...invalid, ...large];
}

/** What needs an object that is not built cannot be built either; without a table the schema is not the source's. */
function removeUnbuildable(graph: SchemaGraph, raw: RawCatalog, resolver: KeyResolver): readonly Finding[] {
  const absent = raw.unsupported
    .filter((row) => row.class !== 'pg_seclabel')
    .map((row) => resolver.resolve(row.class, row.oid));
  const outside = raw.chosenSchemas === null ? [] : outsideKeys(graph, raw, resolver);
  const lost = [...graph.dependentsOf([...absent, ...outside])]
    .map((key) => graph.get(key)!)
    .filter((object) => !object.key.includes(':outline'));
  const findings = lost
    .filter((object) => object.kind !== 'comment')
    .map((object) =>
      finding(
        object.kind === 'table' ? 'error' : 'warning',
        'INTROSPECT_UNSUPPORTED',
        object.label,
        `The ${object.kind} ${object.label} needs an object that is not rebuilt; the target will lack it.`,
      ),
    );
  lost.forEach((object) => graph.remove(object.key));
  return [...findings, ...foreignKeysOutside(raw)];
}

/** Objects of schemas that were not chosen. */
function outsideKeys(graph: SchemaGraph, raw: RawCatalog, resolver: KeyResolver): readonly ObjectKey[] {
  const kinds = new Set([
    'pg_class',
    'pg_type',
    'pg_proc',
    'pg_operator',
    'pg_collation',
    'pg_ts_config',
    'pg_ts_dict',
  ]);
  const all = raw.dependencies.filter((dependency) => dependency.how === 'n' && kinds.has(dependency.onClass));
  return all
    .map((dependency) => resolver.resolve(dependency.onClass, dependency.onObject))
    .filter((key) => !graph.has(key));
}

function foreignKeysOutside(raw: RawCatalog): readonly Finding[] {
  const relations = new Map(raw.relations.map((relation) => [relation.oid, relation]));
  return raw.constraints
    .filter(
      (constraint) =>
        constraint.kind === 'f' &&
        constraint.parent === '0' &&
        relations.has(constraint.relation) &&
        !relations.has(constraint.referenced),
    )
    .map((constraint) => {
      const table = relations.get(constraint.relation)!;
      const object = `${table.schema}.${table.name}.${constraint.name}`;
      return finding(
        'warning',
        'INTROSPECT_UNSUPPORTED',
        object,
        `The foreign key ${object} refers to a table that is not among the chosen schemas; it is left out.`,
        'Add that schema to source.schemas.',
      );
    });
}
