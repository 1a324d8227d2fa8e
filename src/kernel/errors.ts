/**
 * The one error class, and the one table of codes.
 *
 * A message says what was found and what follows from it; a hint is one imperative action. Row values never
 * enter either: anything from a driver that may carry them belongs in `cause`, which is kept non-enumerable so
 * that no logger prints it.
 */

/** Exit codes by meaning; see README for the public list. */
export const EXIT = {
  ok: 0,
  gateFailed: 2,
  usage: 64,
  unsupportedInput: 65,
  unavailable: 69,
  internal: 70,
  io: 74,
  retry: 75,
  refused: 77,
  interrupted: 130,
  terminated: 143,
} as const;

/** Every code that Understudy can raise, with its exit code. Prefix = the room that raises it. */
export const ERROR_CODES = {
  CLI_USAGE: EXIT.usage,
  CLI_UNKNOWN_COMMAND: EXIT.usage,
  CLI_INTERRUPTED: EXIT.interrupted,
  CLI_TERMINATED: EXIT.terminated,
  CONFIG_INVALID: EXIT.usage,
  CONFIG_UNKNOWN_KEY: EXIT.usage,
  CONFIG_UNSUPPORTED: EXIT.unsupportedInput,
  CONFIG_UNKNOWN_NAME: EXIT.usage,
  CONFIG_UNREADABLE: EXIT.usage,
  CONFIG_MISSING_ENV: EXIT.usage,
  CONNECT_URL_INVALID: EXIT.usage,
  CONNECT_ENGINE_UNSUPPORTED: EXIT.unsupportedInput,
  CONNECT_UNREACHABLE: EXIT.unavailable,
  CONNECT_AUTH_FAILED: EXIT.refused,
  CONNECT_DATABASE_MISSING: EXIT.unavailable,
  CONNECT_LOST: EXIT.unavailable,
  CONNECT_TIMEOUT: EXIT.retry,
  CONNECT_QUERY_FAILED: EXIT.internal,
  INTROSPECT_NO_TABLES: EXIT.unsupportedInput,
  INTROSPECT_NO_SELECT: EXIT.refused,
  INTROSPECT_ROW_SECURITY: EXIT.refused,
  INTROSPECT_UNSUPPORTED: EXIT.unsupportedInput,
  INTROSPECT_VERSION_UNSUPPORTED: EXIT.unsupportedInput,
  GRAPH_NO_SUBJECT: EXIT.usage,
  PROFILE_READ_FAILED: EXIT.unavailable,
  LEARN_FAILED: EXIT.internal,
  LEARN_UNSUPPORTED: EXIT.unsupportedInput,
  MODEL_FILE_INVALID: EXIT.unsupportedInput,
  MODEL_FILE_VERSION: EXIT.unsupportedInput,
  MODEL_EXPIRED: EXIT.refused,
  MODEL_SCHEMA_MISMATCH: EXIT.unsupportedInput,
  GENERATE_CAPACITY: EXIT.unsupportedInput,
  GENERATE_UNSATISFIABLE: EXIT.unsupportedInput,
  MASK_UNTREATED_COLUMN: EXIT.refused,
  MASK_RULE_INVALID: EXIT.usage,
  MASK_KEY_MISSING: EXIT.usage,
  MASK_PSEUDONYM_DOMAIN: EXIT.refused,
  MASK_SUBSET: EXIT.usage,
  SCAN_FAILED: EXIT.internal,
  GATE_FAILED: EXIT.gateFailed,
  LOAD_CONSTRAINT_REJECTED: EXIT.unsupportedInput,
  LOAD_FAILED: EXIT.internal,
  LOAD_SCHEMA_DIFFERS: EXIT.unsupportedInput,
  PUBLISH_BUSY: EXIT.retry,
  PUBLISH_FAILED: EXIT.internal,
  PUBLISH_NOTHING_TO_ROLL_BACK: EXIT.unsupportedInput,
  TARGET_IS_SOURCE: EXIT.refused,
  TARGET_NOT_ALLOWED: EXIT.refused,
  TARGET_NOT_EMPTY: EXIT.refused,
  TARGET_REPLICATED: EXIT.refused,
  TARGET_LOCKED: EXIT.retry,
  TARGET_RIGHTS_MISSING: EXIT.refused,
  TARGET_PREFLIGHT_FAILED: EXIT.unsupportedInput,
  TARGET_TOO_SMALL: EXIT.io,
  LEDGER_NEWER: EXIT.unsupportedInput,
  LEDGER_RUN_UNKNOWN: EXIT.usage,
  HOOK_FAILED: EXIT.gateFailed,
  DEVICE_UNAVAILABLE: EXIT.unavailable,
  EMBEDDED_UNAVAILABLE: EXIT.unavailable,
  WORKSPACE_FULL: EXIT.io,
  WORKSPACE_IO: EXIT.io,
  INTERNAL: EXIT.internal,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorOptions {
  /** One imperative action that gets the user further. */
  readonly hint?: string;
  /** Typed facts about the failure: names and counts, never cell values. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class UnderstudyError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly exitCode: number;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message);
    this.name = 'UnderstudyError';
    this.code = code;
    this.hint = options.hint;
    this.exitCode = ERROR_CODES[code];
    this.data = options.data ?? {};
    if (options.cause !== undefined) {
      Object.defineProperty(this, 'cause', { value: options.cause, enumerable: false, configurable: true });
    }
  }
}

/** Any thrown thing as an `UnderstudyError`; what is not ours becomes `INTERNAL`, its text kept out of the message. */
export function toUnderstudyError(thrown: unknown): UnderstudyError {
  if (thrown instanceof UnderstudyError) return thrown;
  const kind = thrown instanceof Error ? thrown.name : typeof thrown;
  return new UnderstudyError('INTERNAL', `An unexpected ${kind} ended the run; nothing was published.`, {
    hint: 'Run again with UNDERSTUDY_DEBUG=1 to see the stack, and report it.',
    cause: thrown,
  });
}
