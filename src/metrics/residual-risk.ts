import { normalTail, wilsonInterval } from './intervals.ts';

/** What an attack gains on those whose data was used, beyond what it gains on anybody. */
export interface ResidualRisk {
  readonly attackRate: number;
  readonly controlRate: number;
  /** (attack − control) / (1 − control); 0 where the control is at 1. */
  readonly risk: number;
  readonly standardError: number;
  /** P(so large a risk | the true one is `limit`). */
  readonly pValue: number;
}

/** Two-sided level whose Wilson interval reaches one standard error to each side. */
const ONE_SIGMA = 0.31731050786291415;

/**
 * Residual risk of a privacy attack against its control set of people whose data was not used.
 *
 * Rates are taken at the centres of their Wilson intervals, which never have zero width; the error of the ratio follows
 * by propagation.
 *
 * **Domain** independent guesses: at most one per subject. **Source** Giomi et al.: "A unified framework for quantifying
 * privacy risk in synthetic data" (2023), eq. 1. **Oracle** the share of simulated attacks that exceed the limit.
 */
export function residualRisk(
  attack: { readonly hits: number; readonly tries: number },
  control: { readonly hits: number; readonly tries: number },
  limit: number,
): ResidualRisk {
  const [a, c] = [wilson(attack.hits, attack.tries), wilson(control.hits, control.tries)];
  const left = 1 - c.centre;
  const risk = (a.centre - c.centre) / left;
  const standardError = Math.hypot(a.error / left, ((1 - a.centre) * c.error) / (left * left));
  return {
    attackRate: attack.hits / Math.max(1, attack.tries),
    controlRate: control.hits / Math.max(1, control.tries),
    risk,
    standardError,
    pValue: normalTail((risk - limit) / standardError),
  };
}

function wilson(hits: number, tries: number): { readonly centre: number; readonly error: number } {
  const [low, high] = wilsonInterval(hits, tries, ONE_SIGMA);
  return { centre: Math.min(1 - 1e-9, (low + high) / 2), error: (high - low) / 2 };
}
