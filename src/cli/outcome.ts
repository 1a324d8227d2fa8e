import { EXIT, toUnderstudyError } from '../kernel/errors.ts';
import type { UnderstudyError } from '../kernel/errors.ts';
import type { Finding } from '../kernel/findings.ts';
import type { Result, ResultError, Verdict } from '../pipeline/contract.ts';

/** The process' exit code for a result. */
export function exitCodeOf(result: Result): number {
  if (result.error !== undefined) return result.error.exitCode;
  return { pass: EXIT.ok, fail: EXIT.gateFailed, refused: EXIT.refused, error: EXIT.internal }[result.verdict];
}

/** What `--json` prints of a failure. */
export function failureResult(thrown: unknown): Result & { readonly error: ResultError } {
  const error = toUnderstudyError(thrown);
  const { code, message, hint, exitCode } = error;
  return {
    schemaVersion: 1,
    verdict: verdictOf(exitCode),
    findings: findingsOf(error),
    error: { code, message, ...(hint === undefined ? {} : { hint }), exitCode },
  };
}

function verdictOf(exitCode: number): Verdict {
  if (exitCode === EXIT.gateFailed) return 'fail';
  return exitCode === EXIT.refused ? 'refused' : 'error';
}

/** Findings that an error carries along. */
export function findingsOf(error: UnderstudyError): readonly Finding[] {
  const findings = error.data['findings'];
  return Array.isArray(findings) ? (findings as readonly Finding[]) : [];
}
