/**
 * Evaluates the server's own expressions (CHECKs, index predicates and expressions, partition bounds, generated
 * columns) on a row that is being made, so that a row which the server would reject is never sent. What is not
 * understood here is left to the server, which verifies everything anyway.
 */
import { loadModule, parseSync } from 'libpg-query';
import type { ColumnType, SchemaStatement } from '../../../connectors/connector.ts';
import {
  compile,
  functionKey,
  type ColumnReader,
  type Expression,
  type Node,
  type Scope,
  type SqlFunction,
} from './expression/compile.ts';
import { NotUnderstood, type Datum, type Value } from './expression/datum.ts';

export type { ColumnReader } from './expression/compile.ts';
export type { Datum, Value } from './expression/datum.ts';

/** null: the result is SQL's NULL, which a CHECK lets pass. */
export type Predicate = (read: ColumnReader) => boolean | null;

/** What the names in an expression mean. */
export interface Names {
  readonly types: ReadonlyMap<string, ColumnType>;
  readonly functions: ReadonlyMap<string, SqlFunction>;
  /** The column that `VALUE` stands for in a domain's CHECK. */
  readonly value?: string;
}

const NO_NAMES: Names = { types: new Map(), functions: new Map() };

/** Must be awaited once before anything is compiled. */
export async function loadExpressionParser(): Promise<void> {
  await loadModule();
}

/** A condition with what its satisfaction can be built from. */
export interface CompiledPredicate {
  readonly test: Predicate;
  /** Columns that it reads. */
  readonly columns: readonly string[];
  /** Those of them that it asks more of than whether they are NULL. */
  readonly valueColumns: readonly string[];
  /** `column = expression` that must hold for it to be true; the expression does not read the column. */
  readonly equations: readonly Equation[];
  /** Regular expressions that a column must match. */
  readonly patterns: readonly { readonly column: string; readonly pattern: string }[];
  /** Constants that stand beside a column: worth trying where nothing that was learned fits. */
  readonly constants: ReadonlyMap<string, readonly Value[]>;
}

export interface Equation {
  readonly column: string;
  readonly columns: readonly string[];
  readonly value: (read: ColumnReader) => Datum;
}

/** The predicate; null where it is not understood. */
export function compilePredicate(sql: string, names: Names = NO_NAMES): CompiledPredicate | null {
  try {
    const node = parseExpression(sql);
    const scope = scopeOf(names);
    const { read } = compile(node, scope);
    const test: Predicate = (row) => {
      const value = read(row);
      return value === null ? null : value === true;
    };
    const conjuncts = conjunctsOf(node);
    return {
      test: orUnknown(test),
      columns: [...scope.columns],
      valueColumns: valueColumnsOf(node, [...scope.columns], names),
      equations: conjuncts.flatMap((conjunct) => equationsOf(conjunct, names)),
      patterns: conjuncts.flatMap((conjunct) => patternsOf(conjunct, names)),
      constants: constantsOf(node, names),
    };
  } catch {
    // The parser's own errors, and ours: either way the server is the judge.
    return null;
  }
}

const NULL_COUNTS = new Set(['num_nulls', 'num_nonnulls']);

function valueColumnsOf(root: Node, columns: readonly string[], names: Names): readonly string[] {
  const read = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return;
    const node = value as Node;
    if (isNullCount(node) || (node['NullTest'] !== undefined && isBare((node['NullTest'] as { arg: Node }).arg)))
      return;
    const column = node['ColumnRef'] === undefined ? null : bareColumn(node, names);
    if (column !== null) read.add(column);
    else for (const part of Object.values(node)) visit(part);
  };
  const isBare = (node: Node): boolean => node['ColumnRef'] !== undefined;
  const isNullCount = (node: Node): boolean => {
    const call = node['FuncCall'] as { funcname: { String: { sval: string } }[]; args?: Node[] } | undefined;
    return call !== undefined && NULL_COUNTS.has(call.funcname.at(-1)!.String.sval) && (call.args ?? []).every(isBare);
  };
  visit(root);
  return columns.filter((column) => read.has(column));
}

