import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'oxc-parser';

/** One file that takes something from another, by any syntax: import, type import, export-from, import(), typeof import(). */
export interface Edge {
  /** Path from the root, with `/`: `src/stages/graph/index.ts`. */
  readonly from: string;
  /** Path from the root of a project file, or the name of a package (`pg`, `node:fs`). */
  readonly to: string;
  readonly isPackage: boolean;
  /** Taken when needed: import(). */
  readonly isLazy: boolean;
}

/** What the architecture rules look at in one file. */
export interface SourceFacts {
  readonly file: string;
  readonly edges: readonly Edge[];
  /** `process.exit` or `process.exitCode`, by line; also when taken from `node:process`. */
  readonly exitLines: readonly number[];
  /** import() or require() of something that is not a literal: it escapes every rule. */
  readonly uncheckableLines: readonly number[];
  readonly hasDefaultExport: boolean;
}

/** All TypeScript of the folders, read from disk. */
export function readProject(root: string, folders: readonly string[]): SourceFacts[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
      .toSorted()
      .map((file) => readSource(file, readFileSync(path.join(root, file), 'utf8'))),
  );
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

export function readSource(file: string, text: string): SourceFacts {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0].message}`);
  const edges: Edge[] = [];
  const exitLines: number[] = [];
  const uncheckableLines: number[] = [];
  let hasDefaultExport = false;
  const lineOf = (node: Node): number => text.slice(0, node.start).split('\n').length;
  const take = (node: Node, source: unknown, isLazy: boolean): void => {
    const specifier = literalText(source);
    if (specifier === null) uncheckableLines.push(lineOf(node));
    else edges.push(edgeOf(file, specifier, isLazy));
  };
  visit(program as unknown as Node, (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
        take(node, node['source'], false);
        if (literalText(node['source'])?.endsWith('process') && namesExit(node)) exitLines.push(lineOf(node));
        return;
      case 'ExportAllDeclaration':
        return take(node, node['source'], false);
      case 'ExportNamedDeclaration':
        if (node['source']) take(node, node['source'], false);
        return;
      case 'ExportDefaultDeclaration':
        hasDefaultExport = true;
        return;
      case 'ImportExpression':
        return take(node, node['source'], true);
      case 'TSImportType':
        return take(node, node['source'] ?? node['argument'], false);
      case 'TSExternalModuleReference':
        return take(node, node['expression'], false);
      case 'CallExpression':
        if (isIdentifier(node['callee'], 'require')) take(node, (node['arguments'] as Node[])[0], true);
        return;
      case 'MemberExpression':
        if (isIdentifier(node['object'], 'process') && memberName(node).startsWith('exit'))
          exitLines.push(lineOf(node));
        return;
      default:
        return;
    }
  });
  return { file, edges, exitLines, uncheckableLines, hasDefaultExport };
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, see);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const node = value as Node;
  if (typeof node.type === 'string') see(node);
  for (const child of Object.values(node)) if (typeof child === 'object') visit(child, see);
}

function literalText(value: unknown): string | null {
  const node = value as Node | undefined;
  if (node?.type === 'TSLiteralType') return literalText(node['literal']);
  if (node?.type === 'TemplateLiteral' && (node['expressions'] as Node[]).length === 0) {
    return (node['quasis'] as { value: { cooked: string } }[])[0].value.cooked;
  }
  return node?.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : null;
}

function isIdentifier(value: unknown, name: string): boolean {
  const node = value as Node | undefined;
  return node?.type === 'Identifier' && node['name'] === name;
}

function memberName(node: Node): string {
  const property = node['property'] as Node;
  return String(property['name'] ?? property['value'] ?? '');
}

function namesExit(declaration: Node): boolean {
  const specifiers = declaration['specifiers'] as { imported?: { name?: string } }[];
  return specifiers.some((specifier) => specifier.imported?.name?.startsWith('exit'));
}

function edgeOf(from: string, specifier: string, isLazy: boolean): Edge {
  if (specifier.startsWith('.')) {
    return { from, to: path.posix.join(path.posix.dirname(from), specifier), isPackage: false, isLazy };
  }
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
  return { from, to: specifier.startsWith('node:') ? specifier : name, isPackage: true, isLazy };
}
