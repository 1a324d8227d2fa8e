/** Numbers that count the rows of a parent, line 1, 2, 3 of an order; and what grows along with them. */
import type { ForeignKeyFacts, UniqueKeyFacts } from '../../../../connectors/connector.ts';
import type { MinedRule } from '../../../model/rules.ts';
import { BROKEN, HELD, hasEnough, SILENT, weigh, type RuleTest } from './evidence.ts';
import type { RuleTable } from './rule-table.ts';

type SequenceRule = Extract<MinedRule, { readonly kind: 'sequence' }>;
type MonotoneRule = Extract<MinedRule, { readonly kind: 'monotone' }>;

export function mineSequences(table: RuleTable): readonly (SequenceRule | MonotoneRule)[] {
  const sequences = sequencesOf(table);
  return [...sequences, ...sequences.flatMap((rule) => mineMonotone(table, rule))];
}

function sequencesOf(table: RuleTable): readonly SequenceRule[] {
  const keys: UniqueKeyFacts[] = [...table.facts.uniqueKeys];
  if (table.facts.primaryKey !== null) keys.push(table.facts.primaryKey);
  return keys
    .filter((key) => key.predicate === null && key.columns.length > 1 && !key.columns.includes(null))
    .flatMap((key) => table.foreignKeys().flatMap((foreignKey) => mineSequence(table, key, foreignKey) ?? []));
}

/** Of a unique key that is a foreign key and one integer. Whole numbers that differ and span their count have no gap. */
function mineSequence(table: RuleTable, key: UniqueKeyFacts, foreignKey: ForeignKeyFacts): SequenceRule | null {
  const rest = key.columns.filter((column) => !foreignKey.columns.includes(column!));
  if (rest.length !== 1 || key.columns.length !== foreignKey.columns.length + 1) return null;
  const column = table.columns.get(rest[0]!);
  if (column?.facts.type.class !== 'integer' || column.role === 'key') return null;
  const links = table.links(foreignKey.name);
  const parents = table.parent(foreignKey.name)!.sample.rowCount;
  const least = new Float64Array(parents).fill(Infinity);
  const most = new Float64Array(parents).fill(-Infinity);
  const counts = new Uint32Array(parents);
  column.numbers.forEach((value, row) => {
    const to = links[row];
    if (to < 0 || Number.isNaN(value)) return;
    least[to] = Math.min(least[to], value);
    most[to] = Math.max(most[to], value);
    counts[to]++;
  });
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return null;
  const start = least[first];
  const unbroken = counts.every(
    (count, parent) => count === 0 || (least[parent] === start && most[parent] === start + count - 1),
  );
  if (!unbroken) return null;
  // A lone row says little: its number could only be wrong by not being the first.
  const telling = (rows: Int32Array): Int32Array => rows.filter((row) => links[row] >= 0 && counts[links[row]] > 1);
  const fit = telling(table.fit);
  const unitCount = new Set(Array.from(fit, (row) => table.sample.units[row])).size;
  if (!hasEnough(fit.length, unitCount)) return null;
  const support = { caseCount: fit.length, unitCount, tuneCaseCount: telling(table.tune).length };
  return { kind: 'sequence', table: table.id, column: column.name, foreignKey: foreignKey.name, start, support };
}

/** What does not decrease from one row of the sequence to the next. */
function mineMonotone(table: RuleTable, sequence: SequenceRule): MonotoneRule[] {
  const links = table.links(sequence.foreignKey);
  const numbers = table.columns.get(sequence.column)!.numbers;
  // Each row's predecessor among its siblings; those of test subjects are never among them.
  const before = new Int32Array(links.length).fill(-1);
  const rows = Int32Array.from([...table.fit, ...table.tune]).filter((row) => links[row] >= 0);
  rows.sort((a, b) => links[a] - links[b] || numbers[a] - numbers[b]);
  for (let i = 1; i < rows.length; i++) if (links[rows[i]] === links[rows[i - 1]]) before[rows[i]] = rows[i - 1];
  return table.measures().flatMap((column): MonotoneRule[] => {
    const { numbers: values } = column;
    const test: RuleTest = (row, moved) => {
      if (before[row] < 0) return SILENT;
      const difference = values[moved] - values[before[row]];
      return Number.isNaN(difference) ? SILENT : difference >= 0 ? HELD : BROKEN;
    };
    const support = weigh(table, test);
    if (support === null) return [];
    const { foreignKey, column: by } = sequence;
    return [{ kind: 'monotone', table: table.id, column: column.name, by, foreignKey, support }];
  });
}
