import { openSource, openTarget } from '../../connectors/open.ts';
import type { Source, Target } from '../../connectors/connector.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import { UnderstudyError } from '../kernel/errors.ts';

/**
 * Opens the production database for the time of `work`. An abort closes it, which ends the statement that runs.
 * Throws `CONNECT_*`, and what `work` throws.
 */
export async function withSource<R>(
  url: string,
  config: ResolvedConfig,
  signal: AbortSignal,
  work: (source: Source) => Promise<R>,
): Promise<R> {
  const { maxConnections, maxSnapshotMinutes, statementTimeoutMs } = config.source;
  const open = (): Promise<Source> => openSource(url, { maxConnections, maxSnapshotMinutes, statementTimeoutMs });
  const source = await openOrAbort('source', open, signal);
  const close = (): void => void source.close().catch(() => {});
  signal.addEventListener('abort', close, { once: true });
  try {
    return await work(source);
  } finally {
    signal.removeEventListener('abort', close);
    await source.close().catch(() => {});
  }
}

/** The same for the staging database, which an abort does not close: its lock is held until all is tidied up. */
export async function withTarget<R>(
  url: string,
  config: ResolvedConfig,
  signal: AbortSignal,
  work: (target: Target) => Promise<R>,
): Promise<R> {
  const open = (): Promise<Target> => openTarget(url, { maintenanceDatabase: config.target.maintenanceDatabase });
  const target = await openOrAbort('target', open, signal);
  try {
    return await work(target);
  } finally {
    await target.close().catch(() => {});
  }
}

interface Closable {
  close(): Promise<void>;
}

/** A server that does not answer must not hold up an abort; should it answer later, the session is closed again. */
async function openOrAbort<D extends Closable>(
  side: 'source' | 'target',
  open: () => Promise<D>,
  signal: AbortSignal,
): Promise<D> {
  signal.throwIfAborted();
  const opening = open();
  return new Promise<D>((resolve, reject) => {
    const onAbort = (): void => {
      void opening.then((database) => database.close()).catch(() => {});
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    opening
      .then(resolve, (thrown: unknown) => reject(named(side, thrown)))
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** A run has two servers: which of them failed, and that nothing has happened yet. */
function named(side: 'source' | 'target', thrown: unknown): unknown {
  if (!(thrown instanceof UnderstudyError) || !thrown.code.startsWith('CONNECT_')) return thrown;
  const { code, message, hint, data, cause } = thrown;
  return new UnderstudyError(code, `Opening the ${side} failed, and nothing was changed: ${lowerFirst(message)}`, {
    hint,
    data,
    cause,
  });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
