import { poissonTail } from '../../metrics/intervals.ts';
import { TextChance } from '../../metrics/text-chance.ts';
import { CountryChance } from './country-chance.ts';
import { rareParts } from './rare-parts.ts';
import type { ScanInput } from './input.ts';
import type { ColumnView, TableView } from './table-view.ts';
import { exactGate, notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

const GATE = 'rare-values';
/** What so many units hold belongs to none of them. */
const COMMON_UNITS = 5;
/** Coincidences that are less likely than this are leaks. */
const CHANCE = 0.001;
/** Two places on a line, which are met by chance as numbers and moments are. */
const INTERVALS: ReadonlySet<string> = new Set(['range', 'multirange']);
/** Closed sets of the type: their values are in the schema, whoever holds them. */
const CLOSED: ReadonlySet<string> = new Set(['boolean', 'enum']);

/**
 * Nothing rare enters the model, so nothing rare may come out of it: categories, texts, JSON keys and array elements
 * that fewer than 5 units of the source hold, found in the target.
 *
 * A text that is put together from common words, or drawn from a pattern of characters, meets a real one now and then:
 * as often as the target's *other* texts predict; a country drawn from all the world's as often as the size of its
 * economy says. Where it is not known how the target was made, a rare value may be
 * anybody's, and the gate does not apply.
 */
export function rareValueGates(view: TableView, input: ScanInput): OpenGate[] {
  if (input.holdout === 'unknown')
    return [
      notApplicable(
        GATE,
        view.id,
        view.id,
        'Nothing is known of how its values were made; rare ones may be anybody’s.',
      ),
    ];
  const columns = view.columns.filter(
    (column) =>
      column.kind !== 'ordered' &&
      !CLOSED.has(column.typeClass) &&
      !INTERVALS.has(column.typeClass) &&
      !column.isKey &&
      !column.isReplaced &&
      column.varies,
  );
  const leaks = columns.map((column) => ({ column, count: leakCount(column, view) })).filter(({ count }) => count > 0);
  return [
    exactGate(GATE, view.id, view.id, {
      value: leaks.reduce((sum, { count }) => sum + count, 0),
      limit: 0,
      passes: leaks.length === 0,
      explanation:
        leaks.length === 0
          ? `No category, text, key or element of ${columns.length} columns is one that fewer than ${COMMON_UNITS} units of the source hold, but for what chance makes.`
          : `The target holds values that fewer than ${COMMON_UNITS} units of the source hold, in ${leaks.map(({ column }) => `"${column.name}"`).join(', ')}.`,
    }),
  ];
}

/** Occurrences in the target of what is rare in the source, where they are more than chance makes. */
function leakCount(column: ColumnView, view: TableView): number {
  const holders = new Map<string, Set<number>>();
  column.source.forEach((text, row) => {
    for (const part of rareParts(column, text)) {
      const units = holders.get(part) ?? new Set<number>();
      if (units.size < COMMON_UNITS) units.add(view.source.units[row]);
      holders.set(part, units);
    }
  });
  const isCommon = (part: string): boolean => holders.get(part)!.size >= COMMON_UNITS;
  const rare = [...holders.keys()].filter((part) => !isCommon(part));
  const made = new Map<string, number>();
  for (const text of column.target)
    for (const part of rareParts(column, text)) made.set(part, (made.get(part) ?? 0) + 1);
  const countries = CountryChance.of([...holders.keys()], [...holders.keys()].filter(isCommon));
  const rareCountries = new Set(countries === null ? [] : rare.filter((part) => countries.isCountry(part)));
  const remembered =
    countries?.remembered(rareCountries, unitCounts(column, view), CHANCE) ?? new Map<string, number>();
  const others = new Set(rare.filter((part) => !rareCountries.has(part)));
  let found = 0;
  for (const part of others) found += made.get(part) ?? 0;
  const leaked = found > 0 && poissonTail(found, new TextChance(made).expectedHits(others)) < CHANCE ? found : 0;
  return [...remembered.values()].reduce((sum, count) => sum + count, leaked);
}

/** Units of the target that have a value: the rows of one unit repeat what was drawn once. */
function unitCounts(column: ColumnView, view: TableView): Map<string, number> {
  const units = new Map<string, Set<number>>();
  column.target.forEach((text, row) => {
    for (const part of rareParts(column, text))
      units.set(part, (units.get(part) ?? new Set<number>()).add(view.target.units[row]));
  });
  return new Map([...units].map(([part, own]) => [part, own.size]));
}
