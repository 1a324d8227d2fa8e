import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { builtFile } from './build.ts';

export interface BinaryRun {
  readonly stdout: string;
  readonly stderr: string;
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface BinaryOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the running process, to send it signals. */
  readonly during?: (child: ChildProcess) => void;
}

/** Runs the built `understudy` as a user would in a pipe. */
export async function runBinary(args: readonly string[], options: BinaryOptions = {}): Promise<BinaryRun> {
  return runNode([builtFile('src/bin/understudy.js'), ...args], options);
}

export async function runNode(args: readonly string[], options: BinaryOptions = {}): Promise<BinaryRun> {
  // What the surrounding shell sets must not decide what is tested.
  const { NO_COLOR: _, FORCE_COLOR: __, UNDERSTUDY_DEBUG: ___, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: options.cwd,
    env: { ...env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  options.during?.(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve({ stdout, stderr, exitCode, signal }));
  });
}
