import { describe, expect, it } from 'vitest';
import { RandomCursor, streamKey } from '../../../../src/numeric/random.ts';
import { QuotaChooser, scaleQuotas } from '../../../../src/stages/generate/quota.ts';

const dice = new RandomCursor(streamKey(0, 'quota test')).seek(0);
const sum = (values: Uint32Array): number => values.reduce((a, b) => a + b, 0);

describe('quotas', () => {
  it.each([0, 1, 137, 5000, 99_999])('add up to what is wanted, in proportion: %d', (total) => {
    const degrees = Uint32Array.from({ length: 300 }, () => dice.nextInteger(20));
    const quotas = scaleQuotas(degrees, total, Number.MAX_SAFE_INTEGER);
    expect(sum(quotas)).toBe(total);
    // By largest remainder, nobody is further from their share than one.
    const share = total / sum(degrees);
    expect([...quotas].filter((quota, i) => Math.abs(quota - degrees[i] * share) >= 1)).toEqual([]);
  });

  it('never exceed the cap, and fill up to it', () => {
    const quotas = scaleQuotas(Uint32Array.of(100, 1, 0, 0), 3, 1);
    expect([...quotas]).toEqual([1, 1, 1, 0]);
    expect(sum(scaleQuotas(Uint32Array.of(5, 5), 100, 10))).toBe(20);
  });

  it('are even where nobody ever had any', () => {
    expect([...scaleQuotas(new Uint32Array(4), 10, 99)]).toEqual([3, 3, 2, 2]);
  });
});

describe('choosing by quota', () => {
  const quotas = Uint32Array.from({ length: 200 }, () => dice.nextInteger(30));
  const countOf = (choose: () => number, children: number): Uint32Array => {
    const counts = new Uint32Array(quotas.length);
    for (let i = 0; i < children; i++) counts[choose()]++;
    return counts;
  };

  it('gives each row exactly its own number, in an order of the seed’s', () => {
    const orders = [1, 1, 2].map((seed) => {
      const chooser = new QuotaChooser(quotas, seed, 'any');
      const order = Array.from({ length: sum(quotas) }, () => chooser.choose(() => true, dice));
      expect(
        countOf(
          (
            (next) => () =>
              order[next++]
          )(0),
          order.length,
        ),
      ).toEqual(quotas);
      return order;
    });
    expect(orders[0]).toEqual(orders[1]);
    expect(orders[0]).not.toEqual(orders[2]);
    expect(orders[0]).not.toEqual(orders[0].toSorted((a, b) => a - b));
  });

  it('starts over where there are more children than slots, and never a row without slots', () => {
    const chooser = new QuotaChooser(quotas, 0, 'twice');
    const counts = countOf(() => chooser.choose(() => true, dice), 2 * sum(quotas));
    expect([...counts]).toEqual([...quotas].map((quota) => 2 * quota));
  });

  it('keeps what does not fit for a row that it fits', () => {
    const chooser = new QuotaChooser(quotas, 0, 'picky');
    // Each child takes rows of its own half only, as many children of each half as it has slots.
    const halves = [...quotas].flatMap((quota, row) => Array.from({ length: quota }, () => row % 2));
    const counts = new Uint32Array(quotas.length);
    for (const half of halves.toSorted(() => dice.next() - 0.5))
      counts[chooser.choose((row) => row % 2 === half, dice)]++;
    const moved = [...counts].reduce((all, count, row) => all + Math.abs(count - quotas[row]), 0) / 2;
    expect(sum(counts)).toBe(sum(quotas));
    expect(moved).toBeLessThan(0.02 * sum(quotas));
  });

  it('loses no slot, however many wait for a row that they fit', () => {
    const chooser = new QuotaChooser(quotas, 0, 'late');
    const counts = new Uint32Array(quotas.length);
    const high = sum(quotas.slice(100));
    // First all children of the upper half, so that nearly all slots of the lower half have to wait.
    for (let i = 0; i < high; i++) counts[chooser.choose((row) => row >= 100, dice)]++;
    for (let i = 0; i < sum(quotas) - high; i++) counts[chooser.choose((row) => row < 100, dice)]++;
    expect(counts).toEqual(quotas);
  });

  it('gives no slot to a row that was chosen without one and is made again', () => {
    const chooser = new QuotaChooser(Uint32Array.of(0, 3), 0, 'free');
    chooser.giveBack(chooser.choose((row) => row === 0, dice));
    const counts = new Uint32Array(2);
    for (let i = 0; i < 3; i++) counts[chooser.choose(() => true, dice)]++;
    expect([...counts]).toEqual([0, 3]);
  });

  it('takes back the slot of a row that is made again', () => {
    const chooser = new QuotaChooser(quotas, 0, 'again');
    const counts = countOf(() => {
      chooser.giveBack(chooser.choose(() => true, dice));
      return chooser.choose(() => true, dice);
    }, sum(quotas));
    expect(counts).toEqual(quotas);
  });

  it('finds the one row that fits, or says that there is none', () => {
    const chooser = new QuotaChooser(quotas, 0, 'one');
    expect(chooser.choose((row) => row === 77, dice)).toBe(77);
    expect(chooser.choose(() => false, dice)).toBe(-1);
    expect(new QuotaChooser(new Uint32Array(0), 0, 'none').choose(() => true, dice)).toBe(-1);
  });
});
