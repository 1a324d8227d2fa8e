import { describe, expect, it } from 'vitest';
import { coarsen, type CodedColumn, countCodes } from '../../../src/model/coded-column.ts';
import {
  Conditional,
  childDefaults,
  designEffect,
  fitConditional,
  TABLE_DEFAULTS,
} from '../../../src/model/conditional.ts';
import { RandomCursor, streamKey, uniformAt } from '../../../src/numeric/random.ts';

const rowCount = 6000;
const cursor = new RandomCursor(streamKey(1, 'conditional test')).seek(0);
const units = Uint32Array.from({ length: rowCount }, (_, row) => row);
const column = (codes: Uint16Array, size: number, ordered: boolean, hasNull = false): CodedColumn => ({
  codes,
  size,
  ordered,
  hasNull,
});
const group = column(
  Uint16Array.from(units, () => cursor.nextInteger(3)),
  3,
  false,
);
const wide = column(
  Uint16Array.from(units, () => cursor.nextInteger(200)),
  200,
  true,
);
/** 100 values, 40 more for group 1, 30 more for the upper half of `wide`. */
const target = column(
  Uint16Array.from(
    units,
    (row) => cursor.nextInteger(100) + (group.codes[row] === 1 ? 40 : 0) + (wide.codes[row] >= 100 ? 30 : 0),
  ),
  170,
  true,
);
const fitted = fitConditional([group, wide], target, units, TABLE_DEFAULTS);

describe('Conditional', () => {
  it('gives probabilities that sum to one and agree with what it draws', () => {
    const registers = Uint16Array.of(1, 150);
    const probability = Array.from({ length: 170 }, (_, code) => fitted.probability(registers, code));
    expect(probability.reduce((x, y) => x + y, 0)).toBeCloseTo(1, 8);
    const drawn = new Float64Array(170);
    const n = 200_000;
    for (let i = 0; i < n; i++) drawn[fitted.draw(registers, (i + 0.5) / n)]++;
    for (let code = 0; code < 170; code++) expect(Math.abs(drawn[code] / n - probability[code])).toBeLessThan(2 / n);
  });

  it('learns the shift, and smooths no mass away from where a leaf has rows', () => {
    const mean = (registers: Uint16Array): number =>
      Array.from({ length: 170 }, (_, code) => code * fitted.probability(registers, code)).reduce((x, y) => x + y, 0);
    expect(mean(Uint16Array.of(1, 150))).toBeCloseTo(49.5 + 70, -0.5);
    expect(mean(Uint16Array.of(0, 20))).toBeCloseTo(49.5, -0.5);
    expect(fitted.inputIndices).toEqual([0, 1]);
  });

  it('reads registers through its slots, and rows as it reads registers', () => {
    const bound = fitted.bind(Int32Array.of(4, 2));
    for (const row of [0, 17, 4000]) {
      const [g, w] = [group.codes[row], wide.codes[row]];
      const plain = fitted.logLikelihood(Uint16Array.of(g, w), target.codes[row]);
      expect(bound.logLikelihood(Uint16Array.of(9, 9, w, 9, g), target.codes[row])).toBe(plain);
      expect(fitted.logLikelihoodAt([group, wide], row, target.codes[row])).toBe(plain);
    }
  });

  it('draws among allowed codes by their renormalised shares, and says when there are none', () => {
    const registers = Uint16Array.of(0, 10);
    const allowed = Uint8Array.from({ length: 170 }, (_, code) => (code % 10 === 3 ? 1 : 0));
    const drawn = new Set<number>();
    for (let i = 0; i < 500; i++) drawn.add(fitted.drawWhere(registers, i / 500, allowed));
    expect([...drawn].every((code) => allowed[code] === 1)).toBe(true);
    expect(drawn.size).toBeGreaterThanOrEqual(10);
    expect(fitted.drawWhere(registers, 0.5, (code) => code === 50)).toBe(50);
    expect(fitted.drawWhere(registers, 0.5, () => false)).toBe(-1);
  });

  it('survives its tensors', () => {
    const again = Conditional.fromTensors(structuredClone(fitted.toTensors()), fitted.size);
    for (let u = 0; u < 1; u += 0.01)
      expect(again.draw(Uint16Array.of(1, 42), u)).toBe(fitted.draw(Uint16Array.of(1, 42), u));
  });

  it('is the marginal distribution without inputs, exactly', () => {
    const marginal = fitConditional([], target, units, TABLE_DEFAULTS);
    const counts = countCodes(target, Int32Array.from(units));
    expect(marginal.leafCount).toBe(1);
    for (const code of [0, 60, 120])
      expect(marginal.probability(new Uint16Array(0), code)).toBeCloseTo(counts[code] / rowCount, 8);
  });

  it('mixes bags: the mean of its trees, deterministic by key', () => {
    const bags = { count: 4, rate: 0.7, key: streamKey(3, 'bags') };
    const mixture = fitConditional([group, wide], target, units, { ...TABLE_DEFAULTS, bags });
    const again = fitConditional([group, wide], target, units, { ...TABLE_DEFAULTS, bags });
    expect(again.tensors).toEqual(mixture.tensors);
    expect(mixture.tensors.roots.length).toBe(4);
    const registers = Uint16Array.of(1, 150);
    const drawn = new Float64Array(170);
    for (let i = 0; i < 100_000; i++) drawn[mixture.draw(registers, (i + 0.5) / 100_000)]++;
    for (let code = 0; code < 170; code++)
      expect(drawn[code] / 100_000).toBeCloseTo(mixture.probability(registers, code), 4);
  });

  it('keeps to the rows it is given', () => {
    const rows = Int32Array.from(units.filter((row) => target.codes[row] < 50));
    const part = fitConditional([group], target, units, { ...TABLE_DEFAULTS, rows });
    expect(part.probability(Uint16Array.of(0), 60)).toBe(0);
  });

  it('has all codes alike for a column without rows', () => {
    const none = fitConditional([], column(new Uint16Array(0), 4, false), new Uint32Array(0), TABLE_DEFAULTS);
    expect([0, 1, 2, 3].map((code) => none.probability(new Uint16Array(0), code))).toEqual(
      [0.25, 0.25, 0.25, 0.25].map((p) => expect.closeTo(p, 8)),
    );
  });
});

