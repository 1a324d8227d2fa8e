import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { CommandOutcome } from '../../cli/main.ts';
import { renderRulesTry } from '../../cli/render-rules.ts';

export default class RulesTry extends BaseCommand {
  static override summary = 'Try the rules on a value.';
  static override args = { value: Args.string({ description: 'Value to try.', required: true }) };
  static override flags = { column: Flags.string({ description: 'Try the name of a column too.', helpValue: 'NAME' }) };

  async run(): Promise<CommandOutcome> {
    const { args, flags } = await this.parse(RulesTry);
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { tryRule } = await import('../../pipeline/rules.ts');
        return tryRule({ value: args.value, column: flags.column ?? null, config }, sink, signal);
      },
      renderRulesTry,
    );
  }
}
