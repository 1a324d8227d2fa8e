import { KeyedHash, HashCounts } from '../../metrics/keyed-hash.ts';
import { tableId } from '../../../connectors/connector.ts';
import { emailsIn, identifierClass, normalise } from './identifiers.ts';
import type { ScanInput } from './input.ts';
import { comparable, tableRows } from './table-rows.ts';
import { exactGate } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

const GATE = 'schema-text';

/**
 * Data hides in schema text: defaults, CHECK and index literals, comments, function bodies are built in the target as
 * they stand in the source. E-mail addresses in them that are also addresses of the source's rows are leaks.
 *
 * **Random** the hash key.
 */
export async function schemaTextGates(input: ScanInput): Promise<OpenGate[]> {
  const hash = new KeyedHash();
  const written = new HashCounts();
  let writtenCount = 0;
  for (const { sql } of input.catalog.script) {
    for (const email of emailsIn(sql)) {
      hash.text(normalise('e-mail', email)!);
      written.add(hash.low, hash.high);
      writtenCount++;
    }
  }
  const hits = writtenCount === 0 ? 0 : await countInRows(input, written, hash);
  return [
    exactGate(GATE, 'database', null, {
      value: hits,
      limit: 0,
      passes: hits === 0,
      explanation:
        hits === 0
          ? `No e-mail address of the source's rows is in the schema's defaults, checks, comments or functions.`
          : `${hits} e-mail addresses of the source's rows are in the schema's defaults, checks, comments or functions.`,
    }),
  ];
}

async function countInRows(input: ScanInput, written: HashCounts, hash: KeyedHash): Promise<number> {
  const classes = new Map(input.classification.columns.map((entry) => [`${entry.table}\0${entry.column}`, entry]));
  const seen = new HashCounts();
  let hits = 0;
  for (const table of input.catalog.tables) {
    const id = tableId(table.name);
    if (input.strategies.get(id) === 'copy') continue;
    const columns = table.columns
      .filter((column) => column.generated === null)
      .map((column) => column.name)
      .filter((column) => identifierClass(classes.get(`${id}\0${column}`) ?? null) === 'e-mail');
    for await (const batch of tableRows(input.source, table.name, columns)) {
      for (const values of batch.columns) {
        for (const value of values) {
          const text = normalise('e-mail', comparable(value));
          if (text === null) continue;
          hash.text(text);
          if (written.count(hash.low, hash.high) > 0 && seen.add(hash.low, hash.high) === 1) hits++;
        }
      }
    }
  }
  return hits;
}
