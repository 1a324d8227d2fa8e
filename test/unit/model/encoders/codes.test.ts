import { describe, expect, test } from 'vitest';
import { luhnSum, mod97, weightedSum } from '../../../../src/numeric/check-digits.ts';
import { drawn, fit, revived, shapeOf } from './column-trial.ts';

const digits = (i: number, length: number): string => String((i * 7919 + 13) % 10 ** length).padStart(length, '0');
const ean = (body: string): string =>
  `${body}${(10 - (weightedSum(`${body}0`, (i) => (i % 2 === 0 ? 1 : 3)) % 10)) % 10}`;
const luhn = (body: string): string => `${body}${(10 - (luhnSum(`${body}0`) % 10)) % 10}`;
const iban = (body: string): string => `DE${String(98 - mod97(`${body}DE00`)).padStart(2, '0')}${body}`;
const make = (write: (i: number) => string): { real: string[]; made: string[] } => {
  const real = Array.from({ length: 300 }, (_, i) => write(i));
  return { real, made: drawn(revived(fit(shapeOf('text'), real)), real) as string[] };
};

describe('codes that check themselves are made so that they do', () => {
  test.each([
    ['EAN', (i: number) => ean(`40063${digits(i, 7)}`), (code: string) => ean(code.slice(0, -1)) === code],
    ['Luhn', (i: number) => luhn(`89490${digits(i, 10)}`), (code: string) => luhn(code.slice(0, -1)) === code],
    [
      'IBAN, in groups',
      (i: number) => iban(`37040044${digits(i, 10)}`).replace(/(.{4})(?=.)/g, '$1 '),
      (code: string) => iban(code.replaceAll(' ', '').slice(4)) === code.replaceAll(' ', ''),
    ],
  ])('%s', (_, write, isRight) => {
    const { real, made } = make(write);
    expect(real.every(isRight)).toBe(true);
    expect(made.filter((code) => !isRight(code))).toEqual([]);
    expect(new Set(made).size).toBeGreaterThan(250);
    expect(made.filter((code) => real.includes(code)).length).toBeLessThan(3);
  });

  test('plain numbers are not made to', () => {
    const { made } = make((i) => `40063${digits(i, 8)}`);
    const share = made.filter((code) => ean(code.slice(0, -1)) === code).length / made.length;
    expect(share).toBeLessThan(0.2); // 1 in 10 by chance
  });
});

test('a number that runs on in a text is one of its range, whatever its length', () => {
  const { real, made } = make((i) => `visit ${1 + i} of ward ${'ABC'[i % 3]}`);
  for (const text of made) {
    expect(text).toMatch(/^visit \d+ of ward [ABC]$/);
    expect(Number(text.split(' ')[1])).toBeLessThanOrEqual(300);
  }
  const mean = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  expect(Math.abs(mean(made) - mean(real))).toBeLessThan(0.1); // its standard error is about 0.03
  const share = (texts: readonly string[], ward: string): number =>
    texts.filter((text) => text.endsWith(ward)).length / texts.length;
  expect(share(made, 'A')).toBeCloseTo(1 / 3, 5);
});

test('codes with leading zeros keep them', () => {
  for (const text of make((i) => `lot ${digits(i, 5)}`).made) expect(text).toMatch(/^lot \d{5}$/);
});
