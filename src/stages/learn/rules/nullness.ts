/** When columns are NULL: together with others, or as a category says. */
import type { MinedRule } from '../../../model/rules.ts';
import { BROKEN, HELD, MIN_LITERAL_UNITS, SILENT, weigh, type RuleTest } from './evidence.ts';
import type { RuleColumn } from './rule-column.ts';
import type { RuleTable } from './rule-table.ts';

export type NullTogetherRule = Extract<MinedRule, { readonly kind: 'null-together' }>;
export type NullGivenRule = Extract<MinedRule, { readonly kind: 'null-given' }>;

/** A status has few values; of any other column only its being NULL may tell. */
const MAX_STATUSES = 30;
/** Of numbers: a kind has few, a quantity or a price has more. */
const MAX_NUMBER_STATUSES = 12;
/** Share of its rows whose value enough units have; less, and it is a name rather than a status. */
const MIN_NAMED_SHARE = 0.9;
/** That all rows of one value agree by chance. */
const MAX_VALUE_CHANCE = 1e-4;
/** More units make nothing surer. */
const ENOUGH_UNITS = 1000;
/** Where values that say enough cover this share of the rows, the others are believed, too. */
const MIN_SURE_SHARE = 0.9;
/** A time that nearly always is known is still told by the status: what counts are the breaches to be expected. */
const MAX_CHANCE = 0.995;

export function mineNullTogether(table: RuleTable): readonly NullTogetherRule[] {
  const rest = [...table.nullables()];
  const rules: NullTogetherRule[] = [];
  while (rest.length > 1) {
    const first = rest.shift()!;
    const found = rest.flatMap((other) => {
      const test: RuleTest = (row, moved) =>
        (first.texts[row] === null) === (other.texts[moved] === null) ? HELD : BROKEN;
      const support = weigh(table, test, { maxChance: MAX_CHANCE, exchange: 'all' });
      return support === null ? [] : [{ other, support }];
    });
    if (found.length === 0) continue;
    for (const { other } of found) rest.splice(rest.indexOf(other), 1);
    rules.push({
      kind: 'null-together',
      table: table.id,
      columns: [first.name, ...found.map(({ other }) => other.name)],
      support: found[0].support,
    });
  }
  return rules;
}

/** `together`: of each group only the first column is looked at. `settled`: columns that another rule fills. */
export function mineNullGiven(
  table: RuleTable,
  together: readonly NullTogetherRule[],
  settled: ReadonlySet<string>,
  unnamed: ReadonlySet<string>,
): readonly NullGivenRule[] {
  const followers = new Set(together.flatMap((rule) => rule.columns.slice(1)));
  const columns = table.nullables().filter((column) => !followers.has(column.name) && !settled.has(column.name));
  if (columns.length === 0) return [];
  const givens = [...table.columns.values()]
    .filter((column) => !followers.has(column.name))
    .flatMap((column) => givenOf(table, column, unnamed.has(column.name)) ?? []);
  const rules: Told[] = columns.flatMap((column) =>
    givens
      .filter((given) => given.column !== column)
      .flatMap((given) => {
        const rule = mineOne(table, column, given);
        return rule === null ? [] : [{ rule, given }];
      }),
  );
  return withoutImplied(rules);
}

/** A column whose values, or whose NULL, may tell; by code, with NULL as the last. */
interface Given {
  readonly column: RuleColumn;
  /** Of a row; −1: its value is too rare to be named. */
  readonly codeAt: (row: number) => number;
  /** Literals by code, and the units that share each, counted up to `ENOUGH_UNITS`. */
  readonly values: readonly (string | null)[];
  readonly unitCounts: readonly number[];
  /** Whether every row of the fitting units has a literal. */
  readonly complete: boolean;
}

interface Told {
  readonly rule: NullGivenRule;
  readonly given: Given;
}

