import { tableId } from '../../../connectors/connector.ts';
import type { TableFacts } from '../../../connectors/connector.ts';
import { normalTail, poissonTail } from '../../metrics/intervals.ts';
import { HashCounts, KeyedHash } from '../../metrics/keyed-hash.ts';
import { normalise, personAspect } from './identifiers.ts';
import type { PersonAspect } from './identifiers.ts';
import { controlKey } from './input.ts';
import type { ScanInput } from './input.ts';
import { tableRows } from './table-rows.ts';
import type { ColumnView, TableView } from './table-view.ts';
import { exactGate, notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

/** Together they name a person: no coincidence but one that chance makes likely. */
const DIRECT: readonly (readonly [PersonAspect, PersonAspect])[] = [
  ['name', 'birth date'],
  ['name', 'street'],
];
/** Together they narrow a person down. Dictionaries make some of these now and then: no more than they do. */
const LOW_ENTROPY: readonly (readonly [PersonAspect, PersonAspect])[] = [
  ['first name', 'last name'],
  ['name', 'city'],
  ['name', 'postal code'],
  ['name', 'title'],
  ['birth date', 'city'],
  ['birth date', 'postal code'],
  ['street', 'city'],
  ['street', 'postal code'],
];
/** Coincidences that are less likely than this are leaks. */
const CHANCE = 0.001;
/** Made-up parts go together a little (a name's locale, a city's streets): chance is allowed to be so much greater. */
const DEPENDENCE = { atLeast: 1.2, atMost: 4 } as const;
const COMMON_UNITS = 5;

interface Pair {
  readonly gate: 'direct-identifiers' | 'low-entropy-personal';
  readonly parts: readonly [PersonAspect, PersonAspect];
  /** In the target: how often each part occurs, in rows that have both, and the pair. */
  readonly first: HashCounts;
  readonly second: HashCounts;
  readonly both: HashCounts;
  targetRowCount: number;
  /** Pairs of target rows that share the first part, the second, both. */
  firstTwins: number;
  secondTwins: number;
  bothTwins: number;
  /** Distinct pairs of the source that were looked up. */
  readonly seen: HashCounts;
  hitCount: number;
  /** Rows of the target that would hit if their two parts were independent. */
  expectedCount: number;
}

/**
 * Combinations of personal values in one row that are also in one row of the source, against the number that chance
 * makes: if the two parts of a made-up row are drawn independently, a source pair (a, b) is hit n(a)·n(b)/n times.
 * So a full name that a dictionary gives by accident is expected, and one that was copied is not.
 */
export async function combinationGates(view: TableView, input: ScanInput): Promise<OpenGate[]> {
  if (view.strategy === 'copy' || view.strategy === 'empty') return [];
  const aspects = aspectColumns(view);
  const pairs = pairsOf(aspects);
  if (pairs.length === 0) return [];
  const hash = new KeyedHash();
  const columns = [...new Set([...aspects.values()].flat())];
  for await (const batch of tableRows(input.target, view.facts.name, columns)) {
    forEachRow(batch, columns, aspects, (value) => pairs.forEach((pair) => addTarget(pair, value, hash)));
  }
  for await (const batch of tableRows(input.source, view.facts.name, columns)) {
    forEachRow(batch, columns, aspects, (value) => pairs.forEach((pair) => lookUp(pair, value, hash)));
  }
  return pairs.map((pair) => pairGate(pair, view.facts));
}

function pairGate(pair: Pair, table: TableFacts): OpenGate {
  const id = tableId(table.name);
  const expected = pair.expectedCount * dependence(pair);
  const passes = poissonTail(pair.hitCount, expected) >= CHANCE;
  const what = pair.parts.join(' and ');
  return exactGate(pair.gate, `${id} (${what})`, id, {
    value: pair.hitCount,
    limit: Math.ceil(expected),
    passes,
    explanation:
      `${pair.hitCount} of ${pair.targetRowCount} rows have ${what} of one source row; ` +
      `chance makes about ${pair.expectedCount < 0.05 ? 'none' : pair.expectedCount.toFixed(1)}.`,
  });
}

/**
 * How much likelier two rows of the target share both parts than if the parts were independent: its upper bound from
 * the target's own twins, in sensible limits.
 */
function dependence(pair: Pair): number {
  const rowPairs = (pair.targetRowCount * (pair.targetRowCount - 1)) / 2;
  const independent = rowPairs === 0 ? 0 : (pair.firstTwins * pair.secondTwins) / rowPairs;
  if (independent === 0) return DEPENDENCE.atMost;
  const ratio = (pair.bothTwins + 1.3 * Math.sqrt(pair.bothTwins + 1)) / independent;
  return Math.min(DEPENDENCE.atMost, Math.max(DEPENDENCE.atLeast, ratio));
}

/** The columns that make up each aspect; a name is a full name, or first and last together. */
function aspectColumns(view: TableView): Map<PersonAspect, string[]> {
  const aspects = new Map<PersonAspect, string[]>();
  for (const column of view.columns) {
    if (!column.isReplaced || (column.isKey && column.classification?.treatment === 'structural')) continue;
    const aspect = personAspect(column.classification);
    if (aspect !== null && !aspects.has(aspect)) aspects.set(aspect, [column.name]);
  }
  const [first, last] = [aspects.get('first name'), aspects.get('last name')];
  if (!aspects.has('name') && first !== undefined && last !== undefined) aspects.set('name', [...first, ...last]);
  return aspects;
}

function pairsOf(aspects: ReadonlyMap<PersonAspect, readonly string[]>): Pair[] {
  const present = (parts: readonly [PersonAspect, PersonAspect]): boolean =>
    aspects.has(parts[0]) && aspects.has(parts[1]);
  const make = (gate: Pair['gate'], parts: readonly [PersonAspect, PersonAspect]): Pair => ({
    gate,
    parts,
    first: new HashCounts(),
    second: new HashCounts(),
    both: new HashCounts(),
    targetRowCount: 0,
    firstTwins: 0,
    secondTwins: 0,
    bothTwins: 0,
    seen: new HashCounts(),
    hitCount: 0,
    expectedCount: 0,
  });
  return [
    ...DIRECT.filter(present).map((parts) => make('direct-identifiers', parts)),
    ...LOW_ENTROPY.filter(present).map((parts) => make('low-entropy-personal', parts)),
  ];
}

/** Calls back with a look-up of the row's aspects, normalised; null where a part is missing. */
function forEachRow(
  batch: { readonly rowCount: number; readonly columns: readonly (readonly (string | null)[])[] },
  columns: readonly string[],
  aspects: ReadonlyMap<PersonAspect, readonly string[]>,
  row: (value: (aspect: PersonAspect) => string | null) => void,
): void {
  const places = new Map([...aspects].map(([aspect, names]) => [aspect, names.map((name) => columns.indexOf(name))]));
  const values = new Map<PersonAspect, string | null>();
  const valueOf = (aspect: PersonAspect): string | null => values.get(aspect) ?? null;
  for (let i = 0; i < batch.rowCount; i++) {
    for (const [aspect, own] of places) {
      const parts = own.map((c) => normalise(aspect, batch.columns[c][i]));
      values.set(aspect, parts.includes(null) ? null : parts.join(' '));
    }
    row(valueOf);
  }
}

function addTarget(pair: Pair, value: (aspect: PersonAspect) => string | null, hash: KeyedHash): void {
  const [a, b] = [value(pair.parts[0]), value(pair.parts[1])];
  if (a === null || b === null) return;
  pair.targetRowCount++;
  hash.text(a);
  pair.firstTwins += pair.first.add(hash.low, hash.high) - 1;
  hash.text(b);
  pair.secondTwins += pair.second.add(hash.low, hash.high) - 1;
  hash.text(`${a}\0${b}`);
  pair.bothTwins += pair.both.add(hash.low, hash.high) - 1;
}

function lookUp(pair: Pair, value: (aspect: PersonAspect) => string | null, hash: KeyedHash): void {
  const [a, b] = [value(pair.parts[0]), value(pair.parts[1])];
  if (a === null || b === null || pair.targetRowCount === 0) return;
  hash.text(a);
  const firstCount = pair.first.count(hash.low, hash.high);
  if (firstCount === 0) return;
  hash.text(b);
  const secondCount = pair.second.count(hash.low, hash.high);
  if (secondCount === 0) return;
  hash.text(`${a}\0${b}`);
  if (pair.seen.add(hash.low, hash.high) > 1) return;
  pair.expectedCount += (firstCount * secondCount) / pair.targetRowCount;
  pair.hitCount += pair.both.count(hash.low, hash.high);
}

/**
 * Single low-entropy values: the share of target rows with a value that fewer than 5 units of the source hold,
 * against that share among fakes of another seed. Without such fakes a dictionary cannot be told from a leak, and
 * only combinations are judged.
 */
export function singleValueGates(view: TableView, input: ScanInput): OpenGate[] {
  if (view.strategy === 'copy' || view.strategy === 'empty') return [];
  const gates: OpenGate[] = [];
  for (const column of view.columns) {
    const aspect = personAspect(column.classification);
    if (!column.isReplaced || aspect === null) continue;
    const scope = `${view.id}.${column.name}`;
    const control = input.fakeControls?.get(controlKey(view.id, column.name));
    if (control === undefined) {
      gates.push(
        notApplicable(
          'low-entropy-personal',
          scope,
          view.id,
          'Without fakes of another seed to compare with, this column is judged in combinations only.',
        ),
      );
      continue;
    }
    gates.push(singleValueGate(view, column, aspect, control, scope, input));
  }
  return gates;
}

function singleValueGate(
  view: TableView,
  column: ColumnView,
  aspect: PersonAspect,
  control: readonly (string | null)[],
  scope: string,
  input: ScanInput,
): OpenGate {
  const rare = rareValues(column, aspect, view);
  const share = (values: readonly (string | null)[]): { rate: number; count: number } => {
    const present = values.map((value) => normalise(aspect, value)).filter((value) => value !== null);
    const count = Math.max(1, present.length);
    return { rate: present.filter((value) => rare.has(value)).length / count, count };
  };
  const [target, fakes] = [share(column.target), share(control)];
  // Of the difference if both sides were fakes alike: one row that hits has no spread of its own and proves nothing.
  const pooled = (target.rate * target.count + fakes.rate * fakes.count) / (target.count + fakes.count);
  const standardError = Math.sqrt(pooled * (1 - pooled) * (1 / target.count + 1 / fakes.count));
  const value = target.rate - fakes.rate;
  const limit = input.limits.lowEntropyExcess;
  return {
    kind: 'statistical',
    gate: 'low-entropy-personal',
    scope,
    table: view.id,
    value,
    standardError,
    limit,
    pValue: standardError === 0 ? (value > limit ? 0 : 1) : normalTail((value - limit) / standardError),
    unitCount: Math.min(view.sourceUnitCount, view.targetUnitCount),
    range: [-1, 1],
    powered: () => true,
    explanation:
      `${(100 * target.rate).toFixed(1)} % of values are rare ones of the source (${aspect}); ` +
      `fakes of another seed show ${(100 * fakes.rate).toFixed(1)} % by nature.`,
  };
}

function rareValues(column: ColumnView, aspect: PersonAspect, view: TableView): Set<string> {
  const holders = new Map<string, Set<number>>();
  column.source.forEach((raw, row) => {
    const value = normalise(aspect, raw);
    if (value === null) return;
    const units = holders.get(value) ?? new Set<number>();
    if (units.size < COMMON_UNITS) units.add(view.source.units[row]);
    holders.set(value, units);
  });
  return new Set([...holders].filter(([, units]) => units.size < COMMON_UNITS).map(([value]) => value));
}
