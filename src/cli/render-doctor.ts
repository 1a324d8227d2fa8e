import type { DoctorCheck, DoctorResult } from '../pipeline/contract.ts';
import type { Paint } from './output-mode.ts';

const MARKS = { ok: ['green', '✓'], info: ['dim', '·'], warning: ['yellow', '!'], error: ['red', '✗'] } as const;

export function renderDoctor({ checks, missingGrants }: DoctorResult, paint: Paint): string {
  const grants =
    missingGrants.length === 0
      ? ''
      : `\n${paint('bold', 'Missing rights')}\n${missingGrants.map((grant) => `  ${grant}\n`).join('')}`;
  const width = Math.max(...checks.map(({ check }) => check.length));
  return checks.map((check) => renderCheck(check, width, paint)).join('') + grants;
}

function renderCheck({ check, status, message, hint }: DoctorCheck, width: number, paint: Paint): string {
  const [style, mark] = MARKS[status];
  const next = hint === undefined ? '' : `    ${paint('cyan', '→')} ${hint}\n`;
  return `${paint(style, mark)} ${check.padEnd(width)}  ${message}\n${next}`;
}
