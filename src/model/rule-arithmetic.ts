/** What a computed column is, from its operands. */
import type { MinedRule } from './rules.ts';

type Arithmetic = Extract<MinedRule, { kind: 'arithmetic' }>;

export function combine({ form, signs, percent }: Arithmetic, values: readonly number[]): number {
  const [first, ...others] = values;
  const last = values[values.length - 1];
  switch (form) {
    case 'sum':
      return others.reduce((sum, value) => sum + value, first);
    case 'difference':
      return others.reduce((rest, value) => rest - value, first);
    case 'linear':
      return values.reduce((sum, value, i) => sum + (signs?.[i] ?? 1) * value, 0);
    case 'product':
      return others.reduce((product, value) => product * value, first);
    case 'percentage':
      return (first * last) / 100;
    case 'discounted-product': {
      const product = values.slice(0, -1).reduce((so, value) => so * value, 1);
      return product * (1 - (percent === true ? last / 100 : last));
    }
    case 'difference-product':
      return (first - values[1]) * (percent === true ? last / 100 : last);
  }
}

/** Half away from zero, as the server rounds decimals; the tiny shift undoes binary noise just below a half. */
export function roundTo(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  const scaled = Math.abs(value) * scale;
  return (Math.sign(value) * Math.floor(scaled + 0.5 + 1e-9 * Math.max(1, scaled))) / scale;
}
