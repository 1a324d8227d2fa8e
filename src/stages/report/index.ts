/** `report`: what a run did, for people; and the record from which it can be shown again. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { UnderstudyError } from '../../kernel/errors.ts';
import type { RunRecord } from './artifact.ts';
import { renderReport } from './render.ts';

export { renderReport } from './render.ts';

export interface ReportPaths {
  readonly htmlPath: string;
  readonly jsonPath: string;
}

/** Where the report of a run lies in a directory. */
export function reportPaths(directory: string, runId: string): ReportPaths {
  const stem = path.join(directory, runId.replaceAll(/[^A-Za-z0-9._-]/g, '_'));
  return { htmlPath: `${stem}.html`, jsonPath: `${stem}.json` };
}

/**
 * Writes the record and its report, readable by their owner only; each appears whole or not at all.
 *
 * **Throws** `WORKSPACE_FULL`, `WORKSPACE_IO`.
 */
export async function writeReport(directory: string, record: RunRecord): Promise<ReportPaths> {
  const paths = reportPaths(directory, record.runId);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeWhole(paths.jsonPath, `${JSON.stringify(record)}\n`);
    await writeWhole(paths.htmlPath, renderReport(record));
  } catch (thrown) {
    const isFull =
      thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT');
    throw new UnderstudyError(
      isFull ? 'WORKSPACE_FULL' : 'WORKSPACE_IO',
      `The report could not be written to ${directory}${isFull ? ', because its disk is full' : ''}.`,
      { hint: 'Set output.directory to a directory with room that you may write to.', cause: thrown },
    );
  }
  return paths;
}

async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
    await rename(draft, file);
  } catch (thrown) {
    await rm(draft, { force: true });
    throw thrown;
  }
}

/**
 * The saved record of a run.
 *
 * **Throws** `LEDGER_RUN_UNKNOWN` where there is none, `LEDGER_NEWER` where a newer version wrote it, `WORKSPACE_IO`.
 */
export async function readRecord(directory: string, runId: string): Promise<RunRecord> {
  const { jsonPath } = reportPaths(directory, runId);
  const text = await readFile(jsonPath, 'utf8').catch((thrown: unknown) => {
    throw new UnderstudyError('LEDGER_RUN_UNKNOWN', `There is no record of run ${runId} in ${directory}.`, {
      hint: 'List the runs with: understudy runs --target URL',
      cause: thrown,
    });
  });
  let record: RunRecord;
  try {
    record = JSON.parse(text) as RunRecord;
  } catch (thrown) {
    throw new UnderstudyError(
      'WORKSPACE_IO',
      `The record of run ${runId} is not whole, so its report cannot be made again.`,
      {
        hint: 'Run provision again.',
        cause: thrown,
      },
    );
  }
  if (record.version !== 2) {
    throw new UnderstudyError(
      'LEDGER_NEWER',
      `The record of run ${runId} has version ${String(record.version)}, which this version does not know.`,
      {
        hint: 'Use the version of Understudy that wrote it, or a newer one.',
      },
    );
  }
  return record;
}
