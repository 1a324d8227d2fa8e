/** Turns a table's sample into registers: what the chain is fitted on. */
import {
  tableId,
  type ColumnFacts,
  type ColumnType,
  type ForeignKeyFacts,
  type TableFacts,
} from '../../../connectors/connector.ts';
import type { CodedColumn } from '../../model/coded-column.ts';
import { fitColumnEncoder, isLearnable, type ColumnShape } from '../../model/encoders/index.ts';
import type { ColumnEncoder } from '../../model/encoders/encoder.ts';
import { fitNumberEncoder } from '../../model/encoders/number.ts';
import { findEras, MAX_ERAS } from './eras.ts';
import { momentValues, type MomentPlan } from './moments.ts';
import type {
  CalendarRegister,
  ColumnMaker,
  ColumnModel,
  Eras,
  ForeignKeyMaker,
  ForeignKeyModel,
  IncomingCount,
  Register,
} from '../../model/table-model.ts';
import type { RegisterGroups } from '../../model/row-model.ts';
import { MIN_UNITS } from '../../model/encoders/encoder.ts';
import type { TableSample } from '../profile/artifact.ts';
import type { ForeignKeyPlan, TablePlan, ThroughPlan } from './plan-table.ts';

/** A register with its codes for every row of the sample. */
export interface CodedRegister extends CodedColumn {
  readonly name: string;
}

export interface OwnRegisters {
  /** Moments, the calendar that follows from them, what references are like, what is read behind them, the rest. */
  readonly registers: readonly CodedRegister[];
  readonly groups: RegisterGroups;
  /** Where the registers that are read come from, in their order. */
  readonly reached: readonly ReachedRegister[];
  readonly calendar: readonly CalendarRegister[];
  readonly columns: readonly ColumnModel[];
  readonly foreignKeys: readonly ForeignKeyModel[];
  readonly incoming: readonly IncomingCount[];
}

/** A register of another table, read at the end of a path of foreign keys. */
export interface ReachedRegister extends CodedRegister {
  readonly path: readonly string[];
  readonly from: number;
}

/** How many rows of another table reference each row of this one. */
export interface IncomingReferences {
  readonly table: string;
  readonly foreignKey: string;
  readonly counts: Uint32Array;
}

/**
 * The registers of a table's own: one or more per learned column, a null flag per masked column and assigned
 * foreign key, a category per reference to a copied table, a count per referencing foreign key.
 *
 * Register numbers in the models returned count from the first own register; `rebase` moves them.
 */
