import { UnderstudyError } from '../kernel/errors.ts';
import type { ErrorCode } from '../kernel/errors.ts';

/** What knex and its driver throw, by SQLSTATE and errno; their texts quote statements, so they stay in `cause`. */
export function ledgerError(thrown: unknown, doing: string): UnderstudyError {
  if (thrown instanceof UnderstudyError) return thrown;
  const state = (thrown as { code?: unknown } | null)?.code;
  const [code, what, hint] = translation(typeof state === 'string' ? state : '');
  return new UnderstudyError(code, `${what} while ${doing}.`, {
    hint,
    data: typeof state === 'string' ? { sqlState: state } : {},
    cause: thrown,
  });
}

function translation(state: string): readonly [ErrorCode, string, string] {
  if (state === '3D000')
    return [
      'CONNECT_DATABASE_MISSING',
      'The target database does not exist',
      'Check the name of the database in the URL.',
    ];
  if (state === '42501')
    return [
      'TARGET_RIGHTS_MISSING',
      'The role may not write the schema "understudy"',
      'Grant it CREATE on the database, or ownership of the schema understudy.',
    ];
  if (state.startsWith('28'))
    return ['CONNECT_AUTH_FAILED', 'The server refused the log-in', 'Check user and password.'];
  if (['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH'].includes(state)) {
    return [
      'CONNECT_UNREACHABLE',
      'The server cannot be reached',
      'Check host, port and firewall, and that the server is running.',
    ];
  }
  if (state.startsWith('08') || state.startsWith('57P') || ['ECONNRESET', 'EPIPE'].includes(state)) {
    return [
      'CONNECT_LOST',
      'The connection to the server was lost',
      'Check that the server is running, then run again.',
    ];
  }
  return ['INTERNAL', 'An unexpected failure', 'Run again with UNDERSTUDY_DEBUG=1 to see the stack, and report it.'];
}