/** Any other expression: of an index, a generated column; null where it is not understood. */
export function compileExpression(
  sql: string,
  names: Names = NO_NAMES,
):
  | (Pick<Expression, 'kind'> & { readonly value: (read: ColumnReader) => Datum; readonly columns: readonly string[] })
  | null {
  try {
    return compileNode(parseExpression(sql), names);
  } catch {
    return null;
  }
}

/** The same of a parsed expression. **Throws** `NotUnderstood`. */
export function compileNode(
  node: Node,
  names: Names,
): Pick<Expression, 'kind'> & { readonly value: (read: ColumnReader) => Datum; readonly columns: readonly string[] } {
  const scope = scopeOf(names);
  const { kind, read } = compile(node, scope);
  return { kind, value: read, columns: [...scope.columns] };
}

/** What is not understood about this very row counts as SQL's NULL: the server will say. */
function orUnknown(test: Predicate): Predicate {
  return (row) => {
    try {
      return test(row);
    } catch (thrown) {
      if (thrown instanceof NotUnderstood || thrown instanceof SyntaxError) return null;
      throw thrown;
    }
  };
}

function scopeOf(names: Names): Scope {
  const { types, functions, value } = names;
  return { columns: new Set(), types, functions, value: value ?? null, arguments: null, depth: 0 };
}

export function parseExpression(sql: string): Node {
  const parsed = parseSync(`SELECT (${sql})`) as {
    stmts: { stmt: { SelectStmt: { targetList: { ResTarget: { val: Node } }[] } } }[];
  };
  return parsed.stmts[0].stmt.SelectStmt.targetList[0].ResTarget.val;
}

// ---------------------------------------------------------------------------------------------- what can be built

function conjunctsOf(node: Node): readonly Node[] {
  const logic = node['BoolExpr'] as { boolop: string; args: Node[] } | undefined;
  return logic?.boolop === 'AND_EXPR' ? logic.args.flatMap(conjunctsOf) : [node];
}

interface OperatorNode {
  readonly kind: string;
  readonly name: { String: { sval: string } }[];
  readonly lexpr?: Node;
  readonly rexpr: Node;
}

function operatorOf(node: Node): (OperatorNode & { readonly operator: string }) | null {
  const found = node['A_Expr'] as OperatorNode | undefined;
  return found === undefined ? null : { ...found, operator: found.name.at(-1)!.String.sval };
}

/** The column behind casts, if the node is nothing else. */
function bareColumn(node: Node | undefined, names: Names): string | null {
  if (node === undefined) return null;
  if ('TypeCast' in node) return bareColumn((node['TypeCast'] as { arg: Node }).arg, names);
  const fields = (node['ColumnRef'] as { fields: { String?: { sval: string } }[] } | undefined)?.fields;
  const name = fields?.at(-1)?.String?.sval ?? null;
  return name === 'value' && names.value !== undefined ? names.value : name;
}

function equationsOf(node: Node, names: Names): readonly Equation[] {
  const found = operatorOf(node);
  if (found === null || found.operator !== '=' || found.kind !== 'AEXPR_OP' || found.lexpr === undefined) return [];
  const sides: readonly (readonly [Node, Node])[] = [
    [found.lexpr, found.rexpr],
    [found.rexpr, found.lexpr],
  ];
  return sides.flatMap(([target, source]) => {
    const column = bareColumn(target, names);
    if (column === null) return [];
    const scope = scopeOf(names);
    const { read } = compile(source, scope);
    return scope.columns.has(column) ? [] : [{ column, columns: [...scope.columns], value: read }];
  });
}

function patternsOf(node: Node, names: Names): readonly { column: string; pattern: string }[] {
  const found = operatorOf(node);
  if (found === null || found.operator !== '~') return [];
  const column = bareColumn(found.lexpr, names);
  const pattern = constantOf(found.rexpr);
  return column === null || typeof pattern !== 'string' ? [] : [{ column, pattern }];
}

function constantOf(node: Node): Value | undefined {
  if ('TypeCast' in node) return constantOf((node['TypeCast'] as { arg: Node }).arg);
  const found = node['A_Const'] as
    | { ival?: { ival?: number }; fval?: { fval: string }; sval?: { sval?: string }; boolval?: { boolval?: boolean } }
    | undefined;
  if (found === undefined) return undefined;
  if (found.ival !== undefined) return found.ival.ival ?? 0;
  if (found.fval !== undefined) return Number(found.fval.fval);
  if (found.sval !== undefined) return found.sval.sval ?? '';
  return found.boolval === undefined ? undefined : (found.boolval.boolval ?? false);
}

