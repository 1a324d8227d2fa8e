/**
 * Provisions the sample databases at several scales, and has the independent judge look for integrity faults. The factor
 * of a table that is copied is 1 at every scale; of all others it is the scale.
 *
 * `npm run bench:scales -- [database…] [--scales 0.1,1,20] [--mode swap,in-place]`; needs ../shared, a local PostgreSQL 15
 * and the judge's Python modules. Ends with 1 where a run does not pass or the judge finds a fault.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { ProvisionResult } from '../../src/pipeline/contract.ts';
import { runNode } from '../support/binary.ts';
import { FAULTS, judgeIntegrity, judgeMissing } from '../support/judge.ts';
import { debianPostgresBin, startTestServer } from '../support/postgres.ts';
import { runFile, sampleDatabase } from '../support/schema-dump.ts';

// This runs as compiled, at another depth than the sources.
process.env['UNDERSTUDY_SHARED'] ??= path.resolve('../shared');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scales: { type: 'string', default: '0.1,1,20' },
    mode: { type: 'string', default: 'swap' },
  },
});
const databases = positionals.length > 0 ? positionals : ['pagila', 'chinook', 'northwind', 'stackx'];
const scales = values.scales.split(',').map(Number);
const modes = values.mode.split(',');

const bin = debianPostgresBin();
const missing = bin === null ? 'needs a local PostgreSQL 15 (postgresql-15)' : judgeMissing();
if (missing !== null) throw new Error(missing);

const server = await startTestServer({ debian: true });
const folder = mkdtempSync(path.join(tmpdir(), 'understudy-scales-'));
console.log(
  'database   scale  mode      verdict  rows made  per source row  copied  degrees  faults  rows/s  peak MB  seconds',
);
try {
  for (const name of databases) {
    const script = sampleDatabase(name);
    if (script === null) throw new Error(`needs the sample database ${name} in ../shared/datasets`);
    const source = `scales_${name}`;
    await run(server.url(), `CREATE DATABASE ${source}`);
    runFile(bin!, server.url(source), script);
    for (const mode of modes) for (const scale of scales) await measure(name, source, scale, mode);
    await run(server.url(), `DROP DATABASE ${source} WITH (FORCE)`);
  }
} finally {
  await server.close();
  rmSync(folder, { recursive: true });
}

async function measure(name: string, source: string, scale: number, mode: string): Promise<void> {
  const target = `${source}_made`;
  await run(server.url(), `DROP DATABASE IF EXISTS ${target} WITH (FORCE)`);
  if (mode === 'in-place') await run(server.url(), `CREATE DATABASE ${target} TEMPLATE template0`);
  const started = performance.now();
  const { stdout, exitCode } = await runNode(
    [
      path.resolve('dist/src/bin/understudy.js'),
      'provision',
      '--source',
      'env:SOURCE',
      '--target',
      'env:TARGET',
      '--scale',
      `${scale}`,
      '--mode',
      mode,
      '--json',
    ],
    { cwd: folder, env: { SOURCE: server.url(source), TARGET: server.url(target) } },
  );
  const seconds = (performance.now() - started) / 1000;
  const result = JSON.parse(stdout) as ProvisionResult;
  if (exitCode !== 0) {
    process.exitCode = 1;
    console.log(`${name} ${scale} ${mode}: exit ${exitCode}: ${reasons(result)}`);
    return;
  }
  const made = result.tables.filter(({ strategy }) => strategy === 'synthesize');
  const copied = result.tables.filter(({ strategy }) => strategy === 'copy');
  const sum = (of: 'rowCount' | 'sourceRowCount'): number => made.reduce((count, table) => count + table[of], 0);
  const { faults } = judgeIntegrity(server.url(source), server.url(target));
  const faultCount = FAULTS.reduce((count, fault) => count + faults[fault], 0);
  const isCopied = copied.every(({ rowCount, sourceRowCount }) => rowCount === sourceRowCount);
  if (faultCount > 0 || !isCopied) process.exitCode = 1;
  const degrees = result.gates.filter(({ gate, value }) => gate === 'cardinalities' && value !== null);
  const lowest = degrees.length === 0 ? '' : Math.min(...degrees.map(({ value }) => value!)).toFixed(2);
  const cells: readonly (readonly [string | number, number])[] = [
    [scale, 6],
    [`  ${mode}`.padEnd(10), 12],
    [result.verdict, 7],
    [sum('rowCount'), 11],
    [(sum('rowCount') / sum('sourceRowCount')).toFixed(3), 16],
    [copied.length === 0 ? 'none' : isCopied ? 'as is' : 'GREW', 8],
    [lowest, 9],
    [faultCount, 8],
    [Math.round(result.rowsPerSecond ?? 0), 8],
    [Math.round((result.peakRssBytes ?? 0) / 1e6), 9],
    [seconds.toFixed(1), 9],
  ];
  console.log(name.padEnd(10) + cells.map(([text, width]) => String(text).padStart(width)).join(''));
}

function reasons(result: ProvisionResult): string {
  const failed = (result.gates ?? []).filter(({ verdict }) => verdict === 'fail');
  const errors = (result.findings ?? []).filter(({ severity }) => severity === 'error');
  return [
    ...(result.error === undefined ? [] : [result.error.message]),
    ...failed.map(({ gate, scope, value, limit }) => `${gate} ${scope} ${value} (limit ${limit})`),
    ...errors.map(({ code, object }) => `${code} ${object}`),
  ].join('; ');
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
