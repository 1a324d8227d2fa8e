import { Flags } from '@oclif/core';
import { BaseCommand, backendFlag, requireUrl, seedFlag, sourceFlag } from '../cli/base-command.ts';
import type { CommandOutcome } from '../cli/main.ts';
import { renderLearn } from '../cli/render-provision.ts';

export default class Learn extends BaseCommand {
  static override summary = 'Learn a source into one model file, checked by every gate that needs source rows.';
  static override examples = ['<%= config.bin %> learn --source env:PRODUCTION --model shop.model'];
  static override flags = {
    source: sourceFlag,
    model: Flags.string({ description: 'Model file to write.', helpValue: 'FILE', required: true }),
    seed: seedFlag,
    backend: backendFlag,
  };

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(Learn);
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { runLearn } = await import('../pipeline/learn.ts');
        const options = {
          sourceUrl: requireUrl('source', flags.source, config),
          modelPath: flags.model,
          config,
          seed: flags.seed ?? config.seed,
          backend: flags.backend ?? config.learn.backend,
        };
        return runLearn(options, sink, signal);
      },
      renderLearn,
      // They stand before the verdict, which is the last thing to be read.
      false,
    );
  }
}
