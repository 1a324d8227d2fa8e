import { BaseCommand, requireUrl, targetFlag } from '../../cli/base-command.ts';
import type { CommandOutcome } from '../../cli/main.ts';
import { renderRuns } from '../../cli/render-runs.ts';

export default class Runs extends BaseCommand {
  static override summary = 'List the runs of a target: published, kept for rollback, unfinished.';
  static override flags = { target: targetFlag };

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(Runs);
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { listRuns } = await import('../../pipeline/runs.ts');
        return listRuns({ targetUrl: requireUrl('target', flags.target, config), config }, sink, signal);
      },
      renderRuns,
    );
  }
}
