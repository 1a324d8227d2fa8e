/** Learns every table of a sample, in generation order, each given its context parent. */
import { tableId, type Catalog, type TableFacts } from '../../../connectors/connector.ts';
import type { EventSink } from '../../kernel/events.ts';
import { digest } from '../../kernel/ids.ts';
import { pause } from '../../kernel/pause.ts';
import type { Split } from '../../kernel/split.ts';
import { fitChain, type Chain, type ChainOptions } from '../../model/chain.ts';
import { childDefaults, TABLE_DEFAULTS } from '../../model/conditional.ts';
import { MEMBERSHIP_WARNING, testMembership, worstAuc } from '../../model/self-test.ts';
import type { AucEstimate } from '../../numeric/auc.ts';
import { isRepeated } from '../../model/encoders/moment.ts';
import { SPECIAL_VALUES } from '../../model/encoders/special.ts';
import { groupBounds, RowModel } from '../../model/row-model.ts';
import type { MinedRule } from '../../model/rules.ts';
import type { SelfTest, TableModel } from '../../model/table-model.ts';
import type { GraphTable, RelationGraph } from '../graph/artifact.ts';
import type { Classification } from '../mask/artifact.ts';
import type { RelationalSample, TableSample } from '../profile/artifact.ts';
import type { LearnedModel } from './artifact.ts';
import { applyRules } from './apply-rules.ts';
import { findAgreements, followAgreements, type Agreement } from './agreement.ts';
import { chooseReached, contextRegisters, siblingOrder, type ContextRegisters, type FittedTable } from './context.ts';
import { codeMoments, codePace, momentValues } from './moments.ts';
import { chooseContexts, orderTables } from './order-tables.ts';
import { mineRules } from './rules/index.ts';
import { miningOptions } from './rules/mining-options.ts';
import { planTable, type TablePlan } from './plan-table.ts';
import { reachableRegisters } from './reach.ts';
import {
  describeOwn,
  ownRegisters,
  rebase,
  withReached,
  type CodedRegister,
  type IncomingReferences,
  type OwnRegisters,
  type ReachedRegister,
} from './registers.ts';
import { countUnits, isSmall, rowsToLearn } from './rows-to-learn.ts';
import { chooseStrategies, type StrategyChoice, type TableOverride } from './strategies.ts';

const EXPIRES_AFTER_DAYS = 180;
const DAY_MS = 86_400_000;
const SMALL_DATA_GATE = 2;
const MAX_REFITS = 4;
/** Rows of each unit count as one here: a bin needs about this many units' worth. */
const UNITS_PER_BIN = 40;
const MAX_BINS = 256;
const MIN_BINS = 16;

export interface LearnOptions {
  readonly overrides: ReadonlyMap<string, TableOverride>;
  readonly toolVersion: string;
  readonly now: Date;
  /** Days for which the model holds. */
  readonly expiresAfterDays?: number;
  /** Overrides of how tables are fitted: to measure what the defaults are good for. */
  readonly fitting?: Partial<ChainOptions>;
}

interface Learning {
  readonly fitting: Partial<ChainOptions>;
  readonly catalog: Catalog;
  readonly graph: RelationGraph;
  readonly sample: RelationalSample;
  readonly strategies: ReadonlyMap<string, StrategyChoice>;
  readonly plans: ReadonlyMap<string, TablePlan>;
  readonly facts: ReadonlyMap<string, TableFacts>;
  readonly rules: ReadonlyMap<string, readonly MinedRule[]>;
  /** Tables fitted so far, as contexts. */
  readonly fitted: Map<string, FittedTable & { readonly moments: ReadonlyMap<string, Float64Array> }>;
}

