import { BaseCommand, requireUrl, sourceFlag, targetFlag } from '../cli/base-command.ts';
import type { CommandOutcome } from '../cli/main.ts';
import { renderScan } from '../cli/render-provision.ts';

export default class Scan extends BaseCommand {
  static override summary = 'Measure privacy, fidelity and integrity of any two databases, whoever filled the second.';
  static override examples = ['<%= config.bin %> scan --source env:PRODUCTION --target env:STAGING --json'];
  static override flags = { source: sourceFlag, target: targetFlag };

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(Scan);
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { runScan } = await import('../pipeline/scan.ts');
        const sourceUrl = requireUrl('source', flags.source, config);
        return runScan({ sourceUrl, targetUrl: requireUrl('target', flags.target, config), config }, sink, signal);
      },
      renderScan,
      // They stand before the verdict, which is the last thing to be read.
      false,
    );
  }
}
