import { tableId } from '../../connectors/connector.ts';
import type { Catalog } from '../../connectors/connector.ts';
import { findTable } from './names.ts';
import type { ResolvedConfig } from './resolved.ts';

/** `virtualForeignKeys:` with names resolved to `tableId`s, as `introspect` and `buildGraph` take them; needs `checkNames`. */
export function resolveVirtualForeignKeys(
  config: ResolvedConfig,
  catalog: Catalog,
): {
  name: string;
  table: string;
  columns: readonly string[];
  referencedTable: string;
  referencedColumns: readonly string[];
  when: { column: string; equals: string } | null;
}[] {
  return config.virtualForeignKeys.flatMap((key) => {
    const from = findTable(catalog, key.table);
    const to = findTable(catalog, key.references.table);
    if (from === null || to === null) return [];
    return {
      name: key.name ?? `virtual:${key.columns.join(',')}->${tableId(to.name)}`,
      table: tableId(from.name),
      columns: key.columns,
      referencedTable: tableId(to.name),
      referencedColumns: key.references.columns,
      when: key.when ?? null,
    };
  });
}
