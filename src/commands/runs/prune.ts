import { BaseCommand, requireUrl, targetFlag } from '../../cli/base-command.ts';
import type { CommandOutcome } from '../../cli/main.ts';
import { renderPrune } from '../../cli/render-runs.ts';

export default class RunsPrune extends BaseCommand {
  static override summary = 'Drop what dead runs left on a target.';
  static override flags = { target: targetFlag };

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(RunsPrune);
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { pruneRuns } = await import('../../pipeline/runs.ts');
        return pruneRuns({ targetUrl: requireUrl('target', flags.target, config), config }, sink, signal);
      },
      renderPrune,
    );
  }
}
