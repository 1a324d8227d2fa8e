import { holm, normalTailQuantile } from '../../metrics/intervals.ts';
import type { GateResult } from './artifact.ts';

/** A gate with what is known before all gates of the run are: `resolveGates` makes the verdicts. */
export type OpenGate = ExactGate | StatisticalGate;

/** Decided by itself: counts, and what does not apply. */
export interface ExactGate {
  readonly kind: 'exact';
  readonly result: Omit<GateResult, 'basis'>;
  /** The table that it is about, if it is about one. */
  readonly table: string | null;
}

/** Decided together with all others of its kind, so that they share one error rate. */
export interface StatisticalGate {
  readonly kind: 'statistical';
  readonly gate: string;
  readonly scope: string;
  readonly table: string;
  readonly value: number;
  readonly standardError: number;
  readonly limit: number;
  /** P(so large a value | the true one is at the limit). */
  readonly pValue: number;
  readonly unitCount: number;
  /** The range that the value can have. */
  readonly range: readonly [number, number];
  /** False where the smallest effect that could be found at the level is of no use. */
  readonly powered: (alphaPerTest: number) => boolean;
  /** Without power, it is not that subjects are few: why the question does not arise for such rows. */
  readonly uninformative?: string;
  readonly explanation: string;
}

/**
 * Verdicts of all gates. The statistical ones share the family-wise `familyAlpha` by Holm's correction; a gate fails
 * if its corrected p-value is below it, else it is underpowered with fewer than `minUnits` units or a detectable
 * effect above its limit (not applicable, if it says why the question does not arise), else it passes. Intervals are one-sided lower bounds' two-sided companions at the level
 * that is left for one test.
 */
export function resolveGates(
  gates: readonly OpenGate[],
  basis: GateResult['basis'],
  familyAlpha: number,
  minUnits: number,
): GateResult[] {
  const statistical = gates.filter((gate) => gate.kind === 'statistical');
  const adjusted = holm(statistical.map((gate) => gate.pValue));
  const alpha = familyAlpha / Math.max(1, statistical.length);
  const z = normalTailQuantile(alpha);
  return gates.map((gate) => {
    if (gate.kind === 'exact') return { ...gate.result, basis };
    const failed = adjusted[statistical.indexOf(gate)] < familyAlpha;
    const enough = gate.unitCount >= minUnits && gate.powered(alpha);
    const clip = (x: number): number => Math.min(gate.range[1], Math.max(gate.range[0], x));
    return {
      gate: gate.gate,
      scope: gate.scope,
      value: gate.value,
      interval: Number.isFinite(gate.standardError)
        ? [clip(gate.value - z * gate.standardError), clip(gate.value + z * gate.standardError)]
        : null,
      limit: gate.limit,
      verdict: failed ? 'fail' : enough ? 'pass' : gate.uninformative === undefined ? 'underpowered' : 'not-applicable',
      basis,
      explanation: failed || enough ? gate.explanation : (gate.uninformative ?? gate.explanation),
    };
  });
}

/** Nothing to compute, with the reason. */
export function notApplicable(gate: string, scope: string, table: string | null, explanation: string): ExactGate {
  return {
    kind: 'exact',
    table,
    result: { gate, scope, value: null, interval: null, limit: null, verdict: 'not-applicable', explanation },
  };
}

/** Decided by comparing a number with its limit. */
export function exactGate(
  gate: string,
  scope: string,
  table: string | null,
  facts: { readonly value: number; readonly limit: number; readonly passes: boolean; readonly explanation: string },
): ExactGate {
  const verdict = facts.passes ? 'pass' : 'fail';
  return {
    kind: 'exact',
    table,
    result: {
      gate,
      scope,
      value: facts.value,
      interval: null,
      limit: facts.limit,
      verdict,
      explanation: facts.explanation,
    },
  };
}
