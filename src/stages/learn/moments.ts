/** Finds what each moment of a table is best told from, and codes it so. */
import { textAt } from '../../kernel/rows.ts';
import type { TableFacts } from '../../../connectors/connector.ts';
import type { ColumnEncoder } from '../../model/encoders/encoder.ts';
import { fitMomentEncoder } from '../../model/encoders/moment.ts';
import { fitScalarEncoder } from '../../model/encoders/simple.ts';
import { fitDayNumbers } from '../../model/encoders/days.ts';
import { NUMBER_DEFAULTS, type NumberEncoderJson } from '../../model/encoders/number.ts';
import { fitRelativeMoment, grainOf, PACE_COUNT, RelativeMoment } from '../../model/encoders/relative-moment.ts';
import { fitTimeProfile } from '../../model/encoders/time-profile.ts';
import { parseTimestamp } from '../../model/encoders/scalar.ts';
import type { MomentBase } from '../../model/table-model.ts';
import type { TableSample } from '../profile/artifact.ts';
import { codeBatches, findBatches, withoutBatches } from './batches.ts';
import type { CodedRegister } from './registers.ts';

const DAY_MICROS = 86_400_000_000;
const SECOND_MICROS = 1_000_000;
/** A column is told from another if that narrows it to less than this part of its own spread (e to the entropy). */
const WORTHWHILE_SPREAD = 0.7;
/** An order that always holds is worth keeping even where the distance is somewhat wider than the column itself. */
const ORDERED_SPREAD = 1.5;
/** Share of rows in which the reference must be there when the value is. */
const REFERENCE_RATE = 0.999;
const MIN_ROWS = 50;
/** Siblings per parent from which gaps say more than dates. */
const MIN_SIBLINGS = 1.3;
const CALENDAR_BINS = 33;
const PROFILE_BINS = 64;

/** Siblings of one parent, as `context.ts` orders them. */
export interface SiblingPlaces {
  readonly index: Int32Array;
  readonly count: Int32Array;
  readonly previous: Int32Array;
  /** Mean number of rows of a parent. */
  readonly meanCount: number;
  readonly orderColumn: string | null;
}

/** The parent's moments, by column, per row of the parent's sample; and each row's parent. */
export interface ParentMoments {
  readonly columns: ReadonlyMap<string, Float64Array>;
  readonly links: Int32Array;
}

export interface CodedMoment {
  readonly column: string;
  readonly isDate: boolean;
  readonly base: MomentBase | null;
  /** Of an absolute moment without batches. */
  readonly absolute: { readonly kind: string; readonly parameters: unknown } | null;
  readonly batches: readonly number[];
  readonly registers: readonly CodedRegister[];
}

export interface CodedCalendar {
  readonly column: string;
  readonly what: 'day' | 'weekday';
  readonly encoder: NumberEncoderJson | null;
  readonly register: CodedRegister;
}

export interface MomentPlan {
  readonly moments: readonly CodedMoment[];
  readonly calendar: readonly CodedCalendar[];
}

/** Microseconds of a column, NaN for NULL and for what has no place on the line. */
export function momentValues(values: readonly (string | null)[]): Float64Array {
  return Float64Array.from(values, (value) => (value === null ? NaN : (parseTimestamp(value) ?? NaN)));
}

/**
 * Codes the moments among `names`: those that repeat exactly are left out (they are labels of batches, not events).
 */
