/** Counts how often given rules are broken in given rows: those of a source, or made ones. */
import type { Catalog } from '../../../../connectors/connector.ts';
import { combine } from '../../../model/rule-arithmetic.ts';
import type { MinedRule, Operand } from '../../../model/rules.ts';
import type { RelationGraph } from '../../graph/artifact.ts';
import type { RelationalSample } from '../../profile/artifact.ts';
import { BROKEN, HELD, SILENT, type Outcome } from './evidence.ts';
import { ruleTables } from './index.ts';
import { tolerance } from './precision.ts';
import type { RuleTable } from './rule-table.ts';

/** Rows that the rule speaks of, and those of them that break it. */
export interface RuleCount {
  readonly rule: MinedRule;
  readonly caseCount: number;
  readonly breachCount: number;
}

const DAY_MICROS = 86_400_000_000;

type RowTest = (row: number) => Outcome;

/**
 * In the order of `rules`; a rule on tables that were not read counts nothing. All rows of the sample take part,
 * whoever's they are.
 */
export function countBreaches(
  rules: readonly MinedRule[],
  catalog: Catalog,
  graph: RelationGraph,
  sample: RelationalSample,
): readonly RuleCount[] {
  const everyone = { ...sample, unitSplits: sample.unitSplits.map(() => 'fit' as const) };
  const tables = ruleTables(catalog, graph, everyone, {});
  return rules.map((rule) => {
    const table = tables.get(rule.table);
    const test = table === undefined ? null : testOf(rule, table, tables);
    let caseCount = 0;
    let breachCount = 0;
    for (let row = 0; test !== null && row < table!.sample.rowCount; row++) {
      const outcome = test(row);
      if (outcome === SILENT) continue;
      caseCount++;
      if (outcome === BROKEN) breachCount++;
    }
    table?.forget();
    return { rule, caseCount, breachCount };
  });
}

function held(isHeld: boolean): Outcome {
  return isHeld ? HELD : BROKEN;
}

/** Null: what the rule speaks of was not read. */
function testOf(rule: MinedRule, table: RuleTable, tables: ReadonlyMap<string, RuleTable>): RowTest | null {
  const texts = (name: string): readonly (string | null)[] => table.columns.get(name)!.texts;
  switch (rule.kind) {
    case 'order':
      return orderTest(rule, table);
    case 'null-together': {
      const columns = rule.columns.map(texts);
      return (row) => held(new Set(columns.map((column) => column[row] === null)).size === 1);
    }
    case 'equal':
      return equality(table, rule.column, table, rule.to, (row) => row);
    case 'null-given': {
      const [column, given] = [texts(rule.column), texts(rule.given)];
      const [absent, present] = [new Set(rule.nullFor), new Set(rule.presentFor)];
      return (row) => {
        if (absent.has(given[row])) return held(column[row] === null);
        return present.has(given[row]) ? held(column[row] !== null) : SILENT;
      };
    }
    case 'value-when-null': {
      const given = texts(rule.given);
      const isValue = equalTo(table, rule.column, rule.value);
      return (row) => (given[row] === null ? held(isValue(row)) : SILENT);
    }
    case 'value-from': {
      const isValue = equalTo(table, rule.column, rule.value);
      const of = table.columns.get(rule.of)!.numbers;
      const minus = rule.minus === undefined ? null : table.columns.get(rule.minus)!.numbers;
      return (row) => {
        const amount = Math.round((of[row] - (minus?.[row] ?? 0)) * 1e9) / 1e9;
        const speaks = rule.side === 'at-least' ? amount >= rule.from : amount <= rule.from;
        return speaks ? held(isValue(row)) : SILENT;
      };
    }
    case 'present': {
      const links = table.linksAlong(rule.of.foreignKey!, rule.of.then);
      const column = table.columnOf(rule.of).texts;
      return (row) => (links[row] < 0 ? SILENT : held(column[links[row]] !== null));
    }
    case 'has-child': {
      const child = tables.get(rule.childTable);
      const links = child?.sample.parents.get(rule.childForeignKey);
      if (links === undefined) return null;
      const has = new Uint8Array(table.sample.rowCount);
      for (const to of links) if (to >= 0) has[to] = 1;
      const given = texts(rule.given);
      return (row) => (given[row] === null ? SILENT : held(has[row] === 1));
    }
    case 'dependency': {
      const from = rule.from.map(texts);
      const to = texts(rule.to);
      const seen = new Map<string, string | null>();
      return (row) => {
        const values = from.map((column) => column[row]);
        if (values.includes(null)) return SILENT;
        const key = JSON.stringify(values);
        if (seen.has(key)) return held(seen.get(key) === to[row]);
        seen.set(key, to[row]);
        return SILENT;
      };
    }
    case 'constant-per-parent': {
      const links = table.links(rule.foreignKey);
      const column = texts(rule.column);
      const seen = new Map<number, string | null>();
      return (row) => {
        const to = links[row];
        if (to < 0) return SILENT;
        if (seen.has(to)) return held(seen.get(to) === column[row]);
        seen.set(to, column[row]);
        return SILENT;
      };
    }
    case 'copy': {
      const links = table.links(rule.foreignKey);
      return equality(table, rule.column, table.parent(rule.foreignKey)!, rule.parentColumn, (row) => links[row]);
    }
    case 'copy-through': {
      const [first, second] = rule.path;
      const links = table.linksAlong(first, second);
      const top = table.parent(first)!.parent(second)!;
      return equality(table, rule.column, top, rule.parentColumn, (row) => links[row]);
    }
    case 'same-parent': {
      const direct = table.links(rule.foreignKey);
      const onward = table.linksAlong(rule.through, rule.parentForeignKey);
      return (row) =>
        direct[row] < 0 || onward[row] === -2 || table.links(rule.through)[row] < 0
          ? SILENT
          : held(onward[row] === direct[row]);
    }
    case 'points-back': {
      const steps = table.links(rule.through);
      const onward = table.parent(rule.through)!.links(rule.parentForeignKey);
      return (row) => (steps[row] < 0 ? SILENT : held(onward[steps[row]] === row));
    }
    case 'sequence':
      return sequenceTest(rule, table);
    case 'monotone':
      return monotoneTest(rule, table);
    case 'arithmetic': {
      const operands = rule.operands.map((operand) => table.numbers(operand));
      const target = table.columns.get(rule.target)!;
      const factors = rule.operands.map((operand) => table.columnOf(operand));
      const isExact = ['sum', 'difference', 'linear'].includes(rule.form);
      const slack = tolerance(
        target,
        isExact ? [] : factors,
        rule.percent === true || rule.form === 'percentage' ? 2 : 0,
      );
      return (row) => {
        const wanted = target.numbers[row];
        const found = combine(
          rule,
          operands.map((numbers) => numbers[row]),
        );
        if (Number.isNaN(wanted) || Number.isNaN(found)) return SILENT;
        return held(Math.abs(found - wanted) <= slack(wanted) + 1e-9);
      };
    }
    case 'aggregate':
      return aggregateTest(rule, table, tables);
    case 'found-in':
      return foundTest(rule, table, tables);
  }
}

