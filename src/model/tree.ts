import { countHistogram, entropyTable } from '../numeric/histogram.ts';

/**
 * Entropy trees on small codes, grown breadth first, every split behind an information gate.
 *
 * The same codes always give the same tree: counts are integers, gains are float64 sums in a fixed order, and ties
 * go to the lowest column, then the lowest cut.
 */

/** An input as the tree sees it: already coarse. */
export interface TreeInput {
  /** [N] uint16, each below `size`. */
  readonly codes: Uint16Array;
  readonly size: number;
  readonly ordered: boolean;
}

export interface TreeTarget {
  /** [N] uint16, each below `size`. */
  readonly classes: Uint16Array;
  readonly size: number;
  readonly ordered: boolean;
}

export interface TreeOptions {
  /**
   * A split is made only if its gain in nats exceeds `gate · (4 + (K − 1) + c)`, K the classes present in the node;
   * c = (m − 2) / π for an unordered input with m categories present, else 0.
   */
  readonly gate: number;
  /** Fewest rows on either side of a split. */
  readonly minRows: number;
  /** Fewest distinct units on either side. */
  readonly minUnits: number;
  readonly maxDepth: number;
}

/** Nodes in breadth-first order; the right child follows the left one. */
export interface Tree {
  readonly nodeCount: number;
  /** [nodes] input that a node splits on, −1 for a leaf. */
  readonly input: Int32Array;
  /** [nodes] last code that goes left, for an ordered input. */
  readonly cut: Int32Array;
  /** [nodes] which codes go left (1), for an unordered input. */
  readonly leftCodes: readonly (Uint8Array | null)[];
  /** [nodes] left child. */
  readonly left: Int32Array;
  /** [nodes] −1 for the root. */
  readonly parent: Int32Array;
  /** [rows grown on] in the order of `rows`: the leaf that each fell into. */
  readonly leaves: Int32Array;
}

/** A split of the node at hand. */
interface Split {
  /** Less its price. */
  gain: number;
  /** −1: none passes the gate. */
  input: number;
  /** Place in `sequence` of the last code that goes left. */
  place: number;
  /** Codes present in the node, in the order that cuts run along. */
  readonly sequence: Int32Array;
  sequenceLength: number;
  leftRowCount: number;
}

/**
 * Grows a tree for the target on the given rows.
 *
 * **Shapes** units [N] uint32: who a row belongs to; rows [n]: the rows to learn from.
 * **Random** none. **Memory** about 12 n bytes and one histogram of B · K int32.
 * **Source** the gain is n times the mutual information of split and class; the gate is a penalty per free
 * parameter, as in minimum description length.
 */
export function growTree(
  inputs: readonly TreeInput[],
  target: TreeTarget,
  units: Uint32Array,
  rows: Int32Array,
  options: TreeOptions,
): Tree {
  return new TreeGrower(inputs, target, units, rows, options).grow();
}

/** The leaf that each of `rows` falls into. **Shapes** rows [n] → [n] node numbers. */
export function leavesOf(tree: Tree, inputs: readonly TreeInput[], rows: Int32Array): Int32Array {
  const leaves = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    let node = 0;
    for (let input = tree.input[0]; input >= 0; input = tree.input[node]) {
      const code = inputs[input].codes[rows[i]];
      const codes = tree.leftCodes[node];
      const goesLeft = codes === null ? code <= tree.cut[node] : codes[code] === 1;
      node = goesLeft ? tree.left[node] : tree.left[node] + 1;
    }
    leaves[i] = node;
  }
  return leaves;
}

class TreeGrower {
  readonly #inputs: readonly TreeInput[];
  readonly #target: TreeTarget;
  readonly #units: Uint32Array;
  readonly #options: TreeOptions;
  /** A side with `minRows` rows may have fewer than `minUnits` units. */
  readonly #unitsMatter: boolean;
  readonly #terms: Float64Array;

