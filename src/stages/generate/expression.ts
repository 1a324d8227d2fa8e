/**
 * Evaluates the server's own boolean expressions (CHECKs, index predicates, partition bounds) on a row that is being
 * made, so that a row which the server would reject is never sent. What is not understood here is left to the
 * server, which verifies everything anyway.
 */
import { loadModule, parseSync } from 'libpg-query';
import { parseTimestamp } from '../../model/encoders/scalar.ts';

/** A value while evaluating: moments are microseconds, intervals are not understood. NULL is null. */
export type Value = number | string | boolean | null;

/** Gives the value of a column of the row at hand. */
export type ColumnReader = (column: string) => Value;

/** null: the result is SQL's NULL, which a CHECK lets pass. */
export type Predicate = (read: ColumnReader) => boolean | null;

type Compiled = (read: ColumnReader) => Value;
type Node = Readonly<Record<string, unknown>>;

/** Thrown inside this file only: the expression has a part that is not understood. */
class NotUnderstood extends Error {}

/** Must be awaited once before `compilePredicate`. */
export async function loadExpressionParser(): Promise<void> {
  await loadModule();
}

/** The predicate, with the columns that it reads; null where it is not understood. */
export function compilePredicate(
  sql: string,
): { readonly test: Predicate; readonly columns: readonly string[] } | null {
  try {
    const parsed = parseSync(`SELECT (${sql})`) as {
      stmts: { stmt: { SelectStmt: { targetList: { ResTarget: { val: Node } }[] } } }[];
    };
    const columns = new Set<string>();
    const compiled = compile(parsed.stmts[0].stmt.SelectStmt.targetList[0].ResTarget.val, columns);
    const test: Predicate = (read) => {
      const value = compiled(read);
      return value === null ? null : value === true;
    };
    return { test, columns: [...columns] };
  } catch {
    // The parser's own errors, and ours: either way the server is the judge.
    return null;
  }
}

function compile(node: Node, columns: Set<string>): Compiled {
  const [kind] = Object.keys(node);
  const body = node[kind] as Node;
  switch (kind) {
    case 'ColumnRef': {
      const fields = body['fields'] as { String?: { sval: string } }[];
      const name = fields.at(-1)?.String?.sval;
      if (name === undefined) throw new NotUnderstood();
      columns.add(name);
      return (read) => read(name);
    }
    case 'A_Const':
      return constant(body);
    case 'TypeCast':
      return cast(body, columns);
    case 'BoolExpr':
      return logic(body, columns);
    case 'A_Expr':
      return operation(body, columns);
    case 'NullTest': {
      const argument = compile(body['arg'] as Node, columns);
      return body['nulltesttype'] === 'IS_NULL' ? (read) => argument(read) === null : (read) => argument(read) !== null;
    }
    case 'BooleanTest':
      return booleanTest(body, columns);
    case 'FuncCall':
      return call(body, columns);
    case 'CoalesceExpr': {
      const args = (body['args'] as Node[]).map((arg) => compile(arg, columns));
      return (read) => {
        for (const arg of args) {
          const value = arg(read);
          if (value !== null) return value;
        }
        return null;
      };
    }
    case 'CaseExpr':
      return caseOf(body, columns);
    default:
      throw new NotUnderstood();
  }
}

function constant(body: Node): Compiled {
  if (body['isnull'] === true) return () => null;
  const value = body as {
    ival?: { ival?: number };
    fval?: { fval: string };
    sval?: { sval?: string };
    boolval?: { boolval?: boolean };
  };
  if (value.ival !== undefined) return () => value.ival!.ival ?? 0;
  if (value.fval !== undefined) return () => Number(value.fval!.fval);
  if (value.boolval !== undefined) return () => value.boolval!.boolval ?? false;
  if (value.sval !== undefined) return () => value.sval!.sval ?? '';
  throw new NotUnderstood();
}

const NUMBER_TYPES = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'integer', 'bigint', 'smallint']);
const MOMENT_TYPES = new Set(['date', 'timestamp', 'timestamptz']);
const TEXT_TYPES = new Set(['text', 'varchar', 'bpchar', 'char']);

function cast(body: Node, columns: Set<string>): Compiled {
  const argument = compile(body['arg'] as Node, columns);
  const names = body['typeName'] as { names: { String: { sval: string } }[]; arrayBounds?: unknown[] };
  if (names.arrayBounds !== undefined) throw new NotUnderstood();
  const type = names.names.at(-1)!.String.sval;
  if (NUMBER_TYPES.has(type)) return (read) => mapText(argument(read), Number);
  if (MOMENT_TYPES.has(type)) return (read) => mapText(argument(read), (text) => parseTimestamp(text));
  if (type === 'bool') return (read) => mapText(argument(read), (text) => text.startsWith('t'));
  if (TEXT_TYPES.has(type)) {
    return (read) => {
      const value = argument(read);
      return typeof value === 'number' ? String(value) : value;
    };
  }
  // Enums, domains and other text-like types keep their text; ordering on them is refused below.
  return argument;
}

