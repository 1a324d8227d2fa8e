/** Precision and recall of the rule packs on the labelled columns, by class and language: `npm run bench:detection`. */
import path from 'node:path';
import { builtInPacks } from '../../rules/index.ts';
import { labelledColumns, scoreOf, tellColumns, type Outcome } from '../support/labelled-columns.ts';

const columns = labelledColumns(path.resolve('test/fixtures/labelled-columns'));
const outcomes = tellColumns(columns, builtInPacks);
const half = (name: 'tuned' | 'held'): Outcome[] => outcomes.filter(({ column }) => column.half === name);

function row(name: string, of: readonly Outcome[], label?: string): string {
  const { precision, recall, positiveCount } = scoreOf(of, label);
  return `${name.padEnd(28)} ${String(positiveCount).padStart(5)}  ${precision.toFixed(3)}  ${recall.toFixed(3)}`;
}

console.log(`${columns.length} columns, ${columns.filter(({ label }) => label === 'none').length} of them negative\n`);
console.log(`${''.padEnd(28)} count  precision  recall`);
console.log(row('all', outcomes));
console.log(row('tuned on', half('tuned')));
console.log(row('held out', half('held')));
console.log('');
for (const language of new Set(columns.map((column) => column.language))) {
  const own = (of: readonly Outcome[]): Outcome[] => of.filter(({ column }) => column.language === language);
  console.log(row(`${language}, tuned on`, own(half('tuned'))));
  console.log(row(`${language}, held out`, own(half('held'))));
}
console.log('');
for (const label of [...new Set(columns.map((column) => column.label))].filter((name) => name !== 'none').sort())
  console.log(row(label, outcomes, label));

// Only of the half that may be tuned on: who reads the others' faults tunes on them.
if (process.argv.includes('--faults')) {
  for (const { column, told } of half('tuned'))
    if (told !== column.label)
      console.log(`${column.language} ${column.table}.${column.column}: ${column.label}, told as ${told}`);
}
