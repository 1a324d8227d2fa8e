/** Ten million pseudonyms of one form, none twice: `npm run bench:pseudonym [count]`. */
import type { ColumnFacts } from '../../connectors/connector.ts';
import { maskKeyOf } from '../../src/stages/mask/mask-key.ts';
import { pseudonymise } from '../../src/stages/mask/pseudonym.ts';

const COUNT = Number(process.argv[2] ?? 10_000_000);
const BATCH = 10_000;
const column = { name: 'phone', type: { class: 'text' } } as unknown as ColumnFacts;
const key = maskKeyOf('a key for measuring alone').cipherKey;

/** One bit for each of the 10¹⁰ ten-digit numbers would be 1.2 GiB; a sorted list of doubles is small and exact. */
const seen = new Float64Array(COUNT);
const started = performance.now();
for (let first = 0; first < COUNT; first += BATCH) {
  const values = Array.from({ length: Math.min(BATCH, COUNT - first) }, (_, i) => {
    const digits = String(2_000_000_000 + (first + i) * 3).padStart(10, '0');
    return `(${digits.slice(0, 3)}) ${digits.slice(3, 6)}-${digits.slice(6)}`;
  });
  pseudonymise(values, column, key, {}).values.forEach((value, i) => {
    seen[first + i] = Number(value!.replace(/\D/g, ''));
  });
}
const seconds = (performance.now() - started) / 1000;
seen.sort();
let collisions = 0;
for (let i = 1; i < COUNT; i++) if (seen[i] === seen[i - 1]) collisions++;
console.log(
  `${COUNT} pseudonyms in ${seconds.toFixed(1)} s, ${Math.round(COUNT / seconds)} a second; ${collisions} collisions`,
);
if (collisions > 0) process.exitCode = 1;
