/**
 * Two paths to the same table that nearly always meet: the customer of a payment is the customer of its rental. A rule
 * (`same-parent`) says so where it is exact; a few exceptions in production must not cost the whole relation.
 */
import { tableId, type ForeignKeyFacts, type TableFacts } from '../../../connectors/connector.ts';
import { MIN_UNITS } from '../../model/encoders/encoder.ts';
import type { RelationalSample, TableSample } from '../profile/artifact.ts';
import type { TablePlan } from './plan-table.ts';

/** Rows in which both paths lead somewhere, and different ends among them, that a finding needs. */
const MIN_CASES = 50;
const MIN_ENDS = 20;
/** Share of rows that agree from which the one path is the better told by the other. */
const MIN_RATE = 0.8;
/** By how much that must exceed what two paths chosen at random would do. */
const MIN_EXCESS = 0.3;

export interface Agreement {
  readonly foreignKey: ForeignKeyFacts;
  /** The key by which the other path leaves, and that of the table in between by which it goes on. */
  readonly through: ForeignKeyFacts;
  readonly further: ForeignKeyFacts;
  /** [rows of the sample] 0: the paths agree; 1: another row is referenced; 2: none is. */
  readonly exceptions: Uint8Array;
  readonly rate: number;
}

/** Agreements of one table, the closest first. */
export function findAgreements(
  table: TableFacts,
  facts: ReadonlyMap<string, TableFacts>,
  sample: RelationalSample,
): readonly Agreement[] {
  const rows = sample.tables.get(tableId(table.name))!;
  const found: Agreement[] = [];
  for (const foreignKey of table.foreignKeys) {
    for (const through of table.foreignKeys) {
      if (through === foreignKey || tableId(through.referencedTable) === tableId(table.name)) continue;
      const between = facts.get(tableId(through.referencedTable));
      for (const further of between?.foreignKeys ?? []) {
        if (!leadsToTheSame(further, foreignKey)) continue;
        const agreement = measure(foreignKey, through, further, rows, sample.tables.get(tableId(between!.name))!);
        if (agreement !== null) found.push(agreement);
      }
    }
  }
  return found.sort((a, b) => b.rate - a.rate);
}

function leadsToTheSame(a: ForeignKeyFacts, b: ForeignKeyFacts): boolean {
  return (
    tableId(a.referencedTable) === tableId(b.referencedTable) &&
    a.referencedColumns.length === b.referencedColumns.length &&
    a.referencedColumns.every((name) => b.referencedColumns.includes(name))
  );
}

function measure(
  foreignKey: ForeignKeyFacts,
  through: ForeignKeyFacts,
  further: ForeignKeyFacts,
  rows: TableSample,
  between: TableSample,
): Agreement | null {
  const direct = rows.parents.get(foreignKey.name);
  const first = rows.parents.get(through.name);
  const second = between.parents.get(further.name);
  if (direct === undefined || first === undefined || second === undefined) return null;
  const exceptions = new Uint8Array(rows.rowCount);
  const ends = new Map<number, number>();
  let cases = 0;
  let agreeing = 0;
  for (let row = 0; row < rows.rowCount; row++) {
    const end = first[row] < 0 ? -1 : second[first[row]];
    exceptions[row] = direct[row] === end ? 0 : direct[row] === -1 ? 2 : 1;
    if (end < 0) continue;
    cases++;
    if (direct[row] === end) agreeing++;
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  const rate = agreeing / Math.max(1, cases);
  const byChance = [...ends.values()].reduce((sum, count) => sum + (count / cases) ** 2, 0);
  if (cases < MIN_CASES || ends.size < MIN_ENDS || rate < Math.max(MIN_RATE, byChance + MIN_EXCESS)) return null;
  // What fewer units do than the model may tell of, nobody does.
  const excepting = new Set([...exceptions.keys()].filter((row) => exceptions[row] > 0).map((row) => rows.units[row]));
  return {
    foreignKey,
    through,
    further,
    exceptions: excepting.size < MIN_UNITS ? exceptions.fill(0) : exceptions,
    rate,
  };
}

/** The plan in which keys that agree with another path follow it. */
export function followAgreements(plan: TablePlan, agreements: readonly Agreement[]): TablePlan {
  const foreignKeys = new Map(plan.foreignKeys);
  const through = new Map(plan.through);
  for (const agreement of agreements) {
    const { name, columns, referencedColumns } = agreement.foreignKey;
    const kind = foreignKeys.get(name)!;
    const via = foreignKeys.get(agreement.through.name)!;
    if ((kind !== 'quota' && kind !== 'category') || (via !== 'context' && via !== 'quota')) continue;
    // Only a key that owns all of its columns can be set as a whole.
    const owns = columns.every((column) => {
      const planned = plan.columns.get(column);
      return planned?.by === 'foreign-key' && planned.foreignKey === name;
    });
    if (!owns) continue;
    const { further, exceptions } = agreement;
    // The referenced columns in the order of this key: the two keys may list them differently.
    const parentColumns = referencedColumns.map((column) => further.columns[further.referencedColumns.indexOf(column)]);
    foreignKeys.set(name, 'through');
    through.set(name, {
      through: agreement.through.name,
      parentColumns,
      exceptions: exceptions.includes(1) || exceptions.includes(2) ? exceptions : null,
    });
  }
  return { ...plan, foreignKeys, through };
}
