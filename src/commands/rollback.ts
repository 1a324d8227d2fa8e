import { Flags } from '@oclif/core';
import { BaseCommand, requireUrl, targetFlag } from '../cli/base-command.ts';
import type { CommandOutcome } from '../cli/main.ts';
import { renderRollback } from '../cli/render-runs.ts';

export default class Rollback extends BaseCommand {
  static override summary = 'Bring back the previous target.';
  static override examples = ['<%= config.bin %> rollback --target env:STAGING'];
  static override flags = {
    target: targetFlag,
    to: Flags.string({ description: 'Run to go back to (default: the one before).', helpValue: 'RUN' }),
    mode: Flags.option({
      options: ['swap', 'in-place'] as const,
      description: 'How the run was published, if it cannot be told.',
    })(),
  };

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(Rollback);
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { runRollback } = await import('../pipeline/rollback.ts');
        const targetUrl = requireUrl('target', flags.target, config);
        return runRollback({ targetUrl, runId: flags.to ?? null, mode: flags.mode ?? null, config }, sink, signal);
      },
      renderRollback,
    );
  }
}
