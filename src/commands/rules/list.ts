import { BaseCommand } from '../../cli/base-command.ts';
import type { CommandOutcome } from '../../cli/main.ts';
import { renderRulesList } from '../../cli/render-rules.ts';

export default class RulesList extends BaseCommand {
  static override summary = 'List the rules: what they recognise and what becomes of it.';

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(RulesList);
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { listRules } = await import('../../pipeline/rules.ts');
        return listRules({ config }, sink, signal);
      },
      renderRulesList,
    );
  }
}
