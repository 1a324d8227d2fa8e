/** `npm run fuzz -- --runs N --seed S [--planted] [--parallel P]`: the long run, on a private server. */
import { parseArgs } from 'node:util';
import { startTestServer } from '../support/postgres.ts';
import { PLANTS } from './plants.ts';
import { fuzz, type Failure, type Tally } from './run-fuzz.ts';
import { Playground, schemaScript } from './try-schema.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string' },
    parallel: { type: 'string', default: '2' },
    planted: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

function told(failure: Failure): void {
  print(`BROKEN seed ${failure.seed}: ${failure.message}`);
  print(`  smallest: ${failure.minimalMessage}`);
  print(`  ${JSON.stringify(failure.minimal)}`);
  print(schemaScript(failure.minimal).replace(/^/gm, '    '));
}

function summary(tally: Tally): string {
  const findings = [...tally.findings].map(([code, count]) => `${code} ${count}`).join(', ') || 'none';
  return `${tally.runs} schemas: ${tally.filled} filled; findings: ${findings}; broken: ${tally.failures.length}`;
}

print(`seed ${seed}`);
const server = await startTestServer({ settings: { autovacuum: 'off', jit: 'off' } });
const playgrounds = await Promise.all(
  Array.from({ length: Number(values.parallel) }, (_, i) => Playground.open(server.url, `fuzz_${process.pid}_${i}`)),
);
let isGood = true;
try {
  if (values.planted) {
    for (const [name, plant] of Object.entries(PLANTS)) {
      const tally = await fuzz(playgrounds, { runs: 200, seed, plant, stopAtFailure: true, shrink: false });
      isGood &&= tally.failures.length > 0;
      print(
        `${name}: ${tally.failures.length > 0 ? `found in ${tally.runs} schemas: ${tally.failures[0].message}` : 'NOT FOUND'}`,
      );
    }
  } else {
    const started = performance.now();
    const tally = await fuzz(playgrounds, { runs, seed, onFailure: told });
    for (const [code, examples] of tally.examples) for (const example of examples) print(`${code}, ${example}`);
    print(`${summary(tally)}; ${Math.round((performance.now() - started) / tally.runs)} ms a schema`);
    isGood = tally.failures.length === 0;
  }
} finally {
  await Promise.all(playgrounds.map((playground) => playground.close()));
  await server.close();
}
process.exitCode = isGood ? 0 : 1;
