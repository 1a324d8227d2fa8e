/** From raw catalog rows to neutral facts about tables. Pure; every look-up map is built once. */
import type {
  CheckFacts,
  ColumnFacts,
  ForeignKeyFacts,
  PartitionFacts,
  QualifiedName,
  SequenceFacts,
  TableFacts,
  UniqueKeyFacts,
} from '../connector.ts';
import type { RawCatalog, RawColumn, RawConstraint, RawIndex, RawRelation } from './catalog-queries.ts';
import { TypeRegistry } from './column-types.ts';
import { groupBy } from './group-by.ts';

/** The raw catalog with its look-ups. */
export class CatalogIndex {
  readonly raw: RawCatalog;
  readonly types: TypeRegistry;
  readonly relations: ReadonlyMap<string, RawRelation>;
  readonly columnsOf: ReadonlyMap<string, readonly RawColumn[]>;
  readonly constraintsOf: ReadonlyMap<string, readonly RawConstraint[]>;
  readonly indexesOf: ReadonlyMap<string, readonly RawIndex[]>;
  /** In the order that the child names them. */
  readonly parentsOf: ReadonlyMap<string, readonly string[]>;
  readonly childrenOf: ReadonlyMap<string, readonly string[]>;

  constructor(raw: RawCatalog) {
    this.raw = raw;
    this.types = new TypeRegistry(raw);
    this.relations = new Map(raw.relations.map((relation) => [relation.oid, relation]));
    this.columnsOf = groupBy(raw.columns, (column) => column.relation);
    this.constraintsOf = groupBy(raw.constraints, (constraint) => constraint.relation);
    this.indexesOf = groupBy(raw.indexes, (index) => index.relation);
    const links = raw.inheritances.filter((link) => !link.ofIndex);
    this.parentsOf = mapValues(
      groupBy(links, (link) => link.child),
      (list) => list.map((link) => link.parent),
    );
    this.childrenOf = mapValues(
      groupBy(links, (link) => link.parent),
      (list) => list.map((link) => link.child),
    );
  }

  /** The partitioned table at the top; the relation itself where it is no partition. */
  root(oid: string): RawRelation | null {
    let relation = this.relations.get(oid);
    while (relation?.isPartition) relation = this.relations.get(this.parentsOf.get(relation.oid)?.[0] ?? '');
    return relation ?? null;
  }

  /** All partitions below, at every level. */
  partitionsBelow(oid: string): readonly RawRelation[] {
    const below: RawRelation[] = [];
    for (const child of this.childrenOf.get(oid) ?? []) {
      const relation = this.relations.get(child);
      if (relation?.isPartition) below.push(relation, ...this.partitionsBelow(child));
    }
    return below;
  }

  columnNames(oid: string, numbers: readonly number[]): readonly string[] {
    const byNumber = new Map((this.columnsOf.get(oid) ?? []).map((column) => [column.number, column.name]));
    return numbers.map((number) => byNumber.get(number)).filter((name) => name !== undefined);
  }
}

export function nameOf(object: { readonly schema: string; readonly name: string }): QualifiedName {
  return { schema: object.schema, name: object.name };
}

/** Tables in name order; partitions are folded into the table at their top. */
export function tableFacts(index: CatalogIndex): readonly TableFacts[] {
  const tops = index.raw.relations.filter((relation) => isTable(relation) && !relation.isPartition);
  const sequences = columnSequences(index);
  const statistics = new Map(index.raw.statistics.map((row) => [`${row.relation} ${row.column}`, row]));
  return tops.map((relation) => ({
    name: nameOf(relation),
    kind: relation.kind === 'p' ? 'partitioned' : relation.kind === 'f' ? 'foreign' : 'table',
    columns: (index.columnsOf.get(relation.oid) ?? []).map((column) =>
      columnFacts(
        index,
        relation,
        column,
        sequences.get(`${relation.oid} ${column.number}`) ?? null,
        statistics.get(`${relation.oid} ${column.name}`),
      ),
    ),
    ...keyFacts(index, relation),
    foreignKeys: foreignKeys(index, relation),
    checks: checks(index, relation),
    exclusions: exclusions(index, relation),
    partitioning: partitioning(index, relation),
    partitions: partitions(index, relation),
    inheritsFrom: parents(index, relation),
    rowSecurity: relation.rowSecurity ? (relation.forceRowSecurity ? 'forced' : 'enabled') : 'off',
    triggers: triggers(index, relation),
    comment: relation.comment,
    ...sizes(index, relation),
    selectable: relation.selectable && relation.schemaUsable,
  }));
}

