/**
 * The referentially closed set of rows that hangs together with some rows of one table.
 *
 * From the root's rows, and from them alone, their children are followed down, over as many tables and cycles as it
 * takes; then what all these rows reference is added, and what that references. Rows that were only added because they
 * are referenced pull no children: a film that somebody rented would else pull everybody who rented it. Tables that are
 * masked and were not reached so hang on what was reached (the actors of these films), and so on in rounds.
 *
 * Only keys are read and kept here; the rows are read when they are loaded.
 */
import { tableId } from '../../../connectors/connector.ts';
import type { Catalog, ForeignKeyFacts, RowQuery, Snapshot, TableFacts } from '../../../connectors/connector.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import type { SubsetRule } from './masked-tables.ts';

/** Keys that one query asks for: large enough that a table without an index is not scanned often. */
const KEYS_OF_A_QUERY = 20_000;

/** The rows of a table, by primary key, in order; null: all of them. */
export interface SelectedRows {
  readonly keyColumns: readonly string[];
  readonly keys: readonly (readonly string[])[];
}

/**
 * By `tableId`, for each of `masked`.
 * Throws `MASK_SUBSET` for a table without a primary key, or one that has nothing to do with the root; `CONNECT_*`.
 * Memory: the keys of the chosen rows, about 100 bytes each.
 */
export async function selectSubset(
  snapshot: Snapshot,
  catalog: Catalog,
  masked: ReadonlySet<string>,
  rule: SubsetRule,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SelectedRows>> {
  const search = new SubsetSearch(snapshot, catalog, masked, signal);
  await search.select(rule);
  return search.result();
}

interface Chosen {
  readonly table: TableFacts;
  readonly keyColumns: readonly string[];
  readonly keys: Map<string, readonly string[]>;
}

/** Rows whose references are still to be looked at: values of the columns by which they reference or are referenced. */
interface Fresh {
  readonly id: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

class SubsetSearch {
  readonly #snapshot: Snapshot;
  readonly #signal: AbortSignal;
  readonly #chosen: ReadonlyMap<string, Chosen>;

  constructor(snapshot: Snapshot, catalog: Catalog, masked: ReadonlySet<string>, signal: AbortSignal) {
    this.#snapshot = snapshot;
    this.#signal = signal;
    const tables = catalog.tables.filter((table) => masked.has(tableId(table.name)));
    this.#chosen = new Map(
      tables.map((table) => [tableId(table.name), { table, keyColumns: keyOf(table), keys: new Map() }]),
    );
  }

  async select(rule: SubsetRule): Promise<void> {
    const { root, share, where } = rule;
    const reached = new Set([root]);
    const { table, keyColumns } = this.#chosen.get(root)!;
    const hashSample = share === undefined ? undefined : { columns: keyColumns, rate: share };
    let fresh = await this.#pull(root, { table: table.name, ...defined({ hashSample, where }) }).catch(
      (thrown: unknown) => {
        throw where === undefined ? thrown : conditionRefused(root, thrown);
      },
    );
    for (;;) {
      const children = this.#reachableChildren(reached);
      const pulled = await this.#followDown(fresh, children);
      for (const id of children) reached.add(id);
      await this.#followUp([...fresh, ...pulled]);
      for (const id of this.#referencedBy(reached)) reached.add(id);
      if (reached.size === this.#chosen.size) return;
      const next = this.#reachableChildren(reached);
      if (next.size === 0) throw this.#unreached(root, reached);
      // Of what was reached so far, all rows may have children in the tables of the next round.
      fresh = await this.#rowsOf([...next].flatMap((id) => this.#parentsOf(id)).filter((id) => reached.has(id)));
    }
  }

  result(): ReadonlyMap<string, SelectedRows> {
    return new Map(
      [...this.#chosen].map(([id, { keyColumns, keys }]) => [
        id,
        { keyColumns, keys: [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key) },
      ]),
    );
  }

  /** Masked tables, not reached yet, that reference reached ones, directly or through one another. */
  #reachableChildren(reached: ReadonlySet<string>): Set<string> {
    const children = new Set<string>();
    const parents = [...reached];
    for (const parent of parents) {
      for (const [id, { table }] of this.#chosen) {
        if (reached.has(id) || children.has(id)) continue;
        if (!table.foreignKeys.some((key) => tableId(key.referencedTable) === parent)) continue;
        children.add(id);
        parents.push(id);
      }
    }
    return children;
  }

  #referencedBy(reached: ReadonlySet<string>): Set<string> {
    const all = new Set(reached);
    for (const id of all) for (const parent of this.#parentsOf(id)) all.add(parent);
    return all;
  }

  #parentsOf(id: string): string[] {
    const { table } = this.#chosen.get(id)!;
    return table.foreignKeys.map((key) => tableId(key.referencedTable)).filter((to) => this.#chosen.has(to));
  }

  /** Adds the rows of `children` that reference the given rows, and theirs. Gives all that are new. */
  async #followDown(from: readonly Fresh[], children: ReadonlySet<string>): Promise<Fresh[]> {
    const found: Fresh[] = [];
    const waiting = [...from];
    for (let parent = waiting.shift(); parent !== undefined; parent = waiting.shift()) {
      for (const id of children) {
        const { table } = this.#chosen.get(id)!;
        for (const key of table.foreignKeys.filter((other) => tableId(other.referencedTable) === parent!.id)) {
          const values = present(parent, key.referencedColumns);
          const fresh = await this.#pullAmong(id, key.columns, values);
          found.push(...fresh);
          waiting.push(...fresh);
        }
      }
    }
    return found;
  }

  /** Adds what the given rows reference, and what that references. */
  async #followUp(from: readonly Fresh[]): Promise<void> {
    const waiting = [...from];
    for (let child = waiting.shift(); child !== undefined; child = waiting.shift()) {
      for (const key of this.#chosen.get(child.id)!.table.foreignKeys) {
        const to = tableId(key.referencedTable);
        if (!this.#chosen.has(to)) continue;
        const fresh = await this.#pullAmong(
          to,
          key.referencedColumns,
          this.#missing(to, key, present(child, key.columns)),
        );
        waiting.push(...fresh);
      }
    }
  }

  /** Of referenced keys those that are not chosen yet, where the reference is to the primary key itself. */
  #missing(to: string, key: ForeignKeyFacts, values: string[][]): string[][] {
    const { keyColumns, keys } = this.#chosen.get(to)!;
    if (keyColumns.join('\0') !== key.referencedColumns.join('\0')) return values;
    return values.filter((value) => !keys.has(value.join('\0')));
  }

  async #pullAmong(id: string, columns: readonly string[], rows: string[][]): Promise<Fresh[]> {
    const { table } = this.#chosen.get(id)!;
    const fresh: Fresh[] = [];
    for (let at = 0; at < rows.length; at += KEYS_OF_A_QUERY) {
      const among = { columns, rows: rows.slice(at, at + KEYS_OF_A_QUERY) };
      fresh.push(...(await this.#pull(id, { table: table.name, among })));
    }
    return fresh;
  }

  /** Reads keys and references of the rows, keeps those that are new. */
  async #pull(id: string, query: Omit<RowQuery, 'columns'>): Promise<Fresh[]> {
    this.#signal.throwIfAborted();
    const { keyColumns, keys } = this.#chosen.get(id)!;
    const columns = this.#linkColumns(id);
    const rows: (string | null)[][] = [];
    for await (const batch of this.#snapshot.readRows({ ...query, columns })) {
      for (let i = 0; i < batch.rowCount; i++) {
        const key = keyColumns.map((_, c) => batch.columns[c][i]!);
        const text = key.join('\0');
        if (keys.has(text)) continue;
        keys.set(text, key);
        rows.push(columns.map((_, c) => batch.columns[c][i]));
      }
    }
    return rows.length === 0 ? [] : [{ id, columns, rows }];
  }

  /** The links of rows that are chosen already. */
  async #rowsOf(ids: readonly string[]): Promise<Fresh[]> {
    const fresh: Fresh[] = [];
    for (const id of new Set(ids)) {
      const { table, keyColumns, keys } = this.#chosen.get(id)!;
      const columns = this.#linkColumns(id);
      const all = [...keys.values()];
      for (let at = 0; at < all.length; at += KEYS_OF_A_QUERY) {
        const among = { columns: keyColumns, rows: all.slice(at, at + KEYS_OF_A_QUERY) };
        const rows: (string | null)[][] = [];
        for await (const batch of this.#snapshot.readRows({ table: table.name, columns, among }))
          for (let i = 0; i < batch.rowCount; i++) rows.push(columns.map((_, c) => batch.columns[c][i]));
        fresh.push({ id, columns, rows });
      }
    }
    return fresh;
  }

  /** The key first; then what the table references by, and is referenced by. */
  #linkColumns(id: string): readonly string[] {
    const { table, keyColumns } = this.#chosen.get(id)!;
    const own = table.foreignKeys.flatMap((key) => key.columns);
    const incoming = [...this.#chosen.values()].flatMap((other) =>
      other.table.foreignKeys
        .filter((key) => tableId(key.referencedTable) === id)
        .flatMap((key) => key.referencedColumns),
    );
    return [...new Set([...keyColumns, ...own, ...incoming])];
  }

  #unreached(root: string, reached: ReadonlySet<string>): UnderstudyError {
    const left = [...this.#chosen.keys()].filter((id) => !reached.has(id));
    return new UnderstudyError(
      'MASK_SUBSET',
      `${left.join(', ')} ${left.length === 1 ? 'is' : 'are'} masked, but no foreign key leads there from ${root}: no row would be chosen.`,
      {
        hint: `Give ${left.length === 1 ? 'it' : 'them'} another strategy, or declare the relation under virtualForeignKeys.`,
      },
    );
  }
}

