/** When a rule is believed: it was never broken where it could have been, and chance would have broken it. */
import type { RuleSupport } from '../../../model/rules.ts';
import type { RuleTable } from './rule-table.ts';

/** Cases that a rule needs, and the units that they must come from. */
const MIN_CASES = 300;
const MIN_UNITS = 20;
/** With fewer cases, but at least so many, it must be all the more unlikely by chance. */
const MIN_CASES_SMALL = 50;
const MAX_CHANCE_SMALL = 0.9;
/** Breaches that chance would have made, in cases and in units. */
const MIN_EXPECTED_BREACHES = 10;
const MIN_EXPECTED_UNITS = 3;
/** Share of cases that may hold by chance, where a family of rules sets no stricter one. */
export const MAX_CHANCE = 0.97;
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

/**
 * The support of a rule that holds, or null: broken once, too rare, or no wonder. Each of its `operandCount` operands
 * must matter: with its values exchanged among rows, the rule must break. `maxChance`: for all operands, or for each.
 */
export function weigh(
  table: RuleTable,
  test: RuleTest,
  operandCount: number,
  maxChance: number | readonly number[] = MAX_CHANCE,
): RuleSupport | null {
  for (const row of table.screen) if (test(row, row, 0) === BROKEN) return null;
  const fit = tally(table, table.fit, test);
  if (fit === null || !hasEnough(fit.caseCount, fit.unitCount)) return null;
  const tune = tally(table, table.tune, test);
  if (tune === null) return null;
  for (let moved = 0; moved < operandCount; moved++) {
    const limit = typeof maxChance === 'number' ? maxChance : maxChance[moved];
    if (!isWonder(chanceShare(table, test, moved), fit.caseCount, fit.unitCount, limit)) return null;
  }
  return { ...fit, tuneCaseCount: tune.caseCount };
}

/** Cases and their units, or null at the first breach. */
function tally(
  table: RuleTable,
  rows: Int32Array,
  test: RuleTest,
): { readonly caseCount: number; readonly unitCount: number } | null {
  const { units } = table.sample;
  const seen = new Set<number>();
  let caseCount = 0;
  for (const row of rows) {
    const outcome = test(row, row, 0);
    if (outcome === BROKEN) return null;
    if (outcome === SILENT) continue;
    caseCount++;
    seen.add(units[row]);
  }
  return { caseCount, unitCount: seen.size };
}

function chanceShare(table: RuleTable, test: RuleTest, moved: number): number {
  const { rows, others } = table.chance;
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

export function hasEnough(caseCount: number, unitCount: number): boolean {
  return caseCount >= MIN_CASES_SMALL && unitCount >= MIN_UNITS;
}

/** Whether a rule that chance holds in `share` of the cases would have been broken by chance. */
export function isWonder(share: number, caseCount: number, unitCount: number, maxChance = MAX_CHANCE): boolean {
  const limit = caseCount < MIN_CASES ? Math.min(maxChance, MAX_CHANCE_SMALL) : maxChance;
  return (
    share < limit && (1 - share) * caseCount >= MIN_EXPECTED_BREACHES && (1 - share) * unitCount >= MIN_EXPECTED_UNITS
  );
}