function isTable(relation: RawRelation): boolean {
  return relation.kind === 'r' || relation.kind === 'p' || relation.kind === 'f';
}

// ------------------------------------------------------------------------------------------------ columns

function columnFacts(
  index: CatalogIndex,
  relation: RawRelation,
  column: RawColumn,
  sequence: QualifiedName | null,
  statistic: RawCatalog['statistics'][number] | undefined,
): ColumnFacts {
  const isGenerated = column.generated !== '';
  return {
    name: column.name,
    type: index.types.columnType(column.type, column.modifier, column.typeSql),
    nullable: !column.notNull && !index.types.refusesNull(column.type),
    defaultExpression: isGenerated ? null : column.defaultSql,
    generated: isGenerated
      ? { kind: column.generated === 's' ? 'stored' : 'virtual', expression: column.defaultSql ?? '' }
      : null,
    identity: column.identity === '' ? null : column.identity === 'a' ? 'always' : 'by-default',
    sequence,
    comment: column.comment,
    statistics:
      statistic === undefined
        ? null
        : {
            nullRate: statistic.nullRate,
            distinctCount: distinctCount(statistic.distinct, estimatedRows(index, relation)),
            averageBytes: statistic.width,
          },
  };
}

/** The server writes a share of the rows as a negative number. */
function distinctCount(distinct: number, rowCount: number): number {
  return distinct >= 0 ? distinct : Math.round(-distinct * Math.max(0, rowCount));
}

/** By `oid number`: an identity's sequence, else the one that the default draws from, else an owned one. */
function columnSequences(index: CatalogIndex): ReadonlyMap<string, QualifiedName> {
  const rank = { owned: 0, default: 1, identity: 2 };
  const found = new Map<string, QualifiedName>();
  for (const use of index.raw.sequenceUses.toSorted((a, b) => rank[a.how] - rank[b.how])) {
    const sequence = index.relations.get(use.sequence);
    if (sequence !== undefined) found.set(`${use.relation} ${use.number}`, nameOf(sequence));
  }
  return found;
}

export function sequenceFacts(index: CatalogIndex): readonly SequenceFacts[] {
  const usesOf = groupBy(index.raw.sequenceUses, (use) => use.sequence);
  const settings = new Map(index.raw.sequences.map((sequence) => [sequence.oid, sequence]));
  return index.raw.relations
    .filter((relation) => settings.has(relation.oid))
    .map((relation) => {
      const sequence = settings.get(relation.oid)!;
      const users = (usesOf.get(relation.oid) ?? [])
        .map((use) => columnUse(index, use.relation, use.number))
        .filter((use) => use !== null);
      const usedBy = [...new Map(users.map((use) => [JSON.stringify(use), use])).values()];
      return {
        name: nameOf(relation),
        type: sequence.type,
        start: sequence.start,
        minimum: sequence.minimum,
        maximum: sequence.maximum,
        increment: sequence.increment,
        cycle: sequence.cycle,
        usedBy,
        lastValue: usedBy.length === 0 ? sequence.lastValue : null,
      };
    });
}

/** A partition's column counts as its root's. */
function columnUse(index: CatalogIndex, relation: string, number: number): SequenceFacts['usedBy'][number] | null {
  const root = index.root(relation);
  const [column] = index.columnNames(relation, [number]);
  return root === null || column === undefined ? null : { table: nameOf(root), column };
}

// ------------------------------------------------------------------------------------------------ keys

function keyFacts(index: CatalogIndex, relation: RawRelation): Pick<TableFacts, 'primaryKey' | 'uniqueKeys'> {
  const own = uniqueKeys(index, relation);
  const seen = new Set(own.map(keySignature));
  // What every partition by itself keeps unique is kept unique as a whole: a stronger promise, and always safe.
  const ofPartitions = index
    .partitionsBelow(relation.oid)
    .flatMap((partition) => uniqueKeys(index, partition))
    .map((key) => (key.kind === 'primary' ? { ...key, kind: 'constraint' as const } : key))
    .filter((key) => !seen.has(keySignature(key)) && seen.add(keySignature(key)));
  return {
    primaryKey: own.find((key) => key.kind === 'primary') ?? null,
    uniqueKeys: [...own.filter((key) => key.kind !== 'primary'), ...ofPartitions],
  };
}