function givenOf(table: RuleTable, column: RuleColumn, isUnnamed: boolean): Given | null {
  if (column.role === 'id') return null;
  const status = !isUnnamed && isStatus(table, column) ? statusOf(table, column) : null;
  if (status !== null) return status;
  if (!table.nullables().includes(column)) return null;
  const { texts } = column;
  const units = new Set<number>();
  for (const row of table.fit) {
    if (texts[row] === null && units.size < ENOUGH_UNITS) units.add(table.sample.units[row]);
  }
  return {
    column,
    codeAt: (row) => (texts[row] === null ? 0 : -1),
    values: [null],
    unitCounts: [units.size],
    complete: false,
  };
}

function isStatus(table: RuleTable, column: RuleColumn): boolean {
  if (column.role === 'key') {
    const key = table.foreignKeys().find((candidate) => candidate.columns.includes(column.name));
    return key?.columns.length === 1 && table.parent(key.name)!.isCopied;
  }
  return ['integer', 'boolean', 'enum', 'text'].includes(column.facts.type.class);
}

/** The literals that enough units share; null where there are too many values. */
function statusOf(table: RuleTable, column: RuleColumn): Given | null {
  const unitsOf = new Map<string | null, Set<number>>();
  const rowsOf = new Map<string | null, number>();
  const most = column.line === null || column.role === 'key' ? MAX_STATUSES : MAX_NUMBER_STATUSES;
  let present = 0;
  for (const row of table.fit) {
    const text = column.texts[row];
    rowsOf.set(text, (rowsOf.get(text) ?? 0) + 1);
    if (text !== null) present++;
    let units = unitsOf.get(text);
    if (units === undefined) {
      if (unitsOf.size > most) return null;
      unitsOf.set(text, (units = new Set()));
    }
    if (units.size < ENOUGH_UNITS) units.add(table.sample.units[row]);
  }
  const values = [...unitsOf].filter(([, units]) => units.size >= MIN_LITERAL_UNITS).map(([text]) => text);
  const named = values.reduce((sum, value) => sum + (value === null ? 0 : rowsOf.get(value)!), 0);
  if (unitsOf.size < 2 || values.length === 0 || named < MIN_NAMED_SHARE * present) return null;
  const codeOf = new Map(values.map((value, code) => [value, code]));
  const codes = Int8Array.from(column.texts, (text) => codeOf.get(text) ?? -1);
  return {
    column,
    codeAt: (row) => codes[row],
    values,
    unitCounts: values.map((value) => unitsOf.get(value)!.size),
    complete: values.length === unitsOf.size,
  };
}

function mineOne(table: RuleTable, column: RuleColumn, given: Given): NullGivenRule | null {
  const { texts } = column;
  const size = given.values.length;
  const nulls = new Uint32Array(size);
  const counts = new Uint32Array(size);
  let nullCount = 0;
  for (const row of table.fit) {
    const isNull = texts[row] === null ? 1 : 0;
    nullCount += isNull;
    const code = given.codeAt(row);
    if (code < 0) continue;
    counts[code]++;
    nulls[code] += isNull;
  }
  const nullRate = nullCount / table.fit.length;
  // What each value says, if it says it of enough units to be no accident.
  const said = given.values.map((_, code) => (nulls[code] === counts[code] ? true : nulls[code] === 0 ? false : null));
  const sure = said.map((isNull, code) =>
    isNull !== null && (isNull ? nullRate : 1 - nullRate) ** given.unitCounts[code] <= MAX_VALUE_CHANCE ? isNull : null,
  );
  if (sure.every((verdict) => verdict === null)) return null;
  const sureRows = counts.reduce((sum, count, code) => (sure[code] === null ? sum : sum + count), 0);
  const verdicts = sureRows >= MIN_SURE_SHARE * table.fit.length ? said : sure;
  // A verdict that tuning units contradict is none.
  for (const row of table.tune) {
    const code = given.codeAt(row);
    if (code >= 0 && verdicts[code] !== null && verdicts[code] !== (texts[row] === null)) verdicts[code] = null;
  }
  if (saysByPresence(given, verdicts)) given.values.forEach((value, code) => value !== null && (verdicts[code] = null));
  const test: RuleTest = (row, moved) => {
    const code = given.codeAt(row);
    const verdict = code < 0 ? null : verdicts[code];
    return verdict === null ? SILENT : verdict === (texts[moved] === null) ? HELD : BROKEN;
  };
  const support = weigh(table, test, { maxChance: MAX_CHANCE, exchange: 'all' });
  if (support === null) return null;
  const those = (wanted: boolean): (string | null)[] => given.values.filter((_, code) => verdicts[code] === wanted);
  return {
    kind: 'null-given',
    table: table.id,
    column: column.name,
    given: given.column.name,
    nullFor: those(true),
    presentFor: those(false),
    support,
  };
}

