import { describe, expect, it } from 'vitest';
import { Chain, fitChain, type NamedColumn, orderByInformation } from '../../../src/model/chain.ts';
import { TABLE_DEFAULTS } from '../../../src/model/conditional.ts';
import {
  fitUntilSafe,
  fitWithSelfTest,
  type MembershipResult,
  testMembership,
  worstAuc,
} from '../../../src/model/self-test.ts';
import { RandomCursor, streamKey } from '../../../src/numeric/random.ts';

/** a → b → c, and d apart. */
function makeTable(rowCount: number, seed: number): NamedColumn[] {
  const cursor = new RandomCursor(streamKey(seed, 'chain test')).seek(0);
  const a = Uint16Array.from({ length: rowCount }, () => cursor.nextInteger(8));
  const b = a.map((code) => (cursor.next() < 0.8 ? code : cursor.nextInteger(8)));
  const c = b.map((code) => (cursor.next() < 0.7 ? code >> 1 : cursor.nextInteger(4)));
  const d = a.map(() => cursor.nextInteger(5));
  return [
    ['a', a, 8],
    ['b', b, 8],
    ['c', c, 4],
    ['d', d, 5],
  ].map(([name, codes, size]) => ({
    name: name as string,
    column: { codes: codes as Uint16Array, size: size as number, ordered: true, hasNull: false },
  }));
}

const rowCount = 8000;
const units = Uint32Array.from({ length: rowCount }, (_, row) => row);
const table = makeTable(rowCount, 1);
const chain = fitChain(table, [], units, TABLE_DEFAULTS);
const key = streamKey(4, 'sample');

describe('Chain', () => {
  it('draws each row by its number, whatever the batch', () => {
    const whole = chain.sample(key, 0, 1000);
    const parts = [chain.sample(key, 0, 1), chain.sample(key, 1, 600), chain.sample(key, 601, 399)];
    whole.forEach((codes, i) => expect(parts.flatMap((part) => [...part[i]])).toEqual([...codes]));
    expect(chain.sample(streamKey(5, 'sample'), 0, 1000)).not.toEqual(whole);
  });

  it('keeps the joint distribution of dependent columns and not of a shuffled control', () => {
    const drawn = chain.sample(key, 0, rowCount);
    const distance = (x: readonly Uint16Array[], i: number, j: number): number => {
      const cells = new Float64Array(64);
      for (let row = 0; row < rowCount; row++) {
        cells[table[i].column.codes[row] * 8 + table[j].column.codes[row]] += 1 / rowCount;
        cells[x[i][row] * 8 + x[j][row]] -= 1 / rowCount;
      }
      return cells.reduce((total, cell) => total + Math.abs(cell), 0) / 2;
    };
    // Two samples of 8,000 in 64 cells differ by about .04 of mass by chance alone.
    expect(distance(drawn, 0, 1)).toBeLessThan(0.05);
    expect(distance(drawn, 1, 2)).toBeLessThan(0.05);
    const shuffled = [drawn[0], drawn[1].map((_, row) => drawn[1][(row + 1) % rowCount])];
    expect(distance(shuffled, 0, 1)).toBeGreaterThan(0.5);
  });

  it('orders by information: the columns that tell of each other come together, the lone one last', () => {
    expect(chain.header.order[0]).toBe(1);
    expect(chain.header.order[3]).toBe(3);
    expect(orderByInformation([table[3].column, table[0].column], [table[1].column], Int32Array.from(units))).toEqual([
      1, 0,
    ]);
  });

  it('draws given a context', () => {
    const child = fitChain([table[1]], [table[0]], units, TABLE_DEFAULTS);
    const given = Uint16Array.from({ length: 2000 }, (_, row) => (row < 1000 ? 2 : 6));
    const [drawn] = child.sample(key, 0, 2000, [given]);
    const share = (code: number, from: number): number =>
      drawn.subarray(from, from + 1000).filter((value) => value === code).length / 1000;
    expect(share(2, 0)).toBeGreaterThan(0.75);
    expect(share(6, 1000)).toBeGreaterThan(0.75);
    expect(share(6, 0)).toBeLessThan(0.08);
  });

  it('survives its tensors', () => {
    const again = Chain.fromTensors(structuredClone(chain.header), structuredClone(chain.toTensors('t.')), 't.', []);
    expect(again.sample(key, 5, 500)).toEqual(chain.sample(key, 5, 500));
    expect(() => Chain.fromTensors(chain.header, new Map(), 't.', [])).toThrow(TypeError);
  });
});

describe('self-test', () => {
  const learned = Int32Array.from(units.filter((row) => row % 5 !== 0));
  const unlearned = Int32Array.from(units.filter((row) => row % 5 === 0));
  /** Columns of pure noise: whatever is learned of them is memorised. */
  const noise = Array.from({ length: 6 }, (_, i): NamedColumn => {
    const cursor = new RandomCursor(streamKey(i, 'noise')).seek(0);
    return {
      name: `n${i}`,
      column: { codes: Uint16Array.from(units, () => cursor.nextInteger(40)), size: 40, ordered: true, hasNull: false },
    };
  });

  it('finds a model that memorised and passes one behind the gate', () => {
    const gated = fitWithSelfTest(noise, [], units, learned, unlearned, TABLE_DEFAULTS);
    expect(gated.verdict).toBe('pass');
    expect(gated.attempts.length).toBe(1);
    const open = fitChain(noise, [], units, { ...TABLE_DEFAULTS, gate: 0, rows: learned });
    expect(worstAuc(testMembership(open, noise, [], units, learned, unlearned))!.low).toBeGreaterThan(0.7);
  });

  it('raises the gate until the model passes', () => {
    const fit = fitWithSelfTest(noise, [], units, learned, unlearned, { ...TABLE_DEFAULTS, gate: 0.15 });
    expect(fit.attempts.length).toBeGreaterThan(1);
    expect(worstAuc(fit.attempts[0].membership)!.auc).toBeGreaterThan(0.6);
    expect(fit.attempts[1].gate).toBeCloseTo(0.225, 10);
    expect(fit.attempts.at(-1)!.gate).toBeCloseTo(0.15 * 1.5 ** (fit.attempts.length - 1), 10);
  });

  it('gives up with a warning, and says when it could not measure', () => {
    const estimate = { auc: 0.9, standardError: 0.01, low: 0.88, high: 0.92, positiveCount: 100, negativeCount: 100 };
    const leaking = fitUntilSafe(
      (gate) => gate,
      (): MembershipResult => ({ rows: estimate, units: null }),
      1,
    );
    expect([leaking.verdict, leaking.attempts.length]).toEqual(['warn', 5]);
    expect(leaking.model).toBeCloseTo(1.5 ** 4, 10);
    const few = fitWithSelfTest(noise, [], units, learned.slice(0, 20), unlearned.slice(0, 20), TABLE_DEFAULTS);
    expect(few.verdict).toBe('underpowered');
  });

  it('leaves out rows that both sides have', () => {
    const same = [{ name: 'a', column: { codes: new Uint16Array(rowCount), size: 2, ordered: true, hasNull: false } }];
    const constant = fitChain(same, [], units, { ...TABLE_DEFAULTS, rows: learned });
    expect(testMembership(constant, same, [], units, learned, unlearned)).toEqual({ rows: null, units: null });
  });
});