function uniqueKeys(index: CatalogIndex, relation: RawRelation): readonly UniqueKeyFacts[] {
  const constraints = new Map(
    (index.constraintsOf.get(relation.oid) ?? []).map((constraint) => [constraint.oid, constraint]),
  );
  const unique = (index.indexesOf.get(relation.oid) ?? []).filter(
    (candidate) => candidate.isUnique && (candidate.isValid || candidate.isPartitioned),
  );
  return unique.map((candidate) => {
    const constraint = constraints.get(candidate.constraint ?? '');
    const numbers = candidate.columns.slice(0, candidate.keyCount);
    return {
      name: constraint?.name ?? candidate.name,
      kind: candidate.isPrimary ? 'primary' : constraint === undefined ? 'index' : 'constraint',
      columns: numbers.map((number) => (number === 0 ? null : index.columnNames(relation.oid, [number])[0])),
      expressions: numbers.map((number, i) => (number === 0 ? candidate.parts[i] : null)),
      predicate: candidate.predicate,
      nullsDistinct: !candidate.nullsNotDistinct,
      deferrable: constraint?.deferrable ?? false,
    };
  });
}

function keySignature(key: UniqueKeyFacts): string {
  return JSON.stringify([key.columns, key.expressions, key.predicate]);
}

const ACTIONS: Readonly<Record<string, ForeignKeyFacts['onDelete']>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
};

/** Of the table, and those that only partitions declare, one for each meaning, with the partitions that do. */
function foreignKeys(index: CatalogIndex, relation: RawRelation): readonly ForeignKeyFacts[] {
  const own = declaredForeignKeys(index, relation.oid).map((key) => foreignKeyFacts(index, relation, key, []));
  const known = new Set(own.map(foreignKeySignature));
  const hoisted = new Map<string, ForeignKeyFacts>();
  for (const partition of index.partitionsBelow(relation.oid)) {
    for (const constraint of declaredForeignKeys(index, partition.oid)) {
      const facts = foreignKeyFacts(index, partition, constraint, [nameOf(partition)]);
      const signature = foreignKeySignature(facts);
      if (known.has(signature)) continue;
      const before = hoisted.get(signature);
      hoisted.set(
        signature,
        before === undefined
          ? facts
          : {
              ...before,
              validated: before.validated && facts.validated,
              declaredOn: [...before.declaredOn, ...facts.declaredOn],
            },
      );
    }
  }
  return withUniqueNames([...own, ...hoisted.values()]);
}

/** Not those that the server derived for partitions. */
function declaredForeignKeys(index: CatalogIndex, relation: string): readonly RawConstraint[] {
  return (index.constraintsOf.get(relation) ?? []).filter(
    (constraint) => constraint.kind === 'f' && constraint.parent === '0' && index.root(constraint.referenced) !== null,
  );
}

function foreignKeyFacts(
  index: CatalogIndex,
  relation: RawRelation,
  key: RawConstraint,
  declaredOn: readonly QualifiedName[],
): ForeignKeyFacts {
  return {
    name: key.name,
    columns: index.columnNames(relation.oid, key.columns ?? []),
    referencedTable: nameOf(index.root(key.referenced)!),
    referencedColumns: index.columnNames(key.referenced, key.referencedColumns ?? []),
    match: key.match === 'f' ? 'full' : 'simple',
    onDelete: ACTIONS[key.onDelete] ?? 'no action',
    onUpdate: ACTIONS[key.onUpdate] ?? 'no action',
    deferrable: key.deferrable,
    initiallyDeferred: key.deferred,
    validated: key.validated,
    virtual: false,
    declaredOn,
  };
}

function foreignKeySignature(key: ForeignKeyFacts): string {
  return JSON.stringify([key.columns, key.referencedTable, key.referencedColumns]);
}

