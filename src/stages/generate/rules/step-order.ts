/** In which order the values that follow from others are written. */
import type { MinedRule } from '../../../model/rules.ts';
import type { RowPlace, RowView } from './row-view.ts';

/** Writes what a rule says. */
export interface Step {
  readonly kind: MinedRule['kind'];
  /** Columns of the row. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly run: (row: RowView, place: RowPlace) => void;
}

/** Of steps that do not need each other: the more certain ones last. */
const RANKS: readonly MinedRule['kind'][] = [
  'copy',
  'sequence',
  'dependency',
  'constant-per-parent',
  'value-when-null',
  'value-from',
  'arithmetic',
  'aggregate',
  'equal',
];

/** Each after those that write what it reads; where steps need each other in a circle, the first goes first. */
export function inOrderOfUse(steps: readonly Step[]): readonly Step[] {
  const left = [...steps].sort((a, b) => RANKS.indexOf(a.kind) - RANKS.indexOf(b.kind));
  const order: Step[] = [];
  while (left.length > 0) {
    const free = left.findIndex((step) =>
      left.every((other) => other === step || !other.writes.some((column) => step.reads.includes(column))),
    );
    order.push(...left.splice(Math.max(0, free), 1));
  }
  return order;
}
