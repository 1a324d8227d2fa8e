import { existsSync } from 'node:fs';
import { Command, Errors, Flags } from '@oclif/core';
import { carriesPassword } from '../config/redact.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import { UnderstudyError } from '../kernel/errors.ts';
import type { EventSink } from '../kernel/events.ts';
import { finding } from '../kernel/findings.ts';
import type { Finding } from '../kernel/findings.ts';
import type { Result } from '../pipeline/contract.ts';
import { watchSignals } from './interruption.ts';
import type { CommandOutcome } from './main.ts';
import { exitCodeOf } from './outcome.ts';
import { LOG_LEVELS, outputMode } from './output-mode.ts';
import type { OutputMode, Paint } from './output-mode.ts';
import { createProgress } from './progress.ts';
import { renderFindings } from './render-findings.ts';

const DEFAULT_CONFIG = 'understudy.yaml';

/** What a command hands to its pipeline function. */
export interface CommandContext {
  readonly config: ResolvedConfig;
  readonly sink: EventSink;
  readonly signal: AbortSignal;
  readonly mode: OutputMode;
}

interface CommonFlags {
  readonly config?: string | undefined;
  readonly source?: string | undefined;
  readonly target?: string | undefined;
}

/** What all commands share: flags, configuration, progress, interruption, and the two forms of output. */
export abstract class BaseCommand extends Command {
  static override baseFlags = {
    json: Flags.boolean({
      description: 'Print one JSON object and nothing else on standard output.',
      helpGroup: 'GLOBAL',
    }),
    config: Flags.string({
      char: 'c',
      description: `Configuration file (default: ${DEFAULT_CONFIG}, if it is there).`,
      helpValue: 'FILE',
      helpGroup: 'GLOBAL',
    }),
    verbose: Flags.boolean({ char: 'v', description: 'Print a line for every stage.', helpGroup: 'GLOBAL' }),
    color: Flags.boolean({
      allowNo: true,
      default: true,
      description: 'Use colors on a terminal (also off with NO_COLOR).',
      helpGroup: 'GLOBAL',
    }),
    'log-level': Flags.option({
      options: LOG_LEVELS,
      description: 'Least important message that is shown.',
      helpGroup: 'GLOBAL',
    })(),
  };

  abstract override run(): Promise<CommandOutcome>;

  /** Errors are reported once, by `runCli`. */
  override async catch(error: Error): Promise<never> {
    throw error;
  }

  /** Calls the pipeline function, writes its result in the form asked for, and returns the exit code. */
  protected async carryOut<R extends Result>(
    flags: CommonFlags,
    work: (context: CommandContext) => Promise<R>,
    render: (result: R, paint: Paint) => string,
    showsFindings = true,
  ): Promise<CommandOutcome> {
    const mode = outputMode(this.argv, process.env, process.stdout, process.stderr);
    const tell = (text: string): void => void process.stderr.write(text);
    const progress = createProgress(mode, tell, () => process.stderr.columns ?? 80);
    const warnings = passwordFindings(flags);
    for (const { message, hint } of warnings)
      progress.sink({ type: 'note', level: 'warning', message: `${message} ${hint}` });
    const interruption = watchSignals((message) => progress.sink({ type: 'note', level: 'warning', message }));
    try {
      const { loadConfig } = await import('../config/load.ts');
      const config = loadConfig(flags.config ?? (existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : null), process.env);
      const result = await work({ config, sink: progress.sink, signal: interruption.signal, mode });
      progress.stop();
      this.present({ ...result, findings: [...warnings, ...result.findings] }, mode, render, showsFindings);
      return { exitCode: exitCodeOf(result) };
    } catch (error) {
      progress.stop();
      throw interruption.error() ?? error;
    } finally {
      interruption.stop();
    }
  }

  /** Writes a result to standard output. */
  private present<R extends Result>(
    result: R,
    mode: OutputMode,
    render: (result: R, paint: Paint) => string,
    showsFindings: boolean,
  ): void {
    if (mode.json) {
      process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
      return;
    }
    const findings = showsFindings ? renderFindings(result.findings, mode.outPaint) : '';
    process.stdout.write(render(result, mode.outPaint) + findings);
    if (result.error === undefined) return;
    const { code, message, hint } = result.error;
    const next = hint === undefined ? '' : `\n  ${mode.errorPaint('cyan', '→')} ${hint}`;
    process.stderr.write(`${mode.errorPaint('red', `error ${code}`)} ${message}${next}\n`);
  }
}

/** The URL of a flag or of the configuration. Throws `CLI_USAGE` if neither names one. */
export function requireUrl(side: 'source' | 'target', flag: string | undefined, config: ResolvedConfig): string {
  const url = flag ?? config[side].url;
  if (url !== undefined) return url;
  throw new UnderstudyError('CLI_USAGE', `No ${side} database is named; nothing was done.`, {
    hint: `Give --${side} URL, or set ${side}.url in ${DEFAULT_CONFIG}.`,
  });
}

export const sourceFlag = Flags.string({
  description: 'Production database: a URL, env:NAME or service=NAME. Opened read-only.',
  helpValue: 'URL',
});

export const targetFlag = Flags.string({
  description: 'Staging database: a URL, env:NAME or service=NAME.',
  helpValue: 'URL',
});

export const seedFlag = Flags.integer({
  description: 'Same model, same seed, same rows (default 0).',
  min: 0,
  helpValue: 'N',
});

export const scaleFlag = Flags.custom<number>({
  description: 'Multiplies subjects and entities (default 1).',
  helpValue: 'S',
  parse: async (text) => {
    const scale = Number(text);
    if (text.trim() !== '' && Number.isFinite(scale) && scale > 0) return scale;
    throw new Errors.CLIError('Expected a number above 0, such as 0.1');
  },
})();

export const backendFlag = Flags.option({
  options: ['auto', 'cpu', 'webgpu', 'tfjs-node-gpu'] as const,
  description: 'Where to compute; anything but auto is strict.',
})();

/** A password among the arguments is seen by everyone on the machine, and stays in the shell's history. */
function passwordFindings(flags: CommonFlags): Finding[] {
  return (['source', 'target'] as const)
    .filter((side) => flags[side] !== undefined && carriesPassword(flags[side]))
    .map((side) =>
      finding(
        'warning',
        'CLI_PASSWORD_IN_ARGUMENTS',
        `--${side}`,
        `The password in --${side} can be read by every user of this machine and stays in the shell's history.`,
        `Put the URL into a variable and write --${side} env:NAME, or use ~/.pgpass.`,
      ),
    );
}
