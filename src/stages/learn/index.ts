/** Learns every table of a sample, in generation order, each given its context parent. */
import { tableId, type Catalog, type TableFacts } from '../../../connectors/connector.ts';
import type { EventSink } from '../../kernel/events.ts';
import { digest } from '../../kernel/ids.ts';
import type { Split } from '../../kernel/split.ts';
import { fitChain } from '../../model/chain.ts';
import { childDefaults, TABLE_DEFAULTS } from '../../model/conditional.ts';
import { MEMBERSHIP_WARNING, testMembership, worstAuc } from '../../model/self-test.ts';
import type { SelfTest, TableModel } from '../../model/table-model.ts';
import type { GraphTable, RelationGraph } from '../graph/artifact.ts';
import type { Classification } from '../mask/artifact.ts';
import type { RelationalSample, TableSample } from '../profile/artifact.ts';
import type { LearnedModel } from './artifact.ts';
import { contextRegisters, type ContextRegisters } from './context.ts';
import { orderTables } from './order-tables.ts';
import { planTable, type TablePlan } from './plan-table.ts';
import {
  describeRegisters,
  ownRegisters,
  rebase,
  type CodedRegister,
  type IncomingReferences,
  type OwnRegisters,
} from './registers.ts';
import { chooseStrategies, type StrategyChoice, type TableOverride } from './strategies.ts';

/** Under this many units a table is learned with the cautious settings. */
const SMALL_DATA_UNITS = 300;
const SMALL_DATA_GATE = 2;
const MAX_REFITS = 4;
/** Parents with children that a context needs. */
const MIN_CONTEXT_PARENTS = 20;
/** Rows of each unit count as one here: a bin needs about this many units' worth. */
const UNITS_PER_BIN = 40;
const MAX_BINS = 256;
const MIN_BINS = 16;

export interface LearnOptions {
  readonly overrides: ReadonlyMap<string, TableOverride>;
  readonly toolVersion: string;
  readonly now: Date;
}

interface Learning {
  readonly catalog: Catalog;
  readonly graph: RelationGraph;
  readonly sample: RelationalSample;
  readonly strategies: ReadonlyMap<string, StrategyChoice>;
  readonly plans: ReadonlyMap<string, TablePlan>;
  /** Own registers of the tables fitted so far that are somebody's context. */
  readonly fitted: Map<string, { own: readonly CodedRegister[]; ownFrom: number }>;
}

export function learn(
  catalog: Catalog,
  graph: RelationGraph,
  sample: RelationalSample,
  classification: Classification,
  options: LearnOptions,
  sink: EventSink,
  signal?: AbortSignal,
): LearnedModel {
  const facts = new Map(catalog.tables.map((table) => [tableId(table.name), table]));
  const graphTables = new Map(graph.tables.map((table) => [table.id, table]));
  const rowCounts = new Map([...sample.tables].map(([id, table]) => [id, table.totalRowCount]));
  const strategies = chooseStrategies(catalog, graph, classification, rowCounts, options.overrides);
  const order = orderTables(catalog, graph);
  const plans = planTables(order, facts, graphTables, sample, strategies, classification);
  const learning: Learning = { catalog, graph, sample, strategies, plans, fitted: new Map() };

  const tables: TableModel[] = [];
  order.forEach((id, done) => {
    signal?.throwIfAborted();
    sink({ type: 'progress', stage: 'learn', label: id, doneCount: done, totalCount: order.length });
    tables.push(learnTable(facts.get(id)!, graphTables.get(id)!, learning, facts));
  });
  return {
    version: 1,
    catalog,
    graph,
    classification,
    tables,
    provenance: {
      sourceFingerprint: fingerprint(catalog, sample),
      learnedAt: options.now.toISOString(),
      subjectCount: sample.subjectCount,
      subjectRate: sample.subjectRate,
      toolVersion: options.toolVersion,
    },
    gates: [],
  };
}

function planTables(
  order: readonly string[],
  facts: ReadonlyMap<string, TableFacts>,
  graphTables: ReadonlyMap<string, GraphTable>,
  sample: RelationalSample,
  strategies: ReadonlyMap<string, StrategyChoice>,
  classification: Classification,
): Map<string, TablePlan> {
  const plans = new Map<string, TablePlan>();
  for (const id of order) {
    const classified = new Map(
      classification.columns.filter((column) => column.table === id).map((column) => [column.column, column]),
    );
    const graphTable = graphTables.get(id)!;
    const context = contextOf(graphTable, facts.get(id)!, strategies, sample);
    plans.set(id, planTable(facts.get(id)!, graphTable, sample.tables.get(id)!, strategies, context, classified));
  }
  return plans;
}

