/** Whether tensors from a file can be drawn from: their hash says that they are as written, not that they fit together. */
import { LEAF_TOTAL, type ConditionalTensors } from './conditional.ts';

/**
 * **Shapes** size: codes of the column; inputSizes: codes of each register that it may look at.
 * **Throws** TypeError where a walk from a root to a leaf would leave the tensors, or never end.
 */
export function checkTensors(tensors: ConditionalTensors, size: number, inputSizes: readonly number[]): void {
  const { nodes, categories, roots, leaves } = tensors;
  const leafCount = leaves.length / size;
  if (!Number.isInteger(leafCount) || nodes.length % 3 !== 0 || roots.length === 0) refuse();
  for (let leaf = 1; leaf <= leafCount; leaf++) if (leaves[leaf * size - 1] !== LEAF_TOTAL) refuse();
  let reached = 0;
  const open = [...roots];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const at = node * 3;
    // Every node is reached once: neither a circle nor a piece without a root.
    if (at < 0 || at >= nodes.length || ++reached * 3 > nodes.length) refuse();
    const [input, cut, next] = nodes.subarray(at, at + 3);
    if (input < 0) {
      if (next < 0 || next >= leafCount) refuse();
      continue;
    }
    const codes = inputSizes[input];
    if (codes === undefined || (cut < 0 && ~cut + Math.ceil(codes / 32) > categories.length)) refuse();
    open.push(next, next + 1);
  }
  if (reached * 3 !== nodes.length) refuse();
}

function refuse(): never {
  throw new TypeError('The tensors of a conditional do not fit together.');
}
