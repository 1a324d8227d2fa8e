import { Flags } from '@oclif/core';
import { BaseCommand, backendFlag, scaleFlag, seedFlag } from '../cli/base-command.ts';
import type { CommandOutcome } from '../cli/main.ts';
import { renderDemo } from '../cli/render-provision.ts';

export default class Demo extends BaseCommand {
  static override summary = 'Run the whole pipeline on a sample production database, with nothing to configure.';
  static override description =
    'Starts its own PostgreSQL, builds a web shop in it, and fills a staging database beside it.';
  static override flags = {
    keep: Flags.boolean({ description: 'Leave the server running to look around, until Ctrl-C.' }),
    scale: scaleFlag,
    seed: seedFlag,
    backend: backendFlag,
  };

  async run(): Promise<CommandOutcome> {
    const { flags } = await this.parse(Demo);
    let isTold = false;
    return this.carryOut(
      flags,
      async ({ config, sink, signal, mode }) => {
        const { runDemo } = await import('../pipeline/demo.ts');
        const options = {
          config,
          seed: flags.seed ?? config.seed,
          scale: flags.scale ?? config.scale,
          keep: flags.keep,
          backend: flags.backend ?? config.learn.backend,
          onReady: (result: Parameters<typeof renderDemo>[0]) => {
            // The connections are worth something only while the server runs, so they are told before the end.
            const [stream, paint] = mode.json
              ? ([process.stderr, mode.errorPaint] as const)
              : ([process.stdout, mode.outPaint] as const);
            stream.write(renderDemo(result, paint));
            isTold = true;
          },
        };
        return runDemo(options, sink, signal);
      },
      (result, paint) => (isTold ? 'The embedded server has stopped.\n' : renderDemo(result, paint)),
      // They stand before the verdict, which is the last thing to be read.
      false,
    );
  }
}
