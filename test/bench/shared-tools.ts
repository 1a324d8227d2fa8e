/** What the benches share: the folder of data sets and the independent judge beside the checkout, and running programs. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export const PYTHON = '/usr/bin/python3';

/** `UNDERSTUDY_SHARED`, or the folder `shared` beside the checkout. */
export function sharedPath(...names: readonly string[]): string {
  return path.join(process.env['UNDERSTUDY_SHARED'] ?? path.resolve('..', 'shared'), ...names);
}

/** Ends the bench with a reason, without failing it, where something that is no part of the project is missing. */
export function isMissing(bench: string, file: string): boolean {
  if (existsSync(file)) return false;
  console.log(JSON.stringify({ bench, skipped: `${path.basename(file)} is not there: set UNDERSTUDY_SHARED` }));
  return true;
}

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly durationMs: number;
}

/** Runs a program to its end; its standard error goes to ours. */
export async function runProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const started = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exitCode, stdout, durationMs: performance.now() - started };
}