/** Throws `LEARN_UNSUPPORTED`; between two tables, the reason of `signal`. */
export async function learn(
  catalog: Catalog,
  graph: RelationGraph,
  sample: RelationalSample,
  classification: Classification,
  options: LearnOptions,
  sink: EventSink,
  signal?: AbortSignal,
): Promise<LearnedModel> {
  await pause(signal);
  const facts = new Map(catalog.tables.map((table) => [tableId(table.name), table]));
  const graphTables = new Map(graph.tables.map((table) => [table.id, table]));
  const rowCounts = new Map([...sample.tables].map(([id, table]) => [id, table.totalRowCount]));
  const strategies = chooseStrategies(catalog, graph, classification, rowCounts, options.overrides);
  const rules = byTable(mineRules(catalog, graph, sample, miningOptions(classification, strategies)));
  const agreements = new Map(
    catalog.tables
      .filter((table) => strategies.get(tableId(table.name))?.strategy === 'synthesize')
      .map((table) => [tableId(table.name), findAgreements(table, facts, sample)]),
  );
  const contexts = chooseContexts(graph, facts, strategies, sample, rules, agreements);
  const order = orderTables(catalog, graph, contexts);
  const plans = planTables(order, facts, graphTables, sample, strategies, classification, contexts, rules, agreements);
  const learning: Learning = {
    fitting: options.fitting ?? {},
    catalog,
    graph,
    sample,
    strategies,
    plans,
    facts,
    rules,
    fitted: new Map(),
  };

  const tables: TableModel[] = [];
  for (const [done, id] of order.entries()) {
    await pause(signal);
    sink({ type: 'progress', stage: 'learn', label: id, doneCount: done, totalCount: order.length });
    tables.push(learnTable(facts.get(id)!, graphTables.get(id)!, learning));
  }
  return {
    version: 1,
    catalog,
    graph,
    classification,
    tables,
    provenance: {
      sourceFingerprint: fingerprint(catalog, sample),
      learnedAt: options.now.toISOString(),
      expiresAt: new Date(
        options.now.getTime() + (options.expiresAfterDays ?? EXPIRES_AFTER_DAYS) * DAY_MS,
      ).toISOString(),
      subjectCount: sample.subjectCount,
      splitCounts: splitCounts(sample),
      subjectRate: sample.subjectRate,
      toolVersion: options.toolVersion,
    },
    gates: [],
  };
}

function byTable(mined: readonly MinedRule[]): Map<string, readonly MinedRule[]> {
  const rules = new Map<string, MinedRule[]>();
  for (const rule of mined) rules.set(rule.table, [...(rules.get(rule.table) ?? []), rule]);
  return rules;
}

function planTables(
  order: readonly string[],
  facts: ReadonlyMap<string, TableFacts>,
  graphTables: ReadonlyMap<string, GraphTable>,
  sample: RelationalSample,
  strategies: ReadonlyMap<string, StrategyChoice>,
  classification: Classification,
  contexts: ReadonlyMap<string, string | null>,
  rules: ReadonlyMap<string, readonly MinedRule[]>,
  agreements: ReadonlyMap<string, readonly Agreement[]>,
): Map<string, TablePlan> {
  const plans = new Map<string, TablePlan>();
  for (const id of order) {
    const classified = new Map(
      classification.columns.filter((column) => column.table === id).map((column) => [column.column, column]),
    );
    const table = facts.get(id)!;
    const context = contexts.get(id)!;
    const plan = planTable(table, graphTables.get(id)!, sample.tables.get(id)!, strategies, context, classified);
    const ruled = followAgreements(
      applyRules(table, facts, contexts, plan, rules.get(id) ?? []),
      agreements.get(id) ?? [],
    );
    plans.set(id, { ...ruled, early: earlyKeys(table, ruled, rules.get(id) ?? [], (to) => plans.has(to)) });
  }
  return plans;
}

function learnTable(table: TableFacts, graphTable: GraphTable, learning: Learning): TableModel {
  const { facts } = learning;
  const id = graphTable.id;
  const { strategy, reason } = learning.strategies.get(id)!;
  const sample = learning.sample.tables.get(id)!;
  const plan = learning.plans.get(id)!;
  const base = { id, strategy, strategyReason: reason, sourceRowCount: sample.totalRowCount };
  if (strategy !== 'synthesize') return unlearned(base, table, strategy === 'copy' ? sample : null);

  const fitRows = rowsToLearn(sample, learning.sample.unitSplits, graphTable);
  const incoming = incomingReferences(id, learning, facts);
  const contextKey = table.foreignKeys.find((key) => plan.foreignKeys.get(key.name) === 'context');
  const parentId = contextKey === undefined ? null : tableId(contextKey.referencedTable);
  const parent = parentId === null ? undefined : learning.fitted.get(parentId);
  const siblings = contextKey === undefined ? null : siblingOrder(table, sample, contextKey.name);
  const moments = momentColumns(table, plan, sample, fitRows);
  const parentMoments =
    contextKey === undefined || parent === undefined
      ? null
      : { columns: parent.moments, links: sample.parents.get(contextKey.name)! };
  const behind = (keys: readonly string[]): readonly ReachedRegister[] => reachableRegisters(id, keys, learning);
  const encode = (maxBins: number): Encoded => {
    const momentPlan = codeMoments(table, moments, sample, fitRows, parentMoments, siblings, maxBins);
    const plain = ownRegisters(table, plan, sample, fitRows, incoming, maxBins, momentPlan);
    const own = withReached(plain, chooseReached(behind([...plan.early]), restOf(plain), fitRows));
    const context =
      contextKey === undefined || parent === undefined
        ? NO_CONTEXT
        : contextRegisters(
            sample,
            contextKey.name,
            fitRows,
            parent,
            siblings!,
            own.registers,
            behind([contextKey.name]),
            codePace(momentPlan, sample, siblings!),
          );
    return { own, context };
  };
  const { own, context, rowModel, selfTest, unitCount } = fitTable(id, encode, sample, fitRows, graphTable, learning);
  const ownFrom = context.coded.length;
  learning.fitted.set(id, {
    registers: [
      ...context.coded.flatMap((register, at) =>
        context.registers[at].origin === 'parent' ? [{ ...register, at, isOwn: false }] : [],
      ),
      ...own.registers.map((register, i) => ({ ...register, at: ownFrom + i, isOwn: !isReached(own, i) })),
    ],
    moments: new Map(moments.map((name) => [name, momentValues(sample.columns.get(name)!)])),
  });
  const models = rebase(own, ownFrom);
  return {
    ...base,
    smallData: isSmall(unitCount),
    columns: models.columns,
    foreignKeys: models.foreignKeys.map((key, i) => ({
      ...key,
      referencedTable: tableId(table.foreignKeys[i].referencedTable),
      degrees: degreesOf(
        sample.parents.get(key.name),
        learning.sample.tables.get(tableId(table.foreignKeys[i].referencedTable)),
      ),
    })),
    registers: [...context.registers, ...describeOwn(own, own.reached, ownFrom)],
    ownFrom,
    rowModel,
    calendar: models.calendar,
    rules: (learning.rules.get(id) ?? []).filter((rule) => isHeldBySome(rule, plan)),
    incoming: models.incoming,
    rows: null,
    selfTest,
  };
}

