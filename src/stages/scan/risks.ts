/** The three risks of the European data protection board's working party, in Anonymeter's protocol. */
import { detectableEffect } from '../../metrics/closest-record.ts';
import { joinRows, nearestTwo, NULL_QUANTILE, QUANTILE_UNIT, selectColumns } from '../../metrics/gower.ts';
import type { EncodedRows } from '../../metrics/gower.ts';
import { residualRisk } from '../../metrics/residual-risk.ts';
import type { ResidualRisk } from '../../metrics/residual-risk.ts';
import { singlingOutHits } from '../../metrics/singling-out.ts';
import { RandomCursor, streamKey } from '../../numeric/random.ts';
import type { AttackSets } from './attack-sets.ts';
import type { ScanInput } from './input.ts';
import type { TableView } from './table-view.ts';
import type { OpenGate } from './verdicts.ts';

export const RISK_GATES = ['singling-out', 'linkability', 'inference'] as const;

/** Predicates that are tried. */
const PREDICATES = 500;
/** Columns whose values are guessed, those with the most values first. */
const MAX_SECRETS = 6;
/** Where more unseen subjects than this are linked, rows are of few kinds, and a link tells nothing of a person. */
const MAX_CHANCE_LINKS = 0.2;
/** A guessed quantile this near is right. */
const TOLERANCE = Math.round(0.05 * QUANTILE_UNIT);

/**
 * Singling out, linkability and inference: how much oftener an attack succeeds on subjects that were learned from than
 * on as many that were not. What it gains on everybody is knowledge of the population, not of a person.
 */
export function riskGates(view: TableView, sets: AttackSets, input: ScanInput): OpenGate[] {
  const limit = input.limits.attackRisk;
  const random = new RandomCursor(streamKey(input.seed, 'scan', 'risks', view.id)).seek(0);
  const gate = (
    name: string,
    risk: ResidualRisk,
    testCount: number,
    powerError: number,
    explanation: string,
  ): OpenGate => ({
    kind: 'statistical',
    gate: name,
    scope: view.id,
    table: view.id,
    value: risk.risk,
    standardError: risk.standardError,
    limit,
    pValue: Math.min(1, risk.pValue * testCount),
    unitCount: Math.min(view.sourceUnitCount, view.targetUnitCount),
    range: [-1, 1],
    powered: (alpha) => detectableEffect(powerError, alpha) <= input.limits.detectable,
    explanation,
  });

  const out = singlingOut(sets, limit, random);
  const link = linkability(sets, limit);
  const guesses = inference(sets, limit);
  const worst = guesses.reduce((a, b) => (b.risk.pValue < a.risk.pValue ? b : a));
  return [
    gate(
      'singling-out',
      out,
      1,
      out.standardError,
      `${percent(out.attackRate)} of predicates that fit one made row fit exactly one subject that was learned from; among unseen subjects ${percent(out.controlRate)} do.`,
    ),
    {
      ...gate(
        'linkability',
        link,
        1,
        link.standardError,
        `Knowing half of the columns of each, ${percent(link.attackRate)} of subjects that were learned from are linked by one made row; of unseen ones ${percent(link.controlRate)}.`,
      ),
      ...(link.controlRate > MAX_CHANCE_LINKS && {
        uninformative: `Chance alone links ${percent(link.controlRate)} of unseen subjects by one made row: rows of so few kinds point at nobody.`,
      }),
    },
    gate(
      'inference',
      worst.risk,
      guesses.length,
      // Whoever copies a row tells all of its columns: an effect shows in all guesses together.
      pooledError(guesses, sets.victims.rowCount),
      `Knowing all other columns, "${worst.column}" is guessed for ${percent(worst.risk.attackRate)} of subjects that were learned from and for ${percent(worst.risk.controlRate)} of unseen ones; it is the worst of ${guesses.length} columns.`,
    ),
  ];
}

function singlingOut(sets: AttackSets, limit: number, random: RandomCursor): ResidualRisk {
  const outcome = singlingOutHits(sets.released, sets.victims, sets.control, PREDICATES, random);
  // Predicates about one made row succeed or fail together: they count as one guess for each row.
  const weight = Math.min(1, sets.released.rowCount / Math.max(1, outcome.predicates));
  const tries = outcome.predicates * weight;
  return residualRisk(
    { hits: outcome.victimHits * weight, tries },
    { hits: outcome.controlHits * weight, tries },
    limit,
  );
}