  readonly #givenRows: Int32Array;
  /** Rows of node q are `#rows[#start[q] … #end[q])`. */
  readonly #rows: Int32Array;
  readonly #spare: Int32Array;
  #nodeCount = 1;
  readonly #start: Int32Array;
  readonly #end: Int32Array;
  readonly #depth: Int32Array;
  readonly #input: Int32Array;
  readonly #cut: Int32Array;
  readonly #left: Int32Array;
  readonly #parent: Int32Array;
  readonly #leftCodes: (Uint8Array | null)[] = [null];

  // Of the node at hand.
  readonly #classes: Uint16Array; // [rows of the node] class, renumbered to those present
  readonly #localClass: Uint16Array; // [K]
  readonly #presentClass: Int32Array; // [K present] the class's own number
  readonly #classTotals: Int32Array; // [K present]
  #classCount = 0;
  readonly #counts: Int32Array; // [B, K present]
  readonly #totals: Int32Array; // [B]
  readonly #leftCounts: Int32Array; // [K present]
  readonly #classTerms: Float64Array; // [K present]
  readonly #sequence: Int32Array; // [B] codes present, in the order that cuts run along
  readonly #place: Int32Array; // [B] inverse of #sequence
  readonly #score: Float64Array; // [B]
  readonly #axis: Float64Array; // [K present]
  readonly #nextAxis: Float64Array; // [K present]
  readonly #goesLeft: Uint8Array; // [B]
  readonly #best: Split;
  #scanGain = 0;
  #scanPlace = -1;
  #scanLeftRowCount = 0;
  readonly #edgeUnits: Uint32Array; // [minUnits]
  readonly #edgePlaces: Int32Array; // [minUnits]