describe('coarsen', () => {
  it('leaves spikes and NULL alone and evens out the rest', () => {
    const counts = Float64Array.from({ length: 201 }, (_, code) => (code === 77 ? 5000 : 20));
    const coarse = coarsen(column(new Uint16Array(0), 201, true, true), counts, 32);
    const members = (code: number): number => coarse.map.filter((other) => other === coarse.map[code]).length;
    expect(members(77)).toBe(1);
    expect(members(200)).toBe(1);
    expect(coarse.size).toBeGreaterThan(20);
    expect(coarse.size).toBeLessThanOrEqual(35);
    expect([...coarse.map]).toEqual([...coarse.map].sort((x, y) => x - y));
  });
});

describe('childDefaults', () => {
  it('lets the gate rise with the rows of one subject', () => {
    expect(childDefaults(900, 100).clustered?.gateFactor).toBe(3);
    expect(childDefaults(50, 100).clustered?.gateFactor).toBe(1);
  });
});

describe('designEffect', () => {
  const units = Uint32Array.from({ length: 4000 }, (_, row) => row >> 2);
  const rows = Int32Array.from({ length: 4000 }, (_, row) => row);
  const effectOf = (codeOf: (row: number) => number): number =>
    designEffect({ classes: Uint16Array.from(rows, codeOf), size: 3, ordered: false }, units, rows);
  const random = (row: number): number => Math.floor(uniformAt(streamKey(1, 'effect'), 0, row, 0) * 3);

  it('is the rows of a unit where they are all alike, and 1 where they differ like anybody’s', () => {
    expect(effectOf((row) => random(row >> 2))).toBeCloseTo(4, 6);
    // The estimate's standard error over 1,000 units is about 0.05.
    expect(effectOf(random)).toBeLessThan(1.2);
    expect(effectOf(() => 1)).toBe(1);
  });
});
