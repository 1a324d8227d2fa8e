import { classifySource } from './classify-source.ts';
import type { InitResult, RunInit } from './contract.ts';
import { withSource } from './open-databases.ts';
import { proposeConfig } from './proposed-config.ts';

/** Looks at a source and writes down what a first configuration could be, with reasons. */
export const runInit: RunInit = (options, sink, signal) =>
  withSource(options.sourceUrl, options.config, signal, async (source): Promise<InitResult> => {
    const classified = await classifySource(source, options, sink, signal);
    const { artifact, graph, classification, subjects } = classified;
    return {
      schemaVersion: 1,
      verdict: 'pass',
      findings: [...artifact.findings, ...graph.findings, ...classification.findings],
      yaml: proposeConfig(classified, options.sourceUrl),
      subjects,
      columns: classification.columns,
      path: null,
    };
  });
