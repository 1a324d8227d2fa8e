/** Which tables hold masked real rows: those that are told to, and all that their rows need. */
import { tableId } from '../../../connectors/connector.ts';
import type { Catalog, TableFacts } from '../../../connectors/connector.ts';
import { UnderstudyError } from '../../kernel/errors.ts';

/** Which rows of the masked tables: what hangs together with some rows of one of them. */
export interface SubsetRule {
  /** `tableId`. */
  readonly root: string;
  /** Share of the root's rows, by a hash of their key: the same rows every time. */
  readonly share?: number;
  /** Condition over the root's columns, in SQL. */
  readonly where?: string;
  /** `listed`: children whose table is to be masked; `all`: every table that references the root, directly or not. */
  readonly children: 'listed' | 'all';
}

export interface MaskedTable {
  readonly reason: string;
  /** Only masked because a masked row references it: a dictionary among them may be copied whole instead. */
  readonly isNeeded: boolean;
}

export type Configured = ReadonlyMap<string, 'synthesize' | 'copy' | 'mask' | 'empty'>;

/**
 * By `tableId`. `configured` holds what the configuration says of a table.
 * Throws `MASK_SUBSET` where a masked row would lose a row that it references, or a copied table would reference
 * rows that are left out.
 */
export function maskedTables(
  catalog: Catalog,
  configured: Configured,
  subset: SubsetRule | null,
): ReadonlyMap<string, MaskedTable> {
  const facts = new Map(catalog.tables.map((table) => [tableId(table.name), table]));
  const masked = new Map<string, MaskedTable>();
  for (const [id, strategy] of configured)
    if (strategy === 'mask') masked.set(id, { reason: 'real rows, masked: set in the configuration', isNeeded: false });
  if (subset !== null) addSubset(catalog, configured, subset, masked);
  for (const id of masked.keys()) {
    // A map's keys go on over what is added meanwhile.
    for (const key of facts.get(id)!.foreignKeys) {
      const to = tableId(key.referencedTable);
      if (masked.has(to) || configured.get(to) === 'copy' || !facts.has(to)) continue;
      const strategy = configured.get(to);
      if (strategy !== undefined) throw parentNotReal(id, key.name, to, strategy);
      masked.set(to, { reason: `real rows, masked: ${id} references them`, isNeeded: true });
    }
  }
  refuseDanglingCopies(catalog, configured, masked);
  return masked;
}

function addSubset(
  catalog: Catalog,
  configured: Configured,
  { root, children }: SubsetRule,
  masked: Map<string, MaskedTable>,
): void {
  const strategy = configured.get(root);
  if (strategy !== undefined && strategy !== 'mask') {
    throw new UnderstudyError(
      'MASK_SUBSET',
      `The subset begins at ${root}, whose strategy is ${strategy}; only masked tables have a subset.`,
      { hint: `Set tables.${root}.strategy to mask, or begin at another table.` },
    );
  }
  masked.set(root, { reason: 'real rows, masked: the root of the subset', isNeeded: false });
  if (children === 'listed') return;
  const reached = [root];
  for (const parent of reached) {
    for (const table of referencing(catalog, parent)) {
      const id = tableId(table.name);
      if (masked.has(id) || (configured.get(id) ?? 'mask') !== 'mask') continue;
      masked.set(id, { reason: `real rows, masked: children of ${parent}`, isNeeded: false });
      reached.push(id);
    }
  }
}

function referencing(catalog: Catalog, parent: string): TableFacts[] {
  return catalog.tables.filter((table) => table.foreignKeys.some((key) => tableId(key.referencedTable) === parent));
}

function refuseDanglingCopies(
  catalog: Catalog,
  configured: Configured,
  masked: ReadonlyMap<string, MaskedTable>,
): void {
  for (const table of catalog.tables) {
    const id = tableId(table.name);
    if (configured.get(id) !== 'copy') continue;
    const key = table.foreignKeys.find((candidate) => masked.has(tableId(candidate.referencedTable)));
    if (key === undefined) continue;
    throw new UnderstudyError(
      'MASK_SUBSET',
      `${id} is copied, but references ${tableId(key.referencedTable)}, which is masked and perhaps not whole: its rows would point at nothing.`,
      { hint: `Set tables.${id}.strategy to mask too.` },
    );
  }
}

function parentNotReal(id: string, key: string, to: string, strategy: string): UnderstudyError {
  return new UnderstudyError(
    'MASK_SUBSET',
    `${id} is masked and references ${to} by ${key}, but the strategy of ${to} is ${strategy}: the real rows that it references would not be there.`,
    { hint: `Set tables.${to}.strategy to mask or copy, or leave it out.` },
  );
}
