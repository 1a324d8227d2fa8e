/**
 * Steering: columns whose values are to be others than in the source, and rows that go with them.
 *
 * A row's density becomes p(row) · w(value). Candidates are drawn with the column's own distribution weighted, and taken
 * or rejected by the mass that the weights left at their place: what is drawn after the column follows from it, and what
 * is drawn before it goes with it. Where no candidate is taken, one is chosen in proportion to that mass (importance
 * resampling; Gordon, Salmond, Smith 1993). The row behind the context key alone is given.
 */
import type { Chain } from '../../model/chain.ts';
import type { Cell } from '../../model/encoders/encoder.ts';
import { groupBounds } from '../../model/row-model.ts';
import type { TableModel } from '../../model/table-model.ts';
import type { RandomCursor } from '../../numeric/random.ts';

/** Candidates for a row at most. Odds that are raised more often than that come a little short. */
const CANDIDATES = 64;
/** How strongly a row's value weighs on the next rows', where shares are to be met: 200 rows make up for e-fold odds. */
const PULL = 0.005;

export type SteeringKind = 'where' | 'boost' | 'shares';

export interface SteeredColumn {
  readonly column: string;
  readonly kind: SteeringKind;
  /** The values that are named, as the model writes them (null: NULL): with 1, a factor of their odds, or a share. */
  readonly values: ReadonlyMap<string | null, number>;
  /** Shares of all values before; of `shares` alone. */
  readonly before?: ReadonlyMap<string | null, number>;
}

/**
 * The values that a column can be steered by, in the order of their codes; null where it cannot be. `undefined`: all
 * values that are too rare to be known, together.
 */
export function steerableValues(table: TableModel, column: string): readonly (string | null | undefined)[] | null {
  const maker = table.columns.find(({ name }) => name === column)?.maker;
  const { rowModel } = table;
  if (table.strategy !== 'synthesize' || rowModel?.rest == null || maker?.by !== 'encoder') return null;
  if (maker.register < table.ownFrom + groupBounds(rowModel.groups).restFrom) return null;
  const last = (hasNull: boolean): null[] => (hasNull ? [null] : []);
  if (maker.kind === 'category') {
    const { values, hasNull } = maker.parameters as { values: readonly string[]; hasNull: boolean };
    return [...values, ...last(hasNull)];
  }
  if (maker.kind !== 'text') return null;
  const { categories, rare, hasNull } = maker.parameters as TextParameters;
  return categories.length === 0 ? null : [...categories, ...(rare === null ? [] : [undefined]), ...last(hasNull)];
}

interface TextParameters {
  readonly categories: readonly string[];
  readonly rare: string | null;
  readonly hasNull: boolean;
}

interface Steered {
  readonly register: number;
  readonly weights: Float64Array;
  /** Shares to be met, by code; null where the weights are what was asked for. */
  readonly shares: Float64Array | null;
}

/** Steers the rows of one table, in their order. */
export class RowSteering {
  readonly #steered: readonly Steered[];
  readonly #byColumn: ReadonlyMap<number, Float64Array>;
  readonly #chain: Chain;
  readonly #kept: Uint16Array;
  readonly #drawn: Int32Array;

  constructor(table: TableModel, columns: readonly SteeredColumn[]) {
    this.#chain = table.rowModel!.rest!;
    this.#steered = columns.map((column) => steer(table, column));
    this.#byColumn = new Map(
      this.#steered.map(({ register, weights }) => [register - this.#chain.contextCount, weights]),
    );
    this.#kept = new Uint16Array(table.registers.length);
    this.#drawn = new Int32Array(columns.length);
  }

  /** One candidate of what the last chain draws; gives its weight. */
  drawRest(registers: Uint16Array, random: RandomCursor): number {
    return this.#chain.drawWeighted(registers, random, this.#byColumn);
  }

  /**
   * Leaves the chosen candidate in `registers` and `cells`; false where none has a value that is allowed. `draw` gives a
   * weight.
   */
  choose(registers: Uint16Array, cells: Cell[], random: RandomCursor, draw: () => number): boolean {
    const most = this.#steered.reduce((product, { weights }) => product * Math.max(...weights), 1);
    let total = 0;
    let kept: readonly Cell[] = cells;
    let isTaken = false;
    for (let i = 0; i < CANDIDATES && !isTaken; i++) {
      const weight = draw();
      total += weight;
      isTaken = random.next() * most < weight;
      if (!isTaken && random.next() * total < weight) {
        this.#kept.set(registers);
        kept = [...cells];
      }
    }
    if (!isTaken && total > 0) {
      registers.set(this.#kept);
      kept.forEach((cell, c) => (cells[c] = cell));
    }
    this.#steered.forEach(({ register }, i) => (this.#drawn[i] = registers[register]));
    return total > 0;
  }

  /** The row at hand is made: where shares are to be met, what it has too much of becomes less likely. */
  settle(): void {
    this.#steered.forEach(({ weights, shares }, i) => {
      if (shares === null) return;
      for (let code = 0; code < weights.length; code++)
        weights[code] *= Math.exp(PULL * (shares[code] - (code === this.#drawn[i] ? 1 : 0)));
    });
  }
}

function steer(table: TableModel, { column, kind, values, before }: SteeredColumn): Steered {
  const maker = table.columns.find(({ name }) => name === column)!.maker as { readonly register: number };
  const { register } = maker;
  const codes = steerableValues(table, column)!;
  const named = (value: string | null | undefined): number | undefined =>
    value === undefined ? undefined : values.get(value);
  if (kind !== 'shares') {
    const others = kind === 'where' ? 0 : 1;
    return { register, weights: Float64Array.from(codes, (value) => named(value) ?? others), shares: null };
  }
  const known = codes.reduce<number>((sum, value) => sum + (value === undefined ? 0 : (before?.get(value) ?? 0)), 0);
  const share = (value: string | null | undefined): number =>
    Math.max(1e-6, value === undefined ? 1 - known : (before?.get(value) ?? 0));
  const asked = [...values.values()].reduce((sum, value) => sum + value, 0);
  const left = codes.reduce<number>((sum, value) => sum + (named(value) === undefined ? share(value) : 0), 0);
  // What is not named shares the rest as it did before.
  const shares = Float64Array.from(codes, (value) => named(value) ?? (Math.max(0, 1 - asked) * share(value)) / left);
  return { register, weights: shares.map((wanted, code) => wanted / share(codes[code])), shares };
}