function mapText(value: Value, change: (text: string) => Value): Value {
  return typeof value === 'string' ? change(value) : value;
}

function logic(body: Node, columns: Set<string>): Compiled {
  const args = (body['args'] as Node[]).map((arg) => compile(arg, columns));
  switch (body['boolop']) {
    case 'NOT_EXPR':
      return (read) => {
        const value = args[0](read);
        return value === null ? null : !value;
      };
    case 'AND_EXPR':
      return threeValued(args, false);
    default:
      return threeValued(args, true);
  }
}

/** AND (`decisive` false) and OR (true) with SQL's NULL. */
function threeValued(args: readonly Compiled[], decisive: boolean): Compiled {
  return (read) => {
    let unknown = false;
    for (const arg of args) {
      const value = arg(read);
      if (value === null) unknown = true;
      else if (value === decisive) return decisive;
    }
    return unknown ? null : !decisive;
  };
}

function booleanTest(body: Node, columns: Set<string>): Compiled {
  const argument = compile(body['arg'] as Node, columns);
  const kind = String(body['booltesttype']);
  const tests: Readonly<Record<string, (value: Value) => boolean>> = {
    IS_TRUE: (value) => value === true,
    IS_NOT_TRUE: (value) => value !== true,
    IS_FALSE: (value) => value === false,
    IS_NOT_FALSE: (value) => value !== false,
    IS_UNKNOWN: (value) => value === null,
    IS_NOT_UNKNOWN: (value) => value !== null,
  };
  const test = tests[kind];
  if (test === undefined) throw new NotUnderstood();
  return (read) => test(argument(read));
}

function caseOf(body: Node, columns: Set<string>): Compiled {
  if (body['arg'] !== undefined) throw new NotUnderstood();
  const branches = (body['args'] as { CaseWhen: { expr: Node; result: Node } }[]).map(({ CaseWhen }) => ({
    when: compile(CaseWhen.expr, columns),
    then: compile(CaseWhen.result, columns),
  }));
  const otherwise = body['defresult'] === undefined ? (): Value => null : compile(body['defresult'] as Node, columns);
  return (read) => (branches.find(({ when }) => when(read) === true)?.then ?? otherwise)(read);
}

function operation(body: Node, columns: Set<string>): Compiled {
  const operator = (body['name'] as { String: { sval: string } }[]).at(-1)!.String.sval;
  const kind = String(body['kind']);
  if (kind === 'AEXPR_OP_ANY' || kind === 'AEXPR_OP_ALL' || kind === 'AEXPR_IN')
    return membership(body, kind, operator, columns);
  if (kind === 'AEXPR_DISTINCT' || kind === 'AEXPR_NOT_DISTINCT') {
    const left = compile(body['lexpr'] as Node, columns);
    const right = compile(body['rexpr'] as Node, columns);
    return kind === 'AEXPR_DISTINCT' ? (read) => left(read) !== right(read) : (read) => left(read) === right(read);
  }
  if (kind === 'AEXPR_BETWEEN') {
    const value = compile(body['lexpr'] as Node, columns);
    const [low, high] = (body['rexpr'] as { List: { items: Node[] } }).List.items.map((item) => compile(item, columns));
    return threeValued(
      [(read) => compare('>=', value(read), low(read)), (read) => compare('<=', value(read), high(read))],
      false,
    );
  }
  if (kind !== 'AEXPR_OP' && kind !== 'AEXPR_LIKE' && kind !== 'AEXPR_ILIKE') throw new NotUnderstood();
  const right = compile(body['rexpr'] as Node, columns);
  if (body['lexpr'] === undefined) {
    if (operator !== '-') throw new NotUnderstood();
    return (read) => {
      const value = right(read);
      return typeof value === 'number' ? -value : null;
    };
  }
  const left = compile(body['lexpr'] as Node, columns);
  return binary(operator, left, right);
}

function membership(body: Node, kind: string, operator: string, columns: Set<string>): Compiled {
  const value = compile(body['lexpr'] as Node, columns);
  const list = elementsOf(body['rexpr'] as Node).map((element) => compile(element, columns));
  const any = kind === 'AEXPR_OP_ANY' || (kind === 'AEXPR_IN' && operator === '=');
  const operatorUsed = kind === 'AEXPR_IN' && operator === '<>' ? '<>' : operator;
  if (!COMPARISONS.has(operatorUsed)) throw new NotUnderstood();
  return (read) =>
    threeValued(
      list.map((element) => (): Value => compare(operatorUsed, value(read), element(read))),
      any,
    )(read);
}

function elementsOf(node: Node): Node[] {
  if ('A_ArrayExpr' in node) return (node['A_ArrayExpr'] as { elements: Node[] }).elements;
  if ('List' in node) return (node['List'] as { items: Node[] }).items;
  // `(ARRAY[…])::text[]`
  if ('TypeCast' in node) return elementsOf((node['TypeCast'] as { arg: Node }).arg);
  throw new NotUnderstood();
}

