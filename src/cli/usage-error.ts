import { Errors } from '@oclif/core';
import { nearest } from '../kernel/nearest.ts';
import { redactUrl } from '../config/redact.ts';
import { EXIT, UnderstudyError } from '../kernel/errors.ts';

interface ParseFailure {
  readonly flags?: readonly string[];
  readonly parse?: { readonly input?: { readonly flags?: Readonly<Record<string, unknown>> } };
}

/**
 * What oclif throws, as our error: anything about the command line is `CLI_USAGE`. All else is handed back as it is.
 */
export function translateOclifError(thrown: unknown): unknown {
  if (!(thrown instanceof Errors.CLIError) || thrown.oclif.exit !== EXIT.usage) return thrown;
  const { flags, parse } = thrown as ParseFailure;
  if (flags !== undefined && flags.length > 0) {
    const known = Object.keys(parse?.input?.flags ?? {}).map((name) => `--${name}`);
    const meant = nearest(flags[0].replace(/=.*$/s, ''), known);
    const shown = flags.map((flag) => redactUrl(flag)).join(', ');
    return new UnderstudyError('CLI_USAGE', `There is no flag ${shown} here; nothing was done.`, {
      hint: meant === null ? 'See the flags with --help.' : `Write ${meant} instead.`,
    });
  }
  const text = thrown.message
    .replace(/\nSee more help with --help/, '')
    .replace(/^Parsing (--\S+)\s+/, 'Parsing $1: ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
  return new UnderstudyError('CLI_USAGE', `${redactUrl(text).replace(/\.?$/, '.')} Nothing was done.`, {
    hint: 'See the usage with --help.',
  });
}