  constructor(
    inputs: readonly TreeInput[],
    target: TreeTarget,
    units: Uint32Array,
    rows: Int32Array,
    options: TreeOptions,
  ) {
    this.#inputs = inputs;
    this.#target = target;
    this.#units = units;
    this.#options = options;
    this.#unitsMatter = options.minUnits > options.minRows || hasRepeats(units, rows);
    this.#terms = entropyTable(rows.length);
    this.#givenRows = rows;
    this.#rows = rows.slice();
    this.#spare = new Int32Array(rows.length);
    const capacity = 2 * Math.max(1, Math.ceil(rows.length / Math.max(1, options.minRows))) + 1;
    this.#start = new Int32Array(capacity);
    this.#end = new Int32Array(capacity);
    this.#depth = new Int32Array(capacity);
    this.#input = new Int32Array(capacity).fill(-1);
    this.#cut = new Int32Array(capacity);
    this.#left = new Int32Array(capacity);
    this.#parent = new Int32Array(capacity).fill(-1);
    this.#end[0] = rows.length;
    const codeCount = inputs.reduce((most, input) => Math.max(most, input.size), 1);
    const classCount = target.size;
    this.#classes = new Uint16Array(rows.length);
    this.#localClass = new Uint16Array(classCount);
    this.#presentClass = new Int32Array(classCount);
    this.#classTotals = new Int32Array(classCount);
    this.#counts = new Int32Array(codeCount * classCount);
    this.#totals = new Int32Array(codeCount);
    this.#leftCounts = new Int32Array(classCount);
    this.#classTerms = new Float64Array(classCount);
    this.#sequence = new Int32Array(codeCount);
    this.#place = new Int32Array(codeCount);
    this.#score = new Float64Array(codeCount);
    this.#axis = new Float64Array(classCount);
    this.#nextAxis = new Float64Array(classCount);
    this.#goesLeft = new Uint8Array(codeCount);
    this.#best = {
      gain: 0,
      input: -1,
      place: 0,
      sequence: new Int32Array(codeCount),
      sequenceLength: 0,
      leftRowCount: 0,
    };
    this.#edgeUnits = new Uint32Array(options.minUnits);
    this.#edgePlaces = new Int32Array(options.minUnits);
  }

  grow(): Tree {
    for (let node = 0; node < this.#nodeCount; node++) {
      const rowCount = this.#end[node] - this.#start[node];
      if (rowCount < 2 * this.#options.minRows || this.#depth[node] >= this.#options.maxDepth) continue;
      this.#gatherClasses(node);
      if (this.#classCount < 2) continue;
      if (this.#findSplit(node)) this.#split(node);
    }
    const count = this.#nodeCount;
    return {
      nodeCount: count,
      input: this.#input.slice(0, count),
      cut: this.#cut.slice(0, count),
      leftCodes: this.#leftCodes,
      left: this.#left.slice(0, count),
      parent: this.#parent.slice(0, count),
      leaves: this.#leavesInOrder(),
    };
  }

  #leavesInOrder(): Int32Array {
    const leafOfRow = new Int32Array(this.#target.classes.length);
    for (let node = 0; node < this.#nodeCount; node++) {
      if (this.#input[node] >= 0) continue;
      for (let i = this.#start[node]; i < this.#end[node]; i++) leafOfRow[this.#rows[i]] = node;
    }
    return this.#givenRows.map((row) => leafOfRow[row]);
  }

  /** Renumbers the classes of the node's rows to those present, in order. */
  #gatherClasses(node: number): void {
    const rows = this.#rows;
    const start = this.#start[node];
    const end = this.#end[node];
    const source = this.#target.classes;
    const seen = this.#leftCounts.fill(0);
    for (let i = start; i < end; i++) seen[source[rows[i]]]++;
    let present = 0;
    for (let k = 0; k < seen.length; k++) {
      if (seen[k] === 0) continue;
      this.#localClass[k] = present;
      this.#presentClass[present] = k;
      this.#classTotals[present++] = seen[k];
    }
    this.#classCount = present;
    const local = this.#localClass;
    const classes = this.#classes;
    for (let i = start, j = 0; i < end; i++, j++) classes[j] = local[source[rows[i]]];
  }

  /** The admissible split with the largest gain; false if none passes the gate. */
  #findSplit(node: number): boolean {
    const best = this.#best;
    const start = this.#start[node];
    const end = this.#end[node];
    const rowCount = end - start;
    best.input = -1;
    best.gain = 0;
    const price = this.#options.gate * (4 + (this.#classCount - 1));
    let nodeTerm = -this.#terms[rowCount];
    for (let k = 0; k < this.#classCount; k++) nodeTerm += this.#terms[this.#classTotals[k]];
    for (let index = 0; index < this.#inputs.length; index++) {
      const input = this.#inputs[index];
      countHistogram(
        input.codes,
        input.size,
        this.#rows,
        start,
        end,
        this.#classes,
        this.#classCount,
        this.#counts,
        this.#totals,
      );
      const length = this.#sequenceCodes(input, rowCount);
      if (length < 2) continue;
      const inputPrice = price + (input.ordered ? 0 : this.#options.gate * CATEGORY_PRICE * (length - 2));
      this.#scanCuts(length, rowCount, nodeTerm, 0, length - 2);
      if (!(this.#scanGain - inputPrice > best.gain + TIE)) continue;
      if (this.#unitsMatter) {
        const [first, last] = this.#cutsWithEnoughUnits(input, start, end, length);
        if (this.#scanPlace < first || this.#scanPlace > last) {
          this.#scanCuts(length, rowCount, nodeTerm, first, last);
          if (!(this.#scanGain - inputPrice > best.gain + TIE)) continue;
        }
      }
      best.gain = this.#scanGain - inputPrice;
      best.input = index;
      best.place = this.#scanPlace;
      best.leftRowCount = this.#scanLeftRowCount;
      best.sequenceLength = length;
      for (let i = 0; i < length; i++) best.sequence[i] = this.#sequence[i];
    }
    return best.input >= 0;
  }

  /** Puts the codes present in the node in the order that cuts run along; their number. */
  #sequenceCodes(input: TreeInput, rowCount: number): number {
    const sequence = this.#sequence;
    let length = 0;
    for (let code = 0; code < input.size; code++) if (this.#totals[code] > 0) sequence[length++] = code;
    if (input.ordered || length < 2) return length;
    if (this.#target.ordered || this.#classCount === 2) this.#scoreByMeanClass(length);
    else this.#scoreByPrincipalComponent(length, rowCount);
    const score = this.#score;
    sequence.subarray(0, length).sort((x, y) => score[x] - score[y] || x - y);
    return length;
  }

  #scoreByMeanClass(length: number): void {
    const classCount = this.#classCount;
    for (let i = 0; i < length; i++) {
      const code = this.#sequence[i];
      let sum = 0;
      for (let k = 0; k < classCount; k++) sum += this.#presentClass[k] * this.#counts[code * classCount + k];
      this.#score[code] = sum / this.#totals[code];
    }
  }

  /**
   * Scores codes along the first principal component of P(class | code), weighted by their counts, by power iteration.
   * Source: Coppersmith, Hong, Hosking: "Partitioning nominal attributes in decision trees" (1999).
   */
  #scoreByPrincipalComponent(length: number, rowCount: number): void {
    const classCount = this.#classCount;
    const counts = this.#counts;
    let axis = this.#axis;
    let next = this.#nextAxis;
    for (let k = 0; k < classCount; k++) axis[k] = (((k + 1) * GOLDEN_RATIO) % 1) - 0.5;
    for (let iteration = 0; iteration < POWER_ITERATIONS; iteration++) {
      let mean = 0;
      for (let k = 0; k < classCount; k++) mean += axis[k] * this.#classTotals[k];
      mean /= rowCount;
      next.fill(0, 0, classCount);
      for (let i = 0; i < length; i++) {
        const code = this.#sequence[i];
        const row = code * classCount;
        let score = 0;
        for (let k = 0; k < classCount; k++) score += counts[row + k] * axis[k];
        score = score / this.#totals[code] - mean;
        this.#score[code] = score;
        const expected = (score * this.#totals[code]) / rowCount;
        for (let k = 0; k < classCount; k++) next[k] += score * counts[row + k] - expected * this.#classTotals[k];
      }
      let norm = 0;
      for (let k = 0; k < classCount; k++) norm += next[k] * next[k];
      norm = Math.sqrt(norm) + 1e-12;
      for (let k = 0; k < classCount; k++) next[k] /= norm;
      [axis, next] = [next, axis];
    }
  }

  /** Sets `#scanGain` and `#scanPlace` to the best cut after one of the places first … last; gain −∞ if there is none. */
  #scanCuts(length: number, rowCount: number, nodeTerm: number, first: number, last: number): void {
    const { minRows } = this.#options;
    const terms = this.#terms;
    const classCount = this.#classCount;
    const counts = this.#counts;
    const classTotals = this.#classTotals;
    const leftCounts = this.#leftCounts.fill(0, 0, classCount);
    const classTerms = this.#classTerms;
    for (let k = 0; k < classCount; k++) classTerms[k] = terms[classTotals[k]];
    this.#scanGain = -Infinity;
    this.#scanPlace = -1;
    let leftRowCount = 0;
    for (let place = 0; place <= last && place < length - 1; place++) {
      const code = this.#sequence[place];
      const row = code * classCount;
      for (let k = 0; k < classCount; k++) {
        const count = counts[row + k];
        if (count === 0) continue;
        leftCounts[k] += count;
        classTerms[k] = terms[leftCounts[k]] + terms[classTotals[k] - leftCounts[k]];
      }
      leftRowCount += this.#totals[code];
      if (leftRowCount < minRows || place < first) continue;
      if (rowCount - leftRowCount < minRows) break;
      // Summed in class order, so that equal partitions have equal gains to the bit, whatever column made them.
      let gain = 0;
      for (let k = 0; k < classCount; k++) gain += classTerms[k];
      gain -= terms[leftRowCount] + terms[rowCount - leftRowCount] + nodeTerm;
      if (gain > this.#scanGain + TIE) {
        this.#scanGain = gain;
        this.#scanPlace = place;
        this.#scanLeftRowCount = leftRowCount;
      }
    }
  }

  /** First and last place after which a cut leaves `minUnits` distinct units on both sides. */
  #cutsWithEnoughUnits(input: TreeInput, start: number, end: number, length: number): readonly [number, number] {
    for (let i = 0; i < length; i++) this.#place[this.#sequence[i]] = i;
    const first = this.#placeOfEnoughUnits(input.codes, start, end, 1);
    const last = -this.#placeOfEnoughUnits(input.codes, start, end, -1) - 1;
    return [first, last];
  }

  /**
   * The place, counted from one end (`sign` 1: the left, places as they are; −1: the right, places negated), by which
   * `minUnits` distinct units have been met; +∞ if there are not so many. Keeps the earliest place of the earliest units.
   */
  #placeOfEnoughUnits(codes: Uint16Array, start: number, end: number, sign: 1 | -1): number {
    const wanted = this.#options.minUnits;
    const units = this.#edgeUnits;
    const places = this.#edgePlaces;
    const rows = this.#rows;
    let kept = 0;
    for (let i = start; i < end; i++) {
      const place = sign * this.#place[codes[rows[i]]];
      if (kept === wanted && place >= places[wanted - 1]) continue;
      const unit = this.#units[rows[i]];
      let at = 0;
      while (at < kept && units[at] !== unit) at++;
      if (at < kept && places[at] <= place) continue;
      if (at === kept) {
        if (kept < wanted) kept++;
        else at = wanted - 1;
      }
      for (; at > 0 && places[at - 1] > place; at--) {
        places[at] = places[at - 1];
        units[at] = units[at - 1];
      }
      places[at] = place;
      units[at] = unit;
    }
    return kept < wanted ? Infinity : places[wanted - 1];
  }

  /** Divides the rows of the node by the best split, keeping their order on both sides. */
  #split(node: number): void {
    const { input: index, place, sequence, sequenceLength, leftRowCount } = this.#best;
    const input = this.#inputs[index];
    const start = this.#start[node];
    const end = this.#end[node];
    const goesLeft = this.#goesLeft;
    if (input.ordered) {
      const cut = sequence[place];
      this.#cut[node] = cut;
      for (let code = 0; code < input.size; code++) goesLeft[code] = code <= cut ? 1 : 0;
    } else {
      // A category that the node has not seen goes with the larger side.
      goesLeft.fill(leftRowCount * 2 >= end - start ? 1 : 0, 0, input.size);
      for (let i = 0; i < sequenceLength; i++) goesLeft[sequence[i]] = i <= place ? 1 : 0;
    }
    const rows = this.#rows;
    const spare = this.#spare;
    let write = start;
    let spared = 0;
    for (let i = start; i < end; i++) {
      const row = rows[i];
      if (goesLeft[input.codes[row]] === 1) rows[write++] = row;
      else spare[spared++] = row;
    }
    rows.set(spare.subarray(0, spared), write);
    const left = this.#nodeCount;
    this.#nodeCount += 2;
    this.#input[node] = index;
    this.#left[node] = left;
    this.#leftCodes[node] = input.ordered ? null : goesLeft.slice(0, input.size);
    for (const child of [left, left + 1]) {
      this.#start[child] = child === left ? start : write;
      this.#end[child] = child === left ? write : end;
      this.#depth[child] = this.#depth[node] + 1;
      this.#parent[child] = node;
      this.#leftCodes[child] = null;
    }
  }
}

/** Gains closer than this are equal: above what rounding does to sums over a few million rows. */
const TIE = 1e-7;
/**
 * Putting m categories in the order of their means before cutting takes up noise as well: of the χ²/2 that m − 1 free
 * shares of a binary class have by chance, the best cut collects 2/π. Measured on Adult: the same fidelity, less
 * membership signal.
 */
const CATEGORY_PRICE = 1 / Math.PI;
const GOLDEN_RATIO = 0.6180339887498949;
const POWER_ITERATIONS = 8;

/** Whether any unit has two of the rows. */
function hasRepeats(units: Uint32Array, rows: Int32Array): boolean {
  let largest = 0;
  for (let i = 0; i < rows.length; i++) if (units[rows[i]] > largest) largest = units[rows[i]];
  const seen = new Uint8Array(largest + 1);
  for (let i = 0; i < rows.length; i++) {
    if (seen[units[rows[i]]] === 1) return true;
    seen[units[rows[i]]] = 1;
  }
  return false;
}
