import { newRunId } from '../kernel/ids.ts';
import type { RunRollback } from './contract.ts';
import { withTarget } from './open-databases.ts';
import { timed } from './read-structure.ts';

/**
 * Brings back what a target was before. Throws `TARGET_LOCKED` while a run works on it, and
 * `PUBLISH_NOTHING_TO_ROLL_BACK`.
 */
export const runRollback: RunRollback = ({ targetUrl, runId, mode, config }, sink, signal) =>
  withTarget(targetUrl, config, signal, async (target) => {
    await target.lock(newRunId());
    const { database, previousDatabase } = await timed('publish', sink, () => target.rollback(mode, runId, sink));
    return { schemaVersion: 1, verdict: 'pass', findings: [], target: { database, previousDatabase } };
  });
