import { Flags } from '@oclif/core';
import { BaseCommand, requireUrl, sourceFlag } from '../../cli/base-command.ts';
import type { CommandOutcome } from '../../cli/main.ts';
import { renderRulesCheck } from '../../cli/render-rules.ts';

export default class RulesCheck extends BaseCommand {
  static override summary = 'Show what each column of a source gets, and why.';
  static override flags = {
    source: sourceFlag,
    values: Flags.boolean({
      allowNo: true,
      default: true,
      description: 'Classify by sampled values too, not by names alone.',
    }),
  };

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(RulesCheck);
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { checkRules } = await import('../../pipeline/rules.ts');
        return checkRules(
          { sourceUrl: requireUrl('source', flags.source, config), sampleValues: flags.values, config },
          sink,
          signal,
        );
      },
      renderRulesCheck,
    );
  }
}
