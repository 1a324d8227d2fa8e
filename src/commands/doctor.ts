import { BaseCommand, backendFlag, sourceFlag, targetFlag } from '../cli/base-command.ts';
import type { CommandOutcome } from '../cli/main.ts';
import { renderDoctor } from '../cli/render-doctor.ts';

export default class Doctor extends BaseCommand {
  static override summary = 'Check Node, backends, databases, rights and disk, and print what is missing.';
  static override flags = { source: sourceFlag, target: targetFlag, backend: backendFlag };

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(Doctor);
    return this.carryOut(
      flags,
      async ({ config, sink, signal }) => {
        const { runDoctor } = await import('../pipeline/doctor.ts');
        const options = {
          sourceUrl: flags.source ?? config.source.url,
          targetUrl: flags.target ?? config.target.url,
          config,
          backend: flags.backend ?? config.learn.backend,
        };
        return runDoctor(options, sink, signal);
      },
      renderDoctor,
    );
  }
}
