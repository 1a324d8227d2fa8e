/** When a rule is believed: it was never broken where it could have been, and chance would have broken it. */
import type { RuleSupport } from '../../../model/rules.ts';
import { permuteIndex, streamKey } from '../../../numeric/random.ts';
import { spread, type RuleTable } from './rule-table.ts';

/** Cases that a rule needs, and the units that they must come from. */
const MIN_CASES = 300;
const MIN_UNITS = 20;
/** With fewer units, but at least so many, chance must have broken it in nearly all of them. */
const MIN_UNITS_SMALL = 10;
const MIN_EXPECTED_UNITS_SMALL = 8;
/** With fewer cases, but at least so many, it must be all the more unlikely by chance. */
const MIN_CASES_SMALL = 50;
const MAX_CHANCE_SMALL = 0.9;
/** Breaches that chance would have made, in cases and in units. */
const MIN_EXPECTED_BREACHES = 10;
const MIN_EXPECTED_UNITS = 3;
/** Share of cases that may hold by chance, where a family of rules sets no stricter one. */
export const MAX_CHANCE = 0.97;
/** Rows whose values are exchanged to see what holds by chance; as many random numbers are drawn once. */
const CHANCE_ROWS = 4096;
/** A literal in a rule is shared by so many units. */
export const MIN_LITERAL_UNITS = 5;

export type Outcome = -1 | 0 | 1;
export const SILENT = -1;
export const BROKEN = 0;
export const HELD = 1;

/**
 * What a rule says of `row` when its operand number `moved` is read from row `other` instead: silent, broken or held.
 * `other` is `row` itself but in the trial of chance.
 */
export type RuleTest = (row: number, other: number, moved: number) => Outcome;

export interface WeighOptions {
  /** Each must matter: with its values exchanged among rows, the rule must break. 1 where absent. */
  readonly operandCount?: number;
  /** Share that may hold all the same: for all operands, or for each. */
  readonly maxChance?: number | readonly number[];
  /** Among which rows: those that the rule speaks of, or all. */
  readonly exchange?: 'cases' | 'all';
}

/** The support of a rule that holds, or null: broken once, too rare, or no wonder. */
export function weigh(
  table: RuleTable,
  test: RuleTest,
  { operandCount = 1, maxChance = MAX_CHANCE, exchange = 'cases' }: WeighOptions = {},
): RuleSupport | null {
  for (const row of table.screen) if (test(row, row, 0) === BROKEN) return null;
  const fit = casesOf(table.fit, test);
  if (fit === null || fit.length < MIN_CASES_SMALL) return null;
  const tune = casesOf(table.tune, test);
  if (tune === null) return null;
  const { units } = table.sample;
  const seen = new Set<number>();
  for (const row of fit) seen.add(units[row]);
  const support = { caseCount: fit.length, unitCount: seen.size, tuneCaseCount: tune.length };
  if (!hasEnough(support.caseCount, support.unitCount)) return null;
  const trial = exchanged(spread(exchange === 'cases' ? fit : table.fit, CHANCE_ROWS));
  for (let moved = 0; moved < operandCount; moved++) {
    const limit = typeof maxChance === 'number' ? maxChance : maxChance[moved];
    const share = chanceShare(trial, test, moved);
    if (isWonder(share, support.caseCount, support.unitCount, limit)) continue;
    // Where few units have many cases each, chance is asked in how many units it would have broken the rule.
    if (exchange !== 'cases') return null;
    const broken = brokenUnits(fit, table.sample.units, test, moved);
    if (!isWonder(share, support.caseCount, support.unitCount, limit, broken)) return null;
  }
  return support;
}

/** The rows that the rule speaks of, or null at the first breach. */
function casesOf(rows: Int32Array, test: RuleTest): Int32Array | null {
  const cases = new Int32Array(rows.length);
  let count = 0;
  for (const row of rows) {
    const outcome = test(row, row, 0);
    if (outcome === BROKEN) return null;
    if (outcome === HELD) cases[count++] = row;
  }
  return cases.subarray(0, count);
}

interface Trial {
  readonly rows: Int32Array;
  /** The row whose values each gets. */
  readonly others: Int32Array;
}

/** Numbers up to `CHANCE_ROWS` in a random order; those below n are a random order of n. */
const ORDER = Int32Array.from({ length: CHANCE_ROWS }, (_, i) =>
  permuteIndex(streamKey(0, 'rules', 'chance'), i, CHANCE_ROWS),
);

function exchanged(rows: Int32Array): Trial {
  const others = new Int32Array(rows.length);
  let at = 0;
  for (const place of ORDER) if (place < rows.length) others[at++] = rows[place];
  return { rows, others };
}

function chanceShare({ rows, others }: Trial, test: RuleTest, moved: number): number {
  let cases = 0;
  let held = 0;
  for (let i = 0; i < rows.length; i++) {
    const outcome = test(rows[i], others[i], moved);
    if (outcome === SILENT) continue;
    cases++;
    held += outcome;
  }
  return cases === 0 ? 1 : held / cases;
}

/** Units in which the rule breaks when each gets the cases of another one, in their order. */
function brokenUnits(cases: Int32Array, units: Uint32Array, test: RuleTest, moved: number): number {
  const byUnit = new Map<number, number[]>();
  for (const row of cases) {
    const rows = byUnit.get(units[row]);
    if (rows === undefined) byUnit.set(units[row], [row]);
    else rows.push(row);
  }
  const groups = [...byUnit.values()];
  let broken = 0;
  groups.forEach((rows, g) => {
    const others = groups[(g + 1) % groups.length];
    if (rows.some((row, i) => test(row, others[i % others.length], moved) === BROKEN)) broken++;
  });
  return broken;
}

export function hasEnough(caseCount: number, unitCount: number): boolean {
  return caseCount >= MIN_CASES_SMALL && unitCount >= MIN_UNITS_SMALL;
}

/**
 * Whether a rule that chance holds in `share` of the cases would have been broken by chance, in so many units; as
 * many as if a unit's cases were one, where they were not counted.
 */
export function isWonder(
  share: number,
  caseCount: number,
  unitCount: number,
  maxChance = MAX_CHANCE,
  brokenUnitCount = (1 - share) * unitCount,
): boolean {
  const limit = caseCount < MIN_CASES ? Math.min(maxChance, MAX_CHANCE_SMALL) : maxChance;
  const leastUnits = unitCount < MIN_UNITS ? MIN_EXPECTED_UNITS_SMALL : MIN_EXPECTED_UNITS;
  return share < limit && (1 - share) * caseCount >= MIN_EXPECTED_BREACHES && brokenUnitCount >= leastUnits;
}
