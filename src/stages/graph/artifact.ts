import type { Finding } from '../../kernel/findings.ts';

/** What a table is to its neighbours. */
export type TableRole = 'reference' | 'entity' | 'child' | 'junction' | 'event';

/** One foreign key as an edge from the referencing to the referenced table. */
export interface GraphEdge {
  /** `tableId` of the referencing table. */
  readonly from: string;
  readonly to: string;
  /** Name of the foreign key, unique within `from`. */
  readonly foreignKey: string;
  /** All its columns are NOT NULL. */
  readonly required: boolean;
  readonly deferrable: boolean;
  readonly virtual: boolean;
  /** How the cycle that runs through it is broken here; null where no cycle needs it. */
  readonly broken: 'nullable' | 'deferrable' | 'after-load' | null;
}

export interface GraphTable {
  readonly id: string;
  readonly role: TableRole;
  /** Why it has this role, in sentences. */
  readonly reasons: readonly string[];
  /** Holds direct identifiers of natural persons, or is declared in `subjects:`. */
  readonly isSubject: boolean;
  /** Name of the foreign key to its context parent, of which it is generated in groups; null for roots. */
  readonly contextForeignKey: string | null;
  /** Strongly connected component; tables that share a number lie on a cycle. Self-references alone do not count. */
  readonly component: number;
  /**
   * How a row finds the subject that it belongs to: the foreign keys to follow, starting here. `[]` = is a subject.
   * `up`: this table references; `down`: the subject's side references this table (an address).
   * null: reaches no subject; then the row is its own unit.
   */
  readonly subjectPath: readonly SubjectStep[] | null;
}

export interface SubjectStep {
  readonly direction: 'up' | 'down';
  /** The table that declares the foreign key. */
  readonly table: string;
  readonly foreignKey: string;
  /** The table that this step leads to. */
  readonly to: string;
}

/** The relation graph: tables, edges, cycles, and the order in which tables can be filled. */
export interface RelationGraph {
  readonly version: 1;
  /** In load order: each after all tables that it references over unbroken edges. */
  readonly tables: readonly GraphTable[];
  readonly edges: readonly GraphEdge[];
  /** Components of more than one table. */
  readonly cycles: readonly (readonly string[])[];
  readonly subjects: readonly string[];
  readonly findings: readonly Finding[];
}
