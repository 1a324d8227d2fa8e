import { RandomCursor, type StreamKey } from '../numeric/random.ts';
import { checkTensors } from './tensor-check.ts';
import { coarsen, countCodes, type CodedColumn } from './coded-column.ts';
import {
  Conditional,
  type ConditionalOptions,
  type ConditionalTensors,
  fitPrepared,
  type NumberArray,
  prepareInput,
  TABLE_DEFAULTS,
} from './conditional.ts';

/**
 * The autoregressive chain: p(x₁ | context) · p(x₂ | context, x₁) · …, one conditional a column, in the order of
 * mutual information.
 *
 * A row lives in `registers`: the context columns first, then the chain's columns in their given order (register
 * `contextCount + i` holds column i). The order of drawing is another one: `order`.
 */

export interface NamedColumn {
  readonly name: string;
  readonly column: CodedColumn;
}

export interface ChainOptions extends ConditionalOptions {
  /** Rows to learn from; all by default. */
  readonly rows?: Int32Array;
  /** Order of drawing, as indices of columns; by mutual information if it is not given. */
  readonly order?: readonly number[];
}

export const CHAIN_DEFAULTS: ChainOptions = TABLE_DEFAULTS;

/** The part of a chain that is no tensor. */
export interface ChainHeader {
  readonly context: readonly string[];
  readonly columns: readonly { readonly name: string; readonly size: number }[];
  readonly order: readonly number[];
}

export class Chain {
  readonly header: ChainHeader;
  /** By column (not by place in the order), bound to the registers. */
  readonly conditionals: readonly Conditional[];
  readonly contextCount: number;

  constructor(header: ChainHeader, conditionals: readonly Conditional[]) {
    this.header = header;
    this.contextCount = header.context.length;
    this.conditionals = header.order.reduce<Conditional[]>((bound, column, place) => {
      bound[column] = conditionals[column].bind(inputSlots(header, place));
      return bound;
    }, []);
  }

  /** Number of registers of a row: context and columns. */
  get registerCount(): number {
    return this.contextCount + this.header.columns.length;
  }

  get leafCount(): number {
    return this.conditionals.reduce((count, conditional) => count + conditional.leafCount, 0);
  }

  /**
   * Draws one row into `registers`, whose first `contextCount` codes are given. One number of the cursor per column,
   * in the chain's order.
   */
  drawRow(registers: Uint16Array, cursor: RandomCursor): void {
    const { order } = this.header;
    for (let place = 0; place < order.length; place++) {
      const column = order[place];
      registers[this.contextCount + column] = this.conditionals[column].draw(registers, cursor.next());
    }
  }

  /**
   * As `drawRow`, with the distributions of some columns (by number) times weights of their codes; gives the mass that
   * the weights left in all.
   */
  drawWeighted(registers: Uint16Array, cursor: RandomCursor, weights: ReadonlyMap<number, Float64Array>): number {
    let left = 1;
    for (const column of this.header.order) {
      const own = weights.get(column);
      const conditional = this.conditionals[column];
      if (own === undefined) {
        registers[this.contextCount + column] = conditional.draw(registers, cursor.next());
        continue;
      }
      const { code, mass } = conditional.drawWeighted(registers, cursor.next(), own);
      registers[this.contextCount + column] = code;
      left *= mass;
    }
    return left;
  }

  /**
   * Draws rows firstRow … firstRow + rowCount − 1 of the endless table of this key.
   * **Shapes** context: [contextCount] columns of [rowCount] codes → [columns] of [rowCount].
   * **Random** key, stream 0, row, place in the order.
   */
  sample(key: StreamKey, firstRow: number, rowCount: number, context: readonly Uint16Array[] = []): Uint16Array[] {
    const { contextCount } = this;
    const columns = this.header.columns.map(() => new Uint16Array(rowCount));
    const registers = new Uint16Array(this.registerCount);
    const cursor = new RandomCursor(key);
    for (let row = 0; row < rowCount; row++) {
      for (let i = 0; i < contextCount; i++) registers[i] = context[i][row];
      this.drawRow(registers, cursor.seek(firstRow + row));
      for (let i = 0; i < columns.length; i++) columns[i][row] = registers[contextCount + i];
    }
    return columns;
  }