/** Numbers are equal however they are written. */
function equalTo(table: RuleTable, name: string, value: string): (row: number) => boolean {
  const column = table.columns.get(name)!;
  if (column.line !== 'number') return (row) => column.texts[row] === value;
  return (row) => column.texts[row] === value || column.numbers[row] === Number(value);
}

function orderTest(rule: Extract<MinedRule, { kind: 'order' }>, table: RuleTable): RowTest {
  const [low, high] = [table.numbers(rule.low), table.numbers(rule.high)];
  const unit = table.columnOf(rule.low).isDate === table.columnOf(rule.high).isDate ? 1 : DAY_MICROS;
  const floor = (value: number): number => (unit === 1 ? value : Math.floor(value / unit) * unit);
  return (row) => {
    const distance = floor(high[row]) - floor(low[row]);
    if (Number.isNaN(distance)) return SILENT;
    return held((rule.strict ? distance > 0 : distance >= 0) && distance <= (rule.within ?? Infinity));
  };
}

/** NULL equals NULL; numbers and moments however they are written. */
function equality(
  table: RuleTable,
  column: string,
  other: RuleTable,
  otherColumn: string,
  at: (row: number) => number,
): RowTest {
  const [own, theirs] = [table.columns.get(column)!, other.columns.get(otherColumn)!];
  return (row) => {
    const to = at(row);
    if (to < 0) return SILENT;
    const [text, otherText] = [own.texts[row], theirs.texts[to]];
    if (text === otherText) return HELD;
    return held(text !== null && otherText !== null && own.line !== null && own.numbers[row] === theirs.numbers[to]);
  };
}