export function ownRegisters(
  table: TableFacts,
  plan: TablePlan,
  sample: TableSample,
  fitRows: Int32Array,
  incoming: readonly IncomingReferences[],
  maxBins: number,
  momentPlan: MomentPlan,
): OwnRegisters {
  const registers: CodedRegister[] = momentPlan.moments.flatMap((moment) => moment.registers);
  const momentCount = registers.length;
  const momentMakers = makersOfMoments(momentPlan);
  const calendar = momentPlan.calendar.map(({ column, what, encoder, register }, i): CalendarRegister => {
    registers.push(register);
    return { register: momentCount + i, column, what, encoder };
  });
  const units = pickUnits(sample.units, fitRows);
  const encoders = new Map(
    table.columns.flatMap((column) => {
      if (plan.columns.get(column.name)?.by !== 'encoder' || momentMakers.has(column.name)) return [];
      const values = sample.columns.get(column.name)!;
      const shape = shapeOf(column.type, column.nullable);
      const seen = Array.from(fitRows, (row) => values[row]);
      return [[column.name, fitColumnEncoder(shape, seen, units, maxBins)] as const];
    }),
  );
  const settled = new Map<string, ColumnMaker>();
  for (const column of table.columns) {
    const encoder = encoders.get(column.name);
    if (encoder?.parts.length !== 1 || encoder.parts[0].size > MAX_ERAS) continue;
    const [register] = encodeColumn(column.name, encoder, sample.columns.get(column.name)!);
    const found = erasOf(register, momentPlan, sample, fitRows);
    if (found === null) continue;
    calendar.push({ register: registers.length, column: found.moment, what: 'era', encoder: null, eras: found.eras });
    settled.set(column.name, encoderMaker(encoder, registers.length, column));
    registers.push(register);
  }
  const keysFrom = registers.length;
  const earlyFlags = new Map(
    table.foreignKeys
      .filter((key) => plan.early.has(key.name))
      .map((key) => [key.name, nullFlag(registers, key, table, sample.parents.get(key.name)!, 'quota')]),
  );
  const keyCount = registers.length - keysFrom;

  const counts = incoming.map((reference): IncomingCount => {
    const encoder = fitNumberEncoder(
      Array.from(fitRows, (row) => reference.counts[row]),
      units,
    );
    const codes = Uint16Array.from(reference.counts, (count) => encoder.encode(count));
    const register = registers.length;
    registers.push({
      name: `#count:${reference.table}.${reference.foreignKey}`,
      codes,
      size: encoder.size,
      ordered: true,
      hasNull: false,
    });
    return { table: reference.table, foreignKey: reference.foreignKey, register, encoder: encoder.toJson() };
  });

  const columns: ColumnModel[] = [];
  for (const column of table.columns) {
    const decided = plan.columns.get(column.name);
    if (decided === undefined) continue;
    const values = sample.columns.get(column.name)!;
    let maker: ColumnMaker;
    if (momentMakers.has(column.name)) maker = momentMakers.get(column.name)!;
    else if (settled.has(column.name)) maker = settled.get(column.name)!;
    else if (decided.by === 'encoder') {
      const encoder = encoders.get(column.name)!;
      maker = encoderMaker(encoder, registers.length, column);
      registers.push(...encodeColumn(column.name, encoder, values));
    } else if (decided.by === 'mask') {
      maker = {
        by: 'mask',
        register: column.nullable ? pushNullFlag(registers, column.name, (i) => values[i] === null, values.length) : -1,
      };
    } else {
      maker = decided;
    }
    columns.push({ name: column.name, nullable: column.nullable, maker });
  }

  const foreignKeys = table.foreignKeys.map((key): ForeignKeyModel => {
    const links = sample.parents.get(key.name) ?? new Int32Array(sample.rowCount).fill(-1);
    const decided = plan.foreignKeys.get(key.name)!;
    let maker: ForeignKeyMaker;
    if (decided === 'category') maker = categoryOf(key.name, links, fitRows, units, registers);
    else if (decided === 'quota') {
      const flag = earlyFlags.get(key.name);
      maker = {
        by: 'quota',
        register: flag ?? nullFlag(registers, key, table, links, decided),
        early: flag !== undefined,
      };
    } else if (decided === 'forest') {
      maker = { by: 'forest', register: nullFlag(registers, key, table, links, decided) };
    } else if (decided === 'own-child') {
      const register = nullFlag(registers, key, table, links, decided);
      maker = { by: 'own-child', register, childForeignKey: plan.ownChild.get(key.name)! };
    } else if (decided === 'through') maker = throughMaker(registers, key.name, plan.through.get(key.name)!);
    else maker = { by: decided };
    return {
      name: key.name,
      referencedTable: '',
      columns: key.columns,
      referencedColumns: key.referencedColumns,
      maker,
      unique: [table.primaryKey, ...table.uniqueKeys].some(
        (unique) =>
          unique !== null &&
          unique.predicate === null &&
          unique.columns.every((name) => name !== null && key.columns.includes(name)),
      ),
      nullRate: links.reduce((sum, to) => sum + (to === -1 ? 1 : 0), 0) / Math.max(1, links.length),
      degrees: [],
      ...partitionsOf(table, key),
    };
  });
  const groups = { momentCount, calendarCount: calendar.length, keyCount, reachedCount: 0 };
  return { registers, groups, reached: [], calendar, columns, foreignKeys, incoming: counts };
}

function makersOfMoments({ moments }: MomentPlan): Map<string, ColumnMaker> {
  const makers = new Map<string, ColumnMaker>();
  let register = 0;
  for (const { column, base, absolute, isDate, batches, registers } of moments) {
    makers.set(
      column,
      base === null
        ? { by: 'encoder', ...absolute!, register, learned: true }
        : { by: 'moment', register, base, isDate, batches },
    );
    register += registers.length;
  }
  return makers;
}

