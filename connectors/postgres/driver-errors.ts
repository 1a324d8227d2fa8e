/**
 * The one place where what the driver throws becomes an `UnderstudyError`: by SQLSTATE and errno. The driver's text may
 * hold row values ("Key (email)=(…) already exists"), so it stays in `cause`; a message gets names and codes only.
 */
import { UnderstudyError } from '../../src/kernel/errors.ts';
import type { ErrorCode } from '../../src/kernel/errors.ts';

export interface ErrorContext {
  /** What was being done: `reading public.rental`. */
  readonly doing: string;
  /** `host:port`, or whatever names the server. */
  readonly server?: string;
  /** Code for "permission denied" (42501). */
  readonly denied?: ErrorCode;
  /** Code for values that the schema refuses (classes 22 and 23). */
  readonly rejected?: ErrorCode;
  /** Code for everything that has none of its own. */
  readonly otherwise?: ErrorCode;
}

interface DriverError {
  readonly message: string;
  readonly code?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly errors?: readonly unknown[];
}

interface Translation {
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint: string;
}

/** Any thrown thing, translated once; an `UnderstudyError` passes unchanged. */
export function translateDriverError(thrown: unknown, context: ErrorContext): UnderstudyError {
  if (thrown instanceof UnderstudyError) return thrown;
  const error = asDriverError(thrown);
  const found = translate(error, context);
  const at = context.server === undefined ? '' : ` (${context.server})`;
  return new UnderstudyError(found.code, `${found.what} while ${context.doing}${at}.`, {
    hint: found.hint,
    data: objectNames(error),
    cause: thrown,
  });
}

/** SQLSTATE of a server error or errno name of a system error, through our own errors to their cause. */
export function driverCode(thrown: unknown): string | null {
  const error = thrown instanceof UnderstudyError ? thrown.cause : thrown;
  return error instanceof Error ? (asDriverError(error).code ?? null) : null;
}

/** A standby cancelled the query because replay needed what it reads: the same query may succeed now. */
export function isRecoveryConflict(thrown: unknown): boolean {
  const error = thrown instanceof UnderstudyError ? thrown.cause : thrown;
  // 40001 on a read-only snapshot has no other cause; 40P01 is its deadlock form.
  return error instanceof Error && ['40001', '40P01'].includes(asDriverError(error).code ?? '');
}

/** The connection is gone: nothing more can be asked through it. */
export function isConnectionLoss(thrown: unknown): boolean {
  return translateDriverError(thrown, { doing: 'working' }).code === 'CONNECT_LOST';
}

function asDriverError(thrown: unknown): DriverError {
  if (!(thrown instanceof Error)) return { message: '' };
  const error = thrown as Error & DriverError;
  // A host with several addresses fails with one error for each.
  if (error.code === undefined && Array.isArray(error.errors) && error.errors[0] instanceof Error) {
    return asDriverError(error.errors[0]);
  }
  return error;
}

/** Names that the server attaches to an error; never its texts. */
function objectNames(error: DriverError): Record<string, unknown> {
  const names = {
    serverCode: error.code,
    schema: error.schema,
    table: error.table,
    column: error.column,
    constraint: error.constraint,
  };
  return Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined));
}

const LOST: Translation = {
  code: 'CONNECT_LOST',
  what: 'The connection to the server was lost',
  hint: 'Check that the server is running, then run again.',
};
const UNREACHABLE: Translation = {
  code: 'CONNECT_UNREACHABLE',
  what: 'The server cannot be reached',
  hint: 'Check host, port and firewall, and that the server is running.',
};
const AUTH: Translation = {
  code: 'CONNECT_AUTH_FAILED',
  what: 'The server refused the log-in',
  hint: 'Check user, password and pg_hba.conf.',
};
const TIMEOUT: Translation = {
  code: 'CONNECT_TIMEOUT',
  what: 'The server did not answer in time',
  hint: 'Run again at a quieter time, or raise source.statementTimeoutMs.',
};
const DISK: Translation = {
  code: 'TARGET_TOO_SMALL',
  what: 'The disk of the server is full',
  hint: 'Free disk space on the server, or lower --scale.',
};

