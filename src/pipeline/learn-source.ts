/** From an open source to a model: introspect, profile, classify, learn. */
import type { Snapshot, Source } from '../../connectors/connector.ts';
import { columnRules } from '../config/column-rules.ts';
import { tableSettings } from '../config/names.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import { UnderstudyError } from '../kernel/errors.ts';
import type { EventSink } from '../kernel/events.ts';
import type { Finding } from '../kernel/findings.ts';
import { checkpoint } from '../kernel/checkpoint.ts';
import type { RelationGraph } from '../stages/graph/artifact.ts';
import type { IntrospectArtifact } from '../stages/introspect/artifact.ts';
import { introspect } from '../stages/introspect/index.ts';
import type { LearnedModel } from '../stages/learn/artifact.ts';
import { learn } from '../stages/learn/index.ts';
import type { Classification } from '../stages/mask/artifact.ts';
import { classifyColumns } from '../stages/mask/index.ts';
import type { RelationalSample } from '../stages/profile/artifact.ts';
import { DEFAULT_LIMITS, profile } from '../stages/profile/index.ts';
import { maskedBy, tableOverrides } from './masked-rows.ts';
import { introspectOptions, relateTables } from './read-structure.ts';
import type { StageClock } from './stage-clock.ts';
import { TOOL_VERSION } from './version.ts';

export interface SourceStructure {
  readonly artifact: IntrospectArtifact;
  readonly graph: RelationGraph;
}

export interface LearnedSource extends SourceStructure {
  readonly sample: RelationalSample;
  readonly model: LearnedModel;
  readonly findings: readonly Finding[];
}

/** What the source is like; nothing of its rows is read. Throws `INTROSPECT_*`, `CONFIG_UNKNOWN_NAME`. */
export async function readSourceStructure(
  source: Source,
  config: ResolvedConfig,
  clock: StageClock,
): Promise<SourceStructure> {
  const artifact = await clock.run('introspect', () => introspect(source, introspectOptions(config)));
  const graph = await clock.run('graph', () => relateTables(artifact, config));
  checkpoint('graph');
  return { artifact, graph };
}

/** Samples the source through `snapshot` and learns from it. Throws `MASK_UNTREATED_COLUMN`, `LEARN_*`, `CONNECT_LOST`. */
export async function learnSource(
  structure: SourceStructure,
  snapshot: Snapshot,
  config: ResolvedConfig,
  clock: StageClock,
  sink: EventSink,
  signal: AbortSignal,
): Promise<LearnedSource> {
  const { artifact, graph } = structure;
  const { catalog } = artifact;
  const limits = { ...DEFAULT_LIMITS, maxRows: Math.min(DEFAULT_LIMITS.maxRows, config.learn.maxRowsPerTable) };
  const sample = await clock.run('profile', () => profile(snapshot, catalog, graph, limits, sink, signal));
  checkpoint('profile');
  const nulled = artifact.nulledColumns.map(({ table, column }) => ({
    table,
    column,
    treatment: 'null' as const,
    options: {},
  }));
  const configured = columnRules(config).flatMap((rule) =>
    rule.treatment === undefined ? [] : [{ ...rule, treatment: rule.treatment }],
  );
  const classification = await clock.run('mask', () =>
    classifyColumns({
      catalog,
      graph,
      sample,
      rules: [...nulled, ...configured],
      masked: new Set(maskedBy(config, catalog).keys()),
    }),
  );
  refuseUntreated(classification);
  const model = await clock.run('learn', () =>
    learn(
      catalog,
      graph,
      sample,
      classification,
      {
        overrides: tableOverrides(config, catalog),
        toolVersion: TOOL_VERSION,
        now: new Date(),
        expiresAfterDays: config.learn.expiresAfterDays,
      },
      sink,
      signal,
    ),
  );
  checkpoint('learn');
  return {
    artifact,
    graph,
    sample,
    model,
    findings: [...artifact.findings, ...graph.findings, ...classification.findings],
  };
}

/** Fails closed: a personal column that nothing treats ends the run before anything is written. */
function refuseUntreated(classification: Classification): void {
  const untreated = classification.findings.filter((found) => found.severity === 'error');
  if (untreated.length === 0) return;
  const more =
    untreated.length > 1 ? ` (${untreated.length - 1} more such column${untreated.length > 2 ? 's' : ''})` : '';
  throw new UnderstudyError('MASK_UNTREATED_COLUMN', `${untreated[0].message}${more}`, {
    hint: untreated[0].hint ?? 'Give the column a treatment in the configuration.',
    data: { findings: untreated },
  });
}

/** Row factors by `tableId`. */
export function tableScales(config: ResolvedConfig, catalog: IntrospectArtifact['catalog']): Map<string, number> {
  const scales = new Map<string, number>();
  for (const [table, { scale }] of tableSettings(config, catalog)) if (scale !== undefined) scales.set(table, scale);
  return scales;
}
