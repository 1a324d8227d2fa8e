/**
 * Generated rows in memory, read through the same contract as a database: so that a rehearsal is profiled and scanned
 * by the very code that will read what was loaded.
 */
import { createHash } from 'node:crypto';
import {
  tableId,
  type ForeignKeyFacts,
  type QualifiedName,
  type RowBatch,
  type RowQuery,
  type Snapshot,
} from '../../connectors/connector.ts';
import { textAt, type RowBlock } from '../kernel/rows.ts';

export class RowStore implements Snapshot {
  readonly #tables = new Map<string, RowBlock[]>();

  add(block: RowBlock): void {
    const blocks = this.#tables.get(block.table);
    if (blocks === undefined) this.#tables.set(block.table, [block]);
    else blocks.push(block);
  }

  async countRows(table: QualifiedName): Promise<number> {
    return this.#blocks(table).reduce((sum, block) => sum + block.rowCount, 0);
  }

  /** Rows in the order in which they were made. Sampling and joins are for databases: a rehearsal is small. */
  async *readRows(query: RowQuery): AsyncIterable<RowBatch> {
    if ([query.hashSample, query.semiJoin, query.among, query.where].some((part) => part !== undefined))
      throw new TypeError('a row store is read whole');
    let left = query.limit ?? Infinity;
    for (const block of this.#blocks(query.table)) {
      const rowCount = Math.min(left, block.rowCount);
      if (rowCount <= 0) return;
      left -= rowCount;
      const columns = query.columns.map((name) => {
        const vector = block.columns.get(name);
        return Array.from({ length: rowCount }, (_, i) => (vector === undefined ? null : textAt(vector, i)));
      });
      yield { rowCount, columns };
    }
  }

  async degreeHistogram(table: QualifiedName, key: ForeignKeyFacts): Promise<readonly (readonly [number, number])[]> {
    const degrees = new Map<string, number>();
    for await (const batch of this.readRows({ table: key.referencedTable, columns: key.referencedColumns })) {
      for (let i = 0; i < batch.rowCount; i++) degrees.set(JSON.stringify(batch.columns.map((column) => column[i])), 0);
    }
    for await (const batch of this.readRows({ table, columns: key.columns })) {
      for (let i = 0; i < batch.rowCount; i++) {
        const text = JSON.stringify(batch.columns.map((column) => column[i]));
        const degree = degrees.get(text);
        if (degree !== undefined) degrees.set(text, degree + 1);
      }
    }
    const histogram = new Map<number, number>();
    for (const degree of degrees.values()) histogram.set(degree, (histogram.get(degree) ?? 0) + 1);
    return [...histogram].sort((a, b) => a[0] - b[0]);
  }

  async checksum(table: QualifiedName): Promise<string> {
    const hash = createHash('sha256');
    for (const block of this.#blocks(table)) {
      for (let i = 0; i < block.rowCount; i++)
        hash.update(JSON.stringify([...block.columns.values()].map((vector) => textAt(vector, i))));
    }
    return hash.digest('hex');
  }

  async close(): Promise<void> {
    this.#tables.clear();
  }

  #blocks(table: QualifiedName): readonly RowBlock[] {
    return this.#tables.get(tableId(table)) ?? [];
  }
}
