import { describe, expect, test } from 'vitest';
import type { SequenceFacts } from '../../../../connectors/connector.ts';
import { sequencePosition } from '../../../../connectors/postgres/sequences.ts';

function sequence(changes: Partial<SequenceFacts>): SequenceFacts {
  const name = { schema: 'public', name: 's' };
  return {
    name,
    type: 'bigint',
    start: '1',
    minimum: '1',
    maximum: '9223372036854775807',
    increment: '1',
    cycle: false,
    usedBy: [{ table: { schema: 'public', name: 't' }, column: 'id' }],
    lastValue: null,
    ...changes,
  };
}

describe('where a sequence stands after a load', () => {
  test.each([
    ['at the largest value', {}, 7n, 7n, true],
    ['beyond 2^53 exactly', {}, 9_007_199_254_740_993n, 9_007_199_254_740_993n, true],
    ['at its start where its columns are empty', { start: '5' }, null, 5n, false],
    ['at its start where all values lie before it', { start: '1000' }, 999n, 1000n, false],
    ['at its start where that is taken', { start: '1000' }, 1000n, 1000n, true],
    ['on its lattice: even numbers stay even', { start: '2', increment: '2' }, 7n, 8n, true],
    ['on its lattice: odd numbers stay odd', { start: '1', increment: '2' }, 7n, 7n, true],
    ['on its lattice of tens', { start: '1', increment: '10' }, 12n, 21n, true],
    ['downwards at the smallest', { start: '-1', increment: '-1', minimum: '-100', maximum: '-1' }, -7n, -7n, true],
    ['downwards on its lattice', { start: '-1', increment: '-5', minimum: '-100', maximum: '-1' }, -7n, -11n, true],
    [
      'downwards at its start where all values lie above',
      { start: '-1', increment: '-1', minimum: '-100', maximum: '-1' },
      3n,
      -1n,
      false,
    ],
    ['at its end where values lie beyond', { maximum: '100' }, 5000n, 100n, true],
    ['where it stood in the source if no column uses it', { usedBy: [], lastValue: '42' }, null, 42n, true],
    ['at its start if nothing ever used it', { usedBy: [], start: '3' }, null, 3n, false],
  ] as const)('%s', (_name, changes, extreme, value, isCalled) => {
    expect(sequencePosition(sequence(changes), extreme)).toEqual({ value, isCalled });
  });
});
