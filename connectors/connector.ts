/**
 * The contract between Understudy and a database engine.
 *
 * What is deliberately *not* in it: SQL text of queries (each engine writes its own), learning, masking, decisions.
 * A `Source` can only read; only a `Target` can write: handing one to the other's stage is a type error.
 * All values travel as the server's own text (`RowBatch`) or as neutral vectors (`RowBlock`, kernel/rows.ts).
 */
import type { Finding } from '../src/kernel/findings.ts';
import type { EventSink } from '../src/kernel/events.ts';
import type { RowBlock } from '../src/kernel/rows.ts';

export type Engine = 'postgresql' | 'mysql';

// ---------------------------------------------------------------------------------------------- names and types

export interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

/** `schema.name` with parts quoted where they hold a dot or a quote; unique in a database, readable in messages. */
export function tableId(name: QualifiedName): string {
  const part = (text: string): string => (/[."]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `${part(name.schema)}.${part(name.name)}`;
}

/** What the values of a type are like; domains count as their base type. */
export type TypeClass =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'money'
  | 'boolean'
  | 'text'
  | 'uuid'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'time'
  | 'timetz'
  | 'interval'
  | 'json'
  | 'bytes'
  | 'enum'
  | 'array'
  | 'composite'
  | 'range'
  | 'multirange'
  | 'network'
  | 'bit'
  | 'tsvector'
  | 'other';

export interface ColumnType {
  /** As declared, with modifiers: `character varying(50)`, `public.year`. */
  readonly sql: string;
  /** Through domains: `integer`. */
  readonly baseSql: string;
  /** Catalog name of the base type without modifiers (`int4`, `varchar`, `timestamptz`): what an encoder is chosen by. */
  readonly baseName: string;
  readonly class: TypeClass;
  readonly domain: DomainFacts | null;
  /** In sort order. */
  readonly enumLabels: readonly string[] | null;
  /** Of an array, range or multirange. */
  readonly element: ColumnType | null;
  /** Of a composite. */
  readonly fields: readonly { readonly name: string; readonly type: ColumnType }[] | null;
  /** Longest text in characters (bits for bit types). */
  readonly maxLength: number | null;
  readonly precision: number | null;
  readonly scale: number | null;
  /** Of integers and floats: 2, 4 or 8. */
  readonly byteSize: number | null;
}

export interface DomainFacts {
  readonly name: QualifiedName;
  readonly notNull: boolean;
  readonly checks: readonly { readonly name: string; readonly expression: string }[];
}

// ---------------------------------------------------------------------------------------------- facts

export interface ColumnFacts {
  readonly name: string;
  readonly type: ColumnType;
  /** False also for a NOT NULL domain. */
  readonly nullable: boolean;
  /** As the server prints it. */
  readonly defaultExpression: string | null;
  readonly generated: { readonly kind: 'stored' | 'virtual'; readonly expression: string } | null;
  readonly identity: 'always' | 'by-default' | null;
  /** The sequence that it owns or that its default draws from. */
  readonly sequence: QualifiedName | null;
  readonly comment: string | null;
  /** From the server's statistics; null where there are none. `distinctCount` is a number of values. */
  readonly statistics: {
    readonly nullRate: number;
    readonly distinctCount: number;
    readonly averageBytes: number;
  } | null;
}

/** A primary key, unique constraint or unique index. */
export interface UniqueKeyFacts {
  readonly name: string;
  readonly kind: 'primary' | 'constraint' | 'index';
  /** In key order; null where the position holds an expression. */
  readonly columns: readonly (string | null)[];
  /** In key order; null where the position is a plain column. */
  readonly expressions: readonly (string | null)[];
  /** Of a partial index. */
  readonly predicate: string | null;
  readonly nullsDistinct: boolean;
  readonly deferrable: boolean;
}

export interface ForeignKeyFacts {
  /** Unique within the table. */
  readonly name: string;
  /** In key order, aligned with `referencedColumns`. */
  readonly columns: readonly string[];
  readonly referencedTable: QualifiedName;
  readonly referencedColumns: readonly string[];
  readonly match: 'simple' | 'full';
  readonly onDelete: 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';
  readonly onUpdate: 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';
  readonly deferrable: boolean;
  readonly initiallyDeferred: boolean;
  readonly validated: boolean;
  /** Declared in the configuration, not in the database. */
  readonly virtual: boolean;
  /** The partitions that declare it, where the partitioned table itself does not; empty otherwise. */
  readonly declaredOn: readonly QualifiedName[];
}

export interface CheckFacts {
  readonly name: string;
  /** The bare expression: `(price > (0)::numeric)`. */
  readonly expression: string;
  readonly columns: readonly string[];
  readonly validated: boolean;
}

export interface PartitionFacts {
  readonly name: QualifiedName;
  /** `FOR VALUES FROM ('2022-01-01') TO ('2022-02-01')`, `DEFAULT`; of the leaf, as the server prints it. */
  readonly bound: string;
  /** The bound as a condition over the partition key: `((d >= '…') AND (d < '…'))`; null for none (a hash's default). */
  readonly condition: string | null;
}

export interface TableFacts {
  readonly name: QualifiedName;
  readonly kind: 'table' | 'partitioned' | 'foreign';
  /** In ordinal order, generated columns included. */
  readonly columns: readonly ColumnFacts[];
  readonly primaryKey: UniqueKeyFacts | null;
  /** Without the primary key. */
  readonly uniqueKeys: readonly UniqueKeyFacts[];
  readonly foreignKeys: readonly ForeignKeyFacts[];
  readonly checks: readonly CheckFacts[];
  readonly exclusions: readonly {
    readonly name: string;
    readonly definition: string;
    readonly columns: readonly string[];
  }[];
  readonly partitioning: {
    readonly strategy: 'range' | 'list' | 'hash';
    readonly keyColumns: readonly string[];
    readonly definition: string;
  } | null;
  /** All leaves, in name order; partitions are not tables of their own in the catalog. */
  readonly partitions: readonly PartitionFacts[];
  /** Table inheritance other than partitions. */
  readonly inheritsFrom: readonly QualifiedName[];
  readonly rowSecurity: 'off' | 'enabled' | 'forced';
  readonly triggers: readonly { readonly name: string; readonly definition: string; readonly enabled: boolean }[];
  readonly comment: string | null;
  /** From statistics, partitions summed; −1 where the server has none. */
  readonly estimatedRowCount: number;
  readonly estimatedBytes: number;
  /** Whether the connected role may read every column. */
  readonly selectable: boolean;
}

/** One DDL statement that rebuilds an object, in the server's own words, names fully qualified. */
export interface SchemaStatement {
  /** What `step` it belongs to: bare comes before the rows, keyed after. In the order of the list within a step. */
  readonly step: 'bare' | 'keyed';
  /** `table`, `index`, `foreign-key`, `trigger`, `view` … */
  readonly kind: string;
  /** `public.rental` … for messages. */
  readonly object: string;
  readonly sql: string;
  /** Roles that the statement names (policies): created statements are skipped where `target.roles.skip` says so. */
  readonly roles?: readonly string[];
  /** Only a superuser may run it (event triggers, functions in untrusted languages). */
  readonly superuser?: boolean;
}

export interface SequenceFacts {
  readonly name: QualifiedName;
  readonly type: string;
  readonly start: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly increment: string;
  readonly cycle: boolean;
  /** Columns that draw from it: `setval` follows their extremes. Several tables may share one. */
  readonly usedBy: readonly { readonly table: QualifiedName; readonly column: string }[];
  /** Position in the source, for a sequence that no column uses. */
  readonly lastValue: string | null;
}

export interface Catalog {
  readonly engine: Engine;
  /** `15.18`. */
  readonly serverVersion: string;
  /** 15. */
  readonly serverMajor: number;
  readonly database: string;
  /** Everything a new database must share with the source. */
  readonly locale: {
    readonly encoding: string;
    readonly collate: string;
    readonly ctype: string;
    readonly provider: string;
    readonly icuLocale: string | null;
  };
  /** User schemas (no system ones, not `understudy*`), in name order. */
  readonly schemas: readonly string[];
  readonly tables: readonly TableFacts[];
  readonly sequences: readonly SequenceFacts[];
  readonly extensions: readonly {
    readonly name: string;
    readonly schema: string;
    readonly version: string;
    readonly relocatable: boolean;
  }[];
  readonly views: readonly {
    readonly name: QualifiedName;
    readonly kind: 'view' | 'materialized';
    readonly populated: boolean;
  }[];
  /** Roles that policies and the like name. */
  readonly roles: readonly string[];
  /** Rebuilds the whole schema in an empty database; its order works. */
  readonly script: readonly SchemaStatement[];
  /** What cannot be rebuilt or read, by name. */
  readonly findings: readonly Finding[];
}

export interface CatalogOptions {
  /** Only these schemas; all user schemas where absent. */
  readonly schemas?: readonly string[];
}

// ---------------------------------------------------------------------------------------------- reading

export interface ServerIdentity {
  /** PostgreSQL's system identifier; the same on a physical copy. */
  readonly systemIdentifier: string | null;
  readonly database: string;
  readonly databaseOid: string;
  readonly serverAddress: string | null;
  readonly inRecovery: boolean;
  readonly serverMajor: number;
  readonly role: string;
  readonly isSuperuser: boolean;
}

/** Up to a few thousand rows, column-major, in the server's text form under ISO dates and UTC. */
export interface RowBatch {
  readonly rowCount: number;
  /** `columns[c][i]`, in the order asked for. */
  readonly columns: readonly (readonly (string | null)[])[];
}

export interface RowQuery {
  readonly table: QualifiedName;
  readonly columns: readonly string[];
  /** Keep rows whose hash of `columns` (as text, server-side) falls below `rate`: a subject-consistent sample. */
  readonly hashSample?: { readonly columns: readonly string[]; readonly rate: number };
  /** Keep rows that have a match in the other query's rows: `columns` equal the other's `otherColumns`. Nests. */
  readonly semiJoin?: {
    readonly columns: readonly string[];
    readonly other: RowQuery;
    readonly otherColumns: readonly string[];
  };
  /** Keep rows whose `columns` are one of `rows` (server's text form, in the order of `columns`; no NULLs). */
  readonly among?: { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };
  /** Keep rows of which this condition in the engine's own SQL holds: from the configuration, never from data. */
  readonly where?: string;
  /** Server-side order, for checksums, keys, and small tables only. */
  readonly orderBy?: readonly string[];
  /** At most so many rows. */
  readonly limit?: number;
}

/** One consistent, read-only view; must be closed. Every method rejects with `CONNECT_LOST` when the server goes. */
export interface Snapshot {
  /** Exact. */
  countRows(table: QualifiedName): Promise<number>;
  /** Streams; memory is bounded by a batch. The order is the same for equal queries in one snapshot. */
  readRows(query: RowQuery): AsyncIterable<RowBatch>;
  /** How many parents have n children, n = 0 included: [n, parents][] ascending. Null keys are not counted. */
  degreeHistogram(table: QualifiedName, key: ForeignKeyFacts): Promise<readonly (readonly [number, number])[]>;
  /** SHA-256 (hex) of `COPY (SELECT * FROM t ORDER BY key) TO STDOUT`; all columns where there is no key. */
  checksum(table: QualifiedName): Promise<string>;
  close(): Promise<void>;
}

export interface SourceLimits {
  readonly maxConnections: number;
  readonly maxSnapshotMinutes: number;
  readonly statementTimeoutMs: number;
}

/** The production database. There is no way to write through it. */
export interface Source {
  readonly engine: Engine;
  /** Without the password. */
  readonly shownUrl: string;
  identity(): Promise<ServerIdentity>;
  readCatalog(options?: CatalogOptions): Promise<Catalog>;
  openSnapshot(): Promise<Snapshot>;
  /** Takes a session-level advisory lock on `nonce` in this database until `close`; see `Target.seesNonce`. */
  holdNonce(nonce: string): Promise<void>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------- writing

export type PublishMode = 'swap' | 'in-place';

export interface TargetState {
  readonly kind: 'absent' | 'empty' | 'understudy' | 'foreign';
  /** Run that is published there, if Understudy made it. */
  readonly runId: string | null;
  readonly tableCount: number;
}

export interface BuildPlan {
  readonly runId: string;
  readonly mode: PublishMode;
  readonly catalog: Catalog;
  /** `target.roles`. */
  readonly roles: { readonly map: Readonly<Record<string, string>>; readonly skip: readonly string[] };
  /** Estimated size of the loaded data in bytes. */
  readonly estimatedBytes: number;
  readonly maxBytes: number | null;
  /** Previous databases that stay for `rollback`. */
  readonly keepPrevious: number;
}

/** What the server answers when it is asked about the loaded data. */
export interface IntegrityReport {
  readonly foreignKeyCount: number;
  /** Child rows without their parent. */
  readonly orphanCount: number;
  /** Duplicates, NULLs, CHECK and domain violations, unvalidated or missing constraints, sequences behind. */
  readonly violationCount: number;
  readonly findings: readonly Finding[];
}

export interface PublishResult {
  readonly database: string;
  /** Database (swap) or schema prefix (in-place) that `rollback` goes back to; null if nothing was replaced. */
  readonly previousDatabase: string | null;
}

/** A target under construction, invisible to its users until `publish`. */
export interface Build {
  /** Types, functions, bare tables: the script's `bare` step. */
  createBare(): Promise<void>;
  /** Appends rows with COPY. Returns the number of rows the server took. Throws `LOAD_CONSTRAINT_REJECTED`, `CONNECT_LOST`. */
  loadTable(table: QualifiedName, blocks: AsyncIterable<RowBlock>): Promise<number>;
  /** Keys, indexes, foreign keys, sequences, triggers, views, comments, ANALYZE: the script's `keyed` step. */
  finish(sink: EventSink): Promise<void>;
  /** Asks the server for every violation; needs `finish`. */
  verify(): Promise<IntegrityReport>;
  /** Reads what was loaded, as users will see it. */
  openSnapshot(): Promise<Snapshot>;
  /** Makes it the target, atomically. Throws `PUBLISH_BUSY`. */
  publish(sink: EventSink): Promise<PublishResult>;
  /** Drops everything built; the target is as it was. Safe to call at any time, also after a failure. */
  abandon(): Promise<void>;
}

/** Where a ledger lives: settings for knex. */
export interface LedgerConnection {
  readonly client: 'pg' | 'mysql2';
  readonly connection: Readonly<Record<string, unknown>>;
  /** Schema (PostgreSQL) or table prefix of the ledger. */
  readonly schema: string;
}

export interface TargetRun {
  readonly runId: string;
  readonly database: string;
  readonly state: 'published' | 'previous' | 'building';
}

export interface TargetOptions {
  /** Database to connect to while the target itself is absent or being renamed; `postgres` where absent. */
  readonly maintenanceDatabase?: string;
  /** How long `publish` and `rollback` go on trying while other sessions hold the target; a minute where absent. */
  readonly publishTimeoutMs?: number;
}

/** The staging database. */
export interface Target {
  readonly engine: Engine;
  readonly shownUrl: string;
  readonly database: string;
  /** Of the database, or of the server (maintenance database) where the database is absent. */
  identity(): Promise<ServerIdentity>;
  inspect(): Promise<TargetState>;
  /**
   * Whether a session of this target's database sees the lock that `Source.holdNonce` holds: then it *is* the source.
   * `server`: whether it is held in any database of the target's server: then both are on the same one.
   */
  seesNonce(nonce: string, scope?: 'database' | 'server'): Promise<boolean>;
  /** Standbys or subscribers hang on it. */
  replicationConsumers(): Promise<readonly string[]>;
  /** Rights, extensions, locale, roles, prepared transactions, version, disk: all lacks, each with its remedy. */
  preflight(plan: BuildPlan): Promise<readonly Finding[]>;
  /** Takes the server-wide lock of this target's name. Throws `TARGET_LOCKED` naming the holder. Released on close. */
  lock(runId: string): Promise<void>;
  /** Drops what dead runs left; needs the lock. Returns what was dropped, for the log. */
  cleanUp(): Promise<readonly string[]>;
  /** The target's own catalog, if the database exists (for a target whose schema the team's migrations made). */
  readCatalog(options?: CatalogOptions): Promise<Catalog>;
  startBuild(plan: BuildPlan): Promise<Build>;
  /** Back to the previous database, or to that of `runId`; needs the lock. */
  rollback(mode: PublishMode | null, runId: string | null, sink: EventSink): Promise<PublishResult>;
  /** What exists on the server for this target, read from its catalog. */
  runs(): Promise<readonly TargetRun[]>;
  /** Settings for the ledger inside the published target, or inside a build. */
  ledgerConnection(build?: Build): LedgerConnection;
  /** Asks the published target's server for every violation of `catalog`, whoever filled it. */
  verify(catalog: Catalog): Promise<IntegrityReport>;
  openSnapshot(): Promise<Snapshot>;
  close(): Promise<void>;
}
