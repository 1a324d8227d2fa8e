import { Flags } from '@oclif/core';
import {
  BaseCommand,
  backendFlag,
  requireUrl,
  scaleFlag,
  seedFlag,
  sourceFlag,
  targetFlag,
} from '../cli/base-command.ts';
import type { CommandOutcome } from '../cli/main.ts';
import { renderProvision } from '../cli/render-provision.ts';

export default class Provision extends BaseCommand {
  static override summary = 'Fill a staging database with synthetic rows, once every gate has passed.';
  static override description =
    'Learns the source (or takes a model file), builds the whole schema beside the target, fills it, checks it, and swaps it in.';
  static override examples = [
    '<%= config.bin %> provision --source env:PRODUCTION --target env:STAGING',
    '<%= config.bin %> provision --model shop.model --target env:STAGING --scale 0.1 --dry-run',
  ];
  static override flags = {
    source: sourceFlag,
    target: targetFlag,
    model: Flags.string({ description: 'Model file, instead of a source.', helpValue: 'FILE', exclusive: ['source'] }),
    'allow-expired-model': Flags.boolean({
      description: 'Take a model file that has expired; the report says so.',
      dependsOn: ['model'],
    }),
    scale: scaleFlag,
    seed: seedFlag,
    mode: Flags.option({
      options: ['swap', 'in-place'] as const,
      description: 'Build a database beside and rename, or shadow schemas in the same database.',
    })(),
    'as-of': Flags.string({
      description:
        'Move what the rows record up to this time, by whole weeks (as learn.time: shift-to-now does to the time of the run).',
      helpValue: 'TIME',
    }),
    'dry-run': Flags.boolean({ description: 'Do everything up to the rehearsal, write nothing, print the plan.' }),
    yes: Flags.boolean({
      description: 'Permit replacing a target that Understudy did not make and that target.allow matches.',
    }),
    backend: backendFlag,
    'batch-rows': Flags.integer({
      description: 'Rows per block; has no influence on the rows.',
      min: 1,
      helpValue: 'N',
    }),
  };

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(Provision);
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { runProvision } = await import('../pipeline/provision.ts');
        const from =
          flags.model === undefined
            ? { sourceUrl: requireUrl('source', flags.source, config) }
            : { modelPath: flags.model };
        const options = {
          ...from,
          targetUrl: requireUrl('target', flags.target, config),
          config,
          seed: flags.seed ?? config.seed,
          scale: flags.scale ?? config.scale,
          mode: flags.mode ?? config.target.mode,
          asOf: flags['as-of'],
          dryRun: flags['dry-run'],
          yes: flags.yes,
          allowExpiredModel: flags['allow-expired-model'],
          backend: flags.backend ?? config.learn.backend,
          batchRows: flags['batch-rows'],
        };
        return runProvision(options, sink, signal);
      },
      renderProvision,
      // They stand before the verdict, which is the last thing to be read.
      false,
    );
  }
}
