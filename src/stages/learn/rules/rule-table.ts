/**
 * One table as the miner sees it: rows of fitting and tuning subjects, values parsed once, foreign keys followed.
 * Rows of test subjects take no part, neither as rows nor as the parents of rows, unless the subjects are few.
 */
import { tableId, type ColumnFacts, type ForeignKeyFacts, type TableFacts } from '../../../../connectors/connector.ts';
import type { Operand } from '../../../model/rules.ts';
import type { GraphTable } from '../../graph/artifact.ts';
import type { RelationalSample, TableSample } from '../../profile/artifact.ts';
import { RuleColumn } from './rule-column.ts';

/** Rows that a candidate must survive before it is checked on all. */
const SCREEN_ROWS = 256;
/** Fewer subjects than these are not set apart for testing (`profile`), so none are hidden here. */
const SMALL_SUBJECT_COUNT = 100;

export class RuleTable {
  readonly id: string;
  readonly facts: TableFacts;
  readonly sample: TableSample;
  /** Row numbers. */
  readonly fit: Int32Array;
  readonly tune: Int32Array;
  /** A few hundred of `fit`, spread over it. */
  readonly screen: Int32Array;
  /** Those that may take part in a rule. */
  readonly columns: ReadonlyMap<string, RuleColumn>;
  /** Its rows stay what they are, so that their keys mean the same in every generated database. */
  readonly isCopied: boolean;
  /** 1 where a row belongs to a test subject. */
  readonly #hidden: Uint8Array | null;
  readonly #tables: ReadonlyMap<string, RuleTable>;
  readonly #links = new Map<string, Int32Array>();
  readonly #views = new Map<string, Float64Array>();
  #measures: readonly RuleColumn[] | undefined;
  #nullables: readonly RuleColumn[] | undefined;

  constructor(
    facts: TableFacts,
    graphTable: GraphTable,
    sample: TableSample,
    relational: RelationalSample,
    tables: ReadonlyMap<string, RuleTable>,
    excluded: ReadonlySet<string>,
    isCopied: boolean,
  ) {
    this.id = graphTable.id;
    this.facts = facts;
    this.sample = sample;
    this.#tables = tables;
    this.isCopied = isCopied;
    // Whoever's rows they are not, nobody is tested by them: the test part then checks rules, too.
    const hides = graphTable.subjectPath !== null && relational.subjectCount >= SMALL_SUBJECT_COUNT;
    // Few subjects check each other: a rule that all of them keep is one that any part finds and the rest confirm.
    const isCrossFitted = graphTable.subjectPath !== null && !hides;
    const fit: number[] = [];
    const tune: number[] = [];
    const hidden = new Uint8Array(hides ? sample.rowCount : 0);
    for (let row = 0; row < sample.rowCount; row++) {
      const split = relational.unitSplits[sample.units[row]];
      if (split === 'fit' || isCrossFitted) fit.push(row);
      else if (split === 'tune' || !hides) tune.push(row);
      else hidden[row] = 1;
    }
    this.fit = Int32Array.from(fit);
    this.tune = Int32Array.from(tune);
    this.#hidden = hides ? hidden : null;
    this.screen = spread(this.fit, SCREEN_ROWS);
    this.columns = new Map(
      facts.columns
        .filter((column) => sample.columns.has(column.name) && !excluded.has(column.name))
        .map((column) => [
          column.name,
          new RuleColumn(column, sample.columns.get(column.name)!, roleOf(facts, column)),
        ]),
    );
  }

  /** Of each row, the row that the key references: −1 null, −2 not in the sample or a test subject's. */
  links(foreignKey: string): Int32Array {
    let links = this.#links.get(foreignKey);
    if (links === undefined) {
      const hidden = this.parent(foreignKey)!.#hidden;
      links = this.sample.parents.get(foreignKey)!;
      if (hidden !== null) links = links.map((to) => (to >= 0 && hidden[to] === 1 ? -2 : to));
      this.#links.set(foreignKey, links);
    }
    return links;
  }

