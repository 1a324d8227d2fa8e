import { fileURLToPath } from 'node:url';
import { run, settings } from '@oclif/core';
import { toUnderstudyError } from '../kernel/errors.ts';
import { failureResult } from './outcome.ts';
import { outputMode } from './output-mode.ts';
import type { OutputMode } from './output-mode.ts';
import { renderError } from './render-findings.ts';
import { translateOclifError } from './usage-error.ts';

/** What a command of ours hands back to `runCli`: its output is written already. */
export interface CommandOutcome {
  readonly exitCode: number;
}

/** Runs one command line and returns the exit code once everything is written. */
export async function runCli(argv: readonly string[]): Promise<number> {
  // The commands are built files; oclif must not look for TypeScript sources beside them.
  settings.enableAutoTranspile = false;
  const mode = outputMode(argv, process.env, process.stdout, process.stderr);
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  let exitCode = 0;
  try {
    const outcome: unknown = await run(spellHelp(argv), { root });
    if (isOutcome(outcome)) exitCode = outcome.exitCode;
  } catch (thrown) {
    exitCode = reportFailure(translateOclifError(thrown), mode);
  }
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  return exitCode;
}

function reportFailure(thrown: unknown, mode: OutputMode): number {
  const error = toUnderstudyError(thrown);
  if (mode.json) process.stdout.write(`${JSON.stringify(failureResult(error), null, 2)}\n`);
  process.stderr.write(renderError(error, mode.errorPaint, mode.logLevel === 'debug'));
  return error.exitCode;
}

/** `understudy help provision` means `understudy provision --help`. */
function spellHelp(argv: readonly string[]): string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
}

function isOutcome(value: unknown): value is CommandOutcome {
  return typeof value === 'object' && value !== null && typeof (value as CommandOutcome).exitCode === 'number';
}

/** A pipe takes what is written to it later; a process that ends before that loses the rest. */
async function drained(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed || !stream.writable) return;
  await new Promise<void>((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