/** By exact SQLSTATE or errno. */
const BY_CODE: Readonly<Record<string, Translation>> = {
  ECONNREFUSED: UNREACHABLE,
  ENOTFOUND: UNREACHABLE,
  EAI_AGAIN: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENOENT: UNREACHABLE,
  EACCES: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  ECONNRESET: LOST,
  EPIPE: LOST,
  ERR_STREAM_PREMATURE_CLOSE: LOST,
  '57P01': LOST,
  '57P02': LOST,
  '57P05': LOST,
  '25P03': LOST,
  '25P04': LOST,
  '57P03': { ...UNREACHABLE, what: 'The server is starting up, shutting down or not accepting connections' },
  '53300': {
    ...UNREACHABLE,
    what: 'The server has no free connection',
    hint: 'Free a connection on the server, or raise the connection limit of the role.',
  },
  '3D000': {
    code: 'CONNECT_DATABASE_MISSING',
    what: 'The database does not exist',
    hint: 'Check the name of the database in the URL.',
  },
  '57014': TIMEOUT,
  '55P03': { ...TIMEOUT, what: 'A lock could not be had in time' },
  '40001': {
    ...TIMEOUT,
    what: 'The server cancelled the query',
    hint: 'Run again; on a standby, raise max_standby_streaming_delay.',
  },
  '40P01': { ...TIMEOUT, what: 'The server cancelled the query in a deadlock', hint: 'Run again.' },
  '53100': DISK,
  ENOSPC: DISK,
};

function translate(error: DriverError, context: ErrorContext): Translation {
  const code = error.code ?? '';
  if (BY_CODE[code] !== undefined) return BY_CODE[code];
  if (code.startsWith('08')) return LOST;
  if (code.startsWith('28')) return AUTH;
  if (code.startsWith('ERR_TLS') || /CERT|_SIGNATURE/.test(code)) {
    return {
      ...UNREACHABLE,
      what: `The certificate of the server was not accepted (${code})`,
      hint: 'Check sslmode and sslrootcert.',
    };
  }
  if (code === '42501') return denied(error, context);
  if (/^2[23]/.test(code)) return rejected(error, context);
  if (code === '') return uncoded(error, context);
  return {
    code: context.otherwise ?? 'CONNECT_QUERY_FAILED',
    what: `The server reported error ${code}`,
    hint: "Run again with UNDERSTUDY_DEBUG=1 to see the server's words.",
  };
}

function denied(error: DriverError, context: ErrorContext): Translation {
  // The server has one SQLSTATE for both; the words differ, in English and (by "row_security") in most translations.
  if (/row-level security|row_security/.test(error.message)) {
    return {
      code: 'INTROSPECT_ROW_SECURITY',
      what: `Row security${named(error)} would hide rows from this role`,
      hint: 'Use a role with BYPASSRLS, or the owner of the table.',
    };
  }
  return {
    code: context.denied ?? 'CONNECT_QUERY_FAILED',
    what: `The role lacks a right${named(error)}`,
    hint: 'Run understudy doctor to see the GRANTs that are missing.',
  };
}

function rejected(error: DriverError, context: ErrorContext): Translation {
  return {
    code: context.rejected ?? context.otherwise ?? 'CONNECT_QUERY_FAILED',
    what: `The server rejected a value (SQLSTATE ${error.code})${named(error)}`,
    hint: "Run again with UNDERSTUDY_DEBUG=1 to see the server's words.",
  };
}

/** What the driver throws without a code; its texts are constants of `pg`. */
function uncoded(error: DriverError, context: ErrorContext): Translation {
  if (/timeout expired/.test(error.message))
    return { ...UNREACHABLE, what: 'The server did not answer within the connect timeout' };
  if (/^SASL|password must be a string/.test(error.message))
    return { ...AUTH, what: 'The server asks for a password, and the one given does not fit or is missing' };
  if (/SSL connection/.test(error.message))
    return {
      ...UNREACHABLE,
      what: 'The server offers no encryption, and sslmode asks for it',
      hint: 'Use sslmode=prefer, or enable TLS on the server.',
    };
  if (/terminated|not queryable|was closed|connection error|Premature close/i.test(error.message)) return LOST;
  return {
    code: context.otherwise ?? 'INTERNAL',
    what: 'An unexpected failure',
    hint: 'Run again with UNDERSTUDY_DEBUG=1 to see the stack, and report it.',
  };
}

function named(error: DriverError): string {
  const table = error.table === undefined ? '' : ` on ${error.schema ?? ''}.${error.table}`;
  return error.constraint === undefined ? table : `${table} (constraint ${error.constraint})`;
}
