/** Rows for the attacks on one table: what was learned from, what was not, what was released. */
import { selectRows } from '../../metrics/gower.ts';
import type { EncodedRows } from '../../metrics/gower.ts';
import type { UnitRows } from '../../metrics/closest-record.ts';
import { RandomCursor, streamKey } from '../../numeric/random.ts';
import type { ScanInput } from './input.ts';
import { encodeSides, MIN_COLUMNS, MIN_REFERENCE_ROWS, referenceSets, shuffled } from './reference-rows.ts';
import { informativeColumns } from './table-view.ts';
import type { ColumnView, TableView } from './table-view.ts';

/** Rows that are attacked, on each side: enough for an interval of a few percent. */
const MAX_VICTIM_ROWS = 2000;
/** Victims of one guess each. */
const MAX_VICTIMS = 500;

export interface AttackSets {
  readonly columns: readonly ColumnView[];
  /** Distinct rows, disjoint by unit, equally many. */
  readonly training: UnitRows;
  readonly holdout: UnitRows;
  /** One row a unit, equally many units: guesses about them are independent. */
  readonly victims: EncodedRows;
  readonly control: EncodedRows;
  /** Rows of the target. */
  readonly released: EncodedRows;
  /** Real rows of units in neither set. */
  readonly reference: EncodedRows;
}

/** A reason where there is nothing to attack. **Random** a stream of the table's own. */
export function attackSets(view: TableView, input: ScanInput): AttackSets | string {
  if (view.graph?.subjectPath === null) return 'Its rows belong to no subject.';
  if (input.holdout === 'unknown')
    return 'Nothing is known of which subjects the target was made from, so there is no control to compare an attack with.';
  const columns = informativeColumns(view);
  if (columns.length < MIN_COLUMNS)
    return `${columns.length} of its columns were learned and tell rows apart, and ${MIN_COLUMNS} are needed to attack it.`;
  const random = new RandomCursor(streamKey(input.seed, 'scan', 'attacks', view.id)).seek(0);
  const sides = encodeSides(view, columns);
  const sets = referenceSets(view, sides.source, random);
  if (sets.training.rows.rowCount < MIN_REFERENCE_ROWS)
    return `Only ${sets.training.rows.rowCount} distinct rows are there to attack.`;
  const attacked = new Set(Array.from(sets.training.units));
  const bystanders = Array.from(sets.rest.units, (unit, row) => (attacked.has(unit) ? -1 : row)).filter(
    (row) => row >= 0,
  );
  const released = shuffled(
    Array.from({ length: sides.target.rowCount }, (_, row) => row),
    random,
  );
  const [victims, control] = [oneEach(sets.training), oneEach(sets.holdout)];
  const count = Math.min(victims.length, control.length, MAX_VICTIMS);
  return {
    columns,
    training: firstRows(sets.training, MAX_VICTIM_ROWS),
    holdout: firstRows(sets.holdout, MAX_VICTIM_ROWS),
    victims: selectRows(sets.training.rows, victims.slice(0, count)),
    control: selectRows(sets.holdout.rows, control.slice(0, count)),
    released: selectRows(sides.target, released.slice(0, 2 * MAX_VICTIM_ROWS)),
    reference: selectRows(sets.rest.rows, bystanders.slice(0, 2 * MAX_VICTIM_ROWS)),
  };
}

/** Positions of the first row of each unit. */
function oneEach({ units }: UnitRows): number[] {
  const seen = new Set<number>();
  return Array.from(units, (unit, row) => ({ unit, row })).flatMap(({ unit, row }) => {
    if (seen.has(unit)) return [];
    seen.add(unit);
    return [row];
  });
}

function firstRows({ rows, units }: UnitRows, count: number): UnitRows {
  const positions = Array.from({ length: Math.min(count, rows.rowCount) }, (_, row) => row);
  return { rows: selectRows(rows, positions), units: positions.map((row) => units[row]) };
}
