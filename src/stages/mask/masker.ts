import { tableId } from '../../../connectors/connector.ts';
import type { ColumnFacts, TableFacts } from '../../../connectors/connector.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import { isNullAt, textAt } from '../../kernel/rows.ts';
import type { ColumnVector, RowBlock } from '../../kernel/rows.ts';
import { streamKey } from '../../numeric/random.ts';
import type { Classification, ColumnClassification, Treatment } from './artifact.ts';
import { Identity } from './identity.ts';
import type { NameHabit, NameHabits, Sex } from './identity.ts';
import { localeNamed, localeOfCountry } from './locale-data.ts';
import type { LocaleName } from './locale-data.ts';
import { makerFor } from './makers.ts';
import type { Maker } from './site.ts';
import type { MaskKey } from './mask-key.ts';
import { pseudonyms } from './pseudonym.ts';
import { bucketed, hashed, missingKey, nulled, redacted, rowShifts, shifted, subjectShifts } from './treatments.ts';

export interface MaskOptions {
  /** Seed of the run. */
  readonly seed: number;
  /** For `hash`, `pseudonym` and `shift` of real values. */
  readonly key?: MaskKey;
  /** The rows are real ones: references follow the keys that they reference, and nothing personal may stay untreated. */
  readonly real?: boolean;
}

/** Treats the rows of one table. */
export interface Masker {
  /**
   * Fills what is `masked` and treats what is to be treated, in place. `subjects` names whose each row is: the dates of
   * one subject move together; where absent, those of one row.
   * Throws `GENERATE_CAPACITY`, `MASK_UNTREATED_COLUMN`, `MASK_PSEUDONYM_DOMAIN`.
   */
  mask(block: RowBlock, subjects?: readonly string[]): void;
  /**
   * The values of a made key, for the foreign keys that reference it: the value of a row is the same as `mask` gives.
   * Only for columns marked `referenced` in the classification.
   */
  keyValues(column: string, rows: ArrayLike<number>): string[];
}

/** What is done to one column. */
interface Job {
  readonly entry: ColumnClassification;
  readonly treatment: Treatment;
  readonly column: ColumnFacts;
  readonly group: string;
  readonly make: Maker | null;
}

/**
 * The masker of a table. A row's values are functions of (seed, table, row number) and, where the row itself says its
 * country or sex, of that; never of a value that they replace.
 * Throws: `MASK_KEY_MISSING` for real values that need a key.
 */
export function createMasker(table: TableFacts, classification: Classification, options: MaskOptions): Masker {
  const id = tableId(table.name);
  const entries = classification.columns.filter((entry) => entry.table === id);
  const jobs = entries.flatMap((entry) => {
    const column = table.columns.find((candidate) => candidate.name === entry.column);
    return column === undefined || column.generated !== null ? [] : jobOf(entry, column, options);
  });
  const groups = new Map<string, { identity: Identity; home: LocaleName }>();
  for (const job of jobs) {
    if (job.make === null || groups.has(job.group)) continue;
    const home = localeNamed(job.entry.style?.locale ?? 'en') ?? 'en';
    groups.set(job.group, {
      identity: new Identity(options.seed, id, job.group, home, habitsOf(job.group, entries)),
      home,
    });
  }
  // A key that others reference must not depend on the rest of its row, which they do not see.
  const readsRow = !entries.some((entry) => entry.referenced === true);
  const hints = readsRow
    ? entries.filter((entry) => entry.detector === 'location.country' || entry.detector === 'person.gender')
    : [];

  return {
    mask(block, subjects) {
      for (const [group, { identity, home }] of groups) {
        const made = jobs
          .filter((job) => job.make !== null && job.group === group && block.columns.has(job.entry.column))
          // A postal code tells its city.
          .sort((a, b) => Number(isPostcode(b)) - Number(isPostcode(a)));
        if (made.length > 0)
          fillGroup(
            block,
            made,
            identity,
            home,
            hintOf(block, hints, 'location.country', group),
            hintOf(block, hints, 'person.gender', group),
          );
      }
      for (const job of jobs) if (job.make === null) treat(block, job, id, options, subjects);
      refuseUnmade(block, id);
    },
    keyValues(column, rows) {
      const job = jobs.find((candidate) => candidate.entry.column === column && candidate.entry.referenced === true);
      const make = job?.make ?? null;
      const group = job === undefined ? undefined : groups.get(job.group);
      if (make === null || group === undefined) {
        throw new UnderstudyError('INTERNAL', `${id}.${column} is no made key, so no foreign key can take its values.`);
      }
      return Array.from(rows, (row) => {
        group.identity.seek(row, group.home, null);
        return make(group.identity, row);
      });
    },
  };
}

