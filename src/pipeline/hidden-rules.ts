/** The rules that a source keeps without its schema saying so, as learning would find them. */
import type { Source } from '../../connectors/connector.ts';
import { columnRules } from '../config/column-rules.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import type { EventSink } from '../kernel/events.ts';
import type { RelationGraph } from '../stages/graph/artifact.ts';
import type { IntrospectArtifact } from '../stages/introspect/artifact.ts';
import { describeRule } from '../stages/learn/rules/describe.ts';
import { mineRules } from '../stages/learn/rules/index.ts';
import { miningOptions } from '../stages/learn/rules/mining-options.ts';
import { chooseStrategies } from '../stages/learn/strategies.ts';
import { classifyColumns } from '../stages/mask/index.ts';
import { DEFAULT_LIMITS, profile } from '../stages/profile/index.ts';
import type { HiddenRule } from './contract.ts';
import { tableOverrides } from './masked-rows.ts';
import { timed } from './read-structure.ts';

/** Reads a sample of rows. Throws `CONNECT_LOST`, `LEARN_UNSUPPORTED`. */
export async function findHiddenRules(
  source: Source,
  { catalog }: IntrospectArtifact,
  graph: RelationGraph,
  config: ResolvedConfig,
  sink: EventSink,
  signal: AbortSignal,
): Promise<readonly HiddenRule[]> {
  const limits = { ...DEFAULT_LIMITS, maxRows: Math.min(DEFAULT_LIMITS.maxRows, config.learn.maxRowsPerTable) };
  const snapshot = await source.openSnapshot();
  try {
    const sample = await timed('profile', sink, () => profile(snapshot, catalog, graph, limits, sink, signal));
    const classification = await timed('mask', sink, () =>
      classifyColumns({ catalog, graph, sample, rules: columnRules(config) }),
    );
    return await timed('learn', sink, () => {
      const rowCounts = new Map([...sample.tables].map(([id, table]) => [id, table.totalRowCount]));
      const overrides = tableOverrides(config, catalog);
      const strategies = chooseStrategies(catalog, graph, classification, rowCounts, overrides);
      const rules = mineRules(catalog, graph, sample, miningOptions(classification, strategies));
      return rules.map((rule) => ({ ...rule, description: describeRule(rule) }));
    });
  } finally {
    await snapshot.close().catch(() => {});
  }
}
