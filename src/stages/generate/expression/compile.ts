/** From the server's own parse tree to a function of a row. */
import type { ColumnType } from '../../../../connectors/connector.ts';
import { scalarCodec } from '../../../model/encoders/scalar.ts';
import {
  type Datum,
  type Json,
  JsonDatum,
  type Kind,
  kindOf,
  NotUnderstood,
  parseMoment,
  parseMoney,
  parseRange,
  RangeDatum,
  readerOf,
  type Value,
} from './datum.ts';
import { knownFunction } from './functions.ts';
import {
  compare,
  comparison,
  COMPARISONS,
  jsonAsText,
  jsonContains,
  jsonStep,
  rangeContains,
  rangesOverlap,
  sameDatum,
} from './operators.ts';
import { matcher, MATCHERS } from './texts.ts';

export type Node = Readonly<Record<string, unknown>>;

/** Gives the value of a column of the row at hand. */
export type ColumnReader = (column: string) => Value;

export interface Expression {
  readonly kind: Kind;
  /** Of an enum, in their order. */
  readonly labels: readonly string[] | null;
  /** Of a column, or of what was cast to a type of the catalog. */
  readonly type: ColumnType | null;
  readonly read: (row: ColumnReader) => Datum;
}

/** A function of the schema, written in SQL as one expression. */
export interface SqlFunction {
  readonly parameters: readonly (string | null)[];
  readonly body: Node;
}

/** What names mean while compiling. */
export interface Scope {
  /** Columns that were met. */
  readonly columns: Set<string>;
  readonly types: ReadonlyMap<string, ColumnType>;
  readonly functions: ReadonlyMap<string, SqlFunction>;
  /** What a domain's `VALUE` is. */
  readonly value: string | null;
  /** Arguments of the function whose body is being compiled. */
  readonly arguments: { readonly names: readonly (string | null)[]; readonly values: readonly Expression[] } | null;
  readonly depth: number;
}

const MAX_DEPTH = 8;

const expression = (kind: Kind, read: Expression['read']): Expression => ({ kind, labels: null, type: null, read });

export function compile(node: Node, scope: Scope): Expression {
  const [tag] = Object.keys(node);
  const body = node[tag] as Node;
  switch (tag) {
    case 'ColumnRef':
      return columnOf(body, scope);
    case 'ParamRef': {
      const argument = scope.arguments?.values[Number(body['number']) - 1];
      if (argument === undefined) throw new NotUnderstood();
      return argument;
    }
    case 'A_Const':
      return constant(body);
    case 'TypeCast':
      return cast(body, scope);
    case 'CollateClause':
      return compile(body['arg'] as Node, scope);
    case 'BoolExpr':
      return logic(body, scope);
    case 'A_Expr':
      return operation(body, scope);
    case 'NullTest':
      return nullTest(body, scope);
    case 'BooleanTest':
      return booleanTest(body, scope);
    case 'FuncCall':
      return call(body, scope);
    case 'CoalesceExpr':
      return coalesce(listOf(body['args']).map((arg) => compile(arg, scope)));
    case 'MinMaxExpr':
      return extreme(body, scope);
    case 'CaseExpr':
      return caseOf(body, scope);
    case 'A_ArrayExpr': {
      const elements = listOf(body['elements']).map((element) => compile(element, scope));
      return expression('array', (row) => elements.map((element) => element.read(row)));
    }
    case 'RowExpr': {
      const fields = listOf(body['args']).map((field) => compile(field, scope));
      return expression('composite', (row) => fields.map((field) => field.read(row)));
    }
    case 'A_Indirection':
      return indirection(body, scope);
    case 'SQLValueFunction':
      return clock(String(body['op']));
    default:
      throw new NotUnderstood();
  }
}

function listOf(value: unknown): readonly Node[] {
  return (value as readonly Node[] | undefined) ?? [];
}

