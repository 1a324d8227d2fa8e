import type { Catalog } from '../../../connectors/connector.ts';
import type { Finding } from '../../kernel/findings.ts';

/** What the source looks like, and what of it takes part. */
export interface IntrospectArtifact {
  readonly version: 1;
  /**
   * The tables that take part, in name order; foreign keys to excluded tables are left out of them and declared
   * virtual ones are added. `script` stays whole: an excluded table is built and stays empty, so that the schema is
   * the source's.
   */
  readonly catalog: Catalog;
  /** `tableId`s that the configuration leaves out. */
  readonly excluded: readonly string[];
  /** Columns that can only be NULL, because their foreign key leads to an excluded table: give them treatment `null`. */
  readonly nulledColumns: readonly { readonly table: string; readonly column: string }[];
  readonly findings: readonly Finding[];
}

/** A relation that the configuration declares and the schema does not. Tables are `tableId`s. */
export interface VirtualForeignKey {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly referencedTable: string;
  readonly referencedColumns: readonly string[];
  /** Of a polymorphic pair: holds only where the column has this value. Such keys are edges of the graph only. */
  readonly when: { readonly column: string; readonly equals: string } | null;
}
