import { openSource, openTarget } from '../../connectors/open.ts';
import type { Source, Target } from '../../connectors/connector.ts';
import type { ResolvedConfig } from '../config/resolved.ts';

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
  return using(() => openSource(url, { maxConnections, maxSnapshotMinutes, statementTimeoutMs }), signal, work);
}

/** The same for the staging database. */
export async function withTarget<R>(
  url: string,
  config: ResolvedConfig,
  signal: AbortSignal,
  work: (target: Target) => Promise<R>,
): Promise<R> {
  return using(() => openTarget(url, { maintenanceDatabase: config.target.maintenanceDatabase }), signal, work);
}

interface Closable {
  close(): Promise<void>;
}

async function using<D extends Closable, R>(
  open: () => Promise<D>,
  signal: AbortSignal,
  work: (database: D) => Promise<R>,
): Promise<R> {
  const database = await openOrAbort(open, signal);
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => (closing ??= database.close().catch(() => {}));
  const onAbort = (): void => void close();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    const result = await work(database);
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await close();
  }
}

/** A server that does not answer must not hold up an abort; should it answer later, the session is closed again. */
async function openOrAbort<D extends Closable>(open: () => Promise<D>, signal: AbortSignal): Promise<D> {
  signal.throwIfAborted();
  const opening = open();
  return new Promise<D>((resolve, reject) => {
    const onAbort = (): void => {
      void opening.then((database) => database.close()).catch(() => {});
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    opening.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