/** Moments that are learned, and that are events: not labels that whole batches share, and there in enough rows. */
function momentColumns(table: TableFacts, plan: TablePlan, sample: TableSample, fitRows: Int32Array): string[] {
  const units = Uint32Array.from(fitRows, (row) => sample.units[row]);
  return table.columns
    .filter(
      (column) =>
        ['date', 'timestamp', 'timestamptz'].includes(column.type.class) &&
        plan.columns.get(column.name)?.by === 'encoder',
    )
    .map((column) => column.name)
    .filter((name) => {
      const values = sample.columns.get(name)!;
      const fit = Array.from(fitRows, (row) => values[row]);
      // An infinite moment has no distance from anything.
      const isFinite = values.every((value) => value === null || !SPECIAL_VALUES.has(value));
      return isFinite && fit.some((value) => value !== null) && !isRepeated(fit, units);
    });
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
    rowModel: null,
    calendar: [],
    rules: [],
    incoming: [],
    rows: copied === null ? null : copied.columns,
    selfTest: null,
  };
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
  graphTable: GraphTable,
  { sample: relational, fitting }: Pick<Learning, 'sample' | 'fitting'>,
): Encoded & { rowModel: RowModel | null; selfTest: SelfTest | null; unitCount: number } {
  const unitCount = countUnits(sample, fitRows);
  // A subject with many rows weighs on every bin that they fall into: bins widen with the rows that a subject has.
  const rowsPerUnit = fitRows.length / Math.max(1, unitCount);
  const hasSubject = graphTable.subjectPath !== null;
  let maxBins = hasSubject ? clamp(fitRows.length / (UNITS_PER_BIN * rowsPerUnit), MIN_BINS, MAX_BINS) : MAX_BINS;
  const defaults = hasSubject ? childDefaults(fitRows.length, unitCount) : TABLE_DEFAULTS;
  const firstGate = isSmall(unitCount) ? SMALL_DATA_GATE : defaults.gate;
  let gate = firstGate;
  // What many rows of a unit add to the gate is less where it is high already.
  const clustered = defaults.clustered && {
    ...defaults.clustered,
    gateFactor: Math.max(1, (defaults.clustered.gateFactor * defaults.gate) / firstGate),
  };
  const rowsIn = (...splits: readonly Split[]): Int32Array =>
    Int32Array.from(sample.units.keys()).filter((row) => splits.includes(relational.unitSplits[sample.units[row]]));
  for (let attempt = 0; ; attempt++) {
    const encoded = encode(maxBins);
    const { own, context } = encoded;
    if (own.registers.length === 0 || fitRows.length === 0)
      return { ...encoded, rowModel: null, selfTest: null, unitCount };
    const rowModel = fitRowModel(encoded, sample.units, { ...defaults, clustered, gate, rows: fitRows, ...fitting });
    if (!hasSubject) return { ...encoded, rowModel, selfTest: null, unitCount };
    const test = (unseen: Int32Array): AucEstimate | null =>
      worstAuc(testMembership(rowModel, named(own.registers), named(context.coded), sample.units, fitRows, unseen));
    const tuned = test(rowsIn('tune'));
    if (tuned !== null && tuned.auc > MEMBERSHIP_WARNING && attempt < MAX_REFITS) {
      gate *= 1.5;
      maxBins = clamp(maxBins / 2, MIN_BINS / 2, MAX_BINS);
      continue;
    }
    // What is reported is measured on all subjects that took no part, now that nothing is decided by it any more.
    const unseen = rowsIn('tune', 'test');
    const final = test(unseen);
    const selfTest: SelfTest = {
      table: id,
      auc: final?.auc ?? null,
      standardError: final?.standardError ?? null,
      unitCount: Math.min(unitCount, countUnits(sample, unseen)),
      gateMultiplier: gate / defaults.gate,
    };
    return { ...encoded, rowModel, selfTest, unitCount };
  }
}

