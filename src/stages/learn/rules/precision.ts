/** How far a computed number may be from the stored one. */
import type { RuleColumn } from './rule-column.ts';

/** Beside what rounding explains: double arithmetic, and that of 4-byte floats. */
const DOUBLE_ERROR = 1e-11;
const FLOAT_ERROR = 2e-6;

/**
 * Slack for a stored value: half a unit of the target's last decimal if the factors have more decimals together than
 * it has, so that it was rounded; else next to nothing.
 */
export function tolerance(
  target: RuleColumn,
  factors: readonly RuleColumn[],
  extraDecimals = 0,
): (value: number) => number {
  const isFloat = [target, ...factors].some((column) => column.facts.type.class === 'float');
  const relative = isFloat ? FLOAT_ERROR : DOUBLE_ERROR;
  if (target.line !== 'number') return () => 0;
  const decimals = factors.reduce((sum, column) => sum + column.decimals, extraDecimals);
  const half = decimals > target.decimals ? 0.5 * 10 ** -target.decimals : 0;
  return (value) => half + Math.abs(value) * relative + 1e-9;
}
