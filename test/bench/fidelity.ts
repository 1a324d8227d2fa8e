/**
 * Whether `understudy scan` sees what the independent judge sees: both look at the same pairs of databases, a real one
 * against another real one and against its own shuffled columns, and their figures are printed side by side as JSON.
 *
 * `npm run bench:fidelity [-- database…]`; needs the server of PGHOST, PGPORT, PGUSER with the thirds (`pagila_a`,
 * `pagila_b`) that the judge's `mkdb.py split` makes.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Figure, PairFidelity } from '../../src/stages/scan/artifact.ts';
import type { ScanResult } from '../../src/pipeline/contract.ts';
import { isMissing, PYTHON, runProgram, sharedPath } from './shared-tools.ts';

/** Means of the figures that both give. */
interface Figures {
  readonly c2st: number | null;
  readonly c2stWithChildren: number | null;
  readonly pairs: number | null;
  readonly parentChildPairs: number | null;
  readonly strengthKept: number | null;
  readonly cardinality: number | null;
  readonly queryMedian: number | null;
  readonly queryP90: number | null;
}

const folder = mkdtempSync(path.join(tmpdir(), 'understudy-fidelity-'));
const { PGHOST = '127.0.0.1', PGPORT = '5432', PGUSER = 'postgres' } = process.env;

function mean(values: readonly (number | null | undefined)[]): number | null {
  const present = values.filter((value) => typeof value === 'number');
  return present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0) / present.length;
}

async function byScan(real: string, other: string): Promise<Figures> {
  const url = (database: string): string => `postgres://${PGUSER}@${PGHOST}:${PGPORT}/${database}`;
  const binary = path.resolve('dist/src/bin/understudy.js');
  const args = [binary, 'scan', '--source', url(real), '--target', url(other), '--json'];
  const { stdout } = await runProgram(process.execPath, args);
  const { tables, relations, queries } = (JSON.parse(stdout) as ScanResult).fidelity;
  const value = (figure: Figure | null | undefined): number | null => figure?.value ?? null;
  const pairs: (PairFidelity | null)[] = [...tables, ...relations].map((entry) => entry.pairs);
  return {
    c2st: mean(tables.map(({ c2st }) => value(c2st))),
    c2stWithChildren: mean(tables.map(({ c2stAgg }) => value(c2stAgg))),
    pairs: mean(tables.map((table) => value(table.pairs?.trends))),
    parentChildPairs: mean(relations.map((relation) => value(relation.pairs?.trends))),
    strengthKept: mean(pairs.map((entry) => value(entry?.strength))),
    cardinality: mean(relations.map(({ cardinalityScore }) => cardinalityScore)),
    queryMedian: queries?.value.median ?? null,
    queryP90: queries?.value.p90 ?? null,
  };
}

async function byJudge(real: string, other: string): Promise<Figures> {
  const out = path.join(folder, `${other}.json`);
  const dsn = (database: string): string => `host=${PGHOST} port=${PGPORT} user=${PGUSER} dbname=${database}`;
  const args = [sharedPath('judge', 'judge.py'), '--real', dsn(real), '--synth', dsn(other), '--out', out];
  await runProgram(PYTHON, [...args, '--parts', 'pairs,c2st,queries']);
  const { c2st, pairs, queries } = JSON.parse(readFileSync(out, 'utf8')) as {
    readonly c2st: { readonly summary: Record<string, number | null> };
    readonly pairs: {
      readonly summary: unknown;
      readonly raw: Readonly<Record<'within' | 'cross', Readonly<Record<string, readonly JudgePair[]>>>>;
      readonly cardinality: Readonly<Record<string, { readonly ks: number | null }>>;
    };
    readonly queries: { readonly summary: Record<string, number> };
  };
  const all = (part: 'within' | 'cross'): JudgePair[] => Object.values(pairs.raw[part]).flat();
  const strong = [...all('within'), ...all('cross')].filter((pair) => pair.v_real >= 0.2);
  return {
    c2st: c2st.summary['auc'] ?? null,
    c2stWithChildren: c2st.summary['auc_children'] ?? null,
    pairs: mean(all('within').map(({ sim }) => sim)),
    parentChildPairs: mean(all('cross').map(({ sim }) => sim)),
    strengthKept: mean(strong.map(({ v_real: a, v_syn: b }) => Math.min(a, b) / Math.max(a, b))),
    cardinality: mean(Object.values(pairs.cardinality).map(({ ks }) => ks)),
    queryMedian: queries.summary['q_med'] ?? null,
    queryP90: queries.summary['q_p90'] ?? null,
  };
}

interface JudgePair {
  readonly sim: number;
  readonly v_real: number;
  readonly v_syn: number;
}

async function main(): Promise<void> {
  if (isMissing('fidelity', sharedPath('judge', 'judge.py'))) return;
  const names = process.argv.length > 2 ? process.argv.slice(2) : ['pagila'];
  const compared: Record<string, unknown> = {};
  for (const name of names) {
    const [real, another, shuffled] = [`${name}_a`, `${name}_b`, `${name}_bench_shuffled`];
    await runProgram(PYTHON, [sharedPath('judge', 'mkdb.py'), 'shuffle', real, shuffled, '1'], {
      PGHOST,
      PGPORT,
      PGUSER,
    });
    for (const other of [another, shuffled])
      compared[`${real} ${other}`] = { scan: await byScan(real, other), judge: await byJudge(real, other) };
    await runProgram('dropdb', ['-h', PGHOST, '-p', PGPORT, '-U', PGUSER, '--if-exists', shuffled]);
  }
  console.log(JSON.stringify({ bench: 'fidelity', compared }, null, 1));
}

try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
