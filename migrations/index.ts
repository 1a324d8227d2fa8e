/** The ledger's schema, as a static list: nothing is found by reading a directory. Released entries never change. */
import type { Knex } from 'knex';
import * as runs from './0001-runs.ts';

export interface LedgerMigration {
  readonly name: string;
  readonly up: (knex: Knex) => Promise<void>;
  readonly down: (knex: Knex) => Promise<void>;
}

export const LEDGER_MIGRATIONS: readonly LedgerMigration[] = [{ name: '0001-runs', ...runs }];
