/**
 * The planted leaks: for each seed a source of its own is made and learned, rows are made, one leak at a time is
 * planted into them, and the gates are asked. Prints a table: leak × gates that caught it × seeds. Fails if a leak is
 * missed in any seed, or if rows without a leak fail.
 *
 * `npm run bench:leaks [-- seeds]`; default 20.
 */
import pg from 'pg';
import { failedGates, LeakTrial } from '../support/leak-trial.ts';
import { CUSTOMER, makeLeakSource, ORDER } from '../support/leak-source.ts';
import { EMAIL_LEAK, LEAKS, MEMORISING_GATES, planted } from '../support/planted-leaks.ts';
import { startTestServer } from '../support/postgres.ts';

const SEEDS = Number(process.argv[2] ?? 20);
const EMAIL_ROWS = 100_000;
const CUSTOMERS = 1200;
const CLEAN = 'no leak (must pass)';
const MEMORISED = 'a model fitted behind no gate, with leaves of 1';

interface Row {
  readonly leak: string;
  caught: number;
  readonly gates: Map<string, number>;
}

async function main(): Promise<void> {
  const server = await startTestServer();
  const rows = new Map<string, Row>();
  const note = (leak: string, meant: readonly string[], failed: readonly string[]): void => {
    const row = rows.get(leak) ?? { leak, caught: 0, gates: new Map<string, number>() };
    rows.set(leak, row);
    const isClean = meant.length === 0;
    if (isClean ? failed.length === 0 : failed.some((gate) => meant.includes(gate))) row.caught++;
    for (const gate of failed) row.gates.set(gate, (row.gates.get(gate) ?? 0) + 1);
  };
  try {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const database = `leaks_${process.pid}_${seed}`;
      await admin(server.url(), `CREATE DATABASE ${database}`);
      await makeLeakSource(server.url(database), seed, CUSTOMERS);
      const trial = await LeakTrial.open(server.url(database));
      try {
        await runSeed(trial, seed, note);
      } finally {
        await trial.close();
        await admin(server.url(), `DROP DATABASE ${database} WITH (FORCE)`);
      }
      console.error(`seed ${seed} of ${SEEDS}: ${[...rows.values()].map((row) => row.caught).join(' ')}`);
    }
  } finally {
    await server.close();
  }
  print([...rows.values()]);
}

type Note = (leak: string, meant: readonly string[], failed: readonly string[]) => void;

async function runSeed(trial: LeakTrial, seed: number, note: Note): Promise<void> {
  const { model } = trial;
  const { sample } = trial.source;
  const made = await trial.make(model, seed);
  note(CLEAN, [], failedGates(await trial.scan(model, made, seed)));
  for (const leak of LEAKS)
    note(leak.name, leak.gates, failedGates(await trial.scan(model, planted(made, leak, sample, seed), seed)));
  const memorising = await trial.memorisingModel();
  note(
    MEMORISED,
    MEMORISING_GATES,
    failedGates(await trial.scan(memorising, await trial.make(memorising, seed), seed)),
  );
  const scales = new Map([
    [CUSTOMER, EMAIL_ROWS / CUSTOMERS],
    [ORDER, CUSTOMERS / EMAIL_ROWS],
  ]);
  const many = await trial.make(model, seed, scales);
  note(
    EMAIL_LEAK.name,
    EMAIL_LEAK.gates,
    failedGates(await trial.scan(model, planted(many, EMAIL_LEAK, sample, seed), seed)),
  );
}

function print(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ leak }) => leak.length));
  console.log(`${'leak'.padEnd(width)}  caught  by (seeds)`);
  for (const { leak, caught, gates } of rows) {
    const by = [...gates].sort((a, b) => b[1] - a[1]).map(([gate, count]) => `${gate} ${count}`);
    console.log(`${leak.padEnd(width)}  ${`${caught}/${SEEDS}`.padEnd(6)}  ${by.join(', ')}`);
  }
  if (rows.some((row) => row.caught < SEEDS)) process.exitCode = 1;
}

async function admin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

await main();