export function codeMoments(
  table: TableFacts,
  names: readonly string[],
  sample: TableSample,
  fitRows: Int32Array,
  parent: ParentMoments | null,
  siblings: SiblingPlaces | null,
  maxBins: number,
): MomentPlan {
  const units = Uint32Array.from(fitRows, (row) => sample.units[row]);
  const micros = new Map(names.map((name) => [name, momentValues(sample.columns.get(name)!)]));
  const isDate = (name: string): boolean => table.columns.find((column) => column.name === name)!.type.class === 'date';
  const options = { ...NUMBER_DEFAULTS, maxBins };
  const fit = (values: Float64Array): Float64Array => Float64Array.from(fitRows, (row) => values[row]);
  // A date stands for the end of its day: it follows from a moment within it. Of two that are alike, the one by which
  // siblings are ordered comes first.
  const middle = (name: string): number => median(fit(micros.get(name)!)) + (isDate(name) ? DAY_MICROS - 1 : 0);
  const isOrder = (name: string): number => (name === siblings?.orderColumn ? 0 : 1);
  const ordered = [...names].sort((a, b) => middle(a) - middle(b) || isOrder(a) - isOrder(b) || (a < b ? -1 : 1));
  const parentValues = (column: string): Float64Array =>
    Float64Array.from(parent!.links, (to) => (to < 0 ? NaN : parent!.columns.get(column)![to]));

  const moments: CodedMoment[] = [];
  for (const name of ordered) {
    const all = micros.get(name)!;
    const batches = findBatches(fit(all), units);
    const values = withoutBatches(batches, all);
    const batchRegisters = batches.length === 0 ? [] : [codeBatches(name, batches, all)];
    const add = (moment: Omit<CodedMoment, 'batches'>): void => {
      moments.push({ ...moment, batches, registers: [...batchRegisters, ...moment.registers] });
    };
    const own = fit(values);
    const inRow = best(own, ordered.slice(0, ordered.indexOf(name)), (other) => fit(micros.get(other)!));
    const ofParent =
      parent === null ? null : best(own, [...parent.columns.keys()], (other) => fit(parentValues(other)));
    const byGap =
      siblings !== null && siblings.orderColumn === name && siblings.meanCount >= MIN_SIBLINGS && inRow === null;
    const relative = (references: Float64Array): RelativeMoment =>
      fitRelativeMoment(own, fit(references), units, isDate(name), options);
    if (byGap)
      add(
        codeByGap(
          name,
          values,
          all,
          isDate(name),
          siblings,
          ofParent === null ? null : { column: ofParent, values: parentValues(ofParent) },
          fitRows,
          units,
          options,
        ),
      );
    else if (inRow !== null) {
      const distance = relative(micros.get(inRow)!);
      const base: MomentBase = { from: 'column', column: inRow, distance: distance.toJson() };
      add({
        column: name,
        isDate: isDate(name),
        base,
        absolute: null,
        registers: codeRelative(name, distance, values, micros.get(inRow)!),
      });
    } else if (ofParent !== null) {
      const references = parentValues(ofParent);
      const distance = relative(references);
      const base: MomentBase = { from: 'parent', column: ofParent, distance: distance.toJson() };
      add({
        column: name,
        isDate: isDate(name),
        base,
        absolute: null,
        registers: codeRelative(name, distance, values, references),
      });
    } else {
      const known = new Set(batches);
      const texts = sample.columns.get(name)!.map((text, row) => (known.has(all[row]) ? null : text));
      const encoder = fitAbsolute(
        Array.from(fitRows, (row) => texts[row]),
        units,
        options,
        isDate(name),
      );
      const absolute = { kind: encoder.kind, parameters: encoder.toJson() };
      add({
        column: name,
        isDate: isDate(name),
        ...(batches.length === 0
          ? { base: null, absolute }
          : { base: { from: 'nothing', ...absolute }, absolute: null }),
        registers: codeAbsolute(name, encoder, texts),
      });
    }
  }
  const calendar = ordered.flatMap((name) => codeCalendar(name, micros.get(name)!, fitRows, units));
  return { moments, calendar };
}

/** The server's text of a moment, as the encoders of absolute moments read it. */
function momentText(micros: number, isDate: boolean): string | null {
  const form = isDate ? 'epoch-days' : 'epoch-micros';
  return textAt(
    { form, values: Float64Array.of(isDate ? Math.floor(micros / DAY_MICROS) : micros), nulls: Uint8Array.of(0) },
    0,
  );
}

function fitAbsolute(
  texts: readonly (string | null)[],
  units: Uint32Array,
  options: typeof NUMBER_DEFAULTS,
  isDate: boolean,
): ColumnEncoder {
  return isDate ? fitScalarEncoder('date', texts, units, options) : fitMomentEncoder(texts, units, options);
}