/** Both halves of a record lead to the same made row. */
function linkability(sets: AttackSets, limit: number): ResidualRisk {
  const { numericCount, codeCount } = sets.released;
  const half = (parity: number): ((rows: EncodedRows) => EncodedRows) => {
    const numeric = range(numericCount).filter((c) => c % 2 === parity);
    // An odd number of numbers leaves the second half one short: it gets the first category.
    const codes = range(codeCount).filter((c) => (c + numericCount) % 2 === parity);
    return (rows) => selectColumns(rows, numeric, codes);
  };
  const [left, right] = [half(0), half(1)];
  const [releasedLeft, releasedRight] = [left(sets.released), right(sets.released)];
  const both = joinRows(sets.victims, sets.control);
  const [a, b] = [nearestTwo(left(both), releasedLeft), nearestTwo(right(both), releasedRight)];
  return attackAndControl(sets, (row) => a.nearest[row] === b.nearest[row], limit);
}

/** Rates of success on the victims, which come first in the joined rows, and on the control. */
function attackAndControl(sets: AttackSets, succeeds: (row: number) => boolean, limit: number): ResidualRisk {
  const { rowCount } = sets.victims;
  const hits = (from: number): number => range(rowCount).filter((row) => succeeds(from + row)).length;
  return residualRisk({ hits: hits(0), tries: rowCount }, { hits: hits(rowCount), tries: rowCount }, limit);
}

interface Guess {
  readonly column: string;
  readonly risk: ResidualRisk;
}

/** The made row that is nearest in all other columns tells the secret one. */
function inference(sets: AttackSets, limit: number): Guess[] {
  const { numericCount, codeCount } = sets.released;
  const numericNames = sets.columns.filter((column) => column.kind === 'ordered').map((column) => column.name);
  const codeNames = sets.columns.filter((column) => column.kind !== 'ordered').map((column) => column.name);
  const secrets = [
    ...range(codeCount).map((c) => ({ column: codeNames[c], code: c, number: -1 })),
    ...range(numericCount).map((c) => ({ column: numericNames[c], code: -1, number: c })),
  ]
    .map((secret) => ({ ...secret, size: valueCount(sets.released, secret.number, secret.code) }))
    .sort((a, b) => b.size - a.size)
    .slice(0, MAX_SECRETS);
  const both = joinRows(sets.victims, sets.control);
  return secrets.map(({ column, code, number }) => {
    const numeric = range(numericCount).filter((c) => c !== number);
    const codes = range(codeCount).filter((c) => c !== code);
    const known = (rows: EncodedRows): EncodedRows => selectColumns(rows, numeric, codes);
    const { nearest } = nearestTwo(known(both), known(sets.released));
    const succeeds = (row: number): boolean => {
      const made = nearest[row];
      return code >= 0
        ? both.codes[row * codeCount + code] === sets.released.codes[made * codeCount + code]
        : isNear(both.numeric[row * numericCount + number], sets.released.numeric[made * numericCount + number]);
    };
    return { column, risk: attackAndControl(sets, succeeds, limit) };
  });
}

/** Of the mean difference between attack and control over all guesses. */
function pooledError(guesses: readonly Guess[], victims: number): number {
  const variance = ({ attackRate, controlRate }: ResidualRisk): number =>
    (attackRate * (1 - attackRate) + controlRate * (1 - controlRate)) / Math.max(1, victims);
  return Math.sqrt(guesses.reduce((sum, { risk }) => sum + variance(risk), 0)) / guesses.length;
}

function isNear(a: number, b: number): boolean {
  return a === NULL_QUANTILE || b === NULL_QUANTILE ? a === b : Math.abs(a - b) <= TOLERANCE;
}

function valueCount(rows: EncodedRows, number: number, code: number): number {
  const values = new Set<number>();
  for (let row = 0; row < rows.rowCount; row++)
    values.add(code >= 0 ? rows.codes[row * rows.codeCount + code] : rows.numeric[row * rows.numericCount + number]);
  return values.size;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)} %`;
}
