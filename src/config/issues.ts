import { z } from 'zod';
import { nearest } from '../kernel/nearest.ts';
import { configSchema } from './schema.ts';

export interface DescribedIssue {
  readonly path: readonly string[];
  /** What was found and what is right, without the value where it may be a secret or a row. */
  readonly message: string;
  readonly suggestion: string | null;
  readonly unknownKey: boolean;
}

/** zod's issues in our words, one for each wrong place. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], value: unknown): DescribedIssue[] {
  const described = issues.flatMap((issue) => describeIssue(issue, issue.path.map(String), value));
  // A mistyped key is reported once, not also as the lack of the right one.
  const meant = new Set(
    described
      .filter((issue) => issue.unknownKey)
      .map((issue) => [...issue.path.slice(0, -1), issue.suggestion].join('.')),
  );
  return described.filter((issue) => issue.unknownKey || !meant.has(issue.path.join('.')));
}

function describeIssue(issue: z.core.$ZodIssue, path: readonly string[], root: unknown): DescribedIssue[] {
  const shown = path.join('.') || 'the file';
  const plain = (message: string, suggestion: string | null = null): DescribedIssue[] => [
    { path, message, suggestion, unknownKey: false },
  ];
  if (issue.code.startsWith('invalid_') && path.length > 0 && valueAt(root, path) === undefined)
    return plain(`\`${shown}\` is missing.`);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(path);
      return issue.keys.map((key) => {
        const suggestion = nearest(key, known);
        const meant = suggestion === null ? `Known keys: ${known.join(', ')}` : `Did you mean \`${suggestion}\``;
        const message = `\`${[...path, key].join('.')}\` is not a known key. ${meant}${suggestion === null ? '.' : '?'}`;
        return { path: [...path, key], message, suggestion, unknownKey: true };
      });
    }
    case 'invalid_value': {
      const found = valueAt(root, path);
      const allowed = issue.values.map(String);
      const suggestion = typeof found === 'string' ? nearest(found, allowed) : null;
      const meant = suggestion === null ? '' : ` Did you mean \`${suggestion}\`?`;
      return plain(`\`${shown}\` must be one of ${allowed.join(', ')}, not ${showWord(found)}.${meant}`, suggestion);
    }
    case 'invalid_type':
      return plain(`\`${shown}\` must be ${article(issue.expected)}, not ${article(typeName(valueAt(root, path)))}.`);
    case 'invalid_union':
      return plain(
        `\`${shown}\` has none of the forms that are allowed here: ${issue.errors.map((branch) => branch.map((inner) => inner.message).join(' and ')).join('; or: ')}.`,
      );
    case 'invalid_key':
      return plain(`\`${shown}\` is not a usable name.`);
    default:
      return plain(`\`${shown}\`: ${issue.message}.`);
  }
}

/** Words of the configuration's own vocabulary may be shown; anything longer may be a secret. */
function showWord(value: unknown): string {
  if (typeof value === 'string' && /^[\w-]{1,30}$/.test(value)) return `\`${value}\``;
  if (typeof value === 'number') return String(value);
  return article(typeName(value));
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? 'mapping' : typeof value;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  list: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  mapping: 'a mapping',
  nothing: 'empty',
};

function article(type: string): string {
  return TYPE_WORDS[type] ?? type;
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value === null || typeof value !== 'object' ? undefined : (value as Record<string, unknown>)[key]),
    root,
  );
}

/** The keys that the schema knows at a path, read off the JSON Schema, where no wrapper hides them. */
function keysAt(path: readonly string[]): readonly string[] {
  let node = z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema;
  for (const key of path) {
    const next: JsonSchema | undefined =
      node.properties?.[key] ??
      (typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined) ??
      node.items;
    if (next === undefined) return [];
    node = next;
  }
  const branches = [node, ...(node.anyOf ?? [])];
  return branches.flatMap((branch) => Object.keys(branch.properties ?? {}));
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}
