/** From the rows of pg_type to `ColumnType`: through domains, with modifiers decoded. Pure. */
import type { ColumnType, DomainFacts, TypeClass } from '../connector.ts';
import type { RawCatalog, RawColumn, RawConstraint, RawType } from './catalog-queries.ts';
import { groupBy } from './group-by.ts';

const CLASS_OF: Readonly<Record<string, TypeClass>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  oid: 'integer',
  numeric: 'decimal',
  float4: 'float',
  float8: 'float',
  money: 'money',
  bool: 'boolean',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  char: 'text',
  name: 'text',
  citext: 'text',
  xml: 'other',
  uuid: 'uuid',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  time: 'time',
  timetz: 'timetz',
  interval: 'interval',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytes',
  inet: 'network',
  cidr: 'network',
  macaddr: 'network',
  macaddr8: 'network',
  bit: 'bit',
  varbit: 'bit',
  tsvector: 'tsvector',
};

const BYTE_SIZES: Readonly<Record<string, number>> = { int2: 2, int4: 4, int8: 8, float4: 4, float8: 8 };

/** Types of one catalog; each is made once. */
export class TypeRegistry {
  private readonly byOid: ReadonlyMap<string, RawType>;
  private readonly fieldsOf: ReadonlyMap<string, readonly RawColumn[]>;
  private readonly checksOf: ReadonlyMap<string, readonly RawConstraint[]>;
  private readonly made = new Map<string, ColumnType>();

  constructor(raw: Pick<RawCatalog, 'types' | 'columns' | 'constraints'>) {
    this.byOid = new Map(raw.types.map((type) => [type.oid, type]));
    this.fieldsOf = groupBy(raw.columns, (column) => column.relation);
    this.checksOf = groupBy(
      raw.constraints.filter((constraint) => constraint.kind === 'c'),
      (check) => check.domain,
    );
  }

  /** `modifier` −1 = none; `sql` as the server prints type and modifier together. */
  columnType(oid: string, modifier: number, sql: string): ColumnType {
    const key = `${oid} ${modifier}`;
    let type = this.made.get(key);
    if (type === undefined) {
      type = this.make(oid, modifier, sql);
      this.made.set(key, type);
    }
    return type;
  }

  /** Whether a domain of the chain is NOT NULL. */
  refusesNull(oid: string): boolean {
    for (let type = this.byOid.get(oid); type?.type === 'd'; type = this.byOid.get(type.base)) {
      if (type.notNull) return true;
    }
    return false;
  }

  private make(oid: string, declaredModifier: number, sql: string): ColumnType {
    const chain = this.domainChain(oid);
    const domain = chain.length === 0 ? null : this.domainFacts(chain);
    const last = chain.at(-1);
    const baseOid = last === undefined ? oid : last.base;
    const modifier = last === undefined ? declaredModifier : last.baseModifier;
    const base = this.byOid.get(baseOid);
    const name = base?.name ?? sql;
    return {
      sql,
      baseSql: last?.baseTypeSql ?? sql,
      baseName: name,
      class: classOf(base),
      domain,
      enumLabels: base?.type === 'e' ? (base.labels ?? []) : null,
      element: this.elementOf(base, modifier),
      fields: base?.type === 'c' ? this.fields(base) : null,
      ...modifierFacts(name, modifier),
      byteSize: BYTE_SIZES[name] ?? null,
    };
  }

  /** The domains from the outermost to the one over the base type. */
  private domainChain(oid: string): readonly RawType[] {
    const chain: RawType[] = [];
    for (let type = this.byOid.get(oid); type?.type === 'd'; type = this.byOid.get(type.base)) chain.push(type);
    return chain;
  }

  /** Named for the outermost; checks of all, since all of them hold. */
  private domainFacts(chain: readonly RawType[]): DomainFacts {
    const checks = chain.flatMap((domain) => this.checksOf.get(domain.oid) ?? []);
    return {
      name: { schema: chain[0].schema, name: chain[0].name },
      notNull: chain.some((domain) => domain.notNull),
      checks: checks.map((check) => ({ name: check.name, expression: check.expression ?? '' })),
    };
  }

  private elementOf(base: RawType | undefined, modifier: number): ColumnType | null {
    if (base === undefined) return null;
    // An array's modifier is its element's.
    if (base.isArray) return this.named(base.element, modifier);
    return base.type === 'r' || base.type === 'm' ? this.named(base.subtype ?? '', -1) : null;
  }

  private fields(composite: RawType): ColumnType['fields'] {
    const columns = this.fieldsOf.get(composite.relation) ?? [];
    return columns.map((column) => ({
      name: column.name,
      type: this.columnType(column.type, column.modifier, column.typeSql),
    }));
  }

  private named(oid: string, modifier: number): ColumnType | null {
    const type = this.byOid.get(oid);
    return type === undefined ? null : this.columnType(oid, modifier, withModifier(type, modifier));
  }
}

function classOf(type: RawType | undefined): TypeClass {
  if (type === undefined) return 'other';
  if (type.isArray) return 'array';
  switch (type.type) {
    case 'e':
      return 'enum';
    case 'c':
      return 'composite';
    case 'r':
      return 'range';
    case 'm':
      return 'multirange';
    default:
      return CLASS_OF[type.name] ?? 'other';
  }
}

interface ModifierFacts {
  readonly maxLength: number | null;
  readonly precision: number | null;
  readonly scale: number | null;
}

/** The type modifier's fields, as the server packs them (numeric.c, timestamp.c, varchar.c). */
function modifierFacts(name: string, modifier: number): ModifierFacts {
  const none = { maxLength: null, precision: null, scale: null };
  switch (name) {
    case 'varchar':
    case 'bpchar':
      return modifier < 4 ? none : { ...none, maxLength: modifier - 4 };
    case 'bit':
    case 'varbit':
      return modifier < 0 ? none : { ...none, maxLength: modifier };
    case 'char':
      return { ...none, maxLength: 1 };
    case 'name':
      return { ...none, maxLength: 63 };
    case 'numeric': {
      if (modifier < 4) return none;
      const packed = modifier - 4;
      // The scale is an 11-bit two's complement: it may be negative since PostgreSQL 15.
      return { ...none, precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 };
    }
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return modifier < 0 ? none : { ...none, precision: modifier };
    case 'interval':
      return modifier < 0 || (modifier & 0xffff) === 0xffff ? none : { ...none, precision: modifier & 0xffff };
    default:
      return none;
  }
}

/** An element with its array's modifier, as the server would print it: for the types where it can be told. */
function withModifier(type: RawType, modifier: number): string {
  const { maxLength, precision, scale } = modifierFacts(type.name, modifier);
  if (maxLength !== null && modifier >= 0) return `${type.sql}(${maxLength})`;
  if (type.name === 'numeric' && precision !== null) return `numeric(${precision},${scale})`;
  return type.sql;
}
