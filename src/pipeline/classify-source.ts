import type { Source } from '../../connectors/connector.ts';
import { columnRules } from '../config/column-rules.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import type { EventSink } from '../kernel/events.ts';
import type { RelationGraph } from '../stages/graph/artifact.ts';
import type { IntrospectArtifact } from '../stages/introspect/artifact.ts';
import type { Classification } from '../stages/mask/artifact.ts';
import { classifyColumns } from '../stages/mask/classify.ts';
import { proposeSubjects } from '../stages/mask/subjects.ts';
import type { SubjectProposal } from '../stages/mask/subjects.ts';
import type { RelationalSample } from '../stages/profile/artifact.ts';
import { maskedBy } from './masked-rows.ts';
import { readStructure, relateTables, timed } from './read-structure.ts';
import { sampleValues } from './sample-values.ts';

export interface ClassifiedSource {
  readonly artifact: IntrospectArtifact;
  readonly graph: RelationGraph;
  readonly classification: Classification;
  readonly subjects: readonly SubjectProposal[];
}

/** What each column of a source holds and what becomes of it, by names and, if asked, by a few sampled values. */
export async function classifySource(
  source: Source,
  options: { readonly config: ResolvedConfig; readonly sampleValues: boolean },
  sink: EventSink,
  signal: AbortSignal,
): Promise<ClassifiedSource> {
  const { config } = options;
  const artifact = await readStructure(source, config, sink);
  const sample = options.sampleValues
    ? await timed('profile', sink, () => readSample(source, artifact, sink, signal))
    : null;
  const graph = await timed('graph', sink, () => relateTables(artifact, config));
  const classification = await timed('mask', sink, () =>
    classifyColumns({
      catalog: artifact.catalog,
      graph,
      sample,
      rules: columnRules(config),
      masked: new Set(maskedBy(config, artifact.catalog).keys()),
    }),
  );
  return { artifact, graph, classification, subjects: proposeSubjects(artifact.catalog, sample) };
}

async function readSample(
  source: Source,
  artifact: IntrospectArtifact,
  sink: EventSink,
  signal: AbortSignal,
): Promise<RelationalSample> {
  const snapshot = await source.openSnapshot();
  try {
    return await sampleValues(snapshot, artifact.catalog, sink, signal);
  } finally {
    await snapshot.close();
  }
}
