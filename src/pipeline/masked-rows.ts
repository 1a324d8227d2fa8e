/** What a configuration says of masked tables, carried out: which tables, which rows, under which key. */
import { readFile } from 'node:fs/promises';
import { tableId, type Catalog, type Snapshot } from '../../connectors/connector.ts';
import { findTable, tableSettings } from '../config/names.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import { UnderstudyError } from '../kernel/errors.ts';
import { finding, type Finding } from '../kernel/findings.ts';
import type { LearnedModel } from '../stages/learn/artifact.ts';
import type { TableOverride } from '../stages/learn/strategies.ts';
import { maskKeyOf, SHORTEST_SECRET, type MaskKey } from '../stages/mask/mask-key.ts';
import { createMasker } from '../stages/mask/index.ts';
import { maskedTables, type MaskedTable, type SubsetRule } from '../stages/mask/masked-tables.ts';
import { realRows, subjectsOfTable, type RealRows } from '../stages/mask/real-rows.ts';
import { selectSubset } from '../stages/mask/subset.ts';

/** Tables whose real rows are masked, by `tableId`. Throws `MASK_SUBSET`. */
export function maskedBy(config: ResolvedConfig, catalog: Catalog): ReadonlyMap<string, MaskedTable> {
  const configured = new Map(
    [...tableSettings(config, catalog)].flatMap(([id, { strategy }]) =>
      strategy === undefined ? [] : [[id, strategy] as const],
    ),
  );
  return maskedTables(catalog, configured, subsetRule(config, catalog));
}

/** Throws `MASK_SUBSET` if there are such tables: there `reason` keeps their rows away. */
export function refuseMasked(tables: readonly string[], reason: string): void {
  if (tables.length === 0) return;
  throw new UnderstudyError(
    'MASK_SUBSET',
    `${tables.join(', ')} ${tables.length === 1 ? 'has' : 'have'} the strategy mask, whose rows are real ones, and ${reason}; nothing was written.`,
    { hint: 'Run `understudy provision --source` with the database itself, or give them another strategy.' },
  );
}

function subsetRule({ subset }: ResolvedConfig, catalog: Catalog): SubsetRule | null {
  const root = subset === undefined ? null : findTable(catalog, subset.root);
  return subset === undefined || root === null ? null : { ...subset, root: tableId(root.name) };
}

/** What the configuration says of whole tables, by `tableId`; the tables that masked rows need among them. */
export function tableOverrides(config: ResolvedConfig, catalog: Catalog): Map<string, TableOverride> {
  const overrides = new Map<string, TableOverride>();
  for (const [id, { strategy, accept }] of tableSettings(config, catalog))
    if (strategy !== undefined) overrides.set(id, { strategy, accept });
  for (const [id, { reason, isNeeded }] of maskedBy(config, catalog)) {
    const accept = overrides.get(id)?.accept ?? reason;
    overrides.set(id, { strategy: 'mask', accept, ...(isNeeded ? { unlessCopied: true } : {}) });
  }
  return overrides;
}

/** Masked rows of a run, with the id of the key that masks them. */
export interface MaskedRows {
  readonly tables: ReadonlyMap<string, RealRows>;
  readonly findings: readonly Finding[];
}

/**
 * Chooses the rows of the masked tables; they are read and masked when they are loaded.
 * Throws `MASK_SUBSET`, `MASK_KEY_MISSING`, `CONNECT_*`.
 */
export async function openMaskedRows(
  model: LearnedModel,
  snapshot: Snapshot,
  config: ResolvedConfig,
  seed: number,
  signal: AbortSignal,
): Promise<MaskedRows> {
  const { catalog, classification, graph } = model;
  const masked = new Set(model.tables.filter((table) => table.strategy === 'mask').map((table) => table.id));
  if (masked.size === 0) return { tables: new Map(), findings: [] };
  const key = await readMaskKey(config);
  const rule = subsetRule(config, catalog);
  const selected = rule === null ? null : await selectSubset(snapshot, catalog, masked, rule, signal);
  const facts = new Map(catalog.tables.map((table) => [tableId(table.name), table]));
  const tables = new Map<string, RealRows>();
  for (const id of masked) {
    const table = facts.get(id)!;
    const moved = classification.columns.some((entry) => entry.table === id && entry.treatment === 'shift');
    const subjects = moved
      ? await subjectsOfTable(
          snapshot,
          facts,
          graph.tables.find((candidate) => candidate.id === id)!,
        )
      : null;
    const masker = createMasker(table, classification, { seed, real: true, ...(key === null ? {} : { key }) });
    tables.set(id, await realRows(snapshot, table, selected?.get(id) ?? null, masker, subjects));
  }
  return { tables, findings: key === null ? [] : [keyNamed(key)] };
}

function keyNamed({ id }: MaskKey): Finding {
  return finding(
    'info',
    'MASK_KEY',
    'mask.key',
    `Pseudonyms, hashes and shifts of real rows were made under the key ${id}.`,
    'Keep the key as safe as production: who has it can undo pseudonyms.',
  );
}

/** Null where none is configured. Throws `MASK_KEY_MISSING`; the secret is in no message. */
export async function readMaskKey({ mask }: ResolvedConfig): Promise<MaskKey | null> {
  if (mask.key === undefined) return null;
  const [kind, place] = [mask.key.slice(0, mask.key.indexOf(':')), mask.key.slice(mask.key.indexOf(':') + 1)];
  const secret = kind === 'env' ? process.env[place] : await readFile(place, 'utf8').catch((): undefined => undefined);
  const text = secret?.trim() ?? '';
  if (text.length >= SHORTEST_SECRET) return maskKeyOf(text);
  throw new UnderstudyError(
    'MASK_KEY_MISSING',
    text === ''
      ? `mask.key names ${mask.key}, and nothing is there; nothing was written.`
      : `The secret that mask.key names (${mask.key}) has ${text.length} characters, so few that it could be guessed; nothing was written.`,
    { hint: `Put a random secret of at least ${SHORTEST_SECRET} characters there.` },
  );
}
