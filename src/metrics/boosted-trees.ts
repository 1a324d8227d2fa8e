/**
 * Gradient-boosted histogram trees over coded columns: the judge of the two-sample test and of models trained on
 * synthetic rows. Small and deterministic: no sampling of rows or columns, ties to the lowest column and cut.
 */

/** A column as the trees see it. */
export interface CodedFeature {
  /** [N] code of each row, below `size`. */
  readonly codes: Uint8Array;
  readonly size: number;
  /** Whether codes are in the order of the values; those of categories are put in the order of the gradient. */
  readonly ordered: boolean;
}

export interface BoostOptions {
  /** `logistic`: labels 0 and 1, scores are log-odds. `squared`: any labels, scores are estimates. */
  readonly loss: 'logistic' | 'squared';
  readonly roundCount: number;
  readonly leafCount: number;
  readonly minLeafRows: number;
  readonly learningRate: number;
}

export const BOOST_DEFAULTS: BoostOptions = {
  loss: 'logistic',
  roundCount: 30,
  leafCount: 12,
  minLeafRows: 20,
  learningRate: 0.2,
};

interface Tree {
  /** [nodes] column that a node asks for; −1 = leaf. */
  readonly feature: number[];
  /** [nodes] of inner nodes: 1 for codes that go left. */
  readonly goesLeft: (Uint8Array | null)[];
  readonly left: number[];
  readonly right: number[];
  /** [nodes] of leaves. */
  readonly value: number[];
}

/** What was fitted. */
export class BoostedTrees {
  readonly #base: number;
  readonly #trees: readonly Tree[];

  constructor(base: number, trees: readonly Tree[]) {
    this.#base = base;
    this.#trees = trees;
  }

  /** Scores of some rows. **Shapes** features as fitted, of any rows; rows [n] → [n]. */
  scores(features: readonly CodedFeature[], rows: Int32Array): Float64Array {
    const scores = new Float64Array(rows.length).fill(this.#base);
    for (const { feature, goesLeft, left, right, value } of this.#trees) {
      for (let i = 0; i < rows.length; i++) {
        let node = 0;
        while (feature[node] >= 0)
          node = goesLeft[node]![features[feature[node]].codes[rows[i]]] === 1 ? left[node] : right[node];
        scores[i] += value[node];
      }
    }
    return scores;
  }
}

/**
 * Fits trees, best leaf first, each to the gradient that the ones before it left.
 *
 * **Shapes** features F × codes [N]; labels [N]; rows: those to fit on.
 * **Memory** about 20 bytes · Σ sizes · leafCount and 28 bytes · N.
 * **Source** Friedman (2001); histograms and best-first growth as in Ke et al.: "LightGBM" (2017).
 */
export function fitBoostedTrees(
  features: readonly CodedFeature[],
  labels: Float64Array,
  rows: Int32Array,
  options: BoostOptions,
): BoostedTrees {
  let mean = 0;
  for (const row of rows) mean += labels[row] / Math.max(1, rows.length);
  const logistic = options.loss === 'logistic';
  const clipped = Math.min(1 - 1e-6, Math.max(1e-6, mean));
  const base = logistic ? Math.log(clipped / (1 - clipped)) : mean;
  const scores = new Float64Array(labels.length).fill(base);
  const grower = new TreeGrower(features, labels.length, rows, options);
  const trees: Tree[] = [];
  for (let round = 0; round < options.roundCount; round++) {
    for (const row of rows) {
      if (logistic) {
        const p = 1 / (1 + Math.exp(-scores[row]));
        grower.gradients[row] = p - labels[row];
        grower.hessians[row] = p * (1 - p);
      } else {
        grower.gradients[row] = scores[row] - labels[row];
        grower.hessians[row] = 1;
      }
    }
    const tree = grower.grow(scores);
    trees.push(tree);
    if (tree.feature.length === 1) break;
  }
  return new BoostedTrees(base, trees);
}

interface Sums {
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  readonly count: Int32Array;
}

interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly goesLeft: Uint8Array;
}

interface Leaf {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly sums: Sums;
  readonly split: Split | null;
}

/** Keeps a shrunken leaf from running away where its hessian is next to nothing. */
const RIDGE = 1e-3;
const LEVEL_RIDGE = 2.5;
const MIN_GAIN = 1e-9;

class TreeGrower {
  readonly gradients: Float64Array;
  readonly hessians: Float64Array;
  readonly #features: readonly CodedFeature[];
  readonly #offsets: readonly number[];
  readonly #binCount: number;
  readonly #rows: Int32Array;
  readonly #spare: Int32Array;
  readonly #options: BoostOptions;

  constructor(features: readonly CodedFeature[], rowCount: number, rows: Int32Array, options: BoostOptions) {
    this.#features = features;
    let binCount = 0;
    this.#offsets = features.map(({ size }) => (binCount += size) - size);
    this.#binCount = binCount;
    this.#rows = rows.slice();
    this.#spare = new Int32Array(rows.length);
    this.#options = options;
    this.gradients = new Float64Array(rowCount);
    this.hessians = new Float64Array(rowCount);
  }

