/** Columns that have one fixed value from some amount on, or up to one: free shipping from 80. */
import type { MinedRule } from '../../../model/rules.ts';
import type { ArithmeticRule } from './arithmetic.ts';
import { BROKEN, HELD, MIN_LITERAL_UNITS, SILENT, weigh, type RuleTest } from './evidence.ts';
import { roundestIn } from './round-number.ts';
import type { RuleColumn } from './rule-column.ts';
import type { RuleTable } from './rule-table.ts';

export type ValueFromRule = Extract<MinedRule, { readonly kind: 'value-from' }>;

/** The limit is chosen to fit, so that more cases must speak for it than for a rule without one. */
const MIN_CASES = 300;
const MIN_EXPECTED_BREACHES = 30;
/** The value is not the rule everywhere: then it needs no limit. */
const MAX_SHARE = 0.9;
/** An amount has more values than a category. */
const MIN_AMOUNTS = 30;

/** What a limit may be set on. */
interface Amount {
  readonly of: string;
  readonly minus?: string;
  readonly numbers: Float64Array;
}

/** `settled`: columns that follow from others already. */
export function mineValuesFrom(
  table: RuleTable,
  arithmetic: readonly ArithmeticRule[],
  settled: ReadonlySet<string>,
  unnamed: ReadonlySet<string>,
): readonly ValueFromRule[] {
  const amounts = amountsOf(table, arithmetic);
  if (amounts.length === 0) return [];
  return [...table.columns.values()]
    .filter((column) => column.role === 'value' && !settled.has(column.name) && !unnamed.has(column.name))
    .flatMap((column) => {
      const value = commonValue(table, column);
      return value === null ? [] : (mineColumn(table, column, value, amounts) ?? []);
    });
}

/** Numbers of the row, and differences of two that some formula of the table takes. */
function amountsOf(table: RuleTable, arithmetic: readonly ArithmeticRule[]): readonly Amount[] {
  const numbers = new Map(
    table
      .measures()
      .filter((column) => column.line === 'number' && isFine(table, column))
      .map((column) => [column.name, column.numbers]),
  );
  const pairs = new Map<string, readonly [string, string]>();
  for (const { form, operands, signs } of arithmetic) {
    const own = (i: number): string | null => (operands[i]?.foreignKey === null ? operands[i].column : null);
    const add = (a: string | null, b: string | null): void => {
      if (a !== null && b !== null && numbers.has(a) && table.columns.has(b)) pairs.set(`${a}\0${b}`, [a, b]);
    };
    if (form === 'difference' || form === 'difference-product') add(own(0), own(1));
    if (form !== 'linear') continue;
    signs!.forEach((sign, i) => {
      if (sign > 0) signs!.forEach((other, j) => other < 0 && add(own(i), own(j)));
    });
  }
  return [
    ...[...numbers].map(([of, values]): Amount => ({ of, numbers: values })),
    ...[...pairs.values()].map(([of, minus]): Amount => {
      const [a, b] = [table.columns.get(of)!.numbers, table.columns.get(minus)!.numbers];
      // What lies a billionth beside a limit is binary noise.
      return { of, minus, numbers: a.map((value, row) => Math.round((value - b[row]) * 1e9) / 1e9) };
    }),
  ];
}

function isFine(table: RuleTable, column: RuleColumn): boolean {
  const seen = new Set<number>();
  for (const row of table.fit) if (seen.add(column.numbers[row]).size >= MIN_AMOUNTS) return true;
  return false;
}

/** The value that most rows have, if enough units share it and not nearly all have it. */
function commonValue(table: RuleTable, column: RuleColumn): string | null {
  const counts = new Map<string, number>();
  for (const row of table.screen) {
    const text = column.texts[row];
    if (text !== null) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const [value] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [null];
  if (value === null) return null;
  const units = new Set<number>();
  let count = 0;
  for (const row of table.fit) {
    if (column.texts[row] !== value) continue;
    count++;
    if (units.size < MIN_LITERAL_UNITS) units.add(table.sample.units[row]);
  }
  return units.size >= MIN_LITERAL_UNITS && count < MAX_SHARE * table.fit.length ? value : null;
}

/** Of all limits the one that says most. */
function mineColumn(
  table: RuleTable,
  column: RuleColumn,
  value: string,
  amounts: readonly Amount[],
): ValueFromRule | null {
  let found: ValueFromRule | null = null;
  for (const amount of amounts) {
    if (amount.of === column.name || amount.minus === column.name) continue;
    for (const side of ['at-least', 'at-most'] as const) {
      const rule = mineLimit(table, column, value, amount, side);
      if (rule !== null && rule.support.caseCount > (found?.support.caseCount ?? 0)) found = rule;
    }
  }
  return found;
}

function mineLimit(
  table: RuleTable,
  column: RuleColumn,
  value: string,
  { of, minus, numbers }: Amount,
  side: ValueFromRule['side'],
): ValueFromRule | null {
  const sign = side === 'at-least' ? 1 : -1;
  const { texts } = column;
  let last = -Infinity;
  for (const row of table.fit) if (texts[row] !== value && sign * numbers[row] > last) last = sign * numbers[row];
  let first = Infinity;
  let cases = 0;
  let others = 0;
  for (const row of table.fit) {
    if (texts[row] !== value) others++;
    if (!(sign * numbers[row] > last)) continue;
    cases++;
    first = Math.min(first, sign * numbers[row]);
  }
  const chance = 1 - others / table.fit.length;
  if (!Number.isFinite(last) || cases < MIN_CASES || (1 - chance) * cases < MIN_EXPECTED_BREACHES) return null;
  const from = sign * roundestIn(last, first);
  const test: RuleTest = (row, moved) =>
    sign * numbers[row] >= sign * from ? (texts[moved] === value ? HELD : BROKEN) : SILENT;
  const support = weigh(table, test, { exchange: 'all' });
  if (support === null) return null;
  return {
    kind: 'value-from',
    table: table.id,
    column: column.name,
    value,
    of,
    ...(minus === undefined ? {} : { minus }),
    side,
    from,
    support,
  };
}