  /** The table that the key references, if it was sampled. */
  parent(foreignKey: string): RuleTable | undefined {
    return this.#tables.get(tableId(this.foreignKey(foreignKey).referencedTable));
  }

  foreignKey(name: string): ForeignKeyFacts {
    return this.facts.foreignKeys.find((candidate) => candidate.name === name)!;
  }

  /** Foreign keys that lead to sampled rows. */
  foreignKeys(): readonly ForeignKeyFacts[] {
    return this.facts.foreignKeys.filter(
      (key) => this.sample.parents.has(key.name) && this.parent(key.name) !== undefined,
    );
  }

  /** Columns that lie on a line and differ among the fitting rows. */
  measures(): readonly RuleColumn[] {
    this.#measures ??= [...this.columns.values()].filter((column) => column.isMeasure && this.#varies(column.numbers));
    return this.#measures;
  }

  /** Columns that are NULL in some fitting rows, but not in all. */
  nullables(): readonly RuleColumn[] {
    this.#nullables ??= [...this.columns.values()].filter(({ facts, texts }) => {
      if (!facts.nullable) return false;
      let nulls = 0;
      for (const row of this.fit) if (texts[row] === null) nulls++;
      return nulls > 0 && nulls < this.fit.length;
    });
    return this.#nullables;
  }

  #varies(numbers: Float64Array): boolean {
    let first = NaN;
    for (const row of this.fit) {
      const value = numbers[row];
      if (Number.isNaN(first)) first = value;
      else if (!Number.isNaN(value) && value !== first) return true;
    }
    return false;
  }

  /** The column of an operand, wherever it is. */
  columnOf(operand: Operand): RuleColumn {
    if (operand.foreignKey === null) return this.columns.get(operand.column)!;
    const parent = this.parent(operand.foreignKey)!;
    return operand.then === undefined
      ? parent.columns.get(operand.column)!
      : parent.parent(operand.then)!.columns.get(operand.column)!;
  }

  /** The operand's value for each row of this table; NaN where there is none. */
  numbers(operand: Operand): Float64Array {
    if (operand.foreignKey === null) return this.columns.get(operand.column)!.numbers;
    const id = JSON.stringify([operand.foreignKey, operand.then, operand.column]);
    let view = this.#views.get(id);
    if (view === undefined) {
      const links = this.linksAlong(operand.foreignKey, operand.then);
      const values = this.columnOf(operand).numbers;
      view = new Float64Array(links.length);
      for (let row = 0; row < links.length; row++) view[row] = links[row] >= 0 ? values[links[row]] : NaN;
      this.#views.set(id, view);
    }
    return view;
  }

  /** Of each row, the row at the end of one or two foreign keys. */
  linksAlong(foreignKey: string, then?: string): Int32Array {
    const first = this.links(foreignKey);
    if (then === undefined) return first;
    const second = this.parent(foreignKey)!.links(then);
    return first.map((to) => (to >= 0 ? second[to] : to));
  }

  /** Frees what was gathered for this table. */
  forget(): void {
    this.#views.clear();
  }
}

/** What a column may be in a rule. */
export type ColumnRole = 'id' | 'key' | 'value';

/** id: tells rows apart and says nothing else; key: references; value: the rest. */
function roleOf(table: TableFacts, column: ColumnFacts): ColumnRole {
  const { name, type } = column;
  if (table.foreignKeys.some((key) => key.columns.includes(name))) return 'key';
  if (column.identity !== null || column.sequence !== null) return 'id';
  const isMoment = ['date', 'timestamp', 'timestamptz'].includes(type.class);
  if (table.primaryKey?.columns.includes(name) && !isMoment) return 'id';
  const alone = table.uniqueKeys.some((key) => key.columns.length === 1 && key.columns[0] === name);
  return alone && ['integer', 'uuid'].includes(type.class) ? 'id' : 'value';
}

/** At most so many of the rows, evenly. */
export function spread(rows: Int32Array, count: number): Int32Array {
  if (rows.length <= count) return rows;
  return Int32Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]);
}
