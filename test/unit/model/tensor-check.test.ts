import { describe, expect, it } from 'vitest';
import { LEAF_TOTAL, type ConditionalTensors } from '../../../src/model/conditional.ts';
import { checkTensors } from '../../../src/model/tensor-check.ts';

/** A split of input 0 by a set of codes, then one of input 1 by a threshold: three leaves of two codes. */
const sound: ConditionalTensors = {
  nodes: Int32Array.of(0, ~0, 1, 1, 3, 3, -1, 0, 0, -1, 0, 1, -1, 0, 2),
  categories: Uint32Array.of(5, 1),
  roots: Int32Array.of(0),
  leaves: Uint32Array.of(7, LEAF_TOTAL, 0, LEAF_TOTAL, 9, LEAF_TOTAL),
};
const SIZES = [40, 5];
const isSound = (change: Partial<ConditionalTensors> = {}, sizes: readonly number[] = SIZES): boolean => {
  try {
    checkTensors({ ...sound, ...change }, 2, sizes);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
};
const nodes = (at: number, value: number): { nodes: Int32Array } => ({ nodes: sound.nodes.with(at, value) });

describe('tensors that fit together', () => {
  it('are let through', () => {
    expect(isSound()).toBe(true);
  });

  it('are refused where a walk would leave them', () => {
    expect(isSound(nodes(2, 4))).toBe(false); // right child beyond the last node
    expect(isSound(nodes(8, 3))).toBe(false); // leaf that is not there
    expect(isSound(nodes(8, -1))).toBe(false);
    expect(isSound(nodes(3, 2))).toBe(false); // input that is not there
    expect(isSound({}, [40])).toBe(false);
    expect(isSound({}, [65, 5])).toBe(false); // a set of three words
    expect(isSound({ roots: Int32Array.of(5) })).toBe(false);
    expect(isSound({ roots: Int32Array.of(-1) })).toBe(false);
  });

  it('are refused where a walk would not end, or pieces hang loose', () => {
    expect(isSound(nodes(5, 0))).toBe(false);
    expect(isSound({ roots: Int32Array.of(1) })).toBe(false);
    expect(isSound({ roots: new Int32Array(0) })).toBe(false);
    expect(isSound({ roots: Int32Array.of(0, 0) })).toBe(false);
  });

  it('are refused where a leaf is no distribution', () => {
    expect(isSound({ leaves: sound.leaves.with(3, 12) })).toBe(false);
    expect(isSound({ leaves: sound.leaves.slice(0, 5) })).toBe(false);
  });
});