/** How the person's names are drawn, by what their columns have taught. */
function habitsOf(group: string, entries: readonly ColumnClassification[]): NameHabits {
  const mine = entries.filter((entry) => (entry.group ?? '') === group);
  const habitOf = (detector: string): NameHabit => {
    const style = mine.find((entry) => entry.detector === detector)?.style;
    return { madeRate: style?.madeRate ?? 0, lengths: style?.lengths ?? null };
  };
  return {
    first: habitOf('person.first-name'),
    last: habitOf('person.last-name'),
    distinct: mine.some(
      ({ detector, style }) =>
        (detector === 'person.email' || detector === 'person.username') && style?.unique === true,
    ),
  };
}

/** Masks one block of a table: for callers with a single block; a loop makes its masker once. */
export function maskBlock(
  block: RowBlock,
  plan: { readonly table: TableFacts; readonly classification: Classification; readonly key?: MaskKey },
  seed: number,
): RowBlock {
  createMasker(plan.table, plan.classification, { seed, ...(plan.key === undefined ? {} : { key: plan.key }) }).mask(
    block,
  );
  return block;
}

function jobOf(entry: ColumnClassification, column: ColumnFacts, options: MaskOptions): Job[] {
  const real = options.real === true;
  const treatment = real && entry.follows !== undefined ? entry.follows : entry.treatment;
  const job = { entry, treatment, column, group: entry.group ?? '' };
  switch (treatment) {
    case 'structural':
    case 'synthesize':
    case 'keep':
      return [];
    case 'fake':
      return [{ ...job, make: makerFor(entry, column.type, options.seed) }];
    case 'pseudonym':
      // Where rows are made there is no real value to stand in for.
      return [{ ...job, make: real ? null : makerFor(entry, column.type, options.seed) }];
    default:
      return [{ ...job, make: null }];
  }
}

function hintOf(
  block: RowBlock,
  hints: readonly ColumnClassification[],
  detector: string,
  group: string,
): ColumnVector | null {
  const entry = hints.find((hint) => hint.detector === detector && (hint.group ?? '') === group);
  const vector = entry === undefined ? undefined : block.columns.get(entry.column);
  return vector === undefined || vector.form === 'masked' ? null : vector;
}

/** Row by row, so that all columns of a person are made from one identity. */
function fillGroup(
  block: RowBlock,
  jobs: readonly Job[],
  identity: Identity,
  home: LocaleName,
  countries: ColumnVector | null,
  sexes: ColumnVector | null,
): void {
  const old = jobs.map((job) => block.columns.get(job.entry.column)!);
  const made: (string | null)[][] = jobs.map(() => Array.from({ length: block.rowCount }, () => null));
  const locales = new Map<string, LocaleName>();
  for (let i = 0; i < block.rowCount; i++) {
    const row = block.firstRow + i;
    identity.seek(
      row,
      countries === null ? home : localeOfRow(textAt(countries, i), home, locales),
      sexes === null ? null : sexOf(textAt(sexes, i)),
    );
    for (let j = 0; j < jobs.length; j++) {
      if (isNullAt(old[j], i)) continue;
      const text = jobs[j].make!(identity, row);
      if (isPostcode(jobs[j])) identity.livesAt(text);
      made[j][i] = jobs[j].column.type.class === 'array' ? arrayOf(text) : text;
    }
  }
  jobs.forEach((job, j) => block.columns.set(job.entry.column, { form: 'text', values: made[j] }));
}

function isPostcode({ entry }: Job): boolean {
  return entry.detector === 'location.postal-code';
}

function localeOfRow(country: string | null, home: LocaleName, known: Map<string, LocaleName>): LocaleName {
  if (country === null) return home;
  let locale = known.get(country);
  if (locale === undefined) {
    locale = localeOfCountry(country) ?? home;
    if (known.size < 1000) known.set(country, locale);
  }
  return locale;
}

function sexOf(text: string | null): Sex | null {
  const first = text?.trim().toLowerCase() ?? '';
  if (/^(?:f|w|female|woman|weiblich|femme|femenino|feminino|mujer)$/.test(first)) return 'female';
  return /^(?:m|male|man|maennlich|männlich|homme|masculin|masculino|hombre|varon)$/.test(first) ? 'male' : null;
}

