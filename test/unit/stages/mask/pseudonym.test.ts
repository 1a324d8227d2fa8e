import { describe, expect, it } from 'vitest';
import type { ColumnFacts, TypeClass } from '../../../../connectors/connector.ts';
import { maskKeyOf } from '../../../../src/stages/mask/mask-key.ts';
import { domainSize, pseudonymise, pseudonyms } from '../../../../src/stages/mask/pseudonym.ts';

const KEY = maskKeyOf('a secret of the test suite').cipherKey;
const OTHER = maskKeyOf('another secret of the tests').cipherKey;

function column(kind: TypeClass): ColumnFacts {
  return { name: 'code', type: { class: kind } } as unknown as ColumnFacts;
}

const made = (values: readonly (string | null)[], kind: TypeClass = 'text', key = KEY): (string | null)[] =>
  pseudonymise(values, column(kind), key, {}).values;

describe('pseudonyms', () => {
  it('keep the form: digits, letters, their case, separators, NULL', () => {
    const values = ['AB-123456/x', '(206) 555-9857', 'Kd0-zz99-Q', null, '---', ''];
    const shape = (value: string | null): string | undefined =>
      value?.replace(/[0-9]/g, '9').replace(/[A-Z]/g, 'A').replace(/[a-z]/g, 'a');
    const out = made(values);
    expect(out.map(shape)).toEqual(values.map(shape));
    expect(out[0]).not.toBe(values[0]);
  });

  it.each<[string, TypeClass, (i: number) => string]>([
    ['digits', 'text', (i) => String(i).padStart(10, '0')],
    ['letters', 'text', (i) => `${i.toString(26).replace(/[0-9]/g, (digit) => 'qrstuvwxyz'[Number(digit)])}.abcde`],
    ['mixed', 'text', (i) => `ab${String(i).padStart(6, '0')}`],
    ['integers', 'integer', (i) => String(i * 104_729 - 1_000_000)],
    ['uuids', 'uuid', (i) => `0190c0de-${i.toString(16).padStart(4, '0')}-7abc-8def-0123456789ab`],
  ])('never give two values the same: %s', (_, kind, value) => {
    const values = Array.from({ length: 20_000 }, (__, i) => value(i));
    expect(new Set(values).size).toBe(values.length);
    expect(new Set(made(values, kind)).size).toBe(values.length);
  });

  it('fill a small domain exactly: a permutation of all its values', () => {
    const all = Array.from({ length: 26 * 10 }, (_, i) => `${String.fromCharCode(97 + Math.floor(i / 10))}${i % 10}`);
    const out = made(all);
    expect(out.toSorted()).toEqual(all.toSorted());
    expect(out).not.toEqual(all);
  });

  it('are the same whatever stands beside them, and different under another key', () => {
    const values = Array.from({ length: 100 }, (_, i) => `C-${700_000 + i}-xy`);
    expect(made(values)).toEqual(values.map((value) => made([value])[0]));
    const moved = made(values, 'text', OTHER).filter((value, i) => value !== made(values)[i]);
    expect(moved.length).toBeGreaterThan(97); // each differs but by chance, one in millions
  });

  it('give integers of any width the same, below a billion where they were', () => {
    const [small] = made(['4711'], 'integer');
    expect(made(['004711'.padStart(9, '0')])[0]).toBe(small!.padStart(9, '0'));
    expect(Number(small)).toBeLessThan(1e9);
    const [wide] = made(['5000000000'], 'integer');
    expect(Number(wide)).toBeGreaterThanOrEqual(2 ** 31);
    expect(made(['-4711'], 'integer')[0]).toBe(`-${small}`);
    expect(made(['2147483647'], 'integer').map(Number)[0]).toBeLessThan(2 ** 31);
  });

  it('leave letters alone where digits alone are asked for', () => {
    const out = pseudonymise(['INV-2031-004711'], column('text'), KEY, { alphabet: 'digits' }).values[0]!;
    expect(out).toMatch(/^INV-\d{4}-\d{6}$/);
    expect(out).not.toBe('INV-2031-004711');
  });

  it('differ in case alone where values do', () => {
    const [upper, lower] = made(['QWERTYUIOP', 'qwertyuiop']);
    expect(upper!.toLowerCase()).toBe(lower);
  });

  it('refuse small domains and foreign letters, without a value in the message', () => {
    const text = (values: string[]) => ({ form: 'text' as const, values });
    const run = (values: string[], options = {}) =>
      pseudonyms(text(values), values.length, column('text'), KEY, 'public.t.code', options);
    expect(() => run(['12345'])).toThrow(/1 values of public.t.code have a form of fewer than a million/);
    expect(() => run(['Jürgen Müllerstein'])).toThrow(/letters or digits beyond/);
    expect(() => run(['12345'])).not.toThrow(/12345/);
    expect(() => run(['12345'], { accepted: true })).not.toThrow();
    expect(domainSize('12345', column('text'), 'both')).toBe(1e5);
    expect(domainSize('AB-12', column('text'), 'both')).toBe(26 * 26 * 100);
  });
});
