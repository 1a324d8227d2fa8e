/** Sums and differences within a row: total = subtotal − discount + shipping + tax. */
import type { MinedRule } from '../../../model/rules.ts';
import type { Term } from './arithmetic.ts';
import { BROKEN, HELD, SILENT, weigh, type RuleTest } from './evidence.ts';
import { tolerance } from './precision.ts';
import type { RuleTable } from './rule-table.ts';

type ArithmeticRule = Extract<MinedRule, { readonly kind: 'arithmetic' }>;

/** Columns of one relation. */
const MIN_SIZE = 3;
const MAX_SIZE = 5;
/** With more columns than this, relations of `MAX_SIZE` are not tried. */
const MAX_COLUMNS_FOR_LARGEST = 16;
const SCREEN_CASES = 10;
/** The whole must be a wonder; a single operand may matter seldom, like a discount. */
const MAX_CHANCE = 0.97;
const MAX_OPERAND_CHANCE = 0.999;

/** Σ signs[i] · terms[i] = 0 in all rows. */
interface Relation {
  readonly terms: readonly Term[];
  readonly signs: readonly (1 | -1)[];
}

/** `settled` columns are operands only. Of relations that follow from each other, the smallest are told. */
export function mineLinearRelations(
  table: RuleTable,
  terms: readonly Term[],
  settled: ReadonlySet<string>,
): readonly ArithmeticRule[] {
  const span = new Span(terms.length);
  const given = new Set(settled);
  const rules: ArithmeticRule[] = [];
  const largest = terms.length > MAX_COLUMNS_FOR_LARGEST ? MAX_SIZE - 1 : MAX_SIZE;
  for (let size = MIN_SIZE; size <= largest; size++) {
    for (const relation of relationsOf(terms, size)) {
      const vector = new Float64Array(terms.length);
      relation.terms.forEach((term, i) => (vector[terms.indexOf(term)] = relation.signs[i]));
      if (span.has(vector)) continue;
      const rule = check(table, relation, given);
      if (rule === null) continue;
      span.add(vector);
      given.add(rule.target);
      rules.push(rule);
    }
  }
  return rules;
}

/** Those of `size` columns that no row of the screen contradicts; the first sign is +. */
function* relationsOf(terms: readonly Term[], size: number): Generator<Relation> {
  for (const chosen of combinations(terms, size)) {
    for (let mask = 1; mask < 2 ** (size - 1); mask++) {
      const signs = chosen.map((_, i) => (i > 0 && (mask >> (i - 1)) & 1 ? -1 : 1));
      if (survives(chosen, signs)) yield { terms: chosen, signs: signs as (1 | -1)[] };
    }
  }
}

function* combinations<T>(items: readonly T[], size: number, from = 0): Generator<readonly T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let i = from; i <= items.length - size; i++) {
    for (const rest of combinations(items, size - 1, i + 1)) yield [items[i], ...rest];
  }
}

function survives(terms: readonly Term[], signs: readonly number[]): boolean {
  const rows = terms[0].screen.length;
  let cases = 0;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    let size = 0;
    for (let i = 0; i < terms.length; i++) {
      sum += signs[i] * terms[i].screen[row];
      size = Math.max(size, Math.abs(terms[i].screen[row]));
    }
    if (Number.isNaN(sum)) continue;
    if (Math.abs(sum) > 1e-9 + 1e-5 * size) return false;
    cases++;
  }
  return cases >= Math.min(SCREEN_CASES, rows);
}

function check(table: RuleTable, relation: Relation, settled: ReadonlySet<string>): ArithmeticRule | null {
  const { terms, signs } = relation;
  // Computed columns are usually declared after what they are computed from.
  const at = terms.findLastIndex((term) => !settled.has(term.operand.column));
  if (at < 0) return null;
  const target = terms[at];
  const operands = terms.filter((_, i) => i !== at);
  const factors = signs.filter((_, i) => i !== at).map((sign) => (sign === signs[at] ? -1 : 1) as 1 | -1);
  const exact = tolerance(target.column, [], 0);
  const isFloat = terms.some((term) => term.column.facts.type.class === 'float');
  const test: RuleTest = (row, other, moved) => {
    const wanted = target.numbers[moved === 0 ? other : row];
    let found = 0;
    let size = Math.abs(wanted);
    for (let i = 0; i < operands.length; i++) {
      const value = operands[i].numbers[moved === i + 1 ? other : row];
      found += factors[i] * value;
      size = Math.max(size, Math.abs(value));
    }
    if (Number.isNaN(found) || Number.isNaN(wanted)) return SILENT;
    return Math.abs(found - wanted) <= (isFloat ? 2e-6 * size : exact(size)) ? HELD : BROKEN;
  };
  const support = weigh(table, test, {
    operandCount: terms.length,
    maxChance: [MAX_CHANCE, ...operands.map(() => MAX_OPERAND_CHANCE)],
  });
  if (support === null) return null;
  const form = formOf(factors);
  const order = form === 'difference' && factors[0] === -1 ? [1, 0] : operands.map((_, i) => i);
  return {
    kind: 'arithmetic',
    table: table.id,
    target: target.operand.column,
    form,
    operands: order.map((i) => operands[i].operand),
    ...(form === 'linear' ? { signs: factors } : {}),
    decimals: target.column.decimals,
    support,
  };
}

function formOf(factors: readonly number[]): 'sum' | 'difference' | 'linear' {
  if (factors.every((factor) => factor === 1) && factors.length <= 3) return 'sum';
  return factors.length === 2 && factors[0] !== factors[1] ? 'difference' : 'linear';
}

/** The vectors that the added ones span, in echelon form. */
class Span {
  readonly #rows: { readonly vector: Float64Array; readonly lead: number }[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  has(vector: Float64Array): boolean {
    return this.#leadOf(this.#reduce(vector)) < 0;
  }

  add(vector: Float64Array): void {
    const rest = this.#reduce(vector);
    const lead = this.#leadOf(rest);
    if (lead >= 0) this.#rows.push({ vector: rest, lead });
  }

  #reduce(vector: Float64Array): Float64Array {
    const rest = Float64Array.from(vector);
    for (const { vector: row, lead } of this.#rows) {
      const factor = rest[lead] / row[lead];
      if (factor !== 0) for (let i = 0; i < this.#size; i++) rest[i] -= factor * row[i];
    }
    return rest;
  }

  #leadOf(vector: Float64Array): number {
    return vector.findIndex((value) => Math.abs(value) > 1e-9);
  }
}
