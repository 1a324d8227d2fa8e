const HIDDEN = '***';
const SECRET_PARAMETER = /\b(password|passwd|pwd|sslpassword|sslkey|token|secret)=([^&\s'"]+|'[^']*')/gi;

/** A database URL or connection string without what grants access. */
export function redactUrl(url: string): string {
  return url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/\s]*):(.*)@(?=[^@]*$)/i, `$1:${HIDDEN}@`)
    .replace(SECRET_PARAMETER, (_, parameter: string) => `${parameter}=${HIDDEN}`);
}

/** Whether the text carries a password that `redactUrl` would hide. */
export function carriesPassword(url: string): boolean {
  return redactUrl(url) !== url;
}

/** The configuration as it may be printed: URLs without passwords, pinned rows counted only, commands hidden. */
export function redactConfig(config: object): Record<string, unknown> {
  const { positions: _, ...shown } = config as Record<string, unknown>;
  return redactValue(shown, []) as Record<string, unknown>;
}

function redactValue(value: unknown, path: readonly string[]): unknown {
  if (typeof value === 'string') return path.at(-1) === 'command' ? HIDDEN : redactUrl(value);
  if (Array.isArray(value)) {
    if (path[0] === 'pinned' && path.at(-1) === 'rows') return `${value.length} rows`;
    return value.map((item, i) => redactValue(item, [...path, String(i)]));
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactValue(inner, [...path, key])]));
}