function nameOf(parts: unknown): string {
  const name = (parts as { String?: { sval: string } }[]).at(-1)?.String?.sval;
  if (name === undefined) throw new NotUnderstood();
  return name;
}

// ---------------------------------------------------------------------------------------------- leaves

function columnOf(body: Node, scope: Scope): Expression {
  const fields = body['fields'] as { String?: { sval: string } }[];
  const name = nameOf(fields);
  if (scope.arguments !== null) {
    const at = scope.arguments.names.indexOf(name);
    if (at < 0) throw new NotUnderstood();
    return scope.arguments.values[at];
  }
  if (fields.length === 1 && scope.value !== null && name === 'value') return column(scope.value, scope);
  return column(name, scope);
}

function column(name: string, scope: Scope): Expression {
  const type = scope.types.get(name) ?? null;
  scope.columns.add(name);
  const convert = readerOf(type);
  return { kind: kindOf(type), labels: type?.enumLabels ?? null, type, read: (row) => convert(row(name)) };
}

function constant(body: Node): Expression {
  if (body['isnull'] === true) return expression('unknown', () => null);
  const value = body as {
    ival?: { ival?: number };
    fval?: { fval: string };
    sval?: { sval?: string };
    boolval?: { boolval?: boolean };
  };
  if (value.ival !== undefined) return fixed('integer', value.ival.ival ?? 0);
  if (value.fval !== undefined) return fixed('number', Number(value.fval.fval));
  if (value.boolval !== undefined) return fixed('boolean', value.boolval.boolval ?? false);
  if (value.sval !== undefined) return fixed('text', value.sval.sval ?? '');
  throw new NotUnderstood();
}

function fixed(kind: Kind, value: Datum): Expression {
  return expression(kind, () => value);
}

function clock(operation_: string): Expression {
  switch (operation_) {
    case 'SVFOP_CURRENT_DATE':
      return expression('date', () => Math.floor(Date.now() / 86_400_000) * 86_400e6);
    case 'SVFOP_CURRENT_TIMESTAMP':
    case 'SVFOP_CURRENT_TIMESTAMP_N':
    case 'SVFOP_LOCALTIMESTAMP':
    case 'SVFOP_LOCALTIMESTAMP_N':
      return expression('moment', () => Date.now() * 1000);
    default:
      throw new NotUnderstood();
  }
}

// ---------------------------------------------------------------------------------------------- casts

const INTEGER_TYPES = new Set(['int2', 'int4', 'int8', 'integer', 'bigint', 'smallint']);
const NUMBER_TYPES = new Set(['numeric', 'float4', 'float8', 'decimal', 'money']);
const TEXT_TYPES = new Set(['text', 'varchar', 'bpchar', 'char', 'citext', 'name']);
const RANGE_TYPES = new Set(['int4range', 'int8range', 'numrange', 'daterange', 'tsrange', 'tstzrange']);