const COMPARISONS = new Set(['=', '<>', '!=', '<', '<=', '>', '>=']);

function binary(operator: string, left: Compiled, right: Compiled): Compiled {
  if (COMPARISONS.has(operator)) return (read) => compare(operator, left(read), right(read));
  const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    '%': (a, b) => a % b,
  };
  if (operator in arithmetic) {
    const apply = arithmetic[operator];
    return (read) => {
      const a = left(read);
      const b = right(read);
      if (a === null || b === null) return null;
      if (typeof a !== 'number' || typeof b !== 'number') throw new NotUnderstood();
      return apply(a, b);
    };
  }
  if (operator === '||') return (read) => joinTexts(left(read), right(read));
  if (['~', '~*', '!~', '!~*', '~~', '~~*', '!~~', '!~~*'].includes(operator)) return matching(operator, left, right);
  throw new NotUnderstood();
}

function joinTexts(a: Value, b: Value): Value {
  return a === null || b === null ? null : `${a}${b}`;
}

/** Equal after the usual float noise of decimal arithmetic; ordering of texts follows code points. */
function compare(operator: string, a: Value, b: Value): boolean | null {
  if (a === null || b === null) return null;
  if (typeof a !== typeof b) {
    if (typeof a === 'number' && typeof b === 'string') return compare(operator, a, parseTimestamp(b) ?? Number(b));
    if (typeof b === 'number' && typeof a === 'string') return compare(operator, parseTimestamp(a) ?? Number(a), b);
    return null;
  }
  const near =
    typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
  const equal = a === b || near;
  switch (operator) {
    case '=':
      return equal;
    case '<>':
    case '!=':
      return !equal;
    case '<':
      return !equal && a < b;
    case '<=':
      return equal || a < b;
    case '>':
      return !equal && a > b;
    default:
      return equal || a > b;
  }
}

function matching(operator: string, left: Compiled, right: Compiled): Compiled {
  const negated = operator.startsWith('!');
  const bare = negated ? operator.slice(1) : operator;
  const cache = new Map<string, RegExp>();
  const pattern = (text: string): RegExp => {
    let found = cache.get(text);
    if (found === undefined) {
      const source = bare.startsWith('~~') ? likeSource(text) : translateRegex(text);
      found = new RegExp(source, bare.endsWith('*') ? 'iu' : 'u');
      cache.set(text, found);
    }
    return found;
  };
  return (read) => {
    const value = left(read);
    const text = right(read);
    if (value === null || text === null) return null;
    return pattern(String(text)).test(String(value)) !== negated;
  };
}

function likeSource(like: string): string {
  const escaped = like.replace(/[.*+?^${}()|[\]/]/g, '\\$&');
  return `^${escaped.replace(/(?<!\\)%/g, '[\\s\\S]*').replace(/(?<!\\)_/g, '[\\s\\S]')}$`;
}

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alpha: '\\p{L}',
  digit: '0-9',
  alnum: '\\p{L}0-9',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: '\\s',
  punct: '\\p{P}\\p{S}',
};

/** PostgreSQL's regular expressions where they mean the same in JavaScript. */
function translateRegex(regex: string): string {
  if (/\(\?[^:=!]|\\[mMyYAZ]|\*\*\*/.test(regex)) throw new NotUnderstood();
  return (
    regex
      .replace(/\[:(\w+):\]/g, (_, name: string) => POSIX_CLASSES[name] ?? fail())
      // With the `u` flag only syntax characters may be escaped.
      .replace(/\\([^\w\s^$\\.*+?()[\]{}|/-])/g, '$1')
      .replace(/\\-/g, '\\x2d')
  );
}

function fail(): never {
  throw new NotUnderstood();
}

function call(body: Node, columns: Set<string>): Compiled {
  const name = (body['funcname'] as { String: { sval: string } }[]).at(-1)!.String.sval;
  const args = ((body['args'] as Node[] | undefined) ?? []).map((arg) => compile(arg, columns));
  const text =
    (change: (value: string) => Value): Compiled =>
    (read) => {
      const value = args[0](read);
      return value === null ? null : change(String(value));
    };
  const number =
    (change: (value: number) => number): Compiled =>
    (read) => {
      const value = args[0](read);
      return value === null ? null : change(Number(value));
    };
  switch (name) {
    case 'length':
    case 'char_length':
    case 'character_length':
      return text((value) => [...value].length);
    case 'lower':
      return text((value) => value.toLowerCase());
    case 'upper':
      return text((value) => value.toUpperCase());
    case 'btrim':
    case 'trim':
      if (args.length > 1) throw new NotUnderstood();
      return text((value) => value.replace(/^ +| +$/g, ''));
    case 'abs':
      return number(Math.abs);
    case 'floor':
      return number(Math.floor);
    case 'ceil':
    case 'ceiling':
      return number(Math.ceil);
    default:
      throw new NotUnderstood();
  }
}
