import type { UnderstudyError } from '../kernel/errors.ts';
import type { Finding, Severity } from '../kernel/findings.ts';
import { findingsOf } from './outcome.ts';
import type { Paint, Style } from './output-mode.ts';

const STYLES: Readonly<Record<Severity, Style>> = { error: 'red', warning: 'yellow', info: 'dim' };

/** All findings, errors first; '' for none. */
export function renderFindings(findings: readonly Finding[], paint: Paint): string {
  if (findings.length === 0) return '';
  const order: readonly Severity[] = ['error', 'warning', 'info'];
  const sorted = findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  return `${paint('bold', 'Findings')}\n${sorted.map((found) => renderFinding(found, paint)).join('')}`;
}

function renderFinding({ severity, code, object, message, hint }: Finding, paint: Paint): string {
  const about = object === '' || message.includes(object) ? '' : `${object}: `;
  const next = hint === undefined ? '' : `    ${paint('cyan', '→')} ${hint}\n`;
  return `  ${paint(STYLES[severity], severity)} ${paint('dim', code)} ${about}${message.replaceAll('\n', '\n    ')}\n${next}`;
}

/**
 * An error as people read it: its code, what was found and what follows, what to do. With `debug` also where it came
 * from: names and places of the causes, never their messages, which may quote rows.
 */
export function renderError(error: UnderstudyError, paint: Paint, debug: boolean): string {
  const lines = [`${paint('red', `error ${error.code}`)} ${error.message.replaceAll('\n', '\n  ')}`];
  if (error.hint !== undefined) lines.push(`  ${paint('cyan', '→')} ${error.hint}`);
  // The findings that the error already tells need no second telling.
  const others = findingsOf(error).filter(
    (found) => found.severity !== 'info' && !error.message.includes(found.message),
  );
  for (const found of others) lines.push(renderFinding(found, paint).trimEnd());
  if (debug) lines.push(...traces(error).map((trace) => paint('dim', trace)));
  return `${lines.join('\n')}\n`;
}

function traces(error: unknown): string[] {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const frames = (cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    lines.push(`  ${cause.name}`, ...frames);
  }
  return lines;
}
