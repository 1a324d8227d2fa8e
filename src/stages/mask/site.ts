/** What every maker of values knows of its column, and how texts are written into it. */
import type { ColumnType } from '../../../connectors/connector.ts';
import type { RandomCursor, StreamKey } from '../../numeric/random.ts';
import type { ValueStyle } from './artifact.ts';
import type { Identity } from './identity.ts';
import { uniqueMark, uniqueNumber } from './unique-mark.ts';

/** Makes the text of one row of one column; `who` stands on that row. */
export type Maker = (who: Identity, row: number) => string;

/** What a maker knows about its column. */
export interface Site {
  readonly object: string;
  readonly type: ColumnType;
  readonly style: ValueStyle;
  /** Longest text, in characters. */
  readonly room: number;
  readonly key: StreamKey;
  readonly draws: RandomCursor;
  /** Today, for ages, in days since 1970-01-01. */
  readonly today: number;
}

/** Text in the style's case and room; a unique column gets the row's mark behind `separator`. */
export function named(site: Site, base: Maker, separator: string): Maker {
  if (site.style.unique) return marked(site, base, separator, '');
  const dressed = dresser(site);
  return (who, row) => cut(dressed(base(who, row)), site.room);
}

/** `base` + separator + mark + `end`, where the base gives way if room is short: never two rows alike. */
export function marked(site: Site, base: Maker, separator: string, end: string): Maker {
  const dressed = dresser(site);
  return (who, row) => {
    const mark = uniqueMark(site.key, row);
    const room = site.room - mark.length - separator.length - end.length;
    const text = dressed(room > 0 ? `${cut(base(who, row), room)}${separator}${mark}` : mark) + end;
    return text.length <= site.room ? text : site.style.unique ? uniqueShort(site, row) : cut(dressed(mark), site.room);
  };
}

/** For columns too narrow for a mark: the row's place among all strings of that length. */
export function uniqueShort(site: Site, row: number): string {
  const length = Math.max(1, Math.min(site.room, 9));
  return uniqueNumber(site.key, row, 36 ** length, site.object)
    .toString(36)
    .padStart(length, '0');
}

export function dresser(site: Site): (text: string) => string {
  const { letterCase } = site.style;
  return letterCase === 'upper'
    ? (text) => text.toUpperCase()
    : letterCase === 'lower'
      ? (text) => text.toLowerCase()
      : (text) => text;
}

/** At most `room` characters, at a word's end where one is near. */
export function cut(text: string, room: number): string {
  if (text.length <= room) return text;
  const hard = text.slice(0, Math.max(0, room));
  const space = hard.lastIndexOf(' ');
  return (space > room / 2 ? hard.slice(0, space) : hard).replace(/[\s,.&-]+$/u, '') || hard;
}
