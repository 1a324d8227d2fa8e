import type { ErrorCode } from '../kernel/errors.ts';
import type { Finding } from '../kernel/findings.ts';

/** Lacks that a GRANT or an ALTER of somebody with more rights mends. */
const RIGHTS: ReadonlySet<string> = new Set([
  'PREFLIGHT_CREATE',
  'PREFLIGHT_CREATEDB',
  'PREFLIGHT_EXTENSION_FORBIDDEN',
  'PREFLIGHT_OWNER',
  'PREFLIGHT_SCHEMA_OWNER',
  'PREFLIGHT_SUPERUSER',
]);

/** What a run ends with because of what `Target.preflight` found. */
export function codeOfLack({
  code,
}: Finding): Extract<
  ErrorCode,
  'TARGET_RIGHTS_MISSING' | 'TARGET_TOO_SMALL' | 'TARGET_PREFLIGHT_FAILED' | 'LOAD_SCHEMA_DIFFERS'
> {
  if (RIGHTS.has(code)) return 'TARGET_RIGHTS_MISSING';
  if (code.startsWith('PREFLIGHT_DRIFT_')) return 'LOAD_SCHEMA_DIFFERS';
  return code === 'PREFLIGHT_SIZE' ? 'TARGET_TOO_SMALL' : 'TARGET_PREFLIGHT_FAILED';
}
