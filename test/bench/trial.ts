/**
 * The independent trial: three rotations over real thirds of each sample database, default settings, one seed, and the
 * controls, which must fail and pass as named. Prints one JSON object with every figure; fails if a database fails.
 *
 * `npm run bench:trial [-- database… --rotations=N --no-controls]`; needs the server of PGHOST, PGPORT, PGUSER with the
 * sample databases on it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isMissing, PYTHON, runProgram, sharedPath } from './shared-tools.ts';

/** Root table, and the tables that are copied as they are. */
const DATABASES: Readonly<Record<string, readonly [root: string, copied: string]>> = {
  chinook: ['customer', 'genre,media_type'],
  pagila: ['customer', 'category,city,country,language'],
  stackx: ['users', ''],
};
/** What each control must come to. */
const CONTROLS = { ceiling: true, shuffle: false, identity: false } as const;

interface TrialReport {
  readonly ok: boolean;
  readonly failing?: readonly string[];
  readonly failed: readonly unknown[];
  readonly seconds: number;
  readonly mean?: Readonly<Record<string, Readonly<Record<string, number | boolean | null>>>>;
}

async function main(): Promise<void> {
  const script = sharedPath('judge', 'trial.py');
  if (isMissing('trial', script)) return;
  const flags = process.argv.slice(2);
  const names = flags.filter((flag) => !flag.startsWith('--'));
  const rotations = flags.find((flag) => flag.startsWith('--rotations='))?.slice(12) ?? '3';
  const controls = flags.includes('--no-controls') ? [] : Object.keys(CONTROLS);
  const folder = mkdtempSync(path.join(tmpdir(), 'understudy-trial-'));
  const binary = path.resolve('dist/src/bin/understudy.js');
  const generator = `cd ${folder} && ${process.execPath} ${binary} provision --source {source} --target {target} --seed {seed} --yes --json`;
  const databases: Record<string, unknown> = {};
  try {
    for (const [name, [root, copied]] of Object.entries(DATABASES)) {
      if (names.length > 0 && !names.includes(name)) continue;
      const trial = async (candidate: string): Promise<TrialReport | null> => {
        const out = path.join(folder, `${name}.json`);
        rmSync(out, { force: true });
        const args = [script, name, root, '--cmd', candidate, '--rotations', rotations, '--copied', copied];
        const { exitCode } = await runProgram(PYTHON, [...args, '--work', path.join(folder, name), '--out', out]);
        return exitCode === 2 ? null : (JSON.parse(readFileSync(out, 'utf8')) as TrialReport);
      };
      const report = await trial(generator);
      const asControlled: Record<string, boolean> = {};
      for (const control of controls)
        asControlled[control] = (await trial(control))?.ok === CONTROLS[control as keyof typeof CONTROLS];
      if (report?.ok !== true || Object.values(asControlled).includes(false)) process.exitCode = 1;
      databases[name] = {
        ok: report?.ok ?? false,
        failing: report?.failing ?? ['the trial could not be run'],
        failedRuns: report?.failed.length ?? null,
        seconds: report?.seconds ?? null,
        controlsAsExpected: asControlled,
        figures: report?.mean ?? null,
      };
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(JSON.stringify({ bench: 'trial', rotations: Number(rotations), databases }, null, 1));
}

await main();