/** The context foreign key, if its parent is synthesised too and its children were all read. */
function contextOf(
  graphTable: GraphTable,
  table: TableFacts,
  strategies: ReadonlyMap<string, StrategyChoice>,
  sample: RelationalSample,
): string | null {
  const key = table.foreignKeys.find((candidate) => candidate.name === graphTable.contextForeignKey);
  if (key === undefined || strategies.get(graphTable.id)!.strategy !== 'synthesize') return null;
  const to = tableId(key.referencedTable);
  if (strategies.get(to)?.strategy !== 'synthesize') return null;
  const children = sample.tables.get(graphTable.id)!;
  const rate = (table: TableSample): number => table.rowCount / Math.max(1, table.totalRowCount);
  // Children sampled more thinly than their parents would look like fewer children.
  if (rate(children) < 0.9 * rate(sample.tables.get(to)!)) return null;
  // Of a parent that hardly ever has a child nothing can be learned about when it does.
  const withChildren = new Set(children.parents.get(key.name)!.filter((row) => row >= 0)).size;
  return withChildren < MIN_CONTEXT_PARENTS ? null : key.name;
}

function learnTable(
  table: TableFacts,
  graphTable: GraphTable,
  learning: Learning,
  facts: ReadonlyMap<string, TableFacts>,
): TableModel {
  const id = graphTable.id;
  const { strategy, reason } = learning.strategies.get(id)!;
  const sample = learning.sample.tables.get(id)!;
  const plan = learning.plans.get(id)!;
  const base = { id, strategy, strategyReason: reason, sourceRowCount: sample.totalRowCount };
  if (strategy !== 'synthesize') return unlearned(base, table, strategy === 'copy' ? sample : null);

  const fitRows = rowsOf(sample, learning.sample.unitSplits, graphTable);
  const incoming = incomingReferences(id, learning, facts);
  const contextKey = table.foreignKeys.find((key) => plan.foreignKeys.get(key.name) === 'context');
  const parent = contextKey === undefined ? undefined : learning.fitted.get(tableId(contextKey.referencedTable));
  const unitCount = new Set(Array.from(fitRows, (row) => sample.units[row])).size;
  const encode = (maxBins: number): Encoded => {
    const own = ownRegisters(table, plan, sample, fitRows, incoming, maxBins);
    const context =
      contextKey === undefined || parent === undefined
        ? NO_CONTEXT
        : contextRegisters(table, sample, contextKey.name, parent, own.registers);
    return { own, context };
  };
  const { own, context, chain, selfTest } = fitTable(
    id,
    encode,
    sample,
    fitRows,
    unitCount,
    graphTable,
    learning.sample,
  );
  const ownFrom = context.coded.length;
  learning.fitted.set(id, { own: own.registers, ownFrom });
  const models = rebase(own, ownFrom);
  return {
    ...base,
    smallData: unitCount < SMALL_DATA_UNITS,
    columns: models.columns,
    foreignKeys: models.foreignKeys.map((key, i) => ({
      ...key,
      referencedTable: tableId(table.foreignKeys[i].referencedTable),
      degrees: degreesOf(
        sample.parents.get(key.name),
        learning.sample.tables.get(tableId(table.foreignKeys[i].referencedTable)),
      ),
    })),
    registers: [...context.registers, ...describeRegisters('own', own.registers, (i) => ownFrom + i)],
    ownFrom,
    chain,
    incoming: models.incoming,
    rows: null,
    selfTest,
  };
}

function unlearned(
  base: Pick<TableModel, 'id' | 'strategy' | 'strategyReason' | 'sourceRowCount'>,
  table: TableFacts,
  copied: TableSample | null,
): TableModel {
  const foreignKeys = table.foreignKeys.map((key) => ({
    name: key.name,
    referencedTable: tableId(key.referencedTable),
    columns: key.columns,
    referencedColumns: key.referencedColumns,
    maker: { by: 'implied' as const },
    unique: false,
    nullRate: 0,
    degrees: [],
  }));
  return {
    ...base,
    smallData: false,
    columns: [],
    foreignKeys,
    registers: [],
    ownFrom: 0,
    chain: null,
    incoming: [],
    rows: copied === null ? null : copied.columns,
    selfTest: null,
  };
}

/**
 * The rows that may be learned from: those of fitting subjects. A table that reaches no subject holds nobody's rows,
 * so all of it may be used; so may the non-test rows of one whose few subjects all fell to the other parts.
 */
function rowsOf(sample: TableSample, splits: readonly Split[], graphTable: GraphTable): Int32Array {
  const all = Int32Array.from({ length: sample.rowCount }, (_, i) => i);
  if (graphTable.subjectPath === null) return all;
  const fit = all.filter((row) => splits[sample.units[row]] === 'fit');
  if (fit.length > 0) return fit;
  const untested = all.filter((row) => splits[sample.units[row]] !== 'test');
  return untested.length > 0 ? untested : all;
}

