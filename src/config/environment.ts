import { isScalar, visit } from 'yaml';
import type { Document, Scalar } from 'yaml';
import { UnderstudyError } from '../kernel/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$(\$)?\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in all values of the document, in place; `$${` stays `${`. A plain value
 * that is one reference alone may stand for a number or a truth value: `scale: ${SCALE}`.
 * Throws: `CONFIG_MISSING_ENV`, naming the place by `describe`.
 */
export function expandEnvironment(document: Document, env: Environment, describe: (node: Scalar) => string): void {
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || !isScalar(node) || typeof node.value !== 'string' || !node.value.includes('${')) return;
      const whole = node.type === 'PLAIN' && /^\$\{[^}]*\}$/.test(node.value);
      const text = node.value.replace(
        REFERENCE,
        (match: string, escaped: string | undefined, name: string, fallback: string | undefined) => {
          if (escaped !== undefined) return match.slice(1);
          const value = env[name] ?? fallback;
          if (value !== undefined) return value;
          throw new UnderstudyError(
            'CONFIG_MISSING_ENV',
            `${describe(node)}: the environment variable ${name} is not set.`,
            {
              hint: `Set ${name}, or write \${${name}:-default}.`,
            },
          );
        },
      );
      node.value = whole && /^(-?\d{1,15}(\.\d+)?|true|false)$/.test(text) ? JSON.parse(text) : text;
    },
  });
}
