/** Real rows on their way into a target: read from the one snapshot, masked, streamed. */
import { tableId } from '../../../connectors/connector.ts';
import type { RowBatch, RowQuery, Snapshot, TableFacts } from '../../../connectors/connector.ts';
import type { RowBlock } from '../../kernel/rows.ts';
import type { GraphTable } from '../graph/artifact.ts';
import type { Masker } from './masker.ts';
import type { SelectedRows } from './subset.ts';

/** Rows that one query asks for by key. */
const KEYS_OF_A_QUERY = 10_000;

/** Masked rows of one table. */
export interface RealRows {
  readonly rowCount: number;
  /** At most `limit` rows, in the order of their keys; the same every time. */
  blocks(limit?: number): AsyncIterable<RowBlock>;
}

/** Who the rows of a batch belong to; null where the table reaches no subject. */
export type SubjectsOf = (columns: readonly string[], batch: RowBatch) => readonly string[];

/**
 * `selected`: null for all rows. Memory: a batch, beside the keys of `selected`.
 * Throws (while streaming) what `Masker.mask` throws, and `CONNECT_*`.
 */
export async function realRows(
  snapshot: Snapshot,
  table: TableFacts,
  selected: SelectedRows | null,
  masker: Masker,
  subjectsOf: SubjectsOf | null,
): Promise<RealRows> {
  const columns = table.columns.filter((column) => column.generated === null).map((column) => column.name);
  const orderBy = table.primaryKey?.columns.filter((column) => column !== null) ?? [];
  const whole: RowQuery = { table: table.name, columns, ...(orderBy.length === 0 ? {} : { orderBy }) };
  return {
    rowCount: selected === null ? await snapshot.countRows(table.name) : selected.keys.length,
    async *blocks(limit = Infinity) {
      let firstRow = 0;
      for (const query of selected === null ? [limited(whole, limit)] : queriesOf(whole, selected, limit)) {
        for await (const batch of snapshot.readRows(query)) {
          const block = blockOf(tableId(table.name), firstRow, columns, batch);
          masker.mask(block, subjectsOf?.(columns, batch));
          yield block;
          firstRow += batch.rowCount;
        }
      }
    },
  };
}

function limited(query: RowQuery, limit: number): RowQuery {
  return Number.isFinite(limit) ? { ...query, limit } : query;
}

function* queriesOf(whole: RowQuery, { keyColumns, keys }: SelectedRows, limit: number): Iterable<RowQuery> {
  const end = Math.min(keys.length, limit);
  for (let at = 0; at < end; at += KEYS_OF_A_QUERY) {
    yield { ...whole, among: { columns: keyColumns, rows: keys.slice(at, Math.min(end, at + KEYS_OF_A_QUERY)) } };
  }
}

function blockOf(table: string, firstRow: number, columns: readonly string[], batch: RowBatch): RowBlock {
  return {
    table,
    firstRow,
    rowCount: batch.rowCount,
    columns: new Map(columns.map((column, c) => [column, { form: 'text', values: [...batch.columns[c]] }])),
  };
}

/**
 * Tells the subject of each row of a table: by its own key, by its reference, or over the tables between, whose links
 * are read first (memory: two keys a row of these). A row without a subject is its own.
 */
export async function subjectsOfTable(
  snapshot: Snapshot,
  facts: ReadonlyMap<string, TableFacts>,
  table: GraphTable,
): Promise<SubjectsOf | null> {
  const path = table.subjectPath;
  if (path === null || path.some((step) => step.direction !== 'up')) return null;
  const own = facts.get(table.id)!;
  const keys = path.map((step) => facts.get(step.table)!.foreignKeys.find((key) => key.name === step.foreignKey)!);
  const subject = path.at(-1)?.to ?? table.id;
  const columns = keys[0]?.columns ?? own.primaryKey?.columns.filter((column) => column !== null) ?? [];
  const links: ReadonlyMap<string, string>[] = [];
  for (const [i, key] of keys.slice(1).entries()) {
    const { name } = facts.get(path[i].to)!;
    links.push(
      await readLinks(
        snapshot,
        { table: name, columns: [...keys[i].referencedColumns, ...key.columns] },
        key.columns.length,
      ),
    );
  }
  if (columns.length === 0) return null;
  return (names, batch) => {
    const places = columns.map((column) => names.indexOf(column));
    return Array.from({ length: batch.rowCount }, (_, row) => {
      let text: string | undefined = textOf(places.map((place) => batch.columns[place][row]));
      for (const link of links) text = text === undefined ? undefined : link.get(text);
      return text === undefined
        ? `none ${table.id} ${textOf(batch.columns.map((column) => column[row])) ?? row}`
        : `${subject} ${text}`;
    });
  };
}

/** From the columns that are referenced to those that reference further. */
async function readLinks(snapshot: Snapshot, query: RowQuery, width: number): Promise<Map<string, string>> {
  const links = new Map<string, string>();
  for await (const { columns, rowCount } of snapshot.readRows(query)) {
    for (let row = 0; row < rowCount; row++) {
      const values = columns.map((column) => column[row]);
      const from = textOf(values.slice(0, -width));
      const to = textOf(values.slice(-width));
      if (from !== undefined && to !== undefined) links.set(from, to);
    }
  }
  return links;
}

function textOf(values: readonly (string | null)[]): string | undefined {
  return values.includes(null) ? undefined : values.join('\0');
}
