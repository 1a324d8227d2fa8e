import { permuteIndex, type StreamKey } from '../numeric/random.ts';
import {
  applyCoarsening,
  coarsen,
  coarsenTarget,
  countCodes,
  type CodedColumn,
  type Coarsening,
} from './coded-column.ts';
import { growTree, leavesOf, type Tree, type TreeInput, type TreeOptions, type TreeTarget } from './tree.ts';

/** Codes of a target that splits are chosen by, and of an input that splits are tried at. */
const TARGET_CLASSES = 32;
const INPUT_CODES = 64;

/** Probabilities are kept as integers over this: draws compare integers and are the same on every machine. */
export const LEAF_TOTAL = 0xffffffff;

export interface ConditionalOptions extends TreeOptions {
  /** Pull of a node's coarse shares to its parent's, in rows. */
  readonly alpha: number;
  /** Pull of the shares within a coarse class to the parent's, in rows. */
  readonly fineAlpha: number;
  /** Several trees on a part of the units each, their mixture drawn from. Default: one tree on all. */
  readonly bags?: Bags;
  /**
   * For rows of which a unit has several: `gate` and `minRows` rise by the design effect of the column at hand, at most
   * by these factors. Default: they stay as they are.
   */
  readonly clustered?: { readonly gateFactor: number; readonly rowsFactor: number };
}

export interface Bags {
  readonly count: number;
  /** Share of the units that each tree is grown on; its leaves are filled from all rows. */
  readonly rate: number;
  readonly key: StreamKey;
}

/**
 * The measured defaults for a table without context: 20 rows and 5 subjects a leaf. With the price of categories a gate
 * of 0.92 keeps more of Adult (C2ST .527 for .532) than a gate of 1 without it, at the same distances to real rows.
 */
export const TABLE_DEFAULTS: ConditionalOptions = {
  gate: 0.92,
  minRows: 20,
  minUnits: 5,
  maxDepth: 30,
  alpha: 2,
  fineAlpha: 30,
};

/**
 * The same for rows that hang on a parent. Where the rows of a subject are alike the gate rises with their number; a
 * column in which they differ as much as anybody's holds as many cases as it has rows.
 */
export function childDefaults(rowCount: number, unitCount: number): ConditionalOptions {
  const meanRowCount = unitCount === 0 ? 1 : rowCount / unitCount;
  return {
    ...TABLE_DEFAULTS,
    gate: 1,
    clustered: { gateFactor: Math.sqrt(Math.max(1, meanRowCount)), rowsFactor: 2.5 },
  };
}

export type NumberArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** The flat form of a conditional, as the model file keeps it. */
export interface ConditionalTensors {
  /** [N, 3] int32: input (−1: leaf), cut (≥ 0: last code that goes left; < 0: ~offset into `categories`), left child or leaf number. */
  readonly nodes: Int32Array;
  /** One bit a code of the input, 1 = left; each set starts on a word. */
  readonly categories: Uint32Array;
  /** [trees] node number of each root. */
  readonly roots: Int32Array;
  /** [leaves, K] uint32: cumulative probability of codes 0 … k, over 2³² − 1. */
  readonly leaves: Uint32Array;
}

/**
 * P(target | inputs): the distribution of one column's fine code given the codes of others.
 *
 * `registers` hold the fine codes of a row; `slots[i]` says in which register input i lies (by default in register i).
 */
export class Conditional {
  /** Number of fine codes, K. */
  readonly size: number;
  readonly tensors: ConditionalTensors;
  readonly #slots: Int32Array;
  readonly #treeCount: number;

  constructor(tensors: ConditionalTensors, size: number, slots?: Int32Array) {
    this.tensors = tensors;
    this.size = size;
    this.#treeCount = tensors.roots.length;
    this.#slots = slots ?? Int32Array.from({ length: inputCountOf(tensors.nodes) }, (_, index) => index);
  }

  /** The same distribution, reading input i from register `slots[i]`. */
  bind(slots: Int32Array): Conditional {
    return new Conditional(this.tensors, this.size, slots);
  }

  get leafCount(): number {
    return this.size === 0 ? 0 : this.tensors.leaves.length / this.size;
  }

