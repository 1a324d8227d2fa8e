import { Flags } from '@oclif/core';
import { BaseCommand, requireUrl, sourceFlag } from '../cli/base-command.ts';
import type { CommandOutcome } from '../cli/main.ts';
import { GRAPH_FORMATS, renderGraph } from '../cli/render-graph.ts';

export default class Introspect extends BaseCommand {
  static override summary =
    'Show catalog and relation graph: roles, subjects, cycles, load order, what cannot be supported.';
  static override examples = [
    '<%= config.bin %> introspect --source env:PRODUCTION --format mermaid',
    '<%= config.bin %> introspect --source env:PRODUCTION --rules',
  ];
  static override flags = {
    source: sourceFlag,
    rules: Flags.boolean({
      description: 'Read a sample of rows, too, and show the rules that hold in it without the schema saying so.',
    }),
    format: Flags.option({ options: GRAPH_FORMATS, description: 'How to show it (default text).' })(),
  };

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(Introspect);
    const format = flags.format ?? 'text';
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { runIntrospect } = await import('../pipeline/introspect.ts');
        const sourceUrl = requireUrl('source', flags.source, config);
        return runIntrospect({ sourceUrl, rules: flags.rules, config }, sink, signal);
      },
      (result, paint) => renderGraph(result, format, paint),
      // What programs read must not have findings for people behind it.
      format === 'text',
    );
  }
}