function cast(body: Node, scope: Scope): Expression {
  const argument = compile(body['arg'] as Node, scope);
  const typeName = body['typeName'] as { names: unknown; arrayBounds?: unknown[]; typmods?: unknown[] };
  const type = nameOf(typeName.names);
  const { read, kind } = argument;
  const ofText =
    (parse: (text: string) => Datum): Expression['read'] =>
    (row) => {
      const value = read(row);
      return typeof value === 'string' ? parse(value) : value;
    };
  if (typeName.arrayBounds !== undefined) {
    if (kind === 'array') return argument;
    if (kind !== 'text') throw new NotUnderstood();
    return expression(
      'array',
      ofText((text) => readerOf(ARRAY_OF_TEXT)(text)),
    );
  }
  if (INTEGER_TYPES.has(type)) {
    if (kind === 'boolean')
      return expression('integer', (row) => mapDatum(read(row), (value) => (value === true ? 1 : 0)));
    return expression('integer', (row) => {
      const value = read(row);
      const number = typeof value === 'string' ? strictNumber(value) : value instanceof JsonDatum ? value.value : value;
      return typeof number === 'number' ? Math.sign(number) * Math.round(Math.abs(number)) : (number as Datum);
    });
  }
  if (NUMBER_TYPES.has(type)) {
    const digits = scaleOf(typeName.typmods);
    const parse = type === 'money' ? parseMoney : strictNumber;
    return expression('number', (row) => {
      const value = read(row);
      const number = typeof value === 'string' ? parse(value) : value instanceof JsonDatum ? value.value : value;
      if (typeof number !== 'number' || digits === null) return number as Datum;
      return (Math.sign(number) * Math.round(Math.abs(number) * 10 ** digits + 1e-9)) / 10 ** digits;
    });
  }
  if (type === 'date') {
    return expression('date', (row) => {
      const value = read(row);
      const micros = typeof value === 'string' ? parseMoment(value) : value;
      return typeof micros === 'number' && Number.isFinite(micros) ? Math.floor(micros / 86_400e6) * 86_400e6 : micros;
    });
  }
  if (type === 'timestamp' || type === 'timestamptz') return expression('moment', ofText(parseMoment));
  if (type === 'time' || type === 'interval') {
    if (kind !== 'text' && kind !== type) throw new NotUnderstood();
    const parse = type === 'time' ? scalarCodec('time')!.parse : parseIntervalConstant;
    return expression(type, ofText(parse));
  }
  if (type === 'bool')
    return expression(
      'boolean',
      ofText((text) => /^[ty1]/i.test(text)),
    );
  if (type === 'json' || type === 'jsonb') {
    return expression(
      'json',
      ofText((text) => new JsonDatum(JSON.parse(text) as Json)),
    );
  }
  if (TEXT_TYPES.has(type)) return asText(argument);
  if (RANGE_TYPES.has(type)) {
    if (kind === 'range') return argument;
    const bound = type === 'int4range' || type === 'int8range' || type === 'numrange' ? strictNumber : parseMoment;
    return expression(
      'range',
      ofText((text) => parseRange(text, bound)),
    );
  }
  if (type === 'bytea') return expression('bytes', read);
  if (type === 'inet' || type === 'cidr') return expression('network', read);
  if (type === 'bit' || type === 'varbit') return expression('bit', read);
  // Enums, domains and other types whose values are their text keep it.
  return argument;
}

const ARRAY_OF_TEXT = { class: 'array', element: { class: 'text' } } as unknown as ColumnType;

function strictNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || Number.isNaN(number)) throw new NotUnderstood();
  return number;
}

function scaleOf(modifiers: unknown[] | undefined): number | null {
  if (modifiers === undefined) return null;
  const second = (modifiers[1] as { A_Const?: { ival?: { ival?: number } } } | undefined)?.A_Const?.ival;
  return second?.ival ?? 0;
}

/** Months have no fixed length, so an interval constant with months is only good for comparing. */
function parseIntervalConstant(text: string): Datum {
  const micros = scalarCodec('interval')!.parse(
    /^\d+$/.test(text.trim()) ? `00:00:${text.trim().padStart(2, '0')}` : text,
  );
  if (micros === null) throw new NotUnderstood();
  return micros;
}

function asText(argument: Expression): Expression {
  const { read, kind, type } = argument;
  switch (kind) {
    case 'text':
    case 'enum':
    case 'network':
    case 'bytes':
    case 'bit':
    case 'unknown':
      return {
        kind: 'text',
        labels: null,
        type: null,
        read: (row) => {
          const value = read(row);
          return typeof value === 'number' ? String(value) : value;
        },
      };
    case 'integer':
      return expression('text', (row) => mapDatum(read(row), String));
    case 'number':
      // Trailing zeros of a numeric are not known here, unless the type says how many there are.
      if (type?.class === 'decimal' && type.scale !== null) {
        const { scale } = type;
        return expression('text', (row) => mapDatum(read(row), (value) => Number(value).toFixed(Math.max(0, scale))));
      }
      throw new NotUnderstood();
    case 'boolean':
      return expression('text', (row) => mapDatum(read(row), String));
    case 'date':
      return expression('text', (row) =>
        mapDatum(read(row), (value) => new Date(Number(value) / 1000).toISOString().slice(0, 10)),
      );
    default:
      throw new NotUnderstood();
  }
}

