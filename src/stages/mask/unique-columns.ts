import type { TableFacts, UniqueKeyFacts } from '../../../connectors/connector.ts';
import type { ColumnClassification } from './artifact.ts';

/** Detectors in the order in which their values best bear a mark that makes them unique. */
const BEARS_A_MARK = [
  'person.email',
  'person.username',
  'secret.token',
  'person.national-id',
  'person.phone',
  'payment.card-number',
  'payment.iban',
  'internet.profile-url',
  'person.display-name',
  'secret.password',
  'internet.mac',
  'text.about-person',
  'text.written-by-person',
  'organisation.name',
  'location.street',
  'person.full-name',
  'internet.ip',
  'person.last-name',
  'person.first-name',
];

/**
 * Masked columns whose values must not repeat. `generate` keeps the unique keys of what it makes itself; a key with a
 * masked column is kept here: by a single unique column in it all its rows differ, whatever the others hold.
 */
export function keysToKeepUnique(table: TableFacts, columns: readonly ColumnClassification[]): ReadonlySet<string> {
  const made = new Map(
    columns
      .filter((entry) => !['structural', 'synthesize', 'keep'].includes(entry.treatment))
      .map((entry) => [entry.column, entry]),
  );
  const unique = new Set<string>();
  const keys = [...(table.primaryKey === null ? [] : [table.primaryKey]), ...table.uniqueKeys];
  for (const key of keys.toSorted((a, b) => columnsOf(a, made).length - columnsOf(b, made).length)) {
    const candidates = columnsOf(key, made);
    if (candidates.length === 0 || candidates.some((column) => unique.has(column))) continue;
    const rank = (column: string): number => {
      const place = BEARS_A_MARK.indexOf(made.get(column)?.detector ?? '');
      return place === -1 ? BEARS_A_MARK.length : place;
    };
    unique.add(candidates.toSorted((a, b) => rank(a) - rank(b))[0]);
  }
  return unique;
}

/** The masked columns that a key covers, also inside expressions such as `lower(email)`. */
function columnsOf(key: UniqueKeyFacts, made: ReadonlyMap<string, ColumnClassification>): string[] {
  const plain = key.columns.filter((column): column is string => column !== null && made.has(column));
  const inside = key.expressions.flatMap((expression) =>
    expression === null ? [] : [...made.keys()].filter((column) => mentions(expression, column)),
  );
  return [...new Set([...plain, ...inside])];
}

function mentions(expression: string, column: string): boolean {
  return (
    expression.split(/[^\p{L}\p{N}_$]+/u).includes(column) || expression.includes(`"${column.replaceAll('"', '""')}"`)
  );
}