/** The candidate that leaves least open about the column, if that is so much less as to be worth it. */
function best(
  own: Float64Array,
  candidates: readonly string[],
  valuesOf: (name: string) => Float64Array,
): string | null {
  const present = own.filter((value) => !Number.isNaN(value));
  const grain = Math.max(SECOND_MICROS, grainOf([...present]));
  let found: { name: string; score: number } | null = null;
  for (const name of candidates) {
    const references = valuesOf(name);
    const distances: number[] = [];
    const told: number[] = [];
    for (let i = 0; i < own.length; i++) {
      if (Number.isNaN(own[i]) || Number.isNaN(references[i])) continue;
      distances.push(own[i] - (grain === DAY_MICROS ? Math.floor(references[i] / grain) * grain : references[i]));
      told.push(own[i]);
    }
    if (distances.length < MIN_ROWS || distances.length < REFERENCE_RATE * present.length) continue;
    const before = distances.filter((distance) => distance < 0).length;
    const isOrdered = before <= 0.0005 * distances.length;
    const ratio = Math.exp(entropy(distances, grain) - entropy(told, grain));
    const score = ratio / (isOrdered ? ORDERED_SPREAD : WORTHWHILE_SPREAD);
    if (score <= 1 && (found === null || score < found.score)) found = { name, score };
  }
  return found?.name ?? null;
}

/**
 * Differential entropy in nats, from the distances of values that are m places apart: unlike a range it sees that most
 * distances are short where a few are very long. `grain`: what lies closer is alike.
 * Source: Vasicek (1976), with m = √n.
 */
function entropy(values: readonly number[], grain: number): number {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  const m = Math.max(1, Math.round(Math.sqrt(n)));
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const low = Math.max(0, i - m);
    const high = Math.min(n - 1, i + m);
    sum += Math.log((Math.max(grain, sorted[high] - sorted[low]) * n) / (high - low));
  }
  return sum / n;
}

function codeByGap(
  name: string,
  values: Float64Array,
  /** With those of batches. */
  all: Float64Array,
  isDate: boolean,
  siblings: SiblingPlaces,
  parent: { readonly column: string; readonly values: Float64Array } | null,
  fitRows: Int32Array,
  units: Uint32Array,
  options: typeof NUMBER_DEFAULTS,
): Omit<CodedMoment, 'batches'> {
  const { previous, index, count } = siblings;
  const left = Float64Array.from(count, (all, row) => all - index[row]);
  const profile = fitTimeProfile(
    Float64Array.from(fitRows, (row) => values[row]),
    units,
    { ...options, maxBins: Math.max(PROFILE_BINS, options.maxBins) },
  );
  const sharing = { left: Float64Array.from(fitRows, (row) => left[row]), profile };
  const isFirst = (row: number): boolean => previous[row] < 0;
  const before = Float64Array.from(previous, (row) => (row < 0 ? NaN : all[row]));
  const pick = (list: Float64Array, wanted: (row: number) => boolean): Float64Array =>
    Float64Array.from(fitRows, (row) => (wanted(row) ? list[row] : NaN));
  const gap = fitRelativeMoment(
    pick(values, (row) => !isFirst(row)),
    pick(before, () => true),
    units,
    isDate,
    options,
    sharing,
  );
  const gapRegisters = codeRelative(`${name}#gap`, gap, values, before, left);
  if (parent !== null) {
    const distance = fitRelativeMoment(
      pick(values, isFirst),
      pick(parent.values, isFirst),
      units,
      isDate,
      options,
      sharing,
    );
    const firsts = Float64Array.from(values, (value, row) => (isFirst(row) ? value : NaN));
    const base: MomentBase = {
      from: 'sibling',
      first: { from: 'parent', column: parent.column, distance: distance.toJson() },
      gap: gap.toJson(),
    };
    return {
      column: name,
      isDate,
      base,
      absolute: null,
      registers: [...codeRelative(`${name}#first`, distance, firsts, parent.values, left), ...gapRegisters],
    };
  }
  const texts = Array.from(values, (value, row) =>
    isFirst(row) && !Number.isNaN(value) ? momentText(value, isDate) : null,
  );
  const encoder = fitAbsolute(
    Array.from(fitRows, (row) => texts[row]),
    units,
    options,
    isDate,
  );
  const base: MomentBase = {
    from: 'sibling',
    first: { from: 'nothing', kind: encoder.kind, parameters: encoder.toJson() },
    gap: gap.toJson(),
  };
  return {
    column: name,
    isDate,
    base,
    absolute: null,
    registers: [...codeAbsolute(`${name}#first`, encoder, texts), ...gapRegisters],
  };
}