  /**
   * ln p(row | context) of the given rows.
   * **Shapes** columns and context as at the fit, codes [N]; rows [n] → [n] nats.
   */
  logLikelihoods(columns: readonly CodedColumn[], context: readonly CodedColumn[], rows: Int32Array): Float64Array {
    const sums = new Float64Array(rows.length);
    this.header.order.forEach((column, place) => {
      const inputs = [...context, ...this.header.order.slice(0, place).map((earlier) => columns[earlier])];
      const conditional = this.conditionals[column];
      const { codes } = columns[column];
      for (let i = 0; i < rows.length; i++) sums[i] += conditional.logLikelihoodAt(inputs, rows[i], codes[rows[i]]);
    });
    return sums;
  }

  /** All tensors, named `prefix + column number + '.' + part`. */
  toTensors(prefix: string): Map<string, NumberArray> {
    const tensors = new Map<string, NumberArray>();
    this.conditionals.forEach((conditional, column) => {
      for (const [part, tensor] of Object.entries(conditional.tensors))
        tensors.set(`${prefix}${column}.${part}`, tensor);
    });
    return tensors;
  }

  /** The chain back from its header and `toTensors`. **Throws** TypeError if a tensor is not there. */
  /**
   * **Shapes** contextSizes: codes of each context register.
   * **Throws** TypeError where a tensor is missing or does not fit.
   */
  static fromTensors(
    header: ChainHeader,
    tensors: ReadonlyMap<string, NumberArray>,
    prefix: string,
    contextSizes: readonly number[],
  ): Chain {
    const inputSizes = [...contextSizes, ...header.order.map((column) => header.columns[column].size)];
    return new Chain(
      header,
      header.columns.map(({ size }, column) => {
        const part = (name: string): NumberArray => {
          const tensor = tensors.get(`${prefix}${column}.${name}`);
          if (tensor === undefined) throw new TypeError(`The model has no tensor ${prefix}${column}.${name}.`);
          return tensor;
        };
        const parts: ConditionalTensors = {
          nodes: part('nodes') as Int32Array,
          categories: part('categories') as Uint32Array,
          roots: part('roots') as Int32Array,
          leaves: part('leaves') as Uint32Array,
        };
        checkTensors(parts, size, inputSizes.slice(0, contextSizes.length + header.order.indexOf(column)));
        return new Conditional(parts, size);
      }),
    );
  }
}

/** Registers of the inputs of the column at a place of the order: the context, then the columns drawn before. */
function inputSlots(header: ChainHeader, place: number): Int32Array {
  const contextCount = header.context.length;
  const slots = new Int32Array(contextCount + place);
  for (let i = 0; i < contextCount; i++) slots[i] = i;
  for (let i = 0; i < place; i++) slots[contextCount + i] = contextCount + header.order[i];
  return slots;
}

/**
 * Learns a chain.
 *
 * **Shapes** columns and context: codes [N] each; units [N] uint32; options.rows [n] are learned from.
 * **Random** the key of `bags`, else none.
 * **Memory** 2 N bytes a column for coarse codes, and that of one conditional at a time.
 */
export function fitChain(
  columns: readonly NamedColumn[],
  context: readonly NamedColumn[],
  units: Uint32Array,
  options: ChainOptions,
): Chain {
  const rowTotal = columns[0]?.column.codes.length ?? 0;
  const rows = options.rows ?? Int32Array.from({ length: rowTotal }, (_, row) => row);
  const coded = columns.map(({ column }) => column);
  const order =
    options.order ??
    orderByInformation(
      coded,
      context.map(({ column }) => column),
      rows,
    );
  const inputs = context.map(({ column }) => prepareInput(column, rows));
  const conditionals: Conditional[] = [];
  order.forEach((column, place) => {
    conditionals[column] = fitPrepared(inputs, coded[column], units, rows, options);
    if (place + 1 < order.length) inputs.push(prepareInput(coded[column], rows));
  });
  const header: ChainHeader = {
    context: context.map(({ name }) => name),
    columns: columns.map(({ name, column }) => ({ name, size: column.size })),
    order,
  };
  return new Chain(header, conditionals);
}

/** Information is measured on at most this many rows, taken at equal steps. */
const INFORMATION_ROWS = 50_000;
const INFORMATION_BINS = 16;
/** A context is only ranked, not ordered by: fewer rows do. */
const CONTEXT_ROWS = 10_000;
/** Unordered columns with more values are measured on the most frequent ones and the rest as one. */
const INFORMATION_CATEGORIES = 64;

