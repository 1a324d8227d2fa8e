import { tableId } from '../../../connectors/connector.ts';
import { qError, summarizeErrors } from '../../metrics/q-error.ts';
import { RandomCursor, streamKey } from '../../numeric/random.ts';
import type { QueryFidelity } from './artifact.ts';
import { commonLevels } from './bins.ts';
import { shuffledRows, type FidelityTable } from './fidelity-table.ts';
import type { ColumnView } from './table-view.ts';

const QUERY_COUNT = 150;
const MAX_TRIES = 1500;
const MIN_TABLE_ROWS = 20;
/** A query must find so many rows in the smallest part of the source that it is asked of. */
const MIN_FOUND = 10;
const JOIN_COUNTS = [0, 0, 1, 1, 1, 2, 2, 2, 3, 3] as const;

/** One table of a query, with what is asked of it and what is joined to it. */
interface Place {
  readonly table: FidelityTable;
  readonly predicates: Predicate[];
  readonly joins: Join[];
}

interface Join {
  readonly to: Place;
  /** Declared by the table that it starts from (`up`), or by the one that it leads to. */
  readonly direction: 'up' | 'down';
  readonly foreignKey: string;
}

interface Predicate {
  readonly column: ColumnView;
  /** Of ordered columns, both ends included. */
  readonly range: readonly [low: number, high: number] | null;
  /** Of the others: the level that is asked for; null asks for NULL. */
  readonly level: string | null;
}

/** Levels that 5 units share, as far as they were asked for. */
type CommonLevels = Map<ColumnView, Set<string | null>>;

type Side = 'source' | 'target' | 'shuffled';

/**
 * q-errors of counts over select-project-join queries along foreign keys, with predicates on one or two columns,
 * answered on the samples of both sides. Counts are put in relation to the rows of the largest table of the query. The
 * ceiling is how well the answers of some units of the source foretell those of the others, the floor what the source
 * answers when every column of it is shuffled.
 */