function mapDatum(value: Datum, change: (value: Datum) => Datum): Datum {
  return value === null ? null : change(value);
}

// ---------------------------------------------------------------------------------------------- logic

function logic(body: Node, scope: Scope): Expression {
  const args = listOf(body['args']).map((arg) => compile(arg, scope).read);
  switch (body['boolop']) {
    case 'NOT_EXPR':
      return expression('boolean', (row) => mapDatum(args[0](row), (value) => value !== true));
    case 'AND_EXPR':
      return expression('boolean', threeValued(args, false));
    default:
      return expression('boolean', threeValued(args, true));
  }
}

/** AND (`decisive` false) and OR (true) with SQL's NULL. */
function threeValued(args: readonly Expression['read'][], decisive: boolean): Expression['read'] {
  return (row) => {
    let unknown = false;
    for (const arg of args) {
      const value = arg(row);
      if (value === null) unknown = true;
      else if (value === decisive) return decisive;
    }
    return unknown ? null : !decisive;
  };
}

function nullTest(body: Node, scope: Scope): Expression {
  const { read, kind } = compile(body['arg'] as Node, scope);
  const wanted = body['nulltesttype'] === 'IS_NULL';
  if (kind !== 'composite') return expression('boolean', (row) => (read(row) === null) === wanted);
  // Of a row: all of its fields are, or none is.
  return expression('boolean', (row) => {
    const value = read(row);
    if (!Array.isArray(value)) return (value === null) === wanted;
    return value.every((field) => (field === null) === wanted);
  });
}

const BOOLEAN_TESTS: Readonly<Record<string, (value: Datum) => boolean>> = {
  IS_TRUE: (value) => value === true,
  IS_NOT_TRUE: (value) => value !== true,
  IS_FALSE: (value) => value === false,
  IS_NOT_FALSE: (value) => value !== false,
  IS_UNKNOWN: (value) => value === null,
  IS_NOT_UNKNOWN: (value) => value !== null,
};

function booleanTest(body: Node, scope: Scope): Expression {
  const { read } = compile(body['arg'] as Node, scope);
  const test = BOOLEAN_TESTS[String(body['booltesttype'])];
  if (test === undefined) throw new NotUnderstood();
  return expression('boolean', (row) => test(read(row)));
}

function coalesce(args: readonly Expression[]): Expression {
  const typed = args.find((arg) => arg.kind !== 'unknown') ?? args[0];
  return {
    ...typed,
    read: (row) => {
      for (const arg of args) {
        const value = arg.read(row);
        if (value !== null) return value;
      }
      return null;
    },
  };
}

function extreme(body: Node, scope: Scope): Expression {
  const args = listOf(body['args']).map((arg) => compile(arg, scope));
  const before = comparison(body['op'] === 'IS_GREATEST' ? '>' : '<', args[0], args[0]);
  return {
    ...args[0],
    read: (row) =>
      args.reduce((best: Datum, arg) => {
        const value = arg.read(row);
        return best === null || (value !== null && before(value, best) === true) ? value : best;
      }, null),
  };
}

function caseOf(body: Node, scope: Scope): Expression {
  const subject = body['arg'] === undefined ? null : compile(body['arg'] as Node, scope);
  const branches = (body['args'] as { CaseWhen: { expr: Node; result: Node } }[]).map(({ CaseWhen }) => ({
    when: compile(CaseWhen.expr, scope),
    then: compile(CaseWhen.result, scope),
  }));
  const otherwise = body['defresult'] === undefined ? null : compile(body['defresult'] as Node, scope);
  const typed = branches[0].then;
  return {
    ...typed,
    read: (row) => {
      const value = subject?.read(row) ?? null;
      const found = branches.find(({ when }) =>
        subject === null ? when.read(row) === true : compare('=', value, when.read(row)) === true,
      );
      return found === undefined ? (otherwise?.read(row) ?? null) : found.then.read(row);
    },
  };
}

