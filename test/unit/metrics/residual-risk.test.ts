import { expect, test } from 'vitest';
import { residualRisk } from '../../../src/metrics/residual-risk.ts';
import { RandomCursor, streamKey } from '../../../src/numeric/random.ts';

const LIMIT = 0.1;
const TRIES = 300;

const random = new RandomCursor(streamKey(3, 'risk')).seek(0);
const guesses = (rate: number): { hits: number; tries: number } => ({
  hits: Array.from({ length: TRIES }, () => random.next()).filter((draw) => draw < rate).length,
  tries: TRIES,
});

/** Attack rate at which the risk is `risk`, by Giomi's equation solved for it. */
const attackRate = (control: number, risk: number): number => control + risk * (1 - control);

function rejected(control: number, risk: number, runs: number): number {
  const pValues = Array.from(
    { length: runs },
    () => residualRisk(guesses(attackRate(control, risk)), guesses(control), LIMIT).pValue,
  );
  return pValues.filter((p) => p < 0.05).length / runs;
}

test.each([0.05, 0.3, 0.7])(
  'a risk at the limit is called too high in one of twenty simulated attacks, control %d',
  (control) => {
    // The normal tail of a propagated error is a little off: up to 0.07, and 4 standard errors of 600 runs on top.
    expect(rejected(control, LIMIT, 600)).toBeLessThan(0.07 + 4 * Math.sqrt((0.07 * 0.93) / 600));
  },
);

test('a risk three times the limit is called too high in nearly all of them, none at all hardly ever', () => {
  expect(rejected(0.3, 3 * LIMIT, 200)).toBeGreaterThan(0.8);
  expect(rejected(0.3, 0, 200)).toBeLessThan(0.05);
});

test('rates are as counted, and the error is that of many simulated attacks', () => {
  const outcomes = Array.from({ length: 600 }, () => residualRisk(guesses(0.5), guesses(0.3), LIMIT));
  const mean = outcomes.reduce((sum, { risk }) => sum + risk, 0) / outcomes.length;
  const deviation = Math.sqrt(outcomes.reduce((sum, { risk }) => sum + (risk - mean) ** 2, 0) / outcomes.length);
  expect(mean).toBeCloseTo((0.5 - 0.3) / 0.7, 1);
  const error = outcomes.reduce((sum, { standardError }) => sum + standardError, 0) / outcomes.length;
  // A standard deviation of 600 is known to about 3 % of itself.
  expect(error / deviation).toBeGreaterThan(0.88);
  expect(error / deviation).toBeLessThan(1.12);
  expect(residualRisk({ hits: 3, tries: 10 }, { hits: 0, tries: 0 }, LIMIT)).toMatchObject({
    attackRate: 0.3,
    controlRate: 0,
  });
});
