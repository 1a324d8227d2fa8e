import { Args } from '@oclif/core';
import { BaseCommand, targetFlag } from '../cli/base-command.ts';
import type { CommandOutcome } from '../cli/main.ts';

export default class Report extends BaseCommand {
  static override summary = 'Write the report of a run again and print where it is.';
  static override args = { run: Args.string({ description: 'Run id, or latest.', default: 'latest' }) };
  static override flags = { target: targetFlag };

  async run(): Promise<CommandOutcome> {
    const { args, flags } = await this.parse(Report);
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { readReport } = await import('../pipeline/report.ts');
        return readReport(
          { run: args.run, config, targetUrl: flags.target ?? config.target.url ?? null },
          sink,
          signal,
        );
      },
      (result) => `${result.reportPath}\n`,
    );
  }
}
