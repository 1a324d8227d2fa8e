import { tableId } from '../../connectors/connector.ts';
import type { IntrospectResult, RunIntrospect } from './contract.ts';
import { findHiddenRules } from './hidden-rules.ts';
import { withSource } from './open-databases.ts';
import { readStructure, relateTables, timed } from './read-structure.ts';

/** Catalog and relation graph, and hidden rules where asked for, with everything that cannot be supported as findings rather than as a failure. */
export const runIntrospect: RunIntrospect = (options, sink, signal) =>
  withSource(options.sourceUrl, options.config, signal, async (source): Promise<IntrospectResult> => {
    const artifact = await readStructure(source, options.config, sink);
    const graph = await timed('graph', sink, () => relateTables(artifact, options.config));
    const rules = options.rules
      ? await findHiddenRules(source, artifact, graph, options.config, sink, signal)
      : undefined;
    const { engine, serverVersion, database, tables } = artifact.catalog;
    return {
      schemaVersion: 1,
      verdict: 'pass',
      findings: [...artifact.findings, ...graph.findings],
      engine,
      serverVersion,
      database,
      tables: tables.map((table) => ({ ...table, id: tableId(table.name) })),
      excluded: artifact.excluded,
      graph,
      ...(rules === undefined ? {} : { rules }),
    };
  });
