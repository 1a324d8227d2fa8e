import { expect, test } from 'vitest';
import { StoredKey } from '../../../../src/stages/generate/key-column.ts';

const KINDS: Readonly<Record<string, (row: number) => string | null>> = {
  'few values, NULL among them': (row) => (row % 5 === 0 ? null : `kind ${row % 200}`),
  'all different': (row) => `${row}-${'x'.repeat(row % 40)}`,
  'all different, with NULL and empty texts': (row) => (row % 3 === 0 ? null : row % 3 === 1 ? '' : String(row)),
  'beyond Latin': (row) => `Zoë ${row} ${'語😀'.slice(0, 1 + 2 * (row % 2))}`,
  'as many as a dictionary holds, then one more': (row) => String(row % (row < 4096 ? 256 : 257)),
};

test.each(Object.entries(KINDS))('%s: every row as it was given, before and after it is packed', (_, valueOf) => {
  const key = new StoredKey();
  for (let row = 0; row < 10_000; row++) {
    expect(key.isNull(row)).toBe(true);
    const value = valueOf(row);
    key.push(value);
    expect(key.isNull(row)).toBe(value === null);
    if (value !== null) expect(key.textAt(row)).toBe(value);
  }
  for (let row = 0; row < 10_000; row++) {
    const value = valueOf(row);
    expect(key.isNull(row)).toBe(value === null);
    if (value !== null) expect(key.textAt(row)).toBe(value);
  }
});
