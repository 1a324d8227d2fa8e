import { expect, test } from 'vitest';
import { DigestSet } from '../../../../src/stages/generate/digest-set.ts';
import { digest } from '../../../../src/stages/generate/unique.ts';

test('holds what a Set holds, over many sizes and after each clearing', () => {
  const ours = new DigestSet();
  for (const count of [0, 1, 47, 48, 49, 500, 20_000]) {
    const theirs = new Set<number>();
    for (let i = 0; i < count; i++) {
      const one = digest(String(i % 7 === 0 ? i >> 1 : i));
      expect(ours.has(one)).toBe(theirs.has(one));
      ours.add(one);
      theirs.add(one);
    }
    for (let i = 0; i < 2 * count; i++) expect(ours.has(digest(String(i)))).toBe(theirs.has(digest(String(i))));
    ours.clear();
    expect(ours.has(digest('1'))).toBe(false);
  }
});

test('neighbours that want the same slot, the first and the last number included', () => {
  const set = new DigestSet();
  const numbers = [0, 64, 128, 63, 127, 2 ** 48 - 1];
  for (const number of numbers) expect(set.has(number)).toBe(false);
  for (const number of numbers) set.add(number);
  for (const number of numbers) expect(set.has(number)).toBe(true);
  expect(set.has(192)).toBe(false);
});