/** The server could not make sense of `subset.where`; anything else that went wrong stays as it is. */
function conditionRefused(root: string, thrown: unknown): unknown {
  if (!(thrown instanceof UnderstudyError) || thrown.code !== 'CONNECT_QUERY_FAILED') return thrown;
  return new UnderstudyError(
    'MASK_SUBSET',
    `The condition of subset.where could not be asked of ${root}, so no row was chosen: ${thrown.message}`,
    { hint: 'Correct it: an SQL condition over the columns of that table alone.', cause: thrown },
  );
}

/** Distinct values of the columns without a NULL. */
function present(fresh: Fresh, columns: readonly string[]): string[][] {
  const places = columns.map((column) => fresh.columns.indexOf(column));
  const values = new Map<string, string[]>();
  for (const row of fresh.rows) {
    const value = places.map((place) => row[place]);
    if (!value.includes(null)) values.set(value.join('\0'), value as string[]);
  }
  return [...values.values()];
}

function keyOf(table: TableFacts): readonly string[] {
  const columns = table.primaryKey?.columns.filter((column) => column !== null) ?? [];
  if (columns.length > 0) return columns;
  throw new UnderstudyError(
    'MASK_SUBSET',
    `${tableId(table.name)} has no primary key, so that its rows cannot be chosen one by one.`,
    { hint: `Give it another strategy, or mask all rows by leaving \`subset\` out.` },
  );
}

function defined<T extends object>(values: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<{
    [K in keyof T]: NonNullable<T[K]>;
  }>;
}