  /** Inputs that some split reads, ascending. */
  get inputIndices(): readonly number[] {
    const { nodes } = this.tensors;
    const used = new Set<number>();
    for (let at = 0; at < nodes.length; at += 3) if (nodes[at] >= 0) used.add(nodes[at]);
    return [...used].sort((x, y) => x - y);
  }

  /**
   * A code by inversion of `u`.
   * **Domain** u in [0, 1). A mixture of trees spends the leading part of `u` on choosing one.
   */
  draw(registers: Uint16Array, u: number): number {
    let tree = 0;
    if (this.#treeCount > 1) {
      const scaled = u * this.#treeCount;
      tree = Math.floor(scaled);
      u = scaled - tree;
    }
    const { leaves } = this.tensors;
    const base = this.#leafOf(tree, registers) * this.size;
    const wanted = Math.floor(u * LEAF_TOTAL);
    let low = 0;
    let high = this.size - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (leaves[base + middle] > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** A code among those allowed (as a predicate, or 1 per code), their probabilities renormalised; −1 if they have none. */
  drawWhere(registers: Uint16Array, u: number, allowed: Uint8Array | ((code: number) => boolean)): number {
    const admits = typeof allowed === 'function' ? allowed : (code: number): boolean => allowed[code] === 1;
    let mass = 0;
    for (let code = 0; code < this.size; code++) if (admits(code)) mass += this.#mass(registers, code);
    if (mass === 0) return -1;
    let rest = Math.floor(u * mass);
    for (let code = 0; code < this.size; code++) {
      if (!admits(code)) continue;
      rest -= this.#mass(registers, code);
      if (rest < 0) return code;
    }
    return -1;
  }

  /**
   * A code by probabilities times `weights` [K], renormalised, and the mass that the weights left: Σ p · w. With no mass
   * the code is 0.
   */
  drawWeighted(
    registers: Uint16Array,
    u: number,
    weights: Float64Array,
  ): { readonly code: number; readonly mass: number } {
    const masses = weights.map((weight, code) => (weight === 0 ? 0 : weight * this.probability(registers, code)));
    const mass = masses.reduce((sum, part) => sum + part, 0);
    let rest = u * mass;
    const code = masses.findIndex((part) => (rest -= part) < 0);
    return {
      code:
        code >= 0
          ? code
          : Math.max(
              0,
              masses.findLastIndex((part) => part > 0),
            ),
      mass,
    };
  }

  /** Probability of a code. **Domain** [0, 1], in steps of 2⁻³². */
  probability(registers: Uint16Array, code: number): number {
    return this.#mass(registers, code) / (LEAF_TOTAL * this.#treeCount);
  }

  /** ln P(code), not below ln 2⁻³³: what the model cannot make is very unlikely, not impossible. */
  logLikelihood(registers: Uint16Array, code: number): number {
    return Math.log(Math.max(this.probability(registers, code), FLOOR));
  }

  /** `logLikelihood` of one row of coded columns; `inputs` as they were at the fit. */
  logLikelihoodAt(inputs: readonly CodedColumn[], row: number, code: number): number {
    let mass = 0;
    const { nodes, categories, roots } = this.tensors;
    for (let tree = 0; tree < this.#treeCount; tree++) {
      let at = roots[tree] * 3;
      for (let input = nodes[at]; input >= 0; input = nodes[at]) {
        at = 3 * (nodes[at + 2] + (goesLeft(nodes[at + 1], categories, inputs[input].codes[row]) ? 0 : 1));
      }
      mass += this.#leafMass(nodes[at + 2], code);
    }
    return Math.log(Math.max(mass / (LEAF_TOTAL * this.#treeCount), FLOOR));
  }

  toTensors(): ConditionalTensors {
    return this.tensors;
  }

  static fromTensors(tensors: ConditionalTensors, size: number, slots?: Int32Array): Conditional {
    return new Conditional(tensors, size, slots);
  }

  #leafOf(tree: number, registers: Uint16Array): number {
    const { nodes, categories, roots } = this.tensors;
    const slots = this.#slots;
    let at = roots[tree] * 3;
    for (let input = nodes[at]; input >= 0; input = nodes[at]) {
      at = 3 * (nodes[at + 2] + (goesLeft(nodes[at + 1], categories, registers[slots[input]]) ? 0 : 1));
    }
    return nodes[at + 2];
  }

  #leafMass(leaf: number, code: number): number {
    const { leaves } = this.tensors;
    const at = leaf * this.size + code;
    return code === 0 ? leaves[at] : leaves[at] - leaves[at - 1];
  }

  /** Probability of a code over all trees, in units of 1 / LEAF_TOTAL. */
  #mass(registers: Uint16Array, code: number): number {
    let mass = 0;
    for (let tree = 0; tree < this.#treeCount; tree++) mass += this.#leafMass(this.#leafOf(tree, registers), code);
    return mass;
  }
}

const FLOOR = 2 ** -33;

function goesLeft(cut: number, categories: Uint32Array, code: number): boolean {
  return cut >= 0 ? code <= cut : ((categories[~cut + (code >>> 5)] >>> (code & 31)) & 1) === 1;
}

function inputCountOf(nodes: Int32Array): number {
  let count = 0;
  for (let at = 0; at < nodes.length; at += 3) count = Math.max(count, nodes[at] + 1);
  return count;
}

/** A column ready to be split on, shared by all conditionals that read it. */
export interface PreparedInput {
  readonly column: CodedColumn;
  /** Coarse codes. */
  readonly input: TreeInput;
  readonly coarsening: Coarsening;
}

/** Makes the coarse codes of an input once, for all conditionals of a chain. */
export function prepareInput(column: CodedColumn, rows: Int32Array): PreparedInput {
  const coarsening = coarsen(column, countCodes(column, rows), INPUT_CODES);
  const isFine = coarsening.size === column.size;
  const codes = isFine ? column.codes : applyCoarsening(column.codes, coarsening);
  return { column, coarsening, input: { codes, size: coarsening.size, ordered: column.ordered } };
}

/**
 * Learns P(target | inputs) from the given rows (default: all).
 *
 * **Shapes** inputs and target: codes [N]; units [N]; rows [n]. No inputs, or no split that passes the gate, give
 * the marginal distribution.
 * **Random** none, or the key of `bags`.
 * **Memory** while fitting: 4 · nodes · K bytes beside the tree's.
 */
export function fitConditional(
  inputs: readonly CodedColumn[],
  target: CodedColumn,
  units: Uint32Array,
  options: ConditionalOptions & { readonly rows?: Int32Array },
): Conditional {
  const rows = options.rows ?? Int32Array.from({ length: target.codes.length }, (_, row) => row);
  return fitPrepared(
    inputs.map((column) => prepareInput(column, rows)),
    target,
    units,
    rows,
    options,
  );
}

/** `fitConditional` on inputs that were prepared on the same rows. */
export function fitPrepared(
  inputs: readonly PreparedInput[],
  target: CodedColumn,
  units: Uint32Array,
  rows: Int32Array,
  options: ConditionalOptions,
): Conditional {
  const coarsening = coarsenTarget(target, countCodes(target, rows), TARGET_CLASSES);
  const classes = coarsening.size === target.size ? target.codes : applyCoarsening(target.codes, coarsening);
  const treeInputs = inputs.map((input) => input.input);
  const treeTarget = { classes, size: coarsening.size, ordered: target.ordered };
  const packer = new Packer(target.size, inputs);
  const treeOptions = options.clustered === undefined ? options : withDesignEffect(treeTarget, units, rows, options);
  for (const bagRows of bagsOf(rows, units, options.bags)) {
    const tree = growTree(treeInputs, treeTarget, units, bagRows, treeOptions);
    const leaves = bagRows === rows ? tree.leaves : leavesOf(tree, treeInputs, rows);
    packer.add(tree, leafCounts(tree, leaves, target, rows), coarsening, options);
  }
  return new Conditional(packer.finish(), target.size);
}

/** Gate and leaf size for a target in which the rows of a unit are as alike as they are found to be. */
function withDesignEffect(
  target: TreeTarget,
  units: Uint32Array,
  rows: Int32Array,
  options: ConditionalOptions,
): ConditionalOptions {
  const { gateFactor, rowsFactor } = options.clustered!;
  const effect = designEffect(target, units, rows);
  return {
    ...options,
    gate: options.gate * Math.min(effect, gateFactor),
    minRows: Math.round(options.minRows * Math.min(effect, rowsFactor)),
  };
}

/**
 * By how much the variance of the class shares is larger than it would be if all rows were drawn independently of
 * their units; at least 1. Without repeats within units it is 1, with units of m equal rows each m.
 * **Source** Kish: "Survey Sampling" (1965), the design effect of a cluster sample, pooled over the classes.
 */
export function designEffect(target: TreeTarget, units: Uint32Array, rows: Int32Array): number {
  const totals = new Float64Array(target.size);
  const byUnit = new Map<number, Map<number, number>>();
  for (let i = 0; i < rows.length; i++) {
    const code = target.classes[rows[i]];
    totals[code]++;
    let counts = byUnit.get(units[rows[i]]);
    if (counts === undefined) byUnit.set(units[rows[i]], (counts = new Map()));
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  const n = rows.length;
  const squares = totals.reduce((sum, count) => sum + (count / n) ** 2, 0);
  if (n === 0 || squares >= 1) return 1;
  // Σ over units and classes of (count − size · share)², the classes that a unit lacks told by the first two sums.
  let clustered = 0;
  for (const counts of byUnit.values()) {
    const size = [...counts.values()].reduce((sum, count) => sum + count, 0);
    clustered += size * size * squares;
    for (const [code, count] of counts) clustered += count * count - (2 * count * size * totals[code]) / n;
  }
  return Math.max(1, clustered / (n * (1 - squares)));
}

/** The rows that each tree is grown on. */
function bagsOf(rows: Int32Array, units: Uint32Array, bags: Bags | undefined): readonly Int32Array[] {
  if (bags === undefined) return [rows];
  const distinct = [...new Set(Array.from(rows, (row) => units[row]))].sort((x, y) => x - y);
  const place = new Map(distinct.map((unit, index) => [unit, index]));
  const keptCount = Math.max(1, Math.round(distinct.length * bags.rate));
  return Array.from({ length: bags.count }, (_, bag) => {
    const key = { lo: bags.key.lo, hi: (bags.key.hi + bag) >>> 0 };
    return rows.filter((row) => permuteIndex(key, place.get(units[row])!, distinct.length) < keptCount);
  });
}

/** Number of each fine code in every node. **Shapes** → [nodes, K] int32. */
function leafCounts(tree: Tree, leaves: Int32Array, target: CodedColumn, rows: Int32Array): Int32Array {
  const counts = new Int32Array(tree.nodeCount * target.size);
  for (let i = 0; i < rows.length; i++) counts[leaves[i] * target.size + target.codes[rows[i]]]++;
  for (let node = tree.nodeCount - 1; node > 0; node--) {
    const from = node * target.size;
    const to = tree.parent[node] * target.size;
    for (let code = 0; code < target.size; code++) counts[to + code] += counts[from + code];
  }
  return counts;
}

/** Turns grown trees into the flat form, smoothing the shares from root to leaf on the way. */
class Packer {
  readonly #size: number;
  readonly #inputs: readonly PreparedInput[];
  readonly #nodes: number[] = [];
  readonly #categories: number[] = [];
  readonly #roots: number[] = [];
  readonly #leaves: Uint32Array[] = [];

  constructor(size: number, inputs: readonly PreparedInput[]) {
    this.#size = size;
    this.#inputs = inputs;
  }

  add(tree: Tree, counts: Int32Array, coarsening: Coarsening, options: ConditionalOptions): void {
    const root = this.#nodes.length / 3;
    this.#roots.push(root);
    for (let node = 0; node < tree.nodeCount; node++) {
      if (tree.input[node] < 0) this.#nodes.push(-1, 0, -1); // the leaf's number comes from #smooth
      else this.#nodes.push(tree.input[node], this.#packCut(tree, node), root + tree.left[node]);
    }
    this.#smooth(tree, root, counts, coarsening, options);
  }

  finish(): ConditionalTensors {
    const leaves = new Uint32Array(this.#leaves.length * this.#size);
    this.#leaves.forEach((leaf, index) => leaves.set(leaf, index * this.#size));
    return {
      nodes: Int32Array.from(this.#nodes),
      categories: Uint32Array.from(this.#categories),
      roots: Int32Array.from(this.#roots),
      leaves,
    };
  }

  /** A cut in fine codes: thresholds move to the last fine code of their coarse one, as coarsening keeps the order. */
  #packCut(tree: Tree, node: number): number {
    const { coarsening } = this.#inputs[tree.input[node]];
    const codes = tree.leftCodes[node];
    if (codes === null) {
      let last = -1;
      for (let fine = 0; fine < coarsening.map.length; fine++) if (coarsening.map[fine] <= tree.cut[node]) last = fine;
      return last;
    }
    const offset = this.#categories.length;
    for (let word = 0; word * 32 < coarsening.map.length; word++) {
      let bits = 0;
      for (let bit = 0; bit < 32; bit++) if (codes[coarsening.map[word * 32 + bit]] === 1) bits |= 1 << bit;
      this.#categories.push(bits >>> 0);
    }
    return ~offset;
  }

  /**
   * Shares of each leaf, pulled to those of the nodes above it:
   * coarse p_c = (n_c + α · p_c′) / (n + α), within p_f|c = (n_f + β · p_f|c′) / (n_c + β), where ′ is the parent.
   */
  #smooth(tree: Tree, root: number, counts: Int32Array, coarsening: Coarsening, options: ConditionalOptions): void {
    const size = this.#size;
    const shares: NodeShares[] = [];
    for (let node = 0; node < tree.nodeCount; node++) {
      const parent = tree.parent[node];
      const own = counts.subarray(node * size, (node + 1) * size);
      shares[node] =
        node === 0
          ? rootShares(own, coarsening)
          : pulledShares(own, shares[parent], coarsening, options.alpha, options.fineAlpha);
      if (node > 0 && node === tree.left[parent] + 1) delete shares[parent]; // both children are done
      if (tree.input[node] >= 0) continue;
      this.#nodes[(root + node) * 3 + 2] = this.#leaves.length;
      this.#leaves.push(cumulate(shares[node], coarsening));
      delete shares[node];
    }
  }
}

interface NodeShares {
  /** [coarse classes] */
  readonly coarse: Float64Array;
  /** [K] share within the coarse class. */
  readonly within: Float64Array;
}

function coarseCounts(counts: Int32Array, coarsening: Coarsening): Float64Array {
  const coarse = new Float64Array(coarsening.size);
  for (let code = 0; code < counts.length; code++) coarse[coarsening.map[code]] += counts[code];
  return coarse;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

function rootShares(counts: Int32Array, coarsening: Coarsening): NodeShares {
  const coarse = coarseCounts(counts, coarsening);
  const total = sum(coarse);
  const within = new Float64Array(counts.length);
  for (let code = 0; code < counts.length; code++) {
    const classCount = coarse[coarsening.map[code]];
    within[code] = classCount === 0 ? 0 : counts[code] / classCount;
  }
  // A column without rows has no shares to learn: all codes alike.
  if (total === 0) return { coarse: coarse.fill(1 / coarse.length), within: within.fill(1) };
  for (let k = 0; k < coarse.length; k++) coarse[k] /= total;
  return { coarse, within };
}

function pulledShares(
  counts: Int32Array,
  parent: NodeShares,
  coarsening: Coarsening,
  alpha: number,
  fineAlpha: number,
): NodeShares {
  const coarse = coarseCounts(counts, coarsening);
  const total = sum(coarse);
  const within = new Float64Array(counts.length);
  for (let code = 0; code < counts.length; code++) {
    within[code] = (counts[code] + fineAlpha * parent.within[code]) / (coarse[coarsening.map[code]] + fineAlpha);
  }
  for (let k = 0; k < coarse.length; k++) coarse[k] = (coarse[k] + alpha * parent.coarse[k]) / (total + alpha);
  return { coarse, within };
}

/** [K] cumulative shares over LEAF_TOTAL; the last is LEAF_TOTAL exactly. */
function cumulate(shares: NodeShares, coarsening: Coarsening): Uint32Array {
  const size = shares.within.length;
  const probability = new Float64Array(size);
  for (let code = 0; code < size; code++) probability[code] = shares.coarse[coarsening.map[code]] * shares.within[code];
  const total = sum(probability);
  const cumulative = new Uint32Array(size);
  let accumulated = 0;
  let last = 0;
  for (let code = 0; code < size; code++) {
    if (probability[code] > 0) last = code;
    accumulated += probability[code];
    cumulative[code] = Math.min(LEAF_TOTAL, Math.round((accumulated / total) * LEAF_TOTAL));
  }
  // Rounding must not leave a sliver to codes that were never seen.
  cumulative.fill(LEAF_TOTAL, last);
  return cumulative;
}
