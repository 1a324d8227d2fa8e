import { describe, expect, it } from 'vitest';
import { fitRelativeMoment, RelativeMoment } from '../../../../src/model/encoders/relative-moment.ts';
import { NUMBER_DEFAULTS } from '../../../../src/model/encoders/number.ts';
import { fitTimeProfile } from '../../../../src/model/encoders/time-profile.ts';
import { cursor, ownUnits } from './column-trial.ts';

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const START = 18_262 * DAY; // 2020-01-01

const range = <T>(length: number, make: (i: number) => T): T[] => Array.from({ length }, (_, i) => make(i));
const floats = (length: number, make: (i: number) => number): Float64Array =>
  Float64Array.from({ length }, (_, i) => make(i));

/** What is drawn for each code that the pairs have, `rounds` times over. */
function draws(moment: RelativeMoment, micros: Float64Array, references: Float64Array, rounds = 3): (number | null)[] {
  const random = cursor('relative');
  const codes = new Uint16Array(moment.parts.length);
  return range(rounds * micros.length, (i) => {
    const row = i % micros.length;
    moment.encode(micros[row], references[row], 1, codes, 0);
    return moment.decode(codes, 0, references[row], 1, random) as number | null;
  });
}

describe('a moment told from another', () => {
  const dice = cursor('pairs');
  const references = floats(2000, (i) => START + Math.floor(dice.next() * 300) * DAY + (i % 86_400) * SECOND);

  it('never comes before what it never came before, short or long', () => {
    for (const spread of [600 * SECOND, 0.9 * DAY, 20 * DAY]) {
      const micros = references.map((from) => from + Math.floor((dice.next() * spread) / SECOND) * SECOND);
      const moment = fitRelativeMoment(micros, references, ownUnits(2000), false);
      const made = draws(moment, micros, references);
      expect(made.filter((to, i) => to === null || to < references[i % 2000])).toEqual([]);
    }
  });

  it('may come before where it did', () => {
    const micros = references.map((from, i) => from + (i % 2 === 0 ? -3600 : 3600) * SECOND);
    const made = draws(fitRelativeMoment(micros, references, ownUnits(2000), false), micros, references);
    expect(made.filter((to, i) => to! < references[i % 2000]).length).toBe(made.length / 2);
  });

  it('keeps working hours over long distances', () => {
    const micros = references.map(
      (from, i) => (Math.floor(from / DAY) + 3 + (i % 30)) * DAY + (9 + (i % 8)) * 3600 * SECOND,
    );
    const made = draws(fitRelativeMoment(micros, references, ownUnits(2000), false), micros, references);
    const hours = made.map((to) => Math.floor((to! % DAY) / (3600 * SECOND)));
    expect([Math.min(...hours), Math.max(...hours)]).toEqual([9, 16]);
  });

  it('is never made after the last day of what was observed, nor after the day of a later reference', () => {
    const last = START + 320 * DAY;
    const micros = references.map((from) => from + Math.floor(dice.next() ** 3 * 86_400 * 20) * SECOND);
    const kept = micros.map((to, i) => (to < last ? to : references[i]));
    const moment = fitRelativeMoment(kept, references, ownUnits(2000), false);
    const end = (moment.toJson().lastDay + 1) * DAY;
    expect(end).toBeLessThanOrEqual(last + DAY);
    const random = cursor('late');
    const codes = new Uint16Array(moment.parts.length);
    for (let i = 0; i < 2000; i++) {
      moment.encode(START + 300 * DAY, START + 280 * DAY, 1, codes, 0);
      const reference = last - i * 1800 * SECOND;
      const made = moment.decode(codes, 0, reference, 1, random) as number;
      expect(made).toBeLessThan(Math.max(end, (Math.floor(reference / DAY) + 1) * DAY));
      expect(made).toBeGreaterThanOrEqual(reference);
    }
  });

  it('stays a date where it is one, also at the end and from a moment within a day', () => {
    const micros = references.map((from, i) => (Math.floor(from / DAY) + (i % 60)) * DAY);
    const moment = fitRelativeMoment(micros, references, ownUnits(2000), true);
    const made = draws(moment, micros, references);
    const late = draws(
      moment,
      micros,
      references.map((from) => from + 55 * DAY),
    );
    expect([...made, ...late].filter((to) => to! % DAY !== 0)).toEqual([]);
    expect(made.filter((to, i) => to! < Math.floor(references[i % 2000] / DAY) * DAY)).toEqual([]);
  });

  it.each([
    ['seconds', SECOND, 5000],
    ['minutes', 60 * SECOND, 3000],
    ['a quarter of an hour', 900 * SECOND, 90],
    ['thousandths', 1000, 5000],
  ])('keeps its granularity, whatever the other one’s is: %s', (_, grain, count) => {
    // Both below and above a day and a half, where distances are told in other units.
    for (const steps of [count, 40 * count]) {
      const ragged = references.map((from, i) => from + (i % 1000) * 1000 + (i % 7));
      const micros = ragged.map((from) => (Math.ceil(from / grain) + Math.floor(dice.next() * steps)) * grain);
      const moment = fitRelativeMoment(micros, ragged, ownUnits(2000), false);
      const made = draws(moment, micros, ragged, 2);
      expect(made.filter((to) => to! % grain !== 0).slice(0, 3)).toEqual([]);
      expect(made.filter((to, i) => to! < ragged[i % 2000]).slice(0, 3)).toEqual([]);
    }
  });

  it('is NULL where it was, and where its reference is', () => {
    const micros = references.map((from, i) => (i % 3 === 0 ? NaN : from + 60 * SECOND));
    const moment = fitRelativeMoment(micros, references, ownUnits(2000), false);
    const made = draws(moment, micros, references, 1);
    expect(made.every((to, i) => (to === null) === (i % 3 === 0))).toBe(true);
    const codes = new Uint16Array(moment.parts.length);
    moment.encode(micros[1], NaN, 1, codes, 0);
    expect(codes[0]).toBe(moment.parts[0].size - 1);
    moment.encode(micros[1], references[1], 1, codes, 0);
    expect(moment.decode(codes, 0, NaN, 1, cursor('none'))).toBeNull();
  });

  it('comes out of a model file the same', () => {
    const micros = references.map((from, i) => from + ((i * 7919) % 5_000_000) * SECOND);
    const moment = fitRelativeMoment(micros, references, ownUnits(2000), false);
    const again = new RelativeMoment(JSON.parse(JSON.stringify(moment.toJson())));
    expect(again.parts).toEqual(moment.parts);
    expect(draws(again, micros, references, 1)).toEqual(draws(moment, micros, references, 1));
  });
});