/**
 * An order of drawing: the column that tells most about all others (and knows most from the context) first, then
 * always the one that the columns chosen so far tell most about.
 * **Shapes** columns, context: codes [N] → a permutation of the column indices.
 */
export function orderByInformation(
  columns: readonly CodedColumn[],
  context: readonly CodedColumn[],
  rows: Int32Array,
): readonly number[] {
  const sample = everyNth(rows, INFORMATION_ROWS);
  const measured = columns.map((column) => informationCodes(column, sample));
  const given = context.map((column) => informationCodes(column, sample));
  const count = columns.length;
  const pairs = Array.from({ length: count }, () => new Float64Array(count));
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) pairs[i][j] = pairs[j][i] = mutualInformation(measured[i], measured[j]);
  }
  // Information shared with what is there already: the context, and later the columns chosen.
  const known = measured.map((column) => given.reduce((total, other) => total + mutualInformation(column, other), 0));
  const left = new Set(columns.keys());
  const order: number[] = [];
  const score = (i: number): number =>
    known[i] + (order.length === 0 && given.length === 0 ? pairs[i].reduce((total, value) => total + value, 0) : 0);
  while (left.size > 0) {
    let best = -1;
    for (const i of left) if (best < 0 || score(i) > score(best)) best = i;
    order.push(best);
    left.delete(best);
    for (const i of left) known[i] += pairs[i][best];
  }
  return order;
}

/**
 * How much each context column tells about all columns together, in nats.
 * **Shapes** columns, context: codes [N] → [context].
 */
export function contextInformation(
  columns: readonly CodedColumn[],
  context: readonly CodedColumn[],
  rows: Int32Array,
): readonly number[] {
  const sample = everyNth(rows, CONTEXT_ROWS);
  const measured = columns.map((column) => informationCodes(column, sample));
  return context.map((column) => {
    const codes = informationCodes(column, sample);
    return measured.reduce((total, other) => total + Math.max(0, mutualInformation(codes, other)), 0);
  });
}

function everyNth(rows: Int32Array, limit: number): Int32Array {
  if (rows.length <= limit) return rows;
  return Int32Array.from({ length: limit }, (_, i) => rows[Math.floor((i * rows.length) / limit)]);
}

interface InformationCodes {
  /** [n] codes of the sampled rows, only those that occur. */
  readonly codes: Uint16Array;
  readonly size: number;
}

function informationCodes(column: CodedColumn, rows: Int32Array): InformationCodes {
  const counts = countCodes(column, rows);
  const coarse = coarsen(column, counts, INFORMATION_BINS);
  const coarseCounts = new Float64Array(coarse.size);
  counts.forEach((count, code) => {
    coarseCounts[coarse.map[code]] += count;
  });
  // Renumber by falling count, the rarest pooled.
  const byCount = [...coarseCounts.keys()]
    .filter((code) => coarseCounts[code] > 0)
    .sort((x, y) => coarseCounts[y] - coarseCounts[x] || x - y);
  const place = new Uint16Array(coarse.size);
  byCount.forEach((code, index) => {
    place[code] = Math.min(index, INFORMATION_CATEGORIES - 1);
  });
  return {
    codes: Uint16Array.from(rows, (row) => place[coarse.map[column.codes[row]]]),
    size: Math.max(1, Math.min(byCount.length, INFORMATION_CATEGORIES)),
  };
}

/**
 * Mutual information in nats, less the bias of its plug-in estimate.
 * Source: Miller: "Note on the bias of information estimates" (1955): (k_x − 1)(k_y − 1) / 2n.
 */
function mutualInformation(x: InformationCodes, y: InformationCodes): number {
  const n = x.codes.length;
  if (n === 0) return 0;
  const joint = new Float64Array(x.size * y.size);
  const rowTotals = new Float64Array(x.size);
  const columnTotals = new Float64Array(y.size);
  for (let i = 0; i < n; i++) {
    joint[x.codes[i] * y.size + y.codes[i]]++;
    rowTotals[x.codes[i]]++;
    columnTotals[y.codes[i]]++;
  }
  let total = 0;
  for (let i = 0; i < x.size; i++) {
    for (let j = 0; j < y.size; j++) {
      const count = joint[i * y.size + j];
      if (count > 0) total += count * Math.log((count * n) / (rowTotals[i] * columnTotals[j]));
    }
  }
  return total / n - ((x.size - 1) * (y.size - 1)) / (2 * n);
}
