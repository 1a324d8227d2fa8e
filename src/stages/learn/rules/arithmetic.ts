/** Columns that are computed from others of the row or of its parents. */
import type { MinedRule, Operand } from '../../../model/rules.ts';
import { BROKEN, HELD, SILENT, weigh, type RuleTest } from './evidence.ts';
import { mineLinearRelations } from './linear.ts';
import { tolerance } from './precision.ts';
import type { RuleColumn } from './rule-column.ts';
import type { RuleTable } from './rule-table.ts';

export type ArithmeticRule = Extract<MinedRule, { readonly kind: 'arithmetic' }>;

const MAX_OWN = 25;
const MAX_PER_PARENT = 12;
const MAX_TERMS = 40;
/** A target with fewer values could be hit by chance. */
const MIN_TARGET_VALUES = 6;
const SCREEN_CASES = 10;
/** Share of cases that may not notice one operand's exchange: a quantity is nearly always 1. */
const MAX_OPERAND_CHANCE = 0.995;
const MAX_TARGET_CHANCE = 0.97;

/** A number that may be an operand. */
export interface Term {
  readonly operand: Operand;
  readonly column: RuleColumn;
  /** By row of the mined table. */
  readonly numbers: Float64Array;
  /** By row of its screen. */
  readonly screen: Float64Array;
  readonly least: number;
  readonly most: number;
}

/** `settled`: columns whose value another rule gives already; they are no targets. */
export function mineArithmetic(table: RuleTable, settled: ReadonlySet<string>): readonly ArithmeticRule[] {
  const own = ownTerms(table);
  if (own.length === 0) return [];
  const targets = own.filter((term) => !settled.has(term.operand.column) && hasValues(term));
  const terms = [...own, ...parentTerms(table)].slice(0, MAX_TERMS);
  const rates = [...terms, ...grandparentTerms(table)].filter((term) => term.least >= 0 && term.most <= 100);
  const products = targets.flatMap((target) => mineProduct(table, target, terms, rates) ?? []);
  const given = new Set([...settled, ...products.map((rule) => rule.target)]);
  return [...products, ...mineLinearRelations(table, own, given)];
}

function ownTerms(table: RuleTable): Term[] {
  return table
    .measures()
    .filter((column) => column.line === 'number')
    .slice(0, MAX_OWN)
    .map((column) => termOf(table, { column: column.name, foreignKey: null }));
}

function parentTerms(table: RuleTable): Term[] {
  return table.foreignKeys().flatMap((key) =>
    table
      .parent(key.name)!
      .measures()
      .filter((column) => column.line === 'number')
      .slice(0, MAX_PER_PARENT)
      .map((column) => termOf(table, { column: column.name, foreignKey: key.name })),
  );
}

/** Rates are often kept far away: the tax of the country of the address. */
function grandparentTerms(table: RuleTable): Term[] {
  return table.foreignKeys().flatMap((key) => {
    const parent = table.parent(key.name)!;
    return parent.foreignKeys().flatMap((then) =>
      parent
        .parent(then.name)!
        .measures()
        .filter((column) => column.line === 'number')
        .slice(0, MAX_PER_PARENT)
        .map((column) => termOf(table, { column: column.name, foreignKey: key.name, then: then.name })),
    );
  });
}

