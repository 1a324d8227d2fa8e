/**
 * Real hold-out data in place of made data: the subjects of a real database are cut in halves, one is the source, the
 * other stands for what was made of it. The privacy gates must pass it: whatever fails there cries wolf. The rules gates
 * (direct identifiers, personal values, rare values) are not meant to pass real people and are left out, as are
 * fidelity and integrity.
 *
 * `npm run bench:holdout -- [splits]`; default 20, of pagila, stackx and Adult. Ends with 1 where fewer than 19 of 20
 * splits pass.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { failedGates } from '../support/leak-trial.ts';
import { HoldoutTrial } from '../support/holdout-trial.ts';
import { debianPostgresBin, startTestServer } from '../support/postgres.ts';
import { runFile, sampleDatabase } from '../support/schema-dump.ts';

// This runs as compiled, at another depth than the sources.
process.env['UNDERSTUDY_SHARED'] ??= path.resolve('../shared');

const SPLITS = Number(process.argv[2] ?? 20);
const NEEDED_RATE = 0.95;
/** As many rows of Adult as a run reads in a few seconds. */
const ADULT_ROWS = 12_000;

async function main(): Promise<void> {
  const bin = debianPostgresBin();
  if (bin === null) return skip('needs a local PostgreSQL 15 (postgresql-15)');
  const server = await startTestServer({ debian: true });
  try {
    for (const name of ['pagila', 'stackx', 'adult']) {
      const database = `holdout_${process.pid}_${name}`;
      await run(server.url(), `CREATE DATABASE ${database}`);
      try {
        if (name === 'adult') {
          const csv = path.join(process.env['UNDERSTUDY_SHARED']!, 'datasets', 'adult-train.csv.gz');
          if (!existsSync(csv)) {
            skip(`needs ${path.basename(csv)} in ../shared/datasets`);
            continue;
          }
          await run(server.url(database), adultSql(csv));
        } else {
          const script = sampleDatabase(name);
          if (script === null) {
            skip(`needs the sample database ${name} in ../shared/datasets`);
            continue;
          }
          runFile(bin, server.url(database), script);
        }
        await judge(name, server.url(database));
      } finally {
        await run(server.url(), `DROP DATABASE ${database} WITH (FORCE)`);
      }
    }
  } finally {
    await server.close();
  }
}

async function judge(name: string, url: string): Promise<void> {
  const trial = await HoldoutTrial.open(url, name === 'adult' ? ['person'] : []);
  let passed = 0;
  const failures = new Map<string, number>();
  try {
    for (let split = 1; split <= SPLITS; split++) {
      const failed = failedGates(await trial.scan(split));
      if (failed.length === 0) passed++;
      for (const gate of failed) failures.set(gate, (failures.get(gate) ?? 0) + 1);
    }
  } finally {
    await trial.close();
  }
  const by = [...failures].map(([gate, count]) => `${gate} ${count}`).join(', ');
  console.log(`${name.padEnd(8)} ${passed}/${SPLITS} splits pass${by === '' ? '' : `; failed: ${by}`}`);
  if (passed < NEEDED_RATE * SPLITS) process.exitCode = 1;
}

/** One table of people; every column but the numbers as text. */
function adultSql(csv: string): string {
  const [header, ...lines] = gunzipSync(readFileSync(csv)).toString('utf8').trimEnd().split('\n');
  const numbers = new Set(['age', 'fnlwgt', 'education.num', 'capital.gain', 'capital.loss', 'hours.per.week']);
  const names = header.split(',');
  const columns = names.map((column) => `${pg.escapeIdentifier(column)} ${numbers.has(column) ? 'int' : 'text'}`);
  const rows = lines.slice(0, ADULT_ROWS).map((line, i) => {
    const cells = line.split(',').map((cell, c) => (numbers.has(names[c]) ? cell : pg.escapeLiteral(cell)));
    return `(${i + 1}, ${cells.join(', ')})`;
  });
  const inserts = Array.from(
    { length: Math.ceil(rows.length / 1000) },
    (_, i) => `INSERT INTO person VALUES ${rows.slice(1000 * i, 1000 * (i + 1)).join(', ')};`,
  );
  return `CREATE TABLE person (id int PRIMARY KEY, ${columns.join(', ')}); ${inserts.join(' ')} ANALYZE;`;
}

function skip(reason: string): void {
  console.log(`skipped: ${reason}`);
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

await main();