/** Each value says "never NULL": then it is this column's being NULL that tells of the given one, and is told there. */
function saysByPresence(given: Given, verdicts: readonly (boolean | null)[]): boolean {
  return given.column.facts.nullable && given.values.every((value, code) => value === null || verdicts[code] === false);
}

/** Drops what a status says of T and of C together: then T's own word on C adds nothing. Simple givens stay. */
function withoutImplied(told: readonly Told[]): readonly NullGivenRule[] {
  const kept = [...told];
  for (const candidate of [...told].sort(
    (a, b) => b.given.values.length - a.given.values.length || rank(a) - rank(b),
  )) {
    const others = kept.filter((other) => other !== candidate);
    if (isImplied(candidate, others)) kept.splice(kept.indexOf(candidate), 1);
  }
  return kept.map(({ rule }) => rule);
}

/** Rules that say less go first. */
function rank({ rule }: Told): number {
  return rule.nullFor.length + rule.presentFor.length;
}

function isImplied(told: Told, others: readonly Told[]): boolean {
  const about = (column: string, given: string): Told | undefined =>
    others.find((other) => other.rule.column === column && other.rule.given === given);
  return isImpliedByChain(told.rule, others, about) || isImpliedByStatus(told.rule, others, about);
}

type Lookup = (column: string, given: string) => Told | undefined;

/** B follows from A, and this column from B's being NULL; or B is NULL wherever this column is. */
function isImpliedByChain(rule: NullGivenRule, others: readonly Told[], about: Lookup): boolean {
  return others.some(({ rule: first }) => {
    if (first.given !== rule.given || first.column === rule.column) return false;
    const onward = about(rule.column, first.column)?.rule.nullFor.includes(null) === true;
    const backward = about(first.column, rule.column)?.rule.nullFor.includes(null) === true;
    return (
      (rule.nullFor.length === 0 || (onward && rule.nullFor.every((value) => first.nullFor.includes(value)))) &&
      (rule.presentFor.length === 0 || (backward && rule.presentFor.every((value) => first.presentFor.includes(value))))
    );
  });
}

/** Each status that a row may have says of this column what the rule says. */
function isImpliedByStatus(rule: NullGivenRule, others: readonly Told[], about: Lookup): boolean {
  return others.some(({ rule: onColumn, given: status }) => {
    if (onColumn.column !== rule.column || onColumn.given === rule.given) return false;
    const onGiven = about(rule.given, onColumn.given);
    if (onGiven === undefined) return false;
    // The statuses that a row may have, by whether `rule.given` is NULL there; a rare one may be either.
    const possible = (isNull: boolean): readonly (string | null)[] =>
      status.values.filter((value) => !(isNull ? onGiven.rule.presentFor : onGiven.rule.nullFor).includes(value));
    const says = (isNull: boolean, list: readonly (string | null)[]): boolean =>
      status.complete && possible(isNull).every((value) => list.includes(value));
    return (
      rule.nullFor.every((value) => says(value === null, onColumn.nullFor)) &&
      rule.presentFor.every((value) => says(value === null, onColumn.presentFor))
    );
  });
}