// ---------------------------------------------------------------------------------------------- operators

function operation(body: Node, scope: Scope): Expression {
  const operator = nameOf(body['name']);
  const kind = String(body['kind']);
  switch (kind) {
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
    case 'AEXPR_IN':
      return membership(body, kind, operator, scope);
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT': {
      const [left, right] = [body['lexpr'], body['rexpr']].map((side) => compile(side as Node, scope));
      const wanted = kind === 'AEXPR_NOT_DISTINCT';
      const same = comparison('=', left, right);
      return expression('boolean', (row) => {
        const [a, b] = [left.read(row), right.read(row)];
        return (a === null || b === null ? a === b : same(a, b) === true) === wanted;
      });
    }
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN': {
      const value = compile(body['lexpr'] as Node, scope);
      const [low, high] = (body['rexpr'] as { List: { items: Node[] } }).List.items.map((item) => compile(item, scope));
      const from = comparison('>=', value, low);
      const to = comparison('<=', value, high);
      const within = threeValued(
        [(row) => from(value.read(row), low.read(row)), (row) => to(value.read(row), high.read(row))],
        false,
      );
      if (kind === 'AEXPR_BETWEEN') return expression('boolean', within);
      return expression('boolean', (row) => mapDatum(within(row), (inside) => inside !== true));
    }
    case 'AEXPR_NULLIF': {
      const [left, right] = [body['lexpr'], body['rexpr']].map((side) => compile(side as Node, scope));
      const same = comparison('=', left, right);
      return { ...left, read: (row) => (same(left.read(row), right.read(row)) === true ? null : left.read(row)) };
    }
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      break;
    default:
      throw new NotUnderstood();
  }
  const right = compile(body['rexpr'] as Node, scope);
  if (body['lexpr'] === undefined) {
    if (operator !== '-' && operator !== '+') throw new NotUnderstood();
    return {
      ...right,
      read: (row) => mapDatum(right.read(row), (value) => (operator === '-' ? -Number(value) : value)),
    };
  }
  return binary(operator, compile(body['lexpr'] as Node, scope), right);
}

function membership(body: Node, kind: string, operator: string, scope: Scope): Expression {
  const value = compile(body['lexpr'] as Node, scope);
  const any = kind === 'AEXPR_OP_ANY' || (kind === 'AEXPR_IN' && operator === '=');
  const used = kind === 'AEXPR_IN' && operator === '<>' ? '<>' : operator;
  const listed = elementsOf(body['rexpr'] as Node);
  if (listed !== null) {
    const tests = listed.map((element) => binary(used, value, compile(element, scope)).read);
    return expression('boolean', threeValued(tests, any));
  }
  // `value = ANY (column)`
  const list = compile(body['rexpr'] as Node, scope);
  if (list.kind !== 'array' || !COMPARISONS.has(used)) throw new NotUnderstood();
  return expression('boolean', (row) => {
    const elements = list.read(row);
    if (elements === null) return null;
    const one = value.read(row);
    return threeValued(
      (elements as readonly Datum[]).map((element) => () => compare(used, one, element)),
      any,
    )(row);
  });
}

function elementsOf(node: Node): readonly Node[] | null {
  if ('A_ArrayExpr' in node) return listOf((node['A_ArrayExpr'] as Node)['elements']);
  if ('List' in node) return listOf((node['List'] as Node)['items']);
  // `(ARRAY[…])::text[]`
  if ('TypeCast' in node) return elementsOf((node['TypeCast'] as { arg: Node }).arg);
  return null;
}

const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '^']);