function arrayOf(element: string): string {
  return `{"${element.replace(/["\\]/g, '\\$&')}"}`;
}

/** Treatments that are no fakes. */
function treat(block: RowBlock, job: Job, table: string, options: MaskOptions, subjects?: readonly string[]): void {
  const vector = block.columns.get(job.entry.column);
  if (vector === undefined) return;
  block.columns.set(
    job.entry.column,
    vector.form === 'masked'
      ? made(vector, block, job, table, options)
      : treated(vector, block, job, options, subjects),
  );
}

/** A value that is there. */
function treated(
  vector: ColumnVector,
  block: RowBlock,
  { entry, column, treatment }: Job,
  options: MaskOptions,
  subjects?: readonly string[],
): ColumnVector {
  const { rowCount, firstRow } = block;
  const object = `${entry.table}.${entry.column}`;
  const own = entry.options ?? {};
  switch (treatment) {
    case 'null':
      return nulled(rowCount);
    case 'redact':
      return redacted(vector, rowCount, column);
    case 'hash':
      return hashed(vector, rowCount, column, keyFor(object, treatment, options).hashKey);
    case 'pseudonym':
      return pseudonyms(vector, rowCount, column, keyFor(object, treatment, options).cipherKey, object, own);
    case 'shift': {
      // One shift a row for all its dates, or one a subject, so that they keep their distances.
      const days =
        options.real === true
          ? subjectShifts(
              keyFor(object, treatment, options).hashKey,
              own,
              (i) => subjects?.[i] ?? `row ${entry.table} ${firstRow + i}`,
            )
          : rowShifts(streamKey(options.seed, entry.table, 'mask', 'shift'), firstRow, own);
      return shifted(vector, rowCount, days);
    }
    case 'bucket':
      return bucketed(vector, rowCount, column, own);
    default:
      return vector;
  }
}

/** No value is there yet: one is made first, and treated where that says more than its making. */
function made(vector: ColumnVector, block: RowBlock, job: Job, table: string, options: MaskOptions): ColumnVector {
  const { entry, column } = job;
  switch (job.treatment) {
    case 'hash':
      // The row's own number under the run's seed stands for the value.
      return hashed(rowTexts(vector, block), block.rowCount, column, `${options.seed} ${table}.${entry.column}`);
    case 'shift':
      return madeDates(vector, block, entry, column, options);
    case 'bucket':
      return bucketed(madeDates(vector, block, entry, column, options), block.rowCount, column, entry.options ?? {});
    default:
      return treated(vector, block, job, options);
  }
}

function keyFor(object: string, treatment: Treatment, { key }: MaskOptions): MaskKey {
  if (key === undefined) throw missingKey(object, treatment);
  return key;
}

function rowTexts(vector: ColumnVector, block: RowBlock): ColumnVector {
  return {
    form: 'text',
    values: Array.from({ length: block.rowCount }, (_, i) => (isNullAt(vector, i) ? null : String(block.firstRow + i))),
  };
}

/** Where there is no date yet to be shifted or put in a bucket, a made one stands in. */
function madeDates(
  vector: ColumnVector,
  block: RowBlock,
  entry: ColumnClassification,
  column: ColumnFacts,
  options: MaskOptions,
): ColumnVector {
  if (!['date', 'timestamp', 'timestamptz'].includes(column.type.class))
    throw unmade(`${entry.table}.${entry.column}`, entry.treatment);
  const make = makerFor({ ...entry, detector: 'person.birth-date' }, column.type, options.seed);
  const identity = new Identity(options.seed, entry.table, '', 'en');
  return {
    form: 'text',
    values: Array.from({ length: block.rowCount }, (_, i) =>
      isNullAt(vector, i) ? null : make(identity, block.firstRow + i),
    ),
  };
}

/** Fails closed: what `generate` left to be made and no rule makes must not reach a target. */
function refuseUnmade(block: RowBlock, table: string): void {
  for (const [column, vector] of block.columns)
    if (vector.form === 'masked') throw unmade(`${table}.${column}`, 'none');
}

function unmade(object: string, treatment: string): UnderstudyError {
  return new UnderstudyError(
    'MASK_UNTREATED_COLUMN',
    `${object} was left to be masked, but its treatment (${treatment}) makes no values; the run stops so that nothing unmade is loaded.`,
    {
      hint: 'Set its treatment to fake in understudy.yaml.',
      data: { object },
    },
  );
}
