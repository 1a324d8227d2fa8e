import { createHash } from 'node:crypto';

/** `error` stops the run before anything is written; `warning` and `info` are printed and kept in the report. */
export type Severity = 'info' | 'warning' | 'error';

/** Something noticed about the user's databases or configuration. Never carries cell values. */
export interface Finding {
  /** Stable upper-case code, prefixed by the stage: `GRAPH_NO_SUBJECT`. */
  readonly code: string;
  readonly severity: Severity;
  /** The object it is about, as the user would write it: `public.rental.customer_id`, or '' for the whole. */
  readonly object: string;
  /** What was found and what follows from it. */
  readonly message: string;
  /** One imperative action. */
  readonly hint?: string;
  /** Stable over runs: code and object. Used to acknowledge a finding. */
  readonly fingerprint: string;
}

export function finding(severity: Severity, code: string, object: string, message: string, hint?: string): Finding {
  const fingerprint = createHash('sha256').update(`${code}\0${object}`).digest('hex').slice(0, 12);
  return { code, severity, object, message, ...(hint === undefined ? {} : { hint }), fingerprint };
}