function incomingReferences(
  id: string,
  learning: Learning,
  facts: ReadonlyMap<string, TableFacts>,
): IncomingReferences[] {
  const incoming: IncomingReferences[] = [];
  for (const [from, plan] of learning.plans) {
    if (learning.strategies.get(from)!.strategy !== 'synthesize') continue;
    for (const key of facts.get(from)!.foreignKeys) {
      const kind = plan.foreignKeys.get(key.name)!;
      if (tableId(key.referencedTable) !== id || (kind !== 'context' && kind !== 'quota' && kind !== 'forest'))
        continue;
      const counts = new Uint32Array(learning.sample.tables.get(id)!.rowCount);
      learning.sample.tables
        .get(from)!
        .parents.get(key.name)!
        .forEach((to, row) => {
          // A root that references itself has no parent.
          if (to >= 0 && !(kind === 'forest' && to === row)) counts[to]++;
        });
      incoming.push({ table: from, foreignKey: key.name, counts });
    }
  }
  return incoming;
}

interface Encoded {
  readonly own: OwnRegisters;
  readonly context: ContextRegisters;
}

const NO_CONTEXT: ContextRegisters = { coded: [], registers: [] };

/** Fits, tests itself, and where it knows its own subjects too well fits again with fewer bins and a higher gate. */
function fitTable(
  id: string,
  encode: (maxBins: number) => Encoded,
  sample: TableSample,
  fitRows: Int32Array,
  unitCount: number,
  graphTable: GraphTable,
  relational: RelationalSample,
): Encoded & { chain: TableModel['chain']; selfTest: SelfTest | null } {
  const named = (registers: readonly CodedRegister[]): { name: string; column: CodedRegister }[] =>
    registers.map((column) => ({ name: column.name, column }));
  // A subject with many rows weighs on every bin that they fall into: bins widen with the rows that a subject has.
  const rowsPerUnit = fitRows.length / Math.max(1, unitCount);
  const hasSubject = graphTable.subjectPath !== null;
  let maxBins = hasSubject ? clamp(fitRows.length / (UNITS_PER_BIN * rowsPerUnit), MIN_BINS, MAX_BINS) : MAX_BINS;
  const defaults = hasSubject ? childDefaults(fitRows.length, unitCount) : TABLE_DEFAULTS;
  let gate = unitCount < SMALL_DATA_UNITS ? Math.max(SMALL_DATA_GATE, defaults.gate) : defaults.gate;
  for (let attempt = 0; ; attempt++) {
    const { own, context } = encode(maxBins);
    if (own.registers.length === 0 || fitRows.length === 0) return { own, context, chain: null, selfTest: null };
    const options = {
      ...defaults,
      minRows: context.coded.length > 0 ? defaults.minRows : TABLE_DEFAULTS.minRows,
      gate,
      rows: fitRows,
    };
    const chain = fitChain(named(own.registers), named(context.coded), sample.units, options);
    if (!hasSubject) return { own, context, chain, selfTest: null };
    const tuneRows = Int32Array.from(sample.units.keys()).filter(
      (row) => relational.unitSplits[sample.units[row]] === 'tune',
    );
    const result = worstAuc(
      testMembership(chain, named(own.registers), named(context.coded), sample.units, fitRows, tuneRows),
    );
    const tuneUnits = new Set(Array.from(tuneRows, (row) => sample.units[row])).size;
    const selfTest: SelfTest = {
      table: id,
      auc: result?.auc ?? null,
      standardError: result?.standardError ?? null,
      unitCount: Math.min(unitCount, tuneUnits),
      gateMultiplier: gate / defaults.gate,
    };
    const safe = result === null || result.auc <= MEMBERSHIP_WARNING;
    if (safe || attempt === MAX_REFITS) return { own, context, chain, selfTest };
    gate *= 1.5;
    maxBins = clamp(maxBins / 2, MIN_BINS / 2, MAX_BINS);
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, Math.round(value)));
}

/** [children, parents][] of a foreign key in the sample. */
function degreesOf(
  links: Int32Array | undefined,
  parent: TableSample | undefined,
): readonly (readonly [number, number])[] {
  if (links === undefined || parent === undefined) return [];
  const counts = new Uint32Array(parent.rowCount);
  for (const to of links) if (to >= 0) counts[to]++;
  const histogram = new Map<number, number>();
  for (const count of counts) histogram.set(count, (histogram.get(count) ?? 0) + 1);
  return [...histogram].sort((a, b) => a[0] - b[0]);
}

function fingerprint(catalog: Catalog, sample: RelationalSample): string {
  const counts = [...sample.tables].map(([id, table]) => `${id}=${table.totalRowCount}`);
  return digest(catalog.database, ...catalog.script.map((statement) => statement.sql), ...counts);
}
