import { tableId } from '../../../connectors/connector.ts';
import type { ColumnFacts, TableFacts, TypeClass } from '../../../connectors/connector.ts';
import type { Split } from '../../kernel/split.ts';
import type { GraphTable } from '../graph/artifact.ts';
import type { ColumnClassification } from '../mask/artifact.ts';
import type { TableSample } from '../profile/artifact.ts';
import type { ScanInput, ScanStrategy } from './input.ts';
import { parseOrdered } from './ordered-value.ts';

export type ColumnKind = 'ordered' | 'categorical' | 'text';

/** A column as the scan sees it. */
export interface ColumnView {
  readonly name: string;
  readonly typeClass: TypeClass;
  readonly kind: ColumnKind;
  /** Part of a key or of a foreign key: made by structure, not learned. */
  readonly isKey: boolean;
  /** Says something about a person: its values are never shown. */
  readonly isPersonal: boolean;
  /** A personal column whose values `mask` replaced: nothing learned to judge. */
  readonly isReplaced: boolean;
  /** More than one value in the source, NULL included. */
  readonly varies: boolean;
  readonly classification: ColumnClassification | null;
  readonly source: readonly (string | null)[];
  readonly target: readonly (string | null)[];
  /** Of `ordered` columns: NaN = NULL. Empty otherwise. */
  readonly sourceNumbers: Float64Array;
  readonly targetNumbers: Float64Array;
}

/** A table that is on both sides, with everything that its gates ask for. */
export interface TableView {
  readonly id: string;
  readonly facts: TableFacts;
  readonly graph: GraphTable | null;
  readonly strategy: ScanStrategy;
  readonly source: TableSample;
  readonly target: TableSample;
  /** [rows of the source sample] */
  readonly sourceSplits: readonly Split[];
  readonly sourceUnitCount: number;
  readonly targetUnitCount: number;
  readonly columns: readonly ColumnView[];
}

const ORDERED: ReadonlySet<TypeClass> = new Set<TypeClass>([
  'integer',
  'decimal',
  'float',
  'money',
  'date',
  'timestamp',
  'timestamptz',
  'time',
  'timetz',
]);

const MOMENTS: ReadonlySet<TypeClass> = new Set<TypeClass>(['date', 'timestamp', 'timestamptz']);

/** Treatments that leave a column's learned or real distribution in place. */
const KEEPS_DISTRIBUTION: ReadonlySet<string> = new Set(['synthesize', 'keep', 'bucket', 'shift']);

/** Views of all tables that have a sample on both sides, in catalog order. */
export function tableViews(input: ScanInput): TableView[] {
  const classified = new Map(input.classification.columns.map((entry) => [`${entry.table}\0${entry.column}`, entry]));
  const nodes = new Map(input.graph.tables.map((table) => [table.id, table]));
  const views: TableView[] = [];
  for (const facts of input.catalog.tables) {
    const id = tableId(facts.name);
    const source = input.source.sample.tables.get(id);
    const target = input.target.sample.tables.get(id);
    if (source === undefined || target === undefined) continue;
    const keys = keyColumns(facts);
    views.push({
      id,
      facts,
      graph: nodes.get(id) ?? null,
      strategy: input.strategies.get(id) ?? 'synthesize',
      source,
      target,
      sourceSplits: Array.from(source.units, (unit) => input.source.sample.unitSplits[unit]),
      sourceUnitCount: new Set(source.units).size,
      targetUnitCount: new Set(target.units).size,
      columns: facts.columns
        .filter(
          (column) => column.generated === null && source.columns.has(column.name) && target.columns.has(column.name),
        )
        .map((column) => columnView(column, keys, classified.get(`${id}\0${column.name}`) ?? null, source, target)),
    });
  }
  return views;
}

function columnView(
  facts: ColumnFacts,
  keys: ReadonlySet<string>,
  classification: ColumnClassification | null,
  source: TableSample,
  target: TableSample,
): ColumnView {
  const sourceValues = source.columns.get(facts.name) ?? [];
  const targetValues = target.columns.get(facts.name) ?? [];
  const distinct = new Set(sourceValues);
  const kind = kindOf(facts.type.class, distinct.size, sourceValues.length);
  const isPersonal = classification !== null && classification.sensitivity !== 'none';
  const numbers = (values: readonly (string | null)[]): Float64Array =>
    kind === 'ordered'
      ? Float64Array.from(values, (value) => parseOrdered(facts.type.class, value))
      : new Float64Array(0);
  return {
    name: facts.name,
    typeClass: facts.type.class,
    kind,
    isKey: keys.has(facts.name) || classification?.treatment === 'structural',
    isPersonal,
    // A treatment that somebody asked for replaces a column's values, whosever they are.
    isReplaced:
      classification !== null &&
      classification.treatment !== 'structural' &&
      !KEEPS_DISTRIBUTION.has(classification.treatment),
    varies: distinct.size > 1,
    classification,
    source: sourceValues,
    target: targetValues,
    sourceNumbers: numbers(sourceValues),
    targetNumbers: numbers(targetValues),
  };
}

/** Texts that repeat are categories; the others are compared by their lengths. */
function kindOf(typeClass: TypeClass, distinctCount: number, rowCount: number): ColumnKind {
  if (ORDERED.has(typeClass)) return 'ordered';
  if (typeClass === 'boolean' || typeClass === 'enum') return 'categorical';
  const repeats = distinctCount <= 10 || (distinctCount <= 500 && distinctCount <= rowCount / 5);
  return repeats ? 'categorical' : 'text';
}

/** A moment that is part of a longer key, as in a partitioned table, is learned like any other. */
function keyColumns(facts: TableFacts): Set<string> {
  const keys = new Set<string>();
  const primary = (facts.primaryKey?.columns ?? []).filter((column) => column !== null);
  const isMoment = (name: string): boolean =>
    MOMENTS.has(facts.columns.find((column) => column.name === name)?.type.class ?? 'other');
  for (const column of primary) if (primary.length === 1 || !isMoment(column)) keys.add(column);
  for (const key of facts.foreignKeys) for (const column of key.columns) keys.add(column);
  for (const key of facts.uniqueKeys) if (key.columns.length === 1 && key.columns[0] !== null) keys.add(key.columns[0]);
  return keys;
}

/** Columns that can tell one row from another and were learned: what a copy is a copy of. */
export function informativeColumns(view: TableView): ColumnView[] {
  return view.columns.filter(
    (column) => column.kind !== 'text' && !column.isKey && !column.isReplaced && column.varies,
  );
}
