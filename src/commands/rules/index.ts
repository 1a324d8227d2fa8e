import { BaseCommand } from '../../cli/base-command.ts';
import type { CommandOutcome } from '../../cli/main.ts';
import { UnderstudyError } from '../../kernel/errors.ts';

/** Only there so that a mistyped subcommand is an error and not a page of help. */
export default class Rules extends BaseCommand {
  static override summary = 'Show, check and try the rule packs.';

  async run(): Promise<CommandOutcome> {
    await this.parse(Rules);
    throw new UnderstudyError('CLI_USAGE', '`understudy rules` needs to know what to do.', {
      hint: 'Write `understudy rules list`, `understudy rules check` or `understudy rules try`.',
    });
  }
}