export function queryErrors(tables: readonly FidelityTable[], seed: number): QueryFidelity | null {
  const random = new RandomCursor(streamKey(seed, 'scan', 'queries')).seek(0);
  const usable = tables.filter(
    ({ view }) => view.source.rowCount >= MIN_TABLE_ROWS && view.target.rowCount > 0 && view.strategy !== 'empty',
  );
  if (usable.length === 0) return null;
  const evaluator = new Evaluator();
  const common: CommonLevels = new Map();
  const errors: Record<'target' | 'ceiling' | 'floor', number[]> = { target: [], ceiling: [], floor: [] };
  const seen = new Set<string>();
  for (let tries = 0; tries < MAX_TRIES && errors.target.length < QUERY_COUNT; tries++) {
    const query = drawQuery(usable, random, common);
    if (query === null || seen.has(query.name)) continue;
    seen.add(query.name);
    const { root, largest } = query;
    const reference = evaluator.weights(root, 'source');
    const { kept } = root.table;
    const found = sum(reference);
    const keptFound = kept.reduce((total, row) => total + reference[row], 0);
    const keptRate = kept.length / Math.max(1, kept.length + root.table.reference.length);
    if (keptRate === 0 || found * keptRate < MIN_FOUND) continue;
    const others = root.table.reference.reduce((total, row) => total + reference[row], 0);
    const scale = largest.view.target.rowCount / largest.view.source.rowCount;
    errors.target.push(qError(sum(evaluator.weights(root, 'target')), found * scale));
    errors.ceiling.push(qError(keptFound, (others * kept.length) / Math.max(1, root.table.reference.length)));
    errors.floor.push(qError(sum(evaluator.weights(root, 'shuffled')), found));
  }
  if (errors.target.length < 10) return null;
  return {
    queryCount: errors.target.length,
    value: summarizeErrors(errors.target),
    ceiling: summarizeErrors(errors.ceiling),
    floor: summarizeErrors(errors.floor),
  };
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function drawQuery(
  tables: readonly FidelityTable[],
  random: RandomCursor,
  common: CommonLevels,
): { root: Place; largest: FidelityTable; name: string } | null {
  const pick = <T>(items: readonly T[]): T => items[random.nextInteger(items.length)];
  const root: Place = { table: drawTable(tables, random), predicates: [], joins: [] };
  const places = [root];
  const names: string[] = [root.table.view.id];
  let downCount = 0;
  for (let joins = pick(JOIN_COUNTS); joins > 0; joins--) {
    const options = places.flatMap((from) => steps(from, tables, downCount === 0));
    if (options.length === 0) break;
    const { from, table, direction, foreignKey } = pick(options);
    const to: Place = { table, predicates: [], joins: [] };
    from.joins.push({ to, direction, foreignKey });
    places.push(to);
    if (direction === 'down') downCount++;
    names.push(`${direction} ${foreignKey} ${table.view.id}`);
  }
  const columns = places.flatMap((place) =>
    place.table.columns.filter(({ kind }) => kind !== 'text').map((column) => ({ place, column })),
  );
  if (columns.length === 0) return null;
  for (let count = 1 + random.nextInteger(2); count > 0; count--) {
    const { place, column } = pick(columns);
    if (place.predicates.some((predicate) => predicate.column === column)) continue;
    const predicate = drawPredicate(column, place.table, random, common);
    if (predicate === null) continue;
    place.predicates.push(predicate);
    names.push(`${places.indexOf(place)} ${column.name} ${JSON.stringify([predicate.range, predicate.level])}`);
  }
  if (places.every(({ predicates }) => predicates.length === 0)) return null;
  const largest = places.reduce((a, b) => (b.table.view.source.rowCount > a.table.view.source.rowCount ? b : a)).table;
  return { root, largest, name: names.join('; ') };
}

/** Large tables more often, by the square of the logarithm of their rows. */
function drawTable(tables: readonly FidelityTable[], random: RandomCursor): FidelityTable {
  const weights = tables.map(({ view }) => Math.log10(view.source.rowCount + 1) ** 2);
  let left = random.next() * weights.reduce((a, b) => a + b, 0);
  return tables[
    Math.max(
      0,
      weights.findIndex((weight) => (left -= weight) < 0),
    )
  ];
}

function steps(
  from: Place,
  tables: readonly FidelityTable[],
  mayGoDown: boolean,
): { from: Place; table: FidelityTable; direction: 'up' | 'down'; foreignKey: string }[] {
  const taken = new Set(from.joins.map(({ foreignKey, to }) => `${foreignKey} ${to.table.view.id}`));
  const { view } = from.table;
  const up = view.facts.foreignKeys.flatMap(({ name, referencedTable }) => {
    const table = tables.find((candidate) => candidate.view.id === tableId(referencedTable));
    return table === undefined || taken.has(`${name} ${table.view.id}`)
      ? []
      : [{ from, table, direction: 'up' as const, foreignKey: name }];
  });
  if (!mayGoDown) return up;
  const down = tables.flatMap((table) =>
    table.view.facts.foreignKeys
      .filter(
        ({ referencedTable, name }) => tableId(referencedTable) === view.id && !taken.has(`${name} ${table.view.id}`),
      )
      .map(({ name }) => ({ from, table, direction: 'down' as const, foreignKey: name })),
  );
  return [...up, ...down];
}

/** Ends are values of the source, levels are drawn as often as they occur among those that 5 units share. */
function drawPredicate(
  column: ColumnView,
  table: FidelityTable,
  random: RandomCursor,
  common: CommonLevels,
): Predicate | null {
  const rows = table.reference.length > 0 ? table.reference : table.kept;
  const row = rows[random.nextInteger(rows.length)];
  if (column.kind === 'ordered') {
    const ends = [row, rows[random.nextInteger(rows.length)]].map((at) => column.sourceNumbers[at]);
    if (ends.some((end) => Number.isNaN(end))) return random.next() < 0.3 ? { column, range: null, level: null } : null;
    const [low, high] = ends.sort((a, b) => a - b);
    const form = random.next();
    const range = form < 0.35 ? [-Infinity, high] : form < 0.7 ? [low, Infinity] : [low, high];
    return { column, range: [range[0], range[1]], level: null };
  }
  const level = column.source[row];
  const levels = common.get(column) ?? commonLevels(column.source, table.view.source.units);
  common.set(column, levels);
  return levels.has(level) ? { column, range: null, level } : null;
}

/** Answers queries on samples: a row of the root counts as often as its joins find partners. */
class Evaluator {
  readonly #orders = new Map<string, Int32Array>();

  /** How often each row of the place's table is in the answer. */
  weights({ table, predicates, joins }: Place, side: Side): Float64Array {
    const sample = side === 'target' ? table.view.target : table.view.source;
    const weights = new Float64Array(sample.rowCount).fill(1);
    for (const predicate of predicates) {
      const order = side === 'shuffled' ? this.#order(table, predicate.column.name) : null;
      for (let row = 0; row < weights.length; row++)
        if (!holds(predicate, side === 'target' ? 'target' : 'source', order === null ? row : order[row]))
          weights[row] = 0;
    }
    for (const { to, direction, foreignKey } of joins) {
      const partners = this.weights(to, side);
      const owner = direction === 'up' ? table : to.table;
      const links = this.#links(owner, foreignKey, side);
      if (direction === 'up') {
        for (let row = 0; row < weights.length; row++) weights[row] *= links[row] < 0 ? 0 : partners[links[row]];
      } else {
        const found = new Float64Array(weights.length);
        partners.forEach((weight, row) => {
          if (links[row] >= 0) found[links[row]] += weight;
        });
        for (let row = 0; row < weights.length; row++) weights[row] *= found[row];
      }
    }
    return weights;
  }

  #links(owner: FidelityTable, foreignKey: string, side: Side): Int32Array {
    const { view } = owner;
    const links = (side === 'target' ? view.target : view.source).parents.get(foreignKey)!;
    if (side !== 'shuffled') return links;
    const order = this.#order(owner, foreignKey);
    return order.map((row) => links[row]);
  }

  #order(table: FidelityTable, name: string): Int32Array {
    const id = `${table.view.id}\0${name}`;
    const rows = (): Int32Array => Int32Array.from({ length: table.view.source.rowCount }, (_, row) => row);
    const order = this.#orders.get(id) ?? shuffledRows(rows(), table.key('queries', name));
    this.#orders.set(id, order);
    return order;
  }
}

function holds({ column, range, level }: Predicate, side: 'source' | 'target', row: number): boolean {
  if (range === null) return column[side][row] === level;
  const value = (side === 'source' ? column.sourceNumbers : column.targetNumbers)[row];
  return value >= range[0] && value <= range[1];
}
