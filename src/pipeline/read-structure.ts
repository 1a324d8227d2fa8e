import type { Catalog, Source } from '../../connectors/connector.ts';
import { findTable, requireNames, tableSettings } from '../config/names.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import { resolveVirtualForeignKeys } from '../config/virtual-keys.ts';
import type { EventSink, StageName } from '../kernel/events.ts';
import { tableId } from '../../connectors/connector.ts';
import type { RelationGraph } from '../stages/graph/artifact.ts';
import { buildGraph } from '../stages/graph/index.ts';
import type { IntrospectArtifact } from '../stages/introspect/artifact.ts';
import { inspectSource } from '../stages/introspect/index.ts';
import type { IntrospectOptions } from '../stages/introspect/index.ts';
import { proposeSubjects } from '../stages/mask/subjects.ts';

/**
 * The catalog of a source by the configuration, whatever its findings; `requireUsable` of the stage refuses bad ones.
 * Throws `CONFIG_UNKNOWN_NAME`, `INTROSPECT_NO_TABLES`, `CONNECT_*`.
 */
export async function readStructure(
  source: Source,
  config: ResolvedConfig,
  sink: EventSink,
): Promise<IntrospectArtifact> {
  return timed('introspect', sink, () => inspectSource(source, introspectOptions(config)));
}

/** What the configuration says to the stage `introspect`; names are checked once the catalog is there. */
export function introspectOptions(config: ResolvedConfig): IntrospectOptions {
  const { schemas, include, exclude } = config.source;
  return {
    schemas,
    include,
    exclude,
    emptied: (catalog) =>
      new Set(
        [...tableSettings(config, catalog)].filter(([, { strategy }]) => strategy === 'empty').map(([table]) => table),
      ),
    virtualForeignKeys: (catalog) => {
      requireNames(config, catalog);
      return resolveVirtualForeignKeys(config, catalog);
    },
  };
}

/** The relation graph with the configured subjects, or those that column names propose. */
export function relateTables(artifact: IntrospectArtifact, config: ResolvedConfig): RelationGraph {
  const { catalog } = artifact;
  return buildGraph(catalog, {
    subjects: config.subjects.flatMap((name) => idOf(catalog, name)),
    proposedSubjects: proposeSubjects(catalog),
    virtualForeignKeys: resolveVirtualForeignKeys(config, catalog),
  });
}

function idOf(catalog: Catalog, name: string): string[] {
  const table = findTable(catalog, name);
  return table === null ? [] : [tableId(table.name)];
}

/** Runs a step between the two events of its stage. */
export async function timed<R>(stage: StageName, sink: EventSink, work: () => R | Promise<R>): Promise<R> {
  const started = performance.now();
  sink({ type: 'stage-started', stage });
  const result = await work();
  sink({ type: 'stage-finished', stage, durationMs: performance.now() - started });
  return result;
}