function binary(operator: string, left: Expression, right: Expression): Expression {
  const strict =
    (apply: (a: Datum, b: Datum) => Datum): Expression['read'] =>
    (row) => {
      const a = left.read(row);
      const b = right.read(row);
      return a === null || b === null ? null : apply(a, b);
    };
  const kinds = new Set([left.kind, right.kind]);
  if (COMPARISONS.has(operator)) return expression('boolean', strict(comparison(operator, left, right)));
  if (MATCHERS.has(operator)) {
    const matches = matcher(operator);
    return expression(
      'boolean',
      strict((a, b) => matches(String(a), String(b))),
    );
  }
  if (kinds.has('json')) return jsonOperation(operator, left, strict);
  if (kinds.has('range')) return rangeOperation(operator, right, strict);
  if (kinds.has('array')) return arrayOperation(operator, left, right, strict);
  if (operator === '||')
    return expression(
      'text',
      strict((a, b) => `${String(asTextDatum(a, left))}${String(asTextDatum(b, right))}`),
    );
  if (ARITHMETIC.has(operator)) return arithmetic(operator, left, right, strict);
  throw new NotUnderstood();
}

type Strict = (apply: (a: Datum, b: Datum) => Datum) => Expression['read'];

function asTextDatum(value: Datum, { kind }: Expression): Datum {
  if (kind === 'text' || kind === 'enum' || kind === 'integer' || kind === 'unknown') return value;
  throw new NotUnderstood();
}

function arithmetic(operator: string, left: Expression, right: Expression, strict: Strict): Expression {
  const kind = arithmeticKind(operator, left.kind, right.kind);
  // Days count in microseconds here, as all moments do.
  const scaled = (other: Expression, side: Expression): number =>
    other.kind === 'date' && (side.kind === 'integer' || side.kind === 'number') ? 86_400e6 : 1;
  const [leftScale, rightScale] = [scaled(right, left), scaled(left, right)];
  const isDayDifference = operator === '-' && left.kind === 'date' && right.kind === 'date';
  const truncates = operator === '/' && kind === 'integer';
  return expression(
    kind,
    strict((x, y) => {
      const a = numeric(x) * leftScale;
      const b = numeric(y) * rightScale;
      switch (operator) {
        case '+':
          return a + b;
        case '-':
          return isDayDifference ? Math.round((a - b) / 86_400e6) : a - b;
        case '*':
          return a * b;
        case '/':
          if (b === 0) throw new NotUnderstood(); // the server refuses it
          return truncates ? Math.trunc(a / b) : a / b;
        case '%':
          if (b === 0) throw new NotUnderstood();
          return remainder(a, b);
        default:
          return a ** b;
      }
    }),
  );
}

function numeric(value: Datum): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return strictNumber(value);
  throw new NotUnderstood();
}

/** Of decimals too: what float noise leaves over is none. */
function remainder(a: number, b: number): number {
  const rest = a % b;
  const isNoise =
    Math.abs(rest) < 1e-9 * Math.max(1, Math.abs(a)) ||
    Math.abs(Math.abs(rest) - Math.abs(b)) < 1e-9 * Math.max(1, Math.abs(a));
  return isNoise ? 0 : rest;
}

function arithmeticKind(operator: string, left: Kind, right: Kind): Kind {
  if (left === 'date' && right === 'date') return 'integer';
  if (left === 'date' || right === 'date') {
    const other = left === 'date' ? right : left;
    return other === 'interval' || other === 'time' ? 'moment' : 'date';
  }
  if (left === 'moment' && right === 'moment') return 'interval';
  if (left === 'moment' || right === 'moment') return 'moment';
  if (left === 'interval' || right === 'interval') return 'interval';
  if (left === 'time' || right === 'time') throw new NotUnderstood();
  return left === 'integer' && right === 'integer' && operator !== '^' ? 'integer' : 'number';
}

