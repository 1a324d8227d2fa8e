import { expect, test } from 'vitest';
import { CopyTextParser } from '../../../connectors/postgres/copy-text.ts';
import type { RowBatch } from '../../../connectors/connector.ts';

const TEXT = Buffer.from('1\tplain\t\\N\n2\ttab\\tnew\\nline\\\\\tü😀\n3\t\t\\\\N\n');
const ROWS = [
  ['1', 'plain', null],
  ['2', 'tab\tnew\nline\\', 'ü😀'],
  ['3', '', '\\N'],
];

function rowsOf(batches: readonly RowBatch[]): (string | null)[][] {
  return batches.flatMap((batch) =>
    Array.from({ length: batch.rowCount }, (_, i) => batch.columns.map((column) => column[i])),
  );
}

test('the rows are the same wherever the stream is cut', () => {
  for (let cut = 0; cut <= TEXT.length; cut += 1) {
    const parser = new CopyTextParser(3);
    const batches = [...parser.push(TEXT.subarray(0, cut)), ...parser.push(TEXT.subarray(cut)), ...parser.finish()];
    expect(rowsOf(batches), `cut at ${cut}`).toEqual(ROWS);
  }
});

test('a batch ends at 2,000 rows, and no row is lost at its end', () => {
  const parser = new CopyTextParser(1);
  const text = Buffer.from(Array.from({ length: 4001 }, (_, i) => `${i}\n`).join(''));
  const batches = [...parser.push(text), ...parser.finish()];
  expect(batches.map((batch) => batch.rowCount)).toEqual([2000, 2000, 1]);
  expect(rowsOf(batches).flat()).toEqual(Array.from({ length: 4001 }, (_, i) => String(i)));
});

test('rows without columns are counted', () => {
  const parser = new CopyTextParser(0);
  expect([...parser.push(Buffer.from('\n\n')), ...parser.finish()]).toEqual([{ rowCount: 2, columns: [] }]);
});