  /** One tree to the current gradients; adds its values to `scores` of the rows that it was fitted on. */
  grow(scores: Float64Array): Tree {
    const { leafCount, learningRate } = this.#options;
    const tree: Tree = { feature: [-1], goesLeft: [null], left: [-1], right: [-1], value: [0] };
    const leaves = [this.#leaf(0, 0, this.#rows.length, this.#count(0, this.#rows.length))];
    while (leaves.length < leafCount) {
      let best = 0;
      for (let i = 1; i < leaves.length; i++)
        if ((leaves[i].split?.gain ?? 0) > (leaves[best].split?.gain ?? 0)) best = i;
      const { node, start, end, sums, split } = leaves[best];
      if (split === null) break;
      const middle = this.#partition(start, end, split);
      const [left, right] = [tree.feature.length, tree.feature.length + 1];
      tree.feature[node] = split.feature;
      tree.goesLeft[node] = split.goesLeft;
      tree.left[node] = left;
      tree.right[node] = right;
      for (const child of [left, right]) {
        tree.feature[child] = tree.left[child] = tree.right[child] = -1;
        tree.goesLeft[child] = null;
        tree.value[child] = 0;
      }
      // The smaller side is counted, the other is what remains.
      const leftIsSmaller = middle - start <= end - middle;
      const smaller = leftIsSmaller ? this.#count(start, middle) : this.#count(middle, end);
      const larger = difference(sums, smaller);
      leaves[best] = this.#leaf(left, start, middle, leftIsSmaller ? smaller : larger);
      leaves.push(this.#leaf(right, middle, end, leftIsSmaller ? larger : smaller));
    }
    for (const { node, start, end } of leaves) {
      let [gradient, hessian] = [0, 0];
      for (let i = start; i < end; i++) {
        gradient += this.gradients[this.#rows[i]];
        hessian += this.hessians[this.#rows[i]];
      }
      const value = (-learningRate * gradient) / (hessian + RIDGE);
      tree.value[node] = value;
      for (let i = start; i < end; i++) scores[this.#rows[i]] += value;
    }
    return tree;
  }

  #leaf(node: number, start: number, end: number, sums: Sums): Leaf {
    return { node, start, end, sums, split: this.#bestSplit(sums, end - start) };
  }

  #count(start: number, end: number): Sums {
    const gradient = new Float64Array(this.#binCount);
    const hessian = new Float64Array(this.#binCount);
    const count = new Int32Array(this.#binCount);
    const [rows, gradients, hessians] = [this.#rows, this.gradients, this.hessians];
    for (let f = 0; f < this.#features.length; f++) {
      const { codes } = this.#features[f];
      const offset = this.#offsets[f];
      for (let i = start; i < end; i++) {
        const row = rows[i];
        const bin = offset + codes[row];
        gradient[bin] += gradients[row];
        hessian[bin] += hessians[row];
        count[bin]++;
      }
    }
    return { gradient, hessian, count };
  }

  #bestSplit({ gradient, hessian, count }: Sums, rowCount: number): Split | null {
    const { minLeafRows } = this.#options;
    if (rowCount < 2 * minLeafRows) return null;
    let best: { gain: number; feature: number; codes: Int32Array; cut: number } | null = null;
    for (let f = 0; f < this.#features.length; f++) {
      const offset = this.#offsets[f];
      const codes = this.#codeOrder(f, gradient, hessian, count);
      let [totalGradient, totalHessian] = [0, 0];
      for (const code of codes) {
        totalGradient += gradient[offset + code];
        totalHessian += hessian[offset + code];
      }
      const parent = (totalGradient * totalGradient) / (totalHessian + RIDGE);
      let [g, h, n] = [0, 0, 0];
      for (let cut = 0; cut + 1 < codes.length; cut++) {
        const bin = offset + codes[cut];
        g += gradient[bin];
        h += hessian[bin];
        n += count[bin];
        if (n < minLeafRows) continue;
        if (rowCount - n < minLeafRows) break;
        const gain = (g * g) / (h + RIDGE) + (totalGradient - g) ** 2 / (totalHessian - h + RIDGE) - parent;
        if (gain > (best?.gain ?? MIN_GAIN)) best = { gain, feature: f, codes, cut };
      }
    }
    if (best === null) return null;
    const goesLeft = new Uint8Array(this.#features[best.feature].size);
    for (let i = 0; i <= best.cut; i++) goesLeft[best.codes[i]] = 1;
    return { gain: best.gain, feature: best.feature, goesLeft };
  }

  /** The codes that occur, in the order in which cuts are tried. **Source** of that of categories: Fisher (1958). */
  #codeOrder(f: number, gradient: Float64Array, hessian: Float64Array, count: Int32Array): Int32Array {
    const { size, ordered } = this.#features[f];
    const offset = this.#offsets[f];
    const present = new Int32Array(size);
    let length = 0;
    for (let code = 0; code < size; code++) if (count[offset + code] > 0) present[length++] = code;
    if (ordered) return present.subarray(0, length);
    // A rare level's own gradient is chance: it is drawn to the middle.
    const slope = (code: number): number => gradient[offset + code] / (hessian[offset + code] + LEVEL_RIDGE);
    return present.subarray(0, length).sort((a, b) => slope(a) - slope(b) || a - b);
  }

  /** Puts the rows that go left first, each side in its old order. */
  #partition(start: number, end: number, { feature, goesLeft }: Split): number {
    const { codes } = this.#features[feature];
    let [middle, spare] = [start, 0];
    for (let i = start; i < end; i++) {
      const row = this.#rows[i];
      if (goesLeft[codes[row]] === 1) this.#rows[middle++] = row;
      else this.#spare[spare++] = row;
    }
    for (let i = 0; i < spare; i++) this.#rows[middle + i] = this.#spare[i];
    return middle;
  }
}

function difference(a: Sums, b: Sums): Sums {
  const rest = {
    gradient: a.gradient.slice(),
    hessian: a.hessian.slice(),
    count: a.count.slice(),
  };
  for (let bin = 0; bin < rest.count.length; bin++) {
    rest.gradient[bin] -= b.gradient[bin];
    rest.hessian[bin] -= b.hessian[bin];
    rest.count[bin] -= b.count[bin];
  }
  return rest;
}
