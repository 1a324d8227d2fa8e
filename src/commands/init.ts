import { Flags } from '@oclif/core';
import { BaseCommand, requireUrl, sourceFlag } from '../cli/base-command.ts';
import type { CommandOutcome } from '../cli/main.ts';
import { renderInit } from '../cli/render-rules.ts';
import { refuseExisting, writeNewFile } from '../cli/output-file.ts';

export default class Init extends BaseCommand {
  static override summary = 'Write a commented understudy.yaml for a source.';
  static override description =
    'Introspects the source, classifies its columns, and proposes subjects, strategies and rules with reasons.';
  static override examples = ['<%= config.bin %> init --source env:PRODUCTION'];
  static override flags = {
    source: sourceFlag,
    output: Flags.string({
      char: 'o',
      description: 'File to write, or - for standard output.',
      helpValue: 'FILE',
      default: 'understudy.yaml',
    }),
    force: Flags.boolean({ description: 'Replace the file if it exists.' }),
    values: Flags.boolean({
      allowNo: true,
      default: true,
      description: 'Classify by sampled values too, not by names alone.',
    }),
  };

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(Init);
    const path = flags.output === '-' ? null : flags.output;
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        if (path !== null && !flags.force) refuseExisting(path);
        const { runInit } = await import('../pipeline/init.ts');
        const result = await runInit(
          { sourceUrl: requireUrl('source', flags.source, config), sampleValues: flags.values, config },
          sink,
          signal,
        );
        if (path !== null) writeNewFile(path, result.yaml, flags.force);
        return { ...result, path };
      },
      renderInit,
    );
  }
}
