import { describe, expect, it } from 'vitest';
import {
  growTree,
  leavesOf,
  type Tree,
  type TreeInput,
  type TreeOptions,
  type TreeTarget,
} from '../../../src/model/tree.ts';
import { RandomCursor, streamKey } from '../../../src/numeric/random.ts';

const OPEN: TreeOptions = { gate: 0, minRows: 5, minUnits: 3, maxDepth: 30 };

/** Two ordered and one unordered input that explain an ordered target in part. */
function makeData(rowCount: number, seed: number) {
  const cursor = new RandomCursor(streamKey(seed, 'tree test')).seek(0);
  const draw = (size: number): Uint16Array => Uint16Array.from({ length: rowCount }, () => cursor.nextInteger(size));
  const inputs: TreeInput[] = [
    { codes: draw(7), size: 7, ordered: true },
    { codes: draw(5), size: 5, ordered: false },
    { codes: draw(4), size: 4, ordered: true },
  ];
  const classes = Uint16Array.from({ length: rowCount }, (_, row) => {
    const signal = inputs[0].codes[row] + (inputs[1].codes[row] % 2) * 3;
    return Math.min(5, Math.floor((signal + cursor.nextInteger(4)) / 3));
  });
  const target: TreeTarget = { classes, size: 6, ordered: true };
  return {
    inputs,
    target,
    units: draw(Math.ceil(rowCount / 3)) as unknown as Uint16Array,
    rows: Int32Array.from({ length: rowCount }, (_, row) => row),
  };
}

/** The recipe again, naively: sets of rows, logarithms of shares, every cut tried, units counted with a Set. */
function naiveTree(
  inputs: readonly TreeInput[],
  target: TreeTarget,
  units: Uint32Array,
  rows: number[],
  options: TreeOptions,
) {
  const information = (side: readonly number[]): number => {
    const counts = new Map<number, number>();
    for (const row of side) counts.set(target.classes[row], (counts.get(target.classes[row]) ?? 0) + 1);
    return [...counts.values()].reduce((total, count) => total + count * Math.log(count / side.length), 0);
  };
  const meanClass = (side: readonly number[]): number =>
    side.reduce((total, row) => total + target.classes[row], 0) / side.length;
  const leaves: number[][] = [];
  const grow = (node: number[], depth: number): void => {
    const classCount = new Set(node.map((row) => target.classes[row])).size;
    let best = { gain: 1e-7, left: [] as number[], right: [] as number[] };
    if (depth < options.maxDepth) {
      for (const { codes, size, ordered } of inputs) {
        const groups = Array.from({ length: size }, (_, code) => node.filter((row) => codes[row] === code)).filter(
          (group) => group.length > 0,
        );
        if (!ordered) groups.sort((x, y) => meanClass(x) - meanClass(y));
        for (let cut = 1; cut < groups.length; cut++) {
          const sides = [groups.slice(0, cut).flat(), groups.slice(cut).flat()];
          if (
            sides.some(
              (side) => side.length < options.minRows || new Set(side.map((row) => units[row])).size < options.minUnits,
            )
          )
            continue;
          const price = options.gate * (4 + classCount - 1 + (ordered ? 0 : (groups.length - 2) / Math.PI));
          const gain = information(sides[0]) + information(sides[1]) - information(node) - price;
          if (gain > best.gain + 1e-7) best = { gain, left: sides[0], right: sides[1] };
        }
      }
    }
    if (best.left.length === 0) leaves.push(node);
    else [best.left, best.right].forEach((side) => grow(side, depth + 1));
  };
  grow(rows, 0);
  return leaves.map((leaf) => leaf.sort((x, y) => x - y).join(' ')).sort();
}

function leafSets(tree: Tree, rows: Int32Array): string[] {
  const sets = new Map<number, number[]>();
  rows.forEach((row, i) => sets.set(tree.leaves[i], [...(sets.get(tree.leaves[i]) ?? []), row]));
  return [...sets.values()].map((leaf) => leaf.sort((x, y) => x - y).join(' ')).sort();
}

describe('growTree', () => {
  it.each([1, 2, 3, 4])('makes the leaves of a naive implementation, units included (seed %i)', (seed) => {
    const { inputs, target, units, rows } = makeData(300, seed);
    const few = Uint32Array.from(units, (unit) => unit % 12); // 25 rows a unit: the limit on units bites
    for (const options of [OPEN, { ...OPEN, minUnits: 6 }, { ...OPEN, gate: 1 }, { ...OPEN, maxDepth: 2 }]) {
      const tree = growTree(inputs, target, few, rows, options);
      expect(leafSets(tree, rows)).toEqual(naiveTree(inputs, target, few, [...rows], options));
    }
  });

  it('leaves no side with fewer rows or units than asked', () => {
    const { inputs, target, rows } = makeData(400, 9);
    const units = Uint32Array.from(rows, (row) => Math.floor(row / 40));
    const tree = growTree(inputs, target, units, rows, { ...OPEN, minUnits: 7 });
    const leaves = new Map<number, number[]>();
    rows.forEach((row, i) => leaves.set(tree.leaves[i], [...(leaves.get(tree.leaves[i]) ?? []), row]));
    expect(leaves.size).toBeGreaterThan(1);
    for (const leaf of leaves.values()) {
      expect(leaf.length).toBeGreaterThanOrEqual(5);
      expect(new Set(leaf.map((row) => units[row])).size).toBeGreaterThanOrEqual(7);
    }
  });

  it('finds nothing in noise behind the gate, and much without it', () => {
    const { inputs, target, rows } = makeData(2000, 5);
    const cursor = new RandomCursor(streamKey(5, 'noise')).seek(0);
    const noise = { ...target, classes: Uint16Array.from(rows, () => cursor.nextInteger(6)) };
    const units = Uint32Array.from(rows);
    expect(growTree(inputs, noise, units, rows, { ...OPEN, gate: 1 }).nodeCount).toBe(1);
    expect(growTree(inputs, noise, units, rows, OPEN).nodeCount).toBeGreaterThan(100);
    expect(growTree(inputs, target, units, rows, { ...OPEN, gate: 1 }).nodeCount).toBeGreaterThan(8);
  });

  it('breaks ties by the lowest column, so a copy of a column changes nothing', () => {
    const { inputs, target, rows } = makeData(500, 6);
    const units = Uint32Array.from(rows);
    const once = growTree(inputs, target, units, rows, OPEN);
    const twice = growTree([...inputs, ...inputs], target, units, rows, OPEN);
    expect(twice.input).toEqual(once.input);
    expect(leavesOf(twice, inputs, rows)).toEqual(once.leaves);
  });

  it('sends categories that a node never saw to its larger side', () => {
    const codes = Uint16Array.from({ length: 90 }, (_, row) => (row < 30 ? 0 : 2));
    const classes = Uint16Array.from(codes, (code) => (code === 0 ? 0 : 1));
    const rows = Int32Array.from({ length: 90 }, (_, row) => row);
    const inputs = [{ codes, size: 4, ordered: false }];
    const tree = growTree(inputs, { classes, size: 2, ordered: false }, Uint32Array.from(rows), rows, OPEN);
    const unseen = [{ ...inputs[0], codes: Uint16Array.of(1, 3, 2) }];
    const leaves = leavesOf(tree, unseen, Int32Array.of(0, 1, 2));
    expect(leaves[0]).toBe(leaves[2]);
    expect(leaves[1]).toBe(leaves[2]);
  });
});