function withUniqueNames(keys: readonly ForeignKeyFacts[]): readonly ForeignKeyFacts[] {
  const taken = new Set<string>();
  return keys.map((key) => {
    let name = key.name;
    for (let n = 2; taken.has(name); n += 1) name = `${key.name}_${n}`;
    taken.add(name);
    return name === key.name ? key : { ...key, name };
  });
}

// ------------------------------------------------------------------------------------------------ other constraints

function checks(index: CatalogIndex, relation: RawRelation): readonly CheckFacts[] {
  return (index.constraintsOf.get(relation.oid) ?? [])
    .filter((constraint) => constraint.kind === 'c')
    .map((check) => ({
      name: check.name,
      expression: check.expression ?? '',
      columns: index.columnNames(relation.oid, check.columns ?? []),
      validated: check.validated,
    }));
}

function exclusions(index: CatalogIndex, relation: RawRelation): TableFacts['exclusions'] {
  return (index.constraintsOf.get(relation.oid) ?? [])
    .filter((constraint) => constraint.kind === 'x')
    .map((exclusion) => ({
      name: exclusion.name,
      definition: exclusion.definition,
      columns: index.columnNames(relation.oid, exclusion.columns ?? []),
    }));
}

function triggers(index: CatalogIndex, relation: RawRelation): TableFacts['triggers'] {
  return index.raw.triggers
    .filter((trigger) => trigger.relation === relation.oid)
    .map(({ name, definition, enabled }) => ({ name, definition, enabled: enabled !== 'D' }));
}

// ------------------------------------------------------------------------------------------------ partitions, sizes

const STRATEGIES = { r: 'range', l: 'list', h: 'hash' } as const;

function partitioning(index: CatalogIndex, relation: RawRelation): TableFacts['partitioning'] {
  if (relation.partitionStrategy === null || relation.partitionKey === null) return null;
  return {
    strategy: STRATEGIES[relation.partitionStrategy],
    keyColumns: index.columnNames(relation.oid, relation.partitionColumns ?? []),
    definition: relation.partitionKey,
  };
}

function partitions(index: CatalogIndex, relation: RawRelation): readonly PartitionFacts[] {
  const leaves = index.partitionsBelow(relation.oid).filter((partition) => partition.kind !== 'p');
  return leaves
    .map((leaf) => ({ name: nameOf(leaf), bound: leaf.bound ?? '', condition: portable(leaf.condition) }))
    .sort((a, b) => compare(a.name.schema, b.name.schema) || compare(a.name.name, b.name.name));
}

/** A hash partition's condition names its table by oid, and means nothing in another database. */
function portable(condition: string | null): string | null {
  return condition?.includes('satisfies_hash_partition(') ? null : condition;
}

function parents(index: CatalogIndex, relation: RawRelation): readonly QualifiedName[] {
  return (index.parentsOf.get(relation.oid) ?? [])
    .map((oid) => index.relations.get(oid))
    .filter((parent) => parent !== undefined)
    .map(nameOf);
}

function sizes(index: CatalogIndex, relation: RawRelation): Pick<TableFacts, 'estimatedRowCount' | 'estimatedBytes'> {
  const stored = [relation, ...index.partitionsBelow(relation.oid)];
  return {
    estimatedRowCount: estimatedRows(index, relation),
    estimatedBytes: stored.reduce((sum, part) => sum + part.bytes, 0),
  };
}

/** −1 where the server knows of no part. */
function estimatedRows(index: CatalogIndex, relation: RawRelation): number {
  const parts =
    relation.kind === 'p' ? index.partitionsBelow(relation.oid).filter((part) => part.kind === 'r') : [relation];
  const known = parts.map(rowEstimate).filter((count) => count >= 0);
  return known.length === 0 && parts.length > 0 ? -1 : known.reduce((sum, count) => sum + count, 0);
}

/** Never vacuumed or analysed: no pages, and −1 rows (0 before PostgreSQL 14). Then what the statistics collector saw. */
function rowEstimate(relation: RawRelation): number {
  if (relation.rowCount > 0 || relation.pageCount > 0) return Math.round(relation.rowCount);
  return relation.liveCount > 0 ? relation.liveCount : relation.rowCount < 0 ? -1 : relation.bytes > 0 ? -1 : 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function mapValues<K, A, B>(map: ReadonlyMap<K, A>, change: (value: A) => B): Map<K, B> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
