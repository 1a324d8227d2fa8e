import { describe, expect, test } from 'vitest';
import { COUNTRIES } from '../../../../src/model/encoders/countries.ts';
import { RandomCursor, streamKey } from '../../../../src/numeric/random.ts';
import { CountryChance } from '../../../../src/stages/scan/country-chance.ts';

/** Held by single people each; who is common is nobody's. */
const RARE = ['BO', 'PY', 'GH', 'NP', 'MT', 'IS'];
const COMMON = ['DE', 'FR', 'US'];
const CHANCE = 0.001;

const chance = CountryChance.of([...RARE, ...COMMON], COMMON)!;

/** So many draws from the world's list but for the common ones, by weight. */
function drawn(count: number, seed: number): Map<string, number> {
  const list = COUNTRIES.filter(({ code }) => !COMMON.includes(code));
  const total = list.reduce((sum, { weight }) => sum + weight, 0);
  const random = new RandomCursor(streamKey(seed, 'countries')).seek(0);
  const made = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    let at = random.next() * total;
    const { code } = list.find(({ weight }) => (at -= weight) < 0) ?? list[0];
    made.set(code, (made.get(code) ?? 0) + 1);
  }
  return made;
}

describe('countries met by drawing', () => {
  // 200 sets, of which a test at 0.001 each calls one or two by mistake in most cases and hardly ever four.
  test('what is drawn from the list is no memory', () => {
    const alarms = Array.from({ length: 200 }, (_, seed) => drawn(300, seed)).filter(
      (made) => chance.remembered(new Set(RARE), made, CHANCE).size > 0,
    );
    expect(alarms.length).toBeLessThan(4);
  });

  test('a country that is remembered stands out', () => {
    const made = drawn(300, 1);
    made.set('BO', (made.get('BO') ?? 0) + 10);
    expect([...chance.remembered(new Set(RARE), made, CHANCE).keys()]).toEqual(['BO']);
  });

  test('one that is in no list to draw from is remembered', () => {
    expect([...chance.remembered(new Set(['TV']), new Map([['TV', 1]]), CHANCE)]).toEqual([['TV', 1]]);
  });

  test('values that are no countries have no such chance', () => {
    expect(CountryChance.of(['red', 'green', 'blue'], [])).toBeNull();
  });
});
