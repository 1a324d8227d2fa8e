import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RowBlock } from '../../src/kernel/rows.ts';
import { textAt } from '../../src/kernel/rows.ts';
import type { QualifiedName } from '../connector.ts';

/** A database to be made: statements, rows by COPY, statements. */
export interface SampleDatabase {
  readonly before: readonly string[];
  readonly tables: readonly { readonly name: QualifiedName; blocks(): AsyncIterable<RowBlock> }[];
  readonly after: readonly string[];
}

/** Fills an empty database that we made ourselves, in one transaction: it is whole or not there. */
export async function loadSample(url: string, sample: SampleDatabase): Promise<void> {
  const [{ default: pg }, { from: copyFrom }] = await Promise.all([import('pg'), import('pg-copy-streams')]);
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(['BEGIN', ...sample.before].join(';\n'));
    for (const data of sample.tables) {
      const table = `${pg.escapeIdentifier(data.name.schema)}.${pg.escapeIdentifier(data.name.name)}`;
      for await (const block of data.blocks()) {
        const columns = [...block.columns.keys()].map((column) => pg.escapeIdentifier(column)).join(', ');
        await pipeline(
          Readable.from([copyText(block)]),
          client.query(copyFrom(`COPY ${table} (${columns}) FROM STDIN`)),
        );
      }
    }
    await client.query([...sample.after, 'COMMIT'].join(';\n'));
  } finally {
    await client.end();
  }
}

/** COPY's text format. */
function copyText(block: RowBlock): string {
  const vectors = [...block.columns.values()];
  let text = '';
  for (let i = 0; i < block.rowCount; i++)
    text += `${vectors.map((vector) => copyField(textAt(vector, i))).join('\t')}\n`;
  return text;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function copyField(value: string | null): string {
  return value === null ? '\\N' : value.replaceAll(/[\\\n\r\t]/g, (character) => ESCAPES[character]);
}
