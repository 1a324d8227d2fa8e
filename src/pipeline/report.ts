import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { UnderstudyError } from '../kernel/errors.ts';
import { readRecord, writeReport } from '../stages/report/index.ts';
import type { ReadReport } from './contract.ts';
import { listRuns } from './runs.ts';

/** Renders the report of a run again from its saved record. Throws `LEDGER_RUN_UNKNOWN`, `LEDGER_NEWER`. */
export const readReport: ReadReport = async ({ run, config, targetUrl }, sink, signal) => {
  const directory = config.output.directory;
  const runId = run === 'latest' ? await latestRun(directory, () => publishedRun(targetUrl)) : run;
  const record = await readRecord(directory, runId);
  const { htmlPath } = await writeReport(directory, record);
  return { schemaVersion: 1, verdict: 'pass', findings: [], runId: record.runId, reportPath: path.resolve(htmlPath) };

  async function publishedRun(url: string | null): Promise<string | null> {
    if (url === null) return null;
    const { runs } = await listRuns({ targetUrl: url, config }, sink, signal);
    return runs.find((candidate) => candidate.state === 'published')?.runId ?? null;
  }
};

/** The run that the target publishes, else the youngest record in the directory. */
async function latestRun(directory: string, published: () => Promise<string | null>): Promise<string> {
  const known = await published();
  if (known !== null) return known;
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.json'));
  const ages = await Promise.all(
    names.map(async (name) => ({ name, time: (await stat(path.join(directory, name))).mtimeMs })),
  );
  const youngest = ages.sort((a, b) => b.time - a.time)[0];
  if (youngest === undefined) {
    throw new UnderstudyError('LEDGER_RUN_UNKNOWN', `There is no record of any run in ${directory}.`, {
      hint: 'Run provision first, or set output.directory to where its reports lie.',
    });
  }
  return youngest.name.slice(0, -'.json'.length);
}
