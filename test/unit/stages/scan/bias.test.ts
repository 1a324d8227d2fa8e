import { expect, test } from 'vitest';
import { biasGates } from '../../../../src/stages/scan/bias.ts';
import { tableViews } from '../../../../src/stages/scan/table-view.ts';
import { resolveGates } from '../../../../src/stages/scan/verdicts.ts';
import { CUSTOMER, makeShop, scanInput } from './shop.ts';
import type { Shop } from './shop.ts';

const SOURCE = makeShop('source', 1500);
const FRESH = makeShop('fresh', 1500);
const subgroups = [{ table: CUSTOMER, group: 'plan', outcome: 'age_group', limit: 0.05 }];

function verdicts(target: Shop, group = 'plan'): Record<string, string> {
  const input = scanInput(SOURCE, target, { subgroups: [{ ...subgroups[0], group }] });
  const view = tableViews(input).find(({ id }) => id === CUSTOMER)!;
  const gates = resolveGates(biasGates(view, input), 'loaded', 0.005, 100);
  return Object.fromEntries(gates.map(({ gate, verdict }) => [gate, verdict]));
}

/** Fresh customers, of which some have another value in a column. */
function changed(column: string, value: (own: string, row: number) => string): Shop {
  const values = FRESH.customer[column].map((own, row) => value(own!, row));
  return { ...FRESH, customer: { ...FRESH.customer, [column]: values } };
}

test('other people of the same population are no bias', () => {
  expect(verdicts(FRESH)).toEqual({ 'bias-shares': 'pass', 'bias-amplification': 'pass' });
});

test('half of a group gone to another changes shares', () => {
  const [commonest, other] = [...new Set(FRESH.customer['plan'])] as string[];
  const moved = changed('plan', (own, row) => (own === commonest && row % 2 === 0 ? other : own));
  expect(verdicts(moved)['bias-shares']).toBe('fail');
});

test('one group given one outcome widens the gap, and leaves shares as they are', () => {
  const plan = FRESH.customer['plan'][0];
  const age = FRESH.customer['age_group'][0]!;
  const unequal = changed('age_group', (own, row) => (FRESH.customer['plan'][row] === plan ? age : own));
  expect(verdicts(unequal)).toEqual({ 'bias-shares': 'pass', 'bias-amplification': 'fail' });
});

test('a column whose values are replaced has no groups', () => {
  expect(verdicts(FRESH, 'email')).toEqual({ 'bias-shares': 'not-applicable' });
});