describe('siblings that follow one another', () => {
  const DAYS = 400;
  const dice = cursor('siblings');
  /** Many events or few, spread evenly over the time that is left from a start of the parent's own. */
  const parents = range(800, (p) => {
    const start = START + Math.floor(dice.next() * 300) * DAY;
    const end = START + DAYS * DAY;
    const count = p % 2 === 0 ? 5 : 60;
    const events = range(count, () => start + Math.floor((dice.next() * (end - start)) / SECOND) * SECOND).sort(
      (a, b) => a - b,
    );
    return { start, events };
  });
  const rows = parents.flatMap(({ start, events }, parent) =>
    events.map((micros, i) => ({ parent, micros, before: i === 0 ? start : events[i - 1], left: events.length - i })),
  );
  const column = (of: (row: (typeof rows)[number]) => number): Float64Array => Float64Array.from(rows, of);
  const units = Uint32Array.from(rows, (row) => row.parent);
  const micros = column((row) => row.micros);
  const fit = (isShared: boolean): RelativeMoment => {
    const profile = fitTimeProfile(micros, units, NUMBER_DEFAULTS);
    const sharing = isShared ? { left: column((row) => row.left), profile } : null;
    return fitRelativeMoment(
      micros,
      column((row) => row.before),
      units,
      false,
      NUMBER_DEFAULTS,
      sharing,
    );
  };

  /** Share of the time between the start and the end that 60 events, each told from the last, take. */
  function taken(
    moment: RelativeMoment,
    codesFrom: readonly (typeof rows)[number][],
  ): { readonly shares: number[]; readonly bunched: number } {
    const random = cursor('chain of events');
    const codes = new Uint16Array(moment.parts.length);
    let bunched = 0;
    const end = START + DAYS * DAY;
    const shares = range(100, (p) => {
      const start = START + p * 3 * DAY;
      let at = start;
      for (let i = 0; i < 60; i++) {
        const like = codesFrom[random.nextInteger(codesFrom.length)];
        moment.encode(like.micros, like.before, like.left, codes, 0);
        const next = moment.decode(codes, 0, at, 60 - i, random) as number;
        expect(next).toBeGreaterThanOrEqual(at);
        expect(next).toBeLessThan(end + DAY);
        if (next === at) bunched++;
        at = next;
      }
      return (at - start) / (end - start);
    });
    return { shares, bunched };
  }

  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

  it('divide the time that is left, however many they are', () => {
    const moment = fit(true);
    expect(moment.toJson().unit).toBe('share');
    // Expected: the last of 60 even draws stands at 60/61. The draws are of other counts, too: that is the point.
    const { shares, bunched } = taken(moment, rows);
    expect(mean(shares)).toBeGreaterThan(0.9);
    expect(bunched).toBeLessThan(60);
  });

  it('crowd at the end without that: the control', () => {
    const moment = fit(false);
    expect(moment.toJson().unit).not.toBe('share');
    // Gaps of parents with few events are many times too wide for 60: nearly all of the time is soon gone.
    const few = rows.filter(({ parent }) => parent % 2 === 0);
    const codes = new Uint16Array(moment.parts.length);
    const random = cursor('control');
    let at = START;
    for (let i = 0; i < 20; i++) {
      const like = few[random.nextInteger(few.length)];
      moment.encode(like.micros, like.before, like.left, codes, 0);
      at = moment.decode(codes, 0, at, 60 - i, random) as number;
    }
    expect((at - START) / (DAYS * DAY)).toBeGreaterThan(0.9);
  });
});
