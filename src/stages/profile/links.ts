/** Resolves foreign keys within the sample: for each row, the number of the row that it references. */
import { tableId, type TableFacts } from '../../../connectors/connector.ts';

interface RawTable {
  readonly columns: ReadonlyMap<string, readonly (string | null)[]>;
  readonly rowCount: number;
}

/** By table, by foreign key: the referenced row's number; −1 null, −2 not in the sample. */
export function linkRows(
  facts: ReadonlyMap<string, TableFacts>,
  raw: ReadonlyMap<string, RawTable>,
): Map<string, Map<string, Int32Array>> {
  const links = new Map([...raw.keys()].map((id) => [id, new Map<string, Int32Array>()]));
  // One referenced key at a time, so that only one map of keys is alive.
  for (const group of groupByReferencedKey(facts, raw).values()) {
    const rows = keyIndex(
      listsOf(raw.get(group.to)!, facts.get(group.to)!, group.columns),
      raw.get(group.to)!.rowCount,
    );
    for (const { from, name, columns } of group.keys) {
      const { rowCount } = raw.get(from)!;
      links.get(from)!.set(name, resolve(listsOf(raw.get(from)!, facts.get(from)!, columns), rowCount, rows));
    }
  }
  for (const [from, table] of raw) {
    const known = links.get(from)!;
    for (const { name } of facts.get(from)!.foreignKeys) {
      if (!known.has(name)) known.set(name, new Int32Array(table.rowCount).fill(-2));
    }
  }
  return links;
}

interface KeyGroup {
  readonly to: string;
  readonly columns: readonly string[];
  readonly keys: { from: string; name: string; columns: readonly string[] }[];
}

function groupByReferencedKey(
  facts: ReadonlyMap<string, TableFacts>,
  raw: ReadonlyMap<string, RawTable>,
): Map<string, KeyGroup> {
  const groups = new Map<string, KeyGroup>();
  for (const from of raw.keys()) {
    for (const key of facts.get(from)!.foreignKeys) {
      const to = tableId(key.referencedTable);
      // What the server computes is not read, so a key on it cannot be followed here.
      const isRead =
        key.referencedColumns.every((column) => raw.get(to)?.columns.has(column)) &&
        key.columns.every((column) => raw.get(from)!.columns.has(column));
      if (!isRead) continue;
      const order = key.referencedColumns
        .map((_, i) => i)
        .sort((a, b) => (key.referencedColumns[a] < key.referencedColumns[b] ? -1 : 1));
      const columns = order.map((i) => key.referencedColumns[i]);
      const id = [to, ...columns].join('\0');
      if (!groups.has(id)) groups.set(id, { to, columns, keys: [] });
      groups.get(id)!.keys.push({ from, name: key.name, columns: order.map((i) => key.columns[i]) });
    }
  }
  return groups;
}

type Lists = readonly (readonly (string | null)[])[];

/** The columns of a key, as the server compares them: without regard to case, or to blanks at the end. */
function listsOf(table: RawTable, facts: TableFacts, columns: readonly string[]): Lists {
  return columns.map((name) => {
    const values = table.columns.get(name)!;
    switch (facts.columns.find((column) => column.name === name)?.type.baseName) {
      case 'citext':
        return values.map((value) => value?.toLowerCase() ?? null);
      case 'bpchar':
        return values.map((value) => value?.trimEnd() ?? null);
      default:
        return values;
    }
  });
}

function keyIndex(lists: Lists, rowCount: number): Map<string, number> {
  const index = new Map<string, number>();
  for (let i = 0; i < rowCount; i++) {
    const key = keyText(lists, i);
    if (key !== null) index.set(key, i);
  }
  return index;
}

function resolve(lists: Lists, rowCount: number, rows: ReadonlyMap<string, number>): Int32Array {
  const links = new Int32Array(rowCount);
  for (let i = 0; i < rowCount; i++) {
    const key = keyText(lists, i);
    links[i] = key === null ? -1 : (rows.get(key) ?? -2);
  }
  return links;
}

/** The key as one text; null if any part is. */
export function keyText(lists: readonly (readonly (string | null)[])[], i: number): string | null {
  if (lists.length === 1) return lists[0][i];
  let text = '';
  for (const list of lists) {
    const part = list[i];
    if (part === null) return null;
    text += `${part.length}:${part}`;
  }
  return text;
}