function fitRowModel({ own, context }: Encoded, units: Uint32Array, options: ChainOptions): RowModel {
  const { keysFrom, keyCount, restFrom } = groupBounds(own.groups);
  const fit = (from: number, to: number): Chain | null => {
    if (from === to) return null;
    const before = [...context.coded, ...own.registers.slice(0, from)];
    return fitChain(named(own.registers.slice(from, to)), named(before), units, options);
  };
  const moments = fit(0, own.groups.momentCount);
  const keys = fit(keysFrom, keysFrom + keyCount);
  return new RowModel({ moments, keys, rest: fit(restFrom, own.registers.length) }, own.groups);
}

/** The registers that may depend on what is read behind the row's keys. */
function restOf(own: OwnRegisters): readonly CodedRegister[] {
  return own.registers.slice(groupBounds(own.groups).restFrom);
}

function isReached({ groups }: OwnRegisters, i: number): boolean {
  const { keysFrom, keyCount, restFrom } = groupBounds(groups);
  return i >= keysFrom + keyCount && i < restFrom;
}

/**
 * Keys whose row can be chosen before the row's own values are drawn: its table is made before, no column of the key is
 * set by anything else, and neither a unique key nor an order joins it with a value that is drawn later: which row is
 * referenced then depends on that value.
 */
function earlyKeys(
  table: TableFacts,
  plan: TablePlan,
  rules: readonly MinedRule[],
  isMadeBefore: (id: string) => boolean,
): ReadonlySet<string> {
  const isSettled = (name: string | null): boolean =>
    name !== null &&
    (['foreign-key', 'serial'].includes(plan.columns.get(name)?.by ?? '') ||
      ['date', 'timestamp', 'timestamptz'].includes(table.columns.find((column) => column.name === name)!.type.class));
  const early = table.foreignKeys.filter((key) => {
    const joined = [table.primaryKey, ...table.uniqueKeys].filter(
      (unique) => unique !== null && unique.columns.some((name) => name !== null && key.columns.includes(name)),
    );
    if (!joined.every((unique) => unique!.columns.every(isSettled))) return false;
    const partners = rules.flatMap((rule) => {
      if (rule.kind !== 'order' || ![rule.low, rule.high].some(({ foreignKey }) => foreignKey === key.name)) return [];
      return [rule.low, rule.high].filter(({ foreignKey }) => foreignKey !== key.name);
    });
    if (!partners.every(({ foreignKey, column }) => foreignKey === null && isSettled(column))) return false;
    if (plan.foreignKeys.get(key.name) !== 'quota' || !isMadeBefore(tableId(key.referencedTable))) return false;
    return key.columns.every((column) => {
      const users = table.foreignKeys.filter((other) => other.columns.includes(column));
      return plan.columns.get(column)?.by === 'foreign-key' && users.length === 1;
    });
  });
  return new Set(early.map((key) => key.name));
}

function named(registers: readonly CodedRegister[]): { name: string; column: CodedRegister }[] {
  return registers.map((column) => ({ name: column.name, column }));
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, Math.round(value)));
}

/** What depends on values that are made anew, or tells them, is no rule of the made rows: they have their own. */
function isHeldBySome(rule: MinedRule, plan: TablePlan): boolean {
  if (rule.kind !== 'dependency') return true;
  return [...rule.from, rule.to].every((column) => plan.columns.get(column)?.by !== 'mask');
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

/** Subjects are the first units. */
function splitCounts({ unitSplits, subjectCount }: RelationalSample): Record<Split, number> {
  const counts = { fit: 0, tune: 0, test: 0 };
  for (const split of unitSplits.slice(0, subjectCount)) counts[split]++;
  return counts;
}

function fingerprint(catalog: Catalog, sample: RelationalSample): string {
  const counts = [...sample.tables].map(([id, table]) => `${id}=${table.totalRowCount}`);
  return digest(catalog.database, ...catalog.script.map((statement) => statement.sql), ...counts);
}
