/**
 * From what the user wrote to a connector. A driver is imported when its engine is asked for, not before.
 */
import { UnderstudyError } from '../src/kernel/errors.ts';
import type { Engine, Source, SourceLimits, Target, TargetOptions } from './connector.ts';

/** Opens the production database, which can only be read. Throws `CONNECT_*`, `INTROSPECT_VERSION_UNSUPPORTED`. */
export async function openSource(url: string, limits: SourceLimits): Promise<Source> {
  const resolved = resolveUrl(url);
  supportedEngine(resolved);
  const { openPostgresSource } = await import('./postgres/source.ts');
  return openPostgresSource(resolved, limits);
}

/** Opens the staging database, which may not exist yet. Throws `CONNECT_*`. */
export async function openTarget(url: string, options: TargetOptions = {}): Promise<Target> {
  const resolved = resolveUrl(url);
  supportedEngine(resolved);
  const { openPostgresTarget } = await import('./postgres/target.ts');
  return openPostgresTarget(resolved, options);
}

/** Follows `env:NAME` to the URL that the variable holds. Throws `CONFIG_MISSING_ENV`, `CONNECT_URL_INVALID`. */
export function resolveUrl(url: string, env: Readonly<Record<string, string | undefined>> = process.env): string {
  const text = url.trim();
  if (text === '') {
    throw new UnderstudyError('CONNECT_URL_INVALID', 'The connection URL is empty.', {
      hint: 'Write postgres://user@host:5432/database, service=NAME, or env:NAME.',
    });
  }
  if (!text.startsWith('env:')) return text;
  const name = text.slice('env:'.length);
  const value = env[name]?.trim();
  if (value === undefined || value === '') {
    throw new UnderstudyError(
      'CONFIG_MISSING_ENV',
      `The connection is to come from the variable ${name}, which is not set.`,
      {
        hint: `Set ${name} to a URL such as postgres://user@host:5432/database.`,
      },
    );
  }
  return value;
}

/** What may be printed: the text as the user wrote it, with every password replaced by `***`. */
export function showUrl(url: string): string {
  return url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/?#]*):.*@/i, '$1:***@') // greedy: an unescaped @ in a password is covered too
    .replace(/([?&\s]|^)((?:ssl)?password)=('(?:[^'\\]|\\.)*'|[^&\s#]*)/gi, '$1$2=***');
}

/** Whether the text carries a password: such a one given as an argument is seen by every user of the machine. */
export function hasPassword(url: string): boolean {
  return showUrl(url) !== url;
}

/** By the scheme; what has none is a keyword string of libpq. Throws `CONNECT_ENGINE_UNSUPPORTED`, `CONNECT_URL_INVALID`. */
function supportedEngine(url: string): Engine {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1].toLowerCase();
  if (scheme === undefined || scheme === 'postgres' || scheme === 'postgresql') return 'postgresql';
  if (scheme === 'mysql' || scheme === 'mariadb') {
    throw new UnderstudyError(
      'CONNECT_ENGINE_UNSUPPORTED',
      'The URL names a MySQL or MariaDB server, which this version does not connect to.',
      {
        hint: 'Use a postgres:// URL.',
      },
    );
  }
  throw new UnderstudyError(
    'CONNECT_URL_INVALID',
    `The scheme ${scheme}:// belongs to no database that Understudy knows.`,
    {
      hint: 'Write postgres://user@host:5432/database, service=NAME, or env:NAME.',
    },
  );
}
