import { UnderstudyError } from '../kernel/errors.ts';
import { removeWorkspacesSync } from '../kernel/workspace.ts';

export interface Interruption {
  readonly signal: AbortSignal;
  /** The error that an interrupted run ends with; null while nothing interrupted it. */
  error(): UnderstudyError | null;
  stop(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Name = (typeof SIGNALS)[number];

/**
 * The first signal asks the run to clean up and end; the second one ends the process as if nobody listened, after
 * the private files are removed.
 */
export function watchSignals(tell: (message: string) => void): Interruption {
  const controller = new AbortController();
  let error: UnderstudyError | null = null;
  const listen = (name: Name): void => {
    if (error !== null) {
      stop();
      removeWorkspacesSync();
      process.kill(process.pid, name);
      return;
    }
    error = interrupted(name);
    tell('Stopping and cleaning up; once more to stop at once.');
    controller.abort(error);
  };
  const stop = (): void => {
    for (const name of SIGNALS) process.off(name, listen);
  };
  for (const name of SIGNALS) process.on(name, listen);
  return { signal: controller.signal, error: () => error, stop };
}

function interrupted(name: Name): UnderstudyError {
  const code = name === 'SIGINT' ? 'CLI_INTERRUPTED' : 'CLI_TERMINATED';
  return new UnderstudyError(code, `The run was stopped by ${name} before it ended; what it had begun was removed.`, {
    hint: 'Run the command again.',
  });
}