function encoderMaker(encoder: ColumnEncoder, register: number, { type }: ColumnFacts): ColumnMaker {
  const learned = isLearnable(type.class);
  return { by: 'encoder', kind: encoder.kind, parameters: encoder.toJson(), register, learned };
}

/** The first moment of the rows that settles the column. */
function erasOf(
  { codes }: CodedRegister,
  { moments }: MomentPlan,
  sample: TableSample,
  fitRows: Int32Array,
): { moment: string; eras: Eras } | null {
  const fitCodes = Uint16Array.from(fitRows, (row) => codes[row]);
  const units = pickUnits(sample.units, fitRows);
  for (const { column: moment } of moments) {
    const values = sample.columns.get(moment)!;
    const micros = momentValues(Array.from(fitRows, (row) => values[row]));
    const eras = findEras(fitCodes, micros, units);
    if (eras !== null) return { moment, eras };
  }
  return null;
}

export function pickUnits(units: Uint32Array, rows: Int32Array): Uint32Array {
  return Uint32Array.from(rows, (row) => units[row]);
}

export function shapeOf(type: ColumnType, nullable: boolean): ColumnShape {
  return {
    class: type.class,
    baseName: type.baseName,
    nullable,
    maxLength: type.maxLength,
    enumLabels: type.enumLabels,
    element: type.element === null ? null : shapeOf(type.element, true),
    fields: type.fields?.map((field) => shapeOf(field.type, true)) ?? null,
  };
}

function encodeColumn(name: string, encoder: ColumnEncoder, values: readonly (string | null)[]): CodedRegister[] {
  const codes = encoder.parts.map(() => new Uint16Array(values.length));
  const one = new Uint16Array(encoder.parts.length);
  for (let i = 0; i < values.length; i++) {
    encoder.encode(values[i], one, 0);
    for (let part = 0; part < one.length; part++) codes[part][i] = one[part];
  }
  return encoder.parts.map((part, p) => ({
    name: encoder.parts.length === 1 ? name : `${name}#${p}`,
    codes: codes[p],
    ...part,
  }));
}

/** A register of two codes: 0 there, 1 NULL. Gives its number, or −1 (and no register) if nothing is NULL. */
function pushNullFlag(
  registers: CodedRegister[],
  name: string,
  isNull: (row: number) => boolean,
  rowCount: number,
): number {
  const codes = Uint16Array.from({ length: rowCount }, (_, i) => (isNull(i) ? 1 : 0));
  if (!codes.includes(1)) return -1;
  registers.push({ name, codes, size: 2, ordered: false, hasNull: true });
  return registers.length - 1;
}

/** Where a key references nothing; a root of a NOT NULL self-reference points at itself. Gives −1 where that never is. */
function nullFlag(
  registers: CodedRegister[],
  key: ForeignKeyFacts,
  table: TableFacts,
  links: Int32Array,
  plan: ForeignKeyPlan,
): number {
  const nullable = key.columns.some((name) => table.columns.find((column) => column.name === name)!.nullable);
  if (!nullable && plan !== 'forest') return -1;
  const isRoot = (i: number): boolean => links[i] === -1 || (plan === 'forest' && links[i] === i);
  return pushNullFlag(registers, `#null:${key.name}`, isRoot, links.length);
}

function throughMaker(registers: CodedRegister[], name: string, plan: ThroughPlan): ForeignKeyMaker {
  const { through, parentColumns, exceptions } = plan;
  if (exceptions === null) return { by: 'through', through, parentColumns, register: -1, exceptionRate: 0 };
  const codes = Uint16Array.from(exceptions);
  registers.push({ name: `#path:${name}`, codes, size: codes.includes(2) ? 3 : 2, ordered: false, hasNull: false });
  const exceptionRate = exceptions.reduce((count, code) => count + (code === 1 ? 1 : 0), 0) / exceptions.length;
  return { by: 'through', through, parentColumns, register: registers.length - 1, exceptionRate };
}

