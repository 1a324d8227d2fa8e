import { describe, expect, test } from 'vitest';
import { TextChance } from '../../../src/metrics/text-chance.ts';
import { RandomCursor, streamKey } from '../../../src/numeric/random.ts';

function counted(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

const random = new RandomCursor(streamKey(4, 'text')).seek(0);
const FIRST = Array.from({ length: 20 }, (_, i) => `First${String.fromCharCode(97 + i)}`);
const SECOND = Array.from({ length: 30 }, (_, i) => `Second${String.fromCharCode(97 + i)}`);
const name = (): string => `${FIRST[random.nextInteger(20)]} ${SECOND[random.nextInteger(30)]}`;
const code = (): string => `K-${String(random.nextInteger(1000)).padStart(3, '0')}`;
const many = (count: number, draw: () => string): string[] => Array.from({ length: count }, draw);

/** What really coincides, over simulated sets of made texts. */
function simulated(texts: ReadonlySet<string>, draw: () => string): number {
  const sets = 200;
  return many(sets * 300, draw).filter((text) => texts.has(text)).length / sets;
}

describe('chance hits are as many as simulated ones', () => {
  test.each([
    ['names of two words', name, 40],
    ['codes of three digits', code, 60],
  ] as const)('%s', (_label, draw, realCount) => {
    const real = new Set(many(realCount, draw));
    const expected = new TextChance(counted(many(300, draw))).expectedHits(real);
    const truth = simulated(real, draw);
    // Shares of 300 texts' words are known to a fifth or so; a copy is tested at a thousandth, so a factor is enough.
    expect(expected).toBeGreaterThan(truth / 2);
    expect(expected).toBeLessThan(truth * 2);
  });
});

test('a copied text is not its own excuse', () => {
  const made = many(300, name);
  const chance = (texts: readonly string[]): number =>
    new TextChance(counted(texts)).expectedHits(new Set(['Zebedee Quill']));
  expect(chance(made)).toBe(0);
  expect(chance([...made, ...many(50, () => 'Zebedee Quill')])).toBe(0);
});
