import { readFileSync } from 'node:fs';
import { isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type { z } from 'zod';
import { UnderstudyError } from '../kernel/errors.ts';
import { expandEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';
import { describeIssues } from './issues.ts';
import { positionKey } from './resolved.ts';
import type { Position, ResolvedConfig } from './resolved.ts';
import { configSchema } from './schema.ts';

/**
 * The configuration of a file, or the defaults.
 * Throws: `CONFIG_UNREADABLE` (no such file, not YAML), `CONFIG_UNKNOWN_KEY`, `CONFIG_INVALID`, `CONFIG_MISSING_ENV`; each
 * names file, line, column and path, and the nearest right name.
 */
export function loadConfig(path: string | null, env: Environment): ResolvedConfig {
  if (path === null) return parseConfig('', null, env);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new UnderstudyError('CONFIG_UNREADABLE', `The configuration file ${path} ${reason}.`, {
      hint: 'Name a readable file with -c, or write one with `understudy init`.',
      cause,
    });
  }
  return parseConfig(text, path, env);
}

/** The same of a text; `path` is shown in messages. Pure. */
export function parseConfig(text: string, path: string | null, env: Environment): ResolvedConfig {
  const file = path ?? 'configuration';
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const syntaxError = document.errors[0];
  if (syntaxError !== undefined) {
    const { line, column } = positionAt(syntaxError.pos[0]);
    throw new UnderstudyError(
      'CONFIG_UNREADABLE',
      `${file}:${line}:${column}: this is not valid YAML: ${syntaxError.code}.`,
      {
        hint: 'Correct the indentation, quotes or duplicate key at that place.',
      },
    );
  }
  expandEnvironment(document, env, (node) => {
    const { line, column } = positionAt(node.range?.[0] ?? 0);
    return `${file}:${line}:${column}`;
  });
  const positions = collectPositions(document, positionAt);
  const outcome = configSchema.safeParse(document.toJS() ?? {});
  if (!outcome.success) throw configError(outcome.error.issues, document.toJS(), file, positions);
  return { ...outcome.data, path, positions };
}

function configError(
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  file: string,
  positions: ReadonlyMap<string, Position>,
): UnderstudyError {
  const described = describeIssues(issues, value);
  const lines = described.map((issue) => {
    // What is missing stands nowhere; then the place of what lacks it is shown.
    const nearestPath = issue.path
      .map((_, i) => issue.path.slice(0, issue.path.length - i))
      .find((path) => positions.has(positionKey(path)));
    const position = nearestPath === undefined ? undefined : positions.get(positionKey(nearestPath));
    const place = position === undefined ? file : `${file}:${position.line}:${position.column}`;
    return { ...issue, position: position ?? null, text: `${place}: ${issue.message}` };
  });
  lines.sort((a, b) => (a.position?.line ?? 0) - (b.position?.line ?? 0));
  const first = lines[0];
  return new UnderstudyError(
    first.unknownKey ? 'CONFIG_UNKNOWN_KEY' : 'CONFIG_INVALID',
    lines.map((line) => line.text).join('\n'),
    {
      hint:
        first.suggestion === null
          ? 'Correct the configuration; nothing was read or written.'
          : `Write \`${first.suggestion}\` instead.`,
      data: {
        issues: lines.map(({ path, position, message, suggestion }) => ({
          path: path.join('.'),
          ...position,
          message,
          suggestion,
        })),
      },
    },
  );
}

/** Where every key and item of the document stands; of a pair, the place of its key. */
function collectPositions(document: Document, positionAt: (offset: number) => Position): Map<string, Position> {
  const positions = new Map<string, Position>();
  const note = (path: readonly string[], node: unknown): void => {
    if (isNode(node) && node.range) positions.set(positionKey(path), positionAt(node.range[0]));
  };
  const walk = (node: Node | null, path: readonly string[]): void => {
    if (isMap(node)) {
      for (const pair of node.items) {
        if (!isPair(pair) || !isScalar(pair.key)) continue;
        const inner = [...path, String(pair.key.value)];
        note(inner, pair.key);
        walk(pair.value as Node | null, inner);
      }
    } else if (isSeq(node)) {
      for (const [i, item] of node.items.entries()) {
        note([...path, String(i)], item);
        walk(item as Node | null, [...path, String(i)]);
      }
    }
  };
  walk(document.contents as Node | null, []);
  return positions;
}
