import type { Classification } from '../../mask/artifact.ts';
import type { StrategyChoice } from '../strategies.ts';
import type { RuleMiningOptions } from './index.ts';

/** Personal columns are named by no value; the keys of copied tables may be. */
export function miningOptions(
  classification: Classification,
  strategies: ReadonlyMap<string, StrategyChoice>,
): RuleMiningOptions {
  const unnamedColumns = new Map<string, Set<string>>();
  for (const { table, column, sensitivity } of classification.columns) {
    if (sensitivity === 'none') continue;
    if (!unnamedColumns.has(table)) unnamedColumns.set(table, new Set());
    unnamedColumns.get(table)!.add(column);
  }
  const copied = [...strategies].filter(([, { strategy }]) => strategy === 'copy').map(([id]) => id);
  return { unnamedColumns, copiedTables: new Set(copied) };
}
