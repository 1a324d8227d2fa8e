/** Orders that follow from how a column is computed: a part is no more than the whole. */
import type { Operand } from '../../../model/rules.ts';
import type { AggregateRule } from './aggregate.ts';
import type { ArithmeticRule } from './arithmetic.ts';
import type { RuleTable } from './rule-table.ts';

/** low ≤ high. */
export interface Bound {
  readonly low: Operand;
  readonly high: Operand;
}

export function boundsOfArithmetic(table: RuleTable, rules: readonly ArithmeticRule[]): readonly Bound[] {
  return rules.flatMap((rule) => boundsOf(table, rule));
}

function boundsOf(table: RuleTable, rule: ArithmeticRule): Bound[] {
  const target: Operand = { column: rule.target, foreignKey: null };
  const { operands } = rule;
  const ranges = operands.map((operand) => rangeOf(table, operand));
  const allOthers = (i: number, holds: (least: number, most: number) => boolean): boolean =>
    ranges.every(({ least, most }, j) => j === i || holds(least, most));
  const whole = rangeOf(table, target);
  switch (rule.form) {
    case 'sum':
      return operands.flatMap((low, i) => (allOthers(i, (least) => least >= 0) ? [{ low, high: target }] : []));
    case 'difference': {
      const [from, taken] = operands;
      return [
        ...(ranges[1].least >= 0 ? [{ low: target, high: from }] : []),
        ...(whole.least >= 0 ? [{ low: taken, high: from }] : []),
      ];
    }
    case 'linear':
      // Whatever is taken off again: an added part that never exceeds the whole does so by the other parts' own rules.
      return operands.flatMap((low, i) => (rule.signs![i] > 0 ? [{ low, high: target }] : []));
    case 'product':
      return operands.flatMap((operand, i) => {
        if (ranges[i].least < 0) return [];
        if (allOthers(i, (least) => least >= 1)) return [{ low: operand, high: target }];
        return allOthers(i, (least, most) => least >= 0 && most <= 1) ? [{ low: target, high: operand }] : [];
      });
    case 'percentage':
      return operands.flatMap((high, i) =>
        ranges[i].least >= 0 && allOthers(i, (least, most) => least >= 0 && most <= 100) ? [{ low: target, high }] : [],
      );
    case 'discounted-product':
      return operands.length === 2 && ranges[0].least >= 0 ? [{ low: target, high: operands[0] }] : [];
    case 'difference-product':
      return ranges[1].least >= 0 && whole.least >= 0 ? [{ low: target, high: operands[0] }] : [];
  }
}

/** Between the child's column and the parent's, as the child's table sees them. */
export function boundsOfAggregate(child: RuleTable, rule: AggregateRule): readonly Bound[] {
  if (rule.of.length !== 1) return [];
  const part: Operand = { column: rule.of[0], foreignKey: null };
  const whole: Operand = { column: rule.column, foreignKey: rule.childForeignKey };
  if (rule.function === 'min') return [{ low: whole, high: part }];
  if (rule.function === 'max') return [{ low: part, high: whole }];
  return rangeOf(child, part).least >= 0 ? [{ low: part, high: whole }] : [];
}

function rangeOf(table: RuleTable, operand: Operand): { readonly least: number; readonly most: number } {
  const numbers = table.numbers(operand);
  let least = Infinity;
  let most = -Infinity;
  for (const row of table.fit) {
    if (numbers[row] < least) least = numbers[row];
    if (numbers[row] > most) most = numbers[row];
  }
  return { least, most };
}
