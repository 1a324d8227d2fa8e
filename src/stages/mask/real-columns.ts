/** What real rows ask of the treatments of their columns, beyond what made rows do. */
import { tableId } from '../../../connectors/connector.ts';
import type { Catalog, ColumnFacts, TableFacts } from '../../../connectors/connector.ts';
import { finding, type Finding } from '../../kernel/findings.ts';
import type { TableSample } from '../profile/artifact.ts';
import type { ColumnClassification, ColumnRule } from './artifact.ts';
import { canFake } from './fit.ts';
import { domainSize, SMALLEST_DOMAIN } from './pseudonym.ts';

/** Sampled values of a column whose real values are masked. */
export interface RealColumn {
  readonly values: readonly string[];
}

export function realColumn(sample: TableSample | null, column: string): RealColumn {
  return { values: (sample?.columns.get(column) ?? []).filter((value) => value !== null) };
}

interface Problem {
  readonly message: string;
  readonly hint: string;
}

/** Why a column can get no pseudonyms, or null. Where rows are made, its values are faked instead. */
export function whyNoPseudonym(
  rule: ColumnRule,
  column: ColumnFacts,
  real: RealColumn | null,
  isUnique: boolean,
): Problem | null {
  const { type } = column;
  if (!['text', 'integer', 'uuid'].includes(type.class)) {
    return {
      message: `Only text, integers and UUIDs can get pseudonyms; the type is ${type.sql}.`,
      hint: 'Use another treatment for this column.',
    };
  }
  if (real === null) {
    return canFake(rule.detector ?? 'text.written-by-person', type) || type.class === 'integer' || type.class === 'uuid'
      ? null
      : { message: `No stand-in can be made for the type ${type.sql}.`, hint: 'Use hash for this column.' };
  }
  if (rule.detector === 'person.email' || real.values.some((value) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value))) {
    return {
      message: 'It holds e-mail addresses, and the pseudonym of one may be the address of somebody else.',
      hint: 'Use fake for this column.',
    };
  }
  const sizes = real.values.map((value) => domainSize(value, column, rule.options?.alphabet ?? 'both'));
  const share = (wanted: (size: number) => boolean): number =>
    Math.round((100 * sizes.filter(wanted).length) / sizes.length);
  if (sizes.includes(0)) {
    return {
      message: `${share((size) => size === 0)} % of ${sizes.length} sampled values have letters or digits beyond A to Z and 0 to 9, which a pseudonym would leave as they are.`,
      hint: 'Use fake or hash for this column.',
    };
  }
  if (rule.options?.accepted === true) return null;
  if (sizes.some((size) => size < SMALLEST_DOMAIN)) {
    return {
      message: `${share((size) => size < SMALLEST_DOMAIN)} % of ${sizes.length} sampled values have a form of fewer than a million possible values, so trying them all would undo their pseudonyms.`,
      hint: 'Use fake or hash for this column, or give the rule an accept: reason.',
    };
  }
  return isUnique
    ? null
    : {
        message:
          'Its values may repeat, and pseudonyms repeat as often: who knows the commonest values knows their pseudonyms.',
        hint: 'Use fake for this column, or give the rule an accept: reason.',
      };
}

/**
 * What must be said of a table of real rows: personal columns that would be learned elsewhere have no treatment here,
 * and the columns that stay as they are are named. Errors stop the run.
 */
export function judgeRealTable(table: TableFacts, columns: readonly ColumnClassification[]): Finding[] {
  const id = tableId(table.name);
  const stays = columns.filter((entry) => ['synthesize', 'keep', 'structural'].includes(entry.treatment));
  const untreated = stays.filter((entry) => entry.treatment === 'synthesize' && entry.sensitivity !== 'none');
  const found = untreated.map((entry) =>
    finding(
      'error',
      'MASK_UNTREATED_COLUMN',
      `${id}.${entry.column}`,
      `It is personal (${entry.reason}) and would be learned in a synthesized table; in ${id}, which is masked, its real values would pass.`,
      `Add under rules: - { table: ${id}, column: ${entry.column}, treatment: redact }, or keep with an accept: reason.`,
    ),
  );
  const real = stays.filter((entry) => entry.treatment !== 'structural').map((entry) => entry.column);
  const keys = stays.filter((entry) => entry.treatment === 'structural').map((entry) => entry.column);
  return [
    ...found,
    finding(
      'info',
      'MASK_REAL_VALUES',
      id,
      `Its rows are real. Real values stay in: ${real.join(', ') || 'no column'}; real keys in: ${keys.join(', ') || 'none'}.`,
      'Give any of these columns a treatment if it says more about a person than it should.',
    ),
  ];
}

/**
 * A reference to a key with pseudonyms or hashes gets the same ones, over any number of tables. A key that others
 * reference cannot be faked: its references would not know the fake.
 */
export function followMaskedKeys(
  catalog: Catalog,
  columns: ColumnClassification[],
  masked: ReadonlySet<string>,
): Finding[] {
  const place = new Map(columns.map((entry, i) => [`${entry.table}\0${entry.column}`, i]));
  const findings = new Map<string, Finding>();
  for (let changed = true; changed;) {
    changed = false;
    for (const table of catalog.tables.filter((candidate) => masked.has(tableId(candidate.name)))) {
      for (const key of table.foreignKeys.filter((candidate) => masked.has(tableId(candidate.referencedTable)))) {
        key.columns.forEach((column, k) => {
          const own = place.get(`${tableId(table.name)}\0${column}`)!;
          const to = columns[place.get(`${tableId(key.referencedTable)}\0${key.referencedColumns[k]}`)!];
          const follows = to.follows ?? to.treatment;
          if (follows === 'pseudonym' || follows === 'hash') {
            if (columns[own].follows === follows || to === columns[own]) return;
            columns[own] = { ...columns[own], follows, ...(to.options === undefined ? {} : { options: to.options }) };
            changed = true;
          } else if (!['structural', 'synthesize', 'keep'].includes(follows)) {
            findings.set(`${to.table}.${to.column}`, fakedKey(to, follows));
          }
        });
      }
    }
  }
  return [...findings.values()];
}

function fakedKey(to: ColumnClassification, treatment: string): Finding {
  return finding(
    'error',
    'MASK_UNTREATED_COLUMN',
    `${to.table}.${to.column}`,
    `It is a key that masked rows reference, and by ${treatment} their references would miss it.`,
    `Add under rules: - { table: ${to.table}, column: ${to.column}, treatment: pseudonym }, or hash.`,
  );
}
