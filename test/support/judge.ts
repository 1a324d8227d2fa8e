import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sharedFolder } from './schema-dump.ts';

const MODULES = 'numpy, pandas, scipy, sklearn, psycopg2';

/** What the judge counts as a broken promise of the source's schema. */
export const FAULTS = [
  'orphans',
  'dup_rows',
  'null_violations',
  'notnull_missing',
  'check_violations',
  'constraints_missing',
  'seq_behind',
  'type_mismatch',
] as const;

export type Faults = Readonly<Record<(typeof FAULTS)[number], number>>;

export const NO_FAULTS = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Faults;

/** Why the independent judge cannot be asked here, or null. */
export function judgeMissing(): string | null {
  if (!existsSync(judgeFile())) return 'needs the independent judge in ../shared/judge';
  const python = spawnSync('/usr/bin/python3', ['-c', `import ${MODULES}`], { stdio: 'ignore' });
  return python.status === 0 ? null : `needs /usr/bin/python3 with ${MODULES}`;
}

/** Integrity faults of `target` by the schema of `source`, as a program that knows nothing of ours finds them. */
export function judgeIntegrity(source: string, target: string): { readonly faults: Faults; readonly errors: unknown } {
  const folder = mkdtempSync(path.join(tmpdir(), 'understudy-judge-'));
  const report = path.join(folder, 'report.json');
  try {
    const run = spawnSync(
      '/usr/bin/python3',
      [judgeFile(), '--real', source, '--synth', target, '--parts', 'integrity', '--out', report],
      { encoding: 'utf8' },
    );
    if (run.status !== 0) throw new Error(`the judge ended with ${run.status}: ${run.stderr}`);
    const { integrity } = JSON.parse(readFileSync(report, 'utf8'));
    const faults = Object.fromEntries(FAULTS.map((fault) => [fault, integrity.summary[fault]])) as Faults;
    return { faults, errors: integrity.errors ?? integrity.error ?? null };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function judgeFile(): string {
  return path.join(sharedFolder(), 'judge', 'judge.py');
}
