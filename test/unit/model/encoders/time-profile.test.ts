import { describe, expect, it } from 'vitest';
import { NUMBER_DEFAULTS } from '../../../../src/model/encoders/number.ts';
import { fitTimeProfile, TimeProfile } from '../../../../src/model/encoders/time-profile.ts';
import { cursor, ownUnits } from './column-trial.ts';

const DAY = 86_400_000_000;
const START = 18_262; // 2020-01-01

describe('the share of all events up to a moment', () => {
  const dice = cursor('growth');
  // Growth: most events are late. No events on days 100 to 149.
  const micros = Float64Array.from({ length: 20_000 }, () => {
    const day = Math.floor(Math.sqrt(dice.next()) * 350);
    return (START + (day < 100 ? day : day + 50) + dice.next()) * DAY;
  });
  const profile = fitTimeProfile(micros, ownUnits(micros.length), NUMBER_DEFAULTS);

  it('is what was counted', () => {
    for (const day of [0, 30, 90, 160, 250, 330, 400]) {
      const before = micros.filter((value) => value < (START + day) * DAY).length / micros.length;
      // A bin holds 1/256 of the events, and within it they are taken to be even.
      expect(Math.abs(profile.at((START + day) * DAY) - before)).toBeLessThan(1 / 128);
    }
  });

  it('turns back into the moment, never earlier than a smaller share, never on days without events', () => {
    let last = -Infinity;
    for (let share = 0; share < 1; share += 0.0007) {
      const moment = profile.momentOf(share);
      expect(Math.abs(profile.at(moment) - share)).toBeLessThan(1e-6);
      expect(moment).toBeGreaterThanOrEqual(last);
      last = moment;
    }
    const made = Array.from({ length: 5000 }, () => profile.momentOf(dice.next()) / DAY - START);
    // One bin may span the gap.
    expect(made.filter((day) => day >= 101 && day < 149).length).toBeLessThan(5000 / 100);
    expect(made.filter((day) => day < 100).length / 5000).toBeCloseTo((100 / 350) ** 2, 1);
  });

  it('comes out of a model file the same', () => {
    const again = new TimeProfile(JSON.parse(JSON.stringify(profile.toJson())));
    for (let share = 0; share < 1; share += 0.01) expect(again.momentOf(share)).toBe(profile.momentOf(share));
  });
});