function termOf(table: RuleTable, operand: Operand): Term {
  const numbers = table.numbers(operand);
  let least = Infinity;
  let most = -Infinity;
  for (const row of table.fit) {
    const value = numbers[row];
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const screen = Float64Array.from(table.screen, (row) => numbers[row]);
  return { operand, column: table.columnOf(operand), numbers, screen, least, most };
}

function hasValues(term: Term): boolean {
  const seen = new Set<number>();
  for (const value of term.numbers) {
    if (!Number.isNaN(value) && seen.add(value).size >= MIN_TARGET_VALUES) return true;
  }
  return false;
}

type Form = ArithmeticRule['form'];

interface Candidate {
  readonly form: Form;
  readonly terms: readonly Term[];
  readonly percent: boolean;
  /** Decimals that the calculation adds beside those of the operands. */
  readonly extraDecimals: number;
  readonly compute: (values: readonly number[]) => number;
}

/** The first of: a · b, a · b / 100, a · (1 − d), a · b · (1 − d), (a − b) · r that holds; own operands come first. */
function mineProduct(
  table: RuleTable,
  target: Term,
  terms: readonly Term[],
  rates: readonly Term[],
): ArithmeticRule | null {
  for (const candidate of candidatesFor(target, terms, rates)) {
    const slack = tolerance(
      target.column,
      candidate.terms.map((term) => term.column),
      candidate.extraDecimals,
    );
    const test = testOf(target, candidate, slack);
    const limits = [MAX_TARGET_CHANCE, ...candidate.terms.map(() => MAX_OPERAND_CHANCE)];
    const support = weigh(table, test, { operandCount: limits.length, maxChance: limits });
    if (support === null) continue;
    return {
      kind: 'arithmetic',
      table: table.id,
      target: target.operand.column,
      form: candidate.form,
      operands: candidate.terms.map((term) => term.operand),
      ...(candidate.percent ? { percent: true } : {}),
      decimals: target.column.decimals,
      support,
    };
  }
  return null;
}

/** Operand 0 is the target. */
function testOf(target: Term, { terms, compute }: Candidate, slack: (value: number) => number): RuleTest {
  const values = new Array<number>(terms.length);
  return (row, other, moved) => {
    const wanted = target.numbers[moved === 0 ? other : row];
    for (let i = 0; i < terms.length; i++) values[i] = terms[i].numbers[moved === i + 1 ? other : row];
    const found = compute(values);
    if (Number.isNaN(wanted) || Number.isNaN(found)) return SILENT;
    return Math.abs(found - wanted) <= slack(wanted) ? HELD : BROKEN;
  };
}

/** Those that no row of the screen contradicts. */
function* candidatesFor(target: Term, all: readonly Term[], rates: readonly Term[]): Generator<Candidate> {
  const terms = all.filter((term) => term !== target);
  const meets = meeting(target);
  const pairs = terms.flatMap((a, i) => terms.slice(i + 1).map((b) => [a, b] as const));
  for (const [a, b] of pairs) {
    const [x, y] = [a.screen, b.screen];
    if (meets((i) => x[i] * y[i])) {
      yield { form: 'product', terms: [a, b], percent: false, extraDecimals: 0, compute: ([p, q]) => p * q };
    }
    if (meets((i) => (x[i] * y[i]) / 100)) {
      yield { form: 'percentage', terms: [a, b], percent: false, extraDecimals: 2, compute: ([p, q]) => (p * q) / 100 };
    }
  }
  for (const rate of rates.filter((term) => term !== target)) {
    const { percent, scale, extraDecimals } = scaleOf(rate);
    const r = rate.screen;
    for (const a of rate.operand.then === undefined ? terms : []) {
      if (a === rate || !meets((i) => a.screen[i] * (1 - r[i] * scale))) continue;
      const compute = ([p, d]: readonly number[]): number => p * (1 - d * scale);
      yield { form: 'discounted-product', terms: [a, rate], percent, extraDecimals, compute };
    }
    for (const [a, b] of rate.operand.then === undefined ? pairs : []) {
      if (a === rate || b === rate || !meets((i) => a.screen[i] * b.screen[i] * (1 - r[i] * scale))) continue;
      const compute = ([p, q, d]: readonly number[]): number => p * q * (1 - d * scale);
      yield { form: 'discounted-product', terms: [a, b, rate], percent, extraDecimals, compute };
    }
    for (const [a, b] of ordered(terms.filter((term) => term.operand.foreignKey === null && term !== rate))) {
      if (!meets((i) => (a.screen[i] - b.screen[i]) * r[i] * scale)) continue;
      const compute = ([p, q, d]: readonly number[]): number => (p - q) * d * scale;
      yield { form: 'difference-product', terms: [a, b, rate], percent, extraDecimals, compute };
    }
  }
}

function ordered(terms: readonly Term[]): (readonly [Term, Term])[] {
  return terms.flatMap((a) => terms.filter((b) => b !== a).map((b) => [a, b] as const));
}

function scaleOf(rate: Term): { percent: boolean; scale: number; extraDecimals: number } {
  return rate.most > 1
    ? { percent: true, scale: 0.01, extraDecimals: 2 }
    : { percent: false, scale: 1, extraDecimals: 0 };
}

/** Whether computed values meet the target in all rows of the screen, generously. */
function meeting(target: Term): (compute: (i: number) => number) => boolean {
  const wanted = target.screen;
  const slack = 0.5 * 10 ** -target.column.decimals + 1e-9;
  return (compute) => {
    let cases = 0;
    for (let i = 0; i < wanted.length; i++) {
      const difference = Math.abs(compute(i) - wanted[i]);
      if (Number.isNaN(difference)) continue;
      if (difference > slack + 1e-5 * Math.abs(wanted[i])) return false;
      cases++;
    }
    return cases >= Math.min(SCREEN_CASES, wanted.length);
  };
}