function jsonOperation(operator: string, left: Expression, strict: Strict): Expression {
  if (left.kind !== 'json') throw new NotUnderstood();
  const json = (value: Datum): Json => {
    if (value instanceof JsonDatum) return value.value;
    if (typeof value === 'string') return JSON.parse(value) as Json;
    throw new NotUnderstood();
  };
  const step = (value: Datum): string | number => (typeof value === 'number' ? value : String(value));
  const path = (value: Datum): readonly string[] =>
    Array.isArray(value) ? value.map(String) : (readerOf(ARRAY_OF_TEXT)(String(value)) as readonly Datum[]).map(String);
  const walk = (value: Datum, steps: readonly string[]): Json | undefined =>
    steps.reduce((at: Json | undefined, part) => jsonStep(at, part), json(value));
  const wrapped = (value: Json | undefined): Datum => (value === undefined ? null : new JsonDatum(value));
  const has = (value: Datum, key: string): boolean => {
    const document = json(value);
    return Array.isArray(document) ? document.includes(key) : jsonStep(document, key) !== undefined;
  };
  switch (operator) {
    case '->':
      return expression(
        'json',
        strict((a, b) => wrapped(jsonStep(json(a), step(b)))),
      );
    case '->>':
      return expression(
        'text',
        strict((a, b) => jsonAsText(jsonStep(json(a), step(b)))),
      );
    case '#>':
      return expression(
        'json',
        strict((a, b) => wrapped(walk(a, path(b)))),
      );
    case '#>>':
      return expression(
        'text',
        strict((a, b) => jsonAsText(walk(a, path(b)))),
      );
    case '?':
      return expression(
        'boolean',
        strict((a, b) => has(a, String(b))),
      );
    case '?&':
      return expression(
        'boolean',
        strict((a, b) => path(b).every((key) => has(a, key))),
      );
    case '?|':
      return expression(
        'boolean',
        strict((a, b) => path(b).some((key) => has(a, key))),
      );
    case '@>':
      return expression(
        'boolean',
        strict((a, b) => jsonContains(json(a), json(b))),
      );
    case '@?':
      return expression(
        'boolean',
        strict((a, b) => walk(a, plainPath(String(b))) !== undefined),
      );
    default:
      throw new NotUnderstood();
  }
}

