/** A random schema as fast-check draws and shrinks it: choices only, so that any part can be left out and it stays one. */
import fc from 'fast-check';

export const TYPES = [
  'integer',
  'smallint',
  'bigint',
  'numeric(8,2)',
  'double precision',
  'boolean',
  'text',
  'varchar(8)',
  'char(3)',
  'date',
  'timestamp',
  'timestamptz',
  'time',
  'interval',
  'uuid',
  'jsonb',
  'bytea',
  'inet',
  'mood',
  'small_positive',
  'integer[]',
  'mood[]',
  'int4range',
] as const;
export type TypeName = (typeof TYPES)[number];

export interface ColumnSpec {
  readonly type: TypeName;
  /** Percent of NULLs; 0: NOT NULL. */
  readonly nullPercent: number;
  /** How many different values the source has. */
  readonly values: number;
}

export interface ReferenceSpec {
  /** Of the table, modulo how many there are. */
  readonly to: number;
  /** Which of its keys, modulo how many can be referenced. */
  readonly key: number;
  /** Percent of NULLs; 0: NOT NULL. */
  readonly nullPercent: number;
  readonly full: boolean;
  readonly deferrable: boolean;
  /** The key's columns are listed in another order than the table has them. */
  readonly turned: boolean;
  /** The first column of a composite reference is that of an earlier one. */
  readonly shared: boolean;
}

export interface UniqueSpec {
  readonly columns: readonly number[];
  readonly kind: 'constraint' | 'index' | 'partial' | 'lower' | 'nulls-not-distinct' | 'include';
}

export interface CheckSpec {
  readonly kind: 'bounds' | 'list' | 'ordered' | 'implies' | 'length' | 'one-is-set' | 'pattern';
  readonly column: number;
  readonly other: number;
}

export interface TableSpec {
  readonly rowCount: number;
  /** shared: a reference is the key; junction: two are; numbered: one is, with a running number behind it. */
  readonly key:
    | 'none'
    | 'number'
    | 'identity'
    | 'always'
    | 'text'
    | 'uuid'
    | 'pair'
    | 'shared'
    | 'junction'
    | 'numbered';
  readonly columns: readonly ColumnSpec[];
  readonly references: readonly ReferenceSpec[];
  readonly uniques: readonly UniqueSpec[];
  readonly checks: readonly CheckSpec[];
  /** Not left to the automatic choice, which may copy a small table. */
  readonly synthesized: boolean;
  /** A name that must be quoted. */
  readonly odd: boolean;
  readonly generated: boolean;
}

export interface SchemaSpec {
  readonly tables: readonly TableSpec[];
  /** Of the values that the source is filled with. */
  readonly salt: number;
  readonly scale: number;
}

const at = fc.nat(11);
const nullPercent = fc.constantFrom(0, 0, 30, 80);

const column: fc.Arbitrary<ColumnSpec> = fc.record({
  type: fc.constantFrom(...TYPES),
  nullPercent,
  values: fc.constantFrom(1, 4, 20, 1000),
});

const reference: fc.Arbitrary<ReferenceSpec> = fc.record({
  to: at,
  key: at,
  nullPercent,
  full: fc.boolean(),
  deferrable: fc.boolean(),
  turned: fc.boolean(),
  shared: fc.boolean(),
});

const unique: fc.Arbitrary<UniqueSpec> = fc.record({
  columns: fc.array(at, { minLength: 1, maxLength: 3 }),
  kind: fc.constantFrom('constraint', 'index', 'partial', 'lower', 'nulls-not-distinct', 'include'),
});

const check: fc.Arbitrary<CheckSpec> = fc.record({
  kind: fc.constantFrom('bounds', 'list', 'ordered', 'implies', 'length', 'one-is-set', 'pattern'),
  column: at,
  other: at,
});

const table: fc.Arbitrary<TableSpec> = fc.record({
  rowCount: fc.constantFrom(0, 1, 12, 40, 40, 90),
  key: fc.constantFrom(
    'none',
    'number',
    'identity',
    'always',
    'text',
    'uuid',
    'pair',
    'pair',
    'shared',
    'junction',
    'numbered',
  ),
  columns: fc.array(column, { maxLength: 5 }),
  references: fc.array(reference, { maxLength: 3 }),
  uniques: fc.array(unique, { maxLength: 2 }),
  checks: fc.array(check, { maxLength: 2 }),
  synthesized: fc.boolean(),
  odd: fc.boolean(),
  generated: fc.boolean(),
});

export const schemas: fc.Arbitrary<SchemaSpec> = fc.record({
  tables: fc.array(table, { minLength: 1, maxLength: 5 }),
  salt: fc.nat(1_000_000),
  scale: fc.constantFrom(1, 1, 1, 0.5, 2),
});