/** Rows of a copied table as categories: those that 5 units reference by themselves, the others as one. */
function categoryOf(
  name: string,
  links: Int32Array,
  fitRows: Int32Array,
  units: Uint32Array,
  registers: CodedRegister[],
): ForeignKeyMaker {
  const byRow = new Map<number, Set<number>>();
  let hasNull = false;
  fitRows.forEach((row, i) => {
    const to = links[row];
    if (to < 0) {
      hasNull = true;
      return;
    }
    let seen = byRow.get(to);
    if (seen === undefined) byRow.set(to, (seen = new Set()));
    if (seen.size < MIN_UNITS) seen.add(units[i]);
  });
  const own = [...byRow]
    .filter(([, seen]) => seen.size >= MIN_UNITS)
    .map(([row]) => row)
    .sort((a, b) => a - b);
  const pooled = [...byRow.keys()].filter((row) => byRow.get(row)!.size < MIN_UNITS).sort((a, b) => a - b);
  const rows = pooled.length > 0 ? [...own, -1] : own;
  const codeOf = new Map(own.map((row, code) => [row, code]));
  const size = Math.max(1, rows.length + (hasNull ? 1 : 0));
  const codes = Uint16Array.from(links, (to) => (to < 0 ? size - 1 : (codeOf.get(to) ?? Math.max(0, rows.length - 1))));
  registers.push({ name: `#row:${name}`, codes, size, ordered: false, hasNull });
  return { by: 'category', register: registers.length - 1, rows, pooled, hasNull };
}

/** The same with registers that are read behind the row's keys in front of those that may depend on them. */
export function withReached(own: OwnRegisters, reached: readonly ReachedRegister[]): OwnRegisters {
  const { momentCount, calendarCount, keyCount } = own.groups;
  const at = momentCount + calendarCount + keyCount;
  return {
    ...own,
    ...moved(own, (register) => (register >= at ? register + reached.length : register)),
    registers: [...own.registers.slice(0, at), ...reached, ...own.registers.slice(at)],
    groups: { ...own.groups, reachedCount: reached.length },
    reached,
  };
}

type Makers = Pick<OwnRegisters, 'columns' | 'foreignKeys' | 'incoming' | 'calendar'>;

/** The same makers with register numbers counted from the first register of the row. */
export function rebase(own: OwnRegisters, from: number): Makers {
  return moved(own, (register) => register + from);
}

function moved(own: Makers, to: (register: number) => number): Makers {
  const move = <T extends { readonly register: number }>(maker: T): T => ({
    ...maker,
    register: maker.register < 0 ? -1 : to(maker.register),
  });
  return {
    columns: own.columns.map((column) => ({
      ...column,
      maker: 'register' in column.maker ? move(column.maker) : column.maker,
    })),
    foreignKeys: own.foreignKeys.map((key) => ({
      ...key,
      maker: 'register' in key.maker ? move(key.maker) : key.maker,
    })),
    incoming: own.incoming.map((count) => move(count)),
    calendar: own.calendar.map((entry) => move(entry)),
  };
}

/** The own registers as the model keeps them. */
export function describeOwn(
  { registers, groups }: OwnRegisters,
  reached: readonly ReachedRegister[],
  from: number,
): Register[] {
  const at = groups.momentCount + groups.calendarCount + groups.keyCount;
  const own = describeRegisters('own', registers, (i) => from + i);
  return [...own.slice(0, at), ...describeReached(reached), ...own.slice(at + reached.length)];
}

export function describeReached(reached: readonly ReachedRegister[]): Register[] {
  return describeRegisters('reached', reached, (i) => reached[i].from).map((register, i) => ({
    ...register,
    path: reached[i].path,
  }));
}

export function describeRegisters(
  origin: Register['origin'],
  coded: readonly CodedRegister[],
  from: (i: number) => number,
): Register[] {
  return coded.map(({ name, size, ordered, hasNull }, i) => ({ name, origin, from: from(i), size, ordered, hasNull }));
}

/** Bounds of the partitions that a key is declared on, where the table as a whole does not declare it. */
function partitionsOf(table: TableFacts, { declaredOn }: ForeignKeyFacts): Pick<ForeignKeyModel, 'onlyWhere'> {
  if (declaredOn.length === 0) return {};
  const names = new Set(declaredOn.map(tableId));
  const declaring = table.partitions.filter(({ name }) => names.has(tableId(name)));
  return { onlyWhere: declaring.flatMap(({ condition }) => condition ?? []) };
}