/** `$.a.b`: of JSON paths only plain members are understood. */
function plainPath(path: string): readonly string[] {
  const match = /^(?:strict |lax )?\$((?:\.(?:[A-Za-z_]\w*|"[^"\\]*"))*)$/.exec(path.trim());
  if (match === null) throw new NotUnderstood();
  return [...match[1].matchAll(/\.([A-Za-z_]\w*|"[^"\\]*")/g)].map(([, name]) => name.replaceAll('"', ''));
}

function rangeOperation(operator: string, right: Expression, strict: Strict): Expression {
  const range = (value: Datum): RangeDatum => {
    if (!(value instanceof RangeDatum)) throw new NotUnderstood();
    return value;
  };
  switch (operator) {
    case '&&':
      return expression(
        'boolean',
        strict((a, b) => rangesOverlap(range(a), range(b))),
      );
    case '@>':
      return expression(
        'boolean',
        strict((a, b) => rangeContains(range(a), b)),
      );
    case '<@':
      if (right.kind !== 'range') throw new NotUnderstood();
      return expression(
        'boolean',
        strict((a, b) => rangeContains(range(b), a)),
      );
    default:
      throw new NotUnderstood();
  }
}

function arrayOperation(operator: string, left: Expression, right: Expression, strict: Strict): Expression {
  if (left.kind !== 'array' || right.kind !== 'array') throw new NotUnderstood();
  const list = (value: Datum): readonly Datum[] => {
    if (!Array.isArray(value)) throw new NotUnderstood();
    return value as readonly Datum[];
  };
  const within = (a: readonly Datum[], b: readonly Datum[]): boolean =>
    a.every((item) => item !== null && b.some((other) => other !== null && sameLoosely(item, other)));
  switch (operator) {
    case '@>':
      return expression(
        'boolean',
        strict((a, b) => within(list(b), list(a))),
      );
    case '<@':
      return expression(
        'boolean',
        strict((a, b) => within(list(a), list(b))),
      );
    case '&&':
      return expression(
        'boolean',
        strict((a, b) => list(a).some((item) => within([item], list(b)))),
      );
    default:
      throw new NotUnderstood();
  }
}

/** Elements of a constant may be text beside numbers. */
function sameLoosely(a: Datum, b: Datum): boolean {
  return sameDatum(a, b) || compare('=', a, b) === true;
}

function indirection(body: Node, scope: Scope): Expression {
  const base = compile(body['arg'] as Node, scope);
  const steps = body['indirection'] as { String?: { sval: string }; A_Indices?: { is_slice?: boolean; uidx: Node } }[];
  return steps.reduce((value: Expression, step): Expression => {
    if (step.String !== undefined) {
      const at = value.type?.fields?.findIndex((field) => field.name === step.String!.sval) ?? -1;
      if (at < 0) throw new NotUnderstood();
      const { type } = value.type!.fields![at];
      return {
        kind: kindOf(type),
        labels: type.enumLabels,
        type,
        read: (row) => mapDatum(value.read(row), (record) => (record as readonly Datum[])[at] ?? null),
      };
    }
    if (step.A_Indices === undefined || step.A_Indices.is_slice === true || value.kind !== 'array')
      throw new NotUnderstood();
    const index = compile(step.A_Indices.uidx, scope);
    const element = value.type?.element ?? null;
    return {
      kind: kindOf(element),
      labels: element?.enumLabels ?? null,
      type: element,
      read: (row) =>
        mapDatum(value.read(row), (list) => (list as readonly Datum[])[Number(index.read(row)) - 1] ?? null),
    };
  }, base);
}

// ---------------------------------------------------------------------------------------------- functions

function call(body: Node, scope: Scope): Expression {
  const name = nameOf(body['funcname']);
  const args = listOf(body['args']).map((arg) => compile(arg, scope));
  if (body['agg_within_group'] === true || body['over'] !== undefined) throw new NotUnderstood();
  const own = scope.functions.get(functionKey(body['funcname'], args.length));
  if (own !== undefined) {
    if (scope.depth >= MAX_DEPTH) throw new NotUnderstood();
    return compile(own.body, {
      ...scope,
      arguments: { names: own.parameters, values: args },
      value: null,
      depth: scope.depth + 1,
    });
  }
  const schema =
    (body['funcname'] as { String: { sval: string } }[]).length > 1
      ? (body['funcname'] as { String: { sval: string } }[])[0].String.sval
      : 'pg_catalog';
  if (body['func_variadic'] === true || schema !== 'pg_catalog') throw new NotUnderstood();
  const known = knownFunction(name, args);
  const kind =
    name === 'lower' || name === 'upper'
      ? boundKind(args[0], known.kind)
      : known.kind === 'number' &&
          args.length > 0 &&
          args.every((arg) => arg.kind === 'integer') &&
          KEEPS_INTEGERS.has(name)
        ? 'integer'
        : known.kind;
  return expression(kind, (row) => {
    const values = args.map((arg) => arg.read(row));
    if (known.strict && values.includes(null)) return null;
    return known.call(values);
  });
}

const KEEPS_INTEGERS: ReadonlySet<string> = new Set(['abs', 'mod', 'div']);

function boundKind(argument: Expression, otherwise: Kind): Kind {
  return argument.kind === 'range' ? kindOf(argument.type?.element) : otherwise;
}

/** Of the schema's functions: qualified as the server prints them, with the number of arguments. */
export function functionKey(name: unknown, argumentCount: number): string {
  return `${(name as { String: { sval: string } }[]).map((part) => part.String.sval).join('.')}/${argumentCount}`;
}