function codeRelative(
  name: string,
  encoder: RelativeMoment,
  values: Float64Array,
  references: Float64Array,
  left: Float64Array | null = null,
): CodedRegister[] {
  const codes = encoder.parts.map(() => new Uint16Array(values.length));
  const one = new Uint16Array(encoder.parts.length);
  for (let i = 0; i < values.length; i++) {
    encoder.encode(values[i], references[i], left?.[i] ?? 1, one, 0);
    for (let part = 0; part < one.length; part++) codes[part][i] = one[part];
  }
  return encoder.parts.map((part, p) => ({ name: `${name}#${p}`, codes: codes[p], ...part }));
}

function codeAbsolute(name: string, encoder: ColumnEncoder, texts: readonly (string | null)[]): CodedRegister[] {
  const codes = encoder.parts.map(() => new Uint16Array(texts.length));
  const one = new Uint16Array(encoder.parts.length);
  for (let i = 0; i < texts.length; i++) {
    encoder.encode(texts[i], one, 0);
    for (let part = 0; part < one.length; part++) codes[part][i] = one[part];
  }
  return encoder.parts.map((part, p) => ({ name: `${name}#${p}`, codes: codes[p], ...part }));
}

/** What the siblings that are left have left of the time that is observed; null where siblings are not told by gaps. */
export function codePace(
  { moments }: MomentPlan,
  sample: TableSample,
  { previous, index, count }: SiblingPlaces,
): CodedRegister | null {
  const moment = moments.find(({ base }) => base?.from === 'sibling');
  if (moment?.base?.from !== 'sibling') return null;
  const gap = new RelativeMoment(moment.base.gap);
  const values = momentValues(sample.columns.get(moment.column)!);
  const codes = Uint16Array.from(previous, (before, row) =>
    gap.paceOf(before < 0 ? NaN : values[before], count[row] - index[row]),
  );
  return { name: '#pace', codes, size: PACE_COUNT, ordered: true, hasNull: true };
}

/** The day, coarsely, and the weekday: what a moment says that its distance does not. NULL is the last code. */
function codeCalendar(name: string, values: Float64Array, fitRows: Int32Array, units: Uint32Array): CodedCalendar[] {
  const days = Array.from(values, (value) => (Number.isNaN(value) ? null : Math.floor(value / DAY_MICROS)));
  const encoder = fitDayNumbers(
    Array.from(fitRows, (row) => days[row]),
    units,
    { ...NUMBER_DEFAULTS, maxBins: CALENDAR_BINS },
  );
  const size = encoder.binCount + 1;
  const dayCodes = Uint16Array.from(days, (day) => (day === null ? size - 1 : encoder.encode(day)));
  const weekdayCodes = Uint16Array.from(days, (day) => (day === null ? 7 : weekdayOf(day)));
  return [
    {
      column: name,
      what: 'day',
      encoder: encoder.toJson(),
      register: { name: `#day:${name}`, codes: dayCodes, size, ordered: true, hasNull: true },
    },
    {
      column: name,
      what: 'weekday',
      encoder: null,
      register: { name: `#weekday:${name}`, codes: weekdayCodes, size: 8, ordered: false, hasNull: true },
    },
  ];
}

/** 0 = Thursday, the weekday of 1970-01-01. */
export function weekdayOf(day: number): number {
  return ((day % 7) + 7) % 7;
}

function median(values: Float64Array): number {
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  return known.length === 0 ? Infinity : known[known.length >> 1];
}