/** Every constant that some comparison puts beside a column. */
function constantsOf(root: Node, names: Names): ReadonlyMap<string, readonly Value[]> {
  const constants = new Map<string, Value[]>();
  const note = (column: string | null, value: Value | undefined): void => {
    if (column === null || value === undefined) return;
    const list = constants.get(column);
    if (list === undefined) constants.set(column, [value]);
    else if (!list.includes(value)) list.push(value);
  };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return;
    const found = operatorOf(value as Node);
    if (found !== null) {
      const column = bareColumn(found.lexpr, names);
      note(column, constantOf(found.rexpr));
      if (found.lexpr !== undefined) note(bareColumn(found.rexpr, names), constantOf(found.lexpr));
      for (const element of listElements(found.rexpr)) note(column, constantOf(element));
    }
    for (const part of Object.values(value)) visit(part);
  };
  visit(root);
  return constants;
}

function listElements(node: Node): readonly Node[] {
  if ('TypeCast' in node) return listElements((node['TypeCast'] as { arg: Node }).arg);
  if ('A_ArrayExpr' in node) return (node['A_ArrayExpr'] as { elements?: Node[] }).elements ?? [];
  return 'List' in node ? (node['List'] as { items: Node[] }).items : [];
}

// ---------------------------------------------------------------------------------------------- functions of the schema

/** Functions that are one SQL expression, by name and number of arguments; the others are not understood. */
export function sqlFunctions(script: readonly SchemaStatement[]): ReadonlyMap<string, SqlFunction> {
  const functions = new Map<string, SqlFunction>();
  for (const { kind, sql } of script) {
    if (kind !== 'function') continue;
    try {
      const found = sqlFunction(sql);
      if (found !== null) functions.set(found.key, found);
    } catch {
      // Not even parsed: a function like any other that is not understood.
    }
  }
  return functions;
}

function sqlFunction(sql: string): (SqlFunction & { readonly key: string }) | null {
  const parsed = parseSync(sql) as { stmts: { stmt: { CreateFunctionStmt?: Node } }[] };
  const statement = parsed.stmts[0]?.stmt.CreateFunctionStmt;
  if (statement === undefined) return null;
  const parameters = (
    (statement['parameters'] as { FunctionParameter: { name?: string; mode: string } }[] | undefined) ?? []
  ).map(({ FunctionParameter }) => FunctionParameter);
  if (parameters.some(({ mode }) => mode !== 'FUNC_PARAM_DEFAULT' && mode !== 'FUNC_PARAM_IN')) return null;
  const options = (statement['options'] as { DefElem: { defname: string; arg: Node } }[]).map(({ DefElem }) => DefElem);
  const language = options.find((option) => option.defname === 'language')?.arg as
    | { String: { sval: string } }
    | undefined;
  if (language?.String.sval !== 'sql') return null;
  const body = bodyOf(statement, options);
  if (body === null) return null;
  return {
    key: functionKey(statement['funcname'], parameters.length),
    parameters: parameters.map(({ name }) => name ?? null),
    body,
  };
}

function bodyOf(statement: Node, options: readonly { defname: string; arg: Node }[]): Node | null {
  const returned = (statement['sql_body'] as { ReturnStmt?: { returnval: Node } } | undefined)?.ReturnStmt;
  if (returned !== undefined) return returned.returnval;
  const text = (
    options.find((option) => option.defname === 'as')?.arg as
      | { List?: { items: { String: { sval: string } }[] } }
      | undefined
  )?.List?.items[0]?.String.sval;
  if (text === undefined) return null;
  const statements = (parseSync(text) as { stmts: { stmt: { SelectStmt?: Node } }[] }).stmts;
  const select = statements.length === 1 ? statements[0].stmt.SelectStmt : undefined;
  if (select === undefined || select['fromClause'] !== undefined || select['whereClause'] !== undefined) return null;
  const targets = (select['targetList'] as { ResTarget: { val: Node } }[] | undefined) ?? [];
  return targets.length === 1 ? targets[0].ResTarget.val : null;
}