function sequenceTest(rule: Extract<MinedRule, { kind: 'sequence' }>, table: RuleTable): RowTest {
  const links = table.links(rule.foreignKey);
  const { numbers } = table.columns.get(rule.column)!;
  const size = table.parent(rule.foreignKey)!.sample.rowCount;
  const counts = new Uint32Array(size);
  for (const to of links) if (to >= 0) counts[to]++;
  const seen = new Set<string>();
  return (row) => {
    const to = links[row];
    if (to < 0) return SILENT;
    const place = numbers[row] - rule.start;
    const key = `${to} ${place}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return held(isNew && Number.isInteger(place) && place >= 0 && place < counts[to]);
  };
}

function monotoneTest(rule: Extract<MinedRule, { kind: 'monotone' }>, table: RuleTable): RowTest {
  const links = table.links(rule.foreignKey);
  const [values, by] = [table.columns.get(rule.column)!.numbers, table.columns.get(rule.by)!.numbers];
  const rows = Int32Array.from(links.keys()).filter((row) => links[row] >= 0);
  rows.sort((a, b) => links[a] - links[b] || by[a] - by[b]);
  const before = new Int32Array(links.length).fill(-1);
  for (let i = 1; i < rows.length; i++) if (links[rows[i]] === links[rows[i - 1]]) before[rows[i]] = rows[i - 1];
  return (row) => {
    const difference = before[row] < 0 ? NaN : values[row] - values[before[row]];
    return Number.isNaN(difference) ? SILENT : held(difference >= 0);
  };
}

function aggregateTest(
  rule: Extract<MinedRule, { kind: 'aggregate' }>,
  table: RuleTable,
  tables: ReadonlyMap<string, RuleTable>,
): RowTest | null {
  const child = tables.get(rule.childTable);
  const links = child?.sample.parents.get(rule.childForeignKey);
  if (child === undefined || links === undefined) return null;
  const parts = rule.of.map((column) => child.columns.get(column)!);
  const where = rule.where === undefined ? null : child.columns.get(rule.where.column)!.texts;
  const totals = new Float64Array(table.sample.rowCount).fill(NaN);
  for (let row = 0; row < links.length; row++) {
    const to = links[row];
    if (to < 0 || (where !== null && where[row] !== rule.where!.value)) continue;
    const value = rule.function === 'count' ? 1 : parts.reduce((product, part) => product * part.numbers[row], 1);
    if (Number.isNaN(value)) continue;
    const so = totals[to];
    if (Number.isNaN(so)) totals[to] = value;
    else if (rule.function === 'min') totals[to] = Math.min(so, value);
    else totals[to] = rule.function === 'max' ? Math.max(so, value) : so + value;
  }
  const target = table.columns.get(rule.column)!;
  const given = rule.given === undefined ? null : table.columns.get(rule.given)!.texts;
  const slack = tolerance(target, parts);
  return (row) => {
    const value = target.numbers[row];
    if (given !== null) {
      if (given[row] === null) return Number.isNaN(totals[row]) ? SILENT : BROKEN;
      return held(Math.abs(totals[row] - value) <= slack(value) + 1e-9);
    }
    if (!Number.isNaN(totals[row])) return held(Math.abs(totals[row] - value) <= slack(value) + 1e-9);
    // Without children there is nothing, or a zero.
    return rule.where !== undefined || Number.isNaN(value) ? SILENT : held(value === 0);
  };
}

function foundTest(
  rule: Extract<MinedRule, { kind: 'found-in' }>,
  table: RuleTable,
  tables: ReadonlyMap<string, RuleTable>,
): RowTest | null {
  const other = tables.get(rule.inTable);
  if (other === undefined) return null;
  const reader = (of: RuleTable, operand: Operand): ((row: number) => string | null) => {
    const column = of.columnOf(operand).texts;
    if (operand.foreignKey === null) return (row) => column[row];
    const links = of.linksAlong(operand.foreignKey, operand.then);
    return (row) => (links[row] < 0 ? null : column[links[row]]);
  };
  const [inLeft, inRight] = [reader(other, rule.inLeft), reader(other, rule.inRight)];
  const than = rule.after === undefined ? null : other.numbers(rule.after.than);
  const pairs = new Map<string, number>();
  for (let row = 0; row < other.sample.rowCount; row++) {
    const time = than?.[row] ?? -Infinity;
    if (Number.isNaN(time)) continue;
    const key = JSON.stringify([inLeft(row), inRight(row)]);
    pairs.set(key, Math.min(time, pairs.get(key) ?? Infinity));
  }
  const [left, right] = [reader(table, rule.left), reader(table, rule.right)];
  const own = rule.after === undefined ? null : table.columns.get(rule.after.column)!.numbers;
  return (row) => {
    const [a, b] = [left(row), right(row)];
    if (a === null || b === null) return SILENT;
    const time = pairs.get(JSON.stringify([a, b]));
    return held(time !== undefined && (own === null || Number.isNaN(own[row]) || own[row] > time));
  };
}
